/**
 * People who are told by something that can change hands.
 *
 * @module
 */
import { addTo } from "../../../lib/multimap.ts";
import type { Level } from "../../../policy/diagnostic.ts";
import type { Issuer, Rule } from "../../../policy/model.ts";
import { listOf } from "../../../lib/text.ts";
import { providerOf } from "../../providers.ts";
import { accountEntries, claimName, type LintContext } from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";

/** Names that people choose or that pass to others; OpenID Connect Core section 5.7. */
const CHOSEN = ["name", "nickname", "given_name", "family_name"];
const REASSIGNED = ["preferred_username", "email", "upn", "unique_name"];

/** One place where such a name decides. */
interface Use {
  readonly rule: Rule;
  /** The claim, or the claims that a map is looked up by. */
  readonly claim: string;
  readonly level: Level;
  readonly message: string;
  readonly place: LintFinding["place"];
}

function* mutableIdentifier(context: LintContext): Iterable<LintFinding> {
  for (const uses of grouped(context)) {
    // the first of the worst: the list is in the order of the file
    const worst = uses.find(({ level }) => level === "warning") ?? uses[0];
    if (worst === undefined) continue;
    const rules = new Set(uses.map(({ rule }) => rule));
    const others = uses.filter(({ rule }) => rule !== worst.rule).slice(0, 3);
    yield {
      level: worst.level,
      message: worst.message +
        (rules.size === 1 ? "" : ` (${rules.size} rules do so)`),
      hint: stable(context.issuersOf(worst.rule)),
      place: worst.place,
      ...(others.length === 0 ? {} : {
        related: others.map(({ rule, place }) => ({
          message: `the rule "${rule.id}"`,
          place,
        })),
      }),
    };
  }
}

/**
 * The uses of a claim at an issuer. Issuers whose uses are the same share a finding: a rule for all
 * of them is one place to look at.
 */
function grouped(context: LintContext): Iterable<readonly Use[]> {
  const byIssuer = new Map<string, Use[]>();
  const numbers = new Map<Use, number>();
  for (const rule of context.allowRules) {
    const issuers = context.issuersOf(rule);
    for (const use of usesOf(rule, issuers)) {
      numbers.set(use, numbers.size);
      for (const { name } of issuers) {
        const key = `${name} ${use.claim}`;
        addTo(byIssuer, key, use);
      }
    }
  }
  const alike = new Map<string, readonly Use[]>();
  for (const uses of byIssuer.values()) {
    alike.set(uses.map((use) => numbers.get(use)).join(" "), uses);
  }
  return alike.values();
}

function* usesOf(rule: Rule, issuers: readonly Issuer[]): Iterable<Use> {
  for (const condition of rule.when) {
    const claim = claimName(condition.claim);
    const { operator } = condition;
    const singles = operator === "equals" || operator === "in";
    if (!CHOSEN.includes(claim) && !(singles && REASSIGNED.includes(claim))) {
      continue;
    }
    if (operator === "none") continue;
    yield {
      rule,
      claim,
      level: "warning",
      message:
        `the claim "${claim}" can change hands: it does not say for good who somebody is`,
      place: { path: ["rules", rule.id, "when", condition.claim], at: "key" },
    };
  }
  const others = issuers.some(otherThanSub);
  for (const { entry, path } of accountEntries(rule)) {
    if (entry.source === "claim") {
      const claim = claimName(entry.claim);
      const chosen = CHOSEN.includes(claim);
      const level = chosen || (others && REASSIGNED.includes(claim))
        ? "warning"
        : claim === "preferred_username"
        ? "info"
        : null;
      if (level === null) continue;
      yield {
        rule,
        claim,
        level,
        message: `the claim "${claim}" ${
          chosen ? "is chosen by the person" : "can be given to somebody else"
        }, and it decides which account is theirs`,
        place: { path: [...path, "claim"] },
      };
    } else if (entry.source === "map" || entry.source === "map_file") {
      const names = entry.keys.map(claimName);
      const all = [...CHOSEN, ...REASSIGNED];
      if (!names.every((name) => all.includes(name))) continue;
      yield {
        rule,
        claim: names.join(" and "),
        level: names.some((name) => CHOSEN.includes(name)) ? "warning" : "info",
        message: `the map is looked up by ${
          listOf(names)
        } alone, which can change hands`,
        place: { path: [...path, "keys"], at: "key" },
      };
    }
  }
}

function otherThanSub({ issuer }: Issuer): boolean {
  return (providerOf(issuer)?.stable ?? null) !== null;
}

function stable(issuers: readonly Issuer[]): string {
  const other = issuers.find(otherThanSub);
  return other === undefined
    ? 'use "sub", which the issuer never gives to anybody else'
    : `use ${providerOf(other.issuer)?.stable}`;
}

export const IDENTIFIER_RULES = [
  lintRule("match/mutable-identifier", {
    level: "warning",
    confidence: "medium",
    check: mutableIdentifier,
    page: {
      summary: "a person is told by a name that can change hands",
      avoid: `when: {preferred_username: alice}`,
      prefer: `when: {sub: "248289761001"}`,
      why:
        `Only "sub" together with the issuer is never given to somebody else (OpenID Connect Core 1.0
section 5.7); Microsoft says the same of "oid" and "tid". Names and addresses are edited by people
and given to the next person. A login name that maps to the account of the same name is reported
as information only: many sites never give one out twice, which a suppression can say. There is one
finding for an issuer and a claim, where the claim is first used, however many rules use it.`,
    },
  }),
];
