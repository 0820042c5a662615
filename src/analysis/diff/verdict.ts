/**
 * The four answers of a comparison, and how several become one.
 *
 * @module
 */

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

export function opposite(verdict: Verdict): Verdict {
  if (verdict === "wider") return "narrower";
  return verdict === "narrower" ? "wider" : verdict;
}
