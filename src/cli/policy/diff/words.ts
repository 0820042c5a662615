/**
 * What would have become of recorded logins, in words.
 *
 * @module
 */
import { said } from "../../../analysis/diff/words.ts";
import { visibleValue } from "../../../analysis/explain/words.ts";
import { placeText, unusableLines } from "../../../analysis/audit/words.ts";
import { visible } from "../../../lib/text.ts";
import type { Replayed } from "./replay.ts";

/** More logins than these are only counted. */
const MAX_LOGINS = 20;

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
