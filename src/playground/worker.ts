/**
 * The part of the page that thinks: it gets one question at a time and answers it, apart from the part that
 * draws, which can end it.
 *
 * @module
 */
import { compared } from "./answers/compare.ts";
import { converted } from "./answers/convert.ts";
import { explained } from "./answers/explain.ts";
import { findingsShown } from "./answers/findings.ts";
import { tested } from "./answers/tests.ts";
import { whoGetsIn } from "./answers/who.ts";

/** What can be asked. */
const ANSWERS = {
  findings: findingsShown,
  explain: explained,
  tests: tested,
  compare: compared,
  convert: converted,
  who: whoGetsIn,
} as const;

type Answers = typeof ANSWERS;
export type Kind = keyof Answers;
export type Input<K extends Kind> = Parameters<Answers[K]>[0];
export type Output<K extends Kind> = ReturnType<Answers[K]>;

export interface Asked {
  readonly kind: Kind;
  readonly input: unknown;
}

/** What comes back: that it began, how far it is, and at last an answer or that there is none. */
export type Told =
  | { readonly type: "began" }
  | { readonly type: "progress"; readonly done: number; readonly total: number }
  | { readonly type: "answer"; readonly value: unknown }
  | { readonly type: "failed"; readonly message: string };

/** A message for each step would cost more than the step. */
const BETWEEN_MS = 50;

/** The worker's own scope, as far as it is used. */
interface Scope {
  onmessage: ((event: MessageEvent<Asked>) => void) | null;
  postMessage(message: Told): void;
}

/** Answers what is asked from now on. */
function serve(scope: Scope): void {
  scope.onmessage = ({ data: { kind, input } }) => {
    scope.postMessage({ type: "began" });
    let last = performance.now();
    const progress = (done: number, total: number) => {
      const now = performance.now();
      if (now - last < BETWEEN_MS) return;
      last = now;
      scope.postMessage({ type: "progress", done, total });
    };
    try {
      const answer = ANSWERS[kind] as (
        input: unknown,
        progress: (done: number, total: number) => void,
      ) => unknown;
      scope.postMessage({ type: "answer", value: answer(input, progress) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      scope.postMessage({ type: "failed", message });
    }
  };
}

serve(self as unknown as Scope);
