/**
 * What `check` needs from the host to find what is wrong with it.
 *
 * @module
 */
import { LIBRARY, PROGRAM } from "../../lib/installed.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import type { Policy } from "../../policy/model.ts";
import type { CliIo } from "../io.ts";
import type { Mend } from "./mend.ts";

/** Something that was looked at and is in order. */
export interface Fine {
  /** That of what would be found otherwise. */
  readonly id: string;
  readonly level: "ok";
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
}

/** A finding with what mends it. */
export type HostFinding = Finding & Mend;

/** What `check` has to say. */
export type Noted = HostFinding | Fine;

/** To be said only of what was read and judged: "cannot tell" is a finding. */
export function fine(
  id: string,
  message: string,
  { file, line }: { readonly file?: string; readonly line?: number } = {},
): Fine {
  return {
    ...{ id, level: "ok", message },
    ...(file === undefined ? {} : { file }),
    // 0: a default, which is written nowhere
    ...(line === undefined || line === 0 ? {} : { line }),
  };
}

/** What keeps something from being in order, or that it is. */
export function orFine<Found extends Noted>(
  findings: readonly Found[],
  ...ok: Fine[]
): (Found | Fine)[] {
  return findings.length > 0 ? [...findings] : ok;
}

/** What is found wrong somewhere is not in order there, whoever says so. */
export function consistent(noted: readonly Noted[]): Noted[] {
  const at = ({ id, file, line }: Noted) => [id, file, line].join("\n");
  const wrong = new Set(
    noted.filter(({ level }) => level === "error" || level === "warning")
      .map(at),
  );
  return noted.filter((each) => each.level !== "ok" || !wrong.has(at(each)));
}

/** Facts about the process that tests can choose; files are real. */
export interface CheckHost {
  readonly io: CliIo;
  permission(descriptor: Deno.PermissionDescriptor): Deno.PermissionState;
  uid(): number | null;
  /** Runs sshd with these arguments; `null` where it cannot be started. */
  sshd(args: readonly string[]): Promise<SshdAnswer | null>;
  /** For everything that issuers are asked, together. */
  readonly timeoutMs: number;
  /** The folder of the package, where there may be one. */
  readonly parts: string;
  /** The program that `oauth-pam apply` writes. */
  readonly applied: string;
  /** Whether this is the package's program for people, which was built for no policy. */
  readonly ofPackage: boolean;
}

interface SshdAnswer {
  readonly code: number;
  readonly stderr: string;
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
    sshd: startSshd,
    timeoutMs: 10_000,
    parts: LIBRARY,
    applied: PROGRAM,
    ofPackage: decodeURIComponent(new URL(import.meta.url).pathname)
      .startsWith(`${LIBRARY}/`),
  };
}

/** Where hosts have it. */
export const SSHD = "/usr/sbin/sshd";
const SSHD_TIMEOUT_MS = 10_000;

async function startSshd(args: readonly string[]): Promise<SshdAnswer | null> {
  try {
    const { code, stderr } = await new Deno.Command(SSHD, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(SSHD_TIMEOUT_MS),
    }).output();
    return { code, stderr: new TextDecoder().decode(stderr) };
  } catch {
    return null;
  }
}

/** Whether this program may start sshd: that of a checkout may, the one that was built may not. */
export function mayStartSshd({ permission }: CheckHost): boolean {
  return permission({ name: "run", command: SSHD }) === "granted";
}

/**
 * Whether this is the program that was built for a policy: only a checkout may write everywhere.
 */
export function isBuilt(host: CheckHost): boolean {
  return host.permission({ name: "write" }) !== "granted";
}

/** The issuers that show a code only to those whose key was taken. */
export function deviceIssuersAfterKey({ issuers }: Policy): string[] {
  return issuers.filter(({ device }) => device?.after === "publickey")
    .map(({ name }) => name);
}

/** The longest sign-in that an issuer's `device` allows, in seconds; `null` without any. */
export function deviceTimeout(policy: Policy | null): number | null {
  const timeouts =
    policy?.issuers.flatMap((issuer) => issuer.device?.timeout ?? []) ?? [];
  return timeouts.length === 0 ? null : Math.max(...timeouts);
}
