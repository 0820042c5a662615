/**
 * The stacks as they are written, in a real sshd with a real ssh client.
 *
 * @module
 */
// Threats: E2, I1
import assert from "node:assert/strict";
import { createPamHost, type PamHost, until } from "../support/pam.ts";
import { type Account, ordinaryAccount, startSshd } from "../support/sshd.ts";
import type { Sshd } from "../support/sshd.ts";
import { StandIn } from "./stand_in.ts";

const EXEC = "sshd-pasted-token-pam_exec";
const SCRIPT = "sshd-pasted-token-pam_script";
const service = "oauthpam-sshd";

interface Bench {
  host: PamHost;
  program: StandIn;
  account: Account;
  sshd: Sshd;
}

/** A test with an sshd whose stand-in program admits the token "good". */
function test(
  title: string,
  { example, config = "" }: { example: string; config?: string },
  body: (bench: Bench) => Promise<void>,
): void {
  Deno.test(`sshd with ${example} ${title}`, async () => {
    await using account = await ordinaryAccount();
    await using host = await createPamHost();
    const program = new StandIn(host);
    await program.install(
      `case $(cat ${host.directory}/facts/stdin) in good*) ;; *) exit 7 ;; esac`,
    );
    const stackFile = await host.installStack(example, { service });
    await using sshd = await startSshd({ host, stackFile, config });
    await body({ host, program, account, sshd });
  });
}

for (const example of [EXEC, SCRIPT]) {
  test(
    "opens a session for a good token, credentials included",
    { example },
    async ({ sshd, account, program, host }) => {
      const result = await sshd.ssh({ user: account.name, token: "good" });
      assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
      assert.equal(result.ok, true);
      assert.deepEqual(result.prompts.map((prompt) => prompt.slice(-10)), [
        "Password: ",
      ]);
      const facts = await program.facts();
      assert.equal(facts?.stdin, "good");
      assert.deepEqual(facts.args, ["login", host.policy]);
      const expected = [
        ...[
          `PAM_USER=${account.name}`,
          `PAM_SERVICE=${service}`,
          "PAM_TYPE=auth",
        ],
        ...["PAM_RHOST=127.0.0.1", "PAM_TTY=ssh"],
        `OAUTH_PAM_ACCOUNT=${account.uid}:${account.name}`,
      ];
      for (const entry of expected) {
        assert(facts.environment.includes(entry), entry);
      }
      const log = await sshd.log();
      assert.match(log, /PAM: establishing credentials/);
      assert.doesNotMatch(log, /pam_setcred\(\)/);
    },
  );

  test(
    "refuses a bad token and shows no reason",
    { example },
    async ({ sshd, account }) => {
      const result = await sshd.ssh({ user: account.name, token: "bad" });
      assert.deepEqual([result.ok, result.code, result.stdout], [
        false,
        255,
        "",
      ]);
      assert.doesNotMatch(result.stderr, /oauth|exit code|policy/);
      await until(
        async () =>
          (await sshd.log()).includes("Failed keyboard-interactive/pam"),
        { what: "sshd's word on the failed login" },
      );
    },
  );

  test(
    "refuses while launcher, program or script are missing, and lets in afterwards",
    { example },
    async ({ sshd, account, host }) => {
      const attempt = { user: account.name, token: "good" };
      const script = `${host.scripts}/pam_script_auth`;
      const files = [host.program, host.launcher];
      for (const file of example === SCRIPT ? [...files, script] : files) {
        await Deno.rename(file, `${file}.away`);
        assert.equal((await sshd.ssh(attempt)).ok, false, file);
        await Deno.rename(`${file}.away`, file);
      }
      assert.equal((await sshd.ssh(attempt)).ok, true);
      assert.equal((await sshd.log()).match(/^Accepted /gm)?.length, 1);
    },
  );

  test(
    "refuses when the program is killed",
    { example },
    async ({ sshd, account, program }) => {
      await program.install("kill -9 $$");
      const attempt = { user: account.name, token: "good" };
      assert.equal((await sshd.ssh(attempt)).ok, false);
    },
  );

  test(
    "refuses unknown accounts, whose token sshd replaces",
    { example },
    async ({ sshd, program }) => {
      const attempt = { user: "nosuchaccount", token: "good.token" };
      assert.equal((await sshd.ssh(attempt)).ok, false);
      const facts = await program.facts();
      assert.equal(facts?.stdin, "\b\n\r\x7fINCORR");
      assert(facts.environment.includes("OAUTH_PAM_ACCOUNT="));
      assert.doesNotMatch(await sshd.log(), /internal error/i);
    },
  );

  const password = "PasswordAuthentication yes";
  test("answers setcred for ssh's password method as well", {
    example,
    config: password,
  }, async ({ sshd, account }) => {
    const attempt = { user: account.name, methods: "password" };
    assert.equal((await sshd.ssh({ ...attempt, token: "bad" })).ok, false);
    const result = await sshd.ssh({ ...attempt, token: "good" });
    assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
  });
}

