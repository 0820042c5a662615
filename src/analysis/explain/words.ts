/**
 * What a rule asked for and what was there, as people say it.
 *
 * @module
 */
import { readClaim } from "../../policy/claims.ts";
import type { Because, RuleOutcome } from "../../policy/decision.ts";
import { claimLocation } from "../../policy/evaluate/conditions.ts";
import {
  askedOf,
  conditionsOf,
  failureOf,
  identitiesOf,
  type RuleCondition,
} from "../../policy/evaluate/rule.ts";
import { instantText } from "../../policy/instant.ts";
import type { AccountSource, Condition, Rule } from "../../policy/model.ts";
import type { Identity } from "../../policy/request.ts";
import { listOf, shown, visible } from "../../lib/text.ts";
import { failureHints, type Known } from "./near_miss.ts";
import { described } from "./near_miss/claims.ts";
import { stripped } from "../../policy/evaluate/accounts.ts";
import { hasDomain } from "../account_words.ts";
import type { FailedCondition } from "../../policy/evaluate/nearness.ts";

const WORDS: Readonly<Record<Because, string>> = {
  issuer_mismatch: "it is for other issuers",
  service_mismatch: "it is for other services",
  rhost_mismatch: "it is for other networks",
  rule_expired: "the rule has ended",
  claim_missing: "the claim is missing",
  claim_type: "the claim is of another type",
  claim_distributed: "the issuer keeps the claim elsewhere",
  identities_untold: "the issuer did not tell all linked identities",
  claim_mismatch: "the claim has another value",
  account_mismatch: "the identity does not map to the account",
  account_protected: "the account is protected",
  reauthentication_required: "the user authenticated too long ago",
  mfa_required: "several factors are required",
  idp_not_permitted: "the identity provider is not permitted",
};

/** The outcome of a rule in words. The texts hold values of claims: make them safe first. */
export interface Told {
  readonly because: string;
  readonly expected: string;
  readonly actual: string;
}

/** Longest value beside a rule. */
const MAX_SHOWN = 200;

/** A value as it is shown beside words: it steers no terminal, and a long one is cut. */
export function visibleValue(value: unknown): string {
  return visible(shown(value, MAX_SHOWN));
}

/** What kept a rule from granting; of a deny rule, what could not be told. */
export function told(
  because: Because,
  { expected, actual }: Compared,
  known: Known,
): Told {
  const plain = {
    because: WORDS[because],
    expected: shown(expected, MAX_SHOWN),
    actual: shown(actual, MAX_SHOWN),
  };
  switch (because) {
    case "account_mismatch":
      return Array.isArray(expected) && expected.length === 0
        ? { ...plain, expected: "(it gives no account)" }
        : plain;
    case "rule_expired":
      return {
        ...plain,
        expected: `before ${instantText(Number(expected))}`,
        actual: instantText(Number(actual)),
      };
    case "reauthentication_required": {
      const { now } = known.request;
      const limit = typeof expected === "number" ? expected : null;
      const age = typeof actual === "number" ? now - Math.floor(actual) : null;
      return {
        because: signInWords({ expected, actual }, known),
        expected: limit === null
          ? plain.expected
          : `at most ${span(limit)} ago`,
        actual: age === null
          ? "none"
          : age < 0
          ? `in ${span(-age)}`
          : `${span(age, limit)} ago`,
      };
    }
    default:
      return plain;
  }
}

/** Whether there is no sign-in at all to look at, or none of the identity that has the account. */
function isNobody({ expected, actual }: Compared): boolean {
  return actual === null && typeof expected === "string";
}

type Compared = Pick<RuleOutcome, "expected" | "actual">;

