/**
 * Which accounts a rule's sources can yield, and whether another rule's yield them too.
 *
 * @module
 */
import type { AccountSource } from "../../../policy/model.ts";
import { ACCOUNT_NAME } from "../../../policy/account_name.ts";
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

/** Whether a source yields no account for anybody who meets the constraints on the claims. */
export function noAccount(
  source: AccountSource,
  constraintOn: (claim: string) => ClaimConstraint | undefined,
): boolean {
  if (source.source === "map") return source.map.length === 0;
  if (source.source !== "claim") return false;
  const constraint = constraintOn(source.claim);
  if (constraint === undefined) return false;
  if (constraint.list) return true; // a list is not an account name
  const suffix = source.strip_suffix;
  if (constraint.values !== null) {
    return constraint.values.every((value) => {
      const account = stripped(value, suffix);
      return account === null || !ACCOUNT_NAME.test(account);
    });
  }
  return constraint.globs.some((glob) =>
    suffix === null
      ? /[^a-z0-9_.*-]/.test(glob)
      : disjointEnds(globEnd(glob), suffix)
  );
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
