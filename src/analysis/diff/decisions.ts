/**
 * What two policies say of one request, and what of it differs.
 *
 * @module
 */
import type { Decision } from "../../policy/decision.ts";
import type { Direction } from "./cause.ts";
import type { Decisions } from "./witness.ts";

/** `null` where both decide the same. */
export function directionOf({ old, new: next }: Decisions): Direction | null {
  if (old.decision === next.decision) return null;
  return next.decision === "allow" ? "wider" : "narrower";
}

/** The same for decisions that differ in the same direction and show the same rules at work. */
export function differenceKey(decisions: Decisions): string {
  const { old, new: next } = decisions;
  return JSON.stringify([directionOf(decisions), old.rule, next.rule]);
}

/** The rules that do not say the same to a request, by their ids. */
export function rulesInvolved({ old, new: next }: Decisions): string[] {
  const said = (decision: Decision) =>
    new Map(
      decision.rules.map(({ id, matched, granted, because }) => [
        id,
        matched ? `${granted} ${because}` : "no",
      ]),
    );
  const [before, after] = [said(old), said(next)];
  return [...new Set([...before.keys(), ...after.keys()])].filter((id) =>
    (before.get(id) ?? "no") !== (after.get(id) ?? "no")
  ).sort();
}

/** Without the rules that say the same on both sides: a large policy has many, and they are kept. */
export function involved(decisions: Decisions): Decisions {
  const ids = new Set(rulesInvolved(decisions));
  const only = (decision: Decision): Decision => ({
    ...decision,
    rules: decision.rules.filter(({ id }) =>
      ids.has(id) || id === decision.rule
    ),
  });
  return { old: only(decisions.old), new: only(decisions.new) };
}
