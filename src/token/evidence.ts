/**
 * Verified claims. Only the verifiers of this folder can make them: the brand is a symbol that
 * they alone can reach through {@link verified}.
 *
 * @module
 */
import type { JsonObject } from "./strict_json.ts";

const BRAND: unique symbol = Symbol("verified");

/** What a token proves. Everything that decides is made from this and from nothing else. */
export interface Evidence {
  readonly [BRAND]: true;
  /** The local name of the issuer that signed it or vouched for it. */
  readonly issuer: string;
  readonly claims: JsonObject;
  /** What the log should say beside the decision, such as keys that served although expired. */
  readonly warnings: readonly string[];
}

/** For the verifiers in this folder: nobody else imports it, which a test asserts. */
export function verified(evidence: Omit<Evidence, typeof BRAND>): Evidence {
  return { ...evidence, [BRAND]: true };
}
