/**
 * What the checks look at: the policy, the file it was written in, and facts that only the
 * command line knows.
 *
 * @module
 */
import type {
  AccountSource,
  Condition,
  Issuer,
  Policy,
  Rule,
} from "../../policy/model.ts";
import type { PolicySource } from "../../policy/syntax/parse.ts";
import type { Path } from "../../policy/syntax/yaml.ts";

/** A component of the path of an installed policy: the file itself or a directory above it. */
export interface FileFact {
  readonly path: string;
  readonly kind: "file" | "directory" | "symlink";
  readonly uid: number;
  /** Permission bits with the sticky bit. */
  readonly mode: number;
}

export interface LintFacts {
  /** Absent unless the file is where a login would read it. */
  readonly components?: readonly FileFact[];
  /** The entries of `tests` in the files beside the policy, with what they share; `null`: they cannot be read. */
  readonly sidecarTests?: readonly unknown[] | null;
  /** In seconds since the epoch. Absent: nothing is said of when rules end. */
  readonly now?: number;
}

export class LintContext {
  readonly policy: Policy;
  readonly source: PolicySource;
  readonly facts: LintFacts;
  readonly #issuers: ReadonlyMap<string, Issuer>;

  constructor(policy: Policy, source: PolicySource, facts: LintFacts) {
    this.policy = policy;
    this.source = source;
    this.facts = facts;
    this.#issuers = new Map(policy.issuers.map((each) => [each.name, each]));
  }

  /** The issuers whose tokens a rule speaks of. */
  issuersOf(rule: Rule): readonly Issuer[] {
    return rule.issuers === null
      ? this.policy.issuers
      : rule.issuers.flatMap((name) => this.#issuers.get(name) ?? []);
  }

  get allowRules(): readonly Rule[] {
    return this.policy.rules.filter(({ effect }) => effect === "allow");
  }
}

/** Where a condition is written: `when: {claim: value}` has no operator of its own. */
export function conditionPath(
  context: LintContext,
  rule: Rule,
  condition: Condition,
): Path {
  const written = context.source.document.rules[rule.id]?.when
    ?.[condition.claim];
  const path = ["rules", rule.id, "when", condition.claim];
  return typeof written === "object" ? [...path, condition.operator] : path;
}

/** All account sources of a rule with the place of each. */
export function accountEntries(
  rule: Rule,
): readonly { readonly entry: AccountSource; readonly path: Path }[] {
  return (rule.accounts ?? []).map((entry, index) => ({
    entry,
    path: ["rules", rule.id, "accounts", index],
  }));
}

/** A claim as rules and pages call it: "/email" is the same place as "email". */
export function claimName(claim: string): string {
  const single = /^\/([^/~]+)$/.exec(claim)?.[1];
  return single ?? claim;
}

/** The values that a condition names, whatever its operator; a glob is not among them. */
export function namedValues(
  condition: Condition,
): readonly (string | number | boolean)[] {
  switch (condition.operator) {
    case "like":
      return [];
    case "equals":
      return [condition.value];
    case "word":
    case "has":
      return [condition.text];
    default:
      return condition.values;
  }
}

/** Whether nothing in a token of the issuer shows that several factors were used. */
export function showsNoFactors({ mfa }: Issuer): boolean {
  return mfa.amr_any.length === 0 && mfa.acr_any.length === 0;
}

/** Claims that speak of the token, of the sign-in or of the organisation, not of the person. */
const ABOUT_NOBODY = new Set([
  "iss",
  "aud",
  "azp",
  "client_id",
  "exp",
  "iat",
  "nbf",
  "jti",
  "sid",
  "typ",
  "ver",
  "token_type",
  "nonce",
  "at_hash",
  "auth_time",
  "amr",
  "acr",
  "idp",
  "tid",
  "hd",
  "active",
  "email_verified",
  "phone_number_verified",
]);

/** Whether a glob has anything to hold on to. */
export function isWildcardOnly(pattern: string): boolean {
  return !/[\p{L}\p{N}]/u.test(pattern);
}

/** Whether a condition narrows down who the person is. */
export function isAboutSubject(condition: Condition): boolean {
  if (ABOUT_NOBODY.has(claimName(condition.claim))) return false;
  if (condition.operator === "none") return false;
  return condition.operator !== "like" || !isWildcardOnly(condition.pattern);
}