/** Why the time of a sign-in does not do. */
function signInWords(compared: Compared, { request, issuer }: Known): string {
  const { actual } = compared;
  const { authentications, claims } = request.subject;
  if (isNobody(compared)) {
    return authentications.length === 0
      ? "the issuer told of no sign-in"
      : "nobody signed in as the identity that has the account";
  }
  if (typeof actual === "number") {
    return actual > request.now
      ? "the time of the sign-in lies in the future"
      : WORDS.reauthentication_required;
  }
  const { auth_time } = issuer.claims;
  const there = readClaim(claims, auth_time) ?? null;
  const at = auth_time === "auth_time" ? "" : ` at ${shown(auth_time)}`;
  return there === null
    ? `the issuer sent no auth_time${at}`
    : `${shown(auth_time)} is ${described(there)}, and not a time in seconds`;
}

const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]] as const;

/**
 * A time span as people say it, such as "9 h" or "1 h 10 min": its two largest units, or all of
 * them where it would look the same as the span it is compared with.
 */
export function span(total: number, than: number | null = null): string {
  let rest = Math.max(0, Math.floor(total));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    // "25 h" is said, not "1 d 1 h"
    if (unit === "d" && total < 2 * size) continue;
    const count = Math.floor(rest / size);
    if (count > 0) parts.push(`${count} ${unit}`);
    rest -= count * size;
  }
  const short = parts.slice(0, 2).join(" ") || "0 s";
  return than !== null && than !== total && span(than) === short
    ? parts.join(" ")
    : short;
}

/** Hints that say all that there is to say of a condition. */
const WHOLE = new Set([
  "account-name",
  "claim-name",
  "factors",
  "list-expected",
  "list-unexpected",
  "map-key",
  "protected",
  "type",
]);

/** Which condition a request fails, and what is wrong with it, in one line. */
export function failureWords(
  failed: FailedCondition,
  { rule, known }: { rule: Rule; known: Known },
): string {
  const { condition, failure } = failed;
  const [hint] = failureHints(condition, failure, known);
  const { rhost } = known.request;
  if (hint !== undefined && WHOLE.has(hint.kind)) return hint.message;
  const words = plainWords(failed, { rule, known });
  return hint === undefined || (condition.asks === "rhosts" && rhost === null)
    ? words
    : `${words}: ${hint.message}`;
}

function plainWords(
  { condition, failure }: FailedCondition,
  { rule, known }: { rule: Rule; known: Known },
): string {
  const { request, issuer } = known;
  switch (condition.asks) {
    case "issuers":
      return `it is for the issuer ${listOf(condition.names)}, not ${
        shown(issuer.name)
      }`;
    case "services":
      return `it is for the service ${listOf(condition.names)}, not ${
        shown(request.service)
      }`;
    case "rhosts": {
      const networks = listOf(condition.networks, 4);
      return request.rhost === null
        ? `there is no remote address, and it is for ${networks}`
        : `the remote address ${shown(request.rhost)} is not in ${networks}`;
    }
    case "not_after":
      return `the rule ended at ${instantText(condition.end)}${
        request.now > condition.end
          ? `, ${span(request.now - condition.end)} ago`
          : ""
      }`;
    case "when":
      return claimWords(condition.condition, failure.because, known);
    case "accounts":
      return accountWords(condition.sources, failure.expected, known);
    case "host":
      return `the host has no account ${shown(request.account)}`;
    case "allow_protected":
      return `${shown(request.account)} is protected`;
    case "assurance":
      if (condition.required.sameIdentity && isNobody(failure)) {
        return sameIdentityWords({ rule, known });
      }
      return condition.path.at(-1) === "assurance"
        ? `no single sign-in meets all of it: ${assuranceWords(failure, known)}`
        : assuranceWords(failure, known);
  }
}

