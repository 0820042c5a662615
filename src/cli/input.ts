/**
 * Reading policies for people: a file that cannot be read is a finding with a place like any other.
 *
 * @module
 */
import type { Diagnostic } from "../policy/diagnostic.ts";
import { type ParsedPolicy, parsePolicy } from "../policy/syntax/parse.ts";
import { decodeUtf8 } from "../files/trusted_file.ts";
import type { CliIo } from "./io.ts";
import { RefusedFile } from "./read_file.ts";

export interface ReadPolicy extends ParsedPolicy {
  readonly file: string;
  /** The text as read; empty when it could not be read. */
  readonly text: string;
}

/** Reads and parses a policy; `-` is standard input, shown under `stdinName`. Never throws. */
export async function readPolicy(
  path: string,
  io: CliIo,
  options: { stdinName?: string } = {},
): Promise<ReadPolicy> {
  const file = path === "-" ? options.stdinName ?? "<stdin>" : path;
  let text: string;
  try {
    text = decodeUtf8(
      path === "-" ? await io.readStdin() : await io.readFile(path),
    );
  } catch (error) {
    const diagnostic = unreadable(file, error);
    return {
      file,
      text: "",
      policy: null,
      source: null,
      diagnostics: [diagnostic],
    };
  }
  return { file, text, ...parsePolicy(text, { file }) };
}

/** The finding for a file that cannot be read. */
export function unreadable(file: string, error: unknown): Diagnostic {
  const why = error instanceof RefusedFile
    ? error.message
    : error instanceof Deno.errors.NotFound
    ? "does not exist"
    : error instanceof TypeError
    ? "is not UTF-8"
    : error instanceof Deno.errors.IsADirectory
    ? "is a directory"
    : "cannot be read";
  return {
    id: "file/unreadable",
    level: "error",
    confidence: "high",
    message: `the file ${why}`,
    file,
    line: 1,
    column: 1,
    endLine: 1,
    endColumn: 1,
  };
}
