/**
 * Generators of requests near a policy, for property tests: of the policy's own atoms, of
 * values that just miss them, and of wrong types, so that decisions of every kind come up.
 *
 * @module
 */
import fc from "fast-check";
import type { Claims } from "../../src/policy/claims.ts";
import type { Policy } from "../../src/policy/model.ts";
import type {
  AccessRequest,
  Authentication,
  HostAccount,
  Identity,
  Subject,
} from "../../src/policy/request.ts";
import { subjectFromClaims } from "../../src/policy/evaluate/subject.ts";
import {
  ACCOUNTS,
  ENDS,
  from,
  IDPS,
  NOW,
  partial,
  policyArbitrary,
  policyOf,
  scalar,
  type Written,
  type WrittenPolicy,
} from "./policy_documents.ts";

const ADDRESSES = [
  "10.1.2.3",
  "::ffff:10.1.2.3",
  "11.0.0.1",
  "192.0.2.7",
  "2001:db8::1",
  "198.51.100.9",
  "host.example.org",
  "",
];
/** Any JSON value with members that name the machinery of JavaScript objects. */
export const hostileValueArbitrary: fc.Arbitrary<unknown> =
  fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      scalar,
      from([
        null,
        "",
        "alice\n",
        "alice\0",
        "\u212aelvin",
        "a".repeat(5000),
        -0,
        1e308,
        "[object Object]",
      ]),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.array(
        fc.tuple(
          from([
            "__proto__",
            "constructor",
            "toString",
            "valueOf",
            "length",
            "any",
            "groups",
            "0",
            "unit",
          ]),
          tie("value"),
        ),
        { maxLength: 3 },
      ).map((entries) =>
        // text, because only JSON.parse makes an own member named __proto__, as a token would
        JSON.parse(`{${
          entries.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`)
            .join()
        }}`)
      ),
    ),
  })).value;

const near = (values: readonly unknown[]) =>
  fc.oneof(
    { arbitrary: from(values), weight: 6 },
    {
      arbitrary: from([null, "", 0, true, [], {}, ["staff"], "staff"]),
      weight: 1,
    },
    { arbitrary: hostileValueArbitrary, weight: 1 },
  );

/** Claims made of the atoms above, of near misses and of wrong types. */
export const claimsArbitrary: fc.Arbitrary<Claims> = partial<Written>(8, {
  sub: near(["u1", "u2", "alice", "bob", "u1 "]),
  email: near([
    "alice@example.edu",
    "bob@example.org",
    "alice@example.edu.evil",
    "@example.edu",
  ]),
  email_verified: near([true, false, "true"]),
  preferred_username: near([
    "alice@example.edu",
    "alice-campus",
    "bob.x",
    "root",
  ]),
  groups: near([
    ["staff"],
    ["staff", "faculty"],
    ["guest"],
    ["Staff"],
    [
      1,
      true,
    ],
    "staff",
    "staff guest",
    { staff: null, guest: {} },
  ]),
  roles: near([["staff"], ["guest"]]),
  realm: near([{ roles: ["staff"] }, { roles: "staff" }]),
  org: near([{ unit: "staff" }, { unit: "alice" }]),
  level: near([0, 1, 2.5, "1"]),
  _claim_names: near([
    { groups: "src1" },
    { email: "src1", roles: "src1" },
    { realm: "src1" },
    {},
  ]),
  hasgroups: near([true, false, "true"]),
  idp: near([...IDPS, "https://idp.example.edu/"]),
  amr: near([["pwd", "mfa"], ["pwd"], ["otp"], "mfa"]),
  acr: near(["2", "1", 2]),
  auth_time: near([
    NOW,
    NOW - 60,
    NOW - 61,
    NOW - 3600,
    NOW - 3601,
    NOW + 30,
    NOW + 31,
    String(NOW),
  ]),
});

const identityArbitrary: fc.Arbitrary<Identity> = fc.record({
  id: from([null, "u1", "u2", "u9"]),
  username: from([null, "alice@example.edu", "bob.x", "root"]),
  email: from([null, "bob@example.org"]),
  idp: from([null, ...IDPS]),
});

const authenticationArbitrary: fc.Arbitrary<Authentication> = fc.record({
  identity: from([null, "u1", "u2", "u9"]),
  idps: fc.subarray(IDPS),
  auth_time: from([null, NOW, NOW - 60, NOW - 61, NOW + 31]),
  amr: fc.subarray(["pwd", "mfa", "otp"]),
  acr: from([null, "1", "2"]),
});

/** What was verified about somebody: claims alone, or with further linked identities. */
export function subjectArbitrary(policy: Policy): fc.Arbitrary<Subject> {
  return fc.record({
    issuer: from(policy.issuers),
    claims: claimsArbitrary,
    identities: fc.array(identityArbitrary, { maxLength: 2 }),
    authentications: fc.array(authenticationArbitrary, { maxLength: 2 }),
  }).map(({ issuer, claims, identities, authentications }) => {
    const own = subjectFromClaims(issuer, claims);
    return {
      ...own,
      identities: [...own.identities, ...identities],
      authentications: [...own.authentications, ...authentications],
    };
  });
}

/** A request near the policy. */
export function requestArbitrary(policy: Policy): fc.Arbitrary<AccessRequest> {
  const accounts = fc.oneof(
    { arbitrary: from(["alice", "bob", "deploy"]), weight: 8 },
    { arbitrary: from([...ACCOUNTS, "Alice", "alice\n", ""]), weight: 2 },
  );
  return accounts.chain((account) =>
    fc.record({
      account: fc.constant(account),
      service: from(["sshd", "sshd", "sshd", "sudo", "su"]),
      rhost: fc.oneof(from(ADDRESSES), fc.constant(null)),
      now: fc.oneof(
        { arbitrary: fc.constant(NOW), weight: 8 },
        {
          arbitrary: from(
            Object.keys(ENDS).map(Number).flatMap((end) => [end - 1, end]),
          ),
          weight: 2,
        },
      ),
      subject: subjectArbitrary(policy),
      host: fc.oneof(
        {
          arbitrary: fc.constant<HostAccount>({ uid: 1000, name: account }),
          weight: 8,
        },
        {
          arbitrary: from<HostAccount>([
            "unknown",
            { uid: 0, name: account },
            { uid: 34, name: account },
            { uid: 65534, name: account },
            { uid: 1000, name: "other" },
          ]),
          weight: 2,
        },
      ),
    }, { requiredKeys: ["account", "service", "rhost", "now", "subject"] })
  );
}

/** A document together with the policy that it means and some requests near it. */
export const caseArbitrary: fc.Arbitrary<
  { document: WrittenPolicy; policy: Policy; requests: AccessRequest[] }
> = policyArbitrary.chain((document) => {
  const policy = policyOf(document);
  return fc.array(requestArbitrary(policy), { minLength: 6, maxLength: 6 })
    .map((requests) => ({ document, policy, requests }));
});
