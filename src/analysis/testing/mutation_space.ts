/**
 * The values around a few rules that could tell a policy from a changed one: what is mentioned,
 * what nearly matches, nothing, and a wrong type.
 *
 * @module
 */
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import { checkCondition } from "../../policy/evaluate/conditions.ts";
import { networkExamples } from "../diff/networks.ts";
import type { IdentityAttribute } from "../../policy/identity_claims.ts";
import type {
  AccountSource,
  Condition,
  Issuer,
  Policy,
  Rule,
} from "../../policy/model.ts";

/** Where the attributes of a single identity come from (request.ts). */
const IDENTITY_CLAIMS: Readonly<Record<IdentityAttribute, string>> = {
  id: "sub",
  username: "preferred_username",
  email: "email",
};

/** One thing about a request that can be varied. The first value suits the rules best. */
export interface Dimension {
  readonly kind: "issuer" | "service" | "rhost" | "now" | "claim" | "session";
  /** The claim's name as rules write it; empty for the others. */
  readonly claim: string;
  readonly values: readonly unknown[];
}

interface Around {
  /** The rules as they are and as they were changed. */
  readonly rules: readonly Rule[];
  /** The policy as it is and as it was changed. */
  readonly policies: readonly Policy[];
  readonly mapFiles: MapFiles;
  readonly now: number;
}

/** Enough of a long list to find a difference; the list itself may be data. */
const MAX_VALUES = 12;
const PEOPLE = ["alice", "bob", "carol", "dave", "erin", "frank"];
const OTHER = "something-else";

/** All dimensions of the requests around the rules. */
export function dimensionsAround(around: Around): Dimension[] {
  const { rules, policies } = around;
  const fixed: Dimension[] = [
    { kind: "issuer", claim: "", values: issuersOf(around) },
    {
      kind: "service",
      claim: "",
      values: named(rules, "services", ["sshd"], OTHER),
    },
    { kind: "rhost", claim: "", values: rhostsOf(rules) },
    { kind: "now", claim: "", values: clocksOf(around) },
  ];
  const issuer = fixed[0]?.values[0] as Issuer;
  const claims = new Map<string, unknown[]>();
  const add = (claim: string, values: readonly unknown[]) =>
    claims.set(claim, [...claims.get(claim) ?? [], ...values]);
  add("sub", ["u1"]); // no token comes without
  for (const [index, source] of distinctSources(rules).entries()) {
    sourceValues(source, { ...around, index, add });
  }
  assuranceValues(around, { issuer, add });
  const conditions = Map.groupBy(
    rules.flatMap(({ when }) => when),
    ({ claim }) => claim,
  );
  for (const [claim, list] of conditions) add(claim, conditionValues(list));
  const varied = [...claims].map(([claim, values]): Dimension => ({
    kind: "claim",
    claim,
    values: ranked([...values, undefined], {
      issuer,
      conditions: conditions.get(claim) ?? [],
    }),
  }));
  const bound = policies.some(({ assurance }) => assurance.same_identity) ||
    rules.some(({ assurance }) => assurance.same_identity);
  const session: Dimension[] = bound
    ? [{ kind: "session", claim: "", values: ["own", "other"] }]
    : [];
  return [...fixed, ...varied, ...session];
}

function issuersOf({ rules, policies }: Around): readonly Issuer[] {
  const issuers = policies[0]?.issuers ?? [];
  const suits = (issuer: Issuer) =>
    rules.filter((rule) => rule.issuers?.includes(issuer.name) ?? true).length;
  return [...issuers].sort((a, b) => suits(b) - suits(a));
}

/** What the rules name, those first that all rules name. */
function named(
  rules: readonly Rule[],
  key: "services",
  common: readonly string[],
  other: string,
): string[] {
  const all = new Set([...common, ...rules.flatMap((rule) => rule[key] ?? [])]);
  const suits = (value: string) =>
    rules.filter((rule) => rule[key]?.includes(value) ?? true).length;
  return [...[...all].sort((a, b) => suits(b) - suits(a)), other];
}

function rhostsOf(rules: readonly Rule[]): (string | null)[] {
  const networks = [...new Set(rules.flatMap(({ rhosts }) => rhosts ?? []))];
  return [...networkExamples(networks), null];
}

/** The clock of the tests, and on both sides of each end; first one before which few rules end. */
function clocksOf({ rules, now }: Around): number[] {
  const ends = rules.flatMap(({ not_after }) => not_after ?? []);
  const clocks = [...new Set([now, ...ends.flatMap((end) => [end - 1, end])])];
  const ended = (clock: number) => ends.filter((end) => end <= clock).length;
  return clocks.sort((a, b) => ended(a) - ended(b));
}

function distinctSources(rules: readonly Rule[]): AccountSource[] {
  const sources = rules.flatMap(({ accounts }) => accounts ?? []);
  return [
    ...new Map(sources.map((source) => [JSON.stringify(source), source]))
      .values(),
  ];
}

interface SourceContext extends Around {
  readonly index: number;
  readonly add: (claim: string, values: readonly unknown[]) => void;
}

