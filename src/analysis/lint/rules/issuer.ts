/**
 * Issuers: names, URLs, clocks and device sign-in.
 *
 * @module
 */
import { listOf } from "../../../lib/text.ts";
import { discoveryUrlOf } from "../../../policy/model.ts";
import { kindRow } from "../../../policy/kinds.ts";
import { duration } from "../../../policy/duration.ts";
import { claimsOfRules } from "../../rule_claims.ts";
import { providerOf } from "../../providers.ts";
import type { LintContext } from "../context.ts";
import { foundElsewhere, type LintFinding, lintRule } from "../lint_rule.ts";
import { pins } from "./tenants.ts";

function* unused(context: LintContext): Iterable<LintFinding> {
  const { rules, issuers } = context.policy;
  if (rules.some((rule) => rule.issuers === null)) return;
  const named = new Set(rules.flatMap((rule) => rule.issuers ?? []));
  for (const { name } of issuers) {
    if (named.has(name)) continue;
    yield {
      message: `no rule names the issuer "${name}": its tokens open nothing`,
      hint: "name it in a rule, or remove it",
      place: { path: ["issuers", name], at: "key" },
    };
  }
}

/** Providers whose issuer ends in "/", and nothing of whose path may be missing. */
const WITH_SLASH =
  /^https:\/\/(?:[^/]+\.auth0\.com|sts\.windows\.net\/[^/]+|[^/]+\/application\/o\/[^/]+)$/;
/** Providers whose issuer is known to have none. */
const WITHOUT_SLASH =
  /^https:\/\/(?:accounts\.google\.com|login\.microsoftonline\.com\/.+|token\.actions\.githubusercontent\.com|gitlab\.com|auth\.globus\.org|cilogon\.org|.+\/realms\/[^/]+|[^/]+\.okta\.com(?:\/.*)?)\/$/;

function* trailingSlash(context: LintContext): Iterable<LintFinding> {
  for (const { name, issuer } of context.policy.issuers) {
    const place = { path: ["issuers", name, "issuer"] };
    if (WITH_SLASH.test(issuer)) {
      yield {
        confidence: "high",
        message: `${JSON.stringify(issuer)} has no "/" at its end, but its ` +
          "provider's tokens have one there: none will ever match",
        hint: `did you mean "${issuer}/"?`,
        place,
      };
      continue;
    }
    if (!issuer.endsWith("/") || WITH_SLASH.test(issuer.slice(0, -1))) continue;
    yield {
      ...(WITHOUT_SLASH.test(issuer) ? { confidence: "high" as const } : {}),
      message:
        `${
          JSON.stringify(issuer)
        } ends in "/", which the claim iss of most providers does not: ` +
        "it is compared byte for byte",
      hint: `did you mean "${issuer.slice(0, -1)}"? See the "issuer" of its ` +
        "discovery document",
      place,
    };
  }
}

const DISCOVERY =
  /\/\.well-known\/(?:openid-configuration|oauth-authorization-server)\/?$/;

function* neverNamed(context: LintContext): Iterable<LintFinding> {
  for (const { name, issuer } of context.policy.issuers) {
    const place = { path: ["issuers", name, "issuer"] };
    const shown = JSON.stringify(issuer);
    const instead = providerOf(issuer)?.instead ?? null;
    if (DISCOVERY.test(issuer)) {
      yield {
        message:
          `${shown} is the address of a discovery document, which the claim iss of no token has`,
        hint: `did you mean ${JSON.stringify(issuer.replace(DISCOVERY, ""))}?`,
        place,
      };
    } else if (instead !== null) {
      yield {
        message: `${shown} is the claim iss of no token: tokens have ${
          JSON.stringify(instead)
        }, each with its own tenant`,
        hint: "write the id of your tenant in its place",
        place,
      };
    }
  }
}

