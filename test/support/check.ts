/**
 * `oauth-pam check` on hosts of the test's own: real files, real folders, and a process
 * whose permissions the test chooses.
 *
 * @module
 */
import { check } from "../../src/cli/check/verb.ts";
import type { Finding } from "../../src/policy/diagnostic.ts";
import {
  type CheckHost,
  type Fine,
  thisHost,
} from "../../src/cli/check/finding.ts";
import { processIo } from "../../src/cli/io.ts";
import { createPamHost, type PamHost } from "./pam.ts";

export interface CheckResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly findings: readonly Finding[];
  /** What is in order. */
  readonly ok: readonly Fine[];
  /** The ids of the findings, and of a level if one is given. */
  ids(prefix: string, level?: Finding["level"]): string[];
}

export interface CheckOptions {
  /** What the program may do. Default: a checkout that may do all but connect. */
  readonly permission?: CheckHost["permission"];
  readonly now?: number;
  readonly timeoutMs?: number;
  readonly uid?: number;
  /** What sshd says; otherwise the machine's own is run. */
  readonly sshd?: CheckHost["sshd"];
  /** Where the package is; nowhere unless given. */
  readonly parts?: string;
  readonly applied?: string;
  readonly ofPackage?: boolean;
  /** Files of the host, such as /etc/passwd, in place of the machine's own. */
  readonly files?: Readonly<Record<string, string>>;
}

export const offline: CheckHost["permission"] = ({ name }) =>
  name === "net" ? "denied" : "granted";
export const everything: CheckHost["permission"] = () => "granted";

/** Runs the verb as it is called. */
export async function printCheck(
  args: readonly string[],
  options: CheckOptions = {},
): Promise<Pick<CheckResult, "code" | "stdout" | "stderr">> {
  const output = { stdout: "", stderr: "" };
  const io = processIo();
  const code = await check(args, {
    io: {
      ...io,
      readHostFile: async (path) => {
        const text = options.files?.[path];
        return text === undefined
          ? await io.readHostFile(path)
          : new TextEncoder().encode(text);
      },
      stdout: (text) => output.stdout += text,
      stderr: (text) => output.stderr += text,
      now: () => options.now ?? Date.now(),
      interactive: false,
    },
    permission: options.permission ?? offline,
    uid: () => options.uid ?? 0,
    sshd: options.sshd ?? thisHost(io).sshd,
    timeoutMs: options.timeoutMs ?? 10_000,
    parts: options.parts ?? "/no/such/package",
    applied: options.applied ?? "/no/such/package/login",
    ofPackage: options.ofPackage ?? false,
  });
  return { code, ...output };
}

/** Runs the verb with `--format json`. */
export async function runCheck(
  args: readonly string[],
  options: CheckOptions = {},
): Promise<CheckResult> {
  const output = await printCheck([...args, "--format", "json"], options);
  const { findings, ok } = JSON.parse(output.stdout) as {
    findings: Finding[];
    ok: Fine[];
  };
  return {
    ...output,
    findings,
    ok,
    ids: (prefix, level) =>
      findings.filter((each) =>
        each.id.startsWith(prefix) && (level ?? each.level) === each.level
      ).map(({ id }) => id),
  };
}

export const POLICY = `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh-prod]
    device: {client_id: ssh}
rules:
  staff:
    when: {groups: {any: [staff]}}
    accounts: [{claim: sub}]
`;

/** A host with launcher, a program that refuses everybody, policy and Debian's common files. */
export async function createCheckHost(): Promise<PamHost> {
  const host = await createPamHost();
  await Deno.writeTextFile(host.program, "#!/bin/sh\nexit 7\n", {
    mode: 0o755,
  });
  await Deno.chmod(host.program, 0o755);
  await Deno.writeTextFile(host.policy, POLICY);
  await host.writeService(
    "common-auth",
    "auth [success=1 default=ignore] pam_unix.so nullok\n" +
      "auth requisite pam_deny.so\nauth required pam_permit.so\n",
  );
  await host.writeService(
    "common-session-noninteractive",
    "session required pam_permit.so\n",
  );
  return host;
}

/** What is found about a service of that host, by a program that may not connect. */
export async function checkService(
  host: PamHost,
  service: string,
): Promise<CheckResult> {
  return await runCheck([
    host.policy,
    ...["--pam-dir", host.serviceDir, "--pam-service", service],
  ]);
}
