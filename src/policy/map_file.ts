/**
 * Account map files: `key account[,account…]` a line, in the grammar of the oauth-ssh server, with
 * TAB and CRLF allowed as well.
 *
 * @module
 */

/** What cannot be part of a key: keys with it are never looked up. */
const NOT_IN_KEYS = /[ \t,#\r\n]/;

/** Of a key, as much is compiled into the search; claims may be longer than an expression can be. */
const HEAD = 100;

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
  const head = key.slice(0, HEAD);
  const escaped = head.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const end = key.length > HEAD ? "" : "(?=[ \\t,#\\r\\n]|$)";
  const search = new RegExp(`(?:^|\\n)[ \\t,]*${escaped}${end}`, "g");
  const accounts = new Set<string>();
  while (search.exec(text) !== null) {
    const start = search.lastIndex - head.length;
    if (!text.startsWith(key, start)) continue;
    const rest = restOfLine(text, start + key.length);
    if (rest !== "" && !/^[ \t,]/.test(rest)) continue; // the word goes on
    for (const word of rest.split(/[ \t,]+/)) {
      if (word !== "") accounts.add(word);
    }
  }
  return [...accounts];
}

/** What stands from there to the end of the line, without comment and carriage return. */
function restOfLine(text: string, start: number): string {
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? text.length : end)
    .replace(/#.*$/s, "").replace(/\r$/, "");
}
