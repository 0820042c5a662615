/**
 * `check` and AuthorizedKeysCommand: its tokens, its words, and whom it runs as.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  ACCOUNTS,
  type CertificateHost,
  createCertificateHost,
  findingOf,
  KEYS_USER,
  OPENSSH_9_2,
  sshdOf,
} from "../../../support/certificate_host.ts";
import { type CheckOptions, offline } from "../../../support/check.ts";
import { commandWords } from "../../../../src/cli/check/sshd/keys_command.ts";
import { thisHost } from "../../../../src/cli/check/finding.ts";
import { processIo } from "../../../../src/cli/io.ts";

/** What no host of these tests has: a syslog daemon that may be looked at, an issuer. */
const OTHER = /^(?:log|issuer|permission|policy|host)\//;

const TOKENS = "%u %k %t";

/** The shipped lines with another end of the command. */
async function ending(host: CertificateHost, words: string): Promise<string> {
  const config = await host.sshdConfig();
  const changed = config.replace(`${host.policy} ${TOKENS}`, words);
  assert.notEqual(changed, config);
  return changed;
}

Deno.test("check finds nothing wrong with the lines and the stack for certificates", async () => {
  await using host = await createCertificateHost();
  const result = await host.check();
  const found = result.findings.filter(({ id }) => !OTHER.test(id));
  assert.deepEqual(found.map(({ id }) => id), ["program/looked-at"]);
  assert.ok(found[0]?.message.includes(host.launcher), found[0]?.message);
  assert.ok(found[0]?.message.includes(host.program), found[0]?.message);
  assert.equal(result.code, 0, result.stdout);
});

Deno.test("check says that sshd before 9.4 closes every connection over %C and %D", async (t) => {
  await using host = await createCertificateHost();
  for (
    const [version, words, found] of [
      [OPENSSH_9_2, "%C", ["error"]],
      ["OpenSSH_9.2", "%C", ["error"]],
      ["OpenSSH_9.3p2", "%D", ["error"]],
      ["OpenSSH_8.9p1 Ubuntu-3ubuntu0.10", '"%C"', ["error"]],
      ["unknown option -- V\nOpenSSH_7.4p1", "%C", ["error"]],
      ["OpenSSH_9.4p1", "%C", []],
      ["OpenSSH_9.9p2", "%C", []],
      ["OpenSSH_10.0p2 Debian-7", "%C", []],
      [OPENSSH_9_2, "", []],
    ] as const
  ) {
    await t.step(`${version} ${words}`, async () => {
      const config = await ending(host, `${host.policy} ${TOKENS} ${words}`);
      const result = await host.check({ config, sshd: sshdOf(version) });
      const levels = result.findings.filter(({ id }) =>
        id === "sshd/token-unknown"
      ).map(({ level }) => level);
      assert.deepEqual(levels, found, result.stdout);
      if (found.length === 0) return;
      const { message, hint, file, line } = findingOf(
        result,
        "sshd/token-unknown",
      );
      assert.match(message, /^sshd [0-9.]+ does not know "%[CD]", .* 9\.4: /);
      assert.match(hint ?? "", /remove "%[CD]"/);
      assert.equal(file, host.config);
      assert.equal(
        config.split("\n")[(line ?? 0) - 1]?.startsWith("AuthorizedKeysC"),
        true,
      );
      assert.equal(result.code, 1);
    });
  }
});

Deno.test("check warns where it cannot tell whether sshd knows %C", async () => {
  await using host = await createCertificateHost();
  const config = await ending(host, `${host.policy} ${TOKENS} %C`);
  for (
    const sshd of [
      sshdOf("Sun_SSH_2.4"),
      sshdOf("OpenSSH_9.2p1 OpenSSH_9.9p1"),
      () => Promise.resolve(null),
    ]
  ) {
    const result = await host.check({ config, sshd });
    const { level, message } = findingOf(result, "sshd/version-unknown");
    assert.equal(level, "warning");
    assert.match(message, /before 9\.4 does not know "%C"/);
    assert.deepEqual(result.ids("sshd/token"), []);
  }
  const plain = await host.check({ sshd: () => Promise.resolve(null) });
  assert.deepEqual(plain.ids("sshd/version"), []);
});