/** Values by which a source gives an account, each source another one. */
function sourceValues(source: AccountSource, at: SourceContext): void {
  if (source.source === "names") return;
  const shielded = at.policies.flatMap(({ protected_accounts }) =>
    protected_accounts.slice(0, 2)
  );
  // what another rule says of an account by its name shows on whoever maps to it
  const names = at.rules.flatMap(({ accounts }) =>
    (accounts ?? []).flatMap((one) => one.source === "names" ? one.names : [])
  );
  const people = new Set([
    PEOPLE[at.index % PEOPLE.length] ?? "alice",
    ...shielded,
    ...names.slice(0, MAX_VALUES),
  ]);
  if (source.source === "claim" || source.source === "identity") {
    const claim = source.source === "claim"
      ? source.claim
      : IDENTITY_CLAIMS[source.attribute];
    const end = source.strip_suffix ?? "";
    const suffix = end === "" || end.startsWith("@") || !end.includes("@")
      ? end
      : `@${end}`; // what stands before the "@" must be cut off as well
    at.add(claim, [...people].map((account) => `${account}${suffix}`));
    return;
  }
  const keys = source.source === "map"
    ? source.map.map(({ key }) => key)
    : keysIn(at.mapFiles.get(source.path) ?? "");
  for (const name of source.keys) {
    const attribute = /^identity\.(id|username|email)$/.exec(name)?.[1];
    const claim = attribute === undefined
      ? name
      : IDENTITY_CLAIMS[attribute as IdentityAttribute];
    at.add(claim, keys.slice(0, MAX_VALUES));
  }
}

function keysIn(text: string): string[] {
  return text.slice(0, 4096).split("\n").flatMap((line) => {
    const key = /^[ \t,]*([^ \t,#\r]+)/.exec(line)?.[1];
    return key === undefined ? [] : [key];
  });
}

function assuranceValues(
  { rules, policies, now }: Around,
  at: { issuer: Issuer; add: SourceContext["add"] },
): void {
  const all = [
    ...policies.map(({ assurance }) => assurance),
    ...rules.map(({ assurance }) => assurance),
  ];
  const idps = all.flatMap(({ permitted_idps }) =>
    permitted_idps === null ? [] : [permitted_idps]
  );
  if (idps.length > 0) {
    const suits = (idp: string) =>
      idps.filter((list) => list.includes(idp)).length;
    const values = [...new Set(idps.flat())].sort((a, b) =>
      suits(b) - suits(a)
    );
    at.add("idp", [...values.slice(0, MAX_VALUES), OTHER]);
  }
  if (all.some(({ mfa }) => mfa)) {
    // the nearest issuer's own first
    const ways = [
      at.issuer,
      ...policies.flatMap(({ issuers }) => issuers),
    ].map(({ mfa }) => mfa);
    const amr = [...new Set(ways.flatMap(({ amr_any }) => amr_any))];
    const acr = [...new Set(ways.flatMap(({ acr_any }) => acr_any))];
    at.add("amr", [...amr.map((method) => [method]), [OTHER]]);
    if (acr.length > 0) at.add("acr", [...acr, OTHER]);
  }
  const ages = all.flatMap(({ max_auth_age }) => max_auth_age ?? []);
  if (ages.length > 0) {
    const times = [...new Set(ages)].flatMap((age) => [
      now - age,
      now - age - 1,
    ]);
    at.add("auth_time", [now, ...times]);
  }
}

/** Values that the conditions on one claim can tell apart. */
function conditionValues(conditions: readonly Condition[]): unknown[] {
  const lists: unknown[][] = [];
  const values: unknown[] = [];
  const wanted: unknown[] = [];
  for (const condition of conditions) {
    if (condition.operator === "like") {
      for (const filler of ["x", ""]) {
        values.push(condition.pattern.replaceAll("*", filler));
      }
      values.push(`x${condition.pattern.replaceAll("*", "x")}x`);
    } else if (condition.operator === "equals") {
      const { value } = condition;
      values.push(value, typeof value === "boolean" ? !value : OTHER);
    } else if (condition.operator === "in") {
      values.push(...condition.values.slice(0, MAX_VALUES), OTHER);
    } else {
      const listed = condition.values.slice(0, MAX_VALUES);
      if (condition.operator !== "none") wanted.push(...listed);
      lists.push(
        [...listed],
        ...listed.map((value) => [value]),
        ...listed.map((value) => listed.filter((other) => other !== value)),
        [OTHER],
        [],
      );
    }
  }
  // together with what other conditions on the same claim ask for
  const joined = wanted.length === 0 ? [] : lists.flatMap((list) => [
    [...new Set([...wanted, ...list])],
    ...wanted.map((one) => [...new Set([one, ...list])]),
  ]);
  return [...values, ...lists, ...joined, {}];
}

/** The values without repetition, those first that suit the most conditions. */
function ranked(
  values: readonly unknown[],
  at: { issuer: Issuer; conditions: readonly Condition[] },
): unknown[] {
  const distinct = [
    ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
  ];
  const suits = (value: unknown) =>
    at.conditions.filter((condition) =>
      checkCondition({ ...condition, claim: "value" }, {
        issuer: at.issuer,
        claims: value === undefined ? {} : { value },
      }).holds
    ).length;
  const scores = new Map(distinct.map((value) => [value, suits(value)]));
  return distinct.sort((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0));
}
