/**
 * What the findings about somebody who gets in warn of: with the bad policy of the fixture it
 * happens, with the good one it does not.
 *
 * @module
 */
import assert from "node:assert/strict";
import { ask, type Asked, policyWith } from "../../support/policies.ts";

const FIXTURES = new URL("../../testdata/lint/", import.meta.url);

/** Who is meant to be refused, and gets in by a policy that has the finding. */
const INTRUDERS: Readonly<Record<string, Asked>> = {
  "accounts/claimable": {
    account: "emergency",
    claims: {
      sub: "u1",
      email: "emergency@example.edu",
      email_verified: true,
      groups: ["staff"],
    },
  },
  "claim/email-unverified": {
    account: "alice",
    claims: { sub: "u1", email: "alice@example.edu", groups: ["staff"] },
  },
  "deny/absent-address-admits": {
    account: "u1",
    rhost: "lab.example.edu",
    claims: { sub: "u1", groups: ["staff"] },
  },
  "deny/absent-claim-admits": {
    account: "alice",
    claims: { sub: "u1", email: "alice@example.edu", email_verified: true },
  },
  "grant/any-job": {
    issuer: "github",
    account: "deploy",
    claims: {
      sub: "repo:acme/anything:pull_request",
      repository: "acme/anything",
    },
  },
  "grant/everybody": {
    account: "alice",
    claims: { sub: "u1", preferred_username: "alice" },
  },
  "grant/multi-tenant-issuer": {
    issuer: "google",
    account: "alice",
    claims: { sub: "u1", email: "alice@example.edu", email_verified: true },
  },
  "grant/no-subject-condition": {
    account: "deploy",
    claims: { iss: "https://login.example.edu", sub: "u1" },
  },
  "match/network-everywhere": {
    account: "deploy",
    rhost: "198.51.100.7",
    claims: { sub: "u1", groups: ["operators"] },
  },
  "match/open-ended": {
    account: "u1",
    claims: {
      sub: "u1",
      email: "x@example.edu.evil.test",
      email_verified: true,
    },
  },
  "match/unanchored-suffix": {
    account: "u1",
    claims: { sub: "u1", email: "x@evilexample.edu", email_verified: true },
  },
  "rule/bypassed": {
    account: "u1",
    service: "sudo",
    claims: { sub: "u1", groups: ["staff", "administrators"] },
  },
  "rule/near-value": {
    account: "u1",
    service: "sudo",
    claims: { sub: "u1", groups: ["contractors"] },
  },
};

for (const [id, intruder] of Object.entries(INTRUDERS)) {
  Deno.test(`${id} warns of somebody who gets in, and whom its good policy refuses`, async () => {
    const policyOf = async (name: string) =>
      policyWith(
        await Deno.readTextFile(new URL(`${id}/${name}.yaml`, FIXTURES)),
      );
    const bad = ask(await policyOf("bad"), intruder);
    assert.equal(bad.decision, "allow", JSON.stringify(bad));
    const good = ask(await policyOf("good"), intruder);
    assert.equal(good.decision, "deny", JSON.stringify(good));
  });
}
