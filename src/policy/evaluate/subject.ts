/**
 * The person behind a token of Globus Auth: all linked identities, and all authentications of the
 * session.
 *
 * The claims are the introspection document with two more members, as Globus Auth writes them:
 * `identities` (`[{id, username, email, status, identity_provider}]`) and `identity_providers`
 * (`[{id, domains}]`). Every member but `sub` is optional, and what is `null` or of another type
 * counts as absent, but for `identities_set`, see {@link globusSubject}.
 *
 * @module
 */
import { attributeLocations } from "../identity_claims.ts";
import { kindRow } from "../kinds.ts";
import { isObject } from "../../lib/json.ts";
import { type Claims, readClaim } from "../claims.ts";
import { isListed } from "./conditions.ts";
import type { Issuer } from "../model.ts";
import type { Authentication, Identity, Subject } from "../request.ts";

/**
 * Does not check the claims: they must be verified, or explicitly taken as such. Linked identities
 * that `identities_set` should tell about and does not make the subject `untold`.
 */
function globusSubject(issuer: Issuer, claims: Claims): Subject {
  const providers = objects(claims.identity_providers);
  const listed = objects(claims.identities);
  const own = text(claims.sub);
  const identities = listed.filter(isUsable).map(identityOf);
  // introspection itself vouches for the token's own identity, even where the list lacks it
  const first = listed.some(({ id }) => id === own)
    ? identities.filter(({ id }) => id === own)
    : [identityOf({ ...claims, id: own })];
  return {
    issuer: issuer.name,
    claims,
    // the claims are about the first one
    identities: [...first, ...identities.filter(({ id }) => id !== own)],
    authentications: authenticationsOf(claims, { listed, providers }),
    untold: hasUntold(claims, listed),
  };
}

/**
 * Whether identities are missing: `identities_set` is not a list of texts with the token's own identity
 * in it, or names one that `identities` lacks. A document without `identities_set` is taken as it is:
 * who asks the issuer for it and gets none writes `null` (`token/globus.ts`).
 */
function hasUntold(claims: Claims, listed: readonly Members[]): boolean {
  const { identities_set: set, sub } = claims;
  if (set === undefined) return false;
  if (!Array.isArray(set) || !set.includes(sub)) return true;
  return set.some((id) => id !== sub && !listed.some((one) => one.id === id));
}

/**
 * An identity that nobody has used, or that is closed, is nobody's: it opens no account. One
 * without a status is taken as it is.
 */
function isUsable({ status }: Members): boolean {
  return status === undefined || status === null ||
    status === "used" || status === "private";
}

function identityOf(members: Members): Identity {
  return {
    id: text(members.id),
    username: text(members.username),
    email: text(members.email),
    idp: text(members.identity_provider),
  };
}

/** `session_info.authentications`, by the id of the identity that authenticated. */
function authenticationsOf(
  claims: Claims,
  known: { listed: readonly Members[]; providers: readonly Members[] },
): Authentication[] {
  const session = isObject(claims.session_info) ? claims.session_info : {};
  const { authentications } = session;
  if (!isObject(authentications)) return [];
  return Object.entries(authentications).flatMap(([id, entry]) => {
    const identity = known.listed.find((candidate) => candidate.id === id);
    if (!isObject(entry) || (identity && !isUsable(identity))) return [];
    const idp = text(entry.idp) ?? text(identity?.identity_provider);
    const { auth_time, amr } = entry;
    return [{
      identity: id,
      idps: idp === null ? [] : [idp, ...domainsOf(idp, known.providers)],
      auth_time: time(auth_time),
      amr: texts(amr),
      acr: text(entry.acr),
    }];
  });
}

function domainsOf(idp: string, providers: readonly Members[]): string[] {
  return providers.filter(({ id }) => id === idp)
    .flatMap(({ domains }) => texts(domains));
}

type Members = Readonly<Record<string, unknown>>;

function objects(value: unknown): Members[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string")
    ? value
    : [];
}

/**
 * The subject that a document of claims describes, with what rules talk about taken from where
 * the issuer keeps it: one identity and one authentication, or for Globus Auth all that the claims
 * list ({@link globusSubject}).
 *
 * Does not check the claims themselves: they must be verified, or explicitly taken as such.
 */
export function subjectFromClaims(issuer: Issuer, claims: Claims): Subject {
  if (kindRow(issuer).linked) return globusSubject(issuer, claims);
  const id = stringClaim(claims, "sub");
  const idp = stringClaim(claims, issuer.claims.idp);
  const authTime = readClaim(claims, issuer.claims.auth_time);
  const methods = readClaim(claims, issuer.claims.amr);
  const single = typeof methods === "string" &&
    isListed(issuer, issuer.claims.amr);
  const amr = single ? [methods] : methods;
  return {
    issuer: issuer.name,
    claims,
    identities: [{
      id,
      username: attributeLocations("username", issuer)
        .map((location) => stringClaim(claims, location))
        .find((name) => name !== null) ?? null,
      email: stringClaim(claims, "email"),
      idp,
    }],
    authentications: [{
      identity: id,
      idps: idp === null ? [] : [idp],
      auth_time: time(authTime),
      amr: Array.isArray(amr) && amr.every((method) =>
          typeof method === "string"
        )
        ? amr
        : [],
      acr: stringClaim(claims, issuer.claims.acr),
    }],
  };
}

/**
 * A NumericDate (RFC 7519 section 2). A fraction stays: held against whole seconds, it is neither
 * younger than it is nor less in the future.
 */
function time(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(Math.floor(value))
    ? value
    : null;
}

function stringClaim(claims: Claims, location: string): string | null {
  const value = readClaim(claims, location);
  return typeof value === "string" ? value : null;
}
