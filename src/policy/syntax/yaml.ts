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
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseAllDocuments,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { MAX_DEPTH, tooDeep } from "./nesting.ts";
import type { Diagnostic, Span } from "../diagnostic.ts";

export const MAX_CHARACTERS = 8 * 1024 * 1024;

/**
 * What YAML calls not printable (YAML 1.2.2 section 5.1), and what only some readers take for the
 * end of a line: a lone CR, NEL, LS and PS would hide keys in what looks like a comment. A byte
 * order mark may only begin the file.
 */
const CONTROL =
  // deno-lint-ignore no-control-regex
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]|\r(?!\n)|(?<!^)\ufeff/u;

/** Makes the error for a place in the text. */
type Fail = (
  id: string,
  message: string,
  at: { start: number; end: number; hint?: string },
) => YamlError;

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
  const fail: Fail = (id, message, { start, end, hint }) =>
    new YamlError(id, message, { span: span(start, end), hint });
  checkText(text, fail);
  const contents = onlyDocument(documentsOf(text, fail), { text, fail });
  return { root: convert(contents, { text, fail, depth: 0 }), span };
}

/** What can be told of the text before it is parsed. */
function checkText(text: string, fail: Fail): void {
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
  const deep = tooDeep(text);
  if (deep !== null) {
    throw fail("yaml/too-deep", TOO_DEEP, { start: deep, end: deep + 1 });
  }
}

const TOO_DEEP = `nested deeper than ${MAX_DEPTH} levels`;

function documentsOf(text: string, fail: Fail): Document[] {
  try {
    const documents = parseAllDocuments(text, {
      version: "1.2",
      schema: "core",
      strict: true,
      uniqueKeys: false, // checked here, in linear time and with both places
      stringKeys: false,
      merge: false,
      prettyErrors: false,
      logLevel: "silent",
    });
    return Array.isArray(documents) ? documents : [];
  } catch (error) {
    // the library recurses; a hostile nesting must end as an error like any other
    if (error instanceof RangeError) {
      throw fail("yaml/too-deep", TOO_DEEP, { start: 0, end: 0 });
    }
    const why = error instanceof Error ? error.message : "not valid YAML";
    const message = `the file cannot be read: ${why}`;
    throw fail("yaml/syntax", message, { start: 0, end: 0 });
  }
}

