/**
 * The values of one claim that two policies can tell apart: a finite list that stands for all.
 *
 * @module
 */
import { type GlobClasses, globClasses, wordProbe } from "./globs.ts";
import type { Scalar } from "../../policy/model.ts";

/** What the rules of both policies ask of the value at one location. */
export class ClaimUse {
  readonly path: readonly string[];
  /** Values that it is compared with whole. */
  readonly scalars = new Set<Scalar>();
  /** Globs with a star; one without is a scalar. */
  readonly globs = new Set<string>();
  /** Words of a text; each is a scalar, too. */
  readonly words = new Set<string>();
  /** Sets that a list is searched for (any, none, amr). */
  readonly sets: Scalar[][] = [];
  /** Values that a list must have each (all). */
  readonly singles = new Set<Scalar>();
  /** Ages in seconds, so that each range between two limits has one. */
  readonly ages = new Set<number>();
  /** Map files that it is looked up in. */
  readonly files = new Set<string>();
  /** A list only counts when every entry is a string (amr). */
  stringsOnly = false;
  /**
   * It matters what cannot be told: a claim that lies elsewhere, and an entry of a list that is no
   * scalar.
   */
  untold = false;

  constructor(path: readonly string[]) {
    this.path = path;
  }

  addWord(word: string): void {
    this.scalars.add(word);
    this.words.add(word);
  }

  addGlob(pattern: string): void {
    if (pattern.includes("*")) this.globs.add(pattern);
    else this.scalars.add(pattern);
  }
}

/** One value, or all lists together (what they hold are variables of their own). */
export interface Atom {
  readonly kind:
    | "absent"
    | "elsewhere"
    | "string"
    | "number"
    | "boolean"
    | "list"
    | "object";
  /** The example; `undefined` for "absent", "elsewhere" and "list". */
  readonly value: unknown;
  /** The map files, contents unknown, that map this value to the account. */
  readonly files: ReadonlySet<string>;
  /** The value is a time that is so far from the clock: another clock makes it another value. */
  readonly moves?: true;
}

/** List entries that no rule tells apart. */
export interface Block {
  readonly values: readonly unknown[];
}

/** The entry of a list that stands for all that are not scalars. */
export const ODD_ENTRY: unknown = {};

interface ClaimAtoms {
  /** The simplest first. */
  readonly atoms: readonly Atom[];
  readonly blocks: readonly Block[];
  /** Why these atoms do not stand for all values; empty when they do. */
  readonly limits: readonly string[];
}

/** More combinations of unknown map files than this are not looked at. */
const MAX_FILES = 4;
const LETTERS = "xyzuvwqkjhabcdefgilmnoprst0123456789XYZ~§";
const NONE: ReadonlySet<string> = new Set();

/**
 * The atoms of a claim. `now` in seconds gives ages their `auth_time`. `taken` are values of other
 * claims: a map file maps a value wherever it comes from, so that no example may be one of them.
 */
export function claimAtoms(
  use: ClaimUse,
  options: { now: number; taken?: ReadonlySet<string>; cache?: GlobCache },
): ClaimAtoms {
  const limits: string[] = [];
  const texts = [...use.scalars].filter((value) => typeof value === "string");
  const classes = stringClasses(use, {
    texts,
    taken: options.taken ?? NONE,
    cache: options.cache ?? new Map(),
  });
  if (!classes.complete) limits.push("too many combinations of globs");
  if (classes.clash) limits.push("no value that only this claim can have");
  const files = [...use.files].sort();
  if (files.length > MAX_FILES) limits.push("too many map files for one claim");
  const sets = subsets(files.slice(0, MAX_FILES)).map((set) => new Set(set));
  const strings = [...classes.examples, ...texts].flatMap((value) =>
    (canBeKey(value) ? sets : [NONE]).map((mapped): Atom => ({
      kind: "string",
      value,
      files: mapped,
    }))
  );
  const numbers = [...use.scalars].filter((value) => typeof value === "number");
  if (numbers.length > 0 && use.ages.size > 0) {
    limits.push("a time is compared with an age and with fixed numbers");
  }
  const times = [...use.ages].map((age) => options.now - age);
  // whoever asks what cannot be told tells types apart, also where nobody names such a value
  const booleans = use.untold
    ? [true, false]
    : [...use.scalars].filter((value) => typeof value === "boolean");
  const fresh = use.untold
    ? [unmentioned(new Set<Scalar>([...numbers, ...times]))]
    : [];
  const atom = (kind: Atom["kind"], value?: unknown): Atom => ({
    kind,
    value,
    files: NONE,
  });
  const lists = use.sets.length > 0 || use.singles.size > 0;
  return {
    atoms: [
      atom("absent"),
      ...strings,
      ...booleans.map((value) => atom("boolean", value)),
      ...[...new Set([...numbers, ...times, ...fresh])].map((value) =>
        use.ages.size > 0 && !numbers.includes(value)
          ? { ...atom("number", value), moves: true as const }
          : atom("number", value)
      ),
      ...(lists ? [atom("list")] : []),
      // also stands for what nobody mentions or tells apart: all are of a wrong type
      atom("object", {}),
      ...(use.untold ? [atom("elsewhere")] : []),
    ],
    blocks: blocksOf(use),
    limits,
  };
}

