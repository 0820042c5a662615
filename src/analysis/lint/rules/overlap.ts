/**
 * What one rule guards and another one opens.
 *
 * @module
 */
import { addTo } from "../../../lib/multimap.ts";
import { combine } from "../../../policy/evaluate/assurance.ts";
import type { AccountSource, Policy, Rule } from "../../../policy/model.ts";
import { listOf } from "../../../lib/text.ts";
import type { Path } from "../../../policy/syntax/yaml.ts";
import {
  accountEntries,
  claimName,
  isAboutSubject,
  type LintContext,
  namedValues,
} from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";
import { accountWords, coversAccounts } from "../reach/account_reach.ts";
import {
  contradictionOf,
  grantsWithin,
  mayGive,
  noProvider,
  reachOf,
} from "../reach/subset.ts";

/** How many pairs are looked at for one finding: what is found later is not found. */
const TRIES = 200;

/** What the issuer gives out for good, so that nobody can ask for another one. */
const FIXED = new Set(["sub", "oid", "puid", "jti", "identity.id"]);

type Chosen = AccountSource & { source: "claim" | "identity" };

interface Named {
  readonly rule: Rule;
  readonly path: Path;
}

function* claimable(context: LintContext): Iterable<LintFinding> {
  const named = namedAccounts(context);
  if (named.size === 0) return;
  const told = new Set<string>();
  for (const rule of context.allowRules) {
    for (const { entry, path } of accountEntries(rule)) {
      if (entry.source !== "claim" && entry.source !== "identity") continue;
      const name = entry.source === "claim"
        ? claimName(entry.claim)
        : `identity.${entry.attribute}`;
      if (FIXED.has(name) || told.has(name)) continue;
      const open = openAccounts(context, { rule, entry, named });
      const [first] = open;
      if (first === undefined) continue;
      told.add(name);
      const [, [guard]] = first;
      if (guard === undefined) continue;
      const value = first[0] + (entry.strip_suffix ?? "");
      const accounts = open.map(([account]) => account);
      yield {
        message:
          `whoever has ${JSON.stringify(value)} as "${name}" gets ${
            JSON.stringify(first[0])
          } by the rule "${rule.id}", whatever the rule "${guard.rule.id}" asks for it` +
          (open.length === 1
            ? ""
            : `; the same holds for ${listOf(accounts.slice(1), 3)}`),
        hint: `write "protected_accounts: [${
          protectedList(context.policy, accounts)
        }]", and "allow_protected: true" into the rule "${guard.rule.id}"`,
        place: { path },
        related: open.slice(0, 3).flatMap(([account, [at]]) =>
          at === undefined ? [] : [{
            message: `${JSON.stringify(account)} in the rule "${at.rule.id}"`,
            place: { path: at.path },
          }]
        ),
      };
    }
  }
}

function protectedList(policy: Policy, accounts: readonly string[]): string {
  const all = [...policy.protected_accounts, ...accounts];
  return all.length > 6
    ? `${all.slice(0, 6).join(", ")}, …`
    : [...new Set(all)].join(", ");
}

/** The accounts that rules name, where they are not protected from all others. */
function namedAccounts(context: LintContext): Map<string, Named[]> {
  const isProtected = new Set(context.policy.protected_accounts);
  const named = new Map<string, Named[]>();
  for (const rule of context.allowRules) {
    for (const { entry, path } of accountEntries(rule)) {
      if (entry.source !== "names") continue;
      for (const [index, name] of entry.names.entries()) {
        if (isProtected.has(name)) continue;
        const at = { rule, path: [...path, "names", index] };
        addTo(named, name, at);
      }
    }
  }
  return named;
}

/** The first few accounts that a rule gives to whoever is called so, and others guard. */
function openAccounts(
  context: LintContext,
  { rule, entry, named }: {
    rule: Rule;
    entry: Chosen;
    named: ReadonlyMap<string, readonly Named[]>;
  },
): (readonly [string, readonly Named[]])[] {
  const { policy } = context;
  const reach = reachOf(rule, policy);
  if (contradictionOf(reach) !== null || noProvider(reach, policy)) return [];
  const open: (readonly [string, readonly Named[]])[] = [];
  let tries = 0;
  for (const [account, places] of named) {
    if (open.length > 3 || tries > TRIES) break;
    tries++;
    if (!mayGive(reach, entry, account)) continue;
    const value = account + (entry.strip_suffix ?? "");
    if (isExcluded(policy, { account, value, entry })) continue;
    // whoever gets it here gets it there as well
    const as = {
      ...rule,
      accounts: [{ source: "names" as const, names: [account] }],
    };
    const given = reachOf(as, policy);
    const guarded = places.slice(0, TRIES).every((guard) =>
      asksOfPeople(guard.rule) &&
      !grantsWithin(given, reachOf(guard.rule, policy), policy.assurance)
    );
    if (guarded) open.push([account, places]);
  }
  return open;
}

/** Whether the rule guards its accounts at all. */
function asksOfPeople(rule: Rule): boolean {
  return rule.when.some(isAboutSubject);
}