/** As the program that was built: it may start nothing. */
const built: NonNullable<CheckOptions["permission"]> = (descriptor) =>
  descriptor.name === "run" ? "denied" : offline(descriptor);

Deno.test("check by a program that may start nothing reads the version out of sshd", async () => {
  await using host = await createCertificateHost();
  const config = await ending(host, `${host.policy} ${TOKENS} %C`);
  const check = async (program: string) => {
    const result = await host.check({
      config,
      permission: built,
      sshd: () => assert.fail("started"),
      files: { ...ACCOUNTS, "/usr/sbin/sshd": program },
    });
    return result.ids("sshd/").filter((id) => /token|version/.test(id));
  };
  // the patterns by which sshd knows its clients are not its version
  const patterns = "OpenSSH_6.6.1*\0OpenSSH_6.5*,OpenSSH_6.6*\0OpenSSH_7.4*\0";
  assert.deepEqual(
    await check(
      `\x7fELF\0${patterns}OpenSSH_9.2\0OpenSSH_9.2p1 Debian-2\0OpenSSH_9.2p1\0`,
    ),
    ["sshd/token-unknown"],
  );
  assert.deepEqual(await check(`${patterns}OpenSSH_9.6p1\0`), []);
  assert.deepEqual(await check(`${patterns}OpenSSH_9.6p1\0OpenSSH_9.2\0`), [
    "sshd/version-unknown",
  ]);
  assert.deepEqual(await check(patterns), ["sshd/version-unknown"]);
});

Deno.test("check tells the version of this machine's sshd in both ways alike", async () => {
  await using host = await createCertificateHost();
  const config = await ending(host, `${host.policy} ${TOKENS} %C`);
  const { sshd } = thisHost(processIo());
  const [asked, read] = await Promise.all([
    host.check({ config, sshd }),
    host.check({ config, sshd, permission: built }),
  ]);
  const about = (result: typeof asked) =>
    result.findings.filter(({ id }) => /token|version/.test(id));
  assert.deepEqual(about(asked), about(read));
  assert.deepEqual(asked.ids("sshd/version"), []);
});

Deno.test("check finds tokens that no sshd knows, in any command and in Match blocks", async () => {
  await using host = await createCertificateHost();
  const percent = await host.check({
    config: await ending(host, `${host.policy} ${TOKENS} %h%%C 100%`),
  });
  assert.match(
    findingOf(percent, "sshd/token-unknown").message,
    /^sshd knows no token "%" in /,
  );
  const config = `${await host
    .sshdConfig()}AuthorizedKeysCommand /usr/bin/other %r %C\n`;
  const other = await host.check({ config });
  const found = other.findings.filter(({ id }) => id === "sshd/token-unknown");
  assert.deepEqual(found.map(({ level }) => level), ["error", "error"]);
  for (const { message } of found) {
    assert.match(message, /\(in "Match User rescue"\)$/);
  }
});

Deno.test("check looks at the tokens of AuthorizedPrincipalsCommand, too", async () => {
  await using host = await createCertificateHost();
  const principals = async (words: string, version = OPENSSH_9_2) =>
    (await host.check({
      config: `AuthorizedPrincipalsCommand /bin/true ${words}\n` +
        `AuthorizedPrincipalsCommandUser nobody\n${await host.sshdConfig()}`,
      sshd: sshdOf(version),
    })).ids("sshd/");
  assert.deepEqual(await principals("%u %i %F %K %s %T"), []);
  assert.deepEqual(await principals("%C"), ["sshd/token-unknown"]);
  assert.deepEqual(await principals("%C", "OpenSSH_9.4p1"), []);
  assert.deepEqual(await principals("%r"), ["sshd/token-unknown"]);
});

