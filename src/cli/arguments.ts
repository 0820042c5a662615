/**
 * Reading the arguments of a verb.
 *
 * @module
 */
import { listOf, nearest } from "../lib/text.ts";
import { instant } from "../policy/instant.ts";
import type { Options } from "./command.ts";
import type { CliIo } from "./io.ts";

/** The command line cannot be understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
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
  options: Options,
): Promise<Arguments> {
  // loaded here and not at the top: the login path must not load any "node:" module
  const { parseArgs } = await import("node:util");
  const parsed = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value, repeat, short }]) => [name, {
        type: value === undefined ? "boolean" : "string",
        multiple: repeat ?? false,
        ...(short === undefined ? {} : { short }),
      }]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of parsed.tokens) {
    if (token.kind === "option") checkOption(token, options);
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

interface OptionToken {
  readonly name: string;
  /** With its dashes. */
  readonly rawName: string;
  readonly value: string | undefined;
  /** Whether the value was written behind "=". */
  readonly inlineValue: boolean | undefined;
}

function checkOption(
  { name, rawName, value, inlineValue }: OptionToken,
  options: Options,
): void {
  const spec = Object.hasOwn(options, name) ? options[name] : undefined;
  const known = spec !== undefined &&
    (rawName === `--${name}` || rawName === `-${spec.short}`);
  if (!known) {
    throw unknownOption(
      rawName,
      Object.keys(options).map((name) => `--${name}`),
    );
  }
  if (spec.value === undefined) {
    if (value === undefined) return;
    throw new UsageError(`"${rawName}" takes no value`);
  }
  if (value === undefined) throw new UsageError(`"${rawName}" needs a value`);
  if (value.startsWith("-") && value !== "-" && !inlineValue) {
    throw new UsageError(
      `"${rawName}" needs a value; one that begins with "-" is written "${rawName}=-…"`,
    );
  }
}

/** The complaint about an option that is none of those `known`; each has "--help" beside them. */
export function unknownOption(
  given: string,
  known: readonly string[],
  { otherwise }: { readonly otherwise?: string | undefined } = {},
): UsageError {
  const names = [...new Set([...known, "--help"])];
  // one letter is like any other
  const words = names.filter((name) => name.startsWith("--"));
  const suggestion = nearest(given, words);
  const hint = suggestion === undefined
    ? otherwise
    : `did you mean "${suggestion}"?`;
  return new UsageError(
    `unknown option ${JSON.stringify(given)}, expected one of ${
      listOf(names, 30)
    }` + (hint === undefined ? "" : `\nhint: ${hint}`),
  );
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
