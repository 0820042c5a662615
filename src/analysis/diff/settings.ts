/**
 * Differences that no rule shows: which tokens are accepted at all, and where things are kept.
 *
 * What an issuer's `claims` and `mfa` mean for decisions is found by comparing the rules.
 *
 * @module
 */
import type { Device, Issuer, Policy } from "../../policy/model.ts";
import { type IssuerPair, issuerPairs } from "./side.ts";

export interface SettingChange {
  /** Where it is written, such as `issuers.campus.audiences`. */
  readonly path: string;
  /** "equivalent": it has no say in who gets in. */
  readonly verdict: Verdict;
  readonly old: unknown;
  readonly new: unknown;
  readonly description: string;
}

/**
 * How a setting relates to who gets in. "set": each further entry accepts more. "required": each
 * further entry refuses more. "limit": a larger number accepts more. "switch": `true` accepts
 * more. "strict": `true` refuses more. "other": nobody can say. "shown": the same, and whoever
 * reviews it must read both. "neutral": it does not matter.
 */
type Nature =
  | "set"
  | "required"
  | "limit"
  | "switch"
  | "strict"
  | "other"
  | "shown"
  | "neutral";

type Natures<Settings> = { readonly [Key in keyof Settings]: Nature | null };

/** `null`: looked at elsewhere. The type makes sure that no key is forgotten. */
const ISSUER: Natures<Issuer> = {
  name: null,
  issuer: "other",
  kind: "other",
  audiences: "set",
  algorithms: "set",
  types: "set",
  clock_skew: "limit",
  max_token_age: "limit",
  // a key that the issuer has withdrawn goes on serving for as long
  jwks_ttl: "limit",
  jwks_stale: "limit",
  hosts: "other",
  ca_file: "other",
  proxy: "other",
  one_time: "strict",
  scopes: "required",
  allow_confirmation: "switch",
  allow_delegation: "switch",
  any_audience: "switch",
  client_id: "other",
  client_secret_file: "other",
  introspection_endpoint: "other",
  fqdns: "set",
  device: null,
  claims: null,
  mfa: null,
};

const DEVICE: Natures<Device> = {
  client_id: "other",
  scopes: "other",
  client_secret_file: "other",
  // stands above the address that people are told to open
  prompt: "shown",
  token: "other",
  acr_values: "other",
  parameters: "other",
  timeout: "limit",
  qr: "neutral",
  starts_per_source: "limit",
  starts_total: "limit",
};

/** `rules`, `assurance`, `protected_accounts`: what they decide is compared, not their text. */
const POLICY: Natures<Policy> = {
  version: "other",
  issuers: null,
  assurance: null,
  rules: null,
  protected_accounts: null,
  cache: null,
  log: null,
  audit: null,
};

/** All settings that differ, in the order of the policy. */
export function settingChanges(old: Policy, next: Policy): SettingChange[] {
  return [
    ...changesOf(POLICY, { old, new: next, path: "" }),
    ...issuerPairs(old, next).flatMap(issuerChanges),
    ...placeChanges(old, next),
  ];
}

function issuerChanges(pair: IssuerPair): SettingChange[] {
  const [before, after] = [pair.old?.issuer, pair.new?.issuer];
  if (before === undefined || after === undefined) return [];
  const path = `issuers.${after.name}.`;
  return [
    ...changesOf(ISSUER, { old: before, new: after, path }),
    ...deviceChanges(before.device, after.device, `${path}device`),
  ];
}

function deviceChanges(
  old: Device | null,
  next: Device | null,
  path: string,
): SettingChange[] {
  if (old !== null && next !== null) {
    return changesOf(DEVICE, { old, new: next, path: `${path}.` });
  }
  if (old === next) return [];
  const added = old === null;
  return [{
    path,
    verdict: added ? "wider" : "narrower",
    old: old?.client_id ?? null,
    new: next?.client_id ?? null,
    description: added
      ? "device sign-in becomes a way to log in"
      : "device sign-in is no longer a way to log in",
  }];
}