function claimWords(
  condition: Condition,
  because: Because,
  { request, issuer }: Known,
): string {
  const location = claimLocation(issuer, condition.claim);
  const name = shown(location);
  const wanted = wantedWords(condition);
  if (because === "claim_distributed") {
    return `the issuer keeps the claim ${name} elsewhere`;
  }
  const actual = readClaim(request.subject.claims, location);
  if (because === "claim_missing") {
    const expected = condition.operator === "none"
      ? "expected a list to look into"
      : `expected ${wanted}`;
    return actual === null
      ? `the claim ${name} is null, ${expected}`
      : `there is no claim ${name}, ${expected}`;
  }
  const list: readonly unknown[] = Array.isArray(actual) ? actual : [];
  switch (condition.operator) {
    case "any":
      return condition.values.length === 1
        ? `${name} lacks ${wanted}`
        : `${name} has none of ${wanted}`;
    case "all":
      return `${name} lacks ${
        alternatives(
          condition.values.filter((value) => !list.includes(value)),
          "and",
        )
      }`;
    case "none": {
      const found = condition.values.filter((value) => list.includes(value));
      return found.length === 0
        ? `${name} has an entry that cannot be judged`
        : `${name} has ${alternatives(found, "and")}, which must not be there`;
    }
    default:
      return `${name} is ${shown(actual)}, expected ${wanted}`;
  }
}

function wantedWords(condition: Condition): string {
  switch (condition.operator) {
    case "equals":
      return shown(condition.value);
    case "like":
      return shown(condition.pattern);
    case "word":
      return `the word ${shown(condition.text)}`;
    case "has":
      return `the member ${shown(condition.text)}`;
    case "all":
      return alternatives(condition.values, "and");
    default:
      return alternatives(condition.values, "or");
  }
}

/** Values of a message at most. */
const MAX_VALUES = 5;

function alternatives(values: readonly unknown[], word: "and" | "or"): string {
  const [last = "nothing", ...before] = values.slice(0, MAX_VALUES)
    .map((value) => shown(value)).reverse();
  const more = values.length > MAX_VALUES ? ", …" : "";
  return before.length === 0
    ? last
    : `${before.reverse().join(", ")}${
      more === "" ? ` ${word} ` : ", "
    }${last}${more}`;
}

/** What the sources of accounts give instead of the account, or why they give none. */
function accountWords(
  sources: readonly AccountSource[],
  given: unknown,
  { request, mapFiles }: Known,
): string {
  const { account, subject } = request;
  if (Array.isArray(given) && given.length > 0) {
    const verb = sources.every(({ source }) => source === "names")
      ? "it opens"
      : "it gives";
    return `${verb} ${alternatives(given, "or")}, not ${shown(account)}`;
  }
  const reasons = sources.map((source) => {
    switch (source.source) {
      case "names":
        return null;
      case "claim":
        return valueWords(source.claim, {
          value: readClaim(subject.claims, source.claim),
          suffix: source.strip_suffix,
        });
      case "identity": {
        const values = subject.identities.map((each) => each[source.attribute])
          .filter((value) => value !== null);
        return valueWords(`identity.${source.attribute}`, {
          value: values[0],
          suffix: source.strip_suffix,
        });
      }
      case "map":
      case "map_file":
        return source.source === "map_file" && !mapFiles.has(source.path)
          ? `the map file ${shown(source.path)} was not read`
          : `there is no ${
            source.keys.map((key) => shown(key)).join(" or ")
          } ` +
            `to look up in ${
              source.source === "map" ? '"map"' : shown(source.path)
            }`;
    }
  });
  return [...new Set(reasons.filter((reason) => reason !== null))].slice(0, 2)
    .join("; ") || `no source gives ${shown(account)}`;
}

function valueWords(
  name: string,
  { value, suffix }: { value: unknown; suffix: string | null },
): string {
  if (value === undefined || value === null) {
    return `there is no ${shown(name)} to take the account from`;
  }
  const ends = typeof value === "string" && value.endsWith(suffix ?? "");
  return stripped(value, suffix) === null && suffix !== null &&
      !(ends && hasDomain(value.slice(0, -suffix.length)))
    ? `${shown(value)} does not end in ${shown(suffix)}`
    : `${shown(value)} is not an account name`;
}

