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
import {
  checkCondition,
  claimLocation,
  isListed,
  isScalar,
  operand,
  wordsOf,
} from "../../../policy/evaluate/conditions.ts";
import { isObject } from "../../../lib/json.ts";
import { nearest, shown } from "../../../lib/text.ts";
import type { Kind } from "../../../policy/kinds.ts";
import type { Condition, Issuer, Scalar } from "../../../policy/model.ts";
import { isGroupPath } from "../../../policy/evaluate/spelling.ts";
import { providerHints } from "./providers.ts";
import { type Hint, textHint, textsHint } from "./hint.ts";

/** Why a condition that does not hold almost does. */
export function conditionHints(
  condition: Condition,
  { issuer, claims }: { issuer: Issuer; claims: Claims },
): Hint[] {
  const location = claimLocation(issuer, condition.claim);
  const actual = readClaim(claims, location);
  if (actual === undefined || actual === null) {
    return [
      ...providerHints(location, issuer),
      ...missingHints(location, {
        claims,
        called: condition.claim,
        fits: (value) => fits(condition, value, issuer),
      }),
    ];
  }
  const name = shown(location);
  const { operator } = condition;
  const wantsList = operator === "any" || operator === "all" ||
    operator === "none";
  const bare = isListed(issuer, location) && isScalar(actual);
  if (wantsList && !Array.isArray(actual) && !bare) {
    if (isObject(actual)) {
      return [memberHint(name, { actual, condition, location })];
    }
    const texts = wantedTexts(condition);
    return [
      packedHint(name, { texts, sent: actual }) ?? {
        kind: "list-expected",
        message: `${name} is ${
          described(actual)
        }, and "${operator}" looks into a list: name it under "lists" of the issuer, or use "in" or "like" for a single value`,
      },
    ];
  }
  if (!wantsList && Array.isArray(actual)) {
    const looks = operator === "word"
      ? "looks into a text"
      : operator === "has"
      ? "looks into an object"
      : "compares a single value";
    return [{
      kind: "list-unexpected",
      message: `${name} is a list, and "${operator}" ${looks}: use "any"`,
    }];
  }
  if (operator === "has" && !isObject(actual)) {
    return [{
      kind: "type",
      message: `${name} is ${
        described(actual)
      }, and "has" looks into an object: use "in", or "word" for one of several in a text`,
    }];
  }
  if (operator === "none") return [];
  if (condition.operator === "like") {
    return typeof actual === "string"
      ? suffixHints(condition.pattern, actual)
      : [typeHint(name, { actual, wanted: condition.pattern })];
  }
  const found: readonly unknown[] = Array.isArray(actual)
    ? actual
    : operator === "has" && isObject(actual)
    ? Object.keys(actual)
    : operator === "word" && typeof actual === "string"
    ? wordsOf(actual)
    : [actual];
  const wanted = [operand(condition)].flat() as Scalar[];
  return valueHints(name, {
    // of "all", what is there is not what fails
    wanted: operator === "all"
      ? wanted.filter((value) => !found.includes(value))
      : wanted,
    actual: found,
    single: isScalar(actual),
    kind: issuer.kind,
  });
}

/** Several values in one text, of which one is wanted. */
function packedHint(
  name: string,
  { texts, sent }: { texts: readonly string[]; sent: unknown },
): Hint | null {
  const [text] = [sent].flat();
  if (typeof text !== "string") return null;
  const parts = wordsOf(text).filter((part) => part !== "");
  const found = parts.find((part) => texts.includes(part));
  if (parts.length < 2 || found === undefined) return null;
  return {
    kind: "list-expected",
    message: `${name} packs several values into the one text ${shown(text)}` +
      // an entry of a list is nothing that "word" looks into
      (Array.isArray(sent) ? "" : `: ask for {word: ${shown(found)}}`),
  };
}

function wantedTexts(condition: Condition): string[] {
  return [operand(condition)].flat()
    .filter((value) => typeof value === "string");
}

/** An object where a list is looked into: its members may be what is meant. */
function memberHint(
  name: string,
  { actual, condition, location }: {
    actual: Readonly<Record<string, unknown>>;
    condition: Condition;
    location: string;
  },
): Hint {
  const member = wantedTexts(condition).find((value) =>
    Object.hasOwn(actual, value)
  );
  const pointer = locationOf([...claimPath(location), member ?? "MEMBER"]);
  return {
    kind: "type",
    message: `${name} is an object, and "${condition.operator}" looks into a ` +
      `list: ` +
      (member === undefined
        ? `name a member of it with a JSON Pointer, such as ${shown(pointer)}`
        : `ask whether it has the member, {has: ${shown(member)}}`),
  };
}

