/**
 * Certificates that carry a token, and what sessions by them may use.
 *
 * @module
 */
import { foundElsewhere } from "../lint_rule.ts";

export const SSH_RULES = [
  foundElsewhere("parser", "ssh/permit-on-deny-rule", {
    page: {
      summary: "a deny rule says what sessions may use",
      avoid: `gone:
  effect: deny
  when: {groups: {any: [former]}}
  ssh: {permit: [pty]}`,
      prefer: `gone:
  effect: deny
  when: {groups: {any: [former]}}`,
      why:
        `A deny rule opens no session, so there is nothing to restrict. Where the restriction was meant for
those whom another rule admits, it has to stand in that rule.`,
    },
  }),
];
