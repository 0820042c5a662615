/**
 * `check` and the settings of sshd by which certificates get in, alone or beside other ways.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type CertificateHost,
  createCertificateHost,
  findingOf,
  findingsOf,
} from "../../../support/certificate_host.ts";
import { readExample, replaceAll } from "../../../support/pam.ts";

/** The shipped lines with one of them replaced. */
async function changed(
  host: CertificateHost,
  from: string | RegExp,
  to: string,
): Promise<string> {
  const config = await host.sshdConfig();
  const result = config.replace(from, to);
  assert.notEqual(result, config);
  return result;
}

const CERTIFICATES = {
  ed25519: "ssh-ed25519-cert-v01@openssh.com",
  p256: "ecdsa-sha2-nistp256-cert-v01@openssh.com",
};

for (
  const [what, lines, id, level, message] of [
    [
      "PubkeyAuthentication no",
      "PubkeyAuthentication no",
      "pubkey-authentication",
      "error",
      /^PubkeyAuthentication is "no": nobody gets in/,
    ],
    [
      "PubkeyAcceptedAlgorithms without certificates",
      "PubkeyAcceptedAlgorithms ssh-ed25519,rsa-sha2-512",
      "key-types",
      "error",
      /nobody gets in with a certificate/,
    ],
    [
      "its old name",
      "PubkeyAcceptedKeyTypes ssh-ed25519",
      "key-types",
      "error",
      /^PubkeyAcceptedAlgorithms is without/,
    ],
    [
      "the certificate types taken away",
      "PubkeyAcceptedAlgorithms -*-cert-v01@openssh.com",
      "key-types",
      "error",
      /nobody gets in/,
    ],
    [
      "one certificate type alone",
      `PubkeyAcceptedAlgorithms ${CERTIFICATES.p256}`,
      "key-types",
      "warning",
      /is without "ssh-ed25519-cert-v01@openssh\.com": certificates with such/,
    ],
    [
      "CASignatureAlgorithms for RSA",
      "CASignatureAlgorithms rsa-sha2-512,rsa-sha2-256",
      "key-types",
      "error",
      /^CASignatureAlgorithms is without "ssh-ed25519" or "ecdsa-sha2-nistp256"/,
    ],
    [
      "CASignatureAlgorithms without ECDSA",
      "CASignatureAlgorithms -ecdsa-*",
      "key-types",
      "warning",
      /is without "ecdsa-sha2-nistp256"/,
    ],
    [
      "an exception for them",
      "CASignatureAlgorithms !ssh-ed25519,!ecdsa-*,*",
      "key-types",
      "error",
      /nobody gets in/,
    ],
  ] as const
) {
  Deno.test(`check says sshd/${id} where certificates meet ${what}`, async () => {
    await using host = await createCertificateHost();
    const config = await changed(host, /^PubkeyAuthentication yes$/m, lines);
    const result = await host.check({ config });
    const found = findingOf(result, `sshd/${id}`);
    assert.equal(found.level, level);
    assert.match(found.message, message);
    assert.equal(config.split("\n")[(found.line ?? 0) - 1], lines);
    assert.deepEqual(result.ids("sshd/"), [`sshd/${id}`]);
    assert.equal(result.code, level === "error" ? 1 : 0);
  });
}

for (
  const line of [
    "PubkeyAcceptedAlgorithms +ssh-rsa",
    "PubkeyAcceptedAlgorithms ^ssh-ed25519",
    "PubkeyAcceptedAlgorithms -ssh-rsa*,!*-cert-v01@openssh.com",
    "PubkeyAcceptedAlgorithms ssh-*,ecdsa-*",
    `PubkeyAcceptedAlgorithms ${Object.values(CERTIFICATES)}`,
    "CASignatureAlgorithms ssh-ed25519,ecdsa-sha2-nistp256",
    "CASignatureAlgorithms -rsa-*",
  ]
) {
  Deno.test(`check does not mind ${line} beside certificates`, async () => {
    await using host = await createCertificateHost();
    const config = await changed(host, /^PubkeyAuthentication yes$/m, line);
    assert.deepEqual((await host.check({ config })).ids("sshd/"), []);
  });
}

