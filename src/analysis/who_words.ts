/**
 * A way to an account in words.
 *
 * @module
 */
import type { Way } from "./who.ts";
import { duration } from "../policy/duration.ts";
import { instantText } from "../policy/instant.ts";
import { operand } from "../policy/evaluate/conditions.ts";

/** `from 10.0.0.0/8`, or from anywhere. */
export function whence({ rhosts }: Way): string {
  return rhosts === null ? "from anywhere" : `from ${rhosts.join(", ")}`;
}

/** When the way ends; nothing where it never does. */
export function until({ notAfter }: Way): string[] {
  return notAfter === null ? [] : [`until ${instantText(notAfter)}`];
}

/** `service sshd`, or any. */
export function whereto({ services }: Way): string {
  return services === null ? "any service" : `service ${services.join(", ")}`;
}

/** What the claims must be; one text a condition. */
export function conditions({ when }: Way): string[] {
  return when.map((condition) => {
    const { claim, operator } = condition;
    return `${claim} ${operator} ${JSON.stringify(operand(condition))}`;
  });
}

/** What the authentication must be; one text a requirement. */
export function requirements({ assurance }: Pick<Way, "assurance">): string[] {
  const { permittedIdps, mfa, maxAuthAge, sameIdentity } = assurance;
  return [
    ...permittedIdps.map((list) => `through ${list.join(" or ")}`),
    ...(mfa ? ["several factors"] : []),
    ...(maxAuthAge === null
      ? []
      : [`signed in at most ${duration(maxAuthAge)} ago`]),
    ...(sameIdentity ? ["by the identity that the account is of"] : []),
  ];
}

/** Whose account it is. */
export function whose({ shared }: Way): string {
  return shared ? "shared by all of them" : "their own account";
}
