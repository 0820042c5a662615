/**
 * Which claims a policy looks at, and documents of claims made of exactly those.
 *
 * @module
 */
import { kindRow } from "../kinds.ts";
import { isObject } from "../../lib/json.ts";
import {
  claimPath,
  type Claims,
  ELSEWHERE_CLAIMS,
  locationOf,
  readClaim,
} from "../claims.ts";
import { claimLocation } from "./conditions.ts";
import {
  attributeLocations,
  type IdentityAttribute,
  keyAttribute,
} from "../identity_claims.ts";
import type { Assurance, Issuer, Policy } from "../model.ts";

/** Where Globus Auth lists linked identities and their sessions; the whole of each decides. */
export const LINKED_CLAIMS = [
  "identities",
  "identities_set",
  "identity_providers",
  "session_info",
] as const;

/** Every location that decides anything for tokens of the issuer, sorted. */
export function mentionedLocations(policy: Policy, issuer: Issuer): string[] {
  const found = new Set<string>();
  const add = (location: string) => found.add(locationOf(claimPath(location)));
  const addAttribute = (attribute: IdentityAttribute) => {
    attributeLocations(attribute, issuer).forEach(add);
    if (kindRow(issuer).linked) LINKED_CLAIMS.forEach(add);
  };
  for (const location of assuranceLocations(policy.assurance, issuer)) {
    add(location);
  }
  for (const rule of policy.rules) {
    if (rule.issuers !== null && !rule.issuers.includes(issuer.name)) continue;
    for (const { claim, operator } of rule.when) {
      add(claimLocation(issuer, claim));
      if (operator === "none") ELSEWHERE_CLAIMS.forEach(add);
    }
    if (rule.effect === "deny") ELSEWHERE_CLAIMS.forEach(add);
    for (const location of assuranceLocations(rule.assurance, issuer)) {
      add(location);
    }
    for (const source of rule.accounts ?? []) {
      if (source.source === "claim") add(source.claim);
      if (source.source === "identity") addAttribute(source.attribute);
      for (const key of "keys" in source ? source.keys : []) {
        const attribute = keyAttribute(key);
        if (attribute === null) add(key);
        else addAttribute(attribute);
      }
    }
  }
  return [...found].sort();
}

function assuranceLocations(assurance: Assurance, issuer: Issuer): string[] {
  const { idp, amr, acr, auth_time } = issuer.claims;
  const { permitted_idps, mfa, max_auth_age, same_identity } = assurance;
  const any = permitted_idps !== null || mfa || max_auth_age !== null ||
    same_identity;
  return [
    ...(permitted_idps === null ? [] : [idp]),
    ...(mfa ? [amr, acr] : []),
    // an auth_time in the future fails every requirement, not only an age
    ...(any ? [auth_time] : []),
    ...(same_identity ? ["sub"] : []),
    ...(any && kindRow(issuer).linked ? LINKED_CLAIMS : []),
  ];
}

/**
 * The part of the document at the given locations. With `absent: "null"`, a location that holds
 * nothing is kept as `null`, which no policy can tell from nothing: it shows that it was looked at.
 */
export function restrictClaims(
  claims: Claims,
  locations: readonly string[],
  options: { absent: "null" | "left out" },
): Claims {
  let result: Claims = {};
  for (const location of locations) {
    const value = readClaim(claims, location);
    // whether these are there at all says what sort of document it is
    const leftOut = options.absent === "left out" ||
      LINKED_CLAIMS.some((name) => name === location) ||
      ELSEWHERE_CLAIMS.includes(location);
    if (value === undefined && leftOut) continue;
    result = withPart(result, claims, {
      path: claimPath(location),
      value: value ?? null,
    });
  }
  return result;
}

/** Sets a value where `original` has it, lists staying lists. */
function withPart(
  target: unknown,
  original: unknown,
  part: { path: readonly string[]; value: unknown },
): Claims {
  const [step, ...rest] = part.path;
  if (step === undefined) return part.value as Claims;
  if (Array.isArray(original)) {
    const list: unknown[] = Array.isArray(target) ? [...target] : [];
    const index = Number(step);
    if (!/^(?:0|[1-9][0-9]{0,5})$/.test(step) || index >= original.length) {
      return list as unknown as Claims;
    }
    while (list.length <= index) list.push(null);
    list[index] = withPart(list[index], original[index], {
      ...part,
      path: rest,
    });
    return list as unknown as Claims;
  }
  // a scalar in the way says by itself that there is nothing below it
  if (original !== undefined && original !== null && !isObject(original)) {
    return original as unknown as Claims;
  }
  const members = isObject(target) ? target : {};
  const inner = isObject(original) && Object.hasOwn(original, step)
    ? original[step]
    : undefined;
  const own = Object.hasOwn(members, step) ? members[step] : undefined;
  return setOwn(members, step, withPart(own, inner, { ...part, path: rest }));
}

/** Assigning `__proto__` would run its setter on an ordinary object. */
function setOwn(claims: Claims, name: string, value: unknown): Claims {
  return Object.defineProperty({ ...claims }, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
