/**
 * What the log says of a good token that opens another account, or none.
 *
 * @module
 */
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import { nearestInShort } from "../../policy/evaluate/nearness.ts";
import type { Issuer, Policy } from "../../policy/model.ts";
import type { AccessRequest } from "../../policy/request.ts";

/** In milliseconds: a policy with very many rules must not keep anybody waiting for it. */
const MOST_MS = 250;

/** The nearest rule and what it lacks; `null` where that is not soon found. */
export function nearestOf(
  request: AccessRequest,
  context: { policy: Policy; issuer: Issuer; mapFiles: MapFiles },
): string | null {
  const end = performance.now() + MOST_MS;
  return nearestInShort(request, {
    ...context,
    late: () => performance.now() > end,
  });
}
