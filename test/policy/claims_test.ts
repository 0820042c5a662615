/**
 * Claims are hostile: only own members are ever seen.
 *
 * @module
 */
// Threats: A20

import assert from "node:assert/strict";
import { readClaim } from "../../src/policy/claims.ts";

const CLAIMS = JSON.parse(`{
  "sub": "u1",
  "a/b": "slash", "m~n": "tilde", "": "empty",
  "realm_access": {"roles": ["staff", {"deep": 7}]},
  "zero": 0, "no": false, "nothing": null,
  "__proto__": {"groups": ["admin"], "toString": "own"},
  "constructor": {"name": "mine"},
  "https://example.edu/x": "url"
}`);

const FOUND: readonly [string, unknown][] = [
  ["sub", "u1"],
  ["/sub", "u1"],
  ["a/b", "slash"],
  ["/a~1b", "slash"],
  ["/m~0n", "tilde"],
  ["/", "empty"],
  ["/realm_access/roles", ["staff", { deep: 7 }]],
  ["/realm_access/roles/0", "staff"],
  ["/realm_access/roles/1/deep", 7],
  ["zero", 0],
  ["no", false],
  ["nothing", null],
  ["https://example.edu/x", "url"],
  ["/constructor/name", "mine"],
  ["/__proto__/groups", ["admin"]],
];

for (const [location, expected] of FOUND) {
  Deno.test(`readClaim() finds ${JSON.stringify(location)}`, () => {
    assert.deepEqual(readClaim(CLAIMS, location), expected);
  });
}

const ABSENT = [
  "missing",
  "Sub",
  "realm_access.roles",
  "/realm_access/roles/2",
  "/realm_access/roles/00",
  "/realm_access/roles/-1",
  "/realm_access/roles/-",
  "/realm_access/roles/length",
  "/realm_access/roles/map",
  "/realm_access/roles/1e0",
  "/sub/length",
  "/sub/0",
  "/nothing/x",
  "/zero/toFixed",
  "toString",
  "valueOf",
  "hasOwnProperty",
  "/toString",
  "/constructor/prototype",
  "/realm_access/__proto__",
  "/realm_access/constructor/name",
  "/realm_access/toString/name",
  "//sub",
  "/sub/",
];

for (const location of ABSENT) {
  Deno.test(`readClaim() finds nothing at ${JSON.stringify(location)}`, () => {
    assert.equal(readClaim(CLAIMS, location), undefined);
  });
}

Deno.test("readClaim() does not look into a polluted prototype", () => {
  const polluted = Object.create({ groups: ["admin"] });
  assert.equal(readClaim(polluted, "groups"), undefined);
  assert.equal(readClaim(polluted, "/groups/0"), undefined);
});

for (const claims of [null, [], ["sub"], "sub", 7, true] as unknown[]) {
  Deno.test(`readClaim() finds nothing in ${JSON.stringify(claims)}`, () => {
    assert.equal(
      readClaim(claims as Record<string, unknown>, "sub"),
      undefined,
    );
    assert.equal(
      readClaim(claims as Record<string, unknown>, "length"),
      undefined,
    );
  });
}
