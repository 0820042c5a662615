/**
 * What the kinds of issuers differ in: one row a kind. How its tokens are verified is a file of
 * `token/`, called as the kind is.
 *
 * @module
 */
/** How an issuer's tokens are verified. */
export const KINDS = [
  "jwt",
  "introspection",
  "globus",
  "scitokens",
  "wlcg",
] as const;
export type Kind = typeof KINDS[number];

/**
 * Signature algorithms a policy may name (RFC 7518 section 3.1, RFC 8037, RFC 9864): asymmetric
 * ones only.
 */
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
  "Ed25519",
] as const;
export type Algorithm = typeof ALGORITHMS[number];

interface KindRow {
  /**
   * Its tokens are opaque: the issuer is asked about each of them (RFC 7662). Those of the others
   * are JWTs that are verified here.
   */
  readonly opaque: boolean;
  /** The metadata of RFC 8414 serve where there are none of OpenID Connect. */
  readonly oauthMetadata: boolean;
  /** The person has several linked identities, each with authentications of its own. */
  readonly linked: boolean;
  /** The ID tokens that people get when they sign in are of it. */
  readonly idTokens: boolean;
  /** It takes a client's id and secret as they are, not encoded. */
  readonly plainBasic: boolean;
  /** Tokens can say when somebody signed in. */
  readonly authTime: boolean;
  /** The keys of an issuer that only some kinds have; a key that does nothing is worse than none. */
  readonly keys: readonly string[];
  /** Those of `keys` that must be there. */
  readonly needs: readonly string[];
  /** Where the policy says nothing: the algorithms, and the claim that holds the groups. */
  readonly algorithms: readonly Algorithm[];
  readonly groups: string;
}

const LOCAL_KEYS = [
  "algorithms",
  "types",
  "jwks_ttl",
  "jwks_stale",
  "client_auth",
  "discovery_url",
] as const;
const CLIENT_KEYS = ["client_id", "client_secret_file"] as const;

const JWT = {
  opaque: false,
  oauthMetadata: false,
  linked: false,
  idTokens: true,
  plainBasic: false,
  authTime: true,
  // what a certificate carries is an ID token
  keys: [...LOCAL_KEYS, "ssh_certificates"],
  needs: [],
  algorithms: ["RS256"],
  groups: "groups",
} as const;

const OPAQUE = {
  ...JWT,
  opaque: true,
  idTokens: false,
  keys: [
    ...CLIENT_KEYS,
    "client_auth",
    "introspection_endpoint",
    "discovery_url",
  ],
  needs: CLIENT_KEYS,
} as const;

const GRID = {
  ...JWT,
  idTokens: false,
  oauthMetadata: true,
  keys: [...LOCAL_KEYS, "any_audience"],
  // what the profiles demand to be understood (WLCG JWT profile 1.0)
  algorithms: ["RS256", "ES256"],
} as const;

export const KIND_ROWS = {
  jwt: JWT,
  introspection: OPAQUE,
  // its own tools send id and secret as HTTP Basic, and it asks for no other way
  globus: {
    ...OPAQUE,
    linked: true,
    plainBasic: true,
    keys: [...CLIENT_KEYS, "fqdns"],
  },
  scitokens: { ...GRID, authTime: false },
  wlcg: { ...GRID, groups: "wlcg.groups" },
} as const satisfies Readonly<Record<Kind, KindRow>>;

/** A key of an issuer that only some kinds have. */
export type KindKey = typeof KIND_ROWS[Kind]["keys"][number];

/** All of them. */
export const KIND_KEYS: readonly KindKey[] = [
  ...new Set(KINDS.flatMap((kind) => [...KIND_ROWS[kind].keys])),
];

/** The kinds of issuers that have the key. */
export function kindsWith(key: KindKey): Kind[] {
  return KINDS.filter((kind) => {
    const keys: readonly KindKey[] = KIND_ROWS[kind].keys;
    return keys.includes(key);
  });
}

/** Whether the issuer itself is asked about each of its tokens. */
export function isAsked<Issuer extends { readonly kind: Kind }>(
  issuer: Issuer,
): issuer is Extract<Issuer, { readonly kind: OpaqueKind }> {
  return KIND_ROWS[issuer.kind].opaque;
}

/** The kinds of opaque tokens. */
export type OpaqueKind = {
  [K in Kind]: typeof KIND_ROWS[K]["opaque"] extends true ? K : never;
}[Kind];

/** The row of an issuer's kind. */
export function kindRow({ kind }: { readonly kind: Kind }): KindRow {
  return KIND_ROWS[kind];
}
