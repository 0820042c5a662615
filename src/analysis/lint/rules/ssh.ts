/**
 * Certificates that carry a token, and what sessions by them may use.
 *
 * @module
 */
import { duration } from "../../../policy/duration.ts";
import type { LocalIssuer, Rule } from "../../../policy/model.ts";
import { listOf } from "../../../lib/text.ts";
import { providerOf } from "../../providers.ts";
import {
  CERTIFICATE_SERVICE,
  hasCertificates,
  isForCertificates,
} from "../../permits.ts";
import { accountEntries, claimName, type LintContext } from "../context.ts";
import { foundElsewhere, type LintFinding, lintRule } from "../lint_rule.ts";
import { pins } from "./tenants.ts";

type Certifying = Extract<LocalIssuer, { readonly kind: "jwt" }>;

/** The issuers whose tokens come in certificates, and how. */
function certifying(
  { policy }: LintContext,
): {
  issuer: Certifying;
  how: NonNullable<Certifying["ssh_certificates"]>;
}[] {
  return policy.issuers.flatMap((issuer) =>
    issuer.kind === "jwt" && issuer.ssh_certificates !== null
      ? [{ issuer, how: issuer.ssh_certificates }]
      : []
  );
}

/** What tells jobs of one project from those of all others, where nothing is known of the issuer. */
const PROJECT_CLAIMS = [
  "sub",
  "repository",
  "repository_id",
  "repository_owner",
  "repository_owner_id",
  "project_path",
  "project_id",
  "namespace_path",
  "namespace_id",
];

function* audienceElsewhere(context: LintContext): Iterable<LintFinding> {
  for (const { issuer, how } of certifying(context)) {
    if (how.commitment !== "aud") continue;
    const known = providerOf(issuer.issuer)?.tenants ?? [];
    const claims = known.length > 0 ? known : PROJECT_CLAIMS;
    for (const rule of rulesFor(context, issuer)) {
      if (rule.when.some((condition) => pins(condition, claims))) continue;
      if (isMappedBy(rule, claims)) continue;
      yield {
        message:
          `in certificates of "${issuer.name}" the audience is the commitment to the key and says nothing, and no condition of this rule says whose job it must be`,
        hint: `add a condition on ${listOf(claims.slice(0, 3), 3)}`,
        place: { path: ["rules", rule.id], at: "key" },
        related: [{
          message: "where that is said",
          place: {
            path: ["issuers", issuer.name, "ssh_certificates", "commitment"],
          },
        }],
      };
    }
  }
}

/** Whether all accounts are those of a list of people or projects, by one of the claims. */
function isMappedBy(rule: Rule, claims: readonly string[]): boolean {
  const entries = accountEntries(rule);
  return entries.length > 0 &&
    entries.every(({ entry }) =>
      (entry.source === "map" || entry.source === "map_file") &&
      entry.keys.every((key) =>
        key === "identity.id" || claims.includes(claimName(key))
      )
    );
}

/** The allow rules by which a certificate of the issuer can get in. */
function rulesFor(context: LintContext, issuer: Certifying): Rule[] {
  return context.allowRules.filter((rule) =>
    isForCertificates(rule) && context.issuersOf(rule).includes(issuer)
  );
}

const DAY = 86_400;

function* longLifetime(context: LintContext): Iterable<LintFinding> {
  for (const { issuer, how } of certifying(context)) {
    if (how.lifetime === null || how.lifetime <= DAY) continue;
    yield {
      message: `a certificate serves for ${
        duration(how.lifetime)
      }: whoever lost the account, the group or the key in that time still gets in`,
      hint: 'write "24h" or less: the browser often signs in again by itself',
      place: { path: ["issuers", issuer.name, "ssh_certificates", "lifetime"] },
    };
  }
}

