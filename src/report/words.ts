/**
 * Conditions, claims and accounts as a person reads them.
 *
 * @module
 */
import { span } from "../analysis/explain/words.ts";
import type { Claims } from "../policy/claims.ts";
import { isObject } from "../lib/json.ts";
import { shown } from "../lib/text.ts";
import type { AccountSource, Condition, Rule } from "../policy/model.ts";
import type { Requirements } from "../policy/evaluate/assurance.ts";
import { duration } from "../policy/duration.ts";

/** Longest value. */
const MAX_VALUE = 200;
/** Values of a list; the rest is counted. */
const MAX_LISTED = 8;

/** `a, b, and 3 more`. */
export function listed(
  items: readonly string[],
  { most = MAX_LISTED, word = ", " }: { most?: number; word?: string } = {},
): string {
  const rest = items.length - most;
  return rest <= 1
    ? items.join(word)
    : `${items.slice(0, most).join(word)}${word}and ${rest} more`;
}

function value(one: unknown): string {
  return shown(one, MAX_VALUE);
}

function values(list: readonly unknown[], word: "or" | "and"): string {
  return listed(list.map(value), { word: ` ${word} ` });
}

/** What a condition asks for. */
export function conditionWords(condition: Condition): string {
  const { claim } = condition;
  switch (condition.operator) {
    case "equals":
      return claim === "email_verified" && condition.value === true
        ? "a verified address"
        : `${claim} is ${value(condition.value)}`;
    case "in":
      return `${claim} is ${values(condition.values, "or")}`;
    case "any":
      return `${claim} has ${values(condition.values, "or")}`;
    case "all":
      return `${claim} has ${values(condition.values, "and")}`;
    case "none":
      return `${claim} has none of ${values(condition.values, "or")}`;
    case "like":
      return `${claim} is like ${value(condition.pattern)}`;
    case "word":
      return `${claim} has the word ${value(condition.text)}`;
    case "has":
      return `${claim} has the member ${value(condition.text)}`;
  }
}

/** How far a time may lie from the login to be told by the distance. */
const NEAR = 400 * 86400;

/** What a token says, a sentence each; `now` is the time of the login. */
export function claimWords(claims: Claims, now: number): string[] {
  return Object.entries(claims).flatMap(([name, held]) =>
    memberWords([name], held, now)
  );
}

function memberWords(
  path: readonly string[],
  held: unknown,
  now: number,
): string[] {
  const name = path.join(".");
  if (name === "email_verified" && held === true) return ["a verified address"];
  if (Array.isArray(held) && held.every((entry) => !isObject(entry))) {
    return [
      held.length === 0
        ? `${name} is an empty list`
        : `${name} has ${values(held, "and")}`,
    ];
  }
  if (isObject(held) && Object.keys(held).length > 0) {
    return Object.entries(held).flatMap(([member, inner]) =>
      memberWords([...path, member], inner, now)
    );
  }
  const isTime = typeof held === "number" && Number.isInteger(held) &&
    /(?:^|_)(?:auth_time|time)$/.test(path.at(-1) ?? "") &&
    held <= now && now - held < NEAR;
  return [
    isTime
      ? `${name} is ${
        held === now ? "the time of the login" : `${span(now - held)} before`
      }`
      : `${name} is ${value(held)}`,
  ];
}

/** Names and map entries that are told of a source. */
const MAX_NAMES = 6;

/** Where an account comes from. */
export function sourceWords(source: AccountSource): string {
  switch (source.source) {
    case "claim":
      return `${source.claim}${suffixWords(source.strip_suffix)}`;
    case "identity":
      return `${source.attribute} of the identity${
        suffixWords(source.strip_suffix)
      }`;
    case "map":
      return `by a map of ${listed(source.keys)}: ${
        listed(
          [...new Set(source.map.flatMap(({ accounts }) => accounts))],
          { most: MAX_NAMES },
        )
      }`;
    case "map_file":
      return `by the file ${source.path}, by ${listed(source.keys)}`;
    case "names":
      return listed(source.names, { most: MAX_NAMES });
  }
}

function suffixWords(suffix: string | null): string {
  return suffix === null ? "" : ` without ${value(suffix)}`;
}

/** What sources of accounts have in common whose details are left out. */
export function sourceSort(source: AccountSource): string {
  switch (source.source) {
    case "claim":
      return `by ${source.claim}`;
    case "identity":
      return `by the identity's ${source.attribute}`;
    case "map":
      return "by a map in the policy";
    case "map_file":
      return "by a map file";
    case "names":
      return "named accounts";
  }
}

/** `sshd · 10.0.0.0/8 · MFA · at most 15m old`, as the diagram has it. */
export function ruleLabel(
  { services, rhosts }: Pick<Rule, "services" | "rhosts">,
  { mfa, maxAuthAge }: Pick<Requirements, "mfa" | "maxAuthAge">,
): string {
  return [
    services === null ? "any service" : listed(services),
    rhosts === null ? "from anywhere" : listed(rhosts),
    ...(mfa ? ["MFA"] : []),
    ...(maxAuthAge === null
      ? []
      : [`sign-in at most ${duration(maxAuthAge)} old`]),
  ].join(" · ");
}
