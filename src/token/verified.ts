/**
 * Where verified claims are made. The verifiers of this folder import it and nothing else does, which
 * a test asserts: the brand is a symbol that they alone can reach through {@link verified}.
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

/** Says that a verifier has verified it. */
export function verified(evidence: Omit<Evidence, typeof BRAND>): Evidence {
  return { ...evidence, [BRAND]: true };
}