function placeChanges(old: Policy, next: Policy): SettingChange[] {
  const oneTime = next.issuers.some(({ one_time }) => one_time);
  const places = [
    {
      path: "cache.directory",
      old: old.cache.directory,
      new: next.cache.directory,
      // which tokens have been spent is remembered there
      verdict: oneTime ? "wider" as const : "equivalent" as const,
      description: oneTime
        ? "tokens that were used once are forgotten"
        : "keys are kept elsewhere",
    },
    {
      path: "log.socket",
      old: old.log.socket,
      new: next.log.socket,
      verdict: "equivalent" as const,
      description: "the log goes elsewhere",
    },
    {
      path: "audit.file",
      old: old.audit?.file ?? null,
      new: next.audit?.file ?? null,
      verdict: "equivalent" as const,
      description: next.audit === null
        ? "no audit file is written any more"
        : "the audit file is written elsewhere",
    },
  ];
  return places.filter((place) => place.old !== place.new);
}

function changesOf<Settings extends object>(
  natures: Natures<Settings>,
  change: { old: Settings; new: Settings; path: string },
): SettingChange[] {
  return (Object.entries(natures) as [keyof Settings & string, Nature | null][])
    .flatMap(([key, nature]) => {
      const [old, next]: [unknown, unknown] = [
        change.old[key],
        change.new[key],
      ];
      if (nature === null || text(old) === text(next)) return [];
      return [{
        path: change.path + key,
        old,
        new: next,
        ...judged(nature, { old, new: next }),
      }];
    });
}

function judged(
  nature: Nature,
  { old, new: next }: { old: unknown; new: unknown },
): { verdict: Verdict; description: string } {
  switch (nature) {
    case "set":
    case "required": {
      const { verdict, description } = setChange(
        old as readonly unknown[],
        next as readonly unknown[],
      );
      return {
        verdict: nature === "set" ? verdict : opposite(verdict),
        description,
      };
    }
    case "limit": {
      const more = Number(next) > Number(old);
      return {
        verdict: more ? "wider" : "narrower",
        description: `${more ? "raised" : "lowered"} from ${old} to ${next}`,
      };
    }
    case "switch":
    case "strict":
      return {
        verdict: (next === true) === (nature === "switch")
          ? "wider"
          : "narrower",
        description: `from ${old} to ${next}`,
      };
    case "other":
      return { verdict: "incomparable", description: "changed" };
    case "shown":
      return {
        verdict: "incomparable",
        description: `from ${JSON.stringify(old)} to ${JSON.stringify(next)}`,
      };
    case "neutral":
      return { verdict: "equivalent", description: "changed" };
  }
}

function setChange(
  old: readonly unknown[],
  next: readonly unknown[],
): { verdict: Verdict; description: string } {
  const added = next.filter((entry) => !old.includes(entry));
  const removed = old.filter((entry) => !next.includes(entry));
  const words = [
    ...(added.length > 0 ? [`added ${list(added)}`] : []),
    ...(removed.length > 0 ? [`removed ${list(removed)}`] : []),
  ];
  return {
    verdict: removed.length === 0
      ? "wider"
      : added.length === 0
      ? "narrower"
      : "incomparable",
    description: words.join(", "),
  };
}

function list(entries: readonly unknown[]): string {
  return entries.map((entry) => JSON.stringify(entry)).join(", ");
}

/** The same text for what means the same: the order of a list never matters here. */
function text(value: unknown): string {
  return Array.isArray(value)
    ? JSON.stringify(
      [...new Set(value.map((entry) => JSON.stringify(entry)))].sort(),
    )
    : JSON.stringify(value);
}

// The four answers of a comparison, and how several become one.

/** Of the new policy, compared with the old one. */
export type Verdict = "equivalent" | "narrower" | "wider" | "incomparable";

/** The answer for the whole: what both wider and narrower things make is incomparable. */
export function combined(verdicts: Iterable<Verdict>): Verdict {
  let result: Verdict = "equivalent";
  for (const verdict of verdicts) {
    if (verdict === "equivalent" || verdict === result) continue;
    result = result === "equivalent" ? verdict : "incomparable";
  }
  return result;
}

function opposite(verdict: Verdict): Verdict {
  if (verdict === "wider") return "narrower";
  return verdict === "narrower" ? "wider" : verdict;
}
