/**
 * What of a policy tests can cover: every rule, and every condition in both its outcomes.
 *
 * A point is only counted where a test can reach it: `issuers` that name all issuers never fail,
 * so nobody is asked for a test in which they do.
 *
 * @module
 */
import {
  type MapFiles,
  mappedAccounts,
  untoldSource,
} from "../../policy/evaluate/accounts.ts";
import { assuranceFailure, combine } from "../../policy/evaluate/assurance.ts";
import { isMet, judgeCondition } from "../../policy/evaluate/conditions.ts";
import type {
  AccountSource,
  Assurance,
  Policy,
  Rule,
} from "../../policy/model.ts";
import { contains, parseAddress, parseNetwork } from "../../policy/network.ts";
import type { AccessRequest } from "../../policy/request.ts";
import type { Path } from "../../policy/syntax/yaml_tree.ts";

export interface Sight {
  readonly request: AccessRequest;
  readonly mapFiles: MapFiles;
}

/** One condition of a rule, looked at on its own: nothing before it can hide it. */
export interface ConditionProbe {
  readonly rule: string;
  /** The path inside the rule, such as `["when", "groups", "any"]`. */
  readonly condition: readonly string[];
  /** Where it is written. */
  readonly path: Path;
  /** Whether a test can see it fail. */
  readonly canFail: boolean;
  /** `null` where the question does not arise. Throws where the evaluation would. */
  holds(sight: Sight): boolean | null;
}

/** Every condition of a rule. */
export function probesOf(rule: Rule, policy: Policy): ConditionProbe[] {
  return [
    ...scopeProbes(rule, policy),
    ...rule.when.map((condition): ConditionProbe => ({
      rule: rule.id,
      condition: ["when", condition.claim, condition.operator],
      path: ["rules", rule.id, "when", condition.claim, condition.operator],
      canFail: true,
      holds: concerning(rule, ({ request }) => {
        const issuer = issuerOf(policy, request);
        const { claims } = request.subject;
        const result = judgeCondition(condition, { issuer, claims });
        return isMet(result, rule.effect);
      }),
    })),
    ...accountProbes(rule, policy),
    ...(rule.effect === "allow" ? assuranceProbes(rule, policy) : []),
  ];
}

/** Conditions of a rule say something about tests of its own issuers only. */
function concerning(
  rule: Rule,
  holds: (sight: Sight) => boolean | null,
): ConditionProbe["holds"] {
  return (sight) =>
    rule.issuers === null || rule.issuers.includes(sight.request.subject.issuer)
      ? holds(sight)
      : null;
}

function issuerOf(policy: Policy, request: AccessRequest) {
  const { issuer } = request.subject;
  const found = policy.issuers.find(({ name }) => name === issuer);
  if (found === undefined) throw new Error(`no issuer "${issuer}"`);
  return found;
}

function scopeProbes(rule: Rule, policy: Policy): ConditionProbe[] {
  const { issuers, services, rhosts } = rule;
  const probes: ConditionProbe[] = [];
  const base = (key: string) => ({
    rule: rule.id,
    condition: [key],
    path: ["rules", rule.id, key],
    canFail: true,
  });
  if (issuers !== null) {
    probes.push({
      ...base("issuers"),
      canFail: policy.issuers.some(({ name }) => !issuers.includes(name)),
      holds: ({ request }) => issuers.includes(request.subject.issuer),
    });
  }
  if (services !== null) {
    probes.push({
      ...base("services"),
      holds: concerning(
        rule,
        ({ request }) => services.includes(request.service),
      ),
    });
  }
  if (rhosts !== null) {
    const networks = rhosts.map(parseNetwork).filter((network) =>
      network !== null
    );
    probes.push({
      ...base("rhosts"),
      holds: concerning(rule, ({ request }) => {
        const address = request.rhost === null
          ? null
          : parseAddress(request.rhost);
        return address !== null &&
          networks.some((network) => contains(network, address));
      }),
    });
  }
  return probes;
}

function accountProbes(rule: Rule, policy: Policy): ConditionProbe[] {
  return (rule.accounts ?? []).map((source, index) => ({
    rule: rule.id,
    condition: ["accounts", String(index)],
    path: ["rules", rule.id, "accounts", index],
    canFail: true,
    holds: concerning(rule, (sight) => {
      const { subject } = sight.request;
      const issuer = issuerOf(policy, sight.request);
      return identities([source], sight).length > 0 ||
        (rule.effect === "deny" &&
          untoldSource([source], subject, { issuer }) !== null);
    }),
  }));
}

/** The identities by which sources map to the requested account. */
function identities(
  sources: readonly AccountSource[],
  { request, mapFiles }: Sight,
) {
  return mappedAccounts(sources, request.subject, { mapFiles })
    .filter(({ account }) => account === request.account);
}

const NOTHING: Assurance = {
  permitted_idps: null,
  mfa: false,
  max_auth_age: null,
  same_identity: false,
};

/** Every requirement in force for the rule, wherever it is written. */
function assuranceProbes(rule: Rule, policy: Policy): ConditionProbe[] {
  return requirements(rule, policy).map(([key, path, assurance]) => ({
    rule: rule.id,
    condition: path[0] === "assurance"
      ? ["policy", "assurance", key]
      : ["assurance", key],
    path,
    canFail: true,
    holds: concerning(rule, (sight) => {
      const mapped = identities(rule.accounts ?? [], sight);
      const shared = mapped.some(({ source }) => source === "names");
      if (key === "same_identity" && (mapped.length === 0 || shared)) {
        return null; // nobody's account, or everybody's
      }
      return assuranceFailure(
        combine(NOTHING, assurance),
        sight.request.subject.authentications,
        {
          issuer: issuerOf(policy, sight.request),
          now: sight.request.now,
          mapping: shared ? null : mapped.map(({ identity }) => identity),
        },
      ) === null;
    }),
  }));
}

type Requirement = [keyof Assurance, Path, Assurance];

function requirements(rule: Rule, policy: Policy): Requirement[] {
  const here: Path = ["rules", rule.id, "assurance"];
  const both = [
    { path: ["assurance"] as Path, assurance: policy.assurance },
    { path: here, assurance: rule.assurance },
  ];
  const found: Requirement[] = [];
  for (const { path, assurance } of both) {
    const { permitted_idps } = assurance;
    if (permitted_idps === null) continue;
    found.push(["permitted_idps", [...path, "permitted_idps"], {
      ...NOTHING,
      permitted_idps,
    }]);
  }
  for (const key of ["mfa", "same_identity"] as const) {
    // once is enough: written twice it asks for no more
    const place = both.find(({ assurance }) => assurance[key]);
    if (place === undefined) continue;
    found.push([key, [...place.path, key], { ...NOTHING, [key]: true }]);
  }
  const { maxAuthAge } = combine(policy.assurance, rule.assurance);
  const place = both.find(({ assurance }) =>
    assurance.max_auth_age === maxAuthAge
  );
  if (maxAuthAge !== null && place !== undefined) {
    found.push(["max_auth_age", [...place.path, "max_auth_age"], {
      ...NOTHING,
      max_auth_age: maxAuthAge,
    }]);
  }
  return found;
}
