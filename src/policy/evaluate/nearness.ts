/**
 * How near the rules of a policy are to granting a request: which conditions of each it fails, the
 * nearest rule first. No wording here, so that a log may use it as well.
 *
 * @module
 */
import type { MapFiles } from "./accounts.ts";
import {
  type Asked,
  askedOf,
  conditionsOf,
  type Failure,
  failureOf,
  partsOf,
  type RuleCondition,
} from "./rule.ts";
import { operand } from "./conditions.ts";
import type { Because } from "../decision.ts";
import type { Issuer, Policy, Rule } from "../model.ts";
import type { AccessRequest } from "../request.ts";
import { almost, firstAlike, isGroupPath } from "./spelling.ts";

/** A condition that a request fails, such as one requirement of the assurance. */
export interface FailedCondition {
  readonly condition: RuleCondition;
  readonly failure: Failure;
  /** What is there is what is wanted but for its spelling or its type. */
  readonly near: boolean;
}

/** An allow rule, and what of it a request fails. */
interface NearRule {
  readonly rule: Rule;
  /** What is least to change first; empty where the rule grants. */
  readonly failed: readonly FailedCondition[];
}

interface Context {
  readonly policy: Policy;
  readonly issuer: Issuer;
  readonly mapFiles: MapFiles;
}

/** A rule for other accounts or issuers is as far away as so many conditions. */
const OTHERS = 3;

/** And one that gives the person another account than the one that is asked for. */
const ANOTHER = 2;

/** What has to change, the least first: the person's sign-in, then the claims, then the rule. */
const EFFORT: Readonly<Record<Because, number>> = {
  reauthentication_required: 0,
  mfa_required: 1,
  service_mismatch: 2,
  claim_missing: 3,
  claim_type: 3,
  claim_distributed: 3,
  claim_mismatch: 3,
  identities_untold: 3,
  account_mismatch: 4,
  idp_not_permitted: 4,
  rhost_mismatch: 5,
  rule_expired: 5,
  account_protected: 6,
  issuer_mismatch: 7,
};

/**
 * The allow rules, the nearest first: those of which the request fails the fewest conditions, then
 * those of which the least has to change; otherwise in the order of the policy. Never throws.
 */
export function byNearness(
  request: AccessRequest,
  context: Context,
): NearRule[] {
  return [...measured(request, context)]
    .sort((a, b) => compare(a.distance, b.distance))
    .map(({ rule, failed }) => ({ rule, failed }));
}

function* measured(
  request: AccessRequest,
  context: Context,
): Generator<NearRule & { readonly distance: Distance }, void> {
  for (const rule of context.policy.rules) {
    if (rule.effect !== "allow") continue;
    const failed = failedConditions(rule, request, context);
    yield { rule, failed, distance: distanceOf(rule, failed) };
  }
}

/** So many conditions of the nearest rule are named. */
const MAX_NAMED = 3;

/**
 * Of a refusal, the nearest rule and what it lacks, by name alone: `rule staff: groups.any`. `null`
 * where there is none, and where it is `late` before all rules are measured. Says nothing of what
 * the claims hold.
 */
export function nearestInShort(
  request: AccessRequest,
  context: Context & { readonly late: () => boolean },
): string | null {
  let nearest: NearRule & { readonly distance: Distance } | null = null;
  for (const each of measured(request, context)) {
    if (context.late()) return null;
    if (nearest === null || compare(each.distance, nearest.distance) < 0) {
      nearest = each;
    }
  }
  const failed = nearest?.failed ?? [];
  if (nearest === null || failed.length === 0) return null;
  const places = failed.map(({ failure: { condition } }) =>
    condition.slice(condition[0] === "when" ? 1 : 0).join(".")
  );
  const named = [...new Set(places)];
  const more = named.length > MAX_NAMED ? ", …" : "";
  return `rule ${nearest.rule.id}: ${
    named.slice(0, MAX_NAMED).join(", ")
  }${more}`;
}

/** Every condition of an allow rule that the request fails, what is least to change first. */
function failedConditions(
  rule: Rule,
  request: AccessRequest,
  context: Context,
): FailedCondition[] {
  const asked = askedOf(rule, request, context);
  const failed: FailedCondition[] = [];
  let given = true;
  for (const condition of conditionsOf(rule, context.policy)) {
    if (condition.asks === "accounts") {
      const failure = accountFailure(condition, asked, context);
      if (failure === null) continue;
      given = false;
      failed.push(failedOf(condition, failure));
    } else if (given) failed.push(...failuresOf(condition, asked));
    else failed.push(...failuresWithoutAccount(condition, asked));
  }
  // stable: alike ones stay in the order of the rule
  return failed.sort((a, b) => compare(effortOf(a), effortOf(b)));
}

/** As the evaluator has it; where a map file was not handed in, it cannot be told: that is no yes. */
function accountFailure(
  condition: RuleCondition & { asks: "accounts" },
  asked: Asked,
  { mapFiles }: Context,
): Failure | null {
  const unread = condition.sources.some((source) =>
    source.source === "map_file" && !mapFiles.has(source.path)
  );
  return unread
    ? {
      because: "account_mismatch",
      condition: condition.path,
      expected: [],
      actual: asked.request.account,
      untold: true,
    }
    : failureOf(condition, asked);
}

function failedOf(condition: RuleCondition, failure: Failure): FailedCondition {
  return { condition, failure, near: isNear(condition, failure) };
}