Deno.test("check takes in Match blocks for what may be meant, and asks for the command's own block", async () => {
  await using host = await createCertificateHost();
  const plain = await host.sshdConfig();
  const except = await host.check({
    config: `${plain}Match User bob\n  PubkeyAuthentication no\n`,
  });
  assert.deepEqual(
    findingsOf(except, "sshd/").map((text) => text.slice(0, 34)),
    [
      "warning sshd/pubkey-authentication",
    ],
  );
  const command = plain.match(/^AuthorizedKeysCommand.*\n/gm)?.join("") ?? "";
  const general = plain.replace(/^AuthorizedKeysCommand.*\n/gm, "")
    .replace(/^PubkeyAuthentication yes$/m, "PubkeyAuthentication no")
    .replace(/^AuthenticationMethods.*$/m, "")
    .replace(/^KbdInteractiveAuthentication no$/m, "");
  const block = `Match Group staff\n${command}`;
  const within = (lines: string) =>
    host.check({ config: `${general}${block}${lines}` });
  const open = await within("PubkeyAuthentication yes\n");
  assert.deepEqual(open.ids("sshd/"), []);
  const closed = await within("");
  assert.equal(findingOf(closed, "sshd/pubkey-authentication").level, "error");
});

Deno.test("check asks for a way to show a key, and accepts one that PAM is not asked in", async () => {
  await using host = await createCertificateHost();
  const plain = await host.sshdConfig();
  const withMethods = async (methods: string) =>
    await host.check({
      config: plain.replace(
        /^AuthenticationMethods.*$/m,
        methods === "" ? "" : `AuthenticationMethods ${methods}`,
      ),
    });
  for (const methods of ["keyboard-interactive", "password"]) {
    const found = findingOf(
      await withMethods(methods),
      "sshd/certificate-methods",
    );
    assert.equal(found.level, "error", methods);
    assert.match(found.message, /sshd takes no certificate$/);
  }
  for (const methods of ["publickey", "publickey,publickey", "any", ""]) {
    const result = await withMethods(methods);
    assert.deepEqual(result.ids("sshd/"), [], methods);
    assert.deepEqual(result.ids("pam/"), [], methods);
  }
});

Deno.test("check says that people get in by PAM lines without ours, where sshd asks them", async () => {
  await using host = await createCertificateHost();
  const open = (await host.sshdConfig())
    .replace(/^(AuthenticationMethods|KbdInteractiveAuth).*$/gm, "");
  const result = await host.check({ config: open });
  const { level, hint } = findingOf(result, "pam/no-line");
  assert.equal(level, "error");
  assert.match(hint ?? "", /AuthenticationMethods publickey/);
  const password = await host.check({
    config: open.replace(/^PasswordAuthentication no$/m, "")
      .replace(/^UsePAM/m, "KbdInteractiveAuthentication no\nUsePAM"),
  });
  assert.deepEqual(password.ids("pam/"), ["pam/no-line"]);
  assert.deepEqual(
    password.ids("sshd/"),
    ["sshd/kbd-interactive", "sshd/password-authentication"],
  );
});

Deno.test("check warns of keys that no policy is asked about, except the rescue account's", async () => {
  await using host = await createCertificateHost();
  const files = await host.check({
    config: await changed(
      host,
      "AuthorizedKeysFile none",
      "AuthorizedKeysFile .ssh/authorized_keys",
    ),
  });
  const file = findingOf(files, "other-way/public-key");
  assert.equal(file.level, "warning");
  assert.match(file.message, /^AuthorizedKeysFile is "\.ssh\/authorized_keys"/);
  assert.match(file.hint ?? "", /^AuthorizedKeysFile none/);
  const missing = await host.check({
    config: await changed(host, "AuthorizedKeysFile none\n", "\n"),
  });
  assert.equal(findingOf(missing, "other-way/public-key").line, undefined);
  assert.deepEqual((await host.check()).ids("other-way/"), []);
  const authority = await host.check({
    config: `TrustedUserCAKeys /etc/ssh/ca.pub\n${await host.sshdConfig()}`,
  });
  assert.deepEqual(authority.ids("other-way/"), [
    "other-way/certificate-authority",
  ]);
  const kerberos = await host.check({
    config: `GSSAPIAuthentication yes\n${await host.sshdConfig()}`,
  });
  // "AuthenticationMethods publickey" takes no ticket
  assert.deepEqual(kerberos.ids("other-way/"), []);
  // a key is one of two steps there
  const step = await host.check({
    config: (await host.sshdConfig())
      .replace(/^AuthenticationMethods /m, "$&publickey,keyboard-interactive #")
      .replace("AuthorizedKeysFile none\n", ""),
  });
  assert.deepEqual(step.ids("other-way/"), []);
});

