/**
 * Generators of policies, for property tests.
 *
 * A policy is generated as the document an administrator would write, turned into text and read by
 * `parsePolicy`: there is no way around the parser.
 *
 * @module
 */
import fc from "fast-check";
import { stringify } from "yaml";
import type { MapFiles } from "../../src/policy/evaluate/accounts.ts";
import type { Policy } from "../../src/policy/model.ts";
import { parsePolicy, usable } from "../../src/policy/syntax/parse.ts";

/** A rule or a whole policy as it is written. */
export type Written = { [key: string]: unknown };
export interface WrittenPolicy {
  version: 1;
  issuers: Record<string, Written>;
  assurance?: Written;
  rules: Record<string, Written>;
  protected_accounts?: string[];
}

export const NOW = 1_800_000_000;
export const MAP_PATH = "/etc/oauth-pam/accounts.map";
export const MAP_FILES: MapFiles = new Map([
  [
    MAP_PATH,
    "u1 alice\nu2\tbob,deploy\r\n # comment\nalice@example.edu alice root\n",
  ],
]);

const ISSUERS = ["campus", "lab"];
export const SERVICES = ["sshd", "sudo"];
const NETWORKS = [
  "10.0.0.0/8",
  "192.0.2.7",
  "2001:db8::/32",
  "::ffff:198.51.100.0/120",
];
export const ACCOUNTS = ["alice", "bob", "deploy", "root", "backup"];
export const IDPS = ["https://idp.example.edu", "https://idp.example.org"];
const SUFFIXES = ["@example.edu", "@example.org", "-campus", ".x"];
const STRINGS = [
  "staff",
  "faculty",
  "guest",
  "alice@example.edu",
  "bob@example.org",
  "alice",
  "u1",
];
const CLAIMS = [
  "groups",
  "email",
  "email_verified",
  "level",
  "/org/unit",
  "sub",
  "acr",
  "amr",
  "idp",
];
const GLOBS = ["*@example.edu", "alice*", "*li*", "staff", "*"];

export const from = <T>(values: readonly T[]) => fc.constantFrom(...values);
const some = <T>(values: readonly T[]) =>
  fc.subarray([...values], { minLength: 1 });
export const scalar = fc.oneof(from(STRINGS), from([0, 1, 2.5]), fc.boolean());
const scalars = fc.uniqueArray(scalar, { minLength: 1, maxLength: 3 });

