/**
 * Which local accounts an identity may use.
 *
 * @module
 */
import { kindRow } from "../kinds.ts";
import {
  attributeLocations,
  type IdentityAttribute,
  keyAttribute,
} from "../identity_claims.ts";
import type { AccountSource, Issuer } from "../model.ts";
import { type AccountPattern, isAccountName } from "../account_name.ts";
import { type Claims, isToldElsewhere, readClaim } from "../claims.ts";
import { accountsOf } from "./map_file.ts";
import type { Identity, Subject } from "../request.ts";

/** An account with the identity it comes from; `null` when it belongs to no identity (`names`). */
export interface MappedAccount {
  readonly account: string;
  readonly identity: string | null;
  readonly source: AccountSource["source"];
}

/** The text of each map file that the policy names, by path. */
export type MapFiles = ReadonlyMap<string, string>;

/**
 * Every account that the sources give to the subject. Values that are not account names are
 * dropped, never trimmed or folded into one.
 *
 * Throws when a map file was not handed in: a decision without it would be a guess.
 */
export function mappedAccounts(
  sources: readonly AccountSource[],
  subject: Subject,
  { mapFiles, pattern = "posix" }: {
    mapFiles: MapFiles;
    pattern?: AccountPattern;
  },
): MappedAccount[] {
  return sources.flatMap((source) =>
    candidates(source, subject, mapFiles).map((candidate) => ({
      ...candidate,
      source: source.source,
    }))
  ).filter(({ account }) => isAccountName(account, pattern));
}

/** Why it cannot be told whether a source gives an account. */
interface UntoldSource {
  /** The place of the source in the list. */
  readonly index: number;
  readonly because: "claim_type" | "claim_distributed" | "identities_untold";
  readonly actual: unknown;
}

/**
 * The first source of which it cannot be told which accounts it gives: its claim is there but no
 * text, or lies elsewhere, or it asks for linked identities that the issuer did not tell about.
 */
export function untoldSource(
  sources: readonly AccountSource[],
  subject: Subject,
  { issuer }: { issuer: Issuer },
): UntoldSource | null {
  for (const [index, source] of sources.entries()) {
    for (const { locations, linked } of askedOf(source, issuer)) {
      if (linked && subject.untold === true) {
        return { index, because: "identities_untold", actual: null };
      }
      const untold = linked ? null : untoldClaim(subject.claims, locations);
      if (untold !== null) return { index, ...untold };
    }
  }
  return null;
}

/** The first claim that is there and no text, or lies elsewhere. */
function untoldClaim(
  claims: Claims,
  locations: readonly string[],
): Omit<UntoldSource, "index"> | null {
  for (const location of locations) {
    const actual = readClaim(claims, location) ?? null;
    if (typeof actual === "string") continue;
    if (actual !== null) return { because: "claim_type", actual };
    if (isToldElsewhere(claims, location)) {
      return { because: "claim_distributed", actual };
    }
  }
  return null;
}

/** What a source asks of a subject: claims, of which the first that is a text counts, or linked identities. */
export function askedOf(
  source: AccountSource,
  issuer: Issuer,
): { locations: readonly string[]; linked: boolean }[] {
  const attribute = (name: IdentityAttribute) => ({
    locations: attributeLocations(name, issuer),
    linked: kindRow(issuer).linked,
  });
  switch (source.source) {
    case "names":
      return [];
    case "claim":
      return [{ locations: [source.claim], linked: false }];
    case "identity":
      return [attribute(source.attribute)];
    case "map":
    case "map_file":
      return source.keys.map((key) => {
        const name = keyAttribute(key);
        return name === null
          ? { locations: [key], linked: false }
          : attribute(name);
      });
  }
}

interface Candidate {
  readonly account: string;
  readonly identity: string | null;
}

function candidates(
  source: AccountSource,
  subject: Subject,
  mapFiles: MapFiles,
): Candidate[] {
  const own = subject.identities[0]?.id ?? null;
  switch (source.source) {
    case "names":
      return source.names.map((account) => ({ account, identity: null }));
    case "claim": {
      const account = stripped(
        readClaim(subject.claims, source.claim),
        source.strip_suffix,
      );
      return account === null ? [] : [{ account, identity: own }];
    }
    case "identity":
      return subject.identities.flatMap((identity) => {
        const account = stripped(
          identity[source.attribute],
          source.strip_suffix,
        );
        return account === null ? [] : [{ account, identity: identity.id }];
      });
    case "map":
      return keysOf(source.keys, subject).flatMap(({ key, identity }) =>
        source.map.filter((entry) => entry.key === key)
          .flatMap(({ accounts }) =>
            accounts.map((account) => ({ account, identity }))
          )
      );
    case "map_file": {
      const text = mapFiles.get(source.path);
      if (text === undefined) {
        throw new Error(`the map file "${source.path}" was not read`);
      }
      return keysOf(source.keys, subject).flatMap(({ key, identity }) =>
        accountsOf(text, key).map((account) => ({ account, identity }))
      );
    }
  }
}

/**
 * The account name that is left of a value when the suffix is cut off, or `null`.
 *
 * A suffix with "@" is what follows the first "@" of the value, whole: `joe@a@b.org` does not end
 * in "@b.org" for this purpose. What is left names no domain: people of one never get the account of
 * another by what is cut off.
 */
export function stripped(value: unknown, suffix: string | null): string | null {
  if (typeof value !== "string") return null;
  if (suffix === null) return value;
  const cut = suffix.startsWith("@")
    ? value.indexOf("@")
    : value.length - suffix.length;
  const left = value.slice(0, cut);
  return cut > 0 && value.slice(cut) === suffix && !/[@\\]/.test(left)
    ? left
    : null;
}

function keysOf(
  keys: readonly string[],
  subject: Subject,
): { key: string; identity: string | null }[] {
  const claims: Claims = subject.claims;
  return keys.flatMap((name) => {
    const attribute = keyAttribute(name);
    const found = attribute === null
      ? [{
        key: readClaim(claims, name),
        identity: subject.identities[0]?.id ?? null,
      }]
      : subject.identities.map((identity: Identity) => ({
        key: identity[attribute],
        identity: identity.id,
      }));
    return found.filter((
      entry,
    ): entry is { key: string; identity: string | null } =>
      typeof entry.key === "string" && entry.key !== ""
    );
  });
}
