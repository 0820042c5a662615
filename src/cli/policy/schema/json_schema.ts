/**
 * The policy's JSON Schema (2020-12), for editors and for other programs that write policies.
 *
 * Generated from the schema that the parser uses, so that the two cannot part. Only `policy schema`
 * needs it: it must not be imported on the way of a login.
 *
 * @module
 */
import { KIND_ROWS } from "../../../policy/kinds.ts";
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import {
  DEFAULT_CACHE_DIRECTORY,
  DEFAULT_LOG_SOCKET,
} from "../../../policy/model.ts";
import { ISSUER_DEFAULTS } from "../../../policy/syntax/defaults.ts";
import { PolicyFileSchema } from "../../../analysis/testing/schema.ts";

/** A keyword set that is laid over the generated schema. */
interface Note {
  readonly description: string;
  readonly default?: unknown;
}

const note = (description: string, ...fallback: unknown[]): Note =>
  fallback.length === 0
    ? { description }
    : { description, default: fallback[0] };

/** What the shape does not say, by path; `*` stands for any key and for a list's entries. */
const NOTES: Readonly<Record<string, Note>> = {
  issuers: note(
    "who may vouch for users, by a local name used in rules and logs",
  ),
  "issuers.*.kind": note("how its tokens are verified", ISSUER_DEFAULTS.kind),
  "issuers.*.algorithms": note(
    "accepted signature algorithms, asymmetric ones only",
    KIND_ROWS.jwt.algorithms,
  ),
  "issuers.*.types": note(
    'accepted typ headers, such as "at+jwt" (RFC 9068); an absent typ counts as JWT',
    ISSUER_DEFAULTS.types,
  ),
  "issuers.*.clock_skew": note(
    "how far the clocks may differ, at most 5m",
    ISSUER_DEFAULTS.clock_skew,
  ),
  "issuers.*.max_token_age": note(
    "the oldest accepted token, since iat",
    ISSUER_DEFAULTS.max_token_age,
  ),
  "issuers.*.jwks_ttl": note(
    "how long fetched keys are used; 0s fetches them at every login",
    ISSUER_DEFAULTS.jwks_ttl,
  ),
  "issuers.*.jwks_stale": note(
    "how long expired keys still serve while the issuer cannot be reached",
    ISSUER_DEFAULTS.jwks_stale,
  ),
  "issuers.*.hosts": note(
    "other hosts the discovery document may point at",
    [],
  ),
  "issuers.*.ca_file": note(
    "PEM file of the authorities to trust instead of the runtime's",
    null,
  ),
  "issuers.*.proxy": note("http or https URL of a proxy", null),
  "issuers.*.one_time": note("a token admits once; it needs jti", false),
  "issuers.*.scopes": note("scopes that the token must have, all of them", []),
  "issuers.*.allow_confirmation": note(
    "accept sender-constrained tokens (cnf, RFC 7800)",
    false,
  ),
  "issuers.*.allow_delegation": note(
    "accept delegated tokens (act, RFC 8693)",
    false,
  ),
  "issuers.*.client_id": note(
    "introspection, globus: the name under which the issuer is asked",
  ),
  "issuers.*.client_secret_file": note(
    "introspection, globus: a file with the secret, root's and mode 0600",
  ),
  "issuers.*.introspection_endpoint": note(
    "its URL where discovery does not name it",
    null,
  ),
  "issuers.*.device": note(
    "device sign-in (RFC 8628), off where left out",
    null,
  ),
  "issuers.*.device.client_secret_file": note(
    "a file with the client's secret, where it has one",
    null,
  ),
  "issuers.*.device.scopes": note("the scopes that are asked for", ["openid"]),
  "issuers.*.device.prompt": note(
    "a line of the site's own above the URL",
    null,
  ),
  "issuers.*.device.acr_values": note("acr values that are asked for", []),
  "issuers.*.device.parameters": note("further parameters of the request", {}),
  "issuers.*.device.qr": note("print the URL as a QR code too", false),
  "issuers.*.claims": note(
    "where this issuer keeps what rules talk about: a name, or a JSON Pointer",
  ),
  "issuers.*.claims.groups": note(
    "the user's groups, a list of strings",
    "groups",
  ),
  "issuers.*.claims.idp": note("the identity provider that was used", "idp"),
  "issuers.*.claims.auth_time": note(
    "when the user authenticated, in seconds since the epoch",
    "auth_time",
  ),
  "issuers.*.claims.amr": note(
    "authentication methods, a list of strings (RFC 8176)",
    "amr",
  ),
  "issuers.*.claims.acr": note(
    "the authentication context class, a string",
    "acr",
  ),
  "issuers.*.mfa": note(
    "what this issuer's tokens show when several factors were used",
  ),
  "issuers.*.mfa.amr_any": note(
    'one of these methods is enough; ["mfa"] where neither list is given',
  ),
  "issuers.*.mfa.acr_any": note("one of these context classes is enough", []),
  rules: note(
    "who may log in; each rule has a unique id and their order never matters",
  ),
  "rules.*.description": note("for people"),
  "rules.*.effect": note(
    "any matching deny rule wins over every allow rule",
    "allow",
  ),
  "rules.*.issuers": note("local issuer names; left out: all issuers"),
  "rules.*.services": note("PAM services; left out: all services"),
  "rules.*.rhosts": note(
    "networks of PAM_RHOST in CIDR notation; left out: everywhere, even where it is unknown",
  ),
  "rules.*.when": note(
    "every condition must hold; a missing or null claim satisfies none. A scalar is short for equals",
  ),
  "rules.*.assurance": note(
    "added to the policy's own assurance, allow rules only",
  ),
  "rules.*.accounts": note(
    "the local accounts this rule opens, united; required in an allow rule, all accounts in a deny rule without it",
  ),
  "rules.*.accounts.*.claim": note("the account is the value of this claim"),
  "rules.*.accounts.*.identity": note("the same over every linked identity"),
  "rules.*.accounts.*.map_file": note(
    'a file of lines "key account[,account…]"',
  ),
  "rules.*.accounts.*.map": note("accounts by key"),
  "rules.*.accounts.*.keys": note("what is looked up in the map"),
  "rules.*.accounts.*.names": note(
    "fixed accounts, shared by all whom this rule admits",
  ),
  "rules.*.allow_protected": note("let names open protected accounts", false),
  protected_accounts: note(
    "never granted unless a rule lists the name under names and sets allow_protected; root always is",
    ["root"],
  ),
  cache: note("what is kept between logins"),
  "cache.directory": note(
    "the only place that login writes",
    DEFAULT_CACHE_DIRECTORY,
  ),
  log: note("where the log line of each login goes"),
  "log.socket": note("the syslog socket", DEFAULT_LOG_SOCKET),
  audit: note(
    "a record of each decision, for replaying it against another policy",
    null,
  ),
  "audit.file": note("must be below the cache directory"),
  "tests.*.expect": note("allow, deny, or what the decision must be"),
  "tests.*.expect.decision": note("allow or deny"),
  "tests.*.expect.reason": note("a reason code"),
  "tests.*.identities.*.id": note("the identity's id"),
  "tests.*.identities.*.username": note("the identity's user name"),
  "tests.*.identities.*.email": note("the identity's email address"),
  "tests.*.identities.*.idp": note("the provider it belongs to"),
  "tests.*.authentications.*.identity": note("the id that authenticated"),
  "tests.*.authentications.*.idp": note("the provider that was used"),
  "tests.*.authentications.*.idps": note("all names of that provider"),
  "tests.*.authentications.*.auth_time": note(
    "seconds since the epoch, or a time such as now-5m",
  ),
  "tests.*.authentications.*.amr": note("authentication methods"),
  "tests.*.authentications.*.acr": note("authentication context class"),
};

