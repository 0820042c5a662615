/**
 * Certificates that carry an ID token, with the built program, a real sshd and a real ssh, and sshd's
 * lines and the stack as they are written.
 *
 * @module
 */
// Threats: E2, F1
import assert from "node:assert/strict";
import { BUILD_KINDS } from "../support/built_program.ts";
import {
  attemptsOf,
  type CertificateBench,
  type CertificateBenchOptions,
  withCertificateBench,
} from "../support/certificate_bench.ts";
import {
  createCertificate,
  createKey,
  createPkToken,
  opksshExtensions,
  writeKeyFiles,
} from "../support/opkssh.ts";
import { standardClaims } from "../support/tokens.ts";
import { until } from "../support/pam.ts";
import { ordinaryAccount } from "../support/sshd.ts";

function test(
  title: string,
  options: CertificateBenchOptions,
  body: (
    bench: CertificateBench,
    step: Deno.TestContext["step"],
  ) => Promise<void>,
): void {
  Deno.test(`ssh with a certificate ${title}`, async (context) => {
    await withCertificateBench(
      options,
      (bench) => body(bench, context.step.bind(context)),
    );
  });
}

for (const kind of BUILD_KINDS) {
  test(
    `admits alice, by keys of both types (${kind})`,
    { kind },
    async (bench) => {
      await using sshd = await bench.sshd();
      const { account, server } = bench;
      for (const curve of ["Ed25519", "P-256"] as const) {
        const key = await createKey(curve);
        const result = await bench.ssh(sshd, { key });
        assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
        assert.equal(result.stderr, "");
      }
      // sshd asks twice for each, and one line is written for each
      const lines = await attemptsOf(bench, 2);
      assert.equal(lines.length, 2);
      for (const line of lines) {
        assert.match(
          line,
          / decision=allow reason=allowed user=\S+ service=sshd method=certificate key=SHA256:\S+ phase=offered issuer=campus sub=u1 /,
        );
        assert.doesNotMatch(line, /warning=/);
      }
      assert.equal(server.requestCount("/jwks"), 1);
    },
  );
}

test("refuses all others, and tells the client nothing", {
  issuer: ["ssh_certificates: {lifetime: 8h}"],
  rules: ["suspended: {effect: deny, when: {groups: {any: [suspended]}}}"],
}, async (bench, step) => {
  await using sshd = await bench.sshd();
  let logged = 0;
  const refused = async (
    title: string,
    reason: string,
    given: Parameters<CertificateBench["ssh"]>[1],
  ) => {
    await step(title, async () => {
      const { ok, stdout, stderr } = await bench.ssh(sshd, given);
      assert.deepEqual({ ok, stdout }, { ok: false, stdout: "" });
      assert.match(
        stderr,
        /^\S+@127\.0\.0\.1: Permission denied \(publickey\)\.\r?\n$/,
      );
      const lines = await attemptsOf(bench, ++logged);
      assert.match(lines[logged - 1] ?? "", new RegExp(` reason=${reason} `));
    });
  };
  const with_ = async (
    given: Parameters<CertificateBench["certificate"]>[0],
  ) => ({ certificate: await bench.certificate(given) });
  const now = Math.floor(Date.now() / 1000);
  await refused(
    "a nonce that is not the key's",
    "key_not_bound",
    await with_({
      token: { commit: () => "a-nonce-of-a-web-login" },
    }),
  );
  await refused(
    "somebody else",
    "account_not_permitted",
    await with_({
      claims: { email: "bob@example.edu" },
    }),
  );
  await refused(
    "whom a deny rule names",
    "denied_by_rule",
    await with_({
      claims: { groups: ["suspended"] },
    }),
  );
  await refused(
    "a token of yesterday",
    "token_too_old",
    await with_({
      claims: { iat: now - 9 * 3600, exp: now + 3600, nbf: now - 9 * 3600 },
    }),
  );
  await refused(
    "another client's token",
    "audience_mismatch",
    await with_({
      claims: { aud: "other" },
    }),
  );
  await refused(
    "another issuer",
    "issuer_unknown",
    await with_({
      claims: { iss: "https://login.example.org" },
    }),
  );
  await refused("root", "account_not_permitted", { user: "root" });
  await refused(
    "a certificate that has been signed by another key",
    "certificate_malformed",
    await with_({ fields: { signWith: await createKey("Ed25519") } }),
  );
  await refused(
    "a critical option",
    "certificate_malformed",
    await with_({
      fields: { critical: [["force-command", Uint8Array.of(0, 0, 0, 1, 97)]] },
    }),
  );
  await step("once the policy is gone, everybody", async () => {
    await Deno.rename(bench.policy, `${bench.policy}.away`);
    const { ok } = await bench.ssh(sshd);
    assert.equal(ok, false);
    await Deno.rename(`${bench.policy}.away`, bench.policy);
    assert.equal((await bench.ssh(sshd)).ok, true);
  });
  await step("once the launcher is gone, everybody", async () => {
    await Deno.rename(bench.launcher, `${bench.launcher}.away`);
    assert.equal((await bench.ssh(sshd)).ok, false);
    await Deno.rename(`${bench.launcher}.away`, bench.launcher);
  });
  await step("once the program is empty, everybody", async () => {
    const program = await Deno.readFile(bench.program);
    await Deno.writeTextFile(bench.program, "");
    assert.equal((await bench.ssh(sshd)).ok, false);
    await Deno.writeFile(bench.program, program);
    assert.equal((await bench.ssh(sshd)).ok, true);
  });
});