Deno.test("check warns of another command that knows keys", async () => {
  await using host = await createCertificateHost();
  const config = "AuthorizedKeysCommand /usr/bin/sss_ssh_authorizedkeys\n" +
    `AuthorizedKeysCommandUser nobody\n${await host.sshdConfig()}`;
  const result = await host.check({ config });
  assert.match(
    findingOf(result, "other-way/keys-command").message,
    /asks "\/usr\/bin\/sss_ssh_authorizedkeys"/,
  );
  const { level, message, hint } = findingOf(result, "sshd/no-keys-command");
  assert.equal(level, "warning");
  assert.match(message, /AuthorizedKeysCommand is "\/usr\/bin\/sss_/);
  assert.match(
    hint ?? "",
    /takes the first value: line 1[0-9] of .* never read/,
  );
  const alone = await host.check({
    config: config.replace(/^AuthorizedKeysCommand .*oauth-pam.*$/m, ""),
  });
  assert.match(
    findingOf(alone, "sshd/no-keys-command").hint ?? "",
    /--chain/,
  );
});

Deno.test("check warns where policy and command do not know of each other", async () => {
  await using host = await createCertificateHost();
  const without = await host.check({
    config: await changed(host, /^AuthorizedKeysCommand.*\n/gm, ""),
  });
  const unasked = findingOf(without, "sshd/no-keys-command");
  assert.equal(unasked.level, "warning");
  assert.match(unasked.message, /it has no AuthorizedKeysCommand$/);
  assert.match(unasked.hint ?? "", /sshd_config-certificates/);
  const plain = await host.check({ policy: host.policyText({ issuer: [] }) });
  const refused = findingOf(plain, "sshd/no-ssh-certificates");
  assert.equal(refused.level, "warning");
  assert.match(
    refused.message,
    /no issuer of the policy has "ssh_certificates"/,
  );
  // nothing of that on a host without certificates
  const neither = await host.check({
    config: "UsePAM yes\n",
    policy: host.policyText({ issuer: [] }),
  });
  assert.deepEqual(neither.ids("sshd/no-"), []);
});

Deno.test("check tells by which settings root gets in, where certificates are the only way", async () => {
  await using host = await createCertificateHost();
  const policy = host.policyText({
    rule: ["accounts: [{names: [root]}]", "allow_protected: true"],
  });
  const permit = async (value: string) =>
    await host.check({
      config: `PermitRootLogin ${value}\n${await host.sshdConfig()}`,
      policy,
    });
  for (const value of ["yes", "prohibit-password", "without-password"]) {
    assert.deepEqual((await permit(value)).ids("sshd/"), [], value);
  }
  for (const value of ["no", "forced-commands-only"]) {
    const found = findingOf(await permit(value), "sshd/permit-root-login");
    assert.equal(found.level, "warning", value);
    assert.match(found.message, /keeps out root, whom the policy admits/);
  }
});

Deno.test("check compares after: publickey with AuthenticationMethods and the stack", async (t) => {
  await using host = await createCertificateHost();
  const policy = host.policyText({
    issuer: [
      "ssh_certificates: {}",
      "device: {client_id: ssh, after: publickey}",
    ],
  });
  const stack = replaceAll(await readExample("sshd-device-sign-in"), {
    "/usr/libexec/oauth-pam/oauth-pam-launch": "/bin/true",
    "/etc/oauth-pam/policy.yaml": host.policy,
  });
  const check = async (methods: string, { device }: { device: boolean }) => {
    await Deno.writeTextFile(
      `${host.serviceDir}/sshd`,
      device ? stack : await readExample("sshd-certificates"),
    );
    const config = (await host.sshdConfig()).replace(
      /^AuthenticationMethods.*$/m,
      methods === "" ? "" : `AuthenticationMethods ${methods}`,
    ).replace(/^KbdInteractiveAuthentication no$/m, "");
    return findingsOf(
      await host.check({ config, policy }),
      "sshd/device-after",
    );
  };
  for (
    const [methods, found] of [
      ["publickey,keyboard-interactive", null],
      ["publickey publickey,keyboard-interactive:pam", null],
      ["publickey", null],
      ["", /^error .*is not set: .*without having shown a key is refused/],
      ["any", /^error /],
      ["keyboard-interactive", /^error .*is "keyboard-interactive"/],
      ["keyboard-interactive,publickey", /^error /],
      ["publickey,keyboard-interactive keyboard-interactive", /^warning /],
    ] as const
  ) {
    await t.step(`"${methods}" with device sign-in`, async () => {
      const texts = await check(methods, { device: true });
      assert.equal(texts.length, found === null ? 0 : 1, texts.join());
      if (found !== null) assert.match(texts[0] ?? "", found);
    });
  }
  await t.step("a step that the stack does not have", async () => {
    const texts = await check("publickey,keyboard-interactive", {
      device: false,
    });
    assert.match(texts.join("\n"), /^error .*have no "device start"/);
    assert.deepEqual(await check("publickey", { device: false }), []);
  });
  await t.step("lines of another issuer", async () => {
    const named = stack.replaceAll(
      /(device (?:start|finish))/g,
      "$1 --issuer x",
    );
    await Deno.writeTextFile(`${host.serviceDir}/sshd`, named);
    const result = await host.check({ config: "UsePAM yes\n", policy });
    assert.deepEqual(result.ids("sshd/device-after"), []);
  });
});

Deno.test("check reads lists of algorithms as sshd does", async (t) => {
  await using host = await createCertificateHost();
  const key = `${host.folder}/host_key`;
  await new Deno.Command("ssh-keygen", {
    args: ["-q", "-t", "ed25519", "-N", "", "-f", key],
  }).output();
  await Deno.mkdir("/run/sshd", { recursive: true });
  let refused = 0;
  for (
    const list of [
      "+ssh-rsa",
      "^ssh-rsa",
      "-ssh-ed25519*",
      "-ecdsa-sha2-nistp25?*,ssh-ed25519",
      "-!ssh-ed25519*,*",
      "-*,!ssh-ed25519*",
      "ssh-ed25519,ssh-ed25519-cert-v01@openssh.com",
      "rsa-sha2-512",
      "ecdsa-*",
    ]
  ) {
    await t.step(list, async () => {
      const plain = await host.sshdConfig();
      const config = `PubkeyAcceptedAlgorithms ${list}\n` +
        `CASignatureAlgorithms ${list}\n${plain}`;
      const types = async (config: string) =>
        findingsOf(await host.check({ config }), "sshd/key-types");
      const ours = await types(config);
      const { stdout, success, stderr } = await new Deno.Command(
        "/usr/sbin/sshd",
        { args: ["-T", "-f", host.config, "-h", key] },
      ).output();
      // an sshd that does not start takes no certificate, which "sshd -t" says
      if (!success) {
        assert.match(new TextDecoder().decode(stderr), /line [12]/);
        return;
      }
      const printed = new TextDecoder().decode(stdout);
      const theirs = await types(printed);
      const about = (texts: readonly string[]) =>
        texts.map((text) => text.replace(/ \(.*/, ""));
      assert.deepEqual(about(ours), about(theirs), list);
      refused += ours.length;
    });
  }
  assert.ok(refused >= 6);
});
