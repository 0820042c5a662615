/**
 * Near misses of account mappings: the identity almost maps to the account.
 *
 * @module
 */
import type { IdentityAttribute } from "../../../policy/identity_claims.ts";
import type { AccountSource } from "../../../policy/model.ts";
import { ACCOUNT_NAME } from "../../../policy/account_name.ts";
import { type MapFiles, stripped } from "../../../policy/evaluate/accounts.ts";
import { readClaim } from "../../../policy/claims.ts";
import { accountsOf } from "../../../policy/evaluate/map_file.ts";
import type { Subject } from "../../../policy/request.ts";
import { described, missingHints, suffixHints } from "./claims.ts";
import { type Hint, textHint, textsHint } from "./hint.ts";
import { shown } from "../../../lib/text.ts";

interface Asked {
  readonly account: string;
  readonly subject: Subject;
  readonly mapFiles: MapFiles;
}

/** Why no source gives the account. */
export function accountHints(
  sources: readonly AccountSource[],
  asked: Asked,
): Hint[] {
  return sources.flatMap((source) => sourceHints(source, asked));
}

function sourceHints(source: AccountSource, asked: Asked): Hint[] {
  const { account, subject } = asked;
  switch (source.source) {
    case "names": {
      const hint = textsHint(source.names, [account]);
      return hint === null ? [] : [hint];
    }
    case "claim": {
      const value = readClaim(subject.claims, source.claim);
      return value === undefined || value === null
        ? missingHints(source.claim, {
          claims: subject.claims,
          called: source.claim,
        })
        : nameHints(value, { suffix: source.strip_suffix, asked });
    }
    case "identity":
      return subject.identities.flatMap((identity) => {
        const value = identity[source.attribute];
        return value === null
          ? []
          : nameHints(value, { suffix: source.strip_suffix, asked });
      });
    case "map":
    case "map_file":
      return source.keys.flatMap((key) =>
        valuesAt(key, subject).flatMap((value) =>
          keyHints(value, source, asked)
        )
      );
  }
}

function nameHints(
  value: unknown,
  { suffix, asked }: { suffix: string | null; asked: Asked },
): Hint[] {
  if (typeof value !== "string") {
    const message = `an account name is a text, and this is ${
      described(value)
    }`;
    return [{ kind: "type", message }];
  }
  const name = stripped(value, suffix);
  if (name === null) return suffixHints(`*${suffix ?? ""}`, value);
  const hint = textHint(asked.account, name);
  if (ACCOUNT_NAME.test(name)) return hint === null ? [] : [hint];
  return [{
    kind: hint?.kind ?? "account-name",
    message: `${shown(name)} is not an account name, and is not made into one${
      hint === null ? "" : `: it differs from ${shown(asked.account)}`
    }`,
  }];
}

function valuesAt(key: string, subject: Subject): unknown[] {
  const attribute = /^identity\.(id|username|email)$/.exec(key)?.[1];
  if (attribute === undefined) return [readClaim(subject.claims, key)];
  return subject.identities.map((identity) =>
    identity[attribute as IdentityAttribute]
  );
}

function keyHints(
  value: unknown,
  source: Extract<AccountSource, { source: "map" | "map_file" }>,
  { account, mapFiles }: Asked,
): Hint[] {
  if (typeof value !== "string" || value === "") return [];
  if (source.source === "map") {
    const keys = source.map.filter(({ accounts }) => accounts.includes(account))
      .map(({ key }) => key);
    const hint = keys.includes(value) ? null : textsHint(keys, [value]);
    return hint === null ? [] : [hint];
  }
  const text = mapFiles.get(source.path) ?? "";
  if (accountsOf(text, value).length > 0) return [];
  // one search again, in a copy of the file without case
  return accountsOf(text.toLowerCase(), value.toLowerCase()).includes(account)
    ? [{
      kind: "case",
      message: `${shown(value)} is in ${shown(source.path)} in another case`,
    }]
    : [];
}
