/**
 * The keys of a policy file, each once: its shape, its default, its meaning for people, and what a
 * change of it means for who gets in.
 *
 * Out of these rows come the parser's judgement, the defaults, the types of `model.ts`, the JSON
 * Schema, the tables of `policies/README.md` and the verdicts of `policy diff` on settings. Rules
 * that JSON Schema cannot say are in `meaning.ts`, the keys of a rule in `rule_schema.ts`; what depends on an issuer's kind is in
 * `kinds.ts` and `defaults.ts`.
 *
 * @module
 */
import * as v from "valibot";
import { ACCOUNT_PATTERNS } from "../account_name.ts";
import { ALGORITHMS, KIND_ROWS, KINDS } from "../kinds.ts";
import {
  DEFAULT_CACHE_DIRECTORY,
  DEFAULT_LOG_SOCKET,
  DEFAULT_SSH_KEYS_DIRECTORY,
} from "../places.ts";
import { AssuranceSchema, RuleSchema } from "./rule_schema.ts";
import {
  asLifetime,
  duration,
  LifetimeText,
  needed,
  optional,
  setting,
} from "./row.ts";
import {
  AbsolutePath,
  Account,
  ClaimName,
  entries,
  HostName,
  list,
  Name,
  Text,
} from "./values.ts";

// An issuer.

const Count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10000));

export const DeviceSchema = v.strictObject({
  client_id: needed(Text, {
    says: "the client at the issuer; a public one will do",
    change: "other",
  }),
  client_secret_file: setting(v.nullable(AbsolutePath), null, {
    says:
      "a file with the client's secret, where it has one: owned by root, mode 0600",
    change: "other",
  }),
  scopes: setting(list(Text), ["openid"], {
    says: "the scopes that are asked for",
    change: "other",
  }),
  prompt: setting(
    v.nullable(
      v.pipe(
        Text,
        v.maxLength(200),
        v.regex(/^[ -~]*$/, "only printable ASCII"),
      ),
    ),
    null,
    // stands above the address that people are told to open
    { says: "a line of the site's own above the address", change: "shown" },
  ),
  token: optional(v.picklist(["id_token", "access_token"]), {
    says:
      "which of the issued tokens is verified and decides; `access_token` for every kind but `jwt`",
    usually: "id_token",
    change: "other",
  }),
  userinfo: setting(v.boolean(), false, {
    says:
      "claims that the ID token lacks come from the userinfo endpoint (OpenID Connect Core section 5.3); what is about the sign-in itself never does, such as `auth_time`, `amr`, `acr` and the identity provider",
    change: "other",
  }),
  acr_values: setting(entries(Text), [], {
    says: "`acr` values that are asked for where several factors are wanted",
    change: "other",
  }),
  parameters: setting(v.record(Text, v.string()), {}, {
    says: "further parameters of the request",
    change: "other",
  }),
  // sshd closes the connection after LoginGraceTime, 120 seconds where it is not set
  timeout: duration("90s", {
    says: "from the code to the token; below sshd's `LoginGraceTime`",
    change: "limit",
  }),
  qr: setting(v.boolean(), false, {
    says: "print the address as a QR code too, where it fits",
    change: "neutral",
  }),
  starts_per_source: setting(Count, 5, {
    says: "starts a minute from one source address",
    change: "limit",
  }),
  starts_total: setting(Count, 60, {
    says: "starts a minute in all",
    change: "limit",
  }),
  after: setting(v.nullable(v.picklist(["publickey"])), null, {
    says:
      "`publickey`: sshd must have accepted a key before a code is shown, and where that was a certificate with a token, the token of the sign-in must be about the same person; needs `AuthenticationMethods publickey,keyboard-interactive`",
    change: "strict",
  }),
});

/** Where the commitment to the key stands in an ID token, which makes an SSH certificate of it. */
const COMMITMENTS = ["nonce", "aud", "gq", "cnf"] as const;

export const SshCertificatesSchema = v.strictObject({
  commitment: setting(v.picklist(COMMITMENTS), "nonce", {
    says:
      "where the ID token names the key: `nonce`; `aud` (GitHub, Forgejo) and `gq` (GitLab CI), whose signature must be replaced by a GQ proof; `cnf` (OpenID Connect Key Binding)",
    change: "other",
  }),
  lifetime: v.optional(
    asLifetime(
      needed(
        LifetimeText,
        "how long a certificate serves: `token`, until the ID token's `exp`, or a duration since its `iat`, at most `7d`",
      ),
    ),
    "token",
  ),
  refreshed: setting(v.boolean(), false, {
    says:
      "after that a refreshed ID token in the certificate goes on vouching, for the same `iss`, `sub` and `aud`",
    change: "switch",
  }),
});

