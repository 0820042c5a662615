/**
 * What is fuzzed: where the input arrives, what runs then, and when it may say yes.
 *
 * @module
 */
import type { Input, Material } from "./edits.ts";
import { onTheWire } from "./edits.ts";
import type { Attempt, Ran, World } from "./world.ts";

export interface Target extends Material {
  readonly name: string;
  /** Encodes or signs; by default the filled text as UTF-8. */
  encode?(content: string, world: World): string | Promise<string>;
  /** Lets it arrive. Called anew for each run. */
  place(bytes: Uint8Array<ArrayBuffer>, world: World): Promise<Attempt>;
  /** The oracle: where this is false, nothing may say yes. */
  mayBeYes(
    bytes: Uint8Array<ArrayBuffer>,
    world: World,
  ): boolean | Promise<boolean>;
  /**
   * Where it may run: not in this process where it could write outside the world, not as a program
   * where it would wait by the real clock. Both unless given.
   */
  where?(
    bytes: Uint8Array<ArrayBuffer>,
    world: World,
  ): "process" | "program" | "both";
}

/** Exit codes beside a yes. 4, an internal error, is a finding: input must not lead there. */
const CODES: Readonly<Record<Attempt["verb"], readonly number[]>> = {
  "login": [3, 7, 9, 10, 11],
  "device start": [3, 7, 9, 10, 11],
  "device finish": [3, 7, 9, 10, 11],
  "check": [1, 3],
};

/** After so long a login has ended, whatever it waits for. */
const DEADLINE_MS = 20_000;
const MEGABYTES = 80;

/** Runs one input and throws where a property does not hold. */
export async function probe(
  target: Target,
  input: Input,
  { world, program }: {
    readonly world: World;
    /** As a process of its own. */
    readonly program: boolean;
  },
): Promise<Ran> {
  const text = await (target.encode?.(input.content, world) ??
    world.fill(input.content));
  const bytes = onTheWire(text, input.wire);
  world.behave();
  const attempt = await target.place(bytes, world);
  const where = target.where?.(bytes, world) ?? "both";
  const ran = where === "program" || (program && where === "both")
    ? await world.asProgram(attempt)
    : await world.inProcess(attempt);
  await judge(ran, attempt.verb, () => target.mayBeYes(bytes, world));
  return ran;
}

/** Throws an `Error` that says what does not hold. */
export async function judge(
  ran: Ran,
  verb: Attempt["verb"],
  mayBeYes: () => boolean | Promise<boolean>,
): Promise<void> {
  const fail = (what: string): never => {
    const said = [ran.log, ran.stdout].map((text) => text.slice(0, 1000));
    throw new Error([what, ...said].join("\n"));
  };
  if (ran.yes && !await mayBeYes()) fail("it said yes");
  if (!ran.yes && !CODES[verb].includes(ran.code)) {
    fail(`it ended with ${ran.code}`);
  }
  if (ran.milliseconds > DEADLINE_MS) fail(`it took ${ran.milliseconds} ms`);
  if ((ran.megabytes ?? 0) > MEGABYTES) fail(`it took ${ran.megabytes} MB`);
  if (verb === "check") return;
  const lines = ran.log.replace(/\n$/, "").split("\n");
  const silent = verb === "device start" && ran.yes;
  if (silent ? ran.log !== "" : lines.length !== 1) fail("not one log line");
  const decision = ran.yes ? "allow" : "deny";
  if (!silent && !ran.log.includes(` decision=${decision} reason=`)) {
    fail("the log line does not say what was decided");
  }
  if (/[^ -~\n]/.test(ran.log)) fail("the log line holds other characters");
  if (/[^\P{C}\n]/u.test(ran.stdout)) {
    fail("the text for the person at the prompt holds control characters");
  }
}
