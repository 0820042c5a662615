/**
 * Lines of audit files as they are read back, whoever wrote them.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  kept,
  readEntry,
  UnusableLines,
} from "../../../src/analysis/audit/entry.ts";
import { MAX_BODY_BYTES } from "../../../src/issuer/http.ts";
import { MAX_AUDIT_CHARACTERS } from "../../../src/lib/audit_record.ts";

const RECORD = {
  time: "2026-01-01T12:00:00.250Z",
  decision: "allow",
  reason: "allowed",
  user: "alice",
  service: "sshd",
  rhost: "10.0.0.1",
  issuer: "campus",
  sub: "u1",
  jti_sha256: null,
  rule: "staff",
  policy_sha256: "0123456789abcdef",
  ms: 12,
  warning: null,
  detail: null,
  claims: { groups: ["staff"] },
};
const LINE = JSON.stringify(RECORD);
const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

Deno.test("readEntry() reads a record, and what a later version adds is not in its way", () => {
  const entry = readEntry(JSON.stringify({ ...RECORD, added: { later: 1 } }));
  assert.deepEqual(entry, {
    time: RECORD.time,
    now: Date.UTC(2026, 0, 1, 12) / 1000,
    decision: "allow",
    reason: "allowed",
    user: "alice",
    service: "sshd",
    rhost: "10.0.0.1",
    method: null,
    issuer: "campus",
    sub: "u1",
    rule: "staff",
    policy_sha256: "0123456789abcdef",
    claims: { groups: ["staff"] },
  });
});

for (
  const [what, line, flaw] of [
    ["half a record", LINE.slice(0, 90), "not JSON, cut off"],
    ["half an escape", LINE.slice(0, 20) + "\\u00", "not JSON, cut off"],
    ["words", "Nov 21 sshd: hello", "not JSON"],
    ["a list", "[]", "not a JSON object"],
    ["null", "null", "not a JSON object"],
    ["an object without a time", "{}", '"time" is missing'],
    [
      "a number for a time",
      JSON.stringify({ ...RECORD, time: 1 }),
      '"time" is not a text',
    ],
    [
      "words for a time",
      JSON.stringify({ ...RECORD, time: "2026 (yesterday)" }),
      '"time" is not a time',
    ],
    [
      "a day that there is not",
      JSON.stringify({ ...RECORD, time: "2026-13-01T00:00:00Z" }),
      '"time" is not a time',
    ],
    [
      "an account that is a list",
      JSON.stringify({ ...RECORD, user: ["root"] }),
      '"user" is not a text',
    ],
    [
      "milliseconds in words",
      JSON.stringify({ ...RECORD, ms: "12" }),
      '"ms" is not a number',
    ],
    [
      "claims within claims",
      LINE.replace('["staff"]', deep(100_000)),
      "nested deeper than 64",
    ],
    [
      "a line without an end",
      `${LINE}${" ".repeat(MAX_AUDIT_CHARACTERS)}`,
      `longer than ${MAX_AUDIT_CHARACTERS} characters`,
    ],
  ] as const
) {
  Deno.test(`readEntry() says what is wrong with ${what}`, () => {
    assert.deepEqual(readEntry(line), { flaw });
  });
}

Deno.test("readEntry() finds the record behind a torn one, wherever that was cut", () => {
  // an object of a claim begins as a record does
  const first = JSON.stringify({
    ...RECORD,
    claims: { x: { time: "2026-01-01T00:00:00Z", user: "root" } },
  });
  const next = JSON.stringify({
    ...RECORD,
    user: "bob",
    claims: { x: { time: "2026-01-01T00:00:00Z", user: "root" } },
  });
  let found = 0;
  for (let cut = '{"time":"'.length; cut < first.length; cut++) {
    const torn = first.slice(0, cut);
    const read = readEntry(torn + next);
    assert.ok("flaw" in read, torn);
    // where a value is expected it might be one of the torn record's own
    const own = /[:,[]$/.test(torn);
    assert.equal(read.rest?.user, own ? undefined : "bob", torn);
    found += own ? 0 : 1;
    // what is cut off alone hides no record, whatever its claims look like
    const alone = readEntry(torn);
    assert.ok("flaw" in alone && alone.rest === undefined, torn);
  }
  assert.ok(found > 200);
});

Deno.test("UnusableLines counts by cause, and names of a file do not fill the memory", () => {
  const lines = new UnusableLines();
  for (let index = 0; index < 10_000; index++) {
    lines.add("strange:", { file: null, line: index + 1 }, `name${index}`);
  }
  lines.add("not JSON", { file: null, line: 10_001 });
  const [most, ...rest] = lines.list();
  assert.deepEqual(most, {
    because: "for yet other causes",
    count: 9_951,
    first: { file: null, line: 51 },
  });
  assert.equal(rest.length, 50);
  assert.equal(rest[0]?.because, 'strange: "name0"');
});

Deno.test("kept() cuts what is long and says so", () => {
  assert.equal(kept("alice"), "alice");
  assert.equal(kept("a".repeat(10_000)), `${"a".repeat(256)}…`);
});

Deno.test("readEntry() reads the record of a login whose claims were as long as an answer can be", () => {
  // as the audit file has them: each byte of an answer can become six characters
  const groups = "\x7f".repeat(MAX_BODY_BYTES);
  const line = JSON.stringify({ ...RECORD, claims: { groups: [groups] } })
    .replaceAll("\x7f", "\\u007f");
  const read = readEntry(line);
  assert.ok(!("flaw" in read), JSON.stringify(read));
  assert.deepEqual(read.claims, { groups: [groups] });
});
