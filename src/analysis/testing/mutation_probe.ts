/**
 * Looks for a request that a changed policy decides differently: proof that a mutation matters,
 * and the test that is missing.
 *
 * A bounded search around the values that the rules mention: best case first, then one and two
 * things changed at a time. What it does not find may still exist.
 *
 * @module
 */
import { kindRow } from "../../policy/kinds.ts";
import {
  type MapFiles,
  mappedAccounts,
} from "../../policy/evaluate/accounts.ts";
import { type Claims, withClaim } from "../../policy/claims.ts";
import { claimLocation } from "../../policy/evaluate/conditions.ts";
import type { Decision, RuleOutcome } from "../../policy/decision.ts";
import { evaluate } from "../../policy/evaluate/evaluate.ts";
import type { Issuer, Policy, Rule } from "../../policy/model.ts";
import { type Dimension, dimensionsAround } from "./mutation_space.ts";
import type { Mutation } from "./mutations.ts";
import type { AccessRequest } from "../../policy/request.ts";
import { subjectFromClaims } from "../../policy/evaluate/subject.ts";

export interface Witness {
  readonly request: AccessRequest;
  /** The decision of the policy as it is; the changed one decides the other way. */
  readonly decision: Decision;
}

interface ProbeContext {
  readonly mapFiles: MapFiles;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** Requests that are looked at for one mutation. */
const BUDGET = 6000;
/** Allow rules that are tried together with a changed deny rule. */
const MAX_PARTNERS = 8;

/** A request whose decision (allow or deny) the mutation changes, or `null` if none was found. */
export function findWitness(
  policy: Policy,
  mutation: Mutation,
  context: ProbeContext,
): Witness | null {
  const groups = groupsOf(policy, mutation);
  for (const ids of groups) {
    const found = search(policy, mutation, {
      ...context,
      ids,
      budget: Math.ceil(BUDGET / groups.length),
    });
    if (found !== null) return found;
  }
  return null;
}

/** The rules whose values are varied together. */
function groupsOf(policy: Policy, { rule }: Mutation): string[][] {
  const allows = policy.rules.filter(({ effect }) => effect === "allow")
    .map(({ id }) => id);
  if (rule === null) return allows.map((id) => [id]);
  const changed = policy.rules.find(({ id }) => id === rule);
  if (changed?.effect !== "deny") return [[rule]];
  // a deny rule only shows where something would be allowed
  return [...allows.slice(0, MAX_PARTNERS).map((id) => [rule, id]), [rule]];
}

interface Search extends ProbeContext {
  readonly ids: readonly string[];
  readonly budget: number;
}

function search(
  policy: Policy,
  mutation: Mutation,
  at: Search,
): Witness | null {
  const policies = [policy, mutation.policy];
  const rules = policies.flatMap((one) =>
    one.rules.filter(({ id }) => at.ids.includes(id))
  );
  const dimensions = dimensionsAround({ ...at, policies, rules });
  const test = (draft: Draft) =>
    differing(draft, { ...at, policy, mutation, rules });
  let left = at.budget;
  for (const draft of drafts(dimensions)) {
    if (left-- <= 0) break;
    const found = test(draft);
    if (found !== null) return slimmed(draft, found, test);
  }
  return null;
}

interface Draft {
  readonly issuer: Issuer;
  readonly service: string;
  readonly rhost: string | null;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly claims: ReadonlyMap<string, unknown>;
  /** Whether another of the user's identities authenticated. */
  readonly other: boolean;
}

/** The combination that suits best, then all that differ from it in one thing, then in two. */
function* drafts(dimensions: readonly Dimension[]): Generator<Draft> {
  const best = dimensions.map(() => 0);
  yield draftOf(dimensions, best);
  for (let distance = 1; distance <= 2; distance++) {
    yield* changed(dimensions, best, { from: 0, distance });
  }
}

function* changed(
  dimensions: readonly Dimension[],
  choice: readonly number[],
  at: { from: number; distance: number },
): Generator<Draft> {
  for (let index = at.from; index < dimensions.length; index++) {
    const count = dimensions[index]?.values.length ?? 0;
    for (let value = 1; value < count; value++) {
      const next = choice.with(index, value);
      if (at.distance === 1) yield draftOf(dimensions, next);
      else {
        yield* changed(dimensions, next, {
          from: index + 1,
          distance: at.distance - 1,
        });
      }
    }
  }
}

function draftOf(
  dimensions: readonly Dimension[],
  choice: readonly number[],
): Draft {
  const claims = new Map<string, unknown>();
  const single: Record<string, unknown> = {};
  for (const [index, { kind, claim, values }] of dimensions.entries()) {
    const value = values[choice[index] ?? 0];
    if (kind === "claim") claims.set(claim, value);
    else single[kind] = value;
  }
  return {
    issuer: single["issuer"] as Issuer,
    service: single["service"] as string,
    rhost: single["rhost"] as string | null,
    now: single["now"] as number,
    claims,
    other: single["session"] === "other",
  };
}

interface Difference extends Search {
  readonly policy: Policy;
  readonly mutation: Mutation;
  readonly rules: readonly Rule[];
}

/** The first account for which the two policies part. */
function differing(draft: Draft, at: Difference): Witness | null {
  const { policy, mutation, mapFiles } = at;
  const base = requestOf(draft, at);
  const accounts = new Set(at.rules.flatMap((rule) => {
    try {
      return mappedAccounts(rule.accounts ?? [], base.subject, { mapFiles })
        .map(({ account }) => account);
    } catch {
      return [];
    }
  }));
  const narrow = (one: Policy): Policy => ({
    ...one,
    rules: one.rules.filter(({ id }) => at.ids[0] === id),
  });
  const [before, after] = [narrow(policy), narrow(mutation.policy)];
  for (const account of accounts) {
    const request = { ...base, account };
    const decide = (one: Policy) => evaluate(one, request, { mapFiles });
    // one rule alone tells quickly whether there is anything to see
    if (sameOutcome(decide(before).rules[0], decide(after).rules[0])) continue;
    const decision = decide(policy);
    if (decision.decision !== decide(mutation.policy).decision) {
      return { request, decision };
    }
  }
  return null;
}

/** Whether a rule, or its absence, has the same to say for a decision. */
export function sameOutcome(
  one: RuleOutcome | undefined,
  other: RuleOutcome | undefined,
): boolean {
  if (one?.matched !== true || other?.matched !== true) {
    return (one?.matched ?? false) === (other?.matched ?? false);
  }
  return one.effect === other.effect && one.granted === other.granted &&
    one.because === other.because;
}

function requestOf(draft: Draft, context: ProbeContext): AccessRequest {
  const { now } = draft;
  let claims: Claims = {};
  for (const [claim, given] of draft.claims) {
    if (given === undefined) continue;
    // how long ago it was, at whatever time
    const value = claim === "auth_time" && typeof given === "number"
      ? given - context.now + now
      : given;
    claims = withClaim(claims, claimLocation(draft.issuer, claim), value);
  }
  const subject = subjectFromClaims(draft.issuer, claims);
  const { identities, authentications } = subject;
  const identity = "another-identity";
  return {
    account: "",
    service: draft.service,
    rhost: draft.rhost,
    now,
    subject: draft.other && kindRow(draft.issuer).linked
      ? {
        ...subject,
        identities: [...identities, {
          id: identity,
          username: null,
          email: null,
          idp: null,
        }],
        authentications: authentications.map((one) => ({ ...one, identity })),
      }
      : subject,
  };
}

/** The same without the claims that it does not need. */
function slimmed(
  draft: Draft,
  found: Witness,
  test: (draft: Draft) => Witness | null,
): Witness {
  let [current, witness] = [draft, found];
  for (const claim of draft.claims.keys()) {
    if (claim === "sub") continue; // no token comes without
    const claims = new Map(current.claims);
    claims.delete(claim);
    const fewer = test({ ...current, claims });
    const same = fewer?.decision.decision === found.decision.decision &&
      fewer.request.account === found.request.account;
    if (fewer !== null && same) {
      [current, witness] = [{ ...current, claims }, fewer];
    }
  }
  return witness;
}
