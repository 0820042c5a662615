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

/** Compares what two policies decide. `progress` is told after each account. */
export function compared(
  texts: { readonly old: string; readonly policy: string },
  progress: (done: number, total: number) => void,
): Compared | Problem {
  const before = usablePolicy({ text: texts.old, file: "old.yaml" });
  if ("problem" in before) return before;
  const after = usablePolicy({ text: texts.policy, file: "policy.yaml" });
  if ("problem" in after) return after;
  const further = neverChanges(
    before.parsed.source?.document.never,
    after.parsed.source?.document.never,
  );
  const diff = diffPolicies(before.policy, after.policy, { further, progress });
  const places = placesIn(after.parsed.source);
  return {
    verdict: diff.verdict,
    says: verdictText(diff),
    exhaustive: diff.exhaustive,
    json: diffJson(diff, { replayed: null, places }),
    pretty: diffPretty(diff, { color: false, replayed: null, places }),
  };
}
