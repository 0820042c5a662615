/**
 * Tokens that only their issuer can read.
 *
 * @module
 */
import type { AccessToken } from "./access_token.ts";

/** Characters of which a header's beginning can be told: 24 bytes. */
const BEGINNING = 32;

/**
 * Whether the token is anything but a JOSE object (JWS or JWE). Judged generously: a JWT that is
 * cut off, damaged, or pasted with a quotation mark or "token=" before it is still a JWT of
 * somebody, and no business of an issuer that reads opaque tokens. Says nothing about its contents.
 */
export function isOpaque(token: AccessToken): boolean {
  const text = token.reveal();
  return !text.includes(".") ||
    !text.split(/[^A-Za-z0-9_-]+/).some(beginsLikeHeader);
}

function beginsLikeHeader(segment: string): boolean {
  const start = segment.slice(0, BEGINNING).replaceAll("-", "+")
    .replaceAll("_", "/");
  // whole groups of four decode on their own, whatever is wrong behind them
  return /^\s*\{\s*["}]/.test(atob(start.slice(0, start.length & ~3)));
}
