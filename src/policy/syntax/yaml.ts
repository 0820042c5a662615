/**
 * YAML text to plain values with positions.
 *
 * A security file is kept boring: one document, unique string keys, and nothing that another
 * YAML reader could understand differently. Anchors, aliases, tags, merge keys and scalars that
 * YAML 1.1 and 1.2 read differently are errors. The first error ends the reading: what follows a
 * broken place is guesswork.
 *
 * @module
 */
import { type Node, parseAllDocuments } from "yaml";
import type { Span } from "../diagnostic.ts";
import { convert, hex, MAX_DEPTH } from "./yaml_nodes.ts";
import { YamlError, type YamlSource } from "./yaml_tree.ts";

export const MAX_CHARACTERS = 8 * 1024 * 1024;

/**
 * What YAML calls not printable (YAML 1.2.2 section 5.1), and what only some readers take for the
 * end of a line: a lone CR, NEL, LS and PS would hide keys in what looks like a comment. A byte
 * order mark may only begin the file.
 */
const CONTROL =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]|\r(?!\n)|(?<!^)\ufeff/u;

/**
 * Reads one YAML document. Throws {@link YamlError}, and nothing else, for any input.
 * Does not check what the values mean.
 */
export function readYaml(text: string): YamlSource {
  const lines = lineStarts(text);
  const span = (start: number, end: number): Span => {
    const [line, column] = position(lines, start);
    const [endLine, endColumn] = position(lines, Math.max(start, end));
    return { line, column, endLine, endColumn };
  };
  const fail = (
    id: string,
    message: string,
    at: { start: number; end: number; hint?: string },
  ) =>
    new YamlError(id, message, { span: span(at.start, at.end), hint: at.hint });

  if (text.length > MAX_CHARACTERS) {
    throw fail(
      "yaml/too-large",
      `the file has ${text.length} characters, at most ${MAX_CHARACTERS} are read`,
      { start: 0, end: 0 },
    );
  }
  const control = CONTROL.exec(text);
  if (control !== null) {
    throw fail(
      "yaml/control-character",
      `the character U+${hex(control[0])} is not allowed in a policy`,
      {
        start: control.index,
        end: control.index + 1,
        hint:
          'remove it; inside double quotes it can be written as an escape such as "\\u0000"',
      },
    );
  }
  let documents;
  try {
    documents = parseAllDocuments(text, {
      version: "1.2",
      schema: "core",
      strict: true,
      uniqueKeys: false, // checked here, in linear time and with both places
      stringKeys: false,
      merge: false,
      prettyErrors: false,
      logLevel: "silent",
    });
  } catch (error) {
    // the library recurses; a hostile nesting must end as an error like any other
    const deep = error instanceof RangeError;
    const why = error instanceof Error ? error.message : "not valid YAML";
    throw fail(
      deep ? "yaml/too-deep" : "yaml/syntax",
      deep
        ? `nested deeper than ${MAX_DEPTH} levels`
        : `the file cannot be read: ${why}`,
      { start: 0, end: 0 },
    );
  }
  if (!Array.isArray(documents) || documents.length === 0) {
    throw fail("yaml/empty", "the file is empty", {
      start: 0,
      end: text.length,
    });
  }
  const [document, second] = documents;
  // "%YAML 1.1" would change how the rest is read, "%TAG" what a tag means
  const { yaml: version, tags } = document?.directives ?? {};
  if (version?.explicit === true || Object.keys(tags ?? {}).length > 1) {
    const start = Math.max(0, text.search(/^\ufeff?%/m));
    throw fail("yaml/directive", "directives are not allowed in a policy", {
      start,
      end: start + 1,
      hint: 'remove the line that begins with "%"',
    });
  }
  const broken = document?.errors[0];
  if (broken !== undefined) {
    const tooDeep = /call stack/i.test(broken.message);
    throw fail(
      tooDeep ? "yaml/too-deep" : "yaml/syntax",
      tooDeep
        ? `nested deeper than ${MAX_DEPTH} levels`
        : lowerFirst(broken.message),
      { start: broken.pos[0], end: broken.pos[1] },
    );
  }
  if (second !== undefined) {
    const start = second.range?.[0] ?? 0;
    throw fail(
      "yaml/several-documents",
      "the file holds more than one YAML document",
      {
        start,
        end: start + 3,
        hint: 'remove the line "---" and what follows it',
      },
    );
  }
  const directive = document?.warnings[0];
  if (directive !== undefined) {
    throw fail("yaml/tag", lowerFirst(directive.message), {
      start: directive.pos[0],
      end: directive.pos[1],
    });
  }
  const contents = document?.contents as Node | null | undefined;
  if (contents === null || contents === undefined) {
    throw fail("yaml/empty", "the file is empty", {
      start: 0,
      end: text.length,
    });
  }
  return { root: convert(contents, { text, fail, depth: 0 }), span };
}

/** The offsets at which lines begin. Positions are needed before and without the YAML library. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (
    let at = text.indexOf("\n");
    at >= 0;
    at = text.indexOf("\n", at + 1)
  ) starts.push(at + 1);
  return starts;
}

/** Line and column of an offset, both from 1. */
function position(starts: readonly number[], offset: number): [number, number] {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return [low + 1, offset - (starts[low] ?? 0) + 1];
}

function lowerFirst(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1).replace(/\.$/, "");
}
