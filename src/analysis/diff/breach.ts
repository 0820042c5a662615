/**
 * One rule against one thing that must never be: a request that the rule admits, that it is about,
 * and that nothing excuses.
 *
 * @module
 */
import type { Decision } from "../../policy/decision.ts";
import { NO_ASSURANCE, type Rule } from "../../policy/model.ts";
import type { GlobCache } from "./atoms.ts";
import { pointIn, sceneOf } from "./scene.ts";
import { rulesOf, type Side, sourcesFor } from "./side.ts";
import { lowestBit, type Region } from "./solver.ts";
import { regionOf } from "./compare.ts";
import {
  type Decisions,
  decisionsOn,
  doubtsOf,
  shrunk,
  type Witness,
  witnessAt,
} from "./witness.ts";

/** A request that must never be admitted, and is. */
export interface Breach {
  /** The id of the rule that admits it. */
  readonly rule: string;
  readonly issuer: string;
  /** True where the account stands for all of its sort that no policy names. */
  readonly example: boolean;
  readonly witness: Witness;
  /** Why tokens are not known to be like that. */
  readonly doubts: readonly string[];
}

interface Asked {
  readonly account: string;
  readonly example: boolean;
  readonly grant: Rule;
  readonly about: Rule;
  readonly unless: Rule | null;
  /** Of all questions about the policy. */
  readonly cache: GlobCache;
}

/** Effort for one rule, account and issuer, in constraints looked at. */
const STEPS = 1_000_000;

/** Whether the policy admits, by the rule too, what the measure is about and does not excuse. */
function isBreach(
  { old: measure, new: policy }: Decisions,
  grant: Rule,
): boolean {
  const said = ({ rules }: Decision, id: string) =>
    rules.find((rule) => rule.id === id);
  return policy.decision === "allow" &&
    said(policy, grant.id)?.granted === true &&
    said(measure, "about")?.matched === true &&
    said(measure, "unless")?.granted !== true;
}

/** A breach; `null` where there is none; a text that says why it cannot be told. */
export function breachOf(side: Side, asked: Asked): Breach | string | null {
  const { account, grant } = asked;
  const concerned = rulesOf(side).includes(grant) &&
    sourcesFor(grant, account)?.length !== 0;
  if (!concerned) return null;
  const about = { ...asked.about, id: "about" };
  const unless: Rule | null = asked.unless === null ? null : {
    ...asked.unless,
    id: "unless",
    accounts: [{ source: "names", names: [account] }],
  };
  const measure: Side = {
    ...side,
    policy: {
      ...side.policy,
      assurance: NO_ASSURANCE,
      protected_accounts: [],
      rules: unless === null ? [about] : [about, unless],
    },
  };
  const measured = rulesOf(measure);
  if (!measured.includes(about)) return null;
  if (sourcesFor(about, account)?.length === 0) return null;
  const pair = { old: measure, new: side };
  const denies = new Set<Rule>();
  while (true) {
    const scene = sceneOf(account, pair, {
      rules: { old: measured, new: [grant, ...denies] },
      cache: asked.cache,
    });
    const [granted, meant] = [
      regionOf(scene.new.get(grant)),
      regionOf(scene.old.get(about)),
    ];
    if (granted === null || meant === null) return null;
    const excused = unless === null ? null : regionOf(scene.old.get(unless));
    const outside: Region[] = [
      ...[...denies].map((rule) => regionOf(scene.new.get(rule))),
      excused,
    ].filter((region) => region !== null);
    const inside = [...scene.always, ...granted, ...meant];
    const found = pointIn(scene, { inside, outside }, { steps: STEPS });
    if (found === null) return scene.limits[0] ?? null;
    if (found === "gave up") {
      return "there are too many combinations to look at all of them";
    }
    const witness = witnessAt(found.map(lowestBit), scene);
    const decisions = decisionsOn(pair, witness);
    if (isBreach(decisions, grant)) {
      const { example } = asked;
      const small = shrunk({ witness, decisions }, {
        pair,
        shows: (smaller) => isBreach(smaller, grant),
      }).witness;
      return {
        rule: grant.id,
        issuer: side.issuer.name,
        example,
        witness: small,
        doubts: doubtsOf(side, small),
      };
    }
    const more = decisions.new.rules.filter(({ effect, matched }) =>
      effect === "deny" && matched
    ).flatMap(({ id }) => side.policy.rules.filter((rule) => rule.id === id))
      .filter((rule) => !denies.has(rule));
    if (more.length === 0) {
      return "a request that was found could not be shown";
    }
    more.forEach((rule) => denies.add(rule));
  }
}
