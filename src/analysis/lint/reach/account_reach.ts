/**
 * Which accounts a rule's sources can yield, and whether another rule's yield them too.
 *
 * @module
 */
import type { AccountSource } from "../../../policy/model.ts";
import {
  type IdentityAttribute,
  keyAttribute,
} from "../../../policy/identity_claims.ts";
import { matchesGlob } from "../../../policy/evaluate/conditions.ts";
import {
  type AccountPattern,
  isAccountName,
} from "../../../policy/account_name.ts";
import { stripped } from "../../../policy/evaluate/accounts.ts";
import {
  type ClaimConstraint,
  disjointEnds,
  globEnd,
} from "./claim_constraint.ts";

type Sources = readonly AccountSource[] | null;

/** Whether every account of `inner` is one of `outer`, for every person; `null`: all accounts. */
export function coversAccounts(outer: Sources, inner: Sources): boolean {
  if (outer === null) return true;
  return inner?.every((source) => coversSource(outer, source)) ?? false;
}

function coversSource(
  outer: readonly AccountSource[],
  inner: AccountSource,
): boolean {
  const named = (account: string) =>
    outer.some((source) =>
      source.source === "names" && source.names.includes(account)
    );
  switch (inner.source) {
    case "names":
      return inner.names.every(named);
    case "map":
      return inner.map.every(({ accounts }) => accounts.every(named)) ||
        outer.some((source) => mapWithin(inner, source));
    case "map_file":
      return outer.some((source) =>
        source.source === "map_file" && source.path === inner.path &&
        inner.keys.every((key) => source.keys.includes(key))
      );
    case "claim":
      return outer.some((source) =>
        source.source === "claim" && source.claim === inner.claim &&
        source.strip_suffix === inner.strip_suffix
      );
    case "identity":
      return outer.some((source) =>
        source.source === "identity" && source.attribute === inner.attribute &&
        source.strip_suffix === inner.strip_suffix
      );
  }
}

function mapWithin(
  inner: Extract<AccountSource, { source: "map" }>,
  outer: AccountSource,
): boolean {
  return outer.source === "map" &&
    inner.keys.every((key) => outer.keys.includes(key)) &&
    inner.map.every(({ key, accounts }) => {
      const wide = outer.map.find((entry) => entry.key === key)?.accounts ?? [];
      return accounts.every((account) => wide.includes(account));
    });
}

/** What is known of the claims that the sources of a rule read. */
interface Known {
  readonly constraintOn: (claim: string) => ClaimConstraint | undefined;
  /** Attributes of linked identities are in no claim of their own. */
  readonly linked: boolean;
  /** The policy's `accounts_pattern`. */
  readonly pattern: AccountPattern;
}

/** Whether a source yields no account for anybody who meets the constraints on the claims. */
export function noAccount(source: AccountSource, known: Known): boolean {
  switch (source.source) {
    case "names":
      return false;
    case "map":
    case "map_file":
      return source.keys.every((key) => findsNothing(source, key, known));
    case "claim":
      return isNoAccount(known.constraintOn(source.claim), source, known);
    case "identity": {
      const claim = attributeClaim(source.attribute, known);
      return claim !== null &&
        isNoAccount(known.constraintOn(claim), source, known);
    }
  }
}

/** The claim that the attribute of a single identity is, whatever the kind of its issuer. */
function attributeClaim(
  attribute: IdentityAttribute,
  { linked }: Known,
): string | null {
  if (linked || attribute === "username") return null;
  return attribute === "id" ? "sub" : "email";
}

function isNoAccount(
  constraint: ClaimConstraint | undefined,
  { strip_suffix: suffix }: { readonly strip_suffix: string | null },
  { pattern }: Known,
): boolean {
  if (constraint === undefined) return false;
  // neither is an account name
  if (constraint.list || constraint.members.size > 0) return true;
  if (constraint.values !== null) {
    return constraint.values.every((value) => {
      const account = stripped(value, suffix);
      return account === null || !isAccountName(account, pattern);
    });
  }
  return constraint.globs.some((glob) =>
    suffix === null
      ? (pattern === "posix" ? /[^a-z0-9_.*-]/ : /[^\w.*@\\-]/).test(glob)
      : disjointEnds(globEnd(glob), suffix)
  );
}

/** Whether a map has nothing under whatever the key may be. */
function findsNothing(
  source: AccountSource & { source: "map" | "map_file" },
  key: string,
  known: Known,
): boolean {
  if (source.source === "map" && source.map.length === 0) return true;
  const attribute = keyAttribute(key);
  const claim = attribute === null ? key : attributeClaim(attribute, known);
  const constraint = claim === null ? undefined : known.constraintOn(claim);
  if (constraint === undefined) return false;
  const { list, values, globs, members } = constraint;
  if (list || members.size > 0) return true; // only a text is looked up
  return source.source === "map"
    ? !source.map.some((entry) =>
      (values?.includes(entry.key) ?? true) &&
      globs.every((glob) => matchesGlob(glob, entry.key))
    )
    : !(values?.some((value) => typeof value === "string") ?? true);
}

/** Words that two rules must share if one is to cover the other's first source. */
export function accountWords(source: AccountSource): readonly string[] {
  switch (source.source) {
    case "names":
      return source.names.map((name) => `account ${name}`);
    case "map":
      return source.map.flatMap(({ accounts }) =>
        accounts.map((name) => `account ${name}`)
      );
    case "map_file":
      return [`file ${source.path}`];
    case "claim":
      return [`claim ${source.claim} ${source.strip_suffix}`];
    case "identity":
      return [`identity ${source.attribute} ${source.strip_suffix}`];
  }
}
