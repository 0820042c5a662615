/**
 * The administrator's half hour: a fresh Debian, the package, and what is in it. From `dpkg --install` to a
 * login by certificate and one by device code, a changed policy, an upgrade, and safely off again.
 *
 * Nothing is done here that the package does not say: commands and lines are those of its manual page.
 *
 * Debian packages: mmdebstrap util-linux mandoc.
 *
 * @module
 */
// Threats: F2, I1
import assert from "node:assert/strict";
import { makePackages } from "../../src/build/package/main.ts";
import { buildEnvironment } from "../support/built_program.ts";
import { comeBack, KEY_CLIENT } from "../support/key_desk.ts";
import { PAIR } from "../support/package_host.ts";
import { until } from "../support/pam.ts";
import {
  approveDevice,
  signInAt,
  startProvider,
  type TestProvider,
} from "../support/provider.ts";
import {
  debianTar,
  rootFromTar,
  type RootResult,
  type ThrowawayRoot,
} from "../support/throwaway_root.ts";

const POLICY = "/etc/oauth-pam/policy.yaml";
const EXAMPLES = "/usr/share/doc/oauth-pam/examples";
const SSHD_LINES = "/etc/ssh/sshd_config.d/10-oauth-pam.conf";
const PASSWORD = "the password of alice, and of nobody else";
/** Of the policy that `policy init --provider kanidm` writes. */
const CLIENT = "ssh";

