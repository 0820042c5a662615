/**
 * The comparison of two policies for one account and the tokens of one issuer.
 *
 * Only rules that changed can make a difference. For each of them the search begins with that rule
 * and the one that it was before, in a space that knows nothing else. What it finds is put to both
 * policies: another rule that decides there after all joins the search, and it begins again. So most
 * rules of a large policy are never looked at. "There is no difference" holds for the whole policy,
 * because further rules could only take more requests away.
 *
 * @module
 */
import { isAccountName } from "../../policy/account_name.ts";
import type { Policy, Rule } from "../../policy/model.ts";
import type { GlobCache } from "./atoms.ts";
import { type Cause, causeKey, causeOf, type Direction } from "./cause.ts";
import type { Decision } from "../../policy/decision.ts";
import { differenceKey, directionOf, involved } from "./decisions.ts";
import type { RegionPart } from "./encode.ts";
import { isAbout, otherIssuers, peerIn } from "./peer.ts";
import {
  changedFor,
  pointIn,
  type RulesOfSides,
  type Scene,
  sceneOf,
} from "./scene.ts";
import { sampled } from "./sample.ts";
import { isShared, type IssuerPair, rulesOf, sourcesFor } from "./side.ts";
import { type Budget, lowestBit, type Region, solve } from "./solver.ts";
import {
  type Decisions,
  decisionsOn,
  type Shown,
  shrunk,
  type Witness,
  witnessAt,
} from "./witness.ts";

/** One difference, with the request that shows it. */
export interface Difference {
  readonly pair: IssuerPair;
  readonly direction: Direction;
  readonly witness: Witness;
  readonly decisions: Decisions;
  readonly cause: Cause;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  /** Why differences may have been missed; empty when there are no others of either direction. */
  readonly limits: readonly string[];
  /** The rules, beside those that changed, on which the answer depends. */
  readonly used: RulesOfSides;
}

interface CompareOptions {
  /** Both policies whole, to tell a rule that is new from one that was about other issuers. */
  readonly policies?: Readonly<Record<SideName, Policy>>;
  readonly changed: RulesOfSides;
  readonly budget: Budget;
  /** Enough of them: how many differences are wanted of each direction. */
  readonly wanted: Readonly<Record<Direction, number>>;
  /** Causes that need no further witness, by {@link causeKey}. */
  readonly known: { has(key: string): boolean };
  readonly cache: GlobCache;
  /** Whether to leave out accounts that the host keeps for the system. */
  readonly ordinary: boolean;
  /** Requests before this time are left out, in seconds since the epoch. */
  readonly from: number;
  /** Pairs of rules that were found to go beyond each other in nothing, for all accounts of a sort. */
  readonly covered: Map<string, (readonly string[] | null)[]>;
}

/**
 * Differences of each direction, where there are any, and one for each cause that is not known yet.
 * That there are none of a direction is certain where there are no limits.
 */
export function compareAccount(
  account: string,
  pair: IssuerPair,
  options: CompareOptions,
): Comparison {
  const changed = changedFor(account, pair, options.changed);
  const search = new Search(account, pair, { ...options, changed });
  if (changed.old.length + changed.new.length > 0) {
    search.run("wider");
    search.run("narrower");
  }
  return {
    differences: search.differences(),
    limits: search.limits,
    used: search.used(),
  };
}

type SideName = "old" | "new";

/** What is looked for: a request that one side admits by a rule and the other refuses. */
interface Question {
  readonly granting: SideName;
  readonly refusing: SideName;
  readonly grant: Rule;
  /** A deny rule of the refusing side that matches; `null`: no rule of it grants. */
  readonly deny: Rule | null;
  /** The rule of the same id, of which this part does not hold. */
  readonly beyond: {
    readonly side: SideName;
    readonly rule: Rule;
    readonly path: readonly string[];
  } | null;
  readonly cause: Cause;
}

class Search {
  readonly limits: string[] = [];
  readonly #account: string;
  readonly #pair: IssuerPair;
  readonly #options: CompareOptions;
  readonly #found = new Map<string, Difference>();
  readonly #causes = new Set<string>();
  readonly #count = { wider: 0, narrower: 0 };
  readonly #used = { old: new Set<Rule>(), new: new Set<Rule>() };

