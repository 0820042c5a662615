/**
 * Near misses that are the provider's doing: it does not send what is asked for.
 *
 * @module
 */
import { shown } from "../../../lib/text.ts";
import type { Issuer } from "../../../policy/model.ts";
import { providerOf } from "../../providers.ts";
import type { Hint } from "./hint.ts";

/** Why a claim is missing, where it is known of the provider; the claim by its location. */
export function providerHints(
  location: string,
  { issuer }: Pick<Issuer, "issuer">,
): Hint[] {
  const provider = providerOf(issuer);
  if (provider === null) return [];
  const { name, never, lacks, optional, verified } = provider;
  const hint = (message: string): Hint[] => [{ kind: "provider", message }];
  if (location === "email_verified" && verified !== null) {
    return hint(
      `${name} never sends "email_verified": ask for ${shown(verified)}`,
    );
  }
  if (never.includes(location)) {
    return hint(`${name} never sends ${shown(location)}`);
  }
  if (optional.includes(location)) {
    return hint(
      `${name} sends ${shown(location)} only where it is set up to`,
    );
  }
  return lacks.some((claim) => claim === location)
    ? hint(`${name} is not known to send ${shown(location)}`)
    : [];
}
