/**
 * Account map files: `key account[,account…]` a line, in the grammar of the oauth-ssh server, with
 * TAB and CRLF allowed as well.
 *
 * @module
 */

/** What cannot be part of a key: keys with it are never looked up. */
const NOT_IN_KEYS = /[ \t,#\r\n]/;

const BLANKS = " \t,";

/** So many places are looked at one by one before all are left to an expression. */
const MANY = 2000;

/**
 * The accounts that the text gives to a key: the union over all its lines, in file order.
 *
 * Searches for the key at the beginning of lines instead of reading every line, so that a file of
 * 100,000 lines costs one search, however often the key stands elsewhere. Only LF ends a line, and
 * only space, TAB and "," separate words: what else looks like white space belongs to a word, as
 * in the reference. Does not check that the accounts are names of accounts.
 */
export function accountsOf(text: string, key: string): string[] {
  if (key === "" || NOT_IN_KEYS.test(key)) return [];
  const accounts = new Set<string>();
  for (const start of places(text, key)) {
    const rest = restOfLine(text, start + key.length);
    if (rest !== "" && !/^[ \t,]/.test(rest)) continue; // the word goes on
    for (const word of rest.split(/[ \t,]+/)) {
      if (word !== "") accounts.add(word);
    }
  }
  return [...accounts];
}

/** Where the key is the first word of a line. A place may be named twice. */
function* places(text: string, key: string): Generator<number> {
  let looked = 0;
  let at = text.indexOf(key);
  for (; at >= 0; at = text.indexOf(key, at + key.length)) {
    if (++looked > MANY) return yield* placesByExpression(text, key);
    let before = at - 1;
    while (before >= 0 && BLANKS.includes(text.charAt(before))) before--;
    if (before < 0 || text.charAt(before) === "\n") yield at;
  }
}

/** For a key that stands everywhere: faster than looking at each place, slower where there are few. */
function* placesByExpression(text: string, key: string): Generator<number> {
  const escaped = key.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const line = `(?:^|\\n)[ \\t,]*${escaped}(?=[ \\t,#\\r\\n]|$)`;
  const search = new RegExp(line, "g");
  while (search.exec(text) !== null) yield search.lastIndex - key.length;
}

/** What stands from there to the end of the line, without comment and carriage return. */
function restOfLine(text: string, start: number): string {
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? text.length : end)
    .replace(/#.*$/s, "").replace(/\r$/, "");
}
