/**
 * What makes a difference between two policies: a rule, or a condition of one.
 *
 * @module
 */
import { operand } from "../../policy/evaluate/conditions.ts";
import { instantText } from "../../policy/instant.ts";
import type { AccountSource, Rule } from "../../policy/model.ts";
import { accountDocument } from "../../policy/syntax/write.ts";

/** Which way a difference goes: what the new policy decides. */
export type Direction = "wider" | "narrower";

/** The place that makes a difference. */
export interface Cause {
  readonly direction: Direction;
  readonly effect: Rule["effect"];
  /** The rule by its id; `null`: something that holds for all rules. */
  readonly rule: string | null;
  readonly kind: "added" | "removed" | "changed";
  /** The condition inside the rule, or in the policy; `null` for all of the rule. */
  readonly path: readonly string[] | null;
  /** What stands there in both policies; `undefined` where there is nothing, or a whole rule. */
  readonly old: unknown;
  readonly new: unknown;
}

export function causeKey({ direction, rule, path }: Cause): string {
  return JSON.stringify([direction, rule, path]);
}

/** `granting` is the side on which `rule` stands; the place is told of the new policy. */
export function causeOf(
  rule: Rule,
  { direction, peer, granting, part }: {
    direction: Direction;
    peer: Rule | null;
    granting: "old" | "new";
    part: readonly string[] | null;
  },
): Cause {
  const { id, effect } = rule;
  if (peer === null) {
    const kind = granting === "new" ? "added" : "removed";
    const nothing = { old: undefined, new: undefined };
    return { direction, effect, rule: id, kind, path: part, ...nothing };
  }
  const [before, after] = granting === "new" ? [peer, rule] : [rule, peer];
  const same = (key: "assurance" | "allow_protected") =>
    JSON.stringify(rule[key]) === JSON.stringify(peer[key]);
  const general = part?.[0] === "accounts_pattern"
    ? ["accounts_pattern"]
    : part?.[0] === "assurance" && same("assurance")
    ? ["assurance"]
    : part?.[0] === "allow_protected" && same("allow_protected")
    ? ["protected_accounts"]
    : null;
  return {
    direction,
    effect,
    rule: general === null ? id : null,
    kind: "changed",
    path: general ?? part,
    old: general === null && part !== null
      ? writtenAt(before, part)
      : undefined,
    new: general === null && part !== null ? writtenAt(after, part) : undefined,
  };
}

/** What a rule says at the path of one of its conditions; `undefined` for nothing. */
function writtenAt(rule: Rule, path: readonly string[]): unknown {
  const [key, claim, operator] = path;
  if (key === "when") {
    const found = rule.when.find((condition) =>
      condition.claim === claim && condition.operator === operator
    );
    return found === undefined ? undefined : operand(found);
  }
  if (key === "not_after") {
    return rule.not_after === null ? undefined : instantText(rule.not_after);
  }
  if (key === "accounts") return rule.accounts?.flatMap(entriesOf);
  // the issuer is what is new or gone; the rule says the same about it
  if (key === "issuers" && claim !== undefined) return undefined;
  return rule[key as "issuers" | "services" | "rhosts"] ?? undefined;
}

/** A source of accounts as it is written, an entry for each account or key that can be added. */
function entriesOf(source: AccountSource): unknown[] {
  if (source.source === "names") return [...source.names];
  if (source.source !== "map") return [accountDocument(source)];
  return source.map.map((entry) =>
    accountDocument({ ...source, map: [entry] })
  );
}
