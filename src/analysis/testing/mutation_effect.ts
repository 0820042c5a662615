/**
 * Whether a mutation changes a decision, or what a session may use, and the test that shows it: asked of `policy diff`.
 *
 * Only a changed rule can make a difference, so the comparison begins with that rule alone (for a
 * deny rule, with one rule beside it that admits). A request that it finds is put to the whole
 * policies. Where another rule decides it after all, that rule joins the comparison. Further rules
 * only ever take differences away: that there is none holds for the whole policy.
 *
 * @module
 */
import { apart, setsOf } from "../apart.ts";
import type { GlobCache } from "../diff/atoms.ts";
import { type Change, diffDecisions, type DiffOptions } from "../diff/diff.ts";
import type { Side } from "../diff/side.ts";
import { mapFilesOf, requestOf } from "../diff/witness.ts";
import { mapFilesOfRules } from "../map_files.ts";
import {
  groupsOf,
  hasCertificates,
  permitting,
  permittingRule,
  type Use,
} from "../permits.ts";
import type { Decision } from "../../policy/decision.ts";
import { evaluate } from "../../policy/evaluate/evaluate.ts";
import type { Issuer, Policy, Rule } from "../../policy/model.ts";
import type { AccessRequest } from "../../policy/request.ts";
import { caseOf } from "./case.ts";
import type { TestCase } from "./expectation.ts";
import { denialChange } from "./fails_alone.ts";
import { changedWith, type Mutation } from "./mutations.ts";
import { permitTest } from "./permit_test_case.ts";
import { RuleIndex } from "../rule_index.ts";
import type { DefaultsDocument, TestDocument } from "./schema.ts";
import { type WrittenTest, writtenTest } from "./write.ts";

export type Effect =
  /** The test passes, and fails under the mutation. */
  | { readonly kind: "shown"; readonly test: WrittenTest }
  /** Proved: no request is decided differently; with the ids of other rules that the proof needed. */
  | { readonly kind: "none"; readonly by: readonly string[] }
  /** Proved: only for accounts that the host keeps for the system, and tests know no host. */
  | { readonly kind: "host" }
  /** Nothing was found that a test can say, and nothing was proved. */
  | { readonly kind: "unknown"; readonly why: string };

interface EffectContext {
  /** Defaults of the file that the missing test will be pasted into. */
  readonly defaults: DefaultsDocument;
  /** Of all mutations together; without bound unless given. */
  readonly effort?: Effort;
  /** Requests that are put to the whole policies for one mutation, at most. */
  readonly rounds?: number;
  /** Of one comparison; that of `policy diff` unless given. */
  readonly bound?: DiffOptions["bound"];
}

/** Requests that may still be put to whole policies. */
export interface Effort {
  left: number;
}

/** Requests that are put to the whole policies for one mutation; ordinary ones need one or two. */
const MAX_ROUNDS = 20_000;

/** What mutations do to the decisions of a policy. */
export class Effects {
  readonly #policy: Policy;
  readonly #context: EffectContext;
  readonly #index: RuleIndex;
  readonly #rules: ReadonlyMap<string, Rule>;
  readonly #cache: GlobCache = new Map();
  readonly #permitting = new Map<Use, Effects>();

  constructor(policy: Policy, context: EffectContext) {
    this.#policy = policy;
    this.#context = context;
    this.#index = new RuleIndex(policy);
    this.#rules = new Map(policy.rules.map((rule) => [rule.id, rule]));
  }

  of(mutation: Mutation): Effect {
    const effect = this.#onDecisions(mutation);
    return effect.kind === "none"
      ? this.#onPermits(mutation, effect.by)
      : effect;
  }

