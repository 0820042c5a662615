/**
 * Which local accounts an identity may use.
 *
 * @module
 */
import { ACCOUNT_NAME } from "./account_name.ts";
import { type Claims, readClaim } from "./claims.ts";
import { accountsOf } from "./map_file.ts";
import type { AccountSource, IdentityAttribute } from "./model.ts";
import type { Identity, Subject } from "./request.ts";

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
  options: { mapFiles: MapFiles },
): MappedAccount[] {
  return sources.flatMap((source) =>
    candidates(source, subject, options.mapFiles).map((candidate) => ({
      ...candidate,
      source: source.source,
    }))
  ).filter(({ account }) => ACCOUNT_NAME.test(account));
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
 * in "@b.org" for this purpose.
 */
export function stripped(value: unknown, suffix: string | null): string | null {
  if (typeof value !== "string") return null;
  if (suffix === null) return value;
  const cut = suffix.startsWith("@")
    ? value.indexOf("@")
    : value.length - suffix.length;
  return cut > 0 && value.slice(cut) === suffix ? value.slice(0, cut) : null;
}

const IDENTITY_KEY = /^identity\.(id|username|email)$/;

function keysOf(
  keys: readonly string[],
  subject: Subject,
): { key: string; identity: string | null }[] {
  const claims: Claims = subject.claims;
  return keys.flatMap((name) => {
    const attribute = IDENTITY_KEY.exec(name)?.[1] as
      | IdentityAttribute
      | undefined;
    const found = attribute === undefined
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