test(
  "carries a token of 1000 bytes",
  { example: SCRIPT },
  async ({ sshd, account, program }) => {
    const token = "good".repeat(250);
    const result = await sshd.ssh({ user: account.name, token });
    assert.equal(result.ok, true, await sshd.log());
    assert.equal((await program.facts())?.stdin, token);
  },
);

test(
  "carries 511 bytes of a token of 1000",
  { example: EXEC },
  async ({ sshd, account, program }) => {
    const token = "good".repeat(250);
    await sshd.ssh({ user: account.name, token });
    assert.equal((await program.facts())?.stdin, token.slice(0, 511));
  },
);

/** A new key that sshd takes for everybody's; answers its file. */
async function createKey(host: PamHost): Promise<string> {
  const key = `${host.directory}/id`;
  const made = await new Deno.Command("ssh-keygen", {
    args: ["-q", "-t", "rsa", "-b", "4096", "-N", "", "-f", key],
  }).output();
  assert(made.success);
  await Deno.chmod(host.directory, 0o755); // sshd reads the key as the account
  return key;
}

test(
  "lets the emergency account in by its key when nothing of ours is left, and only that account",
  { example: EXEC },
  async ({ host, account }) => {
    const key = await createKey(host);
    await using rescue = await ordinaryAccount({ create: true });
    const config = `AuthenticationMethods keyboard-interactive
StrictModes no
AuthorizedKeysFile ${key}.pub`;
    const match =
      `Match User ${rescue.name}\nAuthenticationMethods publickey\n`;
    const stackFile = `${host.serviceDir}/${service}`;
    await using sshd = await startSshd({ host, stackFile, config, match });
    for (const file of [host.program, host.launcher]) await Deno.remove(file);
    const attempt = {
      token: "good",
      methods: "publickey,keyboard-interactive",
      options: [`IdentityFile=${key}`],
    };
    const rescued = await sshd.ssh({ ...attempt, user: rescue.name });
    assert.equal(rescued.stdout, `${rescue.name}\n`, await sshd.log());
    assert.deepEqual(rescued.prompts, []);
    const others = await sshd.ssh({ ...attempt, user: account.name });
    assert.deepEqual([others.ok, others.stdout], [false, ""]);
  },
);