for (
  const [what, words, message] of [
    ["without the type", "POLICY %u %k", /has "%u %k" behind the policy/],
    ["in another order", "POLICY %k %u %t", /has "%k %u %t" behind/],
    ["the uid for the name", "POLICY %U %k %t", /has "%U %k %t" behind/],
    ["a fingerprint", "POLICY %u %f %t", /has "%u %f %t" behind/],
    ["one word more", "POLICY %u %k %t %h", /has "%u %k %t %h" behind/],
    [
      "the chain behind the policy",
      "POLICY --chain /bin/true %u %k %t",
      /chain/,
    ],
    ["a comment", "POLICY %u %k %t # keys", /"#" begins no comment there/],
    ["one word for two", 'POLICY "%u %k" %t', /has "'%u %k' %t" behind/],
    ["no policy", "%u %k %t", /does not name the policy/],
    ["nothing", "", /does not name the policy/],
    ["an open quote", 'POLICY %u %k "%t', /quote without an end/],
  ] as const
) {
  Deno.test(`check says sshd/keys-command where the command has ${what}`, async () => {
    await using host = await createCertificateHost();
    const result = await host.check({
      config: await ending(host, words.replace("POLICY", host.policy)),
    });
    const found = findingOf(result, "sshd/keys-command");
    assert.equal(found.level, "error");
    assert.match(found.message, message);
    assert.equal(
      found.hint,
      `AuthorizedKeysCommand ${host.launcher} ${host.policy} ${TOKENS}`,
    );
    assert.equal(result.code, 1);
  });
}

Deno.test("check reads quotes, tabs and = in the command as sshd does", async () => {
  await using host = await createCertificateHost();
  const config = (await host.sshdConfig()).replace(
    /^AuthorizedKeysCommand .*$/m,
    `authorizedkeyscommand = ${host.launcher}\t'${host.policy}' "%u"  %k \\%t`
      .replace("\\%t", "%t"),
  );
  const result = await host.check({ config });
  assert.deepEqual(result.ids("sshd/"), [], result.stdout);
  for (
    const [text, words] of [
      [`/a 'b c' "d"e`, ["/a", "b c", "de"]],
      [`/a b\\ c "d\\"e" 'f\\'g'`, ["/a", "b c", 'd"e', "f'g"]],
      [`/a \\x "b\\ c" ''`, ["/a", "\\x", "b\\ c", ""]],
      [`/a # b`, ["/a", "#", "b"]],
      [`/a "b`, null],
      ["", []],
    ] as const
  ) assert.deepEqual(commandWords(text), words, text);
});

Deno.test("check warns of a policy that was not checked, and finds one that cannot be used", async () => {
  await using host = await createCertificateHost();
  const other = `${host.folder}/other.yaml`;
  await Deno.copyFile(host.policy, other);
  const check = async (policy: string) =>
    await host.check({ config: await ending(host, `${policy} ${TOKENS}`) });
  const found = await check(other);
  assert.deepEqual(found.ids("sshd/"), ["sshd/other-policy"], found.stdout);
  assert.equal(findingOf(found, "sshd/other-policy").level, "warning");
  assert.equal(found.code, 0);
  for (const path of [`${host.folder}/none.yaml`, "policy.yaml"]) {
    const { message, level } = findingOf(
      await check(path),
      "sshd/keys-policy",
    );
    assert.equal(level, "error");
    assert.match(message, /does not exist|is not an absolute path/);
  }
});

