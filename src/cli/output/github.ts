/**
 * Annotations as GitHub workflow commands.
 *
 * A step shows ten annotations of each level and drops the rest without a word: the worst come
 * first, and one notice tells of what is left.
 *
 * @module
 */
import {
  type Diagnostic,
  type Level,
  LEVELS,
  worstFirst,
} from "../../policy/diagnostic.ts";
import { plural, visible } from "../../lib/text.ts";

export interface Annotation {
  readonly level: Level;
  readonly title: string;
  readonly message: string;
  /** Where it is shown; the names are those of the command's parameters. Empty: nowhere. */
  readonly place: Readonly<Record<string, string | number>>;
  /** One line, for where there is no room for the rest. */
  readonly brief: string;
}

/** A finding where the file has it. */
export function findingAnnotation(finding: Diagnostic): Annotation {
  const { file, line, column, endLine, endColumn, id, level } = finding;
  const { message, hint } = finding;
  // columns are only understood within one line
  const columns = line === endLine && endColumn > column
    ? { col: column, endColumn }
    : {};
  return {
    level,
    title: id,
    message: hint === undefined ? message : `${message}\nhint: ${hint}`,
    place: { file, line, endLine, ...columns },
    brief: `${file}:${line}:${column}: ${level} ${id}`,
  };
}

const COMMANDS: Readonly<Record<Level, string>> = {
  error: "error",
  warning: "warning",
  info: "notice",
};

const LIMIT = 10;
const LISTED = 50;

/** One line an annotation; empty when there are none. `noun` says of what there are more. */
export function githubAnnotations(
  annotations: readonly Annotation[],
  noun: string,
): string {
  const shown: Annotation[] = [];
  const rest: Annotation[] = [];
  for (const level of LEVELS) {
    const all = worstFirst(annotations).filter((each) => each.level === level);
    // one notice is kept for what is left
    const limit = level === "info" ? LIMIT - 1 : LIMIT;
    shown.push(...all.slice(0, limit));
    rest.push(...all.slice(limit));
  }
  return [
    ...shown.map(({ level, place, title, message }) =>
      command(COMMANDS[level], { ...place, title }, message)
    ),
    ...restNotice(rest, noun),
  ].map((line) => `${line}\n`).join("");
}

function restNotice(rest: readonly Annotation[], noun: string): string[] {
  if (rest.length === 0) return [];
  const lines = rest.slice(0, LISTED).map(({ brief }) => brief);
  const more = rest.length > LISTED ? ["…"] : [];
  const title = plural(rest.length, `more ${noun}`);
  return [command("notice", { title }, [...lines, ...more].join("\n"))];
}

function command(
  name: string,
  properties: Readonly<Record<string, string | number>>,
  message: string,
): string {
  const list = Object.entries(properties).map(([key, value]) =>
    `${key}=${property(value)}`
  );
  return `::${name} ${list.join(",")}::${data(message)}`;
}

/** What would end the command or begin another, and what would confuse a terminal. */
function data(text: string): string {
  return text.split("\n").map(visible).join("\n")
    .replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(value: string | number): string {
  return data(String(value)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
