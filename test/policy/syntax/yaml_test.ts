/**
 * Each YAML hazard is one error with a place; what is left is plain data.
 *
 * @module
 */
// Threats: F-9

import { assertFast } from "../../support/timing.ts";
import assert from "node:assert/strict";
import {
  locate,
  MAX_CHARACTERS,
  readYaml,
  toPlain,
  YamlError,
} from "../../../src/policy/syntax/yaml.ts";

/** The error of a text that must not be read, as `line:column id`. */
function refusal(text: string): string {
  try {
    readYaml(text);
  } catch (error) {
    assert.ok(error instanceof YamlError, String(error));
    return `${error.span.line}:${error.span.column} ${error.id}`;
  }
  throw new Error(`${JSON.stringify(text.slice(0, 80))} was read`);
}

const read = (text: string) => toPlain(readYaml(text).root);

const HAZARDS: readonly [string, string, string][] = [
  ["a duplicate key", "a: 1\nb: 2\na: 3\n", "3:1 yaml/duplicate-key"],
  [
    "a duplicate key in other quotes",
    "a: 1\n\"a\": 2\n'a': 3\n",
    "2:1 yaml/duplicate-key",
  ],
  ["a duplicate key in flow style", "{a: 1, a: 2}", "1:8 yaml/duplicate-key"],
  [
    "a duplicate key far inside",
    "x:\n  - {k: 1}\n  - l: 1\n    l: 1\n",
    "4:5 yaml/duplicate-key",
  ],
  ["an anchor", "a: &x 1\n", "1:4 yaml/anchor"],
  ["an anchor on a key", "&x a: 1\n", "1:1 yaml/anchor"],
  ["an anchor on nothing", "a: &x\n", "1:4 yaml/anchor"],
  ["an anchor on a mapping", "a: &x\n  b: 1\n", "1:4 yaml/anchor"],
  ["an alias to an anchor", "a: &x 1\nb: *x\n", "1:4 yaml/anchor"],
  ["an alias alone", "a: *x\n", "1:4 yaml/alias"],
  ["a merge key", "<<: {a: 1}\n", "1:1 yaml/merge-key"],
  ["a merge key inside", "x:\n  b: 1\n  <<: [{a: 1}]\n", "3:3 yaml/merge-key"],
  ["a tag on a string", "a: !!str 1\n", "1:4 yaml/tag"],
  ["a tag on a mapping", "a: !!map\n  b: 1\n", "1:4 yaml/tag"],
  ["a tag on a list", "a: !!seq [1]\n", "1:4 yaml/tag"],
  ["a tag on a key", "!!str a: 1\n", "1:1 yaml/tag"],
  ["a tag on the document", "--- !!map\na: 1\n", "1:5 yaml/tag"],
  ["a tag for a set", "a: !!set {b}\n", "1:4 yaml/tag"],
  ["a tag for binary", "a: !!binary aGk=\n", "1:4 yaml/tag"],
  ["a tag written out", "a: !<tag:yaml.org,2002:str> 1\n", "1:4 yaml/tag"],
  ["a local tag", "a: !include b\n", "1:4 yaml/tag"],
  ["the non-specific tag", "a: ! 1\n", "1:4 yaml/tag"],
  ["a tag with an anchor", "a: !!str &x 1\n", "1:10 yaml/anchor"],
  ["a tag far from its value", `a: !!str${" ".repeat(300)}1\n`, "1:4 yaml/tag"],
  ["a tag before a comment", "a: !!str # why\n  1\n", "1:4 yaml/tag"],
  ["two documents", "a: 1\n---\nb: 1\n", "2:1 yaml/several-documents"],
  [
    "two documents with an end mark",
    "a: 1\n...\n---\nb: 1\n",
    "3:1 yaml/several-documents",
  ],
  [
    "a second document without a mark",
    "a: 1\n...\nb: 1\n",
    "3:1 yaml/several-documents",
  ],
  [
    "a second document that is empty",
    "a: 1\n---\n",
    "2:1 yaml/several-documents",
  ],
  ["a version directive", "%YAML 1.2\n---\na: 1\n", "1:1 yaml/directive"],
  [
    "a version directive after a comment",
    "# c\n\n%YAML 1.1\n---\na: 1\n",
    "3:1 yaml/directive",
  ],
  [
    "a version directive after a BOM",
    "\ufeff%YAML 1.1\n---\na: 1\n",
    "1:1 yaml/directive",
  ],
  [
    "a tag directive",
    "%TAG !e! tag:example.edu:\n---\na: 1\n",
    "1:1 yaml/directive",
  ],
  ["an unknown directive", "%FOO bar\n---\na: 1\n", "1:1 yaml/tag"],
  [
    "a directive of a second document",
    "a: 1\n...\n%YAML 1.1\n---\nb: 1\n",
    "4:1 yaml/several-documents",
  ],
  ["a number as a key", "1: a\n", "1:1 yaml/key-type"],
  ["null as a key", "~: a\n", "1:1 yaml/key-type"],
  ["true as a key", "true: a\n", "1:1 yaml/key-type"],
  ["nothing as a key", ": a\n", "1:1 yaml/key-type"],
  ["a list as a key", "[a]: b\n", "1:1 yaml/key-type"],
  ["a mapping as a key", "{a: 1}: b\n", "1:1 yaml/key-type"],
  ["a list as an explicit key", "? - a\n: b\n", "1:3 yaml/key-type"],
  ["__proto__", "a:\n  __proto__: {x: 1}\n", "2:3 yaml/key-type"],
  ["__proto__ in quotes", 'a: {"__proto__": 1}\n', "1:5 yaml/key-type"],
  [
    "__proto__ with an escape",
    'a: {"__pr\\u006fto__": 1}\n',
    "1:5 yaml/key-type",
  ],
  ["constructor", "constructor: 1\n", "1:1 yaml/key-type"],
  ["prototype", "prototype: 1\n", "1:1 yaml/key-type"],
  ["a NUL", "a: 1\nb: \0\n", "2:4 yaml/control-character"],
  ["an escape character", "a: 1\n# \x1b[2J\n", "2:3 yaml/control-character"],
  ["a DEL", "a: \x7f\n", "1:4 yaml/control-character"],
  ["a C1 control character", "a: \x9b2J\n", "1:4 yaml/control-character"],
  [
    "a next line that other readers end a line at",
    "# a\x85b: 1\n",
    "1:4 yaml/control-character",
  ],
  ["a line separator", "a: 1 # x\u2028b: 1\n", "1:9 yaml/control-character"],
  [
    "a paragraph separator",
    "a: 1 # x\u2029b: 1\n",
    "1:9 yaml/control-character",
  ],
  [
    "a carriage return alone",
    "a: 1\r\nb: 1 # x\rc: 1\n",
    "2:9 yaml/control-character",
  ],
  [
    "a byte order mark inside",
    "a: 1\n\ufeffb: 1\n",
    "2:1 yaml/control-character",
  ],
  ["a noncharacter", "a: \uffff\n", "1:4 yaml/control-character"],
  ["a lone surrogate", "a: \ud800x\n", "1:4 yaml/control-character"],
  ["a tab as indentation", "a:\n\tb: 1\n", "2:1 yaml/syntax"],
  ["an open list", "a: [1\n", "2:1 yaml/syntax"],
  ["an open quote", 'a: "x\n', "2:1 yaml/syntax"],
  ["wrong indentation", "a:\n  b: 1\n c: 2\n", "3:1 yaml/syntax"],
  ["two colons", "a: b: c\n", "1:4 yaml/syntax"],
  ["no text", "", "1:1 yaml/empty"],
  ["only a comment", "# a\n# b\n", "1:1 yaml/empty"],
  [
    "33 lists in a list",
    `${"[".repeat(34)}${"]".repeat(34)}`,
    "1:34 yaml/too-deep",
  ],
  ["32,768 flow lists", "[".repeat(2 ** 15), "1:65 yaml/too-deep"],
  [
    "flow lists below text with brackets",
    `a: "[${"]".repeat(99)}" # [\nb: |\n  ${"[".repeat(99)}\nc: ${
      "[".repeat(200)
    }`,
    "4:68 yaml/too-deep",
  ],
  ["10,000 lists on one line", "- ".repeat(10_000), "1:1 yaml/too-deep"],
  ["33 block lists in a list", `${"- ".repeat(33)}x`, "1:67 yaml/too-deep"],
];

