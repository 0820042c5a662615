/**
 * What sshd does that the answers about certificates rely on, measured with a real sshd and ssh.
 *
 * @module
 */
// Threats: E2, F1
import assert from "node:assert/strict";
import {
  type CertificateBench,
  type CertificateBenchOptions,
  withCertificateBench,
} from "../support/certificate_bench.ts";
import {
  createCertificate,
  createPkToken,
  opksshExtensions,
  publicBlob,
} from "../support/opkssh.ts";
import type { Sshd } from "../support/sshd.ts";
import { standardClaims } from "../support/tokens.ts";

function test(
  title: string,
  options: CertificateBenchOptions,
  body: (bench: CertificateBench, sshd: Sshd) => Promise<void>,
): void {
  Deno.test(`sshd ${title}`, async () => {
    await withCertificateBench(options, async (bench) => {
      await using sshd = await bench.sshd();
      await body(bench, sshd);
    });
  });
}

/** Puts shell text in the place of the launcher. */
async function instead(bench: CertificateBench, text: string): Promise<void> {
  await Deno.writeTextFile(bench.launcher, `#!/bin/sh\n${text}\n`);
}

test(
  "asks exactly twice, from one process, with hardly an environment",
  {},
  async (bench, sshd) => {
    const { keysDirectory, launcher } = bench;
    const real = `${launcher}.real`;
    await Deno.rename(launcher, real);
    await Deno.writeTextFile(launcher, "", { mode: 0o755 });
    await Deno.chmod(launcher, 0o755);
    const asked = `${keysDirectory}/asked`;
    await instead(
      bench,
      // ssh may show the plain key as well
      `case $4 in *-cert-*) ;; *) exec ${real} "$@" ;; esac
echo "$PPID $(cut -d ' ' -f 4 /proc/$PPID/stat)" >>${asked}
/usr/bin/env | /usr/bin/cut -d = -f 1 | /usr/bin/sort | /usr/bin/tr '\\n' ' ' >${asked}.names
exec ${real} "$@"`,
    );
    assert.equal((await bench.ssh(sshd)).ok, true, await sshd.log());
    const [first, second, ...more] = (await Deno.readTextFile(asked)).trim()
      .split("\n");
    assert.deepEqual(more, []);
    assert.equal(first, second);
    // LANG where sshd itself has one
    assert.match(
      await Deno.readTextFile(`${asked}.names`),
      /^HOME (?:LANG )?LOGNAME PATH PWD USER $/,
    );
    // one line in the log, one fetch of keys
    assert.equal((await bench.attempts()).length, 1);
    assert.equal(bench.server.requestCount("/jwks"), 1);
  },
);

test(
  "takes no line from a command that fails, and none from one without a line",
  {},
  async (bench, sshd) => {
    const key = publicBlob(bench.key).toBase64();
    const line =
      `cert-authority,principals="opkssh-wildcard" ssh-ed25519 ${key}`;
    const ok = async (text: string) => {
      await instead(bench, text);
      return (await bench.ssh(sshd)).ok;
    };
    assert.equal(await ok(`echo '${line}'`), true);
    assert.equal(await ok(`echo '${line}'; exit 1`), false);
    assert.equal(await ok(`echo '${line}'; exit 7`), false);
    assert.equal(await ok(`echo '${line}'; kill -9 $$`), false);
    assert.equal(await ok("exit 0"), false);
    assert.equal(await ok("exit 7"), false);
  },
);

test(
  "takes a line of 107,000 characters, and no certificate of 210,000",
  {},
  async (bench, sshd) => {
    const { key, signer, server } = bench;
    const pkToken = await createPkToken({
      ...{ key, signer },
      claims: standardClaims({ issuer: server.issuer, audience: "opkssh" }),
    });
    for (const [length, ok] of [[79_200, true], [157_000, false]] as const) {
      const certificate = await createCertificate(key, pkToken, {
        extensions: opksshExtensions(pkToken, "A".repeat(length)),
      });
      assert.ok(certificate.base64.length > (ok ? 107_000 : 210_000));
      assert.equal((await bench.ssh(sshd, { certificate })).ok, ok);
    }
  },
);

test("looks for the account among a certificate's principals, root's too", {
  rules: [
    "admins: {when: {groups: {any: [admin]}}, accounts: [{names: [root]}], allow_protected: true}",
  ],
}, async (bench, sshd) => {
  const ok = async (principals: readonly string[], groups = ["admin"]) => {
    const certificate = await bench.certificate({
      claims: { groups },
      fields: { principals },
    });
    const result = await bench.ssh(sshd, { certificate, user: "root" });
    return result.ok;
  };
  assert.equal(await ok(["opkssh-wildcard"]), true, await sshd.log());
  assert.equal(await ok(["root"]), true);
  // by echoing a certificate's principals this would open root
  assert.equal(await ok([bench.account.name]), false);
  assert.equal(await ok(["opkssh-wildcard"], ["staff"]), false);
});

test(
  "takes certificates without principals before 10.3",
  {},
  async (bench, sshd) => {
    const { stderr } = await new Deno.Command("ssh", { args: ["-V"] }).output();
    const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(
      new TextDecoder().decode(stderr),
    ) ?? [];
    const before = Number(major) * 100 + Number(minor) < 1003;
    const certificate = await bench.certificate({ fields: { principals: [] } });
    assert.equal((await bench.ssh(sshd, { certificate })).ok, before);
    const [line = ""] = await bench.attempts();
    assert.match(line, / warning="certificate without principals"/);
  },
);
