/**
 * Opaque tokens of a certified provider, judged by its own introspection endpoint; once
 * through pam_exec, a real sshd and the built program.
 *
 * @module
 */
// Threats: C7
import assert from "node:assert/strict";
import { attempt } from "../support/login.ts";
import { createPamHost } from "../support/pam.ts";
import { buildProgram } from "../support/built_program.ts";
import {
  AUDIENCE,
  opaqueToken,
  signIn,
  startProvider,
  type TestProvider,
} from "../support/provider.ts";
import { ordinaryAccount, startSshd } from "../support/sshd.ts";
import { listenSyslog } from "../support/syslog.ts";

const SERVICE = "oauthpam-sshd";
const CLIENT = "ssh-gate";

async function writeSite(
  directory: string,
  options: {
    provider: TestProvider;
    account: string;
    socket: string;
    secret?: string;
    issuerLines?: readonly string[];
  },
): Promise<string> {
  const { provider, issuerLines = ["scopes: [ssh]"] } = options;
  const secret = options.secret ?? provider.clients[CLIENT] ?? "";
  await Deno.writeTextFile(`${directory}/ca.pem`, provider.caPem);
  await Deno.writeTextFile(`${directory}/secret`, secret, { mode: 0o600 });
  const policyFile = `${directory}/policy.yaml`;
  await Deno.writeTextFile(
    policyFile,
    `version: 1
issuers:
  campus:
    kind: introspection
    issuer: ${provider.issuer}
    audiences: [${AUDIENCE}]
    client_id: ${CLIENT}
    client_secret_file: ${directory}/secret
    ca_file: ${directory}/ca.pem
${issuerLines.map((line) => `    ${line}\n`).join("")}rules:
  staff:
    when:
      groups: {any: [staff]}
      email_verified: true
    accounts:
      - {map: {alice@example.edu: [${options.account}]}, keys: [email]}
cache:
  directory: ${directory}/cache
log:
  socket: ${options.socket}
`,
  );
  return policyFile;
}

Deno.test("login asks oidc-provider about its opaque tokens", async () => {
  await using provider = await startProvider();
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    const socket = `${directory}/log`;
    const account = "alice";
    const site = { provider, account, socket };
    const policyFile = await writeSite(directory, site);
    const token = await opaqueToken(provider, { account: "alice" });
    assert.ok(token.length < 100, `${token.length} characters`);
    const good = await attempt({ policyFile, token });
    assert.equal(good.reason, "allowed", good.log);
    assert.match(good.log, / issuer=campus sub=u1 /);

    const bob = await opaqueToken(provider, { account: "bob" });
    assert.equal(
      (await attempt({ policyFile, token: bob })).reason,
      "account_not_permitted",
    );
    // of the same provider, active, but not for this host
    const { access_token } = await signIn(provider, { account: "alice" });
    assert.equal(
      (await attempt({ policyFile, token: access_token })).reason,
      "claim_missing",
    );
    const { reason } = await attempt({ policyFile, token: `${token}x` });
    assert.equal(reason, "token_inactive");

    const asked = provider.requestCount("/token/introspection");
    assert.equal((await attempt({ policyFile, token })).reason, "allowed");
    assert.equal(
      provider.requestCount("/token/introspection"),
      asked + 1,
      "nothing is remembered",
    );

    await writeSite(directory, { ...site, issuerLines: ["scopes: [admin]"] });
    assert.equal(
      (await attempt({ policyFile, token })).reason,
      "scope_missing",
    );

    await writeSite(directory, { ...site, secret: "wrong" });
    const refused = await attempt({ policyFile, token });
    assert.deepEqual([refused.reason, refused.exitCode], ["issuer_refused", 3]);
    assert.match(refused.log, /status 401: are client_id and the secret right/);

    await writeSite(directory, site);
    await provider.setAvailability("down");
    const down = await attempt({ policyFile, token });
    assert.deepEqual([down.reason, down.exitCode], ["issuer_unavailable", 9]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("ssh with an opaque token through pam_exec is admitted", async () => {
  await using provider = await startProvider();
  await using account = await ordinaryAccount();
  await using log = await listenSyslog();
  await using host = await createPamHost({ syslogSocket: log.socket });
  const policy = await writeSite(host.directory, {
    provider,
    account: account.name,
    socket: log.socket,
  });
  assert.equal(policy, host.policy);
  await buildProgram({ policy, output: host.program, kind: "runtime" });
  const stackFile = await host.installStack("sshd-pasted-token-pam_exec", {
    service: SERVICE,
  });
  await using sshd = await startSshd({ host, stackFile });
  const token = await opaqueToken(provider, { account: "alice" });
  const result = await sshd.ssh({ user: account.name, token });
  assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
  const bob = await opaqueToken(provider, { account: "bob" });
  assert.equal((await sshd.ssh({ user: account.name, token: bob })).ok, false);
  const line = await log.next((line) => line.includes("decision=deny"));
  assert.match(line, / reason=account_not_permitted .* issuer=campus sub=u2 /);
  assert.ok(!(await log.lines()).join().includes(token));
});
