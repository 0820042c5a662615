/**
 * What a session by certificate may use, where several rules admit.
 *
 * @module
 */
import assert from "node:assert/strict";
import { permitsOf } from "../../../src/policy/evaluate/permit.ts";
import type { Permit } from "../../../src/policy/permits.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import { requestFor, rules } from "../../support/policies.ts";

const POLICY = rules({
  terminal: "when: {a: true}, accounts: [{claim: sub}], ssh: {permit: [pty]}",
  forwards:
    "when: {b: true}, accounts: [{claim: sub}], ssh: {permit: [x11, port_forwarding]}",
  nothing: "when: {c: true}, accounts: [{claim: sub}], ssh: {permit: []}",
  everything: "when: {d: true}, accounts: [{claim: sub}]",
  other: "when: {a: true}, accounts: [{names: [deploy]}]",
  gone: "effect: deny, when: {e: true}",
});

function permits(...claims: string[]): readonly Permit[] | null {
  const request = requestFor(POLICY, {
    account: "alice",
    claims: {
      sub: "alice",
      ...Object.fromEntries(claims.map((claim) => [claim, true])),
    },
  });
  return permitsOf(POLICY, evaluate(POLICY, request));
}

Deno.test("permitsOf() unites what the rules permit that admit", () => {
  assert.deepEqual(permits("a"), ["pty"]);
  assert.deepEqual(permits("b"), ["port_forwarding", "x11"]);
  assert.deepEqual(permits("c"), []);
  assert.deepEqual(permits("b", "c", "a"), ["pty", "port_forwarding", "x11"]);
});

Deno.test("permitsOf() restricts nothing where a rule that admits says nothing", () => {
  assert.equal(permits("d"), null);
  assert.equal(permits("a", "d"), null);
  assert.equal(permits("c", "d"), null);
});

Deno.test("permitsOf() has nothing for whom no rule admits", () => {
  assert.deepEqual(permits(), []);
  assert.deepEqual(permits("a", "d", "e"), []);
});
