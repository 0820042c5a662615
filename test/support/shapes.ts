/**
 * Large policies of one shape each, as sites have them, with one value changed.
 *
 * @module
 */
import type { Written, WrittenPolicy } from "./policy_documents.ts";

/** A rule of each shape, by its number. */
const RULES = {
  teams: (index: number): Written => ({
    when: { groups: { any: [`team${index}`] }, email_verified: true },
    accounts: [
      { claim: "email", strip_suffix: "@example.edu" },
      { names: [`svc${index}`] },
    ],
  }),
  people: (index: number): Written => ({
    when: { sub: `person${index}` },
    accounts: [{ names: [`user${index}`] }],
  }),
  networks: (index: number): Written => ({
    rhosts: [`10.${index % 250}.${Math.floor(index / 250)}.0/24`],
    when: { groups: { any: ["staff"] } },
    accounts: [{ claim: "preferred_username" }],
  }),
  globs: (index: number): Written => ({
    when: {
      email: { like: `*@d${index}.example.edu` },
      email_verified: true,
    },
    accounts: [{ claim: "email", strip_suffix: `@d${index}.example.edu` }],
  }),
};

/** The same rule with one value changed, as a rule that there is not yet has it. */
const CHANGED: Readonly<
  Record<keyof typeof RULES, (rule: Written) => Written>
> = {
  teams: (rule) => ({ ...rule, when: RULES.teams(99_999)["when"] }),
  people: (rule) => ({ ...rule, when: RULES.people(99_999)["when"] }),
  networks: (rule) => ({ ...rule, rhosts: ["192.168.0.0/16"] }),
  globs: (rule) => ({ ...rule, when: RULES.globs(99_999)["when"] }),
};

export type Shape = keyof typeof RULES | "mixed";
export const SHAPES: readonly Shape[] = [
  "teams",
  "people",
  "networks",
  "globs",
  "mixed",
];
const MIXED = ["teams", "people", "networks", "globs"] as const;

/** A test of each shape that one rule admits, by its number. */
const TESTS = {
  teams: (index: number): Written => ({
    account: `svc${index}`,
    claims: { groups: [`team${index}`], email_verified: true },
  }),
  people: (index: number): Written => ({
    account: `user${index}`,
    claims: { sub: `person${index}` },
  }),
  networks: (index: number): Written => ({
    account: "alice",
    rhost: `10.${index % 250}.${Math.floor(index / 250)}.1`,
    claims: { groups: ["staff"], preferred_username: "alice" },
  }),
  globs: (index: number): Written => ({
    account: "alice",
    claims: { email: `alice@d${index}.example.edu`, email_verified: true },
  }),
};

/** A test for each rule of a policy of the shape, and one that is refused. */
export function shapedTests(shape: Shape, count: number): Written[] {
  return [
    ...Array.from({ length: count }, (_, index): Written => ({
      name: `r${index} admits`,
      ...TESTS[kindOf(shape, index)](index),
      expect: "allow",
    })),
    {
      name: "nobody else",
      account: "root",
      claims: { sub: "x" },
      expect: "deny",
    },
  ];
}

function kindOf(shape: Shape, index: number): keyof typeof RULES {
  return shape === "mixed" ? MIXED[index % MIXED.length] ?? "teams" : shape;
}

/** A policy of this many rules, and the same with one value changed in the middle. */
export function shapedPolicies(
  shape: Shape,
  count: number,
): [WrittenPolicy, WrittenPolicy] {
  const kind = (index: number) => kindOf(shape, index);
  const rules = Object.fromEntries(
    Array.from(
      { length: count },
      (_, index) => [`r${index}`, RULES[kind(index)](index)],
    ),
  );
  const middle = Math.floor(count / 2);
  const document = (all: Record<string, Written>) => ({
    version: 1,
    issuers: {
      campus: { issuer: "https://login.example.edu", audiences: ["ssh"] },
    },
    rules: all,
  } as WrittenPolicy);
  const changed = CHANGED[kind(middle)](rules[`r${middle}`] ?? {});
  return [
    document(rules),
    document({ ...rules, [`r${middle}`]: changed }),
  ];
}
