/**
 * `check`: whether the issuer lists the way in which the policy's client says who it is.
 *
 * @module
 */
import type { Finding } from "../../policy/diagnostic.ts";
import { AUTH_METHODS, type ClientAuth } from "../../token/client_auth.ts";
import { listOf } from "../../lib/text.ts";

/** A client with a secret: its way at this issuer, and those that the issuer lists. */
export function clientAuthFindings(
  { name }: { readonly name: string },
  { way, methods }: { way: ClientAuth; methods: readonly string[] | null },
): Finding[] {
  const method = AUTH_METHODS[way];
  if (methods === null || methods.length === 0) return [];
  if (methods.includes(method)) return [];
  const other = way === "basic" ? "post" : "basic";
  return [{
    id: "issuer/client-auth",
    level: "warning",
    message:
      `issuer "${name}": it does not list "${method}", by which the client says who it is, only ${
        listOf(methods)
      }`,
    hint: methods.includes(AUTH_METHODS[other])
      ? `write "client_auth: ${other}" into the issuer`
      : "let the issuer take a client secret from this client",
  }];
}
