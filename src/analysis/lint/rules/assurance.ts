/**
 * Assurance that says less than it seems to, or that nobody can meet.
 *
 * @module
 */
import { kindRow } from "../../../policy/kinds.ts";
import { listOf } from "../../../lib/text.ts";
import { duration } from "../../../policy/duration.ts";
import type { Issuer, Rule } from "../../../policy/model.ts";
import type { Path } from "../../../policy/syntax/yaml.ts";
import { type LintContext, showsNoFactors } from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";
import { providerOf } from "../../providers.ts";

function* loosened(context: LintContext): Iterable<LintFinding> {
  const global = context.policy.assurance;
  for (const rule of context.allowRules) {
    const written = context.source.document.rules[rule.id]?.assurance ?? {};
    const own = rule.assurance;
    const finding = (key: string, message: string): LintFinding => ({
      message: `${message}: a rule can only add to the policy's assurance`,
      hint: "remove it, or ask for less in the policy and for more in rules",
      place: { path: ["rules", rule.id, "assurance", key] },
      related: [{
        message: "the policy asks for more",
        place: { path: ["assurance", key] },
      }],
    });
    if (
      own.max_auth_age !== null && global.max_auth_age !== null &&
      own.max_auth_age > global.max_auth_age
    ) {
      yield finding(
        "max_auth_age",
        `${duration(own.max_auth_age)} has no effect, the policy asks for ${
          duration(global.max_auth_age)
        }`,
      );
    }
    for (const key of ["mfa", "same_identity"] as const) {
      if (written[key] === false && global[key]) {
        yield finding(key, `"${key}: false" has no effect`);
      }
    }
    const extra = own.permitted_idps?.filter((idp) =>
      global.permitted_idps !== null && !global.permitted_idps.includes(idp)
    ) ?? [];
    // with none in common, removing it would let in whom the rule does not mean
    const common = extra.length < (own.permitted_idps?.length ?? 0);
    if (extra.length > 0 && common) {
      yield finding(
        "permitted_idps",
        `${listOf(extra, 3)} is not among the policy's permitted_idps`,
      );
    }
  }
}

/** The place that asks, and the issuers it asks of: the policy's own part asks all that a rule uses. */
function* demands(
  context: LintContext,
  asks: (assurance: Rule["assurance"]) => boolean,
): Iterable<{ path: Path; issuers: readonly Issuer[] }> {
  const { policy } = context;
  if (asks(policy.assurance)) {
    const used = new Set(
      context.allowRules.flatMap((rule) => context.issuersOf(rule)),
    );
    yield { path: ["assurance"], issuers: [...used] };
    return;
  }
  for (const rule of context.allowRules) {
    if (!asks(rule.assurance)) continue;
    const path = ["rules", rule.id, "assurance"];
    yield { path, issuers: context.issuersOf(rule) };
  }
}

function* authTimeUnavailable(context: LintContext): Iterable<LintFinding> {
  const asking = demands(context, (each) => each.max_auth_age !== null);
  for (const { path, issuers } of asking) {
    const place = { path: [...path, "max_auth_age"] };
    const lacking = issuers.filter((issuer) => authTime(issuer) === "lacking");
    if (lacking.length > 0) {
      yield {
        message: `${
          names(lacking)
        } is not known to say when somebody signed in: its people are always refused`,
        hint:
          'ask the issuer to add auth_time, name where it keeps it in "claims", or bound "max_token_age"',
        place,
      };
    }
    const optional = issuers.filter((issuer) =>
      authTime(issuer) === "optional"
    );
    if (optional.length === 0) continue;
    yield {
      confidence: "low",
      message: `${
        names(optional)
      } says when somebody signed in only where the application asks for the optional claim "auth_time": without it its people are always refused`,
      hint:
        'add the optional claim to the application and say so in a suppression, or bound "max_token_age"',
      place,
    };
  }
}

function names(issuers: readonly Issuer[]): string {
  return listOf(issuers.map(({ name }) => name), 3);
}

function authTime(issuer: Issuer): "lacking" | "optional" | "there" {
  if (issuer.claims.auth_time !== "auth_time") return "there";
  const provider = providerOf(issuer.issuer);
  if (
    !kindRow(issuer).authTime || provider?.lacks.includes("auth_time") === true
  ) return "lacking";
  return provider?.optional.includes("auth_time") === true
    ? "optional"
    : "there";
}

function* mfaUnavailable(context: LintContext): Iterable<LintFinding> {
  for (const { path, issuers } of demands(context, ({ mfa }) => mfa)) {
    for (const issuer of issuers) {
      const never = showsNoFactors(issuer);
      const lacks = issuer.claims.amr === "amr" &&
        issuer.mfa.acr_any.length === 0 &&
        providerOf(issuer.issuer)?.lacks.includes("amr");
      if (!never && lacks !== true) continue;
      yield {
        confidence: never ? "high" : "medium",
        message: `the issuer "${issuer.name}" ${
          never
            ? 'has no value under "mfa" that would show'
            : "is not known to say"
        } that several factors were used: its people are always refused`,
        hint: 'name the values under "mfa: {amr_any, acr_any}" of the issuer',
        place: { path: [...path, "mfa"] },
        related: [{
          message: "the issuer",
          place: { path: ["issuers", issuer.name], at: "key" },
        }],
      };
    }
  }
}

export const ASSURANCE_RULES = [
  lintRule("assurance/loosened", {
    level: "warning",
    check: loosened,
    page: {
      summary: "a rule states less assurance than the policy asks for",
      avoid: `assurance: {mfa: true, max_auth_age: 1h}
rules:
  guests: {assurance: {mfa: false, max_auth_age: 8h}, …}`,
      prefer: `assurance: {max_auth_age: 8h}
rules:
  guests: {…}
  staff: {assurance: {mfa: true, max_auth_age: 1h}, …}`,
      why:
        `Assurance is the conjunction of the policy's part and the rule's. What the rule states less
strictly has no effect, and misleads whoever reads the rule.`,
    },
  }),
  lintRule("assurance/auth-time-unavailable", {
    level: "warning",
    confidence: "medium",
    check: authTimeUnavailable,
    page: {
      summary: "max_auth_age is asked of an issuer that sends no auth_time",
      avoid: `issuers:
  ci: {issuer: https://token.actions.githubusercontent.com, audiences: [ssh]}
assurance: {max_auth_age: 1h}`,
      prefer: `issuers:
  ci: {issuer: https://token.actions.githubusercontent.com, audiences: [ssh], max_token_age: 10m}`,
      why:
        `The age of a sign-in is taken from "auth_time", which an issuer need only send when asked
(OpenID Connect Core section 2). Without it nothing is recent enough, and everybody is refused.`,
    },
  }),
  lintRule("assurance/mfa-unavailable", {
    level: "warning",
    check: mfaUnavailable,
    page: {
      summary:
        "a second factor is asked of an issuer whose tokens cannot show it",
      avoid: `issuers:
  campus: {mfa: {amr_any: [], acr_any: []}, …}
assurance: {mfa: true}`,
      prefer: `issuers:
  campus: {mfa: {acr_any: ["https://refeds.org/profile/mfa"]}, …}
assurance: {mfa: true}`,
      why:
        `What shows that several factors were used differs from issuer to issuer: a value of "amr"
(RFC 8176) or of "acr". With nothing to look for, everybody is refused.`,
    },
  }),
];
