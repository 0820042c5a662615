/**
 * Tokens of Debian's scitokens-create, through pam_exec, a real sshd and the built program.
 *
 * Debian package: scitokens-cpp.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createAuthority } from "../support/certificates.ts";
import { startHostileIssuer } from "../support/hostile_server.ts";
import { createPamHost } from "../support/pam.ts";
import { buildProgram } from "../support/built_program.ts";
import { scitokensTools } from "../support/scitokens_tools.ts";
import { ordinaryAccount, startSshd } from "../support/sshd.ts";
import { listenSyslog } from "../support/syslog.ts";

const SERVICE = "oauthpam-sshd";

Deno.test("ssh with a SciToken and with a WLCG token of scitokens-create is admitted through pam_exec", async () => {
  const authority = await createAuthority();
  await using sci = await startHostileIssuer({ authority });
  await using wlcg = await startHostileIssuer({ authority });
  await using tools = await scitokensTools();
  await using account = await ordinaryAccount();
  await using log = await listenSyslog();
  await using host = await createPamHost({ syslogSocket: log.socket });
  for (const issuer of [sci, wlcg]) issuer.jwks = { keys: [tools.jwk] };
  await Deno.writeTextFile(`${host.directory}/ca.pem`, authority.caPem);
  await Deno.writeTextFile(
    host.policy,
    `version: 1
issuers:
  lab:
    kind: scitokens
    issuer: ${sci.issuer}
    audiences: [ssh.example.edu]
    ca_file: ${host.directory}/ca.pem
  vo:
    kind: wlcg
    issuer: ${wlcg.issuer}
    audiences: [ssh.example.edu]
    ca_file: ${host.directory}/ca.pem
rules:
  holders:
    accounts:
      - {map: {u1: [${account.name}]}, keys: [sub]}
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
  const stackFile = await host.installStack("sshd-pasted-token-pam_exec", {
    service: SERVICE,
  });
  await using sshd = await startSshd({ host, stackFile });

  const claims = { aud: "ssh.example.edu", sub: "u1" };
  const scope = `ssh:${account.name}`;
  const good = [
    await tools.create({
      profile: "scitokens2",
      issuer: sci.issuer,
      claims: { ...claims, scope },
    }),
    await tools.create({
      profile: "scitokens1",
      issuer: sci.issuer,
      claims: { ...claims, scope },
    }),
    await tools.create({ profile: "wlcg", issuer: wlcg.issuer, claims }),
  ];
  for (const token of good) {
    assert.ok(token.length < 511, `${token.length} characters`);
    const result = await sshd.ssh({ user: account.name, token });
    assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
  }
  const bad = [
    await tools.create({
      profile: "scitokens2",
      issuer: sci.issuer,
      claims: { ...claims, scope: scope.slice(0, -1) },
    }),
    await tools.create({
      profile: "wlcg",
      issuer: wlcg.issuer,
      claims: { ...claims, scope: "storage.read:/home" },
    }),
  ];
  for (const token of bad) {
    assert.equal((await sshd.ssh({ user: account.name, token })).ok, false);
  }
  const lines = (await log.lines()).filter((line) =>
    line.includes("decision=")
  );
  assert.deepEqual(
    lines.map((line) => /reason=(\S+) .*issuer=(\S+)/.exec(line)?.slice(1)),
    [
      ["allowed", "lab"],
      ["allowed", "lab"],
      ["allowed", "vo"],
      ["scope_missing", "lab"],
      ["token_kind_unexpected", "vo"],
    ],
  );
});