test(
  "looks for the account among principals that are not the wildcard",
  {},
  async (bench) => {
    await using sshd = await bench.sshd();
    const { account } = bench;
    const ok = async (principals: readonly string[]) => {
      const certificate = await bench.certificate({ fields: { principals } });
      return (await bench.ssh(sshd, { certificate })).ok;
    };
    assert.equal(await ok([account.name]), true);
    assert.equal(await ok(["opkssh-wildcard"]), true);
    assert.equal(await ok(["somebody", account.name]), true);
    for (
      const principals of [
        ["root"],
        ["somebody", "opkssh-wildcard"],
        ["*"],
        [`opkssh-wildcard,${account.name}`],
      ]
    ) assert.equal(await ok(principals), false, String(principals));
  },
);

test("withholds what the rule does not permit", {
  rule: ["ssh: {permit: [pty]}"],
  rules: [
    "open: {when: {groups: {any: [open]}}, accounts: [{map: {alice@example.edu: [ACCOUNT]}, keys: [email]}]}",
  ],
}, async (bench) => {
  await using sshd = await bench.sshd();
  // an agent that is forwarded shows in the session's environment
  const agent = await agentOf(sshd.directory);
  try {
    const options = ["ForwardAgent=yes", `IdentityAgent=${agent.socket}`];
    const command = 'echo "${SSH_AUTH_SOCK:+forwarded}"';
    const closed = await bench.ssh(sshd, { options, command });
    assert.equal(closed.stdout, "\n");
    const tty = await bench.ssh(sshd, {
      options: [...options, "RequestTTY=force"],
      command: "tty",
    });
    assert.match(tty.stdout, /^\/dev\/pts\/\d+\r\n$/);
    const certificate = await bench.certificate({
      claims: { groups: ["open"] },
    });
    const open = await bench.ssh(sshd, { options, command, certificate });
    assert.equal(open.stdout, "forwarded\n");
  } finally {
    agent.end();
  }
});

