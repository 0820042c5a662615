/**
 * Names that are almost others: claims, services, and values of other rules.
 *
 * @module
 */
import type { Condition, Policy } from "../../../policy/model.ts";
import { claimPath } from "../../../policy/claims.ts";
import type { Path } from "../../../policy/syntax/yaml.ts";
import {
  accountEntries,
  claimName,
  conditionPath,
  type LintContext,
} from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";
import { knownClaim, STANDARD_CLAIMS } from "./claim_types.ts";
import { folded, isSlip, NearIndex } from "./near_names.ts";

// Claims.

/** What other systems call the same, or what is easily taken for it. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  mail: "email",
  e_mail: "email",
  emailaddress: "email",
  subject: "sub",
  issuer: "iss",
  audience: "aud",
  authtime: "auth_time",
};

/** Real claims that only look like standard ones. */
const REAL = new Set(["emails", "scopes", "names", "addresses", "clientId"]);

function almost(name: string): string | null {
  if (REAL.has(name) || knownClaim(name) !== undefined) return null;
  const other = OTHER_NAMES[name.toLowerCase()];
  if (other !== undefined) return other;
  return STANDARD_CLAIMS.find((standard) =>
    folded(standard) === folded(name) ||
    (standard.length >= 5 && isSlip(name, standard))
  ) ?? null;
}

interface Use {
  readonly claim: string;
  readonly place: LintFinding["place"];
  readonly deny: boolean;
}

function* claimUses(context: LintContext): Iterable<Use> {
  for (const { name, claims } of context.policy.issuers) {
    for (const [key, claim] of Object.entries(claims)) {
      const place = { path: ["issuers", name, "claims", key] };
      yield { claim, place, deny: false };
    }
  }
  for (const rule of context.policy.rules) {
    const deny = rule.effect === "deny";
    for (const { claim } of rule.when) {
      const path = ["rules", rule.id, "when", claim];
      yield { claim, place: { path, at: "key" }, deny };
    }
    for (const { entry, path } of accountEntries(rule)) {
      if (entry.source === "claim") {
        yield { claim: entry.claim, place: { path: [...path, "claim"] }, deny };
      }
      for (
        const [index, key] of ("keys" in entry ? entry.keys : []).entries()
      ) {
        if (key.startsWith("identity.")) continue;
        yield { claim: key, place: { path: [...path, "keys", index] }, deny };
      }
    }
  }
}

function* nearStandard(context: LintContext): Iterable<LintFinding> {
  const found = new Map<string, { first: Use; other: string; uses: number }>();
  const judged = new Map<string, string | null>();
  for (const use of claimUses(context)) {
    const [name = ""] = claimPath(use.claim);
    const other = judged.get(name) ?? almost(name);
    judged.set(name, other);
    if (other === null) continue;
    const earlier = found.get(name);
    if (earlier === undefined) found.set(name, { first: use, other, uses: 1 });
    else earlier.uses++;
  }
  for (const [name, { first, other, uses }] of found) {
    const by = knownClaim(other)?.by;
    yield {
      message: `the claim "${name}" is almost "${other}"` +
        (by === undefined || by === "custom" ? "" : ` (${by})`) +
        `: where the issuer sends that one, ${
          first.deny ? "the rule never matches" : "nobody gets in"
        }` + (uses === 1 ? "" : ` (used ${uses} times)`),
      hint:
        `did you mean "${other}"? If the issuer does send "${name}", a suppression can say so`,
      place: first.place,
    };
  }
}

// Services.

/** The names of stacks below /etc/pam.d that Linux distributions ship. */
const SERVICES = [
  ...["sshd", "sudo", "sudo-i", "su", "su-l", "login", "remote", "doas"],
  ...["polkit-1", "runuser", "runuser-l", "systemd-user", "cockpit", "passwd"],
  ...["gdm", "gdm-password", "lightdm", "sddm", "xdm", "kde", "xrdp-sesman"],
  ...["cron", "crond", "atd", "vsftpd", "screen", "vlock", "chsh", "chfn"],
  ...["samba", "dovecot", "httpd", "postgresql", "other", "openvpn"],
];

const SERVICE_SET = new Set(SERVICES);

function* unknownService(context: LintContext): Iterable<LintFinding> {
  const seen = new Map<string, ReturnType<typeof serviceProblem>>();
  for (const { id, effect, services } of context.policy.rules) {
    for (const [index, service] of (services ?? []).entries()) {
      const problem = seen.get(service) ?? serviceProblem(service);
      seen.set(service, problem);
      if (problem === null) continue;
      const deny = effect === "deny";
      yield {
        level: problem.certain || deny ? "error" : "warning",
        confidence: problem.certain ? "high" : "medium",
        message: `${problem.message}: the rule "${id}" ${
          deny ? "keeps nobody out there" : "lets nobody in there"
        }`,
        ...(problem.near === undefined
          ? {}
          : { hint: `did you mean "${problem.near}"?` }),
        place: { path: ["rules", id, "services", index] },
      };
    }
  }
}

function serviceProblem(service: string): {
  readonly message: string;
  readonly certain: boolean;
  readonly near?: string;
} | null {
  if (SERVICE_SET.has(service)) return null;
  const shown = JSON.stringify(service);
  const plain = service.replaceAll(/\s/g, "");
  if (plain !== service || plain === "") {
    return {
      message: `no PAM service is called ${shown}, with a blank`,
      certain: true,
      ...(plain === "" ? {} : { near: plain.toLowerCase() }),
    };
  }
  // Linux-PAM's pam_start() lowers what it is given
  if (service !== service.toLowerCase()) {
    return {
      message:
        `no PAM service is called ${shown}: PAM writes their names in lower case`,
      certain: true,
      near: service.toLowerCase(),
    };
  }
  if (service.includes("/")) {
    return {
      message:
        `no PAM service is called ${shown}: it is the name of a file in /etc/pam.d`,
      certain: true,
    };
  }
  const near = SERVICES.find((known) =>
    known.length >= 4 && isSlip(service, known)
  );
  return near === undefined ? null : {
    message: `${shown} is almost the PAM service "${near}"`,
    certain: false,
    near,
  };
}