  /** Where nobody is admitted or refused for it: what sessions by certificate may use. */
  #onPermits(mutation: Mutation, by: readonly string[]): Effect {
    const { rules, issuers } = this.#policy;
    const needed = new Set(by);
    const groups = issuers.some(hasCertificates)
      ? groupsOf([...rules, ...mutation.policy.rules])
      : [];
    for (const [use = null] of groups) {
      const effects = this.#permitting.get(use) ??
        new Effects(permitting(this.#policy, use), this.#context);
      this.#permitting.set(use, effects);
      const { changed } = mutation;
      const effect = effects.#onDecisions({
        ...mutation,
        changed: changed && permittingRule(changed, use, this.#policy),
        policy: permitting(mutation.policy, use),
      });
      if (effect.kind === "shown") {
        const test = permitTest(effect.test, mutation, {
          policy: this.#policy,
          defaults: this.#context.defaults,
        });
        return test === null
          ? { kind: "unknown", why: "what shows it cannot be a test" }
          : { kind: "shown", test };
      }
      if (effect.kind !== "none") return effect;
      effect.by.forEach((id) => needed.add(id));
    }
    return { kind: "none", by: [...needed] };
  }

  #onDecisions(mutation: Mutation): Effect {
    const search = (host: boolean) =>
      new Search({
        ...this.#context,
        policy: this.#policy,
        index: this.#index,
        rules: this.#rules,
        cache: this.#cache,
        mutation,
        host,
      }).run();
    const found = search(false);
    if (found.kind !== "none") return found;
    // otherwise no account of the system is opened, neither before nor after
    const opening = mutation.changed?.allow_protected === true ||
      this.#policy.rules.some((rule) => rule.allow_protected);
    return opening ? search(true) : found;
  }
}

interface SearchContext extends EffectContext {
  readonly policy: Policy;
  readonly index: RuleIndex;
  readonly rules: ReadonlyMap<string, Rule>;
  readonly cache: GlobCache;
  readonly mutation: Mutation;
  /** Whether the host is asked for accounts, as it is at a login. */
  readonly host: boolean;
}

class Search {
  readonly #context: SearchContext;
  readonly #limits = new Set<string>();
  /** Deny rules that turned out to matter, and will again. */
  readonly #denies = new Set<string>();
  readonly #by = new Set<string>();
  #rounds = 0;

  constructor(context: SearchContext) {
    this.#context = context;
  }

