/**
 * Rules that never decide anything. What one rule says by itself, or another one says for it, is
 * found at once, however many rules there are; what is left is asked of `policy diff`.
 *
 * @module
 */
import { matchesGlob, wordsOf } from "../../../policy/evaluate/conditions.ts";
import type { Condition, Rule, Scalar } from "../../../policy/model.ts";
import { contains } from "../../../policy/network.ts";
import type { LintContext } from "../context.ts";
import { CoverIndex } from "./cover_index.ts";
import { apart } from "../../apart.ts";
import { permitsWithin } from "../../permits.ts";
import { meetingOf } from "./meeting.ts";
import { removable } from "./removal.ts";
import {
  contradictionOf,
  grantsWithin,
  matchesWithin,
  noProvider,
  onlyProtected,
  reachOf,
  type RuleReach,
} from "./subset.ts";

/** A rule without effect, and why. */
export type Idle =
  & { readonly rule: Rule }
  & (
    /** Its conditions exclude each other, or its accounts; the claim, where it is about one. */
    | {
      readonly why: "contradiction";
      readonly message: string;
      readonly claim: string | null;
    }
    /** No identity provider will do. */
    | { readonly why: "providers" }
    /** All its accounts are protected from it. */
    | { readonly why: "protected" }
    /** A deny rule matches all that it matches. */
    | { readonly why: "shadowed"; readonly cover: Rule }
    /** Another one does all that it does. */
    | { readonly why: "covered"; readonly cover: Rule }
    /** No allow rule is about the same: in what they differ. */
    | { readonly why: "apart"; readonly about: readonly string[] }
    /** Every request is decided the same without it, because of these; none: it does nothing. */
    | { readonly why: "proved"; readonly by: readonly Rule[] }
  );

const prepared = new WeakMap<LintContext, readonly Idle[]>();

/** All rules without effect; a rule that has none for several reasons comes several times. */
function idleRules(context: LintContext): readonly Idle[] {
  const earlier = prepared.get(context);
  if (earlier !== undefined) return earlier;
  const plain = [...plainlyIdle(context)];
  const { policy } = context;
  // a deny rule that nobody can meet still keeps out whom it cannot judge
  const unclear = (one: Idle) =>
    one.why === "contradiction" && one.rule.effect === "deny";
  const known = new Set(
    plain.filter((one) => !unclear(one)).map(({ rule }) => rule),
  );
  const kept = new Set(plain.filter(unclear).map(({ rule }) => rule));
  const idle = [
    ...plain,
    ...removable(policy, { known, kept })
      .map((found) => ({ ...found, why: "proved" as const })),
  ];
  prepared.set(context, idle);
  return idle;
}

/** Those of one or several reasons. */
export function idleFor<Why extends Idle["why"]>(
  context: LintContext,
  ...reasons: readonly Why[]
): Extract<Idle, { readonly why: Why }>[] {
  return idleRules(context).filter((
    one,
  ): one is Extract<Idle, { readonly why: Why }> =>
    reasons.some((why) => why === one.why)
  );
}

function* plainlyIdle(context: LintContext): Iterable<Idle> {
  const { policy } = context;
  const allow: RuleReach[] = [];
  const deny: RuleReach[] = [];
  const reaches = new Map(
    policy.rules.map((rule) => [rule, reachOf(rule, policy)]),
  );
  for (const [rule, reach] of reaches) {
    const reason = contradictionOf(reach);
    if (reason !== null) yield { rule, why: "contradiction", ...reason };
    else (rule.effect === "allow" ? allow : deny).push(reach);
  }
  for (const reach of allow) {
    const { rule } = reach;
    if (noProvider(reach, policy)) yield { rule, why: "providers" };
    if (onlyProtected(rule, policy)) yield { rule, why: "protected" };
  }
  yield* shadowed(allow, deny);
  const { assurance } = policy;
  yield* covered(
    allow,
    (inner, outer) =>
      grantsWithin(inner, outer, assurance) &&
      permitsWithin(inner.rule, outer.rule),
  );
  yield* covered(deny, matchesWithin);
  yield* withoutPeer(context, { denies: deny, reaches });
}

