/**
 * Accounts and services: the weakest and the strongest sign-in that is asked for.
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
  any: {accounts: [{names: [deploy]}], assurance: {max_auth_age: 8h}}
  strong: {services: [sudo], accounts: [{names: [deploy]}], assurance: {mfa: true}}
  ended: {services: [sshd], accounts: [{names: [deploy]}], not_after: 2025-01-01T00:00:00Z}
`;

function cells(now: string | null) {
  const { matrix } = reportFacts(
    reportInput({ text: POLICY, now: now === null ? null : instant(now) }),
  );
  const row = matrix.rows.find(({ account }) => account === "deploy");
  return matrix.services.map((service, index) => {
    const { weakest, strongest } = row?.cells[index] ?? {};
    return [service, weakest, strongest];
  });
}

Deno.test("each cell has what is asked for least and most", () => {
  const age = ["signed in at most 8h ago"];
  assert.deepEqual(cells(null), [
    ["sshd", [], age],
    ["sudo", age, ["several factors"]],
    [null, age, age],
  ]);
});

Deno.test("what has ended by the time of the report opens nothing", () => {
  const age = ["signed in at most 8h ago"];
  assert.deepEqual(cells("2026-01-01T00:00:00Z")[0], ["sshd", age, age]);
  assert.deepEqual(cells("2024-01-01T00:00:00Z")[0], ["sshd", [], age]);
  // as for logins: from that second on it does not match
  assert.deepEqual(cells("2024-12-31T23:59:59Z")[0], ["sshd", [], age]);
  assert.deepEqual(cells("2025-01-01T00:00:00Z")[0], ["sshd", age, age]);
});

Deno.test("accounts that nobody reaches have no ways, and are told of", () => {
  const { matrix } = reportFacts(reportInput({ text: POLICY }));
  const root = matrix.rows.find(({ account }) => account === "root");
  assert.deepEqual(
    root?.cells.map(({ ways, weakest }) => [ways, weakest]),
    [[0, null], [0, null], [0, null]],
  );
  assert.equal(root?.whole, true);
});
