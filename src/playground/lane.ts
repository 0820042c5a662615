/**
 * One worker that answers one question at a time. Whoever asks anew ends what is still being answered: nobody
 * waits for it any more.
 *
 * @module
 */
import type { Asked, Input, Kind, Output, Told } from "./worker.ts";

/** What became of a question. Only "answer" is an answer. */
export type Outcome<Value> =
  | { readonly type: "answer"; readonly value: Value }
  /** Ended after its time, with how far it was where that is known. */
  | {
    readonly type: "late";
    readonly done: number;
    readonly total: number;
  }
  | { readonly type: "superseded" }
  | { readonly type: "failed"; readonly message: string };

/** As long may a worker take to begin: it has the whole engine to read. */
const BEGIN_MS = 20_000;

/** What of a `Worker` is used. */
interface Thinking {
  onmessage: ((event: MessageEvent<Told>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(message: Asked): void;
  terminate(): void;
}

export class Lane {
  readonly #start: () => Thinking;
  #worker: Thinking | null = null;
  #settle: ((outcome: Outcome<unknown>) => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(start: () => Thinking) {
    this.#start = start;
  }

  /** Asks; after `limit` milliseconds from when the worker began it is ended. Never throws. */
  ask<K extends Kind>(
    kind: K,
    input: Input<K>,
    { limit }: { limit: number },
  ): Promise<Outcome<Output<K>>> {
    if (this.#settle !== null) this.#end({ type: "superseded" });
    return new Promise((resolve) => {
      this.#settle = resolve as (outcome: Outcome<unknown>) => void;
      try {
        this.#worker ??= this.#start();
      } catch (error) {
        this.#end({ type: "failed", message: String(error) });
        return;
      }
      this.#listen(this.#worker, limit);
      this.#within(BEGIN_MS, { done: 0, total: 0 });
      this.#worker.postMessage({ kind, input });
    });
  }

  #listen(worker: Thinking, limit: number): void {
    const far = { done: 0, total: 0 };
    worker.onmessage = ({ data }) => {
      switch (data.type) {
        case "began":
          this.#within(limit, far);
          break;
        case "progress":
          Object.assign(far, { done: data.done, total: data.total });
          break;
        default:
          this.#done(data as Outcome<unknown>);
      }
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#end({ type: "failed", message: event.message });
    };
  }

  #within(limit: number, far: { done: number; total: number }): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end({ type: "late", ...far }), limit);
  }

  /** The worker lives on. */
  #done(outcome: Outcome<unknown>): void {
    clearTimeout(this.#timer);
    const settle = this.#settle;
    this.#settle = null;
    settle?.(outcome);
  }

  #end(outcome: Outcome<unknown>): void {
    if (this.#worker !== null) {
      this.#worker.onmessage = null;
      this.#worker.terminate();
      this.#worker = null;
    }
    this.#done(outcome);
  }

  /** Ends what is being answered, and the worker. */
  close(): void {
    this.#end({ type: "superseded" });
  }
}