function* withoutSshd(context: LintContext): Iterable<LintFinding> {
  for (const { issuer } of certifying(context)) {
    const rules = context.allowRules.filter((rule) =>
      context.issuersOf(rule).includes(issuer)
    );
    // that no rule names the issuer at all is said of it
    if (rules.length === 0 || rules.some(isForCertificates)) continue;
    const services = new Set(rules.flatMap((rule) => rule.services ?? []));
    yield {
      message:
        `certificates of "${issuer.name}" open nothing: no rule that takes its tokens is for the service "${CERTIFICATE_SERVICE}", only for ${
          listOf([...services], 3)
        }`,
      hint:
        `add "${CERTIFICATE_SERVICE}" to the services of a rule, or remove "ssh_certificates"`,
      place: { path: ["issuers", issuer.name, "ssh_certificates"], at: "key" },
    };
  }
}

function* withoutCertificates(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.allowRules) {
    if (rule.ssh === null) continue;
    const place = { path: ["rules", rule.id, "ssh"], at: "key" as const };
    if (!isForCertificates(rule)) {
      yield {
        message:
          `this restricts nobody: the rule is not for the service "${CERTIFICATE_SERVICE}"`,
        hint: `add it to "services", or remove "ssh"`,
        place,
      };
    } else if (!context.issuersOf(rule).some(hasCertificates)) {
      yield {
        message:
          'this restricts nobody: none of the rule\'s issuers has "ssh_certificates", and no other way in can be restricted',
        hint: 'add "ssh_certificates" to an issuer, or remove "ssh"',
        place,
      };
    }
  }
}

function* besideOtherWays(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.allowRules) {
    if (rule.ssh === null || !isForCertificates(rule)) continue;
    const issuers = context.issuersOf(rule);
    if (!issuers.some(hasCertificates)) continue;
    const open = issuers.flatMap((issuer) => {
      const { name, device } = issuer;
      const ways = [
        ...device !== null && device.after === null ? ["device sign-in"] : [],
        ...hasCertificates(issuer) ? [] : ["a token"],
      ];
      return ways.map((way) => `${way} of "${name}"`);
    });
    if (open.length === 0) continue;
    yield {
      message:
        `this restricts sessions by certificate alone: whoever gets in with ${
          open.slice(0, 3).join(" or ")
        } may use all that sshd allows`,
      hint:
        'where nobody may, restrict it in sshd_config too, or let a device sign-in come "after: publickey"',
      place: { path: ["rules", rule.id, "ssh"], at: "key" },
    };
  }
}

/** GitLab signs no audience that another application has, where it begins so. */
const GQ_AUDIENCE = "OPENPUBKEY-PKTOKEN:";

function* nobodyMeets(context: LintContext): Iterable<LintFinding> {
  for (const { issuer, how } of certifying(context)) {
    const { commitment } = how;
    if (commitment !== "aud" && commitment !== "gq") continue;
    const path = ["issuers", issuer.name];
    if (!issuer.algorithms.includes("RS256")) {
      yield {
        message:
          `no certificate of "${issuer.name}" gets in: a GQ proof, which the commitment "${commitment}" needs, is made of an RS256 signature, and "algorithms" has none`,
        hint: 'add "RS256"',
        place: { path: [...path, "algorithms"] },
      };
    }
    if (
      commitment === "gq" &&
      !issuer.audiences.some((audience) => audience.startsWith(GQ_AUDIENCE))
    ) {
      yield {
        message:
          `no certificate of "${issuer.name}" gets in: with the commitment "gq" the audience must begin with "${GQ_AUDIENCE}", and none of "audiences" does`,
        hint: `write the audience that the client asks for, "${GQ_AUDIENCE}…"`,
        place: { path: [...path, "audiences"] },
      };
    }
  }
}

