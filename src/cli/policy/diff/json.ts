/**
 * `policy diff --format json`.
 *
 * @module
 */
import type { Decision } from "../../../policy/decision.ts";
import type {
  Cause,
  Change,
  Diff,
  PermitChange,
  SettingChange,
  Witness,
} from "../../../analysis/diff/diff.ts";
import type { Place } from "../../../analysis/audit/entry.ts";
import type { Replay, ReplayNotes } from "../../../analysis/diff/replay.ts";
import { instantText } from "../../../policy/instant.ts";
import { safeDocument } from "../explain/json.ts";
import { causeText, type Places } from "../../../analysis/diff/cause_words.ts";
import type { Replayed } from "./replay.ts";

export function diffJson(
  diff: Diff,
  { replayed, places }: { replayed: Replayed | null; places: Places },
): string {
  return safeDocument("oauth-pam/diff@1", {
    verdict: diff.verdict,
    exhaustive: diff.exhaustive,
    ...(diff.exhaustive ? {} : { limits: diff.limits }),
    accounts: diff.accounts.map(({ account, verdict, example }) => ({
      account,
      verdict,
      ...(example ? { example } : {}),
    })),
    changes: diff.changes.map(changeJson),
    causes: diff.causes.map(({ cause, change }) => ({
      ...causeJson(cause, places),
      change: changeJson(change),
    })),
    settings: diff.settings.map(settingJson),
    ...(diff.permits.length === 0
      ? {}
      : { permits: diff.permits.map(permitJson) }),
    ...(replayed === null ? {} : {
      replay: replayJson(replayed.replay),
      replay_notes: notesJson(replayed.notes),
    }),
  });
}

function causeJson(cause: Cause, places: Places): Record<string, unknown> {
  const line = places(cause);
  return {
    verdict: cause.direction,
    rule: cause.rule,
    effect: cause.effect,
    kind: cause.kind,
    path: cause.path,
    ...(line === null ? {} : { line }),
    text: causeText(cause),
  };
}

function changeJson(change: Change): Record<string, unknown> {
  return {
    account: change.account,
    verdict: change.verdict,
    ...(change.example ? { example: true } : {}),
    witness: witnessJson(change),
    ...(change.doubts.length === 0 ? {} : { doubts: change.doubts }),
    old: decisionJson(change.old),
    new: decisionJson(change.new),
    rules: change.rules,
  };
}

function permitJson(change: PermitChange): Record<string, unknown> {
  return {
    account: change.account,
    verdict: change.verdict,
    ...(change.example ? { example: true } : {}),
    witness: witnessJson(change),
    ...(change.doubts.length === 0 ? {} : { doubts: change.doubts }),
    old: change.old,
    new: change.new,
    rules: change.rules,
  };
}

function witnessJson(
  { issuer, oldIssuer, witness }: {
    readonly issuer: string;
    readonly oldIssuer: string | null;
    readonly witness: Witness;
  },
): Record<string, unknown> {
  const { service, rhost, claims, now, host, mapFiles } = witness;
  return {
    issuer,
    ...(oldIssuer === null ? {} : { old_issuer: oldIssuer }),
    service,
    rhost,
    claims,
    now: instantText(now),
    ...(host === null ? {} : { host }),
    ...(Object.keys(mapFiles).length === 0 ? {} : {
      map_files: Object.fromEntries(
        Object.entries(mapFiles).map(([path, lines]) => [
          path,
          lines.map((line) => `${line}\n`).join(""),
        ]),
      ),
    }),
  };
}

function decisionJson(
  { decision, reason, rule }: Decision,
): Record<string, unknown> {
  return { decision, reason, rule };
}

function settingJson(setting: SettingChange): Record<string, unknown> {
  const { path, verdict, description, old } = setting;
  return { path, verdict, description, old, new: setting.new };
}

function replayJson(replay: Replay): Record<string, unknown> {
  const { records, decided, skipped, missing, changes } = replay;
  return {
    records,
    decided,
    skipped,
    missing,
    changes: changes.map(({ old, new: next, ...login }) => ({
      ...login,
      old: decisionJson(old),
      new: decisionJson(next),
    })),
  };
}

function placeJson({ file, line }: Place): Record<string, unknown> {
  return file === null ? { line } : { file, line };
}

function notesJson(notes: ReplayNotes): Record<string, unknown> {
  const { wider, narrower, unusable, policies, differing } = notes;
  return {
    wider,
    narrower,
    unusable: unusable.map(({ because, count, first }) => ({
      because,
      count,
      first: placeJson(first),
    })),
    policies,
    differing: {
      count: differing.count,
      ...(differing.first === null
        ? {}
        : { first: placeJson(differing.first) }),
    },
  };
}
