/**
 * Looking into a claims document. Claims are hostile: only own members, never the prototype.
 *
 * @module
 */
import { isObject } from "../lib/json.ts";

/** A JSON object as it was verified. */
export type Claims = Readonly<Record<string, unknown>>;

/** The members to follow to a location: a name alone, or the steps of a JSON Pointer (RFC 6901). */
export function claimPath(location: string): string[] {
  return location.startsWith("/")
    ? location.slice(1).split("/").map((step) =>
      step.replaceAll("~1", "/").replaceAll("~0", "~")
    )
    : [location];
}

/** The location that a path is written as: the shortest form that reads back the same. */
export function locationOf(path: readonly string[]): string {
  const [first = ""] = path;
  return path.length === 1 && first !== "" && !first.startsWith("/")
    ? first
    : path.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`)
      .join("");
}

/**
 * The value at a location: a member's name, or a JSON Pointer (RFC 6901) when it begins with "/".
 * `undefined` when there is none.
 */
export function readClaim(claims: Claims, location: string): unknown {
  let value: unknown = claims;
  for (const key of claimPath(location)) {
    if (Array.isArray(value)) {
      value = /^(?:0|[1-9][0-9]{0,5})$/.test(key)
        ? value[Number(key)]
        : undefined;
    } else value = own(value, key);
    if (value === undefined) return undefined;
  }
  return value;
}

/**
 * Whether the issuer says of a claim that is not in this document that it lies elsewhere: by
 * `_claim_names` (OpenID Connect Core section 5.6.2), or for groups by `hasgroups`, which Entra ID
 * sends where there are too many of them.
 */
export function isToldElsewhere(claims: Claims, location: string): boolean {
  const [name = ""] = claimPath(location);
  if (name === "groups" && own(claims, "hasgroups") === true) return true;
  const names = own(claims, "_claim_names");
  if (names === undefined || names === null) return false;
  // what does not say which claims it is about may be about any
  return !isObject(names) || Object.hasOwn(names, name);
}

/** The members of a claims document that say where claims lie, see {@link isToldElsewhere}. */
export const ELSEWHERE_CLAIMS: readonly string[] = [
  "_claim_names",
  "hasgroups",
];

function own(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

// Changing one claim of a document, for test cases: the document itself stays as it is.

/**
 * A copy in which the location (a member's name, or a JSON Pointer) has this value; `undefined`
 * removes it. What stands in the way of a pointer is replaced by an object.
 */
export function withClaim(
  claims: Claims,
  location: string,
  value: unknown,
): Claims {
  return edited(claims, claimPath(location), value) as Claims;
}

function edited(
  target: unknown,
  steps: readonly string[],
  value: unknown,
): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (Array.isArray(target) && /^(?:0|[1-9][0-9]{0,5})$/.test(step)) {
    const copy = [...target];
    copy[Number(step)] = edited(copy[Number(step)], rest, value);
    return copy;
  }
  const copy: Record<string, unknown> = Object.create(null);
  if (isObject(target)) Object.assign(copy, target);
  const inner = edited(copy[step], rest, value);
  if (inner === undefined) delete copy[step];
  else copy[step] = inner;
  return copy;
}
