/**
 * What a decision is made about: who asks for which account, and what was verified about them.
 *
 * @module
 */
import { readClaim } from "./claims.ts";
import type { Claims } from "./claims.ts";
import { globusSubject, hasLinkedIdentities } from "./evaluate/subject.ts";
import { type Issuer, readsOpaqueTokens } from "./model.ts";

/** One identity of the person, as the issuer vouches for it. Absent attributes are `null`. */
export interface Identity {
  readonly id: string | null;
  readonly username: string | null;
  readonly email: string | null;
  readonly idp: string | null;
}

/** One act of authentication. */
export interface Authentication {
  /** The {@link Identity.id} that authenticated. */
  readonly identity: string | null;
  /** The names by which the identity provider is known: an id, and domains where there are any. */
  readonly idps: readonly string[];
  /** Seconds since the epoch. */
  readonly auth_time: number | null;
  readonly amr: readonly string[];
  readonly acr: string | null;
}

/** The verified person. `identities` and `authentications` are all linked ones. */
export interface Subject {
  /** The local name of the issuer that vouches for it. */
  readonly issuer: string;
  readonly claims: Claims;
  readonly identities: readonly Identity[];
  readonly authentications: readonly Authentication[];
  /** There are linked identities, or may be, that the issuer did not tell about. */
  readonly untold?: boolean;
}

/** What the host knows of the requested account: `"unknown"` when there is no such account. */
export type HostAccount =
  | { readonly uid: number; readonly name: string }
  | "unknown";

export interface AccessRequest {
  /** PAM_USER, as it came. */
  readonly account: string;
  /** PAM_SERVICE. */
  readonly service: string;
  /** PAM_RHOST; `null` when there is none. */
  readonly rhost: string | null;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly subject: Subject;
  /** Absent when nobody asked the host, as in `policy test`. */
  readonly host?: HostAccount;
}

/**
 * The subject that a document of claims describes, with what rules talk about taken from where
 * the issuer keeps it: one identity and one authentication, or for Globus Auth all that the claims
 * list (`globus_subject.ts`).
 *
 * Does not check the claims themselves: they must be verified, or explicitly taken as such.
 */
export function subjectFromClaims(issuer: Issuer, claims: Claims): Subject {
  if (issuer.kind === "globus" && hasLinkedIdentities(claims)) {
    return globusSubject(issuer, claims);
  }
  const id = stringClaim(claims, "sub");
  const idp = stringClaim(claims, issuer.claims.idp);
  const authTime = readClaim(claims, issuer.claims.auth_time);
  const amr = readClaim(claims, issuer.claims.amr);
  return {
    issuer: issuer.name,
    claims,
    identities: [{
      id,
      username: username(issuer, claims),
      email: stringClaim(claims, "email"),
      idp,
    }],
    authentications: [{
      identity: id,
      idps: idp === null ? [] : [idp],
      auth_time: typeof authTime === "number" && Number.isSafeInteger(authTime)
        ? authTime
        : null,
      amr: Array.isArray(amr) && amr.every((method) =>
          typeof method === "string"
        )
        ? amr
        : [],
      acr: stringClaim(claims, issuer.claims.acr),
    }],
  };
}

/** Introspection has a member of its own for it (RFC 7662 section 2.2). */
function username(issuer: Issuer, claims: Claims): string | null {
  const introspected = readsOpaqueTokens(issuer)
    ? stringClaim(claims, "username")
    : null;
  return introspected ?? stringClaim(claims, "preferred_username");
}

function stringClaim(claims: Claims, location: string): string | null {
  const value = readClaim(claims, location);
  return typeof value === "string" ? value : null;
}
