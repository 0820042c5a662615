/**
 * The JSON types of claims that the standards fix.
 *
 * @module
 */
export type ClaimType = "string" | "number" | "boolean" | "list" | "object";

export interface KnownClaim {
  readonly type: ClaimType;
  /** Where it is said. */
  readonly by: string;
  /** Whether issuers are known that do otherwise. */
  readonly certain: boolean;
}

const JWT = "RFC 7519 section 4.1";
const OIDC = "OpenID Connect Core section 5.1";

const KNOWN = new Map<string, KnownClaim>();

function know(type: ClaimType, by: string, names: string): void {
  for (const name of names.split(" ")) {
    KNOWN.set(name, { type, by, certain: true });
  }
}

know("string", JWT, "iss sub jti");
know("number", JWT, "exp nbf iat");
know("string", "OpenID Connect Core section 2", "azp acr nonce");
know("number", "OpenID Connect Core section 2", "auth_time");
know("list", "OpenID Connect Core section 2", "amr");
know(
  "string",
  OIDC,
  "name given_name family_name middle_name nickname preferred_username profile picture website " +
    "email gender birthdate zoneinfo locale phone_number",
);
know("boolean", OIDC, "email_verified phone_number_verified");
know("number", OIDC, "updated_at");
know("object", OIDC, "address");
know("string", "RFC 8693 section 4", "scope client_id");
know("object", "RFC 8693 section 4.1", "act");
know("object", "RFC 7800 section 3.1", "cnf");
know("string", "Google's OpenID Connect", "hd");
know("string", "Microsoft's ID token reference", "tid oid upn");
know("object", "Keycloak", "realm_access resource_access");
know("list", "Keycloak", "/realm_access/roles");
know("list", "the WLCG profile", "wlcg.groups");
// by far the usual form, but nobody fixes it
KNOWN.set("groups", { type: "list", by: "custom", certain: false });

/** The names themselves, for whoever looks for a misspelt one. */
export const STANDARD_CLAIMS: readonly string[] = [...KNOWN.keys()]
  .filter((name) => !name.startsWith("/"));

export function knownClaim(name: string): KnownClaim | undefined {
  return KNOWN.get(name);
}
