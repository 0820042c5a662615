/**
 * `check --fix`: the commands that mend a finding, as lines for a shell. Nothing here runs any.
 *
 * @module
 */
import { shellWord } from "../../lib/shell.ts";
import { visible } from "../../lib/text.ts";
import { UntrustedFileError } from "../../files/trusted_file.ts";

/** What is spread into a finding. */
export interface Mend {
  /** Each is one line for a shell. */
  readonly fix?: readonly string[];
}

/**
 * Each command is a list of words. Nothing where a word holds what a terminal would not show as it is:
 * nobody is to paste what cannot be read.
 */
export function mend(...commands: readonly (readonly string[])[]): Mend {
  const plain = commands.flat().every((word) => visible(word) === word);
  return plain && commands.length > 0
    ? { fix: commands.map((words) => words.map(shellWord).join(" ")) }
    : {};
}

/** Makes root the owner, or takes the right to write from others. Nothing for what is missing, or a link. */
export function mendTrust({ reason, path }: UntrustedFileError): Mend {
  if (reason === "owner") return mend(["chown", "root", path]);
  if (reason === "mode") return mend(["chmod", "go-w", path]);
  return {};
}

/** Other lines keep their numbers, so that several of these can follow each other. */
export function mendLine(
  { file, line }: { readonly file?: string; readonly line?: number },
  change: { readonly replace: string } | { readonly with: string },
): Mend {
  if (file === undefined || line === undefined) return {};
  if ("with" in change) {
    return mend(["sed", "-i", `${line}${change.with}`, file]);
  }
  // sed takes a backslash for its own
  return change.replace.includes("\\")
    ? {}
    : mend(["sed", "-i", `${line}c\\${change.replace}`, file]);
}

/** Ahead of everything, where sshd takes the value whatever follows. To come after what names lines. */
export function mendFirst(file: string, text: string): Mend {
  return inserted({ file, line: 1 }, `i\\${text}`);
}

/** A new line behind that one. To come after what names lines. */
export function mendBehind(
  place: { readonly file: string; readonly line: number },
  text: string,
): Mend {
  return inserted(place, `a\\${text}`);
}

function inserted(
  { file, line }: { readonly file: string; readonly line: number },
  change: string,
): Mend {
  return change.slice(2).includes("\\")
    ? {}
    : mend(["sed", "-i", `${line}${change}`, file]);
}

/** Whether the lines behind it have other numbers after this command. */
export function movesLines(command: string): boolean {
  return /^sed -i '[0-9]+[ia]\\/.test(command);
}
