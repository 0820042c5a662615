/**
 * JSON as a login gate reads it: an object, strict Unicode, and no member named twice.
 *
 * @module
 */
import { isObject } from "../lib/json.ts";
import { TokenError } from "./errors.ts";

const MAX_DEPTH = 32;

/** A byte order mark is not part of JSON (RFC 8259 section 8.1). */
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A JSON object with a `null` prototype at the top, so that no lookup meets an inherited name. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses the JSON object in a token's header or payload.
 *
 * RFC 7515 section 4 and RFC 7519 section 4 let a reader either refuse duplicate members or take
 * the last; two readers that differ are an attack, so they are refused. Throws
 * {@link TokenError} `token_malformed`. `what` names the part in messages.
 */
export function parseJsonObject(bytes: Uint8Array, what: string): JsonObject {
  let text: string;
  let value: unknown;
  try {
    text = STRICT_UTF8.decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw malformed(`the ${what} is not JSON`);
  }
  if (!isObject(value)) throw malformed(`the ${what} is not a JSON object`);
  checkStrings(text, what);
  return withoutPrototype(value);
}

/** Assigning `__proto__` would run its setter on an ordinary object. */
function withoutPrototype(value: object): JsonObject {
  const members: Record<string, unknown> = Object.create(null);
  for (const [key, member] of Object.entries(value)) members[key] = member;
  return members;
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

/**
 * Refuses a member that an object has twice, a string that is not Unicode (half a surrogate pair
 * by an escape, RFC 8259 section 8.2), and nesting that no token needs. `text` must be valid JSON.
 */
function checkStrings(text: string, what: string): void {
  const open: (Set<string> | null)[] = [];
  let previous = "";
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const name = JSON.parse(previous) as string;
      const members = open.at(-1);
      if (members?.has(name)) {
        const shown = JSON.stringify(name.slice(0, 60));
        throw malformed(`the ${what} has the member ${shown} twice`);
      }
      members?.add(name);
    } else if (token.includes("\\u") && !isUnicode(token)) {
      throw malformed(`the ${what} holds a string that is not Unicode`);
    }
    if (open.length > MAX_DEPTH) {
      throw malformed(`the ${what} is nested deeper than ${MAX_DEPTH}`);
    }
    previous = token;
  }
}

function isUnicode(literal: string): boolean {
  return (JSON.parse(literal) as string).isWellFormed();
}

function malformed(message: string): TokenError {
  return new TokenError("token_malformed", message);
}