Deno.test("check finds a launcher that sshd does not run", async (t) => {
  const cases: [string, (host: CertificateHost) => Promise<void>, RegExp][] = [
    ["missing", ({ launcher }) => Deno.remove(launcher), /does not exist/],
    [
      "somebody's",
      ({ launcher }) => Deno.chown(launcher, 1000, null),
      /belongs to uid 1000, not to root/,
    ],
    [
      "writable by its group",
      ({ launcher }) => Deno.chmod(launcher, 0o775),
      /can be written by others/,
    ],
    [
      "not executable",
      ({ launcher }) => Deno.chmod(launcher, 0o644),
      /is not executable/,
    ],
    [
      "in a folder of somebody's",
      ({ folder }) => Deno.chown(`${folder}/libexec`, 1000, null),
      /libexec" belongs to uid 1000/,
    ],
    [
      // as /tmp: what a login trusts, sshd does not
      "in a sticky folder",
      ({ folder }) => Deno.chmod(`${folder}/libexec`, 0o1777),
      /libexec" can be written by others: nothing below it is root's alone/,
    ],
    [
      "a folder",
      async ({ launcher }) => {
        await Deno.remove(launcher);
        await Deno.mkdir(launcher);
      },
      /is not a regular file/,
    ],
  ];
  for (const [what, spoil, message] of cases) {
    await t.step(what, async () => {
      await using host = await createCertificateHost();
      await spoil(host);
      const result = await host.check();
      const found = findingOf(result, "sshd/keys-launcher");
      assert.equal(found.level, "error");
      assert.match(found.message, message);
      assert.match(found.hint ?? "", /0755 .* the folders above it/);
      assert.equal(result.code, 1);
    });
  }
  await t.step("behind a link, which sshd follows", async () => {
    await using host = await createCertificateHost();
    const link = `${host.folder}/oauth-pam-link`;
    await Deno.symlink(host.launcher, link);
    const config = (await host.sshdConfig()).replace(
      `AuthorizedKeysCommand ${host.launcher}`,
      `AuthorizedKeysCommand ${link}`,
    );
    assert.deepEqual((await host.check({ config })).ids("sshd/"), []);
    await Deno.chmod(host.launcher, 0o757);
    assert.deepEqual((await host.check({ config })).ids("sshd/"), [
      "sshd/keys-launcher",
    ]);
  });
});

Deno.test("check finds a launcher that is another one, or cut short, and a program without one", async () => {
  await using host = await createCertificateHost();
  const text = await Deno.readTextFile(host.launcher);
  const launched = async (script: string) => {
    await Deno.writeTextFile(host.launcher, script);
    const { level, message } = findingOf(await host.check(), "file/launcher");
    assert.equal(level, "error");
    return message;
  };
  assert.match(await launched(text.slice(0, -10)), /cut short/);
  assert.match(
    await launched(text.replaceAll("ssh-keys", "login")),
    /does not ask the program about keys/,
  );
  await Deno.writeTextFile(host.launcher, text);
  const config = (await host.sshdConfig()).replace(
    `${host.launcher} `,
    `${host.program} ssh-keys `,
  );
  const direct = await host.check({ config });
  assert.deepEqual(direct.ids("sshd/"), ["sshd/keys-no-launcher"]);
  assert.equal(findingOf(direct, "sshd/keys-no-launcher").level, "warning");
});

Deno.test("check finds a --chain command that the launcher refuses", async (t) => {
  await using host = await createCertificateHost();
  const chain = `${host.folder}/libexec/other`;
  const link = `${host.folder}/libexec/link`;
  await Deno.symlink(chain, link);
  const check = async (path: string) =>
    await host.check({
      config: await ending(host, `--chain ${path} ${host.policy} ${TOKENS}`),
    });
  const put = async (mode: number) => {
    await Deno.remove(chain).catch(() => {});
    await Deno.copyFile("/bin/true", chain);
    await Deno.chmod(chain, mode);
  };
  await put(0o755);
  const fine = await check(chain);
  assert.deepEqual(fine.ids("sshd/"), [], fine.stdout);
  // what is asked there is asked of no policy
  assert.deepEqual(fine.ids("other-way/"), ["other-way/keys-command"]);
  for (
    const [what, path, mode, message] of [
      ["a link", link, 0o755, /is a symbolic link/],
      ["missing", `${chain}s`, 0o755, /does not exist/],
      ["relative", "other", 0o755, /is not an absolute path/],
      ["writable", chain, 0o775, /can be written by others/],
      ["not executable", chain, 0o644, /is not executable/],
      ["root's to run", chain, 0o744, /"oauth-pam" may not run/],
      ["root's to read", chain, 0o711, /"oauth-pam" may not read/],
      ["empty", '""', 0o755, /names no command/],
    ] as const
  ) {
    await t.step(what, async () => {
      await put(mode);
      const found = findingOf(await check(path), "sshd/keys-chain");
      assert.equal(found.level, "error");
      assert.match(found.message, message);
      assert.match(found.message, /the launcher refuses every key$/);
    });
  }
});