export const ClaimsSchema = v.strictObject({
  groups: optional(ClaimName, {
    says: "the user's groups, a list of strings",
    usually: KIND_ROWS.jwt.groups,
  }),
  idp: setting(ClaimName, "idp", "the identity provider that was used"),
  auth_time: setting(
    ClaimName,
    "auth_time",
    "when the user authenticated, in seconds since the epoch",
  ),
  amr: setting(
    ClaimName,
    "amr",
    "authentication methods, a list of strings (RFC 8176)",
  ),
  acr: setting(
    ClaimName,
    "acr",
    "the authentication context class, a string",
  ),
});

const MfaSchema = v.strictObject({
  amr_any: optional(
    entries(Text),
    "one of these methods is enough; `[mfa]` where neither list is given",
  ),
  acr_any: optional(
    entries(Text),
    { says: "one of these context classes is enough", usually: [] },
  ),
});

/** Which of these an issuer has is a matter of its kind: see `kinds.ts`. */
export const IssuerSchema = v.strictObject({
  issuer: needed(Text, {
    says:
      "https URL, compared byte for byte with `iss` and with the discovery document",
    change: "other",
  }),
  audiences: needed(list(Text), {
    says: "the token's `aud` must contain one of these",
    change: "set",
  }),
  kind: setting(v.picklist(KINDS), "jwt", {
    says: "how its tokens are verified",
    change: "other",
  }),
  algorithms: optional(list(v.picklist(ALGORITHMS)), {
    says:
      "accepted signature algorithms: `RS`, `PS` and `ES` with 256, 384, 512, and `EdDSA`, which is the same as `Ed25519`; nothing symmetric, never `none`",
    usually: KIND_ROWS.jwt.algorithms,
    change: "set",
  }),
  types: setting(list(Text), ["JWT"], {
    says:
      "accepted `typ` headers, such as `at+jwt` (RFC 9068); an absent `typ` counts as `JWT`",
    change: "set",
  }),
  clock_skew: duration("30s", {
    says: "how far the clocks may differ, at most `5m`",
    change: "limit",
  }),
  max_token_age: duration("24h", {
    says: "the oldest accepted token, since `iat`; a JWT needs `iat` and `exp`",
    change: "limit",
  }),
  // a key that the issuer has withdrawn goes on serving for as long
  jwks_ttl: duration("1h", {
    says: "how long fetched keys are used; `0s` fetches them at every login",
    change: "limit",
  }),
  jwks_stale: duration("0s", {
    says:
      "how long expired keys still serve while the issuer cannot be reached",
    change: "limit",
  }),
  hosts: setting(entries(HostName), [], {
    says:
      "other hosts (`host` or `host:port`) that the discovery document may point at",
    change: "other",
  }),
  discovery_url: setting(v.nullable(Text), null, {
    says:
      "https URL of the discovery document where it does not lie below the issuer (Azure AD B2C); its `issuer` is compared all the same, its host counts as listed",
    change: "other",
  }),
  ca_file: setting(v.nullable(AbsolutePath), null, {
    says:
      "PEM file of authorities to trust beside the runtime's own (Mozilla's list)",
    change: "other",
  }),
  proxy: setting(v.nullable(Text), null, {
    says: "http or https URL of a proxy; the environment is not asked",
    change: "other",
  }),
  one_time: setting(v.boolean(), false, {
    says:
      "a token admits once on each host; it needs `jti`, and `iat` where the issuer is asked about it",
    change: "strict",
  }),
  scopes: setting(entries(Text), [], {
    says: "scopes that the token must have, all of them",
    change: "required",
  }),
  allow_confirmation: setting(v.boolean(), false, {
    says:
      "accept tokens bound to a key (`cnf`, RFC 7800), which a login cannot check",
    change: "switch",
  }),
  allow_delegation: setting(v.boolean(), false, {
    says: "accept tokens used on behalf of somebody else (`act`, RFC 8693)",
    change: "switch",
  }),
  any_audience: setting(v.boolean(), false, {
    says: "a token for any audience is for us too",
    change: "switch",
  }),
  client_id: optional(Text, {
    says: "the name under which the issuer is asked",
    change: "other",
  }),
  client_secret_file: optional(AbsolutePath, {
    says: "a file with the secret, owned by root, mode 0600",
    change: "other",
  }),
  client_auth: setting(v.nullable(v.picklist(["basic", "post"])), null, {
    says:
      "how a client with a secret says who it is: `basic` (HTTP Basic) or `post` (in the form); left out: as the discovery document says, `basic` where it says nothing",
    change: "neutral",
  }),
  introspection_endpoint: setting(v.nullable(Text), null, {
    says: "its URL where discovery does not name it; naming it saves a request",
    change: "other",
  }),
  fqdns: setting(entries(HostName), [], {
    says: "host names whose ssh scope admits",
    change: "set",
  }),
  device: setting(
    v.nullable(DeviceSchema),
    null,
    "device sign-in (RFC 8628)",
  ),
  ssh_certificates: setting(
    v.nullable(SshCertificatesSchema),
    null,
    "SSH certificates that carry an ID token (OpenPubkey) let people in through sshd's AuthorizedKeysCommand",
  ),
  claims: setting(
    ClaimsSchema,
    {},
    "where this issuer keeps what rules talk about: a name, or a JSON Pointer such as `/realm_access/roles`",
  ),
  lists: setting(
    entries(ClaimName),
    [],
    "claims that are lists even where this issuer sends a single value bare, such as `groups`",
  ),
  mfa: setting(
    MfaSchema,
    {},
    "what this issuer's tokens show when several factors were used",
  ),
});