for (const [name, text, expected] of HAZARDS) {
  Deno.test(`readYaml() refuses ${name}`, () =>
    assert.equal(refusal(text), expected));
}

const AMBIGUOUS = [
  ..."y Y yes Yes YES n N no No NO on On ON off Off OFF".split(" "),
  ..."0o17 017 -017 +0o7 00 08 089 0_7 0b11 0x1F 0xff -0x1".split(" "),
  ..."12:30 1:2:3 -1:30 190:20:30.15 1_000 1_000.5 1.5_0 -1_0".split(" "),
  ..."1e3 1E3 1e+3 1e-3 1.5e3 .5e1 1e400 -1e400 .inf -.INF .NaN =".split(" "),
  ..."9007199254740992 -9007199254740993 99999999999999999999".split(" "),
];

for (const written of AMBIGUOUS) {
  Deno.test(`readYaml() refuses the plain scalar ${written}, and reads it in quotes`, () => {
    assert.equal(refusal(`a:\n  - ${written}\n`), "2:5 yaml/ambiguous-scalar");
    assert.deepEqual(
      read(`a: ['${written}', "${written}"]`),
      plain({ a: [written, written] }),
    );
  });
}

/** With null prototypes, as `toPlain` makes them. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map((
    [key, item],
  ) => [key, plain(item)]);
  return Object.assign(Object.create(null), Object.fromEntries(entries));
}

const READ: readonly [string, string, unknown][] = [
  ["numbers", "a: [0, 1, -1, +1, 1.5, .5, 9007199254740991]", {
    a: [0, 1, -1, 1, 1.5, 0.5, 9007199254740991],
  }],
  ["booleans and null", "a: [true, True, FALSE, null, ~]\nb:\n", {
    a: [true, true, false, null, null],
    b: null,
  }],
  [
    "what only looks ambiguous",
    "a: [nope, on-call, 1.2.3, 12:60x, 10.0.0.0/8, v1_0]",
    {
      a: ["nope", "on-call", "1.2.3", "12:60x", "10.0.0.0/8", "v1_0"],
    },
  ],
  ["dates as strings", "a: [2026-01-01, 2026-01-01T12:00:00Z]", {
    a: ["2026-01-01", "2026-01-01T12:00:00Z"],
  }],
  ["CRLF", "a:\r\n  b: 1\r\nc: |\r\n  x\r\n  y\r\n", {
    a: { b: 1 },
    c: "x\ny\n",
  }],
  ["a byte order mark at the beginning", "\ufeffa: 1\n", { a: 1 }],
  ["a tab between tokens", "a:\t1\t# c\n", { a: 1 }],
  ["marks of one document", "---\na: 1\n...\n", { a: 1 }],
  [
    "special characters inside text",
    "a: hey! &b *c << %d\nb: ['!!str', '&x', '*x', '<<']\n",
    {
      a: "hey! &b *c << %d",
      b: ["!!str", "&x", "*x", "<<"],
    },
  ],
  [
    "exclamation marks before other nodes",
    "# hey!\na: hey!\nb:\n  c: 'x! '\n",
    { a: "hey!", b: { c: "x! " } },
  ],
  ["escaped control characters", 'a: "x\\u0000\\e\\x85"\n', {
    a: "x\0\x1b\x85",
  }],
  ["characters outside the first plane", "a: \u{1f600}\n", { a: "\u{1f600}" }],
  ["toString as a key", "toString: 1\nhasOwnProperty: 2\n", {
    toString: 1,
    hasOwnProperty: 2,
  }],
];

for (const [name, text, expected] of READ) {
  Deno.test(`readYaml() reads ${name}`, () =>
    assert.deepEqual(read(text), plain(expected)));
}

Deno.test("toPlain() makes objects without a prototype", () => {
  const value = read("a: {b: 1}") as { a: object };
  assert.equal(Object.getPrototypeOf(value), null);
  assert.equal(Object.getPrototypeOf(value.a), null);
});

Deno.test("readYaml() reads 32 levels", () => {
  assert.ok(Array.isArray(read(`${"[".repeat(33)}${"]".repeat(33)}`)));
});

function within<T>(seconds: number, action: () => T): T {
  let result: T | undefined;
  assertFast(seconds * 1000, () => result = action(), { tries: 5 });
  return result as T;
}

const LAUGHS = `a0: &a0 [${"lol, ".repeat(9)}lol]\n` + Array.from(
  { length: 9 },
  (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(9)}*a${i}]\n`,
).join("");

const LARGE: readonly [string, string, string][] = [
  ["an alias bomb", LAUGHS, "1:5 yaml/anchor"],
  ["10 MB of text", `a: ${"x".repeat(10_000_000)}\n`, "1:1 yaml/too-large"],
  ["10 MB of open lists", "[".repeat(10_000_000), "1:1 yaml/too-large"],
  ["10 MB of documents", "---\n".repeat(2_500_000), "1:1 yaml/too-large"],
];

for (const [name, text, expected] of LARGE) {
  Deno.test(`readYaml() refuses ${name} within a second`, () => {
    assert.equal(within(1, () => refusal(text)), expected);
  });
}

const DEEP: readonly [string, string][] = [
  ["open lists", "[".repeat(20_000)],
  ["lists", `${"[".repeat(20_000)}${"]".repeat(20_000)}`],
  ["mappings", `${"{a: ".repeat(20_000)}1${"}".repeat(20_000)}`],
  ["block lists", `${"- ".repeat(20_000)}x`],
  [
    "block mappings",
    Array.from({ length: 1500 }, (_, i) => `${" ".repeat(i)}a:\n`).join(""),
  ],
  ["explicit keys", "? ".repeat(20_000)],
];

for (const [name, text] of DEEP) {
  Deno.test(`readYaml() refuses thousands of nested ${name} within a second`, () => {
    assert.match(within(1, () => refusal(text)), /^\d+:\d+ yaml\/too-deep$/);
  });
}

Deno.test("readYaml() takes a file of the largest size", () => {
  const text = `a: ${"x".repeat(MAX_CHARACTERS - 4)}\n`;
  assert.equal(text.length, MAX_CHARACTERS);
  within(1, () => readYaml(text));
  assert.equal(refusal(`${text} `), "1:1 yaml/too-large");
});

Deno.test("readYaml() takes time in proportion to the keys of a mapping", () => {
  const keys = (count: number) =>
    Array.from({ length: count }, (_, i) => `k${i}: 1\n`).join("");
  assert.equal(
    within(2, () => refusal(`${keys(20_000)}k0: 2\n`)),
    "20001:1 yaml/duplicate-key",
  );
});

Deno.test("YamlError says what to do", () => {
  const hint = (text: string): string | undefined => {
    try {
      readYaml(text);
    } catch (error) {
      return (error as YamlError).hint;
    }
    return "it was read";
  };
  assert.equal(
    hint("a: no"),
    "write 'no' in quotes for the string, or true, false or a decimal number",
  );
  assert.equal(hint("a: 1\na: 2"), "remove one of the two");
  assert.equal(hint("a: *x"), "write the value out");
  assert.equal(hint("1: x"), "put it in quotes if it is meant as a string");
});

Deno.test("locate() finds values, keys and the nearest place of what is missing", () => {
  const text = "a: 1\nb:\n  - x\n  - c: z\n";
  const { root, span } = readYaml(text);
  const at = (path: (string | number)[], key?: "key") => {
    const { start, end } = locate(
      root,
      path,
      key === undefined ? {} : { at: key },
    );
    const { line, column, endColumn } = span(start, end);
    return `${line}:${column}-${endColumn}`;
  };
  assert.equal(at(["a"]), "1:4-5");
  assert.equal(at(["a"], "key"), "1:1-2");
  assert.equal(at(["b", 0]), "3:5-6");
  assert.equal(at(["b", 1, "c"]), "4:8-9");
  assert.equal(at(["b", 1, "c"], "key"), "4:5-6");
  assert.equal(at(["b", 7]), "2:1-2");
  assert.equal(at(["b", 1, "missing"]).split(":")[0], "4");
  assert.equal(at(["missing"]).split(":")[0], "1");
});
