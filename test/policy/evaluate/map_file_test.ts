/**
 * Map files: the grammar of the oauth-ssh server, with TAB and CRLF.
 *
 * @module
 */

import { assertFast } from "../../support/timing.ts";
import assert from "node:assert/strict";
import { accountsOf } from "../../../src/policy/evaluate/map_file.ts";

/** Text, key, accounts: `k` is looked up unless the row says otherwise. */
const TABLE: readonly [string, string, string, string[]][] = [
  // the reference's parser cases
  ["an empty file", "", "k", []],
  ["a comment", "# This is a comment", "k", []],
  ["a key and a value", "key value", "key", ["value"]],
  ["a key without a value", "key ", "key", []],
  ["a key before a comment", "key #value", "key", []],
  ["a comment behind the value", "key value #comment", "key", ["value"]],
  ["two values", "key value1  value2", "key", ["value1", "value2"]],
  ["two values with a comma", "key value1,value2", "key", ["value1", "value2"]],
  // the reference's account map cases
  [
    "an id",
    "e9873f94-032a-11e6-afde-cb613ccc97a9 acct",
    "e9873f94-032a-11e6-afde-cb613ccc97a9",
    ["acct"],
  ],
  ["a user name", "john@example.com acct\n", "john@example.com", ["acct"]],
  [
    "another key",
    "e9873f94-032a-11e6-afde-cb613ccc97a9 acct",
    "john@example.com",
    [],
  ],
  // the rest of the grammar
  ["commas instead of spaces", "k,v1,v2", "k", ["v1", "v2"]],
  ["runs of separators", "k ,, v1 ,\t, v2,,", "k", ["v1", "v2"]],
  ["leading separators", " ,\t k v", "k", ["v"]],
  ["a line of commas", ",,,\nk v\n,", "k", ["v"]],
  ["TAB", "k\tv1\tv2", "k", ["v1", "v2"]],
  ["CRLF", "k v\r\nx y\r\nk w\r\n", "k", ["v", "w"]],
  ["CRLF behind a key alone", "k\r\n", "k", []],
  ["blank lines", "\n \n\t\n\r\n,\nk v\n\n", "k", ["v"]],
  ["no end of line", "x y\nk v", "k", ["v"]],
  ["a comment inside a word", "k val#ue,w", "k", ["val"]],
  ["a comment inside the key", "k#ey v", "key", []],
  ["a key cut by a comment", "k#ey v", "k", []],
  ["a commented line", "#k v\n # k w\nx # k u\n", "k", []],
  ["a comment line between", "k v\n# nothing\nk w\n", "k", ["v", "w"]],
  ["repeated keys", "k v\nx y\nk w,v\n", "k", ["v", "w"]],
  ["a key in value position", "x k y\nz,k,w\n", "k", []],
  ["a key that begins another", "kk v\nk-1 v\nk@x v\nk w\n", "k", ["w"]],
  ["a key that ends another", "kk v\nxk v\n@k v\nk w\n", "k", ["w"]],
  ["a key that is its own value", "k k\n", "k", ["k"]],
  ["another case", "K v\n", "k", []],
  [
    "special characters in a key",
    "a.*b+(c)[d]$^|\\ v\naxxb w\n",
    "a.*b+(c)[d]$^|\\",
    ["v"],
  ],
  ["a key with a slash and a colon", "https://x/y v\n", "https://x/y", ["v"]],
  // what only looks like white space belongs to a word, as in the reference
  ["a no-break space in a key", "k\u00a0root v\n", "k", []],
  ["a line separator before a key", "x y\u2028k v\n", "k", []],
  ["a form feed before a key", "\fk v\n", "k", []],
  ["a carriage return inside a line", "x y\rk v\n", "k", []],
  ["a carriage return at the end of a key", "k\r v\n", "k", []],
  ["a carriage return in a value", "k v\rw\n", "k", ["v\rw"]],
  ["letters outside ASCII", "zoë@example.org v\n", "zoë@example.org", ["v"]],
  ["a byte order mark", "\ufeffk v\n", "k", []],
];

for (const [name, text, key, expected] of TABLE) {
  Deno.test(`accountsOf() reads ${name}`, () => {
    assert.deepEqual(accountsOf(text, key), expected);
  });
}

for (
  const key of [
    "",
    " ",
    "a b",
    "a,b",
    "a\tb",
    "a#b",
    "a\nb",
    "k\n",
    "\nk",
    "k\r",
    " k",
    "k ",
  ]
) {
  Deno.test(`accountsOf() finds nothing for the key ${JSON.stringify(key)}`, () => {
    assert.deepEqual(
      accountsOf("k v\na b\n a b c\na,b c\na#b c\n\nk v\n", key),
      [],
    );
  });
}

Deno.test("accountsOf() takes any claim for a key", () => {
  for (
    const key of [
      "k".repeat(65_536),
      "(".repeat(65_536),
      "\u{1f600}".repeat(30_000),
      "\\",
      "\0",
    ]
  ) {
    const text = `${key}x u\nx${key} u\n ${key},v\nk w\n`;
    assert.ok(
      accountsOf(text, key).join() === "v",
      `a key of ${key.length} characters`,
    );
  }
});

Deno.test("accountsOf() compares long keys to their ends", () => {
  const key = `${"k".repeat(150)}a`;
  const others = ["b", "a2", "", "A"].map((end) =>
    `${"k".repeat(150)}${end} u\n`
  );
  assert.deepEqual(accountsOf(others.join(""), key), []);
  assert.deepEqual(accountsOf(`${others.join("")}${key} v\n`, key), ["v"]);
});

const LINES = 100_000;
const LARGE = Array.from(
  { length: LINES },
  (_, i) => `user${i}@example.edu acct${i},shared # ${i % 7}\n`,
).join("");

const LOOKUPS: readonly [string, string, number][] = [
  ["the first key", "user0@example.edu", 2],
  ["the last key", `user${LINES - 1}@example.edu`, 2],
  ["a key that is missing", "nobody@example.edu", 0],
  ["the end of every key", "@example.edu", 0],
  ["the beginning of every key", "user", 0],
  ["a value of every line", "shared", 0],
];

for (const [name, key, count] of LOOKUPS) {
  Deno.test(`accountsOf() finds ${name} among 100,000 lines in less than 10 ms`, () => {
    assertFast(10, () => {
      assert.equal(accountsOf(LARGE, key).length, count);
    });
  });
}

for (
  const [name, text] of [
    ["one long line", `x ${"k,".repeat(2_000_000)}\n`],
    ["one long line of the key", `${"k ".repeat(500_000)}\n`],
    ["a long run of spaces", `x${" ".repeat(4_000_000)}`],
    ["long runs of spaces", `${" ".repeat(2000)}\n`.repeat(2000)],
    ["many keys that begin alike", "k".repeat(4_000_000)],
  ] as const
) {
  Deno.test(`accountsOf() takes time in proportion to ${name}`, () => {
    assertFast(1000, () => accountsOf(text, "k"), { tries: 3 });
  });
}