function assuranceWords(
  { because, expected, actual }: FailedCondition["failure"],
  known: Known,
): string {
  const { issuer, request } = known;
  if (isNobody({ expected, actual })) {
    return signInWords({ expected, actual }, known);
  }
  switch (because) {
    case "idp_not_permitted":
      return isEmpty(actual)
        ? `the issuer sent no identity provider (${shown(issuer.claims.idp)})`
        : `the identity provider ${shown(actual)} is not permitted, only ${
          alternatives([expected].flat(), "or")
        }`;
    case "mfa_required": {
      const { amr, acr } = issuer.claims;
      const { amr_any, acr_any } = issuer.mfa;
      const names = [amr_any, acr_any].flatMap((list, index) =>
        list.length === 0 ? [] : [shown(index === 0 ? amr : acr)]
      ).join(" or ");
      return isEmpty(actual)
        ? `several factors are required, and the issuer sent no ${names}`
        : `several factors are required, and ${names} shows only ${
          shown(actual)
        }, expected ${alternatives([expected].flat(), "or")}`;
    }
    default:
      return typeof actual !== "number" || typeof expected !== "number" ||
          actual > request.now
        ? signInWords({ expected, actual }, known)
        : `the user signed in ${
          span(request.now - Math.floor(actual), expected)
        } ago, at most ${span(expected)}`;
  }
}

function isEmpty(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

/** Nobody signed in as one of the identities that have the account. */
function sameIdentityWords(
  { rule, known }: { rule: Rule; known: Known },
): string {
  const { request, mapFiles, policy, issuer } = known;
  const { identities, authentications } = request.subject;
  const ids = identitiesOf(
    askedOf(rule, request, { policy, issuer, mapFiles }),
  );
  const names = (list: readonly (string | null)[]) =>
    [...new Set(list)].filter((id) => id !== null)
      .map((id) => identityName(identities.find((each) => each.id === id), id));
  const having = names(ids ?? []);
  const signedIn = names(authentications.map(({ identity }) => identity));
  if (having.length === 0) {
    return `the identity that has ${shown(request.account)} has no id`;
  }
  return `nobody signed in as ${alternatives(having, "or")}, which has ${
    shown(request.account)
  }${
    signedIn.length === 0 ? "" : `, only as ${alternatives(signedIn, "and")}`
  }`;
}

function identityName(identity: Identity | undefined, id: string): string {
  return identity?.username ?? identity?.email ?? id;
}

/** What a deny rule that matched found. */
export function denialWords(rule: Rule, known: Known): string {
  const { request, policy, issuer, mapFiles } = known;
  const asked = askedOf(rule, request, { policy, issuer, mapFiles });
  const found = conditionsOf(rule, policy).map((condition) =>
    failureOf(condition, asked) === null
      ? foundWords(condition, known)
      : `${shown(condition.path.join("."))} cannot be told`
  );
  return found.length === 0 ? "it denies everybody" : found.join(", ");
}

function foundWords(
  condition: RuleCondition,
  { request, issuer }: Known,
): string {
  switch (condition.asks) {
    case "issuers":
      return `the issuer is ${shown(issuer.name)}`;
    case "services":
      return `the service is ${shown(request.service)}`;
    case "rhosts":
      return `the remote address is ${shown(request.rhost)}`;
    case "not_after":
      return `it is before ${instantText(condition.end)}`;
    case "when":
      return claimFound(condition.condition, { request, issuer });
    default:
      return `the account is ${shown(request.account)}`;
  }
}

function claimFound(
  condition: Condition,
  { request, issuer }: Pick<Known, "request" | "issuer">,
): string {
  const location = claimLocation(issuer, condition.claim);
  const actual = readClaim(request.subject.claims, location);
  switch (condition.operator) {
    case "any":
    case "all":
    case "none": {
      const list: readonly unknown[] = Array.isArray(actual) ? actual : [];
      const found = condition.values.filter((value) => list.includes(value));
      return found.length > 0
        ? `${shown(location)} has ${alternatives(found, "and")}`
        : `${shown(location)} has none of ${wantedWords(condition)}`;
    }
    default:
      return `${shown(location)} is ${shown(actual)}`;
  }
}
