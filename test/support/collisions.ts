/**
 * Policies and requests of few values, which the search itself likes to use: whatever stands for "any
 * other value" somewhere is mentioned somewhere else, in a claim, a map, a file or a name.
 *
 * @module
 */
import fc from "fast-check";
import type { Policy } from "../../src/policy/model.ts";
import type { AccessRequest } from "../../src/policy/request.ts";
import { subjectFromClaims } from "../../src/policy/evaluate/subject.ts";
import {
  policyOf,
  type Written,
  type WrittenPolicy,
} from "./policy_documents.ts";

/** The first letters of the search, its names for people, and what begins or ends like them. */
const VALUES = [
  "x",
  "y",
  "xx",
  "someone",
  "somebody-1",
  "identity-1",
  "alice",
  "alice@x",
] as const;
const CLAIMS = ["sub", "email", "preferred_username"] as const;
const ACCOUNTS = ["alice", "someone", "x"] as const;
const FILES = ["/etc/one.map", "/etc/two.map"] as const;
/** Most rules use the first file, so that several look into the same one. */
const OFTEN = [FILES[0], FILES[0], FILES[0], FILES[1]] as const;
const GLOBS = ["*", "x*", "*x", "*@x", "x*x", "some*"] as const;

const value = fc.constantFrom(...VALUES);
const values = fc.uniqueArray(value, { minLength: 1, maxLength: 2 });

const condition: fc.Arbitrary<Written | string> = fc.oneof(
  { arbitrary: value, weight: 3 },
  fc.record({ in: values }),
  { arbitrary: fc.record({ like: fc.constantFrom(...GLOBS) }), weight: 2 },
  fc.record({ any: values }),
  fc.record({ all: values }),
  fc.record({ none: values }),
  fc.record({ word: value }),
  fc.record({ has: value }),
);

const key = fc.constantFrom<string>(
  ...CLAIMS,
  "identity.id",
  "identity.username",
  "identity.email",
);
const keys = fc.uniqueArray(key, { minLength: 1, maxLength: 2 });
const account = fc.constantFrom(...ACCOUNTS);
const suffix = fc.constantFrom<Written>({}, { strip_suffix: "@x" }, {
  strip_suffix: "-x",
});

const source: fc.Arbitrary<Written> = fc.oneof(
  {
    arbitrary: fc.record({ map_file: fc.constantFrom(...OFTEN), keys }),
    weight: 3,
  },
  fc.record({
    map: fc.dictionary(value, fc.tuple(account).map((names) => [...names]), {
      minKeys: 1,
      maxKeys: 2,
      noNullPrototype: true,
    }),
    keys,
  }),
  fc.tuple(fc.constantFrom(...CLAIMS), suffix).map(([claim, more]) => ({
    claim,
    ...more,
  })),
  fc.tuple(fc.constantFrom("id", "username", "email"), suffix).map((
    [identity, more],
  ) => ({ identity, ...more })),
  fc.record({ names: fc.tuple(account).map((names) => [...names]) }),
);

/** A member of a claim, which is asked for by name as well. */
const MEMBER = "/email/x";

const when = fc.dictionary(fc.constantFrom(...CLAIMS, MEMBER), condition, {
  maxKeys: 2,
  noNullPrototype: true,
}).map((written) => Object.keys(written).length === 0 ? {} : { when: written });

const assurance: fc.Arbitrary<Written> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 3 },
  fc.record({
    assurance: fc.oneof(
      fc.record({ permitted_idps: values }),
      fc.constant({ mfa: true }),
      fc.constant({ max_auth_age: "1h" }),
      fc.constant({ same_identity: true }),
      fc.constant({ same_identity: true, mfa: true }),
    ),
  }),
);

const NOW = 1_767_268_800;

/** Ends of rules, at the very instant of the search and later. */
const end: fc.Arbitrary<Written> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 5 },
  fc.constantFrom<Written>(
    { not_after: "2026-01-01T12:00:00Z" },
    { not_after: "2026-06-01T00:00:00Z" },
  ),
);
const instants = fc.constantFrom(NOW - 1, NOW, NOW + 1, 1_780_272_000);

const allow: fc.Arbitrary<Written> = fc.tuple(
  when,
  fc.array(source, { minLength: 1, maxLength: 2 }),
  assurance,
  end,
).map(([conditions, accounts, required, ends]) => ({
  ...conditions,
  accounts,
  ...required,
  ...ends,
}));

const deny: fc.Arbitrary<Written> = fc.tuple(
  when,
  fc.option(fc.array(source, { minLength: 1, maxLength: 1 }), { nil: null }),
  end,
).map(([conditions, accounts, ends]) => ({
  effect: "deny",
  ...ends,
  ...conditions,
  ...(accounts === null ? {} : { accounts }),
}));

