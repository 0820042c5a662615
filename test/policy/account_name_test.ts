/**
 * What an account can be called, by pattern.
 *
 * @module
 */
// Threats: E3, E4, E5, E13
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ACCOUNT_PATTERNS,
  isAccountName,
  MAX_ACCOUNT_NAME,
} from "../../src/policy/account_name.ts";
import { holds } from "../support/properties.ts";
import { assertFast } from "../support/timing.ts";

/** The patterns that allow the name. */
const allowing = (name: string) =>
  ACCOUNT_PATTERNS.filter((pattern) => isAccountName(name, pattern)).join(" ");

for (
  const [names, expected] of [
    [
      ["a", "_", "alice", "a.b-c_d9", "a..", "a".repeat(32)],
      "posix sssd relaxed",
    ],
    [
      ["a".repeat(33), "a".repeat(255), "Alice", "ALICE", "aliCe", "_A"],
      "sssd relaxed",
    ],
    [
      ["a@b", "alice@corp.example", "a@B-c--d.e_f", "a@1.2", "A.B@c"],
      "sssd relaxed",
    ],
    [["A\\b", "corp.example\\b", "3com\\b", "x--1\\B.c"], "sssd relaxed"],
    [["0", "007", "7of9", "7@b", "A\\7", "1-2"], "relaxed"],
    [
      [
        "",
        ".",
        "..",
        ".a",
        "-a",
        "-",
        "-1",
        "+1",
        " a",
        "a ",
        "a b",
        "a\n",
        "\0",
      ],
      "",
    ],
    [
      ["a@", "@b", "a@b@c", "a@.b", "a@b.", "a@b..c", "a@-b", "a@b-", "a@b-.c"],
      "",
    ],
    [
      ["\\b", "A\\", "A\\b\\c", "A\\b@c", "a@A\\b", "-A\\b", "A-\\b", ".A\\b"],
      "",
    ],
    [
      ["A\\-b", "A\\.b", "a:b", "a/b", "a,b", "a#b", "a$", "a+b", "a*b", "~a"],
      "",
    ],
    [["\u00e4", "\u212a", "a\u200b", "\u0661", "a\uff20b", "\ud800"], ""],
    [["a".repeat(256), "a".repeat(257), `a@${"b".repeat(254)}`], ""],
  ] as const
) {
  Deno.test(`accounts called like ${JSON.stringify(names[0]).slice(0, 20)} are for "${expected}"`, () => {
    for (const name of names) {
      assert.equal(allowing(name), expected, JSON.stringify(name));
    }
  });
}

Deno.test("each pattern allows what those before it allow, and nothing that is never allowed", () => {
  const never =
    /[^\x21-\x7e]|[:/,#"'$`;&|<>(){}[\]*?!~%=+^]|^[-.]|@.*@|@.*\\|\\.*\\/;
  const pieces = ["a", "Z", "0", "_", ".", "-", "@", "\\", ":", "/", " ", "\n"];
  const text = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.array(fc.constantFrom(...pieces), { maxLength: 8 })
      .map((parts) => parts.join("")),
  );
  holds(
    fc.property(text, (name) => {
      const [posix, sssd, relaxed] = ACCOUNT_PATTERNS.map((pattern) =>
        isAccountName(name, pattern)
      );
      assert.ok(!posix || sssd);
      assert.ok(!sssd || relaxed);
      assert.ok(!relaxed || !never.test(name), JSON.stringify(name));
      assert.ok(!sssd || !/^[0-9]*$/.test(name), JSON.stringify(name));
    }),
    { runs: 20_000 },
  );
});

Deno.test("no text makes the judgement slow", () => {
  for (const part of ["a", "a.", "a-", "-", "a@", "A\\", "\\", "a.-"]) {
    const name = part.repeat(MAX_ACCOUNT_NAME).slice(0, MAX_ACCOUNT_NAME - 1);
    assertFast(50, () => {
      for (let time = 0; time < 100; time++) allowing(`${name}!`);
    });
  }
});