  constructor(account: string, pair: IssuerPair, options: CompareOptions) {
    this.#account = account;
    this.#pair = pair;
    this.#options = options;
  }

  differences(): Difference[] {
    return [...this.#found.values()];
  }

  used(): RulesOfSides {
    return { old: [...this.#used.old], new: [...this.#used.new] };
  }

  /** Looks for requests that one policy admits and the other does not. */
  run(direction: Direction): void {
    const [granting, refusing]: [SideName, SideName] = direction === "wider"
      ? ["new", "old"]
      : ["old", "new"];
    const { changed } = this.#options;
    for (const grant of changed[granting]) {
      if (grant.effect !== "allow") continue;
      const peer = this.#peer(grant, refusing);
      for (const part of this.#parts(grant, peer, { granting, refusing })) {
        const cause = causeOf(grant, { direction, peer, granting, part });
        if (this.#isEnough(cause)) continue;
        this.#look({
          granting,
          refusing,
          grant,
          deny: null,
          beyond: this.#beyond(peer, refusing, part),
          cause,
        });
      }
    }
    for (const deny of changed[refusing]) {
      if (deny.effect !== "deny") continue;
      const peer = this.#peer(deny, granting);
      const sides = { granting: refusing, refusing: granting };
      for (const part of this.#parts(deny, peer, sides)) {
        const cause = causeOf(deny, {
          direction,
          peer,
          granting: refusing,
          part,
        });
        if (this.#isEnough(cause)) continue;
        const beyond = this.#beyond(peer, granting, part);
        if (!this.#matchesAlone(deny, beyond, refusing)) continue;
        for (const grant of this.#allows(granting)) {
          const found = this.#look({
            granting,
            refusing,
            grant,
            deny,
            beyond,
            cause,
          });
          if (found) break;
        }
      }
    }
  }

  #isEnough(cause: Cause): boolean {
    const { known, wanted } = this.#options;
    const key = causeKey(cause);
    return this.#count[cause.direction] >= wanted[cause.direction] &&
      (known.has(key) || this.#causes.has(key));
  }

  #peer(rule: Rule, side: SideName): Rule | null {
    const policy = this.#pair[side]?.policy ?? this.#options.policies?.[side];
    return policy === undefined ? null : peerIn(policy, rule);
  }

  #beyond(
    peer: Rule | null,
    side: SideName,
    path: readonly string[] | null,
  ): Question["beyond"] {
    return peer === null || path === null || !isAbout(peer, this.#pair[side])
      ? null
      : { side, rule: peer, path };
  }

  /** The rules of a side that may grant the account. */
  #allows(side: SideName): Rule[] {
    const known = this.#pair[side];
    return known === null
      ? []
      : rulesOf(known).filter((rule) =>
        rule.effect === "allow" && sourcesFor(rule, this.#account)?.length !== 0
      );
  }

  /**
   * The parts of the rule's peer that are not the same in the rule: where one of them fails, the rule
   * goes beyond what its peer does. `null` stands for the whole rule, where there is no peer.
   */
  #parts(
    rule: Rule,
    peer: Rule | null,
    { granting, refusing }: { granting: SideName; refusing: SideName },
  ): (readonly string[] | null)[] {
    if (peer === null) return [null];
    const other = otherIssuers(rule, peer, {
      side: this.#pair[granting],
      refusing: this.#pair[refusing],
    });
    if (other !== null) return [other];
    const kept = `${granting} ${rule.id} ${this.#sort(rule, granting)} ${
      this.#sort(peer, refusing)
    }`;
    const sameAccounts = JSON.stringify(rule.accounts) ===
      JSON.stringify(peer.accounts);
    const known = sameAccounts ? this.#options.covered.get(kept) : undefined;
    if (known !== undefined) return known;
    const scene = this.#scene({
      [granting]: new Set([rule]),
      [refusing]: new Set([peer]),
    } as Rules);
    const texts = new Set(scene[granting].get(rule)?.map(partText));
    const parts = scene[refusing].get(peer) ?? [];
    const never = parts.find(isEmpty);
    if (never !== undefined) return [never.path];
    const differing = parts.filter((part) => !texts.has(partText(part)));
    if (!sameAccounts || scene.limits.length > 0) {
      return differing.map(({ path }) => path);
    }
    // what nobody can do, whatever the account, need not be asked for each account
    const anyAccount = regionOf(
      scene[granting].get(rule)?.filter(({ path }) => path[0] !== "accounts"),
    );
    const possible = differing.filter(({ clauses }) =>
      anyAccount !== null && solve({
          sizes: scene.space.sizes,
          inside: [...scene.always, ...anyAccount],
          outside: [clauses],
        }, this.#options.budget) !== null
    ).map(({ path }) => path);
    this.#options.covered.set(kept, possible);
    return possible;
  }

  /** In what the account matters to a rule beside its sources. */
  #sort(rule: Rule, side: SideName): string {
    const policy = this.#pair[side]?.policy;
    return `${isShared(rule, this.#account)} ${
      policy?.protected_accounts.includes(this.#account)
    } ${policy && isAccountName(this.#account, policy.accounts_pattern)}`;
  }

  #scene(rules: Rules): Scene {
    return sceneOf(this.#account, this.#pair, {
      rules: { old: [...rules.old], new: [...rules.new] },
      cache: this.#options.cache,
      ordinary: this.#options.ordinary,
      from: this.#options.from,
    });
  }

  /** Whether a deny rule can match where its peer does not, whoever would be admitted there. */
  #matchesAlone(
    deny: Rule,
    beyond: Question["beyond"],
    refusing: SideName,
  ): boolean {
    const rules: Rules = { old: new Set(), new: new Set() };
    rules[refusing].add(deny);
    if (beyond !== null) rules[beyond.side].add(beyond.rule);
    const scene = this.#scene(rules);
    const inside = regionOf(scene[refusing].get(deny));
    if (inside === null) return false;
    return solve({
          sizes: scene.space.sizes,
          inside: [...scene.always, ...inside],
          outside: outsideOf(beyond, scene),
        }, this.#options.budget) !== null || scene.limits.length > 0;
  }

  /** True where the answer shows a difference. */
  #look(question: Question): boolean {
    const { granting, refusing, grant, deny, beyond } = question;
    const rules: Rules = { old: new Set(), new: new Set() };
    rules[granting].add(grant);
    if (deny !== null) rules[refusing].add(deny);
    if (beyond !== null) rules[beyond.side].add(beyond.rule);
    while (true) {
      const scene = this.#scene(rules);
      const inside = [
        ...scene.always,
        ...regionOf(scene[granting].get(grant)) ?? NOWHERE,
        ...deny === null ? [] : regionOf(scene[refusing].get(deny)) ?? NOWHERE,
      ];
      const kept = [
        ...[...rules[granting]].filter(({ effect }) => effect === "deny")
          .map((rule) => scene[granting].get(rule)),
        ...[...rules[refusing]].filter(({ effect }) =>
          effect === "allow" && deny === null
        ).map((rule) => scene[refusing].get(rule)),
      ].map(regionOf).filter((region) => region !== null);
      const outside = [...kept, ...outsideOf(beyond, scene)];
      const found = inside.some(({ length }) => length === 0)
        ? null
        : pointIn(scene, { inside, outside }, this.#options.budget);
      if (found === null) {
        this.#proved(rules, scene);
        return false;
      }
      if (found === "gave up") {
        this.#limit("there are too many combinations to look at all of them");
        return [...sampled(inside, scene)].some((point) =>
          this.#take(point, scene, { question, rules }) === "taken"
        );
      }
      const answer = this.#take(found.map(lowestBit), scene, {
        question,
        rules,
      });
      if (answer === "taken") return true;
      if (answer.every(([side, rule]) => rules[side].has(rule))) {
        this.#limit("a difference that was found could not be shown");
        return false;
      }
      for (const [side, rule] of answer) rules[side].add(rule);
    }
  }

  /** There is nothing: that holds as far as the space is exact, and depends on these rules. */
  #proved(rules: Rules, { limits }: Scene): void {
    limits.forEach((limit) => this.#limit(limit));
    for (const side of ["old", "new"] as const) {
      for (const rule of rules[side]) this.#used[side].add(rule);
    }
  }

  /**
   * Keeps the point if the policies really differ there; otherwise the rules that decided, and that
   * the question did not know.
   */
  #take(
    point: readonly number[],
    scene: Scene,
    { question, rules }: { question: Question; rules: Rules },
  ): "taken" | [SideName, Rule][] {
    const { granting, refusing, cause } = question;
    const witness = witnessAt(point, scene);
    const decisions = decisionsOn(this.#pair, witness);
    const others = (): [SideName, Rule][] => [
      ...this.#deciding(granting, decisions[granting], "deny"),
      ...this.#deciding(refusing, decisions[refusing], "allow"),
    ];
    const direction = directionOf(decisions);
    if (direction === null) return others();
    const key = differenceKey(decisions);
    const fresh = !this.#causes.has(causeKey(cause)) &&
      !this.#options.known.has(causeKey(cause));
    if (direction === cause.direction) this.#causes.add(causeKey(cause));
    if (!this.#found.has(key) || (fresh && direction === cause.direction)) {
      const small = this.#smallest({ witness, decisions }, question, rules);
      const name = this.#found.has(key) ? `${key} ${causeKey(cause)}` : key;
      this.#found.set(name, {
        pair: this.#pair,
        direction,
        witness: small.witness,
        decisions: involved(small.decisions),
        cause: direction === cause.direction ? cause : { ...cause, direction },
      });
      this.#count[direction] += 1;
    }
    // the reverse of what was looked for says nothing about that
    return direction === cause.direction ? "taken" : others();
  }

  /** Small, and the same rules still decide, and the question's rules say the same. */
  #smallest(
    shown: Shown,
    { granting, refusing, grant, deny }: Question,
    rules: Rules,
  ): Shown {
    const said = (decisions: Decisions) =>
      JSON.stringify([
        differenceKey(decisions),
        saidBy(grant, decisions[granting]),
        deny === null ? null : saidBy(deny, decisions[refusing]),
      ]);
    const wanted = said(shown.decisions);
    return shrunk(shown, {
      pair: this.#pair,
      by: narrowed(this.#pair, rules),
      shows: (decisions) => said(decisions) === wanted,
    });
  }

  /** The rules that made a side decide as it did. */
  #deciding(
    side: SideName,
    { rules }: Decision,
    effect: Rule["effect"],
  ): [SideName, Rule][] {
    const known = this.#pair[side];
    if (known === null) return [];
    const ids = rules.filter((rule) =>
      rule.effect === effect && rule.matched &&
      (effect === "deny" || rule.granted)
    ).map(({ id }) => id);
    return known.policy.rules.filter(({ id }) => ids.includes(id))
      .map((rule) => [side, rule]);
  }

  #limit(text: string): void {
    if (!this.limits.includes(text)) this.limits.push(text);
  }
}

