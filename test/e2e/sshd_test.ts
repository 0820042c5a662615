/**
 * A real provider, the built program, the shipped launcher and stacks, a real sshd and ssh.
 *
 * @module
 */
// Threats: E1, F3, H5
import assert from "node:assert/strict";
import { createPamHost, type PamHost } from "../support/pam.ts";
import {
  BUILD_KINDS,
  type BuildKind,
  buildProgram,
} from "../support/built_program.ts";
import {
  idToken,
  startProvider,
  type TestProvider,
} from "../support/provider.ts";
import {
  type Account,
  ordinaryAccount,
  type Sshd,
  startSshd,
} from "../support/sshd.ts";
import {
  listenSyslog,
  type LogSink,
  startRsyslogd,
} from "../support/syslog.ts";

const SERVICE = "oauthpam-sshd";
const EXEC = "sshd-pasted-token-pam_exec";
const SCRIPT = "sshd-pasted-token-pam_script";

interface Bench {
  readonly provider: TestProvider;
  readonly account: Account;
  readonly sshd: Sshd;
  readonly log: LogSink;
}

function policyText(
  site: {
    provider: TestProvider;
    host: PamHost;
    log: LogSink;
    account: Account;
  },
): string {
  return `version: 1
issuers:
  campus:
    issuer: ${site.provider.issuer}
    audiences: [ssh-login, ssh-login-es256]
    algorithms: [RS256, ES256]
    ca_file: ${site.host.directory}/ca.pem
rules:
  staff:
    services: [${SERVICE}]
    rhosts: [127.0.0.0/8]
    when:
      email_verified: true
    accounts:
      - {map: {alice@example.edu: [${site.account.name}]}, keys: [email]}
cache:
  directory: ${site.host.directory}/cache
log:
  socket: ${site.log.socket}
`;
}

async function withBench(
  options: { stack: string; kind: BuildKind; openLog?: () => Promise<LogSink> },
  body: (bench: Bench) => Promise<void>,
): Promise<void> {
  await using provider = await startProvider();
  await using account = await ordinaryAccount();
  await using log = await (options.openLog ?? listenSyslog)();
  await using host = await createPamHost({ syslogSocket: log.socket });
  await Deno.writeTextFile(`${host.directory}/ca.pem`, provider.caPem);
  await Deno.writeTextFile(
    host.policy,
    policyText({ provider, host, log, account }),
  );
  await buildProgram({
    policy: host.policy,
    output: host.program,
    kind: options.kind,
  });
  const stackFile = await host.installStack(options.stack, {
    service: SERVICE,
  });
  await using sshd = await startSshd({ host, stackFile });
  provider.requests.length = 0;
  await body({ provider, account, sshd, log });
}

const attemptLine = (line: string) => line.includes("decision=");

for (const kind of BUILD_KINDS) {
  Deno.test(`ssh with an RS256 token through pam_script is admitted (${kind})`, async () => {
    await withBench(
      { stack: SCRIPT, kind },
      async ({ provider, account, sshd, log }) => {
        const token = await idToken(provider, { account: "alice" });
        assert.ok(token.length > 511, `${token.length} characters`);
        const result = await sshd.ssh({ user: account.name, token });
        assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
        const line = await log.next(attemptLine);
        assert.match(
          line,
          /^<38>.* oauth-pam\[\d+\]: decision=allow reason=allowed /,
        );
        assert.match(
          line,
          new RegExp(
            ` user=${account.name} service=${SERVICE} rhost=127.0.0.1 `,
          ),
        );
        assert.match(
          line,
          / issuer=campus sub=u1 rule=staff policy_sha256=[0-9a-f]{16} ms=\d+$/,
        );
        assert.equal((await log.lines()).length, 1);
      },
    );
  });

  Deno.test(`ssh with a compact ES256 token through pam_exec is admitted (${kind})`, async () => {
    await withBench(
      { stack: EXEC, kind },
      async ({ provider, account, sshd, log }) => {
        const token = await idToken(provider, {
          account: "alice",
          client: "ssh-login-es256",
        });
        assert.ok(token.length < 511, `${token.length} characters`);
        const result = await sshd.ssh({ user: account.name, token });
        assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
        assert.match(
          await log.next(attemptLine),
          / decision=allow reason=allowed /,
        );
      },
    );
  });

  Deno.test(`ssh with an RS256 token through pam_exec is refused as truncated (${kind})`, async () => {
    await withBench(
      { stack: EXEC, kind },
      async ({ provider, account, sshd, log }) => {
        const token = await idToken(provider, { account: "alice" });
        provider.requests.length = 0;
        const result = await sshd.ssh({ user: account.name, token });
        assert.equal(result.ok, false);
        assert.doesNotMatch(result.stderr, /truncat|pam_exec|oauth/);
        const line = await log.next(attemptLine);
        assert.match(line, / decision=deny reason=token_truncated /);
        assert.match(
          line,
          /detail="the token ends at 511 bytes, where pam_exec cuts it off: use /,
        );
        assert.deepEqual(provider.requests, []);
      },
    );
  });

  Deno.test(`ssh with bob's good token is refused (${kind})`, async () => {
    await withBench(
      { stack: SCRIPT, kind },
      async ({ provider, account, sshd, log }) => {
        const token = await idToken(provider, { account: "bob" });
        const result = await sshd.ssh({ user: account.name, token });
        assert.equal(result.ok, false);
        assert.match(
          await log.next(attemptLine),
          / reason=account_not_permitted .* sub=u2 /,
        );
      },
    );
  });

  Deno.test(`ssh as an unknown user is refused without asking the provider (${kind})`, async () => {
    await withBench(
      { stack: SCRIPT, kind },
      async ({ provider, sshd, log }) => {
        const token = await idToken(provider, { account: "alice" });
        provider.requests.length = 0;
        const result = await sshd.ssh({ user: "nosuchuser", token });
        assert.equal(result.ok, false);
        const line = await log.next(attemptLine);
        assert.match(
          line,
          / decision=deny reason=token_malformed user=nosuchuser /,
        );
        assert.match(line, /detail="sshd hides what was typed: /);
        assert.deepEqual(provider.requests, []);
        assert.doesNotMatch(
          await sshd.log(),
          /Internal error|PAM auth succeeded when/,
        );
      },
    );
  });
}

Deno.test("rsyslogd files the line under auth with the program's tag", async () => {
  const options = {
    stack: EXEC,
    kind: "runtime" as const,
    openLog: startRsyslogd,
  };
  await withBench(options, async ({ account, sshd, log }) => {
    await sshd.ssh({ user: account.name, token: "hunter2" });
    const line = await log.next(attemptLine);
    assert.match(
      line,
      /^auth\.notice oauth-pam\[\d+\]: decision=deny reason=token_malformed /,
    );
  });
});