// Values.

interface Value {
  readonly rule: string;
  readonly path: Path;
  /** Only in deny rules, or in what "none" excludes. */
  readonly excludes: boolean;
  /** All rules that name it. */
  readonly rules: ReadonlySet<string>;
}

/** People are called alike, and are others. */
const PERSONAL = new Set(
  ("sub oid name nickname given_name family_name middle_name preferred_username username email upn " +
    "unique_name eppn phone_number").split(" "),
);

function* nearValue(context: LintContext): Iterable<LintFinding> {
  for (const [claim, values] of valuesByClaim(context)) {
    const index = new NearIndex([...values.keys()]);
    for (const [one, other] of index.pairs()) {
      const [first, second] = [values.get(one), values.get(other)];
      if (first === undefined || second === undefined) continue;
      // a rule that names both knows of both
      if (!first.rules.isDisjointFrom(second.rules)) continue;
      // the one that excludes is the one that must not miss
      const [text, use, near, nearUse] = second.excludes || !first.excludes
        ? [other, second, one, first]
        : [one, first, other, second];
      const effect = use.excludes !== nearUse.excludes;
      yield {
        level: effect ? "warning" : "info",
        message:
          `${JSON.stringify(text)} in the rule "${use.rule}" is almost ${
            JSON.stringify(near)
          } in the rule "${nearUse.rule}", for the same claim "${claim}"` +
          (effect ? ": what one admits, the other does not exclude" : ""),
        hint: "write both the same, or say in a suppression that they differ",
        place: { path: use.path },
        related: [{
          message: JSON.stringify(near),
          place: { path: nearUse.path },
        }],
      };
    }
  }
}

/** The first use of each text that rules compare a claim with. */
function valuesByClaim(
  context: LintContext,
): Map<string, Map<string, Value>> {
  const claims = new Map<
    string,
    Map<string, Value & { rules: Set<string> }>
  >();
  for (const rule of context.policy.rules) {
    for (const condition of rule.when) {
      const { operator } = condition;
      if (operator === "like" || PERSONAL.has(claimName(condition.claim))) {
        continue;
      }
      const excludes = rule.effect === "deny" || operator === "none";
      const values = claims.get(condition.claim) ?? new Map();
      claims.set(condition.claim, values);
      for (const { text, path } of textsOf(context, rule, condition)) {
        const earlier = values.get(text);
        const { rules = new Set<string>() } = earlier ?? {};
        rules.add(rule.id);
        // what is admitted somewhere is known to be a value
        if (earlier === undefined) {
          values.set(text, { rule: rule.id, path, excludes, rules });
        } else if (earlier.excludes && !excludes) {
          values.set(text, { ...earlier, excludes: false });
        }
      }
    }
  }
  return claims;
}

function* textsOf(
  context: LintContext,
  rule: Policy["rules"][number],
  condition: Exclude<Condition, { operator: "like" }>,
): Iterable<{ text: string; path: Path }> {
  const path = conditionPath(context, rule, condition);
  const single = condition.operator === "equals"
    ? condition.value
    : "text" in condition
    ? condition.text
    : null;
  if (typeof single === "string") yield { text: single, path };
  const list = "values" in condition ? condition.values : [];
  for (const [index, text] of list.entries()) {
    if (typeof text === "string") yield { text, path: [...path, index] };
  }
}

export const NAME_RULES = [
  lintRule("claim/near-standard", {
    level: "warning",
    confidence: "medium",
    check: nearStandard,
    page: {
      summary: "a claim is called almost like a standard one",
      avoid: `when: {emailverified: true, mail: {like: "*@example.edu"}}`,
      prefer: `when: {email_verified: true, email: {like: "*@example.edu"}}`,
      why:
        `A claim that no token has satisfies no condition: an allow rule lets nobody in, and a deny rule
keeps nobody out. The names are compared exactly: "emailVerified", "emailverified" and
"email_verified" are three claims, and the last is the standard's.`,
    },
  }),
  lintRule("rule/unknown-service", {
    level: "warning",
    confidence: "medium",
    check: unknownService,
    page: {
      summary: "a PAM service that does not exist, or hardly",
      avoid: `services: [ssh, "sudo "]`,
      prefer: `services: [sshd, sudo]`,
      why:
        `A service is called like its file in /etc/pam.d, in lower case and without blanks. A rule for one
that is misspelt matches nothing: as an allow rule it locks people out, as a deny rule it is none.`,
    },
  }),
  lintRule("rule/near-value", {
    level: "warning",
    confidence: "medium",
    check: nearValue,
    page: {
      summary: "two rules compare a claim with values that are almost the same",
      avoid: `contractors:
  when: {groups: {any: [contractors]}}
  accounts: [{claim: sub}]
no-contractors-here:
  effect: deny
  rhosts: [192.0.2.0/24]
  when: {groups: {any: [contractor]}}`,
      prefer: `no-contractors-here:
  effect: deny
  rhosts: [192.0.2.0/24]
  when: {groups: {any: [contractors]}}`,
      why:
        `Values are compared exactly. Whoever is in "contractors" is not in "contractor", and a deny rule
for the one does not stop the other. Only spellings count that differ in case, in "-", "_", "." or
blanks, in a final "s", or by one letter; numbers may differ as they like, and so may the names of
people. A rule that names both knows of both.`,
    },
  }),
];
