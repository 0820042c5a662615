/**
 * The oauth-ssh client and a host for it: the shipped stack, the launcher, the built program, a real
 * sshd and the Globus Auth stand-in.
 *
 * Debian packages: python3-paramiko passwd.
 *
 * @module
 */
import assert from "node:assert/strict";
import { buildProgram } from "./built_program.ts";
import { createAuthority } from "./certificates.ts";
import { type GlobusStandIn, startGlobus } from "./globus.ts";
import { createPamHost, type PamHost } from "./pam.ts";
import { type Account, ordinaryAccount, type Sshd, startSshd } from "./sshd.ts";
import { listenSyslog } from "./syslog.ts";

const SERVICE = "oauthpam-sshd";
const CLIENT = new URL("./oauth_ssh_client.py", import.meta.url);

/** What the client's user sees of an attempt. */
export interface OauthSshAnswer {
  readonly admitted: boolean;
  /** Decoded; `null` where none came. */
  readonly reply: unknown;
  readonly prompts: readonly string[];
}

export interface OauthSshBench {
  readonly globus: GlobusStandIn;
  readonly sshd: Sshd;
  /** Alice's, together with one named "deploy" that is nowhere. */
  readonly account: Account;
  /** The client's conversation; sends at `prompt` only, or at any. */
  say(
    command: Readonly<Record<string, unknown>>,
    options: { account: string; prompt: string | null },
  ): Promise<OauthSshAnswer>;
  /** Decision and reason of every attempt so far. */
  decisions(): Promise<string[]>;
  /** All that was logged, by anybody. */
  logs(): Promise<string>;
}

export interface OauthSshBenchOptions {
  /** Applied to the shipped stack. */
  readonly change?: (stack: string) => string;
  /** What sshd sees in place of the machine's own; made in the host's folder. */
  readonly mounts?: (host: PamHost) => Promise<Record<string, string>>;
}

/** Sets all of it up for `body`. Needs root. */
export async function withOauthSshBench(
  options: OauthSshBenchOptions,
  body: (bench: OauthSshBench) => Promise<void>,
): Promise<void> {
  const authority = await createAuthority();
  await using globus = await startGlobus({ authority });
  await using account = await ordinaryAccount();
  await using log = await listenSyslog();
  await using host = await createPamHost({ syslogSocket: log.socket });
  await Deno.writeTextFile(`${host.directory}/ca.pem`, authority.caPem);
  await Deno.writeTextFile(`${host.directory}/secret`, globus.clientSecret, {
    mode: 0o600,
  });
  // an account map of the reference, used in place
  await Deno.writeTextFile(
    `${host.directory}/accounts.map`,
    `# users\nalice@example.edu\t${account.name},deploy\r\n`,
  );
  await Deno.writeTextFile(
    host.policy,
    `version: 1
issuers:
  globus:
    kind: globus
    issuer: ${globus.issuer}
    audiences: [${globus.clientId}]
    client_id: ${globus.clientId}
    client_secret_file: ${host.directory}/secret
    ca_file: ${host.directory}/ca.pem
assurance:
  permitted_idps: [example.edu]
  mfa: true
  max_auth_age: 8h
rules:
  linked:
    services: [${SERVICE}]
    accounts:
      - {map_file: ${host.directory}/accounts.map, keys: [identity.username, identity.id]}
cache:
  directory: ${host.directory}/cache
log:
  socket: ${log.socket}
`,
  );
  await buildProgram({
    policy: host.policy,
    output: host.program,
    kind: "runtime",
  });
  const stackFile = await host.installStack("sshd-oauth-ssh", {
    service: SERVICE,
    ...(options.change ? { change: options.change } : {}),
  });
  const mounts = await options.mounts?.(host);
  await using sshd = await startSshd({
    host,
    stackFile,
    ...(mounts ? { mounts } : {}),
  });
  await body({
    globus,
    sshd,
    account,
    say: (command, { account, prompt }) =>
      converse({ port: sshd.port, account, command, prompt }),
    decisions: async () =>
      (await log.lines()).flatMap((line) =>
        /decision=(\S+ reason=\S+)/.exec(line)?.[1] ?? []
      ),
    logs: async () => (await log.lines()).join("\n") + await sshd.log(),
  });
}

/** Runs the client, in Debian's Python. */
async function converse(
  request: Readonly<Record<string, unknown>>,
): Promise<OauthSshAnswer> {
  const client = new Deno.Command("/usr/bin/python3", {
    args: [decodeURIComponent(CLIENT.pathname)],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = client.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(request)));
  await writer.close();
  const { success, stdout, stderr } = await client.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The account that questions are asked as, made the way the stack's comments say. */
export async function questionsAccount(): Promise<Account> {
  const name = "oauth-ssh";
  const run = (command: string, ...args: string[]) =>
    new Deno.Command(command, { args, stdin: "null" }).output();
  const options = "--system --home-dir /nonexistent --shell /usr/sbin/nologin";
  const added = await run("useradd", ...options.split(" "), name);
  // 9: the machine has one of its own, which stays
  const ours = added.code !== 9;
  assert.ok(added.success || !ours, new TextDecoder().decode(added.stderr));
  const { stdout } = await run("id", "-u", name);
  return {
    name,
    uid: Number(new TextDecoder().decode(stdout)),
    async [Symbol.asyncDispose]() {
      if (ours) await run("userdel", name);
    },
  };
}