/** A record with each key present in about `share` tenths of all cases. */
export function partial<T extends object>(
  share: number,
  model: { [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.Arbitrary<T> {
  const maybe = Object.entries<fc.Arbitrary<unknown>>(model).map((
    [key, arbitrary],
  ) => [
    key,
    fc.oneof(
      { arbitrary: fc.constant(undefined), weight: 10 - share },
      { arbitrary, weight: share },
    ),
  ]);
  return fc.record(Object.fromEntries(maybe)).map((record) =>
    Object.fromEntries(
      Object.entries(record).filter(([, value]) => value !== undefined),
    ) as T
  );
}

const WORDS = ["staff", "guest", "roles", "unit"];

export const conditionArbitrary: fc.Arbitrary<unknown> = fc.oneof(
  scalar,
  scalars.map((any) => ({ any })),
  scalars.map((all) => ({ all })),
  scalars.map((none) => ({ none })),
  scalars.map((values) => ({ in: values })),
  from(GLOBS).map((like) => ({ like })),
  from(WORDS).map((word) => ({ word })),
  from(WORDS).map((has) => ({ has })),
  fc.record({ any: scalars, none: scalars }),
);

const whenArbitrary = fc.dictionary(from(CLAIMS), conditionArbitrary, {
  minKeys: 1,
  maxKeys: 2,
});

export const assuranceArbitrary: fc.Arbitrary<Written> = partial<Written>(3, {
  permitted_idps: some(IDPS),
  mfa: fc.boolean(),
  max_auth_age: from(["0s", "60s", "1h"]),
  same_identity: fc.boolean(),
});

const accountArbitrary: fc.Arbitrary<Written> = fc.oneof(
  fc.record({ claim: from(["sub", "email"]), strip_suffix: from(SUFFIXES) }, {
    requiredKeys: ["claim"],
  }),
  fc.record({
    identity: from(["id", "username", "email"]),
    strip_suffix: from(SUFFIXES),
  }, {
    requiredKeys: ["identity"],
  }),
  fc.record({
    map: fc.dictionary(
      from(["u1", "u2", "alice@example.edu"]),
      some(ACCOUNTS),
      { minKeys: 1 },
    ),
    keys: some(["sub", "email", "identity.id"]),
  }),
  fc.record({
    map_file: fc.constant(MAP_PATH),
    keys: some(["sub", "identity.username"]),
  }),
  some(ACCOUNTS).map((names) => ({ names })),
);

/** Ends of rules around {@link NOW}, and how they are written. */
export const ENDS: Readonly<Record<number, string>> = {
  [NOW - 86_400]: "2027-01-14T08:00:00Z",
  [NOW]: "2027-01-15T09:00:00+01:00",
  [NOW + 1]: "2027-01-15T08:00:01Z",
  [NOW + 3600]: "2027-01-15T04:00:00-05:00",
  [NOW + 86_400]: "2027-01-16T08:00:00Z",
};

export const endArbitrary: fc.Arbitrary<string> = from(Object.values(ENDS));

const conditions = {
  issuers: some(ISSUERS),
  services: some(SERVICES),
  rhosts: some(NETWORKS),
  not_after: endArbitrary,
  when: whenArbitrary,
};

/** `extra` is always there. */
const rule = (
  extra: Record<string, fc.Arbitrary<unknown>>,
  often: Record<string, fc.Arbitrary<unknown>>,
) =>
  fc.tuple(fc.record(extra), partial<Written>(3, often)).map((
    [a, b],
  ): Written => ({ ...b, ...a }));

export const allowRuleArbitrary: fc.Arbitrary<Written> = rule({
  accounts: fc.array(accountArbitrary, { minLength: 1, maxLength: 3 }),
}, {
  ...conditions,
  assurance: assuranceArbitrary,
  allow_protected: fc.boolean(),
});

export const denyRuleArbitrary: fc.Arbitrary<Written> = rule({
  effect: fc.constant("deny"),
  accounts: fc.array(accountArbitrary, { minLength: 1, maxLength: 2 }),
}, conditions);

const issuersArbitrary = fc.record({
  kept: from(["groups", "roles", "/realm/roles"]),
  mfa: from([undefined, { acr_any: ["2"] }, { amr_any: ["otp", "mfa"] }]),
  lists: from<string[] | undefined>([undefined, ["groups", "amr"]]),
}).map(({ kept, mfa, lists }): Record<string, Written> => ({
  campus: {
    issuer: "https://campus.example.edu",
    audiences: ["ssh"],
    claims: { groups: kept },
    ...(lists === undefined ? {} : { lists }),
  },
  lab: {
    issuer: "https://lab.example.edu",
    audiences: ["ssh", "sudo"],
    ...(mfa === undefined ? {} : { mfa }),
  },
}));

/** A whole policy that the parser takes: two issuers, up to five rules. */
export const policyArbitrary: fc.Arbitrary<WrittenPolicy> = fc.record({
  version: fc.constant(1 as const),
  issuers: issuersArbitrary,
  rules: fc.dictionary(
    from(["a", "b", "c", "d", "e"]),
    fc.oneof({ arbitrary: allowRuleArbitrary, weight: 4 }, {
      arbitrary: denyRuleArbitrary,
      weight: 1,
    }),
    { minKeys: 1, maxKeys: 5 },
  ),
  optional: partial<{ assurance: Written; protected_accounts: string[] }>(3, {
    assurance: assuranceArbitrary,
    protected_accounts: some(ACCOUNTS),
  }),
}).map(({ optional, ...required }) => ({ ...required, ...optional }));

/** The text of a document, as JSON or as block YAML; the parser reads both. */
export function policyText(
  document: unknown,
  style: "json" | "yaml" = "json",
): string {
  return style === "json"
    ? JSON.stringify(document, null, 1)
    : stringify(document, {
      aliasDuplicateObjects: false,
      compat: "yaml-1.1",
      lineWidth: 0,
    });
}

/** The policy that a document means. Throws with the findings when it is not usable. */
export function policyOf(
  document: unknown,
  style: "json" | "yaml" = "json",
): Policy {
  const text = policyText(document, style);
  const parsed = parsePolicy(text, { file: "generated.yaml" });
  const policy = usable(parsed);
  if (policy === null) {
    throw new Error(`${JSON.stringify(parsed.diagnostics, null, 1)}\n${text}`);
  }
  return policy;
}
