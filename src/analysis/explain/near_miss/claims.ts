/**
 * Near misses of conditions: the claim has another name or type, or almost the value.
 *
 * @module
 */
import {
  claimPath,
  type Claims,
  locationOf,
  readClaim,
} from "../../../policy/claims.ts";
import { claimLocation, operand } from "../../../policy/evaluate/conditions.ts";
import { nearest, shown } from "../../../lib/text.ts";
import type { Condition, Issuer, Scalar } from "../../../policy/model.ts";
import { type Hint, textHint, textsHint } from "./hint.ts";

/** Why a condition that does not hold almost does. */
export function conditionHints(
  condition: Condition,
  { issuer, claims }: { issuer: Issuer; claims: Claims },
): Hint[] {
  const location = claimLocation(issuer, condition.claim);
  const actual = readClaim(claims, location);
  if (actual === undefined || actual === null) {
    return missingHints(location, { claims, called: condition.claim });
  }
  const name = shown(location);
  const { operator } = condition;
  const wantsList = operator === "any" || operator === "all" ||
    operator === "none";
  if (wantsList && !Array.isArray(actual)) {
    return [{
      kind: "list-expected",
      message: `${name} is ${
        described(actual)
      }, and "${operator}" looks into a list: use "in" or "like" for a single value`,
    }];
  }
  if (!wantsList && Array.isArray(actual)) {
    return [{
      kind: "list-unexpected",
      message:
        `${name} is a list, and "${operator}" compares a single value: use "any"`,
    }];
  }
  if (operator === "none") return [];
  if (condition.operator === "like") {
    return typeof actual === "string"
      ? suffixHints(condition.pattern, actual)
      : [typeHint(name, { actual, wanted: condition.pattern })];
  }
  return valueHints(name, {
    wanted: [operand(condition)].flat() as Scalar[],
    actual: Array.isArray(actual) ? actual : [actual],
  });
}

function valueHints(
  name: string,
  { wanted, actual }: { wanted: readonly Scalar[]; actual: readonly unknown[] },
): Hint[] {
  for (const value of wanted) {
    const same = actual.find((item) =>
      typeof item !== typeof value && isScalar(item) &&
      String(item) === String(value)
    );
    if (same !== undefined) {
      return [typeHint(name, { actual: same, wanted: value })];
    }
  }
  const texts = wanted.filter((value) => typeof value === "string");
  const found = actual.filter((item) => typeof item === "string");
  const packed = found.find((item) => {
    const parts = item.split(/[ ,;]+/).filter((part) => part !== "");
    return parts.length > 1 && parts.some((part) => texts.includes(part));
  });
  if (packed !== undefined) {
    return [{
      kind: "list-expected",
      message: `${name} packs several values into the one text ${
        shown(packed)
      }`,
    }];
  }
  const hint = textsHint(texts, found);
  return hint === null ? [] : [hint];
}

function typeHint(
  name: string,
  { actual, wanted }: { actual: unknown; wanted: Scalar },
): Hint {
  return {
    kind: "type",
    message: `${name} is ${described(actual)}, and the rule wants ${
      described(wanted)
    }: nothing is converted`,
  };
}

/** `the text "true"`, `the value true`: what JSON tells apart and people do not. */
export function described(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return `the text ${shown(value)}`;
  if (isScalar(value)) return `the value ${shown(value)}`;
  return "an object";
}

function isScalar(value: unknown): value is Scalar {
  return ["string", "number", "boolean"].includes(typeof value);
}

/** How a value misses the fixed end of a glob, or a suffix to cut off. */
export function suffixHints(pattern: string, actual: string): Hint[] {
  const end = pattern.slice(pattern.lastIndexOf("*") + 1);
  const whole = pattern === end ? textHint(pattern, actual) : null;
  if (whole !== null) return [whole];
  if (end === "" || actual.endsWith(end)) return [];
  const hint = textHint(end, actual.slice(-end.length)) ??
    textHint(end, actual.trim().slice(-end.length)) ??
    textHint(end, actual.slice(-end.length - 1));
  if (hint !== null) {
    return [{
      kind: hint.kind,
      message: `the end of ${shown(actual)}: ${hint.message}`,
    }];
  }
  const domain = end.slice(end.indexOf("@") + 1);
  const host = actual.slice(actual.lastIndexOf("@") + 1);
  if (actual.includes(end)) {
    const message = `${shown(actual)} goes on after ${shown(end)}`;
    return [{ kind: "suffix", message }];
  }
  if (host.endsWith(`.${domain}`)) {
    const message = `${shown(host)} is below ${shown(domain)}, not the same`;
    return [{ kind: "suffix", message }];
  }
  if (nearest(host, [domain]) !== undefined) {
    const message = `the end of ${shown(actual)} is almost ${shown(end)}`;
    return [{ kind: "suffix", message }];
  }
  return [];
}

/** Where a claim that is not there might be instead. */
export function missingHints(
  location: string,
  { claims, called }: { claims: Claims; called: string },
): Hint[] {
  const path = claimPath(location);
  const last = path.at(-1) ?? location;
  const { names, above } = deepest(claims, path);
  const elsewhere = [called, last].find((name) =>
    name !== location && Object.hasOwn(claims, name)
  );
  const instead = elsewhere ??
    names.find((name) =>
      name.toLowerCase() === path[above.length]?.toLowerCase()
    ) ??
    // "https://example.edu/groups", "urn:example:groups"
    names.find((name) =>
      /[/:]/.test(name) && name.split(/[/:]/).at(-1) === last
    ) ??
    nearest(path[above.length] ?? location, names);
  if (instead === undefined) return [];
  const there = elsewhere === undefined
    ? locationOf([...above, instead])
    : elsewhere;
  return [{
    kind: "claim-name",
    message: `there is no claim at ${shown(location)}, but one at ${
      shown(there)
    }`,
  }];
}

/** How far the path can be followed, and what there is at its end. */
function deepest(
  claims: Claims,
  path: readonly string[],
): { names: string[]; above: string[] } {
  let value: unknown = claims;
  const above: string[] = [];
  for (const step of path.slice(0, -1)) {
    const inner = value !== null && typeof value === "object" &&
        Object.hasOwn(value, step)
      ? (value as Record<string, unknown>)[step]
      : undefined;
    if (inner === null || typeof inner !== "object") break;
    above.push(step);
    value = inner;
  }
  const names = Array.isArray(value) ? [] : Object.keys(value as object);
  return { names, above };
}
