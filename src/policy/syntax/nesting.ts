/**
 * How deep a policy file may be nested, and what is seen of it before the file is read.
 *
 * @module
 */
import { Lexer } from "yaml";

/** Levels of mappings and lists. */
export const MAX_DEPTH = 32;

/** Among the lexer's tokens: what announces the text of a plain or block scalar, and its other marks. */
const SCALAR = "\x1f";
const MARKS: readonly string[] = [SCALAR, "\x02", "\x18"];
/** Far above what is allowed, which is counted level by level where the values are read. */
const HOPELESS_DEPTH = 2 * MAX_DEPTH;

/**
 * Where brackets, or indicators on one line, are nested hopelessly deep; `null` where they are not. Before
 * the library reads the file: what it makes of a thousand brackets takes more memory than a login
 * may have. (By indentation alone such a depth takes a file that is large by itself.)
 */
export function tooDeep(text: string): number | null {
  const line = new RegExp(`^[ \\t]*(?:[-?:][ \\t]+){${HOPELESS_DEPTH}}`, "m");
  const indicators = line.exec(text);
  if (indicators !== null) return indicators.index;
  if (!looksDeep(text)) return null;
  let at = 0;
  let depth = 0;
  let scalar = false;
  for (const token of new Lexer().lex(text)) {
    if (!scalar && (token === "[" || token === "{")) depth++;
    if (!scalar && (token === "]" || token === "}")) depth--;
    if (depth > HOPELESS_DEPTH) return at;
    scalar = token === SCALAR;
    if (!MARKS.includes(token)) at += token.length;
  }
  return null;
}

/** Whether brackets are nested so deep where those in quotes and comments count as well: quickly told. */
function looksDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[{}\]]/g)) {
    const opens = bracket === "[" || bracket === "{";
    depth = Math.max(0, depth + (opens ? 1 : -1));
    if (depth > HOPELESS_DEPTH) return true;
  }
  return false;
}