test(
  "opens no account without a shell where the line that SECURITY.md names is there",
  { example: EXEC },
  async ({ host, sshd }) => {
    await using account = await ordinaryAccount({ create: true });
    const changed = await new Deno.Command("usermod", {
      args: ["--shell", "/usr/sbin/nologin", account.name],
    }).output();
    assert(changed.success);
    const attempt = { user: account.name, token: "good" };
    await sshd.ssh(attempt);
    const accepted = () =>
      sshd.log().then((log) => log.match(/^Accepted /gm)?.length ?? 0);
    assert.equal(await accepted(), 1, "the token alone is enough");
    const stack = await Deno.readTextFile(`${host.serviceDir}/${service}`);
    await host.writeService(
      service,
      stack.replace(/^account /m, "account required pam_shells.so\naccount "),
    );
    assert.equal((await sshd.ssh(attempt)).ok, false);
    // sshd's word for whatever the account lines refuse
    assert.match(await sshd.log(), /User account has expired/);
    assert.equal(await accepted(), 1);
    await using ordinary = await ordinaryAccount({ create: true });
    const other = await sshd.ssh({ ...attempt, user: ordinary.name });
    assert.equal(other.stdout, `${ordinary.name}\n`, await sshd.log());
  },
);

test(
  "after a public key tells the program which",
  { example: EXEC },
  async ({ host, account, program }) => {
    const key = await createKey(host);
    const config = `AuthenticationMethods publickey,keyboard-interactive
StrictModes no
AuthorizedKeysFile ${key}.pub`;
    const stackFile = `${host.serviceDir}/${service}`;
    await using sshd = await startSshd({ host, stackFile, config });
    const result = await sshd.ssh({
      ...{ user: account.name, token: "good" },
      methods: "publickey,keyboard-interactive",
      options: [`IdentityFile=${key}`],
    });
    assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
    const [type, blob] = (await Deno.readTextFile(`${key}.pub`)).split(" ");
    const facts = await program.facts();
    const info = `SSH_AUTH_INFO_0=publickey ${type} ${blob}`;
    assert(facts?.environment.includes(info), String(facts?.environment));
  },
);

// pam_script goes on in its child process when it cannot execute the script:
// two processes then answer for one login.
test("refuses when the script's interpreter is missing", {
  example: SCRIPT,
  config: "PasswordAuthentication yes",
}, async ({ host, account, sshd }) => {
  const script = `${host.scripts}/pam_script_auth`;
  await Deno.writeTextFile(script, "#!/nonexistent\n");
  for (const methods of ["keyboard-interactive", "password"]) {
    const attempt = { user: account.name, token: "good", methods };
    const result = await sshd.ssh(attempt);
    assert.deepEqual([result.ok, result.stdout], [false, ""]);
  }
  assert.doesNotMatch(await sshd.log(), /^Accepted /m);
});

test(
  "with the word stdout shows what the program prints before the next prompt",
  { example: EXEC },
  async ({ sshd, account, host }) => {
    const stack = await Deno.readTextFile(`${host.serviceDir}/${service}`);
    const gate = stack.split("\n").find((line) => line.startsWith("auth")) ??
      "";
    const text = gate.replace("quiet expose_authtok", "quiet stdout")
      .replace(/\[.*\]/, "optional")
      .replace(/ login /, " device start ");
    await host.writeService(service, stack.replace(gate, `${text}\n${gate}`));
    await Deno.writeTextFile(
      host.program,
      `#!/bin/sh
[ "$1" = login ] && { grep -qx good || exit 7; exit "$OAUTH_PAM_GRANT"; }
echo visit https://login.example.edu/device
echo secret diagnosis >&2
`,
    );
    const seen: string[] = [];
    const token = (prompt: string) => {
      seen.push(prompt);
      return "good";
    };
    const result = await sshd.ssh({ user: account.name, token });
    assert.equal(result.ok, true, await sshd.log());
    const shown = seen.join("") + result.stderr;
    assert.match(shown, /visit https:\/\/login\.example\.edu\/device/);
    assert.doesNotMatch(shown, /secret diagnosis/);
  },
);

Deno.test("ordinaryAccount() makes a throw-away account and removes it again", async () => {
  const account = await ordinaryAccount({ create: true });
  const known = async () =>
    (await Deno.readTextFile("/etc/passwd")).includes(`\n${account.name}:`);
  assert.equal(await known(), true);
  assert(account.uid >= 1000);
  await account[Symbol.asyncDispose]();
  await until(async () => !await known(), { what: "the account's end" });
});
