/**
 * What reviewers are told of `never`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { neverChanges } from "../../../src/analysis/never/changes.ts";

const told = (old: unknown, next: unknown) =>
  neverChanges(old, next).map(({ path, verdict }) => [path, verdict]);

Deno.test("an entry of never that goes, or says something else, is not waved through", () => {
  const old = { a: { accounts: ["root"] }, b: { services: ["sudo"] } };
  assert.deepEqual(told(old, old), []);
  assert.deepEqual(told(undefined, old), [
    ["never.a", "equivalent"],
    ["never.b", "equivalent"],
  ]);
  assert.deepEqual(told(old, undefined), [
    ["never.a", "incomparable"],
    ["never.b", "incomparable"],
  ]);
  assert.deepEqual(told(old, { ...old, a: { accounts: ["toor"] } }), [
    ["never.a", "incomparable"],
  ]);
});
