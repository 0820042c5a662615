/**
 * What a session by certificate may use. Loaded for those alone: PAM has no say in it.
 *
 * @module
 */
import type { Decision } from "../decision.ts";
import type { Policy } from "../model.ts";
import { type Permit, PERMITS } from "../permits.ts";

/**
 * What the rules that admit permit, united and in the order of the reference; `null` where one of
 * them says nothing about it, so that all that sshd allows may be used. Nothing where nobody is
 * admitted.
 */
export function permitsOf(
  policy: Policy,
  { decision, rules }: Decision,
): readonly Permit[] | null {
  if (decision !== "allow") return [];
  const granting = rules.filter(({ granted }) => granted).map(({ id }) =>
    policy.rules.find((rule) => rule.id === id)?.ssh ?? null
  );
  const united: Permit[] = [];
  for (const ssh of granting) {
    if (ssh === null) return null;
    united.push(...ssh.permit);
  }
  return PERMITS.filter((permit) => united.includes(permit));
}