type Rules = Record<SideName, Set<Rule>>;

/** Whether the rule matches, and whether it grants. */
function saidBy({ id }: Rule, { rules }: Decision): readonly boolean[] {
  const rule = rules.find((one) => one.id === id);
  return [rule?.matched === true, rule?.granted === true];
}

/** The same issuers under policies of these rules only. */
function narrowed(pair: IssuerPair, rules: Rules): IssuerPair {
  const only = (side: SideName) => {
    const known = pair[side];
    return known === null ? null : {
      ...known,
      policy: { ...known.policy, rules: [...rules[side]] },
    };
  };
  return { old: only("old"), new: only("new") };
}

/** A region that holds nothing. */
const NOWHERE: Region = [[]];

function isEmpty({ clauses }: RegionPart): boolean {
  return clauses.some(({ length }) => length === 0);
}

/** All parts together; `null` where they never hold. */
export function regionOf(
  parts: readonly RegionPart[] | undefined,
): Region | null {
  return parts === undefined || parts.some(isEmpty)
    ? null
    : parts.flatMap(({ clauses }) => clauses);
}

/** The part of the peer in which the answer must not be. */
function outsideOf(
  beyond: Question["beyond"],
  scene: Scene,
): Region[] {
  if (beyond === null) return [];
  const parts = scene[beyond.side].get(beyond.rule) ?? [];
  return parts.filter((part) =>
    samePath(part.path, beyond.path) && !isEmpty(part)
  )
    .map(({ clauses }) => clauses);
}

function samePath(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length &&
    one.every((step, index) => step === other[index]);
}

function partText({ path, clauses }: RegionPart): string {
  return JSON.stringify(
    [path, clauses],
    (_, value) => typeof value === "bigint" ? value.toString() : value,
  );
}