function* shadowed(
  allow: readonly RuleReach[],
  deny: readonly RuleReach[],
): Iterable<Idle> {
  const index = new CoverIndex(deny);
  for (const inner of allow) {
    const cover = find(
      index.candidates(inner),
      (outer) => matchesWithin(inner, outer),
    );
    if (cover === undefined) continue;
    yield { rule: inner.rule, why: "shadowed", cover: cover.rule };
  }
}

function* covered(
  rules: readonly RuleReach[],
  within: (inner: RuleReach, outer: RuleReach) => boolean,
): Iterable<Idle> {
  const index = new CoverIndex(rules);
  const order = new Map(rules.map((reach, place) => [reach, place]));
  const place = (reach: RuleReach) => order.get(reach) ?? 0;
  for (const inner of rules) {
    const cover = find(
      index.candidates(inner),
      (outer) =>
        outer !== inner && within(inner, outer) &&
        // of two that say the same, the later one is superfluous
        (place(outer) < place(inner) || !within(outer, inner)),
    );
    if (cover === undefined) continue;
    yield { rule: inner.rule, why: "covered", cover: cover.rule };
  }
}

function find(
  candidates: Iterable<RuleReach>,
  test: (candidate: RuleReach) => boolean,
): RuleReach | undefined {
  for (const candidate of candidates) if (test(candidate)) return candidate;
  return undefined;
}

/** Deny rules that no allow rule can meet. */
function* withoutPeer(
  context: LintContext,
  { denies, reaches }: {
    denies: readonly RuleReach[];
    reaches: ReadonlyMap<Rule, RuleReach>;
  },
): Iterable<Idle> {
  const { allowRules } = context;
  if (allowRules.length === 0) return;
  const meeting = meetingOf(context);
  for (const deny of denies) {
    const { rule } = deny;
    const reason = (allow: Rule): string | null => {
      const reach = reaches.get(allow);
      return reach === undefined
        ? null
        : apart(rule, allow) ?? disjoint(deny, reach);
    };
    const met = meeting.with(rule);
    if (met.some(({ rule: allow }) => reason(allow) === null)) continue;
    // the first ones will do for the message
    const about = new Set(
      allowRules.slice(0, 20).map(reason).filter((why) => why !== null),
    );
    yield { rule, why: "apart", about: [...about] };
  }
}

/** What else keeps a deny rule and an allow rule from meeting; `null`: nothing that is certain. */
function disjoint(deny: RuleReach, allow: RuleReach): string | null {
  const networks =
    deny.networks?.some((net) =>
      allow.networks?.some((other) =>
        contains(net, other) || contains(other, net)
      ) ?? true
    ) ?? true;
  if (!networks) return "networks";
  // an allow rule is sure of the value, and then the deny rule can judge it
  for (const [place, conditions] of deny.conditions) {
    const values = allow.constraints.get(place)?.values ?? null;
    const others = values !== null &&
      conditions.some((condition) =>
        values.every((value) => isOther(condition, value))
      );
    if (others) return `values of "${conditions[0]?.claim ?? place}"`;
  }
  return null;
}

/** Whether a condition certainly does not hold of a value. */
function isOther(condition: Condition, value: Scalar): boolean {
  switch (condition.operator) {
    case "equals":
      return typeof condition.value === typeof value &&
        condition.value !== value;
    case "in":
      return !condition.values.includes(value);
    case "like":
      return typeof value === "string" &&
        !matchesGlob(condition.pattern, value);
    case "word":
      return typeof value === "string" &&
        !wordsOf(value).includes(condition.text);
    default: // of what is not a list or an object it cannot tell
      return false;
  }
}
