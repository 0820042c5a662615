/**
 * What the panels of the tabs and the page have to do with each other.
 *
 * @module
 */
import { isObject } from "../../lib/json.ts";
import type { Problem } from "../answers/sheet.ts";
import type { Outcome } from "../lane.ts";
import type { Input, Kind, Output } from "../worker.ts";

/** What became of a question that somebody still waits for. */
type Settled<Value> = Exclude<Outcome<Value>, { type: "superseded" }>;

/** What a tab's panel gets from the page. */
export interface Panel {
  /** The texts as they are. */
  readonly sheet: () => { policy: string; tests: string };
  /** What is written into the field for them. */
  readonly claims: () => string;
  readonly clock: () => number;
  /** Puts another policy into the editor; what was there can be put back. */
  readonly replace: (policy: string) => void;
  /** Puts the caret at a place in the policy; both count from 1. */
  readonly go: (line: number, column: number) => void;
  /** Something changed that this panel's answer depends on. */
  readonly changed: () => void;
  /** Asks; `null` where nobody waits for the answer any more, which is said where it has to be. */
  readonly ask: <K extends Kind>(
    kind: K,
    input: Input<K>,
    limit?: number,
  ) => Promise<Settled<Output<K>> | null>;
  /** One line about the newest answer. */
  readonly tell: (words: string) => void;
}

/** A tab: asks for its answer and draws it. */
export type View = (panel: Panel) => () => Promise<void>;

/** Why there is no answer; `what` was to be done and is not. */
export function unanswered(
  outcome: Exclude<Settled<unknown>, { type: "answer" }>,
  what: string,
): string {
  if (outcome.type === "failed") return `${what}: ${outcome.message}`;
  const { done, total } = outcome;
  return total > 0
    ? `not finished: ${what}, only ${done} of ${total} parts of it`
    : `not finished: ${what} within the time that a page takes`;
}

/** The answer, or why there is none. */
export function answerIn<Value>(
  outcome: Settled<Value | Problem>,
  what: string,
): Value | string {
  if (outcome.type !== "answer") return unanswered(outcome, what);
  const { value } = outcome;
  return isProblem(value) ? value.problem : value;
}

function isProblem(value: unknown): value is Problem {
  return isObject(value) && typeof value.problem === "string";
}
