/**
 * The policy as every verb sees it: parsed, checked, with all defaults filled in.
 *
 * It is plain JSON data (no Map, no class), so that it can be embedded in the program at build
 * time and printed by `policy show --effective`. Durations are whole seconds.
 *
 * @module
 */

/** How an issuer's tokens are verified: see `kinds.ts`. */
export const KINDS = [
  "jwt",
  "introspection",
  "globus",
  "scitokens",
  "wlcg",
] as const;
export type Kind = typeof KINDS[number];

/** Signature algorithms a policy may name (RFC 7518 section 3.1, RFC 8037): asymmetric ones only. */
export const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;
export type Algorithm = typeof ALGORITHMS[number];

/** Where an issuer keeps what rules talk about: a claim's name, or a JSON Pointer (RFC 6901). */
export interface ClaimLocations {
  readonly groups: string;
  readonly idp: string;
  readonly auth_time: string;
  readonly amr: string;
  readonly acr: string;
}

/** What an issuer's tokens show when several factors were used. */
interface MfaEvidence {
  readonly amr_any: readonly string[];
  readonly acr_any: readonly string[];
}

export interface Issuer {
  /** The local name, used in rules and logs. */
  readonly name: string;
  /** Compared byte for byte with `iss` and with the discovery document's `issuer`. */
  readonly issuer: string;
  readonly kind: Kind;
  readonly audiences: readonly string[];
  readonly algorithms: readonly Algorithm[];
  readonly types: readonly string[];
  readonly clock_skew: number;
  readonly max_token_age: number;
  readonly jwks_ttl: number;
  readonly jwks_stale: number;
  /** Other hosts (`host` or `host:port`) the discovery document may point at. */
  readonly hosts: readonly string[];
  readonly ca_file: string | null;
  readonly proxy: string | null;
  readonly one_time: boolean;
  /** Scopes that the token must have, all of them (RFC 6749 section 3.3). */
  readonly scopes: readonly string[];
  /** Sender-constrained tokens (`cnf`, RFC 7800) are refused unless this is true. */
  readonly allow_confirmation: boolean;
  /** Delegated tokens (`act`, RFC 8693 section 4.1) are refused unless this is true. */
  readonly allow_delegation: boolean;
  /** scitokens and wlcg: a token for any audience counts as one for us. */
  readonly any_audience: boolean;
  /** introspection and globus: who we are at the introspection endpoint (RFC 7662 section 2.1). */
  readonly client_id: string | null;
  readonly client_secret_file: string | null;
  /** introspection: where discovery does not name it. */
  readonly introspection_endpoint: string | null;
  /** globus: the host names whose ssh scope admits, beside the client's own. */
  readonly fqdns: readonly string[];
  readonly device: Device | null;
  readonly claims: ClaimLocations;
  readonly mfa: MfaEvidence;
}

/** Device sign-in (RFC 8628) at an issuer. */
export interface Device {
  readonly client_id: string;
  readonly scopes: readonly string[];
  readonly client_secret_file: string | null;
  /** A line of the site's own above the URL. */
  readonly prompt: string | null;
  /** Which of the issued tokens is verified and decides. */
  readonly token: "id_token" | "access_token";
  /** Sent as `acr_values` (OpenID Connect Core section 3.1.2.1) where several factors are wanted. */
  readonly acr_values: readonly string[];
  /** Further parameters of the authorization request, such as a preferred identity provider. */
  readonly parameters: readonly {
    readonly name: string;
    readonly value: string;
  }[];
  /** Seconds that the whole sign-in may take. */
  readonly timeout: number;
  readonly qr: boolean;
  /** Starts a minute from one source address, and from all together. */
  readonly starts_per_source: number;
  readonly starts_total: number;
}

/** Requirements on how and when the user authenticated. `null` and `false` require nothing. */
export interface Assurance {
  readonly permitted_idps: readonly string[] | null;
  readonly mfa: boolean;
  /** Seconds since `auth_time`. */
  readonly max_auth_age: number | null;
  readonly same_identity: boolean;
}

/** Asks for nothing. */
export const NO_ASSURANCE: Assurance = {
  permitted_idps: null,
  mfa: false,
  max_auth_age: null,
  same_identity: false,
};

export type Scalar = string | number | boolean;

/** One comparison of one claim. `claim` is a name, a JSON Pointer, or one of the located names. */
export type Condition =
  | {
    readonly claim: string;
    readonly operator: "any" | "all" | "none" | "in";
    readonly values: readonly Scalar[];
  }
  | {
    readonly claim: string;
    readonly operator: "like";
    readonly pattern: string;
  }
  | {
    readonly claim: string;
    readonly operator: "equals";
    readonly value: Scalar;
  };

/** Which local accounts an identity may use; a rule's entries are united. */
export type AccountSource =
  | {
    readonly source: "claim";
    readonly claim: string;
    readonly strip_suffix: string | null;
  }
  | {
    readonly source: "identity";
    readonly attribute: IdentityAttribute;
    readonly strip_suffix: string | null;
  }
  | {
    readonly source: "map";
    readonly map: readonly MapEntry[];
    readonly keys: readonly string[];
  }
  | {
    readonly source: "map_file";
    readonly path: string;
    readonly keys: readonly string[];
  }
  | { readonly source: "names"; readonly names: readonly string[] };

export type IdentityAttribute = "id" | "username" | "email";

interface MapEntry {
  readonly key: string;
  readonly accounts: readonly string[];
}

export interface Rule {
  readonly id: string;
  readonly description: string | null;
  readonly effect: "allow" | "deny";
  /** Local issuer names; `null`: every issuer. */
  readonly issuers: readonly string[] | null;
  readonly services: readonly string[] | null;
  /** CIDR networks as written. */
  readonly rhosts: readonly string[] | null;
  readonly when: readonly Condition[];
  readonly assurance: Assurance;
  /** `null` (deny rules only): every account. */
  readonly accounts: readonly AccountSource[] | null;
  readonly allow_protected: boolean;
}

export interface Policy {
  readonly version: 1;
  readonly issuers: readonly Issuer[];
  readonly assurance: Assurance;
  readonly rules: readonly Rule[];
  readonly protected_accounts: readonly string[];
  readonly cache: { readonly directory: string };
  readonly log: { readonly socket: string };
  readonly audit: { readonly file: string } | null;
}

// Places that hold where a policy says nothing, or could not be read.

export const DEFAULT_CACHE_DIRECTORY = "/var/cache/oauth-pam";
export const DEFAULT_LOG_SOCKET = "/dev/log";

// The only form of a local account name that is ever compared or granted.

/** ASCII, without folding or trimming; `$` without the m flag, so that no line end slips through. */
export const ACCOUNT_NAME = /^[a-z_][a-z0-9_.-]{0,31}$/;
