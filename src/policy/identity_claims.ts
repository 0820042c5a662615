/**
 * Where the attributes of a single identity come from.
 *
 * @module
 */
import { kindRow } from "./kinds.ts";
import type { IdentityAttribute, Issuer } from "./model.ts";

/** The claims that an attribute of a single identity comes from, the first that is a text. */
export function attributeLocations(
  attribute: IdentityAttribute,
  issuer: Issuer,
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
  const attribute = /^identity\.(id|username|email)$/.exec(key)?.[1];
  return attribute === undefined ? null : attribute as IdentityAttribute;
}
