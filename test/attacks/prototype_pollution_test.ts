/**
 * CWE-1321: claims that are named like what every object inherits.
 *
 * @module
 */
// Threats: A20
import assert from "node:assert/strict";
import { setScene, withMember } from "../support/attack.ts";

Deno.test("login finds no claim on a prototype", async () => {
  await using scene = await setScene({
    ruleLines: [
      "  - {claim: constructor}",
      "  - {claim: __proto__}",
      "  - {claim: /__proto__/email}",
      "  - {claim: /constructor/name}",
      "  - {claim: toString}",
      "  - {claim: /groups/length}",
      "when:",
      "  groups: {any: [staff]}",
    ],
  });
  const { email: _email, groups: _groups, ...claims } = scene.claims();
  for (
    const member of [
      '"__proto__":{"email":"alice@example.edu","groups":["staff"]}',
      '"constructor":{"prototype":{"groups":["staff"]}},"email":"alice@example.edu"',
      '"groups":{"__proto__":["staff"]},"email":"alice@example.edu"',
      '"groups":["staff"],"__proto__":["alice"]',
      '"groups":["staff"],"constructor":{"name":["alice"]}',
      '"groups":["staff"]',
    ]
  ) {
    const token = await scene.raw({ payload: withMember(claims, member) });
    await scene.refuses(token, "account_not_permitted", { user: "alice" });
    await scene.refuses(token, "account_not_permitted", { user: "object" });
  }
  assert.equal(Reflect.get({}, "groups"), undefined);
  assert.equal(Reflect.get({}, "email"), undefined);
  const own = '"groups":["staff"],"constructor":"alice"';
  await scene.admits(await scene.raw({ payload: withMember(claims, own) }));
});