  run(): Effect {
    let masked: boolean | null = null;
    for (const seed of seedsOf(this.#context)) {
      if (seed.deny !== null) {
        masked ??= this.#isMasked();
        if (masked) {
          this.#denies.forEach((id) => this.#by.add(id));
          break;
        }
      }
      for (const issuer of this.#issuersOf(seed.grant)) {
        const found = this.#look(seed, issuer);
        if (found !== null) return found;
      }
      if (!this.#isSpent()) continue;
      this.#limits.add("there are too many rules to look at all of them");
      break;
    }
    const [why] = this.#limits;
    return why === undefined
      ? { kind: "none", by: [...this.#by] }
      : { kind: "unknown", why };
  }

  #isSpent(): boolean {
    const { rounds = MAX_ROUNDS, effort } = this.#context;
    return this.#rounds > rounds || (effort !== undefined && effort.left < 0);
  }

  /** One request more; false where that is too much. */
  #spend(): boolean {
    this.#rounds += 1;
    const { effort } = this.#context;
    if (effort !== undefined) effort.left -= 1;
    return !this.#isSpent();
  }

  /** Differences where only these rules matter, and those that turn out to matter as well. */
  #look({ grant, deny }: Seed, issuer: Issuer): Effect | null {
    const ids = new Set([grant, ...deny === null ? [] : [deny]]);
    this.#denies.forEach((id) => ids.add(id));
    const { policy, mutation, bound } = this.#context;
    const accounts = this.#accountsOf(grant);
    const only = ({ issuers, ...rest }: Policy): Policy => ({
      ...rest,
      issuers: issuers.filter(({ name }) => name === issuer.name),
    });
    while (this.#spend()) {
      const rules = [...ids].flatMap((id) => this.#context.rules.get(id) ?? []);
      const shown: { effect: Effect | null } = { effect: null };
      const deciding = new Set<string>();
      const limits = new Set<string>();
      const diff = diffDecisions(
        only({ ...policy, rules }),
        only(changedWith(policy, mutation, rules)),
        {
          ...(accounts === null ? {} : { accounts }),
          ordinary: !this.#context.host,
          cache: this.#context.cache,
          ...(bound === undefined ? {} : { bound }),
          until: (change) => {
            const answer = this.#judge(change);
            if ("kind" in answer) {
              shown.effect = answer;
              return true;
            }
            answer.rules.forEach((id) => deciding.add(id));
            if (answer.real) {
              limits.add("the request that shows it cannot be a test");
            }
            return false;
          },
        },
      );
      if (shown.effect !== null) return shown.effect;
      const more = [...deciding].filter((id) => !ids.has(id));
      for (const id of someOf(more, ids.size)) {
        ids.add(id);
        if (this.#context.rules.get(id)?.effect === "deny") {
          this.#denies.add(id);
        }
      }
      if (more.length > 0) continue;
      [...diff.limits, ...limits].forEach((limit) => this.#limits.add(limit));
      for (const id of ids) {
        if (id !== grant && id !== mutation.rule) this.#by.add(id);
      }
      return null;
    }
    return null;
  }

  /** Whether other deny rules forbid all that the change is about, whoever would be admitted. */
  #isMasked(): boolean {
    const { policy, rules, mutation } = this.#context;
    const deny = (rule: Rule | null | undefined) =>
      rule?.effect === "deny" ? rule : null;
    const versions = {
      old: deny(rules.get(mutation.rule ?? "")),
      new: deny(mutation.changed),
    };
    const others = policy.rules.filter(({ id, effect }) =>
      effect === "deny" && id !== mutation.rule
    );
    while (true) {
      const beside = others.filter(({ id }) => this.#denies.has(id));
      const found = denialChange(versions, { policy, beside });
      if (typeof found === "string") return found === "none";
      const [request, mapFiles] = this.#asFound(found);
      const decision = evaluate(
        { ...policy, rules: others },
        request,
        { mapFiles },
      );
      const more = decision.rules.filter(({ id, matched }) =>
        matched && !this.#denies.has(id)
      );
      if (more.length === 0) return false;
      // a value that cannot be judged meets all of them, and each of them excludes it
      for (const { id } of someOf(more, this.#denies.size)) {
        this.#denies.add(id);
      }
    }
  }

  #versionsOf(id: string): Rule[] {
    const { rules, mutation } = this.#context;
    return [
      rules.get(id) ?? null,
      mutation.rule === id ? mutation.changed : null,
    ].filter((rule) => rule !== null);
  }

  #issuersOf(id: string): readonly Issuer[] {
    const versions = this.#versionsOf(id);
    return this.#context.policy.issuers.filter(({ name }) =>
      versions.some(({ issuers }) => issuers?.includes(name) ?? true)
    );
  }

  /** The accounts that a rule can grant, before or after; `null` where they cannot be listed. */
  #accountsOf(id: string): readonly string[] | null {
    const names = this.#versionsOf(id).map((rule) => setsOf(rule).names);
    return names.includes(null)
      ? null
      : [...new Set(names.flatMap((list) => [...list ?? []]))];
  }