/** Classes of strings by the globs that make them: many accounts ask for the same ones. */
export type GlobCache = Map<string, GlobClasses>;

/** An example of each class of strings, none of `taken` unless there is a clash. */
function stringClasses(
  use: ClaimUse,
  options: {
    texts: readonly string[];
    taken: ReadonlySet<string>;
    cache: GlobCache;
  },
): GlobClasses & { readonly clash: boolean } {
  const { texts, cache } = options;
  // only what is looked up in a map file can be mixed up with the values of other claims
  const taken = use.files.size > 0 ? options.taken : NONE;
  const patterns = [...use.globs].sort();
  const words = [...use.words].sort();
  const probes = [
    ...patterns.map((pattern) => ({ pattern, suffix: "" })),
    ...words.map(wordProbe),
  ];
  const search = (exclude: readonly string[]) =>
    globClasses(probes, { letters: LETTERS, exclude: new Set(exclude) });
  const key = JSON.stringify([patterns, words]);
  const general = cache.get(key) ?? search([]);
  cache.set(key, general);
  if (!general.complete) return { ...general, clash: false };
  // texts that are mentioned are atoms already: another one must stand for the rest of its class
  const mentioned = new Set(texts);
  const clash = (names: ReadonlySet<string>, { examples }: GlobClasses) =>
    examples.some((example) => names.has(example));
  const classes = clash(mentioned, general) ? search(texts) : general;
  if (!clash(taken, classes)) return { ...classes, clash: false };
  const others = search([...texts, ...taken]);
  return others.examples.length < classes.examples.length
    ? { ...classes, clash: true }
    : { ...others, clash: false };
}

/** What a map file cannot have as a key, it cannot map. */
function canBeKey(value: string): boolean {
  return !/[ \t,#\r\n]/.test(value);
}

/** All of them, the empty one first. */
export function subsets(items: readonly string[]): string[][] {
  return items.reduce<string[][]>(
    (found, item) => [...found, ...found.map((set) => [...set, item])],
    [[]],
  );
}

/** Groups list entries that are in exactly the same sets; entries of "all" stay alone. */
function blocksOf(use: ClaimUse): Block[] {
  const blocks = new Map<string, Scalar[]>();
  const values = new Set<Scalar>([...use.sets.flat(), ...use.singles]);
  const sets = use.sets.map((set) => new Set(set));
  for (const value of values) {
    const key = use.singles.has(value) ? `alone ${typeof value} ${value}` : [
      use.stringsOnly && typeof value === "string",
      ...sets.map((set) => set.has(value)),
    ].join();
    blocks.set(key, [...blocks.get(key) ?? [], value]);
  }
  // an entry that nobody mentions and that is not a string: it spoils a list of strings
  const odd = use.stringsOnly ? [{ values: [unmentioned(values)] }] : [];
  const untold = use.untold ? [{ values: [ODD_ENTRY] }] : [];
  return [
    ...[...blocks.values()].map((block) => ({ values: block })),
    ...odd,
    ...untold,
  ];
}

function unmentioned(values: ReadonlySet<Scalar>): number {
  let number = 0;
  while (values.has(number)) number++;
  return number;
}
