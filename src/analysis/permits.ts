/**
 * What sessions by certificate may use, as questions that the rest of the analysis can answer: for
 * each thing that sshd can withhold there is a policy that admits exactly those who may use it.
 *
 * @module
 */
import type { Permit } from "../policy/permits.ts";
import type { Issuer, Policy, Rule } from "../policy/model.ts";

/** `null`: whatever else sshd can withhold, now or in a later version. */
export type Use = Permit | null;

export const USES: readonly Use[] = [
  "pty",
  "port_forwarding",
  "agent_forwarding",
  "x11",
  "user_rc",
  null,
];

/** The service as which the command for certificates asks. */
export const CERTIFICATE_SERVICE = "sshd";

/** Whether the issuer's tokens come in certificates too. */
export function hasCertificates(issuer: Issuer): boolean {
  return "ssh_certificates" in issuer && issuer.ssh_certificates !== null;
}

/** Whether certificates can be judged by the rule at all, whoever shows them. */
export function isForCertificates({ services }: Rule): boolean {
  return services?.includes(CERTIFICATE_SERVICE) ?? true;
}

/** Whether sessions that the rule admits may use it. */
export function permits({ ssh }: Rule, use: Use): boolean {
  return ssh === null || (use !== null && ssh.permit.includes(use));
}

/** Whether sessions that `inner` admits may use nothing that those of `outer` may not. */
export function permitsWithin(inner: Rule, outer: Rule): boolean {
  return USES.every((use) => !permits(inner, use) || permits(outer, use));
}

/** Whether `ssh` of the rule restricts any session at all. */
export function restricts(rule: Rule, { issuers }: Policy): boolean {
  return rule.ssh !== null && isForCertificates(rule) &&
    issuers.some((issuer) =>
      hasCertificates(issuer) && (rule.issuers?.includes(issuer.name) ?? true)
    );
}

/**
 * The policy that admits a certificate exactly where a session by it may use `use`: of the allow
 * rules those are left that permit it. Rules of other services and issuers give nothing to anybody.
 */
export function permitting(policy: Policy, use: Use): Policy {
  return {
    ...policy,
    rules: policy.rules.map((rule) => permittingRule(rule, use, policy)),
  };
}

/** What becomes of one rule there. */
export function permittingRule(
  rule: Rule,
  use: Use,
  policy: Pick<Policy, "issuers">,
): Rule {
  const issuers = policy.issuers.filter(hasCertificates)
    .map(({ name }) => name)
    .filter((name) => rule.issuers?.includes(name) ?? true);
  const speaks = issuers.length > 0 && isForCertificates(rule) &&
    (rule.effect === "deny" || permits(rule, use));
  return speaks
    ? { ...rule, issuers, services: [CERTIFICATE_SERVICE], ssh: null }
    : { ...rule, effect: "allow", accounts: [], ssh: null };
}

/**
 * What can be withheld, where it makes a difference, in groups: those of one group all these rules
 * permit alike. A group that every rule permits is left out, because it asks nothing new.
 */
export function groupsOf(rules: readonly Rule[]): (readonly Use[])[] {
  const allows = rules.filter(({ effect }) => effect === "allow");
  const groups = new Map<string, Use[]>();
  for (const use of USES) {
    const those = allows.map((rule) => permits(rule, use));
    if (those.every((one) => one)) continue;
    const key = those.map(Number).join("");
    groups.set(key, [...groups.get(key) ?? [], use]);
  }
  return [...groups.values()];
}
