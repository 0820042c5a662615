/**
 * How long comparisons take: with generous margins, because machines are shared.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Diff, diffPolicies } from "../../../src/analysis/diff/diff.ts";
import {
  type LargeDocument,
  largeDocument,
  largePolicy,
} from "../../support/large_policies.ts";
import { parsePolicy, usable } from "../../../src/policy/syntax/parse.ts";
import { shapedPolicies, SHAPES } from "../../support/shapes.ts";

const LIMIT_MS = 10_000;

for (const shape of SHAPES) {
  Deno.test(`one changed value among 2,000 rules of the shape "${shape}" is compared within 5 s`, () => {
    const [a, b] = shapedPolicies(shape, 2_000).map((document) =>
      usable(parsePolicy(JSON.stringify(document), { file: "p.json" }))
    );
    assert.ok(a && b);
    const start = performance.now();
    const diff = diffPolicies(a, b);
    const ms = performance.now() - start;
    assert.ok(ms < 5_000, `${Math.round(ms)} ms`);
    assert.equal(diff.exhaustive, true);
    assert.equal(diff.verdict, shape === "globs" ? "narrower" : "incomparable");
  });
}

function timed(old: LargeDocument, next: LargeDocument): Diff {
  const [a, b] = [largePolicy(old), largePolicy(next)];
  const start = performance.now();
  const diff = diffPolicies(a, b);
  const ms = performance.now() - start;
  assert.ok(ms < LIMIT_MS, `${Math.round(ms)} ms`);
  return diff;
}

Deno.test("a few changes among 100 rules are compared exhaustively within 10 s", () => {
  const old = largeDocument(7, 100);
  const next = structuredClone(old);
  delete next.rules["r3"];
  next.rules["r10"] = {
    ...next.rules["r10"],
    when: { groups: { any: ["new"] } },
  };
  next.rules["r50"] = { ...next.rules["r50"], accounts: [{ names: ["svc1"] }] };
  const diff = timed(old, next);
  assert.equal(diff.exhaustive, true);
  assert.equal(diff.verdict, "incomparable");
});

Deno.test("a change that concerns each of 100 rules is compared exhaustively within 10 s", () => {
  const old = largeDocument(7, 100);
  const diff = timed(old, {
    ...old,
    assurance: { ...old.assurance, mfa: true },
  });
  assert.equal(diff.exhaustive, true);
  assert.equal(diff.verdict, "narrower");
});

Deno.test("two policies of 100 rules with nothing in common are compared within 10 s", () => {
  const diff = timed(largeDocument(7, 100), largeDocument(99, 100));
  assert.equal(diff.verdict, "incomparable");
  assert.equal(diff.exhaustive, true);
});

Deno.test("a policy of 300 rules is equivalent to itself at once", () => {
  const document = largeDocument(3, 300);
  const [a, b] = [
    largePolicy(document),
    largePolicy(structuredClone(document)),
  ];
  const start = performance.now();
  assert.equal(diffPolicies(a, b).verdict, "equivalent");
  assert.ok(performance.now() - start < 2_000);
});

Deno.test("globs of which nobody asks how they overlap need not be told apart", () => {
  const rules = (suffix: string) =>
    Object.fromEntries(
      Array.from({ length: 24 }, (_, index) => [`r${index}`, {
        when: { name: { like: `*${index}${suffix}${index}*` } },
        accounts: [{ names: ["alice"] }],
      }]),
    );
  const document = largeDocument(1, 1);
  const diff = timed(
    { ...document, rules: rules("a") },
    { ...document, rules: rules("b") },
  );
  assert.equal(diff.exhaustive, true);
  assert.equal(diff.verdict, "incomparable");
  // each rule in both directions
  assert.equal(diff.causes.length, 48);
});
