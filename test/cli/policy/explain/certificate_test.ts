/**
 * `policy explain --certificate` answers for the token in a certificate, and says that it took it as
 * verified.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readSuite } from "../../../support/suites.ts";
import { cli } from "../../../support/cli.ts";
import { createCertificate } from "../../../support/opkssh.ts";
import { NOW, type PkScene, setPkScene } from "../../../support/pk_scene.ts";

const POLICY = `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [opkssh]
    ssh_certificates: {refreshed: true}
rules:
  staff:
    services: [sshd]
    when: {groups: {any: [staff]}}
    accounts: [{names: [alice]}]
    ssh: {permit: [x11, pty]}
  operators:
    services: [sshd]
    when: {groups: {any: [operators]}}
    accounts: [{names: [alice]}]
`;

async function explained(
  options: {
    groups?: readonly string[];
    token?: (scene: PkScene) => Promise<string>;
    policy?: string;
    args?: readonly string[];
    line?: string;
    now?: number;
  } = {},
) {
  const { groups = ["staff"], policy = POLICY, args = [] } = options;
  const scene = await setPkScene();
  const token = options.token ??
    ((scene: PkScene) => scene.token({ claims: { groups } }));
  const { type, base64 } = await createCertificate(
    scene.key,
    await token(scene),
  );
  return await cli([
    "policy",
    "explain",
    "site.yaml",
    "--account",
    "alice",
    "--certificate",
    "id-cert.pub",
    ...args,
  ], {
    files: {
      "site.yaml": policy,
      "id-cert.pub": options.line ?? `${type} ${base64}\n`,
    },
    now: (options.now ?? NOW) * 1000,
  });
}

Deno.test("policy explain --certificate answers for the token, and for the session", async () => {
  const { code, stdout, stderr } = await explained();
  assert.equal(code, 0);
  assert.match(
    stderr,
    /^oauth-pam: NOT VERIFIED: the token in the certificate/,
  );
  assert.match(
    stdout,
    /^allow: allowed\n.* issuer "campus", service "sshd", .*\n {2}the session may use pty, x11, and nothing else\n/,
  );
  const free = await explained({ groups: ["staff", "operators"] });
  assert.match(free.stdout, /the session may use all that sshd allows/);
  const none = await explained({
    policy: POLICY.replace("[x11, pty]", "[]"),
  });
  assert.match(none.stdout, /the session may use a command, and nothing else/);
});

Deno.test("policy explain --certificate --format json has what the session may use", async () => {
  const args = ["--format", "json"];
  const { stdout } = await explained({ args });
  const { decision, rule, ssh } = JSON.parse(stdout);
  assert.deepEqual([decision, rule, ssh], [
    "allow",
    "staff",
    { permit: ["pty", "x11"] },
  ]);
  const denied = await explained({ args, groups: ["students"] });
  assert.equal(JSON.parse(denied.stdout).decision, "deny");
  assert.equal(JSON.parse(denied.stdout).ssh, undefined);
});

Deno.test("policy explain --certificate says what keeps it from the rules", async () => {
  const reason = async (options: Parameters<typeof explained>[0]) => {
    const { code, stdout } = await explained({
      ...options,
      args: ["--format", "json"],
    });
    assert.equal(code, 0);
    const { decision, reason } = JSON.parse(stdout);
    assert.equal(decision, "deny");
    return reason;
  };
  assert.equal(
    await reason({ line: "ssh-ed25519-cert-v01@openssh.com AAAA\n" }),
    "certificate_malformed",
  );
  assert.equal(
    await reason({ line: "ssh-ed25519 AAAA\n" }),
    "certificate_malformed",
  );
  assert.equal(
    await reason({ token: () => Promise.resolve("a:b:c") }),
    "token_malformed",
  );
  assert.equal(
    await reason({
      policy: POLICY.replace("login.example.edu", "login.example.org"),
    }),
    "issuer_unknown",
  );
  assert.equal(
    await reason({
      policy: POLICY.replace("    ssh_certificates: {refreshed: true}\n", ""),
    }),
    "issuer_unknown",
  );
});

Deno.test("policy explain --certificate goes by the refreshed token where the first one is over", async () => {
  const token = async (scene: PkScene) =>
    await scene.token({
      claims: { groups: ["students"] },
      refreshed: await scene.laterIdToken({
        groups: ["staff"],
        iat: NOW + 3600,
        exp: NOW + 9000,
      }),
    });
  const fresh = await explained({ token });
  assert.match(fresh.stdout, /^deny: account_not_permitted/);
  const later = await explained({ token, now: NOW + 7200 });
  assert.match(later.stdout, /^allow: allowed/);
  assert.match(
    later.stdout,
    /hint: .*\(it has expired\): the claims are those/,
  );
  const alone = await explained({ now: NOW + 7200 });
  assert.match(alone.stdout, /hint: .*a login would refuse it/);
  const lifetime = await explained({
    now: NOW + 7200,
    policy: POLICY.replace("{refreshed: true}", "{lifetime: 8h}"),
  });
  assert.doesNotMatch(lifetime.stdout, /serve any more/);
  const long = await explained({
    now: NOW + 9 * 3600,
    policy: POLICY.replace("{refreshed: true}", "{lifetime: 8h}"),
  });
  assert.match(long.stdout, /issued more than 8h ago\): a login would refuse/);
});

Deno.test("policy explain --certificate --save-test writes a test of a certificate", async () => {
  for (const groups of [["staff"], ["students"]]) {
    const { code, written } = await explained({
      groups,
      args: ["--save-test", "site.test.yaml"],
    });
    assert.equal(code, 0);
    const text = written["site.test.yaml"] ?? "";
    assert.match(text, /way: certificate/);
    const { results } = readSuite(POLICY, { "site.test.yaml": text });
    assert.deepEqual(results.map(({ passed, test }) => [passed, test.way]), [
      [true, "certificate"],
    ]);
  }
});

Deno.test("policy explain --certificate is for sshd, and nothing beside it", async () => {
  for (
    const args of [
      ["--service", "sudo"],
      ["--claims", "claims.json"],
      ["--token", "-"],
    ]
  ) assert.equal((await explained({ args })).code, 2, args.join(" "));
  assert.equal((await explained({ args: ["--service", "sshd"] })).code, 0);
});
