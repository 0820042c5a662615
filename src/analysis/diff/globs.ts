/**
 * The strings that a set of globs can tell apart: one example for each combination of globs that
 * match and globs that do not, found by walking all globs at once.
 *
 * @module
 */

import { BETWEEN_WORDS } from "../../policy/evaluate/conditions.ts";

/** A glob, asked about `text + suffix`. */
export interface GlobProbe {
  readonly pattern: string;
  readonly suffix: string;
  /** Blanks, commas and semicolons are all blanks, and one stands before and after the text. */
  readonly words?: true;
}

/** Asks whether a text has this word, as {@link wordsOf} cuts it. */
export function wordProbe(word: string): GlobProbe {
  return { pattern: `* ${word} *`, suffix: " ", words: true };
}

export interface GlobClasses {
  readonly examples: readonly string[];
  /** False when there were too many combinations to walk. */
  readonly complete: boolean;
}

interface GlobSearch {
  /** Characters to build with, beside those in the patterns; the nicest first. */
  readonly letters: string;
  /** Whether a text can be part of an example at all, as a prefix. */
  readonly allowed?: (text: string) => boolean;
  readonly exclude: ReadonlySet<string>;
  readonly maxLength?: number;
  /** Further characters that texts are not told apart without. */
  readonly also?: readonly string[];
  /** In what a text differs beside the patterns; `null`: it is only the beginning of one. */
  readonly sort?: (text: string) => string | null;
  /** How a text can go on, where that differs: the same for texts that go on alike. */
  readonly place?: (text: string) => string;
}

/** Steps of single globs: more than any policy that a person can read leads to. */
const MAX_STEPS = 3_000_000;

/**
 * A shortest non-empty example of every combination that exists, without the excluded texts.
 * Characters that no pattern has are all alike to the patterns, so one of them stands for all.
 */
export function globClasses(
  probes: readonly GlobProbe[],
  options: GlobSearch,
): GlobClasses {
  const automata = probes.map(automatonOf);
  const inPatterns = new Set(
    probes.flatMap(({ pattern, words }) =>
      words ? split(pattern.slice(1, -1)) : split(pattern.replaceAll("*", ""))
    ),
  );
  const excluded = [...options.exclude].join("");
  // preferably one that no excluded text has either: it leaves them at once
  const fresh = [...options.letters].filter((letter) =>
    !inPatterns.has(letter)
  );
  const best = fresh.find((letter) => !excluded.includes(letter)) ?? fresh[0];
  const alphabet = [
    ...(best === undefined ? [] : [best]),
    ...[...inPatterns].sort(),
    ...(options.also ?? []).filter((char) =>
      char !== best && !inPatterns.has(char)
    ),
  ];
  const prefixes = prefixesOf(options.exclude);
  const found = new Map<string, string>();
  const seen = new Set<string>();
  let level = [{ text: "", states: automata.map(({ start }) => start) }];
  const maxLength = options.maxLength ?? Infinity;
  let steps = 0;
  for (let length = 1; length <= maxLength && level.length > 0; length++) {
    const next: typeof level = [];
    for (const { text, states } of level) {
      for (const char of alphabet) {
        const longer = text + char;
        if (options.allowed?.(longer) === false) continue;
        steps += automata.length;
        if (steps > MAX_STEPS) {
          return { examples: [...found.values()], complete: false };
        }
        const after = automata.map((automaton, index) =>
          step(automaton, states[index] ?? 0n, char)
        );
        // texts on the way to an excluded one must not stand for others that are not
        const key = prefixes.has(longer)
          ? `"${longer}`
          : `${options.place?.(longer) ?? ""} ${after.join()}`;
        if (seen.has(key)) continue;
        seen.add(key);
        next.push({ text: longer, states: after });
        if (options.exclude.has(longer)) continue;
        const sort = options.sort?.(longer) ?? (options.sort ? null : "");
        if (sort === null) continue;
        const signature = sort + probes.map(({ suffix }, index) => {
          const automaton = automata[index];
          return automaton !== undefined &&
              accepts(automaton, run(automaton, after[index] ?? 0n, suffix))
            ? 1
            : 0;
        }).join("");
        if (!found.has(signature)) found.set(signature, longer);
      }
    }
    level = next;
  }
  return { examples: [...found.values()], complete: true };
}

/** The patterns are compared by UTF-16 units, so examples are built of them too. */
function split(text: string): string[] {
  return text.split("");
}

function prefixesOf(words: ReadonlySet<string>): Set<string> {
  const prefixes = new Set<string>();
  for (const word of words) {
    for (let end = 1; end <= word.length; end++) {
      prefixes.add(word.slice(0, end));
    }
  }
  return prefixes;
}

/** Bit n of a state: the first n characters of the pattern have been matched. */
interface Automaton {
  readonly words: boolean;
  readonly start: bigint;
  readonly stars: bigint;
  readonly places: ReadonlyMap<string, bigint>;
  readonly end: bigint;
}

function automatonOf({ pattern, ...probe }: GlobProbe): Automaton {
  const words = probe.words === true;
  let stars = 0n;
  const places = new Map<string, bigint>();
  for (const [index, char] of split(pattern).entries()) {
    const bit = 1n << BigInt(index);
    const star = words
      ? index === 0 || index === pattern.length - 1 // in a word it is a letter
      : char === "*";
    if (star) stars |= bit;
    else places.set(char, (places.get(char) ?? 0n) | bit);
  }
  const end = 1n << BigInt(pattern.length);
  const automaton = { words, stars, places, end, start: closure(stars, 1n) };
  return words
    ? { ...automaton, start: step(automaton, automaton.start, " ") }
    : automaton;
}

/** A star may also stand for nothing. */
function closure(stars: bigint, state: bigint): bigint {
  let closed = state;
  for (let more = (closed & stars) << 1n; (more & ~closed) !== 0n;) {
    closed |= more;
    more = (closed & stars) << 1n;
  }
  return closed;
}

function step(automaton: Automaton, state: bigint, char: string): bigint {
  const read = automaton.words && BETWEEN_WORDS.test(char) ? " " : char;
  const moved = (state & (automaton.places.get(read) ?? 0n)) << 1n;
  return closure(automaton.stars, moved | (state & automaton.stars));
}

function run(automaton: Automaton, state: bigint, text: string): bigint {
  return split(text).reduce((at, char) => step(automaton, at, char), state);
}

function accepts(automaton: Automaton, state: bigint): boolean {
  return (state & automaton.end) !== 0n;
}
