/**
 * A host for `oauth-pam check` where sshd asks about certificates: what is installed is root's alone, and
 * the user of the command exists on paper only. Needs root, because sshd trusts nobody else's files.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type CheckOptions, type CheckResult, runCheck } from "./check.ts";
import { writeStandIn } from "./compiled_stand_in.ts";
import { readExample, replaceAll } from "./pam.ts";

export const KEYS_USER = "oauth-pam";
const UID = 64_901;
const GID = 64_902;
/** A group that the user is in, too. */
export const SECOND_GID = 64_903;

/** What the host says of its accounts. */
export const ACCOUNTS = {
  "/etc/passwd": [
    "root:x:0:0:root:/root:/bin/bash",
    "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin",
    "alice:x:1000:1000::/home/alice:/bin/bash",
    `${KEYS_USER}:x:${UID}:${GID}::/nonexistent:/usr/sbin/nologin`,
    "",
  ].join("\n"),
  "/etc/group": `keys:x:${SECOND_GID}:alice,${KEYS_USER}\n`,
  "/etc/nsswitch.conf": "passwd: files systemd\n",
} as const;

export type Sshd = NonNullable<CheckOptions["sshd"]>;

/** An sshd of this version that is content with everything. */
export function sshdOf(version: string): Sshd {
  return (args) =>
    Promise.resolve({
      code: 0,
      stderr: args[0] === "-V" ? `${version}, OpenSSL 3.0.19\n` : "",
    });
}

export const OPENSSH_9_2 = "OpenSSH_9.2p1 Debian-2+deb12u10";

export class CertificateHost implements AsyncDisposable {
  readonly folder: string;
  readonly policy: string;
  readonly program: string;
  readonly launcher: string;
  readonly keysDirectory: string;
  readonly config: string;
  readonly serviceDir: string;

  constructor(folder: string) {
    this.folder = folder;
    this.policy = `${folder}/policy.yaml`;
    this.program = `${folder}/libexec/oauth-pam`;
    this.launcher = `${folder}/libexec/oauth-pam-ssh-keys`;
    this.keysDirectory = `${folder}/keys`;
    this.config = `${folder}/sshd_config`;
    this.serviceDir = `${folder}/pam.d`;
  }

  /** sshd_config-certificates with the paths of this host. */
  async sshdConfig(): Promise<string> {
    return replaceAll(await readExample("sshd_config-certificates"), {
      "/usr/libexec/oauth-pam/oauth-pam-ssh-keys": this.launcher,
      "/etc/oauth-pam/policy.yaml": this.policy,
    });
  }

  policyText(
    { issuer = ["ssh_certificates: {}"], rule = ["accounts: [{claim: sub}]"] }:
      {
        issuer?: readonly string[];
        rule?: readonly string[];
      } = {},
  ): string {
    const lines = (all: readonly string[]) =>
      all.map((line) => `    ${line}\n`).join("");
    return `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [opkssh]
${lines(issuer)}rules:
  staff:
    when: {groups: {any: [staff]}}
${
      lines(rule)
    }cache: {directory: ${this.folder}/cache, ssh_keys_directory: ${this.keysDirectory}}
`;
  }

  /** What is found by a program that may not connect; the sshd is of 9.2 unless given. */
  async check(
    { config, policy, ...options }: CheckOptions & {
      config?: string;
      policy?: string;
    } = {},
  ): Promise<CheckResult> {
    await Deno.writeTextFile(this.config, config ?? await this.sshdConfig());
    if (policy !== undefined) await Deno.writeTextFile(this.policy, policy);
    return await runCheck([
      this.policy,
      ...["--pam-dir", this.serviceDir],
      ...["--ssh-config", this.config],
    ], { files: ACCOUNTS, sshd: sshdOf(OPENSSH_9_2), ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Everything as pam.d.example/README.md says, with a program that does nothing. */
export async function createCertificateHost(): Promise<CertificateHost> {
  // /tmp is not good for what sshd runs
  const folder = await Deno.makeTempDir({
    dir: "/var/lib",
    prefix: "oauth-pam-",
  });
  await Deno.chmod(folder, 0o755);
  const host = new CertificateHost(folder);
  await Deno.mkdir(`${folder}/libexec`);
  await Deno.mkdir(host.serviceDir);
  await Deno.mkdir(`${folder}/cache`, { mode: 0o700 });
  await Deno.mkdir(host.keysDirectory, { mode: 0o700 });
  await Deno.chown(host.keysDirectory, UID, 0);
  await writeStandIn(host.program);
  await Deno.writeTextFile(
    host.launcher,
    replaceAll(await readExample("oauth-pam-ssh-keys"), {
      "program=/usr/libexec/oauth-pam/oauth-pam\n": `program=${host.program}\n`,
    }),
    { mode: 0o755 },
  );
  await Deno.chmod(host.launcher, 0o755);
  await Deno.writeTextFile(host.policy, host.policyText());
  await Deno.writeTextFile(
    `${host.serviceDir}/sshd`,
    await readExample("sshd-certificates"),
  );
  for (const type of ["auth", "account", "session", "password"]) {
    await Deno.writeTextFile(
      `${host.serviceDir}/common-${type}`,
      `${type} required pam_permit.so\n`,
    );
  }
  return host;
}

/** `level id: message (hint)` of each finding whose id begins so. */
export function findingsOf(result: CheckResult, prefix: string): string[] {
  return result.findings.filter(({ id }) => id.startsWith(prefix))
    .map(({ id, level, message, hint = "" }) =>
      `${level} ${id}: ${message} (${hint})`
    );
}

/** The one finding of that id; fails where there is none, or are several. */
export function findingOf(result: CheckResult, id: string) {
  const found = result.findings.filter((each) => each.id === id);
  assert.equal(found.length, 1, `${id} in ${result.stdout}`);
  return found[0]!;
}