/** An ssh-agent with a socket in the folder. */
async function agentOf(
  folder: string,
): Promise<{ socket: string; end(): void }> {
  const socket = `${folder}/agent`;
  const child = new Deno.Command("ssh-agent", {
    args: ["-D", "-a", socket],
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until(
    async () => (await Deno.lstat(socket).catch(() => null)) !== null,
    {
      what: "the agent",
    },
  );
  return { socket, end: () => child.kill() };
}

test("comes from an agent as well", {}, async (bench) => {
  await using sshd = await bench.sshd();
  const agent = await agentOf(sshd.directory);
  try {
    const folder = await Deno.makeTempDir({ dir: sshd.directory });
    const identity = await writeKeyFiles(
      folder,
      bench.key,
      await bench.certificate(),
    );
    const { success } = await new Deno.Command("ssh-add", {
      args: ["-q", "-t", "600", identity],
      env: { SSH_AUTH_SOCK: agent.socket },
      stderr: "null",
    }).output();
    assert.ok(success);
    await Deno.remove(folder, { recursive: true });
    const result = await sshd.ssh({
      user: bench.account.name,
      token: "",
      methods: "publickey",
      options: ["IdentitiesOnly=no", `IdentityAgent=${agent.socket}`],
    });
    assert.equal(result.stdout, `${bench.account.name}\n`, result.stderr);
  } finally {
    agent.end();
  }
});

for (
  const [network, ok] of [["127.0.0.0/8", true], [
    "192.0.2.0/24",
    false,
  ]] as const
) {
  test(`from ${network} alone ${ok ? "admits" : "refuses"} from here`, {
    rule: [`rhosts: ["${network}"]`],
  }, async (bench) => {
    await using sshd = await bench.sshd();
    const result = await bench.ssh(sshd);
    assert.equal(result.ok, ok, await sshd.log());
    const [line = ""] = await attemptsOf(bench, 1);
    // what sshd compares the address with is offered all the same
    assert.match(line, / decision=allow .* phase=offered /);
    if (!ok) assert.match(await sshd.log(), /from|permitted/i);
  });
}

test("denied from here refuses from here", {
  rules: ['here: {effect: deny, rhosts: ["127.0.0.1"]}'],
}, async (bench) => {
  await using sshd = await bench.sshd();
  assert.equal((await bench.ssh(sshd)).ok, false);
});

test(
  "leaves other certificates and keys to sshd, without a word in its log",
  {},
  async (bench, step) => {
    const { account, log } = bench;
    await using rescue = await ordinaryAccount({ create: true });
    const lines = (await bench.config()).replace(
      "User rescue",
      `User ${rescue.name}`,
    );
    const [config = "", match = ""] = lines.split(/^(?=Match )/m);
    const folder = await Deno.makeTempDir({ dir: "/var/lib" });
    try {
      const ca = `${folder}/ca`;
      const user = `${folder}/user`;
      const generate = async (...args: string[]) => {
        const { success, stderr } = await new Deno.Command("ssh-keygen", {
          args,
        })
          .output();
        assert.ok(success, new TextDecoder().decode(stderr));
      };
      await generate("-q", "-t", "ed25519", "-N", "", "-f", ca);
      await generate("-q", "-t", "ed25519", "-N", "", "-f", user);
      await generate(
        ...["-q", "-s", ca, "-I", "id", "-n", account.name],
        ...["-O", "force-command=echo forced", "-V", "+1h", `${user}.pub`],
      );
      await using sshd = await bench.sshd({
        config: `TrustedUserCAKeys ${ca}.pub\n${config}`,
        match,
      });
      const login = (name: string, identity: string) =>
        sshd.ssh({
          user: name,
          token: "",
          methods: "publickey",
          options: [`IdentityFile=${identity}`],
        });
      await step("a certificate by a CA of the site's", async () => {
        assert.equal((await login(account.name, user)).stdout, "forced\n");
      });
      await step("a key of the rescue account", async () => {
        const home = `/home/${rescue.name}/.ssh`;
        await generate(
          "-q",
          "-t",
          "ed25519",
          "-N",
          "",
          "-f",
          `${folder}/plain`,
        );
        await Deno.mkdir(home, { mode: 0o700 });
        await Deno.copyFile(`${folder}/plain.pub`, `${home}/authorized_keys`);
        await Deno.chmod(`${home}/authorized_keys`, 0o600);
        for (const path of [home, `${home}/authorized_keys`]) {
          await Deno.chown(path, rescue.uid, null);
        }
        const { stdout } = await login(rescue.name, `${folder}/plain`);
        assert.equal(stdout, `${rescue.name}\n`, await sshd.log());
      });
      await step("an ordinary key of anybody else", async () => {
        const before = (await sshd.log()).length;
        assert.equal((await login(account.name, `${folder}/plain`)).ok, false);
        const said = (await sshd.log()).slice(before);
        assert.doesNotMatch(
          said,
          /error|AuthorizedKeysCommand.*(failed|status)/i,
        );
      });
      assert.deepEqual(await bench.attempts(), []);
      assert.deepEqual(await log.lines(), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

test(
  "goes on while the issuer is away, by the keys that were fetched once",
  {},
  async (bench) => {
    await using sshd = await bench.sshd();
    assert.equal((await bench.ssh(sshd)).ok, true);
    assert.equal(bench.server.requestCount("/jwks"), 1);
    await bench.server.close();
    assert.equal((await bench.ssh(sshd)).ok, true);
  },
);

test(
  "refuses while the issuer is away and was never there",
  {},
  async (bench) => {
    await bench.server.close();
    await using sshd = await bench.sshd();
    assert.equal((await bench.ssh(sshd)).ok, false);
    const [line = ""] = await attemptsOf(bench, 1);
    assert.match(line, / reason=issuer_unavailable /);
  },
);

test("may have 107,000 characters", {}, async (bench) => {
  await using sshd = await bench.sshd();
  const { key, signer, server } = bench;
  const pkToken = await createPkToken({
    ...{ key, signer },
    claims: standardClaims({ issuer: server.issuer, audience: "opkssh" }),
  });
  const certificate = await createCertificate(key, pkToken, {
    extensions: opksshExtensions(pkToken, "A".repeat(79_200)),
  });
  assert.ok(certificate.base64.length > 107_000);
  const result = await bench.ssh(sshd, { certificate });
  assert.equal(result.ok, true, await sshd.log());
});

Deno.test("sshd takes the lines of sshd_config-certificates as they are", async () => {
  const file = new URL(
    "../../pam.d.example/sshd_config-certificates",
    import.meta.url,
  ).pathname;
  const folder = await Deno.makeTempDir();
  try {
    const key = `${folder}/key`;
    await new Deno.Command("ssh-keygen", {
      args: ["-q", "-t", "ed25519", "-N", "", "-f", key],
    }).output();
    const { code, stdout, stderr } = await new Deno.Command("/usr/sbin/sshd", {
      args: ["-T", "-f", file, "-h", key],
    }).output();
    const [text, errors] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    assert.equal(code, 0, errors);
    assert.match(
      text ?? "",
      /^authorizedkeyscommand \/usr\/libexec\/oauth-pam\/oauth-pam-ssh-keys \/etc\/oauth-pam\/policy\.yaml %u %k %t$/m,
    );
    assert.match(text ?? "", /^authorizedkeysfile none$/m);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
