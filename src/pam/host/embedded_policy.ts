/**
 * The policy as it was parsed when the program was built. Parsing YAML costs more than verifying
 * a token; a policy file whose bytes have not changed since the build need not be parsed again.
 *
 * @module
 */
import type { Policy } from "../../policy/model.ts";

/** `deno task build` puts JSON here: `{"sha256": …, "policy": …}`. */
const EMBEDDED = "@@OAUTH_PAM_EMBEDDED_POLICY@@";

/** The parsed policy, if it was made from a file with exactly this hash; otherwise `null`. */
export function embeddedPolicy(sha256: string): Policy | null {
  if (!EMBEDDED.startsWith("{")) return null;
  const embedded = JSON.parse(EMBEDDED) as { sha256: string; policy: Policy };
  return embedded.sha256 === sha256 ? embedded.policy : null;
}
