/**
 * What the rules of one side ask of claims, networks and services.
 *
 * @module
 */
import { askedOf } from "../../policy/evaluate/accounts.ts";
import { claimLocation, isListed } from "../../policy/evaluate/conditions.ts";
import {
  attributeLocations,
  type IdentityAttribute,
  keyAttribute,
} from "../../policy/identity_claims.ts";
import { claimPath, locationOf } from "../../policy/claims.ts";
import type {
  AccountSource,
  Condition,
  Issuer,
  Rule,
} from "../../policy/model.ts";
import {
  isLinked,
  isShared,
  requirementsOf,
  requiresAnything,
  type Side,
  sourcesFor,
} from "./side.ts";
import type { Uses } from "./space.ts";

/** The attributes of all linked identities together, as if they were one list. */
export function linkedLocation(attribute: IdentityAttribute): string {
  return `/\0identities/${attribute}`;
}

/** Adds what a rule asks when the account is requested; `null` for what it asks of anybody. */
export function addUses(
  uses: Uses,
  rule: Rule,
  context: { side: Side; account: string | null },
): void {
  const { side, account } = context;
  for (const condition of rule.when) {
    addCondition(uses, condition, side);
    if (rule.effect === "deny" || condition.operator === "none") {
      uses.of(claimLocation(side.issuer, condition.claim)).untold = true;
    }
  }
  const sources = account === null ? rule.accounts : sourcesFor(rule, account);
  const shared = account !== null && isShared(rule, account);
  for (const source of shared ? [] : sources ?? []) {
    addSource(uses, source, context);
    if (rule.effect === "deny") addUntold(uses, source, side);
  }
  if (rule.effect === "allow" && !isLinked(side)) {
    addAssurance(uses, rule, { side, shared });
  }
}

function addCondition(uses: Uses, condition: Condition, side: Side): void {
  const location = claimLocation(side.issuer, condition.claim);
  const use = uses.of(location);
  const bare = isListed(side.issuer, location);
  switch (condition.operator) {
    case "equals":
      use.scalars.add(condition.value);
      break;
    case "in":
      condition.values.forEach((value) => use.scalars.add(value));
      break;
    case "like":
      use.addGlob(condition.pattern);
      break;
    case "word":
      use.addWord(condition.text);
      break;
    case "has":
      uses.of(memberLocation(condition, side.issuer));
      break;
    case "any":
    case "none":
      use.sets.push([...condition.values]);
      if (bare) condition.values.forEach((value) => use.scalars.add(value));
      break;
    case "all":
      condition.values.forEach((value) => use.singles.add(value));
      if (bare) condition.values.forEach((value) => use.scalars.add(value));
      break;
  }
}

/** Where a member is that a condition asks for. */
export function memberLocation(
  { claim, text }: Condition & { operator: "has" | "word" },
  issuer: Issuer,
): string {
  return locationOf([...claimPath(claimLocation(issuer, claim)), text]);
}

function addAssurance(
  uses: Uses,
  rule: Rule,
  { side, shared }: { side: Side; shared: boolean },
): void {
  const required = requirementsOf(rule, side);
  const { claims, mfa, clock_skew } = side.issuer;
  for (const list of required.permittedIdps) {
    list.forEach((idp) => uses.of(claims.idp).scalars.add(idp));
  }
  if (required.mfa) {
    const amr = uses.of(claims.amr);
    amr.sets.push([...mfa.amr_any]);
    if (isListed(side.issuer, claims.amr)) {
      mfa.amr_any.forEach((method) => amr.scalars.add(method));
    }
    amr.stringsOnly = true;
    mfa.acr_any.forEach((acr) => uses.of(claims.acr).scalars.add(acr));
    uses.of(claims.acr);
  }
  const bound = required.sameIdentity && !shared;
  if (bound) uses.of("sub");
  if (!requiresAnything(required) && !bound) return;
  const { ages } = uses.of(claims.auth_time);
  for (const age of ageLimits(required.maxAuthAge, clock_skew)) ages.add(age);
}

/** This very moment, and ages on both sides of each limit: one in each range between limits. */
export function ageLimits(maxAge: number | null, skew: number): number[] {
  return [
    0,
    ...(maxAge === null ? [] : [maxAge, maxAge + 1]),
    -skew,
    -skew - 1,
  ];
}

function addSource(
  uses: Uses,
  source: AccountSource,
  { side, account }: { side: Side; account: string | null },
): void {
  switch (source.source) {
    case "names":
      return;
    case "claim": {
      const use = uses.of(source.claim);
      if (account !== null) {
        use.scalars.add(account + (source.strip_suffix ?? ""));
      }
      return;
    }
    case "identity": {
      const values = account === null
        ? []
        : [account + (source.strip_suffix ?? "")];
      addAttribute(uses, source.attribute, { side, values, file: null });
      return;
    }
    case "map":
    case "map_file":
      for (const key of source.keys) {
        const attribute = keyAttribute(key);
        const values = source.source === "map"
          ? source.map.map((entry) => entry.key)
          : [];
        const file = source.source === "map_file" ? source.path : null;
        if (attribute !== null) {
          addAttribute(uses, attribute, { side, values, file });
          continue;
        }
        const use = uses.of(key);
        values.forEach((value) => use.scalars.add(value));
        if (file !== null) use.files.add(file);
      }
  }
}

/** A deny rule also matches where it cannot be told which accounts a source gives. */
function addUntold(uses: Uses, source: AccountSource, side: Side): void {
  for (const { locations, linked } of askedOf(source, side.issuer)) {
    if (linked) continue;
    for (const location of locations) uses.of(location).untold = true;
  }
}

function addAttribute(
  uses: Uses,
  attribute: IdentityAttribute,
  asked: { side: Side; values: readonly string[]; file: string | null },
): void {
  if (isLinked(asked.side)) {
    // an unknown map file is a fact of its own there, see encode.ts
    uses.of(linkedLocation(attribute)).sets.push([...asked.values]);
    return;
  }
  for (const location of attributeLocations(attribute, asked.side.issuer)) {
    const use = uses.of(location);
    asked.values.forEach((value) => use.scalars.add(value));
    if (asked.file !== null) use.files.add(asked.file);
  }
}
