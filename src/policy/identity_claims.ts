/**
 * Where the attributes of a single identity come from.
 *
 * @module
 */
import { type Kind, kindRow } from "./kinds.ts";

/** What an identity has that an account can come from. */
export const IDENTITY_ATTRIBUTES = ["id", "username", "email"] as const;
export type IdentityAttribute = typeof IDENTITY_ATTRIBUTES[number];

/** The keys of an account map that are about an attribute, not about a claim. */
export const IDENTITY_KEYS = IDENTITY_ATTRIBUTES.map((name) =>
  `identity.${name}`
);

/** The claims that an attribute of a single identity comes from, the first that is a text. */
export function attributeLocations(
  attribute: IdentityAttribute,
  issuer: { readonly kind: Kind },
): readonly string[] {
  if (attribute === "id") return ["sub"];
  if (attribute === "email") return ["email"];
  // introspection has a member of its own for it (RFC 7662 section 2.2)
  return kindRow(issuer).opaque
    ? ["username", "preferred_username"]
    : ["preferred_username"];
}

/** The attribute that the key of an account map is about; `null` when it is a claim. */
export function keyAttribute(key: string): IdentityAttribute | null {
  return IDENTITY_ATTRIBUTES[IDENTITY_KEYS.indexOf(key)] ?? null;
}
