/**
 * Reading the arguments of a verb.
 *
 * @module
 */
import { listOf, nearest } from "../lib/text.ts";
import { instant } from "../policy/instant.ts";
import type { CliIo } from "./io.ts";

/** The command line cannot be understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

interface OptionSpec {
  readonly type: "string" | "boolean";
  /** May be given more than once. */
  readonly multiple?: boolean;
  readonly short?: string;
}

export interface Arguments {
  readonly positionals: readonly string[];
  /** The last value of an option, or `undefined`. */
  text(name: string): string | undefined;
  /** All values of an option that may be repeated. */
  texts(name: string): readonly string[];
  flag(name: string): boolean;
}

/** Parses options anywhere, `--name=value`, and `--` before positionals. Throws {@link UsageError}. */
export async function parseArguments(
  args: readonly string[],
  options: Readonly<Record<string, OptionSpec>>,
): Promise<Arguments> {
  // loaded here and not at the top: the login path must not load any "node:" module
  const { parseArgs } = await import("node:util");
  const unknown = args.slice(
    0,
    args.includes("--") ? args.indexOf("--") : undefined,
  )
    .map((arg) => /^--([^=]+)/.exec(arg)?.[1])
    .find((name) => name !== undefined && !Object.hasOwn(options, name));
  if (unknown !== undefined) {
    const names = Object.keys(options).map((name) => `--${name}`);
    const suggestion = nearest(`--${unknown}`, names);
    throw new UsageError(
      `unknown option "--${unknown}", expected one of ${listOf(names, 30)}` +
        (suggestion === undefined
          ? ""
          : `\nhint: did you mean "${suggestion}"?`),
    );
  }
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? error.message.split("\n")[0] : String(error),
    );
  }
  const values: Record<string, unknown> = { ...parsed.values };
  return {
    positionals: parsed.positionals,
    text: (name) =>
      [values[name]].flat().findLast((value) => typeof value === "string"),
    texts: (name) =>
      [values[name]].flat().filter((value) => typeof value === "string"),
    flag: (name) => values[name] === true,
  };
}

/** A value out of a closed set. Throws {@link UsageError}. */
export function choice<Value extends string>(
  name: string,
  value: string,
  allowed: readonly Value[],
): Value {
  const found = allowed.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  throw new UsageError(
    `--${name} is ${JSON.stringify(value)}, expected ${listOf(allowed)}`,
  );
}

/** A time in seconds since the epoch; "now" is the clock's. Throws {@link UsageError}. */
export function timeOption(
  name: string,
  text: string,
  { now }: Pick<CliIo, "now">,
): number {
  if (text === "now") return Math.floor(now() / 1000);
  const time = /^[0-9]{1,12}$/.test(text) ? Number(text) : instant(text);
  if (time !== null) return time;
  throw new UsageError(
    `--${name} is ${
      JSON.stringify(text)
    }, expected "now", a time such as "2026-01-01T12:00:00Z" or seconds since the epoch`,
  );
}
