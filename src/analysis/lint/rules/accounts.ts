/**
 * Different people who would share a local account, and people of other domains.
 *
 * @module
 */
import type { AccountSource, Issuer, Rule } from "../../../policy/model.ts";
import { attributeLocations } from "../../../policy/identity_claims.ts";
import { kindRow } from "../../../policy/kinds.ts";
import type { Path } from "../../../policy/syntax/yaml.ts";
import { accountEntries, claimName, type LintContext } from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";
import { constraintOf } from "../reach/claim_constraint.ts";

/** Within one namespace a local name belongs to one person. */
interface Namespace {
  /** "@example.edu", the same at every issuer, or what one issuer calls its people. */
  readonly key: string;
  readonly title: string;
}

interface Mapping {
  readonly namespaces: readonly Namespace[];
  readonly path: Path;
  readonly rule: Rule;
}

function* suffixCollision(context: LintContext): Iterable<LintFinding> {
  const seen = new Map<string, { title: string; path: Path }>();
  for (const { namespaces, path, rule } of mappings(context)) {
    const [own, second] = namespaces;
    if (own === undefined) continue;
    // said where the namespace first met another
    if (namespaces.every(({ key }) => seen.has(key))) continue;
    const other = firstOther(seen, namespaces);
    for (const { key, title } of namespaces) {
      if (!seen.has(key)) seen.set(key, { title, path });
    }
    const partner = other?.title ?? second?.title;
    if (partner === undefined) continue;
    yield {
      message: other === undefined
        ? `${own.title} and ${partner} may give the same name to different people, who would share an account`
        : `${
          namespaces.map(({ title }) => title).join(" and ")
        } may give a name to somebody else than ${partner} does: they would share an account`,
      hint: rule.issuers === null && other === undefined
        ? 'name one issuer in "issuers", or map through an account map'
        : "map one of the two through an account map, or to other names",
      place: { path },
      ...(other === undefined
        ? {}
        : { related: [{ message: partner, place: { path: other.path } }] }),
    };
  }
}

function firstOther<T>(
  seen: ReadonlyMap<string, T>,
  namespaces: readonly Namespace[],
): T | undefined {
  for (const [key, value] of seen) {
    if (namespaces.some((namespace) => namespace.key !== key)) return value;
  }
  return undefined;
}

function* mappings(context: LintContext): Iterable<Mapping> {
  for (const rule of context.allowRules) {
    const issuers = context.issuersOf(rule);
    for (const { entry, path } of accountEntries(rule)) {
      const namespaces = namespacesOf(entry, issuers);
      if (namespaces.length > 0) yield { namespaces, path, rule };
    }
  }
}

function namespacesOf(
  entry: AccountSource,
  issuers: readonly Issuer[],
): readonly Namespace[] {
  if (entry.source !== "claim" && entry.source !== "identity") return [];
  const suffix = entry.strip_suffix;
  if (suffix?.includes("@")) {
    return [{ key: suffix, title: `names in ${JSON.stringify(suffix)}` }];
  }
  return issuers.map(({ name }) => ({
    key: `issuer ${name}`,
    title: `the issuer "${name}"`,
  }));
}

function* anyDomain(context: LintContext): Iterable<LintFinding> {
  const { accounts_pattern: pattern } = context.policy;
  if (pattern === "posix") return;
  for (const rule of context.allowRules) {
    for (const { entry, path } of accountEntries(rule)) {
      if (entry.source !== "claim" && entry.source !== "identity") continue;
      if (entry.strip_suffix !== null) continue;
      const open = context.issuersOf(rule).find((issuer) =>
        !isOfOneDomain(entry, rule, issuer)
      );
      if (open === undefined) continue;
      const name = entry.source === "claim"
        ? claimName(entry.claim)
        : `identity.${entry.attribute}`;
      yield {
        message:
          `"${name}" is an account of any domain that the host knows, such as "alice@other.example" or "OTHER\\alice": nothing says of which`,
        hint: entry.source === "claim"
          ? `add a condition such as "${name}: {like: '*@corp.example'}", or cut the domain off with "strip_suffix"`
          : 'cut the domain off with "strip_suffix", or use an account map',
        place: { path },
      };
    }
  }
}

/** Whether the rule says of which domain the name is that becomes the account. */
function isOfOneDomain(
  entry: AccountSource & { source: "claim" | "identity" },
  rule: Rule,
  issuer: Issuer,
): boolean {
  if (entry.source === "identity" && kindRow(issuer).linked) return false;
  const locations = entry.source === "claim"
    ? [entry.claim]
    : attributeLocations(entry.attribute, issuer);
  return locations.every((location) => {
    const { values, globs } = constraintOf(
      rule.when.filter(({ claim }) => claimName(claim) === claimName(location)),
    );
    return values !== null ||
      globs.some((glob) => /@[^*]+$/.test(glob) || /^[^*]+\\/.test(glob));
  });
}

export const ACCOUNT_RULES = [
  lintRule("accounts/any-domain", {
    level: "warning",
    confidence: "medium",
    check: anyDomain,
    page: {
      summary: "full names of every domain are accounts",
      avoid: `accounts_pattern: sssd
rules:
  staff:
    when: {groups: {any: [staff]}}
    accounts: [{claim: preferred_username}]`,
      prefer: `accounts_pattern: sssd
rules:
  staff:
    when: {groups: {any: [staff]}, preferred_username: {like: "*@corp.example"}}
    accounts: [{claim: preferred_username}]`,
      why:
        `With "accounts_pattern: sssd" or "relaxed" the name "alice@other.example" is an account, and so is
"OTHER\\alice". A host that joined one domain often knows those that it trusts as well. Whoever is
called so at the issuer, where people may choose their names or come from several organisations,
gets the account of a person of another domain. A condition on the same claim says which domain is
meant; what is left after "strip_suffix" never names a domain.`,
    },
  }),
  lintRule("accounts/suffix-collision", {
    level: "warning",
    confidence: "medium",
    check: suffixCollision,
    page: {
      summary: "different people may map to one local account",
      avoid: `accounts:
  - {claim: email, strip_suffix: "@example.edu"}
  - {claim: email, strip_suffix: "@example.org"}`,
      prefer: `accounts:
  - {claim: email, strip_suffix: "@example.edu"}
  - {map_file: /etc/oauth-pam/guests.map, keys: [sub]}`,
      why:
        `"joe@example.edu" and "joe@example.org" are two people, but both become the account "joe". The
same holds for the login names of two issuers. A name is one person's only within one suffix with
"@", or within one issuer.`,
    },
  }),
];
