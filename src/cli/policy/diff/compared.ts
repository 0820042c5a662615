/**
 * A comparison as its reports get it.
 *
 * @module
 */
import type { Diff, Verdict } from "../../../analysis/diff/diff.ts";
import type { Places } from "../../../analysis/diff/cause_words.ts";
import type { Replayed } from "./replay.ts";

/** What a report of a comparison is made from. */
export interface Compared {
  readonly diff: Diff;
  readonly replayed: Replayed | null;
  readonly places: Places;
  /** The new policy by its name. */
  readonly file: string;
}

/** The worst that became of recorded logins. */
export function replayVerdict({ notes }: Replayed): Verdict {
  if (notes.wider > 0) return "wider";
  return notes.narrower > 0 ? "narrower" : "equivalent";
}
