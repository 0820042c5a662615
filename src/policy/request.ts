/**
 * What a decision is made about: who asks for which account, and what was verified about them.
 *
 * @module
 */
import type { Claims } from "./claims.ts";

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

/** What a PAM service can be called: the name of a file in /etc/pam.d. */
export const SERVICE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

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
