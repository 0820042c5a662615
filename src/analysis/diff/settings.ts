/**
 * Differences that no rule shows: which tokens are accepted at all, and where things are kept.
 *
 * What an issuer's `claims` and `mfa` mean for decisions is found by comparing the rules.
 *
 * @module
 */
import { duration } from "../../policy/duration.ts";
import type {
  Device,
  Issuer,
  Policy,
  SshCertificates,
} from "../../policy/model.ts";
import { type Change, keyRows } from "../../policy/syntax/row.ts";
import {
  DeviceSchema,
  IssuerSchema,
  PolicySchema,
  SshCertificatesSchema,
} from "../../policy/syntax/schema.ts";
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

/** All settings that differ, in the order of the policy. */
export function settingChanges(old: Policy, next: Policy): SettingChange[] {
  return [
    ...changesOf(PolicySchema, { old, new: next, path: "" }),
    ...issuerPairs(old, next).flatMap(issuerChanges),
    ...placeChanges(old, next),
  ];
}

function issuerChanges(pair: IssuerPair): SettingChange[] {
  const [before, after] = [pair.old?.issuer, pair.new?.issuer];
  if (before === undefined || after === undefined) return [];
  const path = `issuers.${after.name}.`;
  return [
    ...changesOf(IssuerSchema, { old: before, new: after, path }),
    ...deviceChanges(before.device, after.device, `${path}device`),
    ...certificateChanges(before, after, `${path}ssh_certificates`),
  ];
}

function deviceChanges(
  old: Device | null,
  next: Device | null,
  path: string,
): SettingChange[] {
  if (old !== null && next !== null) {
    return changesOf(DeviceSchema, { old, new: next, path: `${path}.` });
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

function certificatesOf(issuer: Issuer): SshCertificates | null {
  return "ssh_certificates" in issuer ? issuer.ssh_certificates : null;
}

/**
 * A certificate carries the whole token to every server that its owner visits, so that a token which
 * somebody hands over at a prompt may be copied from one: such an issuer's are not taken there.
 */
function certificateChanges(
  before: Issuer,
  after: Issuer,
  path: string,
): SettingChange[] {
  const [old, next] = [certificatesOf(before), certificatesOf(after)];
  if (old !== null && next !== null) {
    return [
      ...changesOf(SshCertificatesSchema, { old, new: next, path: `${path}.` }),
      ...lifetimeChanges(old, next, `${path}.lifetime`),
    ];
  }
  if (old === next) return [];
  const added = old === null;
  const values = {
    path,
    old: old?.commitment ?? null,
    new: next?.commitment ?? null,
  };
  return [
    {
      ...values,
      verdict: added ? "wider" : "narrower",
      description: added
        ? "SSH certificates become a way to log in"
        : "SSH certificates are no longer a way to log in",
    },
    {
      ...values,
      verdict: added ? "narrower" : "wider",
      description: added
        ? "tokens handed over at a prompt are no longer accepted"
        : "tokens handed over at a prompt are accepted again",
    },
  ];
}

function lifetimeChanges(
  { lifetime: old }: SshCertificates,
  { lifetime: next }: SshCertificates,
  path: string,
): SettingChange[] {
  if (old === next) return [];
  const told = old !== null && next !== null;
  const text = (value: number | null) =>
    value === null ? "token" : duration(value);
  return [{
    path,
    verdict: told ? (next > old ? "wider" : "narrower") : "incomparable",
    old: text(old),
    new: text(next),
    description: told
      ? `${next > old ? "raised" : "lowered"} from ${text(old)} to ${
        text(next)
      }`
      : `from ${text(old)} to ${
        text(next)
      }: which is longer, each token says itself`,
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
      path: "cache.ssh_keys_directory",
      old: old.cache.ssh_keys_directory,
      new: next.cache.ssh_keys_directory,
      verdict: "equivalent" as const,
      description: "keys for judging certificates are kept elsewhere",
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

/** The keys of which the rows say what a change means, where both have them and differ. */
function changesOf(
  schema: Parameters<typeof keyRows>[0],
  { old, new: next, path }: { old: object; new: object; path: string },
): SettingChange[] {
  const [before, after] = [old, next] as Record<string, unknown>[];
  return keyRows(schema).flatMap(({ key, change, words }) => {
    const values = { old: before?.[key], new: after?.[key] };
    // where kinds differ, one may lack a key: that the kind changed says enough
    const both = values.old !== undefined && values.new !== undefined;
    if (change === undefined || !both) return [];
    return text(values.old) === text(values.new) ? [] : [{
      path: path + key,
      ...values,
      ...judged(change, { ...values, words }),
    }];
  });
}

function judged(
  nature: Change,
  { old, new: next, words }: {
    old: unknown;
    new: unknown;
    words: readonly unknown[];
  },
): { verdict: Verdict; description: string } {
  switch (nature) {
    case "ladder":
      return {
        verdict: words.indexOf(next) > words.indexOf(old)
          ? "wider"
          : "narrower",
        description: `from ${old} to ${next}`,
      };
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
        // a word is as good as `true`
        verdict: (next !== false && next !== null) === (nature === "switch")
          ? "wider"
          : "narrower",
        description: `from ${old ?? "none"} to ${next ?? "none"}`,
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
  const { added, removed } = entriesChanged(old, next);
  return {
    verdict: removed.length === 0
      ? "wider"
      : added.length === 0
      ? "narrower"
      : "incomparable",
    description: entriesText({ added, removed }),
  };
}

/** The entries of two lists as JSON, those that only one of them has. */
function entriesChanged(
  old: readonly unknown[],
  next: readonly unknown[],
): { added: string[]; removed: string[] } {
  const [before, after] = [old, next].map((entries) =>
    entries.map((entry) => JSON.stringify(entry))
  ) as [string[], string[]];
  return {
    added: after.filter((entry) => !before.includes(entry)),
    removed: before.filter((entry) => !after.includes(entry)),
  };
}

function entriesText(
  { added, removed }: ReturnType<typeof entriesChanged>,
): string {
  return [
    ...(added.length > 0 ? [`added ${added.join(", ")}`] : []),
    ...(removed.length > 0 ? [`removed ${removed.join(", ")}`] : []),
  ].join(", ");
}

/** `added "interns", removed "staff"`, or `from 1 to 2`. */
export function valueChange(old: unknown, next: unknown): string {
  return Array.isArray(old) && Array.isArray(next)
    ? entriesText(entriesChanged(old, next))
    : `from ${JSON.stringify(old)} to ${JSON.stringify(next)}`;
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