/**
 * The schema as plain JSON data. It accepts exactly what the parser finds no fault of shape with.
 *
 * Does not say what only the parser knows: references to issuers, networks, suffixes, and what is
 * special about deny rules.
 */
export function policyJsonSchema(): object {
  const generated = toJsonSchema(PolicyFileSchema, {
    target: "draft-2020-12",
    typeMode: "input",
    // JSON has no other numbers than finite ones
    overrideAction: ({ valibotAction, jsonSchema }) =>
      valibotAction.type === "finite" ? jsonSchema : undefined,
  });
  const unused = new Set(Object.keys(NOTES));
  annotate(generated, { path: [], unused });
  if (unused.size > 0) {
    throw new Error(`notes about nothing: ${[...unused].join(", ")}`);
  }
  const { $schema, ...rest } = generated;
  return {
    $schema,
    $id: "urn:oauth-pam:policy:1",
    title: "oauth-pam policy, version 1",
    description:
      "who may log in to which local account, from which issuer, with which assurance",
    ...rest,
  };
}

interface Place {
  readonly path: readonly string[];
  /** Notes that have found no place yet. */
  readonly unused: Set<string>;
}

function annotate(schema: JsonSchema, at: Place): void {
  const place = at.path.join(".");
  const found = NOTES[place];
  if (found !== undefined) {
    Object.assign(schema, found);
    at.unused.delete(place);
  }
  descend(schema, at);
}

function descend(schema: JsonSchema, at: Place): void {
  const children: [string, unknown][] = [
    ...Object.entries(schema.properties ?? {}),
    ["*", schema.additionalProperties],
    ["*", schema.items],
  ];
  for (const [step, child] of children) {
    if (child === null || typeof child !== "object") continue;
    annotate(child as JsonSchema, { ...at, path: [...at.path, step] });
  }
  for (const option of schema.anyOf ?? []) descend(option as JsonSchema, at);
}
