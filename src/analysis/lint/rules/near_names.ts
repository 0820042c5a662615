/**
 * Whether one name is another one with a slip of the pen.
 *
 * @module
 */

/** Without what people do not agree about: case, and what stands between words. */
export function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.\s]/g, "");
}

const LETTER = /^\p{L}$/u;

/**
 * Whether the words differ by one letter that is missing, one too many, or two that changed places.
 * One letter in place of another is no slip here: such words are mostly meant ("team-a").
 */
export function isSlip(a: string, b: string): boolean {
  if (a === b) return false;
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  let start = 0;
  while (start < short.length && long[start] === short[start]) start++;
  if (long.length === short.length) {
    const [one = "", two = ""] = [long[start], long[start + 1]];
    return LETTER.test(one) && LETTER.test(two) &&
      short[start] === two && short[start + 1] === one &&
      long.slice(start + 2) === short.slice(start + 2);
  }
  return long.length === short.length + 1 && LETTER.test(long[start] ?? "") &&
    long.slice(start + 1) === short.slice(start);
}

/** Shorter words are mostly near by chance. */
const LONG_ENOUGH = 6;

/** Finds near names among many without comparing each with each. */
export class NearIndex {
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Each pair once, in the order of the names. */
  *pairs(): Iterable<readonly [string, string]> {
    const filed = new Map<string, string[]>();
    for (const name of this.#names) {
      const near = new Set<string>();
      for (const key of keysOf(name)) {
        const others = filed.get(key) ?? [];
        for (const other of others) {
          if (isNear(name, other)) near.add(other);
        }
        if (others.length === 0) filed.set(key, others);
        others.push(name);
      }
      for (const other of near) yield [other, name];
    }
  }
}

function isNear(a: string, b: string): boolean {
  return isSame(a, b) || isPlural(a, b) || isPlural(b, a) ||
    (Math.min(a.length, b.length) >= LONG_ENOUGH && isSlip(a, b));
}

/** "team-1-2" and "team-12" are two teams: a number tells where the parts end. */
function isSame(a: string, b: string): boolean {
  return /\d/.test(a + b)
    ? a.toLowerCase() === b.toLowerCase()
    : folded(a) === folded(b);
}

function isPlural(many: string, one: string): boolean {
  return one.length >= 4 && LETTER.test(one.at(-1) ?? "") &&
    folded(many) === `${folded(one)}s`;
}

/** Two names that are near share one of these. */
function keysOf(name: string): ReadonlySet<string> {
  const plain = folded(name);
  const keys = new Set([plain]);
  if (plain.endsWith("s")) keys.add(plain.slice(0, -1));
  if (name.length < LONG_ENOUGH) return keys;
  // with one letter left out; two that changed places share the word without either
  for (let index = 0; index < name.length; index++) {
    if (LETTER.test(name[index] ?? "")) {
      keys.add(`- ${name.slice(0, index)}${name.slice(index + 1)}`);
    }
  }
  keys.add(`- ${name}`);
  return keys;
}
