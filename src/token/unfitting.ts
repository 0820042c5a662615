/**
 * Signatures that cannot fit, and why: what is known of it where one does not. Loaded only then.
 *
 * @module
 */
import type { UnverifiedJws } from "./compact_jws.ts";
import { TokenError } from "./errors.ts";

/**
 * What to say of a token for Microsoft's own APIs, `null` of any other. The member `nonce` of its
 * header is not what was signed: Microsoft replaces it before it hands the token over.
 */
export function forGraph(header: UnverifiedJws["header"]): string | null {
  return Object.hasOwn(header, "nonce")
    ? 'with "nonce" in its header it is for Microsoft Graph, which alone can verify it: ask for a ' +
      "scope of your own application"
    : null;
}

/** The same refusal, with more to say where there is more; any other error as it is. */
export function explained(error: unknown, jws: UnverifiedJws): unknown {
  const why = forGraph(jws.header);
  // by code: the program that loads this has its own copy of the class
  const { code, message } = Object(error);
  return code === "signature_invalid" && why !== null
    ? new TokenError(code, `${message}: ${why}`)
    : error;
}
