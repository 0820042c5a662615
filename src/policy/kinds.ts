/**
 * What the kinds of issuers differ in: one row a kind. How its tokens are verified is a file of
 * `token/`, called as the kind is.
 *
 * @module
 */
import type { Algorithm, Kind } from "./model.ts";

/** Keys of an issuer that only some kinds have; a key that does nothing is worse than none. */
type KindKey =
  | "algorithms"
  | "types"
  | "jwks_ttl"
  | "jwks_stale"
  | "any_audience"
  | "client_id"
  | "client_secret_file"
  | "introspection_endpoint"
  | "fqdns"
  | "device";

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
  /** Tokens can say when somebody signed in. */
  readonly authTime: boolean;
  readonly keys: readonly KindKey[];
  /** Those of `keys` that have no default. */
  readonly needs: readonly KindKey[];
  /** Where the policy says nothing: the algorithms, and the claim that holds the groups. */
  readonly algorithms: readonly Algorithm[];
  readonly groups: string;
}

const LOCAL_KEYS = ["algorithms", "types", "jwks_ttl", "jwks_stale"] as const;
const CLIENT_KEYS = ["client_id", "client_secret_file"] as const;

const JWT: KindRow = {
  opaque: false,
  oauthMetadata: false,
  linked: false,
  authTime: true,
  keys: [...LOCAL_KEYS, "device"],
  needs: [],
  algorithms: ["RS256"],
  groups: "groups",
};

const OPAQUE: KindRow = {
  ...JWT,
  opaque: true,
  keys: [...CLIENT_KEYS, "introspection_endpoint"],
  needs: CLIENT_KEYS,
};

const GRID: KindRow = {
  ...JWT,
  oauthMetadata: true,
  keys: [...LOCAL_KEYS, "any_audience"],
  // what the profiles demand to be understood (WLCG JWT profile 1.0)
  algorithms: ["RS256", "ES256"],
};

export const KIND_ROWS: Readonly<Record<Kind, KindRow>> = {
  jwt: JWT,
  introspection: OPAQUE,
  globus: { ...OPAQUE, linked: true, keys: [...CLIENT_KEYS, "fqdns"] },
  scitokens: { ...GRID, authTime: false },
  wlcg: { ...GRID, groups: "wlcg.groups" },
};

/** The row of an issuer's kind. */
export function kindRow({ kind }: { readonly kind: Kind }): KindRow {
  return KIND_ROWS[kind];
}