for (
  const [what, user, level, message] of [
    ["missing", null, "error", /is not set: sshd does not start/],
    ["none", "none", "error", /is not set: sshd does not start/],
    ["root", "root", "warning", /needs no rights of root's/],
    ["nobody", "nobody", "warning", /whatever else runs as that user/],
    ["unknown", "nonesuch", "error", /there is no account "nonesuch"/],
    ["whoever logs in", "%u", "error", /would run as whoever logs in/],
    ["a person", "alice", "warning", /its shell is "\/bin\/bash"/],
  ] as const
) {
  Deno.test(`check says sshd/keys-user where AuthorizedKeysCommandUser is ${what}`, async () => {
    await using host = await createCertificateHost();
    const config = (await host.sshdConfig()).replace(
      /^AuthorizedKeysCommandUser .*\n/m,
      user === null ? "" : `AuthorizedKeysCommandUser ${user}\n`,
    );
    const found = findingOf(await host.check({ config }), "sshd/keys-user");
    assert.equal(found.level, level);
    assert.match(found.message, message);
    assert.match(found.hint ?? "", /useradd --system|usermod/);
    assert.match(
      config.split("\n")[(found.line ?? 0) - 1] ?? "",
      /^AuthorizedKeysCommand/,
    );
  });
}

Deno.test("check cannot tell of a user who may be in a directory", async () => {
  await using host = await createCertificateHost();
  const accounts = {
    ...ACCOUNTS,
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\n",
  };
  for (
    const [switches, level] of [
      ["passwd: files systemd\n", "error"],
      ["passwd: files # sss\n", "error"],
      ["passwd: files sss\n", "warning"],
      ["passwd:\tcompat\n", "warning"],
      ["group: files\n", "warning"],
    ] as const
  ) {
    const result = await host.check({
      files: { ...accounts, "/etc/nsswitch.conf": switches },
    });
    assert.equal(findingOf(result, "sshd/keys-user").level, level, switches);
    assert.deepEqual(result.ids("cache/ssh"), [], switches);
  }
});

Deno.test("check looks at the users of Match blocks, which sshd takes from there", async () => {
  await using host = await createCertificateHost();
  const config = await host.sshdConfig();
  const user = "AuthorizedKeysCommandUser";
  const other = await host.check({
    config: `${config}Match Group staff\n  ${user} nobody\n`,
  });
  assert.match(
    findingOf(other, "sshd/keys-user").message,
    /"nobody".*\(in "Match Group staff"\)$/,
  );
  const general = config.replace(/^AuthorizedKeysCommand.*\n/gm, "");
  const command = /^AuthorizedKeysCommand .*$/m.exec(config)?.[0] ?? "";
  const block = await host.check({
    config: `${general}Match Group staff\n  ${command}\n`,
  });
  assert.match(
    findingOf(block, "sshd/keys-user").message,
    /is not set: sshd skips the command \(in "Match Group staff"\)$/,
  );
  const whole = await host.check({
    config:
      `${general}Match Group staff\n  ${command}\n  ${user} ${KEYS_USER}\n`,
  });
  assert.deepEqual(whole.ids("sshd/keys"), []);
});