/** The contents of the one document that a policy is, without directives and tags. */
function onlyDocument(
  [document, second]: readonly Document[],
  { text, fail }: { text: string; fail: Fail },
): Node {
  const whole = { start: 0, end: text.length };
  if (document === undefined) {
    throw fail("yaml/empty", "the file is empty", whole);
  }
  // "%YAML 1.1" would change how the rest is read, "%TAG" what a tag means
  const { yaml: version, tags } = document.directives ?? {};
  if (version?.explicit === true || Object.keys(tags ?? {}).length > 1) {
    const start = Math.max(0, text.search(/^\ufeff?%/m));
    throw fail("yaml/directive", "directives are not allowed in a policy", {
      start,
      end: start + 1,
      hint: 'remove the line that begins with "%"',
    });
  }
  const [broken] = document.errors;
  if (broken !== undefined) {
    const [start, end] = broken.pos;
    throw /call stack/i.test(broken.message)
      ? fail("yaml/too-deep", TOO_DEEP, { start, end })
      : fail("yaml/syntax", lowerFirst(broken.message), { start, end });
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
  const [warning] = document.warnings;
  if (warning !== undefined) {
    const [start, end] = warning.pos;
    throw fail("yaml/tag", lowerFirst(warning.message), { start, end });
  }
  const contents = document.contents as Node | null | undefined;
  if (contents === null || contents === undefined) {
    throw fail("yaml/empty", "the file is empty", whole);
  }
  return contents;
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

// The values of a YAML document, converted strictly: what another YAML reader could understand
// differently is an error.

/** Keys that name the machinery of JavaScript objects: never a claim, a rule or an issuer. */
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/** Plain scalars that YAML 1.1 and YAML 1.2 readers take for different values. */
const AMBIGUOUS: readonly [RegExp, string][] = [
  [/^(?:y|yes|n|no|on|off)$/i, "YAML 1.1 reads it as a boolean"],
  [/^[-+]?0o?[0-9_]+$/, "readers differ on octal numbers"],
  [/^[-+]?0b[01_]+$/, "YAML 1.1 reads it as a binary number"],
  [
    /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/,
    "YAML 1.1 reads it as a base-60 number",
  ],
  [
    /^[-+]?(?=[^_]*_)(?:[0-9][0-9_]*\.?|\.)[0-9_]*$/,
    "YAML 1.1 ignores underscores in numbers",
  ],
  [/^[-+]?0x[0-9a-f_]+$/i, "it is a hexadecimal number"],
  [
    /^[-+]?(?:\.[0-9]+|[0-9]+\.?[0-9]*)e[-+]?[0-9]+$/i,
    "readers differ on exponents",
  ],
  [/^(?:[-+]?\.(?:inf|nan)|=)$/i, "it has a special meaning in YAML"],
];

interface Conversion {
  readonly text: string;
  readonly depth: number;
  readonly fail: Fail;
}

export function convert(node: Node, at: Conversion): YamlNode {
  const [start, end] = rangeOf(node);
  if (isAlias(node)) {
    throw at.fail("yaml/alias", "aliases are not allowed in a policy", {
      start,
      end,
      hint: "write the value out",
    });
  }
  const { anchor, tag } = node as { anchor?: string; tag?: string };
  if (anchor !== undefined) {
    const place = at.text.lastIndexOf(`&${anchor}`, start);
    throw at.fail(
      "yaml/anchor",
      `the anchor "&${anchor}" is not allowed in a policy`,
      {
        start: place,
        end: place + anchor.length + 1,
        hint: "write the value out where it is used",
      },
    );
  }
  // the library sets it only where one is written
  if (tag !== undefined) {
    const mark = at.text.lastIndexOf("!", start);
    const place = mark > 0 && at.text[mark - 1] === "!" ? mark - 1 : mark;
    throw at.fail(
      "yaml/tag",
      `the tag ${JSON.stringify(tag)} is not allowed in a policy`,
      {
        start: place,
        end: Math.max(place + 1, start),
        hint: "remove it; quotes make a string",
      },
    );
  }
  if (at.depth > MAX_DEPTH) {
    throw at.fail("yaml/too-deep", `nested deeper than ${MAX_DEPTH} levels`, {
      start,
      end: start + 1,
    });
  }
  if (isMap(node)) {
    return { start, end, kind: "map", entries: entriesOf(node, at) };
  }
  if (isSeq(node)) {
    const items = (node as YAMLSeq<Node>).items.map((item) =>
      convert(item, { ...at, depth: at.depth + 1 })
    );
    return { start, end, kind: "list", items };
  }
  if (isScalar(node)) {
    return { start, end, kind: "scalar", value: scalarOf(node, at) };
  }
  throw at.fail(
    "yaml/syntax",
    "this is neither a mapping nor a list nor a scalar",
    { start, end },
  );
}

function entriesOf(node: YAMLMap, at: Conversion): Map<string, YamlEntry> {
  const entries = new Map<string, YamlEntry>();
  for (const pair of node.items as Pair<Node, Node | null>[]) {
    const [keyStart, keyEnd] = rangeOf(pair.key);
    if (!isScalar(pair.key)) {
      throw at.fail("yaml/key-type", "a key must be a plain string", {
        start: keyStart,
        end: keyEnd,
      });
    }
    const converted = convert(pair.key, at);
    const key =
      converted.kind === "scalar" && typeof converted.value === "string"
        ? converted.value
        : undefined;
    if (key === undefined || FORBIDDEN_KEYS.has(key)) {
      const written = JSON.stringify(
        at.text.slice(keyStart, keyEnd).slice(0, 60),
      );
      throw at.fail("yaml/key-type", `${written} cannot be a key`, {
        start: keyStart,
        end: keyEnd,
        ...(key === undefined
          ? { hint: "put it in quotes if it is meant as a string" }
          : {}),
      });
    }
    const earlier = entries.get(key);
    if (earlier !== undefined) {
      const line = at.text.slice(0, earlier.keyStart).split("\n").length;
      throw at.fail(
        "yaml/duplicate-key",
        `the key ${JSON.stringify(key)} is already set in line ${line}`,
        { start: keyStart, end: keyEnd, hint: "remove one of the two" },
      );
    }
    const value = pair.value === null || pair.value === undefined
      ? { start: keyEnd, end: keyEnd, kind: "scalar" as const, value: null }
      : convert(pair.value, { ...at, depth: at.depth + 1 });
    entries.set(key, { keyStart, keyEnd, node: value });
  }
  return entries;
}

function scalarOf(
  node: Scalar,
  at: Conversion,
): string | number | boolean | null {
  const { value } = node;
  const [start, end] = rangeOf(node);
  if (node.type === Scalar.PLAIN) {
    const written = node.source ?? at.text.slice(start, end);
    if (written === "<<") {
      throw at.fail(
        "yaml/merge-key",
        "merge keys are not allowed in a policy",
        { start, end, hint: "write the keys out" },
      );
    }
    const ambiguous = AMBIGUOUS.find(([pattern]) => pattern.test(written));
    if (ambiguous !== undefined) {
      throw at.fail(
        "yaml/ambiguous-scalar",
        `"${written}" can be misread: ${ambiguous[1]}`,
        {
          start,
          end,
          hint:
            `write '${written}' in quotes for the string, or true, false or a decimal number`,
        },
      );
    }
  }
  if (
    typeof value === "number" &&
    !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)
  ) {
    throw at.fail(
      "yaml/ambiguous-scalar",
      "this number is too large to be read exactly",
      { start, end, hint: "put it in quotes if it is meant as a string" },
    );
  }
  if (
    value === null || typeof value === "string" || typeof value === "number" ||
    typeof value === "boolean"
  ) return value;
  throw at.fail("yaml/syntax", "this value has no plain type", { start, end });
}

export function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase()
    .padStart(4, "0");
}

