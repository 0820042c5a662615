/**
 * `check`: the clock, by which tokens expire. A clock that is behind lets in who should be out.
 *
 * @module
 */
import { type CheckContext, fine, type Noted } from "./finding.ts";

/** File systems of other hosts may be ahead by a little. */
const TOLERATED_MS = 60_000;

/**
 * Whether the clock is earlier than a time that has certainly been. Does not compare it with
 * another clock: that is what NTP is for.
 */
export async function clockFindings(
  { host, policyPath }: CheckContext,
): Promise<Noted[]> {
  const written = await Deno.stat(policyPath).then(({ mtime }) => mtime)
    .catch(() => null);
  if (written === null) return [];
  if (host.io.now() + TOLERATED_MS >= written.getTime()) {
    return [
      fine("clock/behind", "not earlier than the policy was written", {
        file: policyPath,
      }),
    ];
  }
  const now = new Date(host.io.now()).toISOString();
  return [{
    id: "clock/behind",
    level: "error",
    message:
      `the clock says ${now}, but the policy was written at ${written.toISOString()}`,
    hint: "set the clock with NTP, or touch the policy if its time is wrong",
    file: policyPath,
  }];
}
