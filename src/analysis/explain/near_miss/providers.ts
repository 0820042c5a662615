/**
 * Near misses that are the provider's doing: it does not send what is asked for.
 *
 * @module
 */
import type { Issuer } from "../../../policy/model.ts";
import { whyMissing } from "../../providers.ts";
import type { Hint } from "./hint.ts";

/** Why a claim is missing, where it is known of the provider; the claim by its location. */
export function providerHints(
  location: string,
  { issuer }: Pick<Issuer, "issuer">,
): Hint[] {
  const message = whyMissing(location, issuer);
  return message === null ? [] : [{ kind: "provider", message }];
}