  /** What a request that was found shows; otherwise the rules that decide it. */
  #judge(change: Change): Effect | { rules: string[]; real: boolean } {
    const { host, mutation } = this.#context;
    if (!host) {
      for (const { written, test } of this.#tests(change)) {
        const [before, after] = this.#decide(test.request, test.mapFiles);
        if (!differ(before, after)) continue;
        const named = nameOf(mutation, before, test.request.account);
        return { kind: "shown", test: written(named, before) };
      }
    }
    const [before, after] = this.#decide(...this.#asFound(change));
    const real = before.decision !== after.decision;
    if (real && host) return { kind: "host" };
    const rules = [...before.rules, ...after.rules]
      .filter(({ matched }) => matched).map(({ id }) => id);
    return { rules: real ? [] : rules, real };
  }

  #decide(
    request: AccessRequest,
    mapFiles: TestCase["mapFiles"],
  ): [Decision, Decision] {
    const { policy, index, mutation } = this.#context;
    const rules = index.rulesFor(request);
    const before = evaluate({ ...policy, rules }, request, { mapFiles });
    // rules that did not match cannot match now, but for the one that is changed
    const matched = rules.filter(({ id }, at) =>
      id !== mutation.rule &&
      // where the decision failed, nothing is known about any rule
      (before.rules.length === 0 || before.rules[at]?.matched === true)
    );
    const own = this.#context.rules.get(mutation.rule ?? "") ?? [];
    const changed = changedWith(policy, mutation, matched.concat(own));
    return [before, evaluate(changed, request, { mapFiles })];
  }

  /** The request that was found, with nothing in map files but what it needs. */
  #asFound(change: Change): [AccessRequest, TestCase["mapFiles"]] {
    const side = sideOf(this.#context.policy, change);
    const { witness } = change;
    return [requestOf(side, witness), mapFilesOf(side, witness)];
  }

  /** The ways to write the request as a test, the shortest first, as they would be read again. */
  *#tests(change: Change): Generator<{
    written: (name: string, decision: Decision) => WrittenTest;
    test: Omit<TestCase, "file" | "line">;
  }> {
    const { policy, defaults } = this.#context;
    const needed = Object.keys(change.witness.mapFiles);
    const all = mapFilesOfRules(policy.rules);
    const request = requestOf(sideOf(policy, change), change.witness);
    const seen = new Set<string>();
    for (
      const [paths, exact] of [[needed, false], [all, false], [
        all,
        true,
      ]] as const
    ) {
      const written = (name: string, decision: Decision) =>
        writtenTest(name, request, {
          policy,
          defaults,
          expected: decision.decision === "deny"
            ? { decision: "deny", reason: decision.reason }
            : { decision: "allow", rule: decision.rule },
          mapFiles: new Map(paths.map((path) => [path, textOf(change, path)])),
          exact,
        });
      const draft = written("", REFUSED);
      const text = JSON.stringify(draft);
      if (seen.has(text)) continue;
      seen.add(text);
      const { cases: [test], issues } = caseOf(draft as TestDocument, {
        policy,
        defaults,
        missingMapFiles: new Set(),
        path: [],
      });
      if (test !== undefined && issues.length === 0) yield { written, test };
    }
  }
}

const REFUSED: Decision = {
  decision: "deny",
  reason: "account_not_permitted",
  rule: null,
  rules: [],
};

/** Some of them, and in all soon enough all: where one will do, many would make the search slow. */
function someOf<Item>(items: readonly Item[], known: number): readonly Item[] {
  return items.slice(0, Math.max(1, known));
}

/** A failure to decide shows nothing. */
function differ(before: Decision, after: Decision): boolean {
  return before.decision !== after.decision &&
    before.reason !== "internal_error" && after.reason !== "internal_error";
}

function nameOf(
  { description }: Mutation,
  { decision }: Decision,
  account: string,
): string {
  const does = decision === "allow" ? "is admitted" : "is refused";
  return `${account} ${does}, which ${description} would change`;
}

/** A rule that admits on one side, and the deny rule, if any, by which the other side refuses. */
interface Seed {
  readonly grant: string;
  readonly deny: string | null;
}

/**
 * Every difference is one of a seed: it shows with the rules of the seed alone, and with any further
 * rules that do not decide it.
 */
function* seedsOf(
  { policy, mutation, rules }: SearchContext,
): Generator<Seed> {
  const allows = policy.rules.filter(({ effect }) => effect === "allow");
  const { rule, changed } = mutation;
  if (rule === null) {
    // what holds for all rules: no deny rule depends on it
    for (const { id } of allows) yield { grant: id, deny: null };
    return;
  }
  const versions = [rules.get(rule) ?? null, changed].filter((one) =>
    one !== null
  );
  if (versions.some(({ effect }) => effect === "allow")) {
    yield { grant: rule, deny: null };
  }
  const denies = versions.filter(({ effect }) => effect === "deny");
  if (denies.length === 0) return;
  // a deny rule only shows where something would be admitted
  for (const allow of allows) {
    if (allow.id === rule) continue;
    if (denies.some((deny) => apart(deny, allow) === null)) {
      yield { grant: allow.id, deny: rule };
    }
  }
}

function sideOf(policy: Policy, { issuer: name }: Change): Side {
  const issuer = policy.issuers.find((one) => one.name === name);
  if (issuer === undefined) throw new Error(`there is no issuer "${name}"`);
  return { policy, issuer };
}

function textOf({ witness }: Change, path: string): string {
  return (witness.mapFiles[path] ?? []).map((line) => `${line}\n`).join("");
}
