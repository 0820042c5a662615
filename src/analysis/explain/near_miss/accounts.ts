/**
 * Near misses of account mappings: the identity almost maps to the account.
 *
 * @module
 */
import { keyAttribute } from "../../../policy/identity_claims.ts";
import type { AccountSource } from "../../../policy/model.ts";
import {
  type AccountPattern,
  isAccountName,
} from "../../../policy/account_name.ts";
import { type MapFiles, stripped } from "../../../policy/evaluate/accounts.ts";
import { readClaim } from "../../../policy/claims.ts";
import { accountsOf } from "../../../policy/evaluate/map_file.ts";
import type { Subject } from "../../../policy/request.ts";
import { patternOf } from "../../account_words.ts";
import { described, missingHints, suffixHints } from "./claims.ts";
import { type Hint, textHint, textsHint } from "./hint.ts";
import { shown } from "../../../lib/text.ts";

interface Asked {
  readonly account: string;
  readonly subject: Subject;
  readonly mapFiles: MapFiles;
  /** The policy's `accounts_pattern`. */
  readonly pattern: AccountPattern;
}

/** Why no source gives the account. */
export function accountHints(
  sources: readonly AccountSource[],
  asked: Asked,
): Hint[] {
  const hints = sources.flatMap((source) => sourceHints(source, asked));
  // a value that is almost right says more than that no map has it, a claim elsewhere less
  return hints.some(({ kind }) => kind !== "claim-name")
    ? hints
    : [...mapHints(sources, asked), ...hints];
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
      return source.keys.flatMap((key) => {
        const values = valuesAt(key, subject);
        return values.some(isKey)
          ? values.flatMap((value) => keyHints(value, source, asked))
          : [
            ...values.flatMap((value) => typeHints(key, value, source, asked)),
            ...missingKeyHints(key, asked),
          ];
      });
  }
}

function missingKeyHints(key: string, { subject: { claims } }: Asked): Hint[] {
  return keyAttribute(key) === null && readClaim(claims, key) === undefined
    ? missingHints(key, { claims, called: key })
    : [];
}

/** What is no text is in no map, whose keys are texts: it is not made into one, nor looked through. */
function typeHints(
  key: string,
  value: unknown,
  source: MapSource,
  asked: Asked,
): Hint[] {
  if (value === undefined || value === null || typeof value === "string") {
    return [];
  }
  const when = conditionFor(key, value, source, asked);
  const instead = when === null
    ? ""
    : `: open the account in a rule of its own with "when: {${when}}" and "names"`;
  return [{
    kind: "type",
    message: `${shown(key)} is ${
      described(value)
    }, and a map is asked for texts only${instead}`,
  }];
}

/** The condition that says what the map was meant to say. */
function conditionFor(
  key: string,
  value: unknown,
  source: MapSource,
  { account, mapFiles }: Asked,
): string | null {
  if (typeof value === "number") return `${key}: ${value}`;
  if (!Array.isArray(value)) return null;
  const meant = value.find((entry) =>
    isKey(entry) && givenBy(source, entry, mapFiles)?.includes(account)
  );
  return meant === undefined ? null : `${key}: {any: [${shown(meant)}]}`;
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
  if (isAccountName(name, asked.pattern)) {
    const similar = textsHint([asked.account], [name]);
    return similar === null ? [] : [similar];
  }
  const hint = textHint(asked.account, name);
  const wider = patternOf(name);
  return [{
    kind: hint?.kind ?? "account-name",
    message: `${shown(name)} is not an account name, and is not made into one${
      hint === null ? "" : `: it differs from ${shown(asked.account)}`
    }${
      // where the host has such accounts, this is what is missing
      hint === null && wider !== undefined
        ? `; with "accounts_pattern: ${wider}" it is one`
        : ""}`,
  }];
}

function valuesAt(key: string, subject: Subject): unknown[] {
  const attribute = keyAttribute(key);
  return attribute === null
    ? [readClaim(subject.claims, key)]
    : subject.identities.map((identity) => identity[attribute]);
}

function keyHints(
  value: unknown,
  source: MapSource,
  { account, mapFiles }: Asked,
): Hint[] {
  if (!isKey(value)) return [];
  if (source.source === "map") {
    const keys = source.map.filter(({ accounts }) => accounts.includes(account))
      .map(({ key }) => key);
    const hint = keys.includes(value) ? null : textsHint(keys, [value]);
    return hint === null ? [] : [hint];
  }
  const text = mapFiles.get(source.path);
  if (text === undefined || accountsOf(text, value).length > 0) return [];
  // one search again, in a copy of the file without case
  return accountsOf(text.toLowerCase(), value.toLowerCase()).includes(account)
    ? [{
      kind: "case",
      message: `${shown(value)} is in ${shown(source.path)} in another case`,
    }]
    : [];
}

/** A person whom no map of the rule knows. */
function mapHints(sources: readonly AccountSource[], asked: Asked): Hint[] {
  const { subject, mapFiles } = asked;
  const maps = sources.filter(isMap);
  const looked = maps.flatMap((source) =>
    source.keys.flatMap((key) => valuesAt(key, subject)).filter(isKey)
      .map((value) => ({
        source,
        value,
        given: givenBy(source, value, mapFiles),
      }))
  );
  if (looked.some(({ given }) => given?.length !== 0)) return [];
  return [...new Set(looked.map(({ value }) => value))].map((value) => {
    const places = looked.filter((each) => each.value === value)
      .map(({ source }) =>
        source.source === "map" ? '"map"' : shown(source.path)
      );
    const lacking = [...new Set(places)];
    return {
      kind: "map-key",
      message: `${shown(value)} is in no map: ${lacking.join(" and ")} ${
        lacking.length === 1 ? "lacks" : "lack"
      } it`,
    };
  });
}

type MapSource = Extract<AccountSource, { source: "map" | "map_file" }>;

function isMap(source: AccountSource): source is MapSource {
  return source.source === "map" || source.source === "map_file";
}

function isKey(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** The accounts that the map gives to the key; `null` where it cannot be told. */
function givenBy(
  source: MapSource,
  value: string,
  mapFiles: MapFiles,
): readonly string[] | null {
  if (source.source === "map") {
    return source.map.filter(({ key }) => key === value)
      .flatMap(({ accounts }) => accounts);
  }
  const text = mapFiles.get(source.path);
  return text === undefined ? null : accountsOf(text, value);
}