function* usualDiscovery(context: LintContext): Iterable<LintFinding> {
  for (const issuer of context.policy.issuers) {
    const usual = `${
      issuer.issuer.replace(/\/$/, "")
    }/.well-known/openid-configuration`;
    if (discoveryUrlOf(issuer) !== usual) continue;
    yield {
      message: `${JSON.stringify(usual)} is where the document is looked for`,
      hint: "remove it",
      place: { path: ["issuers", issuer.name, "discovery_url"], at: "key" },
    };
  }
}

const WIDE_SKEW = 60;

function* wideSkew(context: LintContext): Iterable<LintFinding> {
  for (const { name, clock_skew } of context.policy.issuers) {
    if (clock_skew <= WIDE_SKEW || clock_skew > 300) continue;
    yield {
      level: "warning",
      message: `a clock skew of ${
        duration(clock_skew)
      } lets tokens live on for as long after they expired`,
      hint: "keep the clocks right with NTP; 30s is enough then",
      place: { path: ["issuers", name, "clock_skew"] },
    };
  }
}

/** sshd's LoginGraceTime when nobody set it. */
const LOGIN_GRACE_TIME = 120;

function* outlivesGrace(context: LintContext): Iterable<LintFinding> {
  for (const issuer of context.policy.issuers) {
    const { name, device } = issuer;
    if (device === null || device.timeout < LOGIN_GRACE_TIME) continue;
    yield {
      message: `device sign-in may take ${
        duration(device.timeout)
      }, but sshd hangs up after ${
        duration(LOGIN_GRACE_TIME)
      } unless LoginGraceTime says otherwise`,
      hint: "stay below 120s, or raise LoginGraceTime and say so here",
      place: { path: ["issuers", name, "device", "timeout"] },
    };
  }
}

/** OpenID Connect Core section 5.4. */
const CLAIMS_OF_SCOPES: Readonly<Record<string, readonly string[]>> = {
  profile: [
    ...["name", "family_name", "given_name", "middle_name", "nickname"],
    ...["preferred_username", "profile", "picture", "website", "gender"],
    ...["birthdate", "zoneinfo", "locale", "updated_at"],
  ],
  email: ["email", "email_verified"],
  address: ["address"],
  phone: ["phone_number", "phone_number_verified"],
};

function* scopesForClaims(context: LintContext): Iterable<LintFinding> {
  const { policy, source } = context;
  for (const issuer of policy.issuers) {
    const { name, device } = issuer;
    // what an access token holds, no scope of OpenID Connect says
    if (device === null || device.token !== "id_token") continue;
    const used = claimsOfRules(policy, issuer);
    for (const [scope, claims] of Object.entries(CLAIMS_OF_SCOPES)) {
      const asked = claims.filter((claim) => used.has(claim));
      const [first] = asked;
      if (first === undefined || device.scopes.includes(scope)) continue;
      const path = ["issuers", name, "device"];
      const written = source.document.issuers[name]?.device?.scopes;
      yield {
        message: `the rule "${used.get(first)?.id}" reads ${
          listOf(asked)
        }, which the scope "${scope}" brings, and device sign-in asks for ${
          device.scopes.length === 0 ? "no scope" : listOf(device.scopes)
        }`,
        hint: `write scopes: [${[...device.scopes, scope].join(", ")}]`,
        place: written === undefined
          ? { path, at: "key" }
          : { path: [...path, "scopes"] },
      };
    }
  }
}

function* severalOpaque(context: LintContext): Iterable<LintFinding> {
  const { issuers } = context.policy;
  const opaque = issuers.filter((each) => kindRow(each).opaque);
  const [first, second] = opaque;
  const device = issuers.find(({ device }) => device !== null);
  if (first === undefined || second === undefined || device === undefined) {
    return;
  }
  yield {
    message:
      `"${first.name}" and "${second.name}" both read opaque tokens, and "device finish" has ` +
      "no way to tell whose a typed text is: it is refused",
    hint:
      `keep one of them in the policy of "${device.name}"'s device sign-in, ` +
      'and give the other a policy and a "login" line of its own',
    place: { path: ["issuers", second.name, "kind"] },
  };
}

/** Claims that say for which client a token was issued. */
const CLIENT = ["azp", "client_id", "appid", "cid"];

