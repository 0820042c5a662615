/**
 * What changed since another policy, in words.
 *
 * @module
 */
import { placesIn } from "../../analysis/diff/cause_words.ts";
import type { Diff, Verdict } from "../../analysis/diff/diff.ts";
import { changeRows, type Row, sessionRows } from "../../analysis/diff/rows.ts";
import { verdictText } from "../../analysis/diff/words.ts";
import { plural } from "../../lib/text.ts";
import type { PolicySource } from "../../policy/syntax/parse.ts";

export interface ChangeFacts {
  /** The policy that was compared with. */
  readonly against: string;
  readonly verdict: Verdict | "sampled";
  /** What the verdict means. */
  readonly words: string;
  readonly rows: readonly Row[];
  /** Of what sessions by certificate may use. */
  readonly sessions: readonly Row[];
  readonly settings: readonly {
    readonly path: string;
    readonly verdict: Verdict;
    readonly description: string;
  }[];
  /** Accounts that were compared, and those of which nothing changes. */
  readonly accounts: number;
  readonly same: number;
  /** Why not everything was looked at; empty where it was. */
  readonly limits: readonly string[];
  /** Rows that are not here, because they are too many. */
  readonly left: string | null;
}

/** More than a person reads. */
const MAX_ROWS = 200;

export function changeFacts(
  diff: Diff,
  { file, source }: { file: string; source: PolicySource },
): ChangeFacts {
  const compared = { diff, places: placesIn(source) };
  const rows = changeRows(compared);
  const sessions = sessionRows(compared);
  const left = Math.max(0, rows.length - MAX_ROWS) +
    Math.max(0, sessions.length - MAX_ROWS);
  return {
    against: file,
    verdict: diff.verdict,
    words: verdictText(diff),
    rows: rows.slice(0, MAX_ROWS),
    sessions: sessions.slice(0, MAX_ROWS),
    settings: diff.settings.map(({ path, verdict, description }) => ({
      path,
      verdict,
      description,
    })),
    accounts: diff.accounts.length,
    same: diff.accounts.filter(({ verdict }) => verdict === "equivalent")
      .length,
    limits: diff.limits,
    left: left === 0 ? null : `${plural(left, "more change")}`,
  };
}