function valueHints(
  name: string,
  { wanted, actual, single, kind }: {
    wanted: readonly Scalar[];
    actual: readonly unknown[];
    /** It is a value of its own, and not one of a list. */
    single: boolean;
    kind: Kind;
  },
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
  for (const item of found) {
    const packed = packedHint(name, { texts, sent: single ? item : [item] });
    if (packed !== null) return [packed];
  }
  const hint = pathHint({ texts, found, kind }) ?? textsHint(texts, found);
  return hint === null ? [] : [hint];
}

/** A group that is written with its whole path, or is not. */
function pathHint(
  { texts, found, kind }: {
    texts: readonly string[];
    found: readonly string[];
    kind: Kind;
  },
): Hint | null {
  for (const wanted of texts) {
    const path = found.find((text) => isGroupPath(wanted, text));
    if (path === undefined) continue;
    const who = kind === "wlcg" ? "WLCG" : "Keycloak";
    return {
      kind: "group-path",
      message: path.startsWith("/")
        ? `${who} writes full group paths: write ${shown(path)} in the rule, ` +
          `not ${shown(wanted)}`
        : `the rule wants the full group path ${shown(wanted)}, and the ` +
          `issuer sends ${shown(path)}: ${who} writes full group paths where ` +
          "its mapper says so",
    };
  }
  return null;
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

/** Whether a value that lies elsewhere is what the condition wants, and not by accident. */
function fits(condition: Condition, value: unknown, issuer: Issuer): boolean {
  const telling = condition.operator === "like"
    ? condition.pattern.replaceAll("*", "").length > 3
    : condition.operator !== "none" &&
      [operand(condition)].flat().every((wanted) =>
        typeof wanted === "string" && wanted.length > 1
      );
  return telling && checkCondition({ ...condition, claim: "/value" }, {
    issuer,
    claims: { value },
  }).holds;
}

/** Where a claim that is not there might be instead; `fits` tells by its value. */
export function missingHints(
  location: string,
  { claims, called, fits = () => false }: {
    claims: Claims;
    called: string;
    fits?: (value: unknown) => boolean;
  },
): Hint[] {
  const path = claimPath(location);
  const last = path.at(-1) ?? location;
  const { names: there, above } = deepest(claims, path);
  // a claim that is null is there, and is not meant
  const names = there.filter((name) => name !== path[above.length]);
  const beside = (name: string | undefined) =>
    name === undefined ? undefined : locationOf([...above, name]);
  const all = [...locationsIn(claims)].filter((each) =>
    each.location !== location
  );
  const instead =
    [called, last].find((name) =>
      name !== location && Object.hasOwn(claims, name)
    ) ??
      beside(
        names.find((name) =>
          name.toLowerCase() === path[above.length]?.toLowerCase()
        ) ??
          // "https://example.edu/groups", "urn:example:groups"
          names.find((name) =>
            /[/:]/.test(name) && name.split(/[/:]/).at(-1) === last
          ),
      ) ??
      all.find(({ path }) => path.length > 1 && path.at(-1) === last)
        ?.location ??
      all.find(({ value }) => fits(value))?.location ??
      beside(nearest(path[above.length] ?? location, names));
  return instead === undefined ? [] : [{
    kind: "claim-name",
    message: `there is no claim at ${shown(location)}, but one at ${
      shown(instead)
    }`,
  }];
}

/** So many members of a document are looked at, and so deep: a hint is not worth more. */
const MAX_LOCATIONS = 500;
const MAX_DEPTH = 4;

/** Every member of the document, the outer ones first. */
function* locationsIn(
  claims: Claims,
): Generator<{ path: readonly string[]; location: string; value: unknown }> {
  let level: { path: readonly string[]; value: object }[] = [
    { path: [], value: claims },
  ];
  let looked = 0;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const below: typeof level = [];
    for (const { path: above, value: object } of level) {
      for (const [name, value] of Object.entries(object)) {
        if (++looked > MAX_LOCATIONS) return;
        // what says where claims lie is not a place of them
        if (depth === 0 && name.startsWith("_claim_")) continue;
        const path = [...above, name];
        yield { path, location: locationOf(path), value };
        if (isObject(value)) below.push({ path, value });
      }
    }
    level = below;
  }
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