/** Whether a deny rule may be there for exactly this. */
function isExcluded(
  { rules }: Policy,
  { account, value, entry }: {
    account: string;
    value: string;
    entry: Chosen;
  },
): boolean {
  return rules.some((rule) =>
    rule.effect === "deny" &&
    (rule.accounts?.some((source) =>
      source.source === "names" && source.names.includes(account)
    ) ||
      rule.when.some((condition) =>
        entry.source === "claim" &&
        claimName(condition.claim) === claimName(entry.claim) &&
        (condition.operator === "like" ||
          namedValues(condition).includes(value))
      ))
  );
}

/** Services that raise the rights of somebody who is logged in already. */
const RAISING = ["sudo", "sudo-i", "su", "su-l", "doas", "polkit-1"];

function* bypassed(context: LintContext): Iterable<LintFinding> {
  const strict = context.allowRules.filter(({ services }) =>
    services?.some((service) => RAISING.includes(service)) ?? false
  );
  if (strict.length === 0) return;
  const lax = byAccountWord(context);
  const told = new Set<string>();
  for (const rule of strict) {
    const words = [...new Set((rule.accounts ?? []).flatMap(accountWords))];
    const candidates = words.flatMap((word) => lax.get(word) ?? []);
    for (const other of candidates.slice(0, TRIES)) {
      if (told.has(other.id)) continue;
      const less = lessThan(other, rule, context.policy);
      if (less.length === 0 || !overlap(other, rule, context)) continue;
      told.add(other.id);
      const service = rule.services?.find((each) => RAISING.includes(each)) ??
        "sudo";
      yield {
        message:
          `the rule "${other.id}" names no services: it opens "${service}" as well, without ${
            less.join(" and ")
          } that the rule "${rule.id}" asks for there`,
        hint: 'name its services, such as "services: [sshd]"',
        place: { path: ["rules", other.id], at: "key" },
        related: [{
          message: `the rule "${rule.id}"`,
          place: { path: ["rules", rule.id], at: "key" },
        }],
      };
    }
  }
}

/** The rules for all services, by what their accounts come from. */
function byAccountWord(context: LintContext): Map<string, Rule[]> {
  const lax = new Map<string, Rule[]>();
  for (const rule of context.allowRules) {
    if (rule.services !== null) continue;
    for (const word of new Set((rule.accounts ?? []).flatMap(accountWords))) {
      addTo(lax, word, rule);
    }
  }
  return lax;
}

/** What the strict rule asks for beyond people, and the other one does not. */
function lessThan(other: Rule, strict: Rule, policy: Policy): string[] {
  const [asked, less] = [strict, other].map(({ assurance }) =>
    combine(policy.assurance, assurance)
  );
  if (asked === undefined || less === undefined) return [];
  const recent = asked.maxAuthAge !== null &&
    (less.maxAuthAge === null || less.maxAuthAge > asked.maxAuthAge);
  return [
    ...(asked.mfa && !less.mfa ? ["the second factor"] : []),
    ...(recent ? ["the recent sign-in"] : []),
    ...(strict.rhosts !== null && other.rhosts === null ? ["the network"] : []),
  ];
}

/** Whether both are about people of one issuer, and the same accounts. */
function overlap(other: Rule, strict: Rule, context: LintContext): boolean {
  const { policy } = context;
  const issuers = context.issuersOf(strict);
  return context.issuersOf(other).some((each) => issuers.includes(each)) &&
    coversAccounts(other.accounts, strict.accounts) &&
    // where it is wholly within the other one, it is redundant, which is said of it
    !grantsWithin(
      reachOf(strict, policy),
      reachOf(other, policy),
      policy.assurance,
    );
}

export const OVERLAP_RULES = [
  lintRule("accounts/claimable", {
    level: "warning",
    confidence: "medium",
    check: claimable,
    page: {
      summary: "an account that one rule guards, and another gives by its name",
      avoid: `people:
  when: {groups: {any: [staff]}}
  accounts: [{claim: preferred_username}]
on-call:
  when: {groups: {any: [on-call]}}
  assurance: {mfa: true}
  accounts: [{names: [emergency]}]`,
      prefer: `on-call:
  when: {groups: {any: [on-call]}}
  assurance: {mfa: true}
  accounts: [{names: [emergency]}]
  allow_protected: true
protected_accounts: [root, emergency]`,
      why:
        `Rules add up. Where a login name becomes the account of the same name, a person called
"emergency" gets the emergency account by the first rule, and nothing that the second asks for
matters. A protected account is never given by a claim or a map: only a rule that lists it under
"names" with "allow_protected: true" opens it.`,
    },
  }),
  lintRule("rule/bypassed", {
    level: "warning",
    confidence: "medium",
    check: bypassed,
    page: {
      summary: "a rule for all services opens what a stricter one guards",
      avoid: `staff:
  when: {groups: {any: [staff]}}
  accounts: [{claim: sub}]
administrators:
  services: [sudo]
  when: {groups: {any: [administrators]}}
  assurance: {mfa: true}
  accounts: [{claim: sub}]`,
      prefer: `staff:
  services: [sshd]
  when: {groups: {any: [staff]}}
  accounts: [{claim: sub}]`,
      why:
        `A rule without "services" is for sudo and su as well. Any rule that grants is enough, so that what
a stricter rule asks for at sudo, such as a second factor, holds for nobody whom the other one
lets in.`,
    },
  }),
];
