/**
 * What `check` needs from the host to find what is wrong with it.
 *
 * @module
 */
import type { Policy } from "../../policy/model.ts";
import type { CliIo } from "../io.ts";

/** Facts about the process that tests can choose; files are real. */
export interface CheckHost {
  readonly io: CliIo;
  permission(descriptor: Deno.PermissionDescriptor): Deno.PermissionState;
  uid(): number | null;
  /** For everything that issuers are asked, together. */
  readonly timeoutMs: number;
}

/** What every kind of check looks at. */
export interface CheckContext {
  readonly host: CheckHost;
  /** Absolute. */
  readonly policyPath: string;
  /** `null`: it cannot be used, and only what does not depend on it is checked. */
  readonly policy: Policy | null;
}

/** The process that runs. */
export function thisHost(io: CliIo): CheckHost {
  return {
    io,
    permission: (descriptor) => Deno.permissions.querySync(descriptor).state,
    uid: () => Deno.uid(),
    timeoutMs: 10_000,
  };
}

/**
 * Whether this is the program that was built for a policy: only a checkout may write everywhere.
 */
export function isBuilt(host: CheckHost): boolean {
  return host.permission({ name: "write" }) !== "granted";
}

/** The longest sign-in that an issuer's `device` allows, in seconds; `null` without any. */
export function deviceTimeout(policy: Policy | null): number | null {
  const timeouts =
    policy?.issuers.flatMap((issuer) => issuer.device?.timeout ?? []) ?? [];
  return timeouts.length === 0 ? null : Math.max(...timeouts);
}
