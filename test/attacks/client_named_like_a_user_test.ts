/**
 * RFC 9700 section 4.15: a client that got a token for itself, and calls itself "alice". What
 * SECURITY.md says of it, and that its advice works.
 *
 * @module
 */
// Threats: A15
import { setScene } from "../support/attack.ts";

/** As an issuer writes it where nobody signed in. */
const CLIENTS_OWN = {
  sub: "alice",
  client_id: "alice",
  email: undefined,
  email_verified: undefined,
  preferred_username: undefined,
  auth_time: undefined,
  amr: undefined,
  groups: undefined,
};
const BY_SUBJECT = "  - {claim: sub}";

Deno.test("login admits a client's own token where the policy maps a bare sub: the documented limit", async () => {
  await using scene = await setScene({ ruleLines: [BY_SUBJECT] });
  await scene.admits(await scene.token({ claims: CLIENTS_OWN }));
});

for (
  const [what, line, reason] of [
    [
      "a claim that only users have",
      'when: {preferred_username: {like: "*"}}',
      "account_not_permitted",
    ],
    [
      "a recent authentication",
      "assurance: {max_auth_age: 12h}",
      "reauthentication_required",
    ],
    ["several factors", "assurance: {mfa: true}", "mfa_required"],
  ] as const
) {
  Deno.test(`login refuses a client's own token where the rule asks for ${what}`, async () => {
    await using scene = await setScene({ ruleLines: [BY_SUBJECT, line] });
    await scene.refuses(await scene.token({ claims: CLIENTS_OWN }), reason);
    await scene.admits(await scene.token({ claims: { sub: "alice" } }));
  });
}
