/**
 * @module The oauth-ssh client's questions and a Globus login, through the shipped stack, the
 * launcher, the built program and a real sshd; by paramiko, as the client does, and by ssh.
 *
 * Debian package: python3-paramiko.
 */
import assert from "node:assert/strict";
import { createAuthority } from "../support/certificates.ts";
import { ALICE, CAMPUS_IDP, startGlobus } from "../support/globus.ts";
import { createPamHost } from "../support/pam.ts";
import { buildProgram } from "../support/built_program.ts";
import { ordinaryAccount, startSshd } from "../support/sshd.ts";
import { listenSyslog } from "../support/syslog.ts";

const SERVICE = "oauthpam-sshd";

const CLIENT = new URL("../support/oauth_ssh_client.py", import.meta.url);

interface Answer {
  readonly admitted: boolean;
  readonly reply: unknown;
}

/** Says something as the oauth-ssh client does, in Debian's Python. */
async function say(
  port: number,
  account: string,
  { command }: { command: Record<string, unknown> },
): Promise<Answer> {
  const client = new Deno.Command("/usr/bin/python3", {
    args: [decodeURIComponent(CLIENT.pathname)],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = client.stdin.getWriter();
  const request = { port, account, command, prompt: null };
  await writer.write(new TextEncoder().encode(JSON.stringify(request)));
  await writer.close();
  const { success, stdout, stderr } = await client.output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("the oauth-ssh client's questions are answered and its login is admitted", async () => {
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
  });
  await using sshd = await startSshd({ host, stackFile });
  const ask = (command: Record<string, unknown>) =>
    say(sshd.port, account.name, { command });
  const lines = async () =>
    (await log.lines()).filter((line) => line.includes("decision="));

  assert.deepEqual(await ask({ op: "get_security_policy" }), {
    admitted: false,
    reply: {
      policy: {
        permitted_idps: ["example.edu"],
        authentication_timeout: 480,
        mfa: true,
      },
    },
  });
  assert.equal(globus.requests.length, 0);

  const token = globus.issue();
  assert.deepEqual(await ask({ op: "get_account_map", access_token: token }), {
    admitted: false,
    reply: { account_map: { permitted_accounts: [account.name, "deploy"] } },
  });

  const weak = globus.issue({
    session_info: {
      authentications: { [ALICE]: { idp: CAMPUS_IDP, auth_time: 1 } },
    },
  });
  assert.deepEqual(await ask({ op: "login", access_token: weak }), {
    admitted: false,
    reply: {
      error: {
        code: "SESSION_VIOLATION",
        description: "The access token does not meet session requirements.",
      },
    },
  });

  assert.deepEqual(await ask({ op: "login", access_token: token }), {
    admitted: true,
    reply: null,
  });
  const pasted = await sshd.ssh({ user: account.name, token });
  assert.equal(pasted.stdout, `${account.name}\n`, await sshd.log());

  const reasons = (await lines()).map((line) =>
    /decision=(\S+ reason=\S+)/.exec(line)?.[1]
  );
  assert.deepEqual(reasons, [
    "deny reason=request_invalid",
    "deny reason=request_invalid",
    "deny reason=mfa_required",
    "allow reason=allowed",
    "allow reason=allowed",
  ]);
  const everything = (await log.lines()).join("\n") + await sshd.log();
  for (const secret of [token, weak, globus.clientSecret]) {
    assert.ok(!everything.includes(secret));
  }
});
