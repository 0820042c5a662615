/**
 * What several conditions say about one claim together, and what follows from that.
 *
 * Every answer is on the safe side: `true` is certain, `false` also means "not known".
 *
 * @module
 */
import { matchesGlob, wordsOf } from "../../../policy/evaluate/conditions.ts";
import type { Condition, Scalar } from "../../../policy/model.ts";

/** The conjunction of all conditions on one claim. */
export interface ClaimConstraint {
  /** The claim is one of these; `null`: not known to be one of finitely many. */
  readonly values: readonly Scalar[] | null;
  /** The claim is a string that all of these match. */
  readonly globs: readonly string[];
  /** The claim is a list: for each of these it has at least one of the items. */
  readonly any: readonly ReadonlySet<Scalar>[];
  readonly all: ReadonlySet<Scalar>;
  readonly none: ReadonlySet<Scalar>;
  /** The claim is a text with all of these words. */
  readonly words: ReadonlySet<string>;
  /** The claim is an object with all of these members. */
  readonly members: ReadonlySet<string>;
  readonly scalar: boolean;
  readonly list: boolean;
}

/** Joins conditions on the same claim; `bare`: a single value may stand for a list of one. */
export function constraintOf(
  conditions: readonly Condition[],
  { bare = false }: { bare?: boolean } = {},
): ClaimConstraint {
  let values: readonly Scalar[] | null = null;
  const globs: string[] = [];
  const any: ReadonlySet<Scalar>[] = [];
  const all = new Set<Scalar>();
  const none = new Set<Scalar>();
  const words = new Set<string>();
  const members = new Set<string>();
  const meet = (others: readonly Scalar[]) => {
    values = values === null
      ? others
      : values.filter((value) => others.includes(value));
  };
  for (const condition of conditions) {
    switch (condition.operator) {
      case "equals":
        meet([condition.value]);
        break;
      case "in":
        meet(condition.values);
        break;
      case "like":
        if (condition.pattern.includes("*")) globs.push(condition.pattern);
        else meet([condition.pattern]);
        break;
      case "word":
        words.add(condition.text);
        break;
      case "has":
        members.add(condition.text);
        break;
      case "any":
        any.push(new Set(condition.values));
        break;
      case "all":
        condition.values.forEach((value) => all.add(value));
        break;
      case "none":
        condition.values.forEach((value) => none.add(value));
        break;
    }
  }
  return {
    values: possible(values, { globs, words }),
    // what none excludes cannot be what any found
    any: any.map((set) => new Set([...set].filter((item) => !none.has(item)))),
    globs,
    all,
    none,
    words,
    members,
    scalar: values !== null || globs.length > 0 || words.size > 0,
    list: !bare &&
      conditions.some(({ operator }) =>
        operator === "any" || operator === "all" || operator === "none"
      ),
  };
}

function possible(
  values: readonly Scalar[] | null,
  { globs, words }: {
    globs: readonly string[];
    words: ReadonlySet<string>;
  },
): readonly Scalar[] | null {
  return values?.filter((value) =>
    globs.every((glob) =>
      typeof value === "string" && matchesGlob(glob, value)
    ) && [...words].every((word) => hasWord(value, word))
  ) ?? null;
}

function hasWord(value: Scalar, word: string): boolean {
  return typeof value === "string" && wordsOf(value).includes(word);
}

/** Why no value at all meets the constraint, or `null`. */
export function contradiction(constraint: ClaimConstraint): string | null {
  const { values, globs, any, all, none, scalar, list, members } = constraint;
  if (scalar && list) {
    return "cannot be a list and a single value at the same time";
  }
  if (members.size > 0 && (scalar || list)) {
    return "cannot be an object and something else at the same time";
  }
  if (values?.length === 0) return "has no value that meets all conditions";
  if (any.some((set) => set.size === 0) || [...all].some((v) => none.has(v))) {
    return 'must have what "none" excludes';
  }
  const clash = globs.some((a, index) =>
    globs.slice(index + 1).some((b) => disjointGlobs(a, b))
  );
  return clash ? "cannot match both patterns" : null;
}

/** Whether every value that meets the constraint meets the condition. */
export function implies(
  constraint: ClaimConstraint | undefined,
  condition: Condition,
): boolean {
  if (constraint === undefined) return false;
  const { values, globs, any, all, none, words, members } = constraint;
  switch (condition.operator) {
    case "word":
      return words.has(condition.text) ||
        (values?.every((value) => hasWord(value, condition.text)) ?? false);
    case "has":
      return members.has(condition.text);
    case "equals":
      return values?.every((value) => value === condition.value) ?? false;
    case "in":
      return values?.every((value) => condition.values.includes(value)) ??
        false;
    case "like": {
      const { pattern } = condition;
      return values?.every((value) =>
        typeof value === "string" && matchesGlob(pattern, value)
      ) ?? globs.some((glob) => globWithin(glob, pattern));
    }
    case "any": {
      const wanted = condition.values;
      return wanted.some((value) => all.has(value)) ||
        any.some((set) => [...set].every((value) => wanted.includes(value)));
    }
    case "all":
      return condition.values.every((value) =>
        all.has(value) || any.some((set) => set.size === 1 && set.has(value))
      );
    case "none":
      return condition.values.every((value) => none.has(value));
  }
}

/**
 * Whether every text that `inner` matches is matched by `outer`. Exact: a letter that occurs in
 * neither stands for whatever a star of `inner` may match, and only a star of `outer` can take it.
 */
export function globWithin(inner: string, outer: string): boolean {
  let code = 0xe000;
  while (
    inner.includes(String.fromCharCode(code)) ||
    outer.includes(String.fromCharCode(code))
  ) code++;
  return matchesGlob(
    outer,
    inner.replaceAll("*", String.fromCharCode(code)),
  );
}

/** Whether the beginnings or the ends of two globs exclude each other. */
function disjointGlobs(a: string, b: string): boolean {
  const startA = a.split("*")[0] ?? "";
  const startB = b.split("*")[0] ?? "";
  const starts = startA.startsWith(startB) || startB.startsWith(startA);
  return !starts || disjointEnds(globEnd(a), globEnd(b));
}

export function globEnd(glob: string): string {
  return glob.split("*").at(-1) ?? "";
}

/** Whether no text can end in both. */
export function disjointEnds(a: string, b: string): boolean {
  return !a.endsWith(b) && !b.endsWith(a);
}
