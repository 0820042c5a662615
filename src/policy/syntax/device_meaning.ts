/**
 * What an issuer's `device` must satisfy beyond its shape.
 *
 * @module
 */
import { type Issue, listOf } from "../diagnostic.ts";
import type { IssuerDocument } from "./schema.ts";

/** What the program sends itself, from keys of their own or per sign-in (RFC 8628 section 3.1). */
const OWN_PARAMETERS = [
  "acr_values",
  "client_id",
  "client_secret",
  "max_age",
  "nonce",
  "scope",
];

/** RFC 6749 section 3.3: several are separated by single spaces. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Everything wrong with an issuer's `device`. Never throws. */
export function deviceIssues(name: string, issuer: IssuerDocument): Issue[] {
  const device = issuer.device ?? null;
  if (device === null) return [];
  const path = ["issuers", name, "device"];
  const issues: Issue[] = [];
  for (const parameter of Object.keys(device.parameters ?? {})) {
    if (!OWN_PARAMETERS.includes(parameter)) continue;
    issues.push({
      id: "policy/value",
      level: "error",
      message:
        `the parameter "${parameter}" is the program's own, expected none of ${
          listOf(OWN_PARAMETERS)
        }`,
      path: [...path, "parameters", parameter],
      at: "key",
    });
  }
  const scopes = device.scopes ?? ["openid"];
  for (const [index, scope] of scopes.entries()) {
    if (SCOPE_TOKEN.test(scope)) continue;
    issues.push({
      id: "policy/value",
      level: "error",
      message: `the scope ${JSON.stringify(scope)} is not one scope`,
      hint: "write a list: [openid, email]",
      path: [...path, "scopes", index],
    });
  }
  if (
    (device.token ?? "id_token") === "id_token" && !scopes.includes("openid")
  ) {
    issues.push({
      id: "policy/value",
      level: "error",
      message: 'without the scope "openid" there is no ID token',
      hint: 'add it, or let the access token decide with "token: access_token"',
      path: [...path, "scopes"],
    });
  }
  return issues;
}
