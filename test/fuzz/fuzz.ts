/**
 * Puts inputs to a target for a while, and shrinks the first for which a property does not hold.
 *
 * @module
 */
import fc from "fast-check";
import { type Input, inputs } from "./edits.ts";
import { probe, type Target } from "./target.ts";
import type { World } from "./world.ts";

export interface Outcome {
  readonly runs: number;
  /** How often each ending came: "yes", a reason or an exit code. */
  readonly endings: ReadonlyMap<string, number>;
  /** The most that a process took. */
  readonly megabytes: number;
  readonly milliseconds: number;
  readonly finding: Finding | null;
}

export interface Finding {
  readonly input: Input;
  readonly what: string;
  readonly seed: number;
}

/** One run in so many is a process of its own: some thirty times as slow, and with its memory measured. */
const PROGRAM_EVERY = 20;

/** Runs the untouched seeds first, each both ways. Does not throw for what it finds. */
export async function fuzz(
  target: Target,
  { world, milliseconds, seed }: {
    readonly world: World;
    readonly milliseconds: number;
    readonly seed: number;
  },
): Promise<Outcome> {
  const endings = new Map<string, number>();
  const most = { megabytes: 0, milliseconds: 0 };
  let runs = 0;
  const run = async (input: Input, program: boolean) => {
    runs++;
    const ran = await probe(target, input, { world, program });
    const ending = ran.yes ? "yes" : ran.reason ?? `exit ${ran.code}`;
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
    most.megabytes = Math.max(most.megabytes, ran.megabytes ?? 0);
    most.milliseconds = Math.max(most.milliseconds, ran.milliseconds);
  };
  await world.forget();
  const begun = performance.now();
  const untouched = target.seeds.map((content) => ({ content, wire: [] }));
  let last: Promise<void> = Promise.resolve();
  const property = fc.asyncProperty(
    inputs(target),
    fc.nat(PROGRAM_EVERY - 1).map((each) => each === PROGRAM_EVERY - 1),
    (input, program) => last = run(input, program),
  );
  const details = await fc.check(property, {
    seed,
    numRuns: 1_000_000_000,
    interruptAfterTimeLimit: milliseconds - (performance.now() - begun),
    markInterruptAsFailure: false,
    examples: untouched.flatMap((input) => [[input, false], [input, true]]),
  });
  await last.catch(() => {}); // when time is up, fast-check does not wait for it
  const [input] = details.counterexample ?? [];
  return {
    runs,
    endings,
    ...most,
    finding: input === undefined
      ? null
      : { input, what: String(details.errorInstance), seed: details.seed },
  };
}
