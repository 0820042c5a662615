/**
 * A comparison in words, as every report for people has them: nothing in them steers a terminal.
 *
 * @module
 */
import type { Decision } from "../../../policy/decision.ts";
import type {
  Change,
  Diff,
  PermitChange,
  Verdict,
} from "../../../analysis/diff/diff.ts";
import { WITNESS_NOW } from "../../../analysis/diff/space.ts";
import { visibleValue } from "../explain/pretty.ts";
import { instantText } from "../../../policy/instant.ts";
import { visible } from "../../../lib/text.ts";
import { placeText, unusableLines } from "../../audit/words.ts";
import type { Replayed } from "./replay.ts";

const WORDS: Readonly<Record<Verdict | "sampled", string>> = {
  equivalent: "both policies decide the same",
  wider: "the new policy admits what the old one refuses",
  narrower: "the new policy refuses what the old one admits",
  incomparable:
    "the new policy admits what the old one refuses, and the reverse",
  sampled: "no change was found, but not everything was looked at",
};

/** Where sessions change of those whom both policies admit. */
const SESSION_WORDS: Partial<typeof WORDS> = {
  wider:
    "the new policy admits what the old one refuses, or lets sessions use more",
  narrower:
    "the new policy refuses what the old one admits, or lets sessions use less",
  incomparable:
    "the new policy admits what the old one refuses, or lets sessions use more, and the reverse",
};

/** More logins than these are only counted. */
const MAX_LOGINS = 20;

/** What the verdict means. */
export function verdictText({ verdict, permits }: Diff): string {
  const words = permits.length > 0 ? SESSION_WORDS : {};
  return { ...WORDS, ...words }[verdict];
}

/** A change's request, what the old policy says of it and what the new one says. */
export function changeLines(change: Change): string[] {
  return [
    ...requestLines(change),
    `    old: ${said(change.old)}`,
    `    new: ${said(change.new)}`,
    `    rules: ${visible(change.rules.join(", "))}`,
  ];
}

/** The same of a change in what sessions may use. */
export function permitChangeLines(change: PermitChange): string[] {
  return [
    ...requestLines(change),
    `    old: ${used(change.old)}`,
    `    new: ${used(change.new)}`,
    `    rules: ${visible(change.rules.join(", "))}`,
  ];
}

/** What a session may use. */
export function used(list: readonly string[]): string {
  return list.length === 0 ? "nothing" : list.join(", ");
}

function requestLines(change: Change | PermitChange): string[] {
  const { witness, issuer, oldIssuer } = change;
  const { service, rhost, claims, now, host, mapFiles } = witness;
  const where = [
    `issuer ${visible(issuer)}${
      oldIssuer === null ? "" : ` (formerly ${visible(oldIssuer)})`
    }`,
    `service ${visible(service)}`,
    rhost === null ? "no remote address" : `from ${visible(rhost)}`,
    ...(host === null ? [] : ["a system account on this host"]),
    ...(now === WITNESS_NOW ? [] : [`at ${instantText(now)}`]),
  ];
  return [
    `  ${change.verdict === "wider" ? "+" : "-"} ${where.join(", ")}`,
    `    claims ${visible(JSON.stringify(claims))}`,
    ...change.doubts.map((doubt) => `    but ${visible(doubt)}`),
    ...Object.entries(mapFiles).map(([path, lines]) =>
      `    where ${visible(path)} has the line ${
        visibleValue(lines.join("; "))
      }`
    ),
  ];
}

/** `deny, account_not_permitted`, or `allow by rule staff`. */
export function said({ decision, reason, rule }: Decision): string {
  const by = rule === null ? "" : ` by rule ${visible(rule)}`;
  return decision === "allow" ? `allow${by}` : `deny, ${reason}${by}`;
}

/** What would have become of the recorded logins: how many, and which. */
export function replayLines({ replay, notes }: Replayed): string[] {
  const { records, decided, skipped, missing } = replay;
  const changed = notes.wider + notes.narrower;
  const rest = [
    [skipped.undecided, "refused before the policy was asked"],
    [skipped.incomplete, "without what is needed to decide"],
    [skipped.unreadable, "unreadable"],
  ].filter(([count]) => count !== 0).map(([count, what]) => `${count} ${what}`);
  const shown = shownChanges(replay.changes);
  return [
    `replay: ${changed} of ${decided} logins would have ended otherwise ` +
    `(${records} records${rest.length === 0 ? "" : `: ${rest.join(", ")}`})`,
    ...(decided === 0 ? ["  no record could be decided again"] : []),
    ...(changed === 0 ? [] : [
      `  ${notes.wider} that the new policy admits, ${notes.narrower} that it refuses`,
    ]),
    ...(missing.length === 0
      ? []
      : [`  not recorded: ${
        missing.map((name) => visibleValue(name)).join(", ")
      }`]),
    ...unusableLines(notes.unusable),
    ...policyLines(notes),
    ...shown.map((change) =>
      `  ${placeText({ file: null, ...change })}: ${visible(change.time)} ${
        visible(change.account)
      }, ${visible(change.issuer)}: ${said(change.old)} -> ${said(change.new)}`
    ),
    ...(changed > shown.length ? [`  and ${changed - shown.length} more`] : []),
  ];
}

/** The first of both directions: one alone would hide the other. */
function shownChanges(
  changes: Replayed["replay"]["changes"],
): Replayed["replay"]["changes"] {
  if (changes.length <= MAX_LOGINS) return changes;
  const of = (decision: string) =>
    changes.filter((change) => change.new.decision === decision);
  const [admitted, refused] = [of("allow"), of("deny")];
  const half = MAX_LOGINS / 2;
  const room = Math.max(half, MAX_LOGINS - refused.length);
  const first = admitted.slice(0, room);
  const shown = new Set([
    ...first,
    ...refused.slice(0, MAX_LOGINS - first.length),
  ]);
  return changes.filter((change) => shown.has(change));
}

function policyLines(
  { policies, differing }: Replayed["notes"],
): string[] {
  const hashes = policies.map(({ sha256, records }) =>
    `${visible(sha256 ?? "unknown")} (${records})`
  );
  const shown = hashes.slice(0, MAX_POLICIES).join(", ");
  return [
    ...(policies.length < 2 ? [] : [
      `  decided by ${policies.length} policies: ${shown}${
        policies.length > MAX_POLICIES ? ", …" : ""
      }`,
    ]),
    ...(differing.first === null ? [] : [
      `  ${differing.count} by the old policy ended otherwise than it decides here ` +
      `(map files, or what the host knows), first ${
        placeText(differing.first)
      }`,
    ]),
  ];
}

const MAX_POLICIES = 5;