function rangeOf(node: unknown): [number, number] {
  const range = (node as { range?: [number, number, number] | null } | null)
    ?.range;
  return range ? [range[0], range[1]] : [0, 0];
}

// What a YAML file says, with the place of every value.

/** A value with its place in the file. Offsets count UTF-16 units from 0; `end` is exclusive. */
export type YamlNode =
  & { readonly start: number; readonly end: number }
  & (
    | { readonly kind: "map"; readonly entries: ReadonlyMap<string, YamlEntry> }
    | { readonly kind: "list"; readonly items: readonly YamlNode[] }
    | {
      readonly kind: "scalar";
      readonly value: string | number | boolean | null;
    }
  );

interface YamlEntry {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly node: YamlNode;
}

export interface YamlSource {
  readonly root: YamlNode;
  /** The 1-based span of two offsets. */
  span(start: number, end: number): Span;
}

/** The file is not the YAML that a policy may be written in. `id` is a lint id (`yaml/…`). */
export class YamlError extends Error {
  override readonly name = "YamlError";
  readonly id: string;
  readonly span: Span;
  readonly hint: string | undefined;
  constructor(
    id: string,
    message: string,
    options: { span: Span; hint?: string | undefined },
  ) {
    super(message);
    this.id = id;
    this.span = options.span;
    this.hint = options.hint;
  }
}

/** The plain value of a node: null-prototype objects, arrays and scalars. */
export function toPlain(node: YamlNode): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(toPlain);
    case "map": {
      const object: Record<string, unknown> = Object.create(null);
      for (const [key, entry] of node.entries) {
        object[key] = toPlain(entry.node);
      }
      return object;
    }
  }
}

export type Path = readonly (string | number)[];

/**
 * Offsets of the value at a path, or of its key with `at: "key"`. A path that leads nowhere gives
 * the nearest enclosing place: a missing key is reported at the mapping that lacks it.
 */
export function locate(
  root: YamlNode,
  path: Path,
  options: { at?: "key" | "value" } = {},
): { start: number; end: number } {
  let node = root;
  let place = { start: root.start, end: root.end };
  for (const [index, step] of path.entries()) {
    if (node.kind === "map" && typeof step === "string") {
      const entry = node.entries.get(step);
      if (entry === undefined) return place;
      node = entry.node;
      const asKey = options.at === "key" || node.kind !== "scalar";
      place = asKey && (index === path.length - 1 || node.kind !== "scalar")
        ? { start: entry.keyStart, end: entry.keyEnd }
        : { start: node.start, end: node.end };
    } else if (node.kind === "list" && typeof step === "number") {
      const item = node.items[step];
      if (item === undefined) return place;
      node = item;
      place = { start: node.start, end: node.end };
    } else return place;
  }
  return place;
}

/** The finding that a YAML error is. */
export function yamlDiagnostic(error: YamlError, file: string): Diagnostic {
  return {
    id: error.id,
    level: "error",
    confidence: "high",
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    file,
    ...error.span,
  };
}
