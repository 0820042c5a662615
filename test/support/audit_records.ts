/**
 * Audit files as a busy host writes them, of any size: many people, some refusals, several policies.
 *
 * @module
 */

/** A policy that has decided the records, with so many rules for departments beside the first ones. */
export function auditedPolicy(
  { departments = 10, mfa = false }: { departments?: number; mfa?: boolean } =
    {},
): string {
  const rules = Array.from(
    { length: departments },
    (_, index) => `
  dept${index}:
    when: {groups: {any: [dept${index}]}, email_verified: true}
    accounts: [{claim: email, strip_suffix: "@example.edu"}]
    services: [sshd, sudo]${
      index % 5 === 0 ? "\n    not_after: 2027-01-01T00:00:00Z" : ""
    }`,
  );
  return `version: 1
issuers:
  campus: {issuer: "https://login.example.edu", audiences: [ssh]}
${mfa ? "assurance: {mfa: true, max_auth_age: 12h}\n" : ""}rules:${
    rules.join("")
  }
  operators:
    when: {groups: {any: [operators]}}
    accounts: [{names: [backup]}]
    rhosts: [192.0.2.0/24]
  guests:
    effect: deny
    when: {groups: {any: [guests]}}
`;
}

/** The record of one attempt, the same for the same number. */
function record(index: number): Record<string, unknown> {
  const person = (index * 7919) % 5000;
  const bad = index % 23 === 0;
  const guest = person % 50 === 0;
  const time = new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString();
  const auth = Math.floor(Date.parse(time) / 1000) - (index % 7200);
  return {
    time,
    decision: bad || guest ? "deny" : "allow",
    reason: bad ? "token_expired" : guest ? "denied_by_rule" : "allowed",
    user: `user${person}`,
    service: index % 3 === 0 ? "sudo" : "sshd",
    rhost: index % 3 === 0 ? "" : `192.0.2.${person % 250}`,
    issuer: "campus",
    sub: `00000000-0000-4000-8000-${String(person).padStart(12, "0")}`,
    jti_sha256: (index * 2654435761 % 2 ** 32).toString(16).padStart(16, "0"),
    rule: bad ? null : guest ? "guests" : `dept${person % 10}`,
    policy_sha256: index % 1000 < 900 ? "41ab000000000000" : "41ac000000000000",
    ms: 40 + index % 60,
    warning: null,
    detail: bad ? "the token expired 40 s ago" : null,
    ...(bad ? {} : {
      claims: {
        amr: ["pwd", "mfa"],
        acr: null,
        auth_time: auth,
        email: `user${person}@example.edu`,
        email_verified: true,
        groups: [
          "staff",
          `dept${person % 10}`,
          ...(guest ? ["guests"] : []),
        ],
      },
    }),
  };
}

/** Writes so many records, one after the other. */
export async function writeAuditFile(
  path: string,
  count: number,
): Promise<void> {
  using file = await Deno.open(path, {
    write: true,
    create: true,
    truncate: true,
  });
  const writer = file.writable.getWriter();
  const encoder = new TextEncoder();
  for (let first = 0; first < count; first += 1_000) {
    let text = "";
    for (let index = first; index < Math.min(count, first + 1_000); index++) {
      text += `${JSON.stringify(record(index))}\n`;
    }
    await writer.write(encoder.encode(text));
  }
  await writer.close();
}
