/**
 * What the values in a policy file look like: names, paths, hosts, claims, lists.
 *
 * @module
 */
import * as v from "valibot";
import { ACCOUNT_NAMES, MAX_ACCOUNT_NAME } from "../account_name.ts";

/** Names of issuers and rules: they appear in logs and on command lines. */
export const Name = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/,
    'a name begins with a letter or "_", followed by letters, digits, ".", "_" or "-"',
  ),
);

const FULL_NAME =
  `an account name has at most ${MAX_ACCOUNT_NAME} characters and is "name", "name@domain" or "DOMAIN\\name", where a name is of letters, digits, "_", "." and "-" and begins with a letter`;

/** What account names look like, by `accounts_pattern`. */
export const ACCOUNT_WORDS = {
  posix:
    'an account name has at most 32 of a-z, 0-9, "_", "." and "-" and begins with a letter or "_"',
  sssd: `${FULL_NAME} or "_"`,
  relaxed: `${FULL_NAME}, a digit or "_"`,
} as const;

/** Of any pattern: the policy's own is looked at in `meaning.ts`. */
export const Account = v.pipe(
  v.string(),
  v.maxLength(MAX_ACCOUNT_NAME, ACCOUNT_WORDS.relaxed),
  v.regex(ACCOUNT_NAMES.relaxed, ACCOUNT_WORDS.relaxed),
);

export const Text = v.pipe(v.string(), v.minLength(1, "must not be empty"));

/** One of several in a text, as `word` looks for it. */
export const Word = v.pipe(
  v.string(),
  v.regex(
    /^[^\s,;]+$/,
    "a word has no blank, comma or semicolon in it, and is not empty",
  ),
);

export const AbsolutePath = v.pipe(
  v.string(),
  v.regex(
    // no "..", no "//": the path that is checked is the path that is opened
    /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0,]+)+$/,
    'a path is absolute, without "..", "." or ","',
  ),
);

export const HostName = v.pipe(
  v.string(),
  v.regex(
    /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/,
    'a host is a name or address in lower case, with ":port" where it is not 443',
  ),
);

export const ClaimName = v.pipe(
  v.string(),
  v.regex(
    /^(?:\/(?:[^~]|~[01])*|[^/\s].*)$/,
    'a claim is a name, or a JSON Pointer (RFC 6901) that begins with "/"',
  ),
);

/** A list that says something: an empty one would match nobody, or look as if it matched all. */
export function list<Item extends v.GenericSchema>(item: Item) {
  return v.pipe(
    v.array(item, "must be a list"),
    v.minLength(
      1,
      "the list is empty: leave the key out or give it at least one entry",
    ),
  );
}

/** A list that may be empty. */
export function entries<Item extends v.GenericSchema>(item: Item) {
  return v.array(item, "must be a list");
}

export const Value = v.union([
  v.string(),
  v.pipe(v.number(), v.finite()),
  v.boolean(),
]);
