/**
 * What sessions by certificate may use under one policy and not under the other.
 *
 * For each thing that sshd can withhold there is a policy that admits exactly those who may use it
 * (see `../permits.ts`); these are compared as all policies are. A rule that goes can widen what the
 * rest permits, or narrow it: by comparing texts nobody could tell.
 *
 * @module
 */
import type { Decision } from "../../policy/decision.ts";
import { permitsOf } from "../../policy/evaluate/permit.ts";
import type { Permit } from "../../policy/permits.ts";
import type { Policy, Rule } from "../../policy/model.ts";
import {
  groupsOf,
  hasCertificates,
  permits,
  permitting,
  type Use,
  USES,
} from "../permits.ts";
import { combined, type SettingChange, valueChange } from "./settings.ts";
import { issuerPairs } from "./side.ts";
import { type Decisions, decisionsOn, type Witness } from "./witness.ts";

/** What a session may use; only "all": nothing is restricted. */
type Permitted = readonly (Permit | "all")[];

/** A request that one of two policies admits and the other refuses. */
interface Found {
  readonly account: string;
  readonly example: boolean;
  readonly verdict: "wider" | "narrower";
  readonly issuer: string;
  readonly oldIssuer: string | null;
  readonly witness: Witness;
  readonly doubts: readonly string[];
}

/** A request that both policies admit, with a session that may use something else. */
export interface PermitChange extends Found {
  readonly old: Permitted;
  readonly new: Permitted;
  /** Ids of the rules that admit it, in either policy. */
  readonly rules: readonly string[];
}

interface Compared {
  readonly changes: readonly PermitChange[];
  /** Rules that permit something else than before. */
  readonly settings: readonly SettingChange[];
  /** Why changes may have been missed. */
  readonly limits: readonly string[];
}

/** `compare` is asked what two policies decide. */
export function permitChanges(
  old: Policy,
  next: Policy,
  compare: (old: Policy, next: Policy) => {
    readonly changes: readonly Found[];
    readonly causes: readonly { readonly change: Found }[];
    readonly limits: readonly string[];
  },
): Compared {
  const { old: before, new: after } = certified(old, next);
  const none = before.issuers.length === 0;
  const groups = none ? [] : groupsOf([...old.rules, ...next.rules]);
  const changes = new Map<string, PermitChange>();
  const limits = new Set<string>();
  const moved = new Set<Use>();
  for (const group of groups) {
    const [use = null] = group;
    const diff = compare(permitting(before, use), permitting(after, use));
    diff.limits.forEach((limit) => limits.add(limit));
    const found = [
      ...diff.changes,
      ...diff.causes.map(({ change }) => change),
    ];
    if (found.length + diff.limits.length > 0) {
      group.forEach((one) => moved.add(one));
    }
    for (const change of found) {
      const one = permitChange(change, { old: before, new: after });
      if (one === null) continue;
      const key = JSON.stringify([one.account, one.verdict, one.old, one.new]);
      if (!changes.has(key)) changes.set(key, one);
    }
  }
  return {
    changes: [...changes.values()],
    settings: ruleChanges(old, next, (use) => moved.has(use)),
    limits: [...limits],
  };
}

/** Both policies with those issuers only that take certificates before and after. */
function certified(
  old: Policy,
  next: Policy,
): { old: Policy; new: Policy } {
  const pairs = issuerPairs(old, next).flatMap((pair) =>
    pair.old !== null && pair.new !== null &&
      hasCertificates(pair.old.issuer) && hasCertificates(pair.new.issuer)
      ? [{ old: pair.old.issuer, new: pair.new.issuer }]
      : []
  );
  return {
    old: { ...old, issuers: pairs.map((pair) => pair.old) },
    new: { ...next, issuers: pairs.map((pair) => pair.new) },
  };
}

/** `null` where one of the policies refuses: that is a change of who gets in. */
function permitChange(
  change: Found,
  policies: { old: Policy; new: Policy },
): PermitChange | null {
  const { issuer, oldIssuer, witness } = change;
  const side = (policy: Policy, name: string) => {
    const found = policy.issuers.find((one) => one.name === name);
    return found === undefined ? null : { policy, issuer: found };
  };
  const decisions = decisionsOn({
    old: side(policies.old, oldIssuer ?? issuer),
    new: side(policies.new, issuer),
  }, witness);
  const [before, after] = [decisions.old, decisions.new];
  if (before.decision === "deny" || after.decision === "deny") return null;
  const [was, is] = [
    permitted(policies.old, before),
    permitted(policies.new, after),
  ];
  const { account, example, verdict, doubts } = change;
  return {
    account,
    example,
    verdict,
    issuer,
    oldIssuer,
    witness,
    doubts,
    old: was,
    new: is,
    rules: admitting(decisions),
  };
}

function permitted(policy: Policy, decision: Decision): Permitted {
  return permitsOf(policy, decision) ?? ["all"];
}

function admitting({ old, new: next }: Decisions): string[] {
  const ids = [...old.rules, ...next.rules].filter(({ granted }) => granted)
    .map(({ id }) => id);
  return [...new Set(ids)].sort();
}

/** Rules by their ids; what is not proved to change nothing for anybody is wider or narrower. */
function ruleChanges(
  old: Policy,
  next: Policy,
  isMoved: (use: Use) => boolean,
): SettingChange[] {
  return next.rules.flatMap((after): SettingChange[] => {
    const before = old.rules.find(({ id }) => id === after.id);
    if (
      before === undefined || before.effect === "deny" ||
      after.effect === "deny"
    ) return [];
    const other = USES.filter((use) =>
      permits(before, use) !== permits(after, use)
    );
    if (other.length === 0) return [];
    const proved = !other.some(isMoved);
    const [was, is] = [written(before), written(after)];
    return [{
      path: `rules.${after.id}.ssh.permit`,
      verdict: proved ? "equivalent" : combined(
        other.map((use) => permits(after, use) ? "wider" : "narrower"),
      ),
      old: was,
      new: is,
      description: `${valueChange(was, is)}${
        proved ? "; no session by certificate may use anything else" : ""
      }`,
    }];
  });
}

function written({ ssh }: Rule): Permitted {
  return ssh?.permit ?? ["all"];
}
