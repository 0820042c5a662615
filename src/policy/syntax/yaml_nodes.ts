/**
 * The values of a YAML document, converted strictly: what another YAML reader could understand
 * differently is an error.
 *
 * @module
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { YamlEntry, YamlError, YamlNode } from "./yaml_tree.ts";

export const MAX_DEPTH = 32;

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

export interface Conversion {
  readonly text: string;
  readonly depth: number;
  readonly fail: (
    id: string,
    message: string,
    at: { start: number; end: number; hint?: string },
  ) => YamlError;
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