function* sharedAudience(context: LintContext): Iterable<LintFinding> {
  for (const { name, issuer, audiences } of context.policy.issuers) {
    for (const [index, audience] of audiences.entries()) {
      const shared = providerOf(issuer)?.audiences.find((each) =>
        each.audience.test(audience)
      );
      const open = shared === undefined
        ? undefined
        : context.allowRules.find((rule) =>
          (rule.issuers === null || rule.issuers.includes(name)) &&
          !rule.when.some((condition) => pins(condition, CLIENT))
        );
      if (shared === undefined || open === undefined) continue;
      yield {
        level: shared.usual ? "warning" : "error",
        message: `${
          JSON.stringify(audience)
        } is the audience of ${shared.whose}: the rule "${open.id}" takes a token that was issued to any other application`,
        hint: "let the issuer give tokens for logins an audience of their own",
        place: { path: ["issuers", name, "audiences", index] },
        related: [{
          message: `the rule "${open.id}"`,
          place: { path: ["rules", open.id], at: "key" },
        }],
      };
    }
  }
}

export const ISSUER_RULES = [
  lintRule("issuer/unused", {
    level: "warning",
    check: unused,
    page: {
      summary: "no rule names the issuer",
      avoid: `issuers: {campus: {…}, old-campus: {…}}
rules:
  staff: {issuers: [campus], …}`,
      prefer: `issuers: {campus: {…}}
rules:
  staff: {issuers: [campus], …}`,
      why:
        `Every issuer is somebody whom logins trust and talk to. One that no rule
needs is attack surface without use, or a sign that a rule forgot it.`,
    },
  }),
  foundElsewhere("parser", "issuer/undefined", {
    page: {
      summary: "a rule names an issuer that is not defined",
      avoid: `issuers: {campus: {…}}
rules:
  staff: {issuers: [campsu], …}`,
      prefer: `rules:
  staff: {issuers: [campus], …}`,
      why:
        `The rule would never match, and nobody would see why. Login refuses such a policy.`,
    },
  }),
  foundElsewhere("parser", "issuer/not-https", {
    page: {
      summary: "an issuer without https",
      avoid: `issuer: http://login.example.edu`,
      prefer: `issuer: https://login.example.edu`,
      why:
        `Keys fetched without TLS are whoever's keys; RFC 8414 section 2 asks for https. Login refuses
such a policy.`,
    },
  }),
  lintRule("issuer/trailing-slash", {
    level: "warning",
    confidence: "low",
    check: trailingSlash,
    page: {
      summary: 'an issuer with a "/" at its end that its tokens lack, or have',
      avoid: `issuer: https://login.example.edu/`,
      prefer: `issuer: https://login.example.edu`,
      why:
        `"iss" is compared byte for byte (RFC 7519 section 4.1.1, RFC 8414 section 3.3). One character
more or less, and no token of the issuer is ever accepted.`,
    },
  }),
  lintRule("issuer/never-named", {
    level: "error",
    check: neverNamed,
    page: {
      summary: "an issuer that no token names",
      avoid:
        `entra: {issuer: https://login.microsoftonline.com/common/v2.0, audiences: [client-id]}`,
      prefer:
        `entra: {issuer: https://login.microsoftonline.com/7d1f2f2a-3f0e-4c0f-9a53-5d0f4f1f5b11/v2.0, audiences: [client-id]}`,
      why:
        `"iss" is compared byte for byte (RFC 7519 section 4.1.1). Microsoft's common endpoints sign people
in, but each token names the tenant; and the address of a discovery document is not the issuer's.
Nobody ever gets in.`,
    },
  }),
  lintRule("issuer/usual-discovery", {
    level: "info",
    check: usualDiscovery,
    page: {
      summary: "a discovery_url that says what holds without it",
      avoid:
        `campus: {issuer: https://login.example.edu, discovery_url: https://login.example.edu/.well-known/openid-configuration, …}`,
      prefer: `campus: {issuer: https://login.example.edu, …}`,
      why:
        `The document is looked for below the issuer (OpenID Connect Discovery 1.0, section 4). The key is
for issuers that keep it elsewhere; where it stands without need, readers look for a reason.`,
    },
  }),
  lintRule("issuer/shared-audience", {
    level: "error",
    confidence: "medium",
    check: sharedAudience,
    page: {
      summary: "an audience that tokens for other applications have as well",
      avoid:
        `keycloak: {issuer: https://sso.example.org/realms/main, audiences: [account]}`,
      prefer:
        `keycloak: {issuer: https://sso.example.org/realms/main, audiences: [ssh]}`,
      why:
        `The audience is what keeps a token that somebody gave to a wiki from opening a login (RFC 9068
section 5). In Keycloak "account" is in every access token of the realm; GitHub's default is the
owner's address, which other verifiers accept too. Whoever runs any of those applications could log
in as its users. It is quiet where all rules ask for the client ("azp", "client_id").`,
    },
  }),
  lintRule("clock/skew-too-large", {
    level: "error",
    check: wideSkew,
    page: {
      summary: "a clock skew above a minute; above five minutes login refuses",
      avoid: `clock_skew: 5m`,
      prefer: `clock_skew: 30s`,
      why:
        `The skew is added to the life of every token and to the age of every sign-in. RFC 7519 section
4.1.4 speaks of a few minutes at most; hosts with NTP are within a second. Above five minutes it
is an error that cannot be suppressed, above one minute a warning.`,
    },
  }),
  foundElsewhere("parser", "issuer/one-time-with-certificates", {
    page: {
      summary: "tokens admit once, but certificates with one are taken too",
      avoid: `campus:
  one_time: true
  ssh_certificates: {}`,
      prefer: `campus:
  ssh_certificates: {}`,
      why:
        `A certificate is shown at every connection for as long as it serves, and the token in it with it.
What is bound to a key cannot be used by whoever copied it, so nothing has to be remembered of it;
and a token that somebody hands over at a prompt is refused at such an issuer.`,
    },
  }),
  lintRule("device/several-opaque-issuers", {
    level: "error",
    check: severalOpaque,
    page: {
      summary: "device sign-in beside several issuers of opaque tokens",
      avoid: `issuers:
  campus: {device: {client_id: ssh}, …}
  globus: {kind: globus, …}
  lab: {kind: introspection, …}`,
      prefer: `issuers:
  campus: {device: {client_id: ssh}, …}
  globus: {kind: globus, …}`,
      why:
        `A text typed at the prompt of "device finish" names no issuer, and is shown to one issuer at
most. With several that could be meant it is refused; and no stack may take what was typed for a
sign that an issuer is down, because whoever types would choose whether the password opens.`,
    },
  }),
  lintRule("device/scopes", {
    level: "warning",
    confidence: "medium",
    check: scopesForClaims,
    page: {
      summary: "device sign-in does not ask for what the rules read",
      avoid:
        `campus: {issuer: https://login.example.edu, audiences: [ssh], device: {client_id: ssh}}
staff: {when: {email_verified: true}, accounts: [{claim: email, strip_suffix: "@example.edu"}]}`,
      prefer:
        `campus: {issuer: https://login.example.edu, audiences: [ssh], device: {client_id: ssh, scopes: [openid, email]}}`,
      why:
        `Most providers put "email" and "preferred_username" only into the tokens of those who ask for the
scopes "email" and "profile" (OpenID Connect Core section 5.4). Without the claim the rule lets
nobody in, and the log names the claim that is missing. Where a provider sends it unasked, a
suppression can say so.`,
    },
  }),
  lintRule("device/outlives-login-grace", {
    level: "warning",
    check: outlivesGrace,
    page: {
      summary: "device sign-in may take longer than sshd waits",
      avoid: `device: {client_id: ssh, timeout: 5m}`,
      prefer: `device: {client_id: ssh, timeout: 90s}`,
      why:
        `sshd closes the connection LoginGraceTime after it was opened, two minutes by default. Whoever
is slower sees "connection closed" without a reason, and the sign-in they completed is lost.`,
    },
  }),
];