const rule = fc.oneof({ arbitrary: allow, weight: 3 }, deny);

const rules = fc.array(rule, { minLength: 1, maxLength: 4 });

const issuer: fc.Arbitrary<Written> = fc.constantFrom<Written>(
  { issuer: "https://login.example.edu", audiences: ["ssh"] },
  {
    issuer: "https://login.example.edu",
    audiences: ["ssh"],
    lists: ["sub", "email", "amr"],
  },
  {
    kind: "globus",
    issuer: "https://auth.globus.org",
    audiences: ["ssh"],
    client_id: "x",
    client_secret_file: "/etc/x",
  },
);

function documentOf(one: Written, list: readonly Written[]): WrittenPolicy {
  return {
    version: 1,
    issuers: { campus: one },
    rules: Object.fromEntries(list.map((each, index) => [`r${index}`, each])),
  } as WrittenPolicy;
}

/** Two policies, of which the second has one rule more, less or in place of another. */
export const collidingPolicies: fc.Arbitrary<[Policy, Policy]> = fc.tuple(
  issuer,
  rules,
  rule,
  fc.nat(3),
  fc.constantFrom("more", "less", "other"),
).map(([one, list, fresh, at, how]) => {
  const place = at % list.length;
  const next = how === "more"
    ? [...list, fresh]
    : how === "less" && list.length > 1
    ? list.toSpliced(place, 1)
    : list.with(place, fresh);
  // the ids of those that stay are the same, whatever went
  const named = how === "less" && list.length > 1
    ? Object.fromEntries(
      list.flatMap((each, index) =>
        index === place ? [] : [[`r${index}`, each]]
      ),
    )
    : documentOf(one, next).rules;
  return [
    policyOf(documentOf(one, list)),
    policyOf({ ...documentOf(one, next), rules: named } as WrittenPolicy),
  ];
});

/** What a request brings along beside its claims. */
export interface CollidingRequest {
  readonly request: AccessRequest;
  readonly mapFiles: ReadonlyMap<string, string>;
}

const claimValue = fc.oneof(
  { arbitrary: value, weight: 4 },
  values,
  fc.tuple(values, fc.constantFrom(" ", ", ", ";", "\t", "  ", "."))
    .map(([words, between]) => words.join(between)),
  fc.dictionary(value, fc.constantFrom<unknown>("x", true, null, ["x"]), {
    noNullPrototype: true,
    maxKeys: 2,
  }),
  fc.constantFrom<unknown>(1, true, null),
);

const authentication = fc.record({
  idp: fc.constantFrom("provider-1", "provider-2"),
  auth_time: fc.constantFrom(NOW - 60, NOW - 7200),
  amr: fc.constantFrom<string[] | string>([], ["mfa"], "mfa", "pwd"),
});

const linkedIdentity = fc.record({
  id: value,
  username: value,
  email: value,
});

const mapText = fc.array(fc.tuple(value, account), { maxLength: 3 }).map((
  lines,
) => lines.map(([name, to]) => `${name} ${to}\n`).join(""));

/** A request for the issuer of the policy, as its tokens would make it. */
export function collidingRequest(
  policy: Policy,
): fc.Arbitrary<CollidingRequest> {
  const [campus] = policy.issuers;
  if (campus === undefined) throw new Error("a policy without an issuer");
  return fc.record({
    account,
    claims: fc.dictionary(fc.constantFrom(...CLAIMS), claimValue, {
      noNullPrototype: true,
    }),
    single: authentication,
    identities: fc.array(linkedIdentity, { maxLength: 3 }),
    sessions: fc.array(authentication, { maxLength: 2 }),
    domains: values,
    files: fc.tuple(mapText, mapText),
    now: instants,
  }).map(
    (
      { account, claims, single, identities, sessions, domains, files, now },
    ) => {
      const linked = campus.kind === "globus";
      const ids = identities.map(({ id }) => id);
      const document = linked
        ? {
          ...claims,
          sub: ids[0] ?? "x",
          identities: identities.length > 0
            ? identities
            : [{ id: "x", status: "closed" }],
          identities_set: ids,
          identity_providers: [{ id: "provider-1", domains }],
          session_info: {
            authentications: Object.fromEntries(
              sessions.map((session, index) => [ids[index] ?? "x", session]),
            ),
          },
        }
        : { ...claims, ...single };
      const subject = subjectFromClaims(campus, document);
      return {
        request: {
          account,
          service: "sshd",
          rhost: null,
          now,
          subject,
        },
        mapFiles: new Map(
          FILES.map((path, index) => [path, files[index] ?? ""]),
        ),
      };
    },
  );
}
