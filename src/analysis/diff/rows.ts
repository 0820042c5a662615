/**
 * A comparison as rows for a reviewer: who gains and who loses, by which rule and line.
 *
 * @module
 */
import type { Change, Diff, PermitChange } from "./diff.ts";
import { causeText, type Places, ruleLine } from "./cause_words.ts";
import { changeLines, permitChangeLines, said, used } from "./words.ts";

/** A comparison, and where the new policy says what. */
export interface Placed {
  readonly diff: Diff;
  readonly places: Places;
}

export interface Row {
  readonly verdict: "wider" | "narrower";
  readonly account: string;
  /** True where the account stands for all of its sort. */
  readonly example: boolean;
  /** Rules, each with its line in the new policy; `null` where it is gone. */
  readonly rules: readonly {
    readonly id: string;
    readonly line: number | null;
  }[];
  /** The line for one that stands for the whole policy. */
  readonly line: number | null;
  /** What changes, in a sentence. */
  readonly text: string;
  /** A request that shows it, and what both policies say. */
  readonly request: readonly string[];
}

/**
 * Each place that makes a change, and then the changes of other accounts by the same rules; what
 * admits more comes first. The rows of sessions are apart.
 */
export function changeRows({ diff, places }: Placed): Row[] {
  const caused = diff.causes.map(({ cause, change }): Row => {
    const line = places(cause);
    return {
      ...rowOf(change),
      verdict: cause.direction,
      rules: cause.rule === null ? [] : [{ id: cause.rule, line }],
      line,
      text: causeText(cause),
    };
  });
  const shown = new Set(diff.causes.map(({ change }) => keyOf(change)));
  const others = diff.changes.filter((change) => !shown.has(keyOf(change)))
    .map((change): Row => ({
      ...rowOf(change),
      rules: change.rules.map((id) => ({ id, line: ruleLine(id, places) })),
      text: `${said(change.old)} → ${said(change.new)}`,
    }));
  return gainsFirst([...caused, ...others]);
}

/** What sessions may use of those whom both policies admit. */
export function sessionRows({ diff, places }: Placed): Row[] {
  return gainsFirst(diff.permits.map((change): Row => ({
    verdict: change.verdict,
    account: change.account,
    example: change.example,
    rules: change.rules.map((id) => ({ id, line: ruleLine(id, places) })),
    line: null,
    text: `${used(change.old)} → ${used(change.new)}`,
    request: requestOf(permitChangeLines(change)),
  })));
}

function rowOf(change: Change): Omit<Row, "text" | "rules"> {
  const { verdict, account, example } = change;
  return {
    verdict,
    account,
    example,
    line: null,
    request: requestOf(changeLines(change)),
  };
}

/** Of a session's change the words are the same; what says which rules is in the row. */
function requestOf(lines: readonly string[]): string[] {
  return lines.slice(0, -1).map((line) => line.trim().replace(/^[+-] /, ""));
}

function keyOf({ account, witness }: Change | PermitChange): string {
  return JSON.stringify([account, witness]);
}

function gainsFirst(rows: readonly Row[]): Row[] {
  return [
    ...rows.filter(({ verdict }) => verdict === "wider"),
    ...rows.filter(({ verdict }) => verdict === "narrower"),
  ];
}

/** Whose account it is. */
export function whose({ account, example }: Row): string {
  return example ? `${account} (and every other account of its sort)` : account;
}
