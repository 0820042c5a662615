/**
 * Different people who would share a local account.
 *
 * @module
 */
import type { AccountSource, Issuer, Rule } from "../../../policy/model.ts";
import type { Path } from "../../../policy/syntax/yaml.ts";
import { accountEntries, type LintContext } from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";

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

export const ACCOUNT_RULES = [
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