export const SSH_RULES = [
  lintRule("ssh/aud-commitment-needs-audience-elsewhere", {
    level: "error",
    check: audienceElsewhere,
    page: {
      summary:
        "certificates whose audience is the commitment, and no condition says whose they must be",
      avoid: `issuers:
  actions:
    issuer: https://token.actions.githubusercontent.com
    audiences: [ssh.example.edu]
    ssh_certificates: {commitment: aud}
rules:
  deploy:
    when: {event_name: push}
    accounts: [{names: [deploy]}]`,
      prefer: `rules:
  deploy:
    when: {repository: acme/app, ref: refs/heads/main}
    accounts: [{names: [deploy]}]`,
      why:
        `Where the commitment stands in "aud", the audience cannot say for whom the token is: "audiences" is
not looked at. Every job that the issuer knows can make such a certificate with a key of its own, so
that a claim which the issuer sets itself must say whose job gets in: the subject, the repository or
its owner. The branch, the kind of event or who started it do not: a job of any repository has them.`,
    },
  }),
  lintRule("ssh/lifetime-over-a-day", {
    level: "warning",
    check: longLifetime,
    page: {
      summary: "certificates that serve for more than a day",
      avoid: `ssh_certificates: {lifetime: 7d}`,
      prefer: `ssh_certificates: {lifetime: 12h}`,
      why:
        `A certificate cannot be called back: for as long as it serves, the claims in it count, whatever has
become of the person since. Nobody can tell either that the key was copied. A working day is what
people notice least; a new sign-in is often one click.`,
    },
  }),
  lintRule("ssh/services-without-sshd", {
    level: "warning",
    check: withoutSshd,
    page: {
      summary: "certificates are taken, but by no rule for the service sshd",
      avoid: `issuers:
  campus: {ssh_certificates: {}, …}
rules:
  staff: {issuers: [campus], services: [sudo], …}`,
      prefer: `rules:
  staff: {issuers: [campus], services: [sshd, sudo], …}`,
      why:
        `It is sshd that is shown a certificate, and what the policy is then asked about is the service "sshd".`,
    },
  }),
  lintRule("ssh/permit-without-certificates", {
    level: "warning",
    check: withoutCertificates,
    page: {
      summary: "a rule restricts sessions by certificate, and there are none",
      avoid: `issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
rules:
  staff:
    issuers: [campus]
    ssh: {permit: [pty]}`,
      prefer: `issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
    ssh_certificates: {}`,
      why:
        `The restriction is in the answer that sshd gets about a certificate. PAM has no say in what a session
may use: whoever signs in at a prompt or with a device code may use all that sshd allows, whatever
stands here. Such a rule looks stricter than it is.`,
    },
  }),
  lintRule("ssh/permit-beside-other-ways", {
    level: "info",
    check: besideOtherWays,
    page: {
      summary: "a restriction that another way in does not have",
      avoid: `issuers:
  campus: {ssh_certificates: {}, device: {client_id: ssh}, …}
rules:
  staff: {ssh: {permit: [pty]}, …}`,
      prefer: `issuers:
  campus: {ssh_certificates: {}, device: {client_id: ssh, after: publickey}, …}
rules:
  staff: {ssh: {permit: [pty]}, …}`,
      why:
        `"ssh" of a rule holds for sessions by certificate. Where the same people can sign in with a device
code, or hand over a token of another issuer, they get a session without the restriction. A
device sign-in after a certificate keeps it: both are of one connection.`,
    },
  }),
  lintRule("ssh/commitment-nobody-meets", {
    level: "error",
    check: nobodyMeets,
    page: {
      summary: "certificates that no token of the issuer can make",
      avoid: `algorithms: [ES256]
ssh_certificates: {commitment: aud}`,
      prefer: `algorithms: [RS256]
ssh_certificates: {commitment: aud}`,
      why:
        `With "aud" and "gq" the issuer's RSA signature is replaced by a proof that somebody has it (GQ),
because whoever saw the signature itself could bind a key of their own. There is such a proof for
RS256 alone. With "gq" the token must have been asked for as the part of a certificate, which its
audience says.`,
    },
  }),
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