Deno.test("the administrator's half hour", async (t) => {
  await using cleanup = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-half-hour-" });
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  const [tar, provider, ...debs] = await Promise.all([
    debianTar(folder),
    startProvider({
      clients: [{
        ...KEY_CLIENT,
        client_id: CLIENT,
        id_token_signed_response_alg: "ES256",
      }],
      accounts: {
        alice: {
          password: "alice's password",
          claims: {
            sub: "7c0a1b2d-3e4f-4a5b-8c6d-7e8f9a0b1c2d",
            preferred_username: "alice@idm.example.org",
            groups: ["ssh_users@idm.example.org"],
          },
        },
      },
    }),
    deb(folder, "0.1.0"),
    deb(folder, "0.2.0"),
  ]);
  cleanup.use(provider);
  const root = cleanup.use(await rootFromTar(tar));
  const host = new Host(root, provider);
  for (const [index, path] of debs.entries()) {
    await root.bring(path, `/root/${index + 1}.deb`);
  }
  await host.prepare();
  const before = await host.files();
  // each goes on from where the last one ended
  const step = async (name: string, body: () => Promise<void>) => {
    if (!await t.step(name, body)) throw new Error(`stopped at: ${name}`);
  };

  await step(
    "the package comes, and changes nothing that people log in by",
    async () => {
      const stacks = await host.text("cat /etc/pam.d/* /etc/ssh/sshd_config");
      await host.ok("dpkg --install /root/1.deb");
      assert.equal(
        await host.text("cat /etc/pam.d/* /etc/ssh/sshd_config"),
        stacks,
      );
      assert.equal((await host.password()).stdout, "alice\n");
      await host.readManual();
    },
  );

  await step("check says where to begin", async () => {
    const { code, stdout } = await host.run("oauth-pam check");
    assert.equal(code, 3);
    assert.match(
      stdout,
      /policy\.yaml: error: .* does not exist .*\n {2}hint: oauth-pam policy init --provider/,
    );
    assert.match(stdout, /"oauth-pam apply" was never run/);
    // and so does apply
    const applied = await host.run("oauth-pam apply");
    assert.equal(applied.code, 3);
    assert.match(applied.stderr, /oauth-pam policy init --provider/);
  });

  await step("a policy for the provider, with its tests", async () => {
    const { stdout } = await host.documented("# oauth-pam policy init", {
      keycloak: "kanidm",
    });
    const document = /(\/usr\/share\/doc\/\S+README\.md\S*), "Kanidm"/.exec(
      stdout,
    )?.[1];
    assert.ok(document, stdout);
    assert.match(await host.text(`zcat -f ${document}`), /^#+ Kanidm$/m);
    // one's own values in place of the examples'
    await host.edit(POLICY, (text) =>
      text.replace(
        /^( +)issuer: https:.*$/m,
        `$1issuer: ${provider.issuer}\n$1ca_file: /etc/oauth-pam/ca.pem\n` +
          "$1ssh_certificates: { lifetime: 12h }",
      ));
    await root.write("/etc/oauth-pam/ca.pem", provider.caPem);
    await host.documented("# oauth-pam policy lint");
    await host.documented("# oauth-pam policy test");
  });

  await step(
    "apply makes the program, and check says what is missing",
    async () => {
      const applied = await host.run("oauth-pam apply");
      assert.equal(applied.code, 1, applied.stderr);
      assert.match(
        applied.stdout,
        /^applied .*: wrote \/var\/lib\/oauth-pam\/login \(/,
      );
      assert.match(
        applied.stdout,
        new RegExp(
          `^ {2}\\+ connect to ${new URL(provider.issuer).host}$`,
          "m",
        ),
      );
      // nothing of it is about what was just made
      assert.deepEqual(host.errors(applied), [
        "pam/no-line",
        "sshd/kbd-interactive",
      ]);
      // what it says to read
      const [, example = ""] = /(\/usr\/share\/doc\/oauth-pam\/examples\/)/
        .exec(applied.stdout) ?? [];
      assert.equal(example, `${EXAMPLES}/`, applied.stdout);
    },
  );

  await step(
    "sshd asks about certificates, and check finds nothing",
    async () => {
      await host.ok("cp /etc/pam.d/sshd /root/sshd.before");
      await host.documented("# cp .*/sshd_config-certificates ");
      await host.edit(SSHD_LINES, (text) => text.replaceAll("rescue", "admin"));
      await host.documented("# cp .*/sshd-certificates ");
      const checked = await host.run("oauth-pam check");
      assert.deepEqual(host.errors(checked), [], checked.stdout);
      assert.equal(checked.code, 0);
      await host.reloadSshd();
    },
  );

  await step(
    "a person signs in with a browser, and ssh shows the certificate",
    async () => {
      const key = await host.key();
      assert.match(key, /signed in as /);
      const login = await host.ssh("certificate");
      assert.equal(login.stdout, "alice\n", login.stderr);
      assert.match(
        await host.logged(),
        / decision=allow .*method=certificate .*rule=household /,
      );
      const bob = await host.ssh("certificate", "bob");
      assert.equal(bob.code, 255);
      assert.match(
        await host.logged(),
        /decision=deny reason=account_not_permitted user=bob /,
      );
    },
  );

  await step("the same people by device code", async () => {
    await host.documented("# cp .*/sshd-device-sign-in ");
    const lines = host.block("UsePAM yes");
    await host.lines(SSHD_LINES, [lines.replaceAll("rescue", "admin")]);
    const checked = await host.run("oauth-pam check");
    assert.deepEqual(host.errors(checked), [], checked.stdout);
    assert.equal(checked.code, 0);
    await host.reloadSshd();
    const login = await host.ssh("device");
    assert.equal(login.stdout, "alice\n", login.stderr);
    assert.match(
      await host.logged(),
      / decision=allow reason=allowed user=alice service=sshd .*rule=household /,
    );
  });

  await step("both ways at once", async () => {
    await host.documented("# cp .*/sshd_config-certificates ");
    const changed = host.block("AuthenticationMethods publickey keyboard");
    await host.edit(SSHD_LINES, (text) =>
      changed.split("\n").reduce(
        (lines, line) =>
          lines.replace(
            new RegExp(`^${line.split(" ")[0]} .*$`, "m"),
            () => line,
          ),
        text.replaceAll("rescue", "admin"),
      ));
    const checked = await host.run("oauth-pam check");
    assert.deepEqual(host.errors(checked), [], checked.stdout);
    assert.equal(checked.code, 0);
    await host.reloadSshd();
    for (const way of ["certificate", "device"] as const) {
      const login = await host.ssh(way);
      assert.equal(login.stdout, "alice\n", login.stderr);
      assert.match(await host.logged(), / decision=allow .* user=alice /);
    }
  });

  await step(
    "a new host in the policy: check asks for apply, and apply for check",
    async () => {
      await host.edit(
        POLICY,
        (text) =>
          text.replace(
            /^( +)(audiences: .*)$/m,
            "$1$2\n$1hosts: [keys.example.org]",
          ),
      );
      const checked = await host.run("oauth-pam check");
      assert.equal(checked.code, 1);
      assert.deepEqual(host.errors(checked), ["program/net"], checked.stdout);
      assert.match(
        checked.stdout,
        /"keys\.example\.org:443".*\n {2}hint: oauth-pam apply/,
      );
      const refused = await host.ssh("device");
      assert.equal(refused.code, 255);
      assert.match(
        await host.logged(),
        /decision=deny reason=policy_invalid .*keys\.example\.org/,
      );
      const applied = await host.run("oauth-pam apply");
      assert.equal(applied.code, 0, applied.stdout + applied.stderr);
      assert.match(
        applied.stdout,
        /^permissions since the last apply:\n {2}\+ connect to keys\.example\.org:443\n/m,
      );
      assert.match(applied.stdout, /^ok {2}program .*keys\.example\.org/m);
      const login = await host.ssh("device");
      assert.equal(login.stdout, "alice\n", login.stderr);
    },
  );

  await step(
    "an upgrade makes the program anew, for the same policy",
    async () => {
      const inode = await root.inode("/var/lib/oauth-pam/login");
      const { stdout } = await host.ok("dpkg --install /root/2.deb");
      assert.match(stdout, /^applied \/etc\/oauth-pam\/policy\.yaml: /m);
      assert.match(
        stdout,
        /^permissions since the last apply: nothing changed$/m,
      );
      assert.notEqual(await root.inode("/var/lib/oauth-pam/login"), inode);
      assert.equal((await host.run("oauth-pam check")).code, 0);
      assert.equal((await host.ssh("device")).stdout, "alice\n");
    },
  );

  await step("the other form of the program", async () => {
    const { code, stdout, stderr } = await host.run(
      "oauth-pam apply --form runtime",
    );
    assert.equal(code, 0, stdout + stderr);
    assert.equal((await host.ssh("device")).stdout, "alice\n");
  });

  await step(
    "the package stays while somebody's stack or sshd names it",
    async () => {
      const { code, stderr } = await host.run("dpkg --remove oauth-pam");
      assert.notEqual(code, 0);
      assert.match(stderr, /\/etc\/pam\.d\/sshd:\d+:.*oauth-pam-launch/);
      assert.match(stderr, /\/10-oauth-pam\.conf:\d+:AuthorizedKeysCommand /);
      assert.equal((await host.run("oauth-pam check")).code, 0);
      assert.equal((await host.ssh("device")).stdout, "alice\n");
    },
  );

  await step(
    "without the lines it goes, and people log in with their password",
    async () => {
      await host.ok("cp /root/sshd.before /etc/pam.d/sshd");
      await host.ok(`rm ${SSHD_LINES}`);
      await host.reloadSshd();
      await host.ok("dpkg --remove oauth-pam");
      assert.equal((await host.password()).stdout, "alice\n");
    },
  );

  await step("purged, it leaves the policy and nothing else", async () => {
    await host.ok("dpkg --purge oauth-pam");
    const after = await host.files();
    assert.deepEqual(after.filter((path) => !before.includes(path)), [
      "/etc/oauth-pam",
      "/etc/oauth-pam/ca.pem",
      "/etc/oauth-pam/policy.test.yaml",
      POLICY,
    ]);
    assert.deepEqual(before.filter((path) => !after.includes(path)), []);
    assert.equal((await host.password()).stdout, "alice\n");
  });
});

/** A package as a release has it, but for the Deno where there is no denort for the pinned one. */
async function deb(folder: string, version: string): Promise<string> {
  const { files: [path = ""] } = await makePackages({
    kinds: ["deb"],
    output: `${folder}/${version}`,
    deno: PAIR.denort === undefined ? null : PAIR.deno,
    denort: PAIR.denort ?? null,
    version,
    compression: "none",
    maintainer: "tests <tests@example.org>",
  }, buildEnvironment);
  return path;
}

/** ssh asks this; the test reads what it was asked, and says when to go on and with what. */
const ASKPASS = `#!/bin/sh
printf '%s\\n' "$1" >>/home/visitor/asked
until [ -e /home/visitor/answer ]; do sleep 0.05; done
cat /home/visitor/answer
`;

class Host {
  readonly #root: ThrowawayRoot;
  readonly #provider: TestProvider;
  #port = 0;
  #logged = 0;
  #manual = "";

  constructor(root: ThrowawayRoot, provider: TestProvider) {
    this.#root = root;
    this.#provider = provider;
  }

  /** What a server has before: a log, sshd, people. And a visitor, who plays their own machine. */
  async prepare(): Promise<void> {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#port = (listener.addr as Deno.NetAddr).port;
    listener.close();
    await this.lines("/etc/hosts", ["127.0.0.1 localhost"]);
    for (const name of ["alice", "bob", "admin", "visitor"]) {
      await this.ok(`useradd --create-home --shell /bin/sh ${name}`);
    }
    await this.#root.ok(["chpasswd"], { stdin: `alice:${PASSWORD}\n` });
    await this.lines("/etc/default/ssh", [
      `SSHD_OPTS="-p ${this.#port} -o ListenAddress=127.0.0.1"`,
    ]);
    await this.lines("/home/visitor/askpass", [ASKPASS]);
    await this.ok("chmod 755 /home/visitor/askpass");
    await this.#root.write("/home/visitor/ca.pem", this.#provider.caPem);
    await this.ok("rsyslogd");
    await this.ok("service ssh start");
    await this.ok(`${VISITOR} ssh-agent -a /home/visitor/agent`);
  }

  run(command: string): Promise<RootResult> {
    return this.#root.run(["sh", "-c", command]);
  }

  async ok(command: string): Promise<RootResult> {
    const result = await this.run(command);
    if (result.code === 0) return result;
    throw new Error(
      `${command} ended with ${result.code}:\n${result.stderr}${result.stdout}`,
    );
  }

  async text(command: string): Promise<string> {
    return (await this.ok(command)).stdout;
  }

  /** Until sshd listens with what it has read. */
  async reloadSshd(): Promise<void> {
    const listens = async () =>
      (await this.#root.read("/var/log/auth.log"))
        .split("Server listening on").length;
    const before = await listens();
    await this.ok("service ssh reload");
    await until(async () => await listens() > before, {
      what: "sshd to listen again",
    });
  }

  /** As `man 8 oauth-pam` shows it. */
  async readManual(): Promise<void> {
    const roff = await this.text("zcat /usr/share/man/man8/oauth-pam.8.gz");
    const child = new Deno.Command("mandoc", {
      args: ["-T", "utf8", "-O", "width=300"],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(roff));
    await writer.close();
    const shown = new TextDecoder().decode((await child.output()).stdout);
    // bold and underlined letters are struck over
    this.#manual = shown.replace(/.[\b]/gu, "");
  }

  /** The lines of the manual from the one that begins so to the next empty one. */
  block(beginning: string): string {
    const found = new RegExp(`^( *)(${beginning}.*(?:\n\\1.+)*)`, "m")
      .exec(this.#manual);
    assert.ok(found, `the manual has "${beginning}"`);
    const [, indent = "", text = ""] = found;
    return text.replaceAll(`\n${indent}`, "\n");
  }

  /** Runs the command that the manual has, with one's own words in place of the example's. */
  documented(
    command: string,
    own: Readonly<Record<string, string>> = {},
  ): Promise<RootResult> {
    const [line = ""] = this.block(command).split("\n");
    return this.ok(
      Object.entries(own).reduce(
        (text, [example, word]) => text.replaceAll(example, () => word),
        line.slice(2),
      ),
    );
  }

  lines(path: string, lines: readonly string[]): Promise<void> {
    return this.#root.write(path, lines.map((line) => `${line}\n`).join(""));
  }

  async edit(path: string, change: (text: string) => string): Promise<void> {
    const text = await this.#root.read(path);
    const changed = change(text);
    assert.notEqual(changed, text);
    await this.#root.write(path, changed);
  }

  /** The ids of the errors that check found, sorted. */
  errors({ stdout }: RootResult): string[] {
    return [...stdout.matchAll(/ error: .* \[(\S+)\]$/gm)].map(([, id]) =>
      id ?? ""
    ).sort();
  }

  /** What the log got since the last time, when a decision is in it. */
  logged(): Promise<string> {
    return until(async () => {
      const log = await this.#root.read("/var/log/auth.log");
      const fresh = log.slice(this.#logged).split("\n")
        .filter((line) => line.includes("decision=")).join("\n");
      if (fresh === "") return false;
      this.#logged = log.length;
      return fresh;
    }, { what: "a line of the log" });
  }

  /** `oauth-pam key` on the visitor's own machine, approved in a browser; what it said. */
  async key(): Promise<string> {
    const { issuer } = this.#provider;
    const [line = ""] = this.block("\\$ oauth-pam key --issuer").split("\n");
    const [command = "", ...args] = this.#root.inside([
      ...VISITOR.split(" "),
      ...["SSH_AUTH_SOCK=/home/visitor/agent", "sh", "-c"],
      // one's own issuer, and the scopes of one's own rules
      `exec ${
        line.slice(2).replace(/--issuer \S+/, () => `--issuer ${issuer}`)
          .replace("openid email groups", "openid profile groups")
      } --ca-file /home/visitor/ca.pem`,
    ]);
    const child = new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let said = "";
    const reading = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of child.stderr) said += decoder.decode(chunk);
    })();
    const ended = child.status.then(() => false as const);
    const page = await until(
      async () =>
        /^https:\S+$/m.exec(said)?.[0] ??
          (await Promise.race([ended, null]) === false ? said : undefined),
      { what: "the address" },
    );
    assert.match(page, /^https:\S+$/);
    await comeBack(await signInAt(this.#provider, page, { account: "alice" }));
    assert.equal((await child.status).code, 0, said);
    await reading;
    return said;
  }

  /** `ssh` by the visitor: with the certificate in the agent, or a code that alice approves. */
  async ssh(
    way: "certificate" | "device" | "password",
    account = "alice",
  ): Promise<RootResult> {
    await this.ok("rm -f /home/visitor/asked /home/visitor/answer");
    const methods = {
      certificate: "publickey",
      device: "keyboard-interactive",
      password: "password",
    };
    const login = this.#root.run([
      ...VISITOR.split(" "),
      ...["SSH_AUTH_SOCK=/home/visitor/agent", "DISPLAY=:0"],
      ...["SSH_ASKPASS=/home/visitor/askpass", "SSH_ASKPASS_REQUIRE=force"],
      ...["ssh", "-p", String(this.#port), "-o", "StrictHostKeyChecking=no"],
      ...["-o", "NumberOfPasswordPrompts=1", "-o", "LogLevel=ERROR"],
      ...["-o", `PreferredAuthentications=${methods[way]}`],
      ...[`${account}@127.0.0.1`, "id", "-un"],
    ]);
    const ended = login.then(() => true);
    if (way === "certificate") return await login;
    const asked = await until(
      async () =>
        await Promise.race([ended, false]) ||
        await this.#root.read("/home/visitor/asked")
          .catch(() => false as const),
      { what: "a prompt" },
    );
    const code = /Enter {2}(\S+)/.exec(String(asked))?.[1];
    if (code !== undefined) {
      await approveDevice(this.#provider, {
        userCode: code,
        account: "alice",
      });
    }
    const answer = way === "password" ? `${PASSWORD}\n` : "\n";
    const path = "/home/visitor/answer";
    await this.#root.write(`${path}.new`, answer);
    await this.ok(`mv ${path}.new ${path}`);
    return await login;
  }

  password(): Promise<RootResult> {
    return this.ssh("password");
  }

  /** Every path on the host but those that change by themselves. */
  async files(): Promise<string[]> {
    const found = await this.text(
      "find / -xdev -not -path '/proc*' -not -path '/dev*' -not -path '/tmp/*' -not -path '/home/*'" +
        " -not -path '/root/*' -not -path '/run/*' -not -path '/var/log/*' -not -path '/var/lib/dpkg/*'" +
        " -not -path '/var/cache/debconf/*' -not -path '/var/lib/pam/*'",
    );
    return found.trim().split("\n").sort();
  }
}

/** Another user, whose login shell does not matter. */
const VISITOR =
  "setpriv --reuid visitor --regid visitor --init-groups env HOME=/home/visitor";
