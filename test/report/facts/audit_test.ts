/**
 * When rules were last used: nothing is called unused that records do not show.
 *
 * @module
 */
import assert from "node:assert/strict";
import { reportFacts } from "../../../src/report/facts.ts";
import { instant } from "../../../src/policy/instant.ts";
import { reportInput } from "../../support/report.ts";

const POLICY = `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
rules:
  staff: {accounts: [{claim: sub}]}
  ops: {accounts: [{names: [deploy]}]}
`;

const record = (time: string, rule: string) =>
  JSON.stringify({ time, decision: "allow", reason: "allowed", rule });

function verdicts(audit: readonly string[], at: string | null) {
  const now = at === null ? null : instant(at);
  const { audit: facts } = reportFacts(
    reportInput({ text: POLICY, audit, now }),
  );
  assert.ok(facts);
  return { ...facts, by: facts.rules.map(({ verdict }) => verdict) };
}

Deno.test("exactly as many days as count are not too many, a second more is", () => {
  const records = [
    record("2025-01-01T00:00:00Z", "ops"),
    record("2025-10-03T00:00:00Z", "staff"),
    record("2025-12-01T00:00:00Z", "another"),
  ];
  assert.deepEqual(verdicts(records, "2026-01-01T00:00:00Z").by, [
    "used",
    "unused",
  ]);
  assert.deepEqual(verdicts(records, "2026-01-01T00:00:01Z").by, [
    "unused",
    "unused",
  ]);
});

Deno.test("records that do not span the days show nothing", () => {
  const records = [
    record("2025-11-01T00:00:00Z", "staff"),
    record("2025-12-01T00:00:00Z", "staff"),
  ];
  assert.deepEqual(verdicts(records, null).by, ["used", "unknown"]);
  // nor do those that end before
  assert.deepEqual(verdicts(records, "2026-12-01T00:00:00Z").by, [
    "unknown",
    "unknown",
  ]);
  assert.deepEqual(verdicts([], "2026-12-01T00:00:00Z").by, [
    "unknown",
    "unknown",
  ]);
  assert.deepEqual(verdicts([], null).by, ["unknown", "unknown"]);
});

Deno.test("where not all rules that decided were counted, none is called unused", () => {
  const records = [
    record("2025-01-01T00:00:00Z", "staff"),
    ...Array.from(
      { length: 10_001 },
      (_, index) => record("2025-12-01T00:00:00Z", `other${index}`),
    ),
  ];
  const { by, strange } = verdicts(records, null);
  assert.deepEqual(by, ["unknown", "unknown"]);
  assert.ok(strange > 9_000);
});