/** A condition with several parts fails in some of them, or in no single one: then as a whole. */
function failuresOf(condition: RuleCondition, asked: Asked): FailedCondition[] {
  const failure = failureOf(condition, asked);
  if (failure === null) return [];
  const parts = condition.asks === "assurance"
    ? failedParts(partsOf(condition, asked), asked)
    : [];
  return parts.length > 0 ? parts : [failedOf(condition, failure)];
}

/**
 * What would still fail if the rule gave the account. It cannot be told by which identity, so that
 * `same_identity` and what opens protected accounts are not counted twice.
 */
function failuresWithoutAccount(
  condition: RuleCondition,
  { given: _, ...asked }: Asked,
): FailedCondition[] {
  const blind: Asked = { ...asked, given: () => [] };
  switch (condition.asks) {
    case "allow_protected":
      return asked.rule.allow_protected ? [] : failuresOf(condition, blind);
    case "assurance": {
      const parts = partsOf(condition, blind).filter((part) =>
        part.asks !== "assurance" || !part.required.sameIdentity
      );
      return failedParts(parts, blind);
    }
    default:
      return failuresOf(condition, blind);
  }
}

const OWN_SHORTFALL: Readonly<Record<string, Because>> = {
  permitted_idps: "idp_not_permitted",
  mfa: "mfa_required",
};

/** The requirements that are not met, each for a reason of its own. */
function failedParts(
  parts: readonly RuleCondition[],
  asked: Asked,
): FailedCondition[] {
  const failed = parts.flatMap((part) => {
    const failure = failureOf(part, asked);
    return failure === null ? [] : [failedOf(part, failure)];
  });
  // a sign-in in the future fails every requirement, and is one thing to mend
  const own = failed.filter(({ condition: { path }, failure }) =>
    failure.because ===
      (OWN_SHORTFALL[path.at(-1) ?? ""] ?? "reauthentication_required")
  );
  if (own.length === 0) return failed.slice(0, 1);
  // and so is that nobody signed in, where no value was compared
  const nobody = own.filter(({ failure }) =>
    typeof failure.expected === "string"
  );
  return own.filter((each) => each === nobody[0] || !nobody.includes(each));
}

/** Compared number by number. */
type Distance = readonly number[];

function distanceOf(rule: Rule, failed: readonly FailedCondition[]): Distance {
  const telling = rule.when.filter((condition) =>
    texts(operand(condition)).length > 0
  );
  const unmet = failed.filter(({ condition }) =>
    condition.asks === "when" && telling.includes(condition.condition)
  );
  return [
    sum(failed.map(weightOf)),
    failed.filter(({ condition }) => condition.asks === "accounts").length,
    failed.length,
    failed.filter(({ near }) => !near).length,
    // a rule whose groups are there is rather meant for the person than one that asks for none;
    // that an address is verified says nothing of who somebody is
    telling.length === 0 ? 0 : unmet.length / telling.length - 1,
    sum(failed.map(({ failure }) => EFFORT[failure.because])),
  ];
}

function weightOf(failed: FailedCondition): number {
  const { condition, failure, near } = failed;
  if (condition.asks === "issuers") return OTHERS;
  if (condition.asks !== "accounts" || near) return 1;
  // no account at all is a mapping to mend, another account rather another person
  if (texts(failure.expected).length === 0) return 1;
  return condition.sources.every(({ source }) => source === "names")
    ? OTHERS
    : ANOTHER;
}

function effortOf({ failure, near }: FailedCondition): Distance {
  return [near ? 0 : 1, EFFORT[failure.because]];
}

/** So many pairs are compared letter by letter: this only orders what is equally far away. */
const MAX_PAIRS = 20;
/** So many as paths of groups, and so many texts as to their spelling: somebody waits for it. */
const MAX_PATHS = 100_000;
const MAX_TEXTS = 10_000;

/** Whether what is there is what is wanted but for its spelling or its type. */
function isNear(condition: RuleCondition, failure: Failure): boolean {
  if (!isAboutTexts(condition)) return false;
  const wanted = scalars(failure.expected);
  const actual = scalars(failure.actual);
  const known = new Set(wanted);
  const pairs = wanted.length * actual.length;
  return actual.some((text) => known.has(text)) ||
    (wanted.length + actual.length <= MAX_TEXTS &&
      firstAlike(wanted, actual) !== null) ||
    (pairs <= MAX_PATHS &&
      actual.some((text) => wanted.some((each) => isGroupPath(each, text)))) ||
    (pairs <= MAX_PAIRS &&
      actual.some((text) => almost(wanted, text) !== undefined));
}

/** What it wants are texts of which some may be there, and not addresses, times or the like. */
function isAboutTexts(condition: RuleCondition): boolean {
  switch (condition.asks) {
    case "when":
      return condition.condition.operator !== "none";
    case "assurance":
      return condition.required.maxAuthAge === null;
    default:
      return condition.asks === "services" || condition.asks === "accounts";
  }
}

function texts(value: unknown): string[] {
  return [value].flat().filter((item) => typeof item === "string");
}

/** As texts, so that the number 3 is near the text "3". */
function scalars(value: unknown): string[] {
  return [value].flat().filter((item) =>
    ["string", "number", "boolean"].includes(typeof item)
  ).map(String);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function compare(a: Distance, b: Distance): number {
  const at = a.findIndex((each, index) => each !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
