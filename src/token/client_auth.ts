/**
 * How the program says to an issuer who it is (RFC 6749 section 2.3.1): the one encoder of client
 * credentials.
 *
 * @module
 */
import { encodeBase64 } from "../lib/base64url.ts";

/** In the header, as HTTP Basic, or as members of the form. */
export type ClientAuth = "basic" | "post";

export interface ClientCredentials {
  readonly clientId: string;
  /** `null`: a public client, which only names itself. */
  readonly clientSecret: string | null;
  /** Left out: "basic". */
  readonly clientAuth?: ClientAuth;
  /** As they are (RFC 7617), for an issuer that is known not to decode; left out: `false`. */
  readonly plain?: boolean;
}

/** What a request carries. */
interface CredentialParts {
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
}

/** The names of RFC 7591 section 2. */
export const AUTH_METHODS: Readonly<Record<ClientAuth, string>> = {
  basic: "client_secret_basic",
  post: "client_secret_post",
};

/**
 * The way of the policy, or else the one that the issuer's metadata list. Basic where they list
 * neither, or nothing: RFC 8414 section 2 says so, and RFC 6749 that every server has it.
 */
export function clientAuth(
  chosen: ClientAuth | null,
  methods: readonly string[] | null,
): ClientAuth {
  const lists = (way: ClientAuth) => methods?.includes(AUTH_METHODS[way]);
  return chosen ?? (!lists("basic") && lists("post") ? "post" : "basic");
}

/** The credentials in the parts of a request where they belong. */
export function credentialParts(
  { clientId, clientSecret, clientAuth = "basic", plain }: ClientCredentials,
): CredentialParts {
  if (clientSecret === null) {
    return { headers: {}, form: { client_id: clientId } };
  }
  if (clientAuth === "post") {
    const form = { client_id: clientId, client_secret: clientSecret };
    return { headers: {}, form };
  }
  const [user, password] = plain === true
    ? [clientId, clientSecret]
    : [formEncoded(clientId), formEncoded(clientSecret)];
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  const authorization = `Basic ${encodeBase64(bytes)}`;
  return { headers: { authorization }, form: {} };
}

/**
 * `application/x-www-form-urlencoded`, which leaves `-._*` as they are. Servers that forget to decode
 * understand most ids and secrets, those that decode all.
 */
export function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}
