/**
 * A comparison that a page cannot finish.
 *
 * @module
 */
import assert from "node:assert/strict";
import { compared } from "../../../src/playground/answers/compare.ts";

const COUNT = 24;

/** One rule that asks for one of two values of many claims, or a rule for each way to have the first ones. */
function policy(split: number, last = ""): string {
  const ways = Array.from({ length: 2 ** split }, (_, way) => {
    const claims = Array.from({ length: COUNT }, (_, index) => {
      const values = index >= split
        ? "{ in: [x, z] }"
        : way & (1 << index)
        ? "x"
        : "z";
      return `c${index}: ${values}`;
    });
    return `  way${way}:
    when: { ${claims.join(", ")} }
    accounts: [{ names: [alice] }]
`;
  });
  return `version: 1
issuers:
  main: { issuer: "https://a.example", audiences: [x] }
rules:
${ways.join("")}${last}`;
}

function answerTo(texts: Parameters<typeof compared>[0]) {
  const answer = compared(texts, () => {});
  assert.ok(!("problem" in answer), "problem" in answer ? answer.problem : "");
  return answer;
}

Deno.test("what was not looked at is never called equivalent", () => {
  const texts = { old: policy(0), policy: policy(6) };
  const some = answerTo({ ...texts, some: true });
  assert.deepEqual([some.verdict, some.exhaustive], ["sampled", false]);
  assert.equal(JSON.parse(some.json).verdict, "sampled");
  assert.match(some.pretty, /not everything was looked at/);
});

Deno.test("a change that was found is told, whatever was not looked at", () => {
  const more = `  more:
    when: { groups: ops }
    accounts: [{ names: [alice] }]
`;
  const some = answerTo({
    old: policy(0),
    policy: policy(6, more),
    some: true,
  });
  assert.deepEqual([some.verdict, some.exhaustive], ["wider", false]);
});

Deno.test("which policy cannot be used is told", () => {
  const ok = policy(0);
  for (
    const [texts, file] of [
      [{ old: "version: 1\n", policy: ok }, "old.yaml:1:"],
      [{ old: ok, policy: "a: [\n" }, "policy.yaml:"],
    ] as const
  ) {
    const answer = compared(texts, () => {});
    assert.ok("problem" in answer && answer.problem.startsWith(file));
  }
});