// The whole.

export const PolicySchema = v.strictObject({
  version: needed(v.literal(1, "this program reads version 1"), {
    says: "always 1",
    change: "other",
  }),
  issuers: needed(
    v.pipe(
      v.record(Name, IssuerSchema),
      v.minEntries(1, "name at least one issuer"),
    ),
    "who may vouch for users, by a local name used in rules and logs",
  ),
  assurance: setting(AssuranceSchema, {}, "holds for every login"),
  rules: needed(
    v.pipe(
      v.record(Name, RuleSchema),
      v.minEntries(1, "name at least one rule"),
    ),
    "who may log in; each rule has a unique id and their order never matters",
  ),
  accounts_pattern: setting(v.picklist(ACCOUNT_PATTERNS), "posix", {
    says:
      "what accounts of this host are called. `posix`: `[a-z_][a-z0-9_.-]{0,31}`. `sssd`: NAME, `NAME@DOMAIN` or `DOMAIN\\NAME`, at most 255 characters; NAME is `[A-Za-z_][A-Za-z0-9_.-]*`, DOMAIN is of letters, digits and `_`, with single `.` or any number of `-` between them. `relaxed`: NAME may also begin with a digit, or be a number. All but `posix` need the launcher: the host must know the account by exactly this name",
    change: "ladder",
  }),
  protected_accounts: setting(
    entries(Account),
    ["root"],
    "never granted unless a rule lists the name under `names` and has `allow_protected: true`; root always is one, and so are system accounts (uid below 1000, and nobody) under the launcher",
  ),
  cache: setting(
    v.strictObject({
      directory: setting(
        AbsolutePath,
        DEFAULT_CACHE_DIRECTORY,
        "the only place that login writes",
      ),
      ssh_keys_directory: setting(
        AbsolutePath,
        DEFAULT_SSH_KEYS_DIRECTORY,
        "the same for `oauth-pam ssh-keys`, which sshd runs as a user of its own; owned by that user",
      ),
    }),
    {},
    "what is kept between logins",
  ),
  log: setting(
    v.strictObject({
      socket: setting(
        AbsolutePath,
        DEFAULT_LOG_SOCKET,
        "the syslog daemon's datagram socket",
      ),
    }),
    {},
    "where the log line of each login goes",
  ),
  audit: setting(
    v.nullable(
      v.strictObject({
        file: needed(
          AbsolutePath,
          "each attempt as a line of JSON; below the cache directory",
        ),
      }),
    ),
    null,
    "a record of each decision, for replaying it against another policy",
  ),
  // their shapes are in analysis/testing/schema.ts and analysis/never/schema.ts: login ignores them,
  // so that neither can lock anyone out
  never: v.optional(v.any()),
  defaults: v.optional(v.any()),
  tests: v.optional(v.any()),
  tables: v.optional(v.any()),
});

/** A policy as it is written. */
export type PolicyDocument = v.InferInput<typeof PolicySchema>;
export type IssuerDocument = v.InferInput<typeof IssuerSchema>;

/** The same with the defaults that depend on nothing, durations in seconds. */
export type PolicySettings = v.InferOutput<typeof PolicySchema>;
export type IssuerSettings = v.InferOutput<typeof IssuerSchema>;
export type SshCertificatesSettings = v.InferOutput<
  typeof SshCertificatesSchema
>;
export type DeviceSettings = v.InferOutput<typeof DeviceSchema>;
