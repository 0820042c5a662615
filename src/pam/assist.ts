/**
 * The verbs of PAM stacks that prepare, tell or report. They stand where they cannot grant, and no
 * login loads them.
 *
 * @module
 */
import { EXIT_CODES, IGNORE, pamCode } from "./exit_code.ts";
import type { DeviceIo } from "./device/start.ts";

interface Endings {
  /** What ends `device start` when there is a code to enter. */
  readonly prepared: () => number;
  /** What ends the program where it says yes. */
  readonly yes: () => number;
}

/** The exit code of such a verb; `null` for all others. Never throws. */
export async function assist(
  args: readonly string[],
  io: DeviceIo,
  { prepared, yes }: Endings,
): Promise<number | null> {
  const [verb, stage] = args;
  if (verb === "outcome") {
    const { runOutcome } = await import("./outcome.ts");
    return await runOutcome(args.slice(1), io) ? yes() : EXIT_CODES.auth_err;
  }
  if (verb === "parse-ahead") {
    const { parseAhead } = await import("./parse_ahead.ts");
    await parseAhead(args.slice(1));
    return IGNORE;
  }
  if (verb !== "device") return null;
  if (stage === "start") {
    const { deviceStart } = await import("./device/start.ts");
    const failure = await deviceStart(args.slice(2), io);
    return failure === null ? prepared() : EXIT_CODES[pamCode(failure)];
  }
  if (stage === "tell") {
    const { deviceTell } = await import("./device/tell.ts");
    await deviceTell(args.slice(2), io);
    // whoever runs it, with the launcher or without: neither a yes nor a no
    return IGNORE;
  }
  return null;
}
