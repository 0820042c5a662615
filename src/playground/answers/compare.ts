/**
 * What `policy diff` answers.
 *
 * @module
 */
import { diffPolicies } from "../../analysis/diff/diff.ts";
import { neverChanges } from "../../analysis/never/changes.ts";
import { placesIn } from "../../analysis/diff/cause_words.ts";
import { diffJson } from "../../cli/policy/diff/json.ts";
import { diffPretty } from "../../cli/policy/diff/pretty.ts";
import { verdictText } from "../../analysis/diff/words.ts";
import { OLD_FILE, POLICY_FILE } from "../names.ts";
import { type Problem, usablePolicy } from "./sheet.ts";

export interface Compared {
  readonly verdict: string;
  /** The verdict in words. */
  readonly says: string;
  /** Whether everything was looked at. */
  readonly exhaustive: boolean;
  readonly json: string;
  readonly pretty: string;
}

/** Effort that a page has when all of it was too much: see `DiffOptions`. */
const SOME = { total: 10_000, each: 5_000 };

/**
 * Compares what two policies decide; with `some`, only as far as little effort goes, which the answer says.
 * `progress` is told after each account.
 */
export function compared(
  texts: {
    readonly old: string;
    readonly policy: string;
    readonly some?: true;
  },
  progress: (done: number, total: number) => void,
): Compared | Problem {
  const before = usablePolicy({ text: texts.old, file: OLD_FILE });
  if ("problem" in before) return before;
  const after = usablePolicy({ text: texts.policy, file: POLICY_FILE });
  if ("problem" in after) return after;
  const further = neverChanges(
    before.parsed.source?.document.never,
    after.parsed.source?.document.never,
  );
  const diff = diffPolicies(before.policy, after.policy, {
    further,
    progress,
    ...(texts.some === true ? { bound: SOME } : {}),
  });
  const places = placesIn(after.parsed.source);
  return {
    verdict: diff.verdict,
    says: verdictText(diff),
    exhaustive: diff.exhaustive,
    json: diffJson(diff, { replayed: null, places }),
    pretty: diffPretty(diff, { color: false, replayed: null, places }),
  };
}
