/**
 * The launcher that sshd runs to ask about keys, with a stand-in for the program.
 *
 * @module
 */
// Threats: E2, F1
import assert from "node:assert/strict";
import { createPamHost, type PamHost, readExample } from "../support/pam.ts";
import { listenSyslog } from "../support/syslog.ts";
import { StandIn } from "./stand_in.ts";

const decoder = new TextDecoder();
const TYPE = "ssh-ed25519-cert-v01@openssh.com";
const LINE =
  'cert-authority,principals="opkssh-wildcard",restrict,pty ssh-ed25519 AAAA';
const KEY = "AAAA+/==";
const ARGS = ["/etc/oauth-pam/policy.yaml", "root", KEY, TYPE];

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Bench {
  readonly host: PamHost;
  readonly program: StandIn;
  /** The program prints this and ends with that: shell text. */
  answer(end: string): Promise<void>;
  ask(
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<Run>;
  logged(): Promise<string>;
}

function test(title: string, body: (bench: Bench) => Promise<void>): void {
  Deno.test(`oauth-pam-ssh-keys ${title}`, async () => {
    await using log = await listenSyslog();
    await using host = await createPamHost();
    const program = new StandIn(host);
    const launcher = `${host.directory}/libexec/oauth-pam-ssh-keys`;
    const text = await readExample("oauth-pam-ssh-keys");
    const replaced = text
      .replace(/^program=.*$/m, `program=${host.program}`)
      .replace("logger -t", `logger -u ${log.socket} -t`)
      .replace("limit=10\n", "limit=2\n");
    assert.notEqual(replaced, text);
    await Deno.writeTextFile(launcher, replaced, { mode: 0o755 });
    await Deno.chmod(launcher, 0o755);
    const answer = (end: string) => program.install(end);
    await answer(`echo '${LINE}'`);
    await body({
      host,
      program,
      answer,
      async ask(args = ARGS, env = {}) {
        const { code, stdout, stderr } = await new Deno.Command(launcher, {
          args: [...args],
          clearEnv: true,
          env: { PATH: "/usr/bin:/bin", ...env },
          stdin: "null",
        }).output();
        return {
          code,
          stdout: decoder.decode(stdout),
          stderr: decoder.decode(stderr),
        };
      },
      logged: async () => (await log.lines()).join("\n"),
    });
  });
}

test("prints the one line of a program that grants", async ({ ask, program, logged }) => {
  assert.deepEqual(await ask(), { code: 0, stdout: `${LINE}\n`, stderr: "" });
  const facts = await program.facts();
  assert.deepEqual(facts?.args, ["ssh-keys", ...ARGS]);
  assert.deepEqual(
    facts.environment.map((entry) => entry.replace(/=.*/s, "")).sort(),
    ["OAUTH_PAM_ACCOUNT", "OAUTH_PAM_CONVERSATION", "OAUTH_PAM_GRANT", "PATH"],
  );
  assert.ok(facts.environment.includes("OAUTH_PAM_ACCOUNT=0:root"));
  assert.deepEqual(facts.limits, ["0077", "0", "/"]);
  assert.equal(facts.stdin, "");
  assert.equal(await logged(), "");
});

test("hands over the connection, and nothing of sshd's environment", async ({ ask, program }) => {
  const connection = "192.0.2.7 50000 192.0.2.1 22";
  const hostile = {
    OAUTH_PAM_ACCOUNT: "1000:root",
    OAUTH_PAM_GRANT: "0",
    OAUTH_PAM_CONVERSATION: "1-1",
    PAM_USER: "alice",
    LD_PRELOAD: "/nonexistent.so",
    DENO_DIR: "/x",
    chain: "/bin/true",
    program: "/bin/true",
  };
  assert.equal((await ask([...ARGS, connection], hostile)).code, 0);
  const facts = await program.facts();
  assert.deepEqual(facts?.args.slice(-1), [connection]);
  assert.ok(facts?.environment.includes("OAUTH_PAM_ACCOUNT=0:root"));
  assert.ok(
    !facts?.environment.some((entry) => /^(PAM_|LD_|DENO)/.test(entry)),
  );
  assert.ok(!facts?.environment.includes("OAUTH_PAM_CONVERSATION=1-1"));
});

test("takes 0 for no grant, whatever was printed", async ({ ask, answer, logged, host }) => {
  for (const end of [`echo '${LINE}'; exit 0`, "exit 0"]) {
    await answer(end);
    assert.deepEqual(await ask(), { code: 4, stdout: "", stderr: "" });
  }
  assert.match(await logged(), /ended with 0, which is not a grant/);
  // what the kernel takes for a shell script without commands
  await Deno.writeTextFile(host.program, "");
  assert.deepEqual(await ask(), { code: 4, stdout: "", stderr: "" });
  await Deno.writeTextFile(host.program, "#!/bin/sh\n");
  assert.deepEqual(await ask(), { code: 4, stdout: "", stderr: "" });
  await Deno.remove(host.program);
  assert.deepEqual(await ask(), { code: 4, stdout: "", stderr: "" });
});

test("passes on why there is no line, and prints none", async ({ ask, answer }) => {
  for (const code of [3, 4, 7, 9, 10]) {
    await answer(`echo '${LINE}'; exit ${code}`);
    assert.deepEqual(await ask(), { code, stdout: "", stderr: "" });
  }
  for (const code of [1, 31, 64, 127, 137, 255]) {
    await answer(`echo '${LINE}'; exit ${code}`);
    assert.deepEqual(await ask(), { code: 4, stdout: "", stderr: "" });
  }
});

test("prints nothing but one line that makes a key an authority", async ({ ask, answer }) => {
  for (
    const text of [
      "",
      "ssh-ed25519 AAAA",
      `${LINE}\\n${LINE}`,
      `ssh-rsa AAAA\\n${LINE}`,
      `${LINE}\\033[1m`,
      " cert-authority ssh-ed25519 AAAA",
      "cert-authorityx ssh-ed25519 AAAA",
    ]
  ) {
    await answer(`printf '${text}\\n'`);
    assert.deepEqual(await ask(), { code: 4, stdout: "", stderr: "" }, text);
  }
});

test("lets a program that hangs, or is killed, print nothing", async ({ ask, answer, logged }) => {
  await answer(`echo '${LINE}'; kill -9 $$`);
  assert.deepEqual(await ask(), { code: 4, stdout: "", stderr: "" });
  await answer(`echo '${LINE}'; exec sleep 60`);
  assert.deepEqual(await ask(), { code: 4, stdout: "", stderr: "" });
  assert.match(await logged(), /status 124 \(124: killed after 2 s\)/);
});

test("hands what the program says on standard error to the log", async ({ ask, answer, logged }) => {
  await answer(`echo '${LINE}'; echo one >&2; printf '40\\nlast' >&2`);
  // a last line without its end could be taken for a status
  assert.deepEqual(await ask(), { code: 4, stdout: "", stderr: "" });
  await answer(`echo '${LINE}'; echo one >&2; echo 40 >&2`);
  assert.equal((await ask()).stdout, `${LINE}\n`);
  assert.match(await logged(), /one/);
});

test("answers nothing about other keys, without the program", async ({ ask, program, host, logged }) => {
  for (
    const type of ["ssh-ed25519", "ssh-rsa", "sk-ssh-ed25519@openssh.com", ""]
  ) {
    const args = [...ARGS.slice(0, 3), type];
    assert.deepEqual(await ask(args), { code: 0, stdout: "", stderr: "" });
  }
  assert.equal(await program.facts(), undefined);
  await Deno.remove(host.program);
  assert.equal((await ask([...ARGS.slice(0, 3), "ssh-ed25519"])).code, 0);
  assert.equal(await logged(), "");
});

test("answers nothing where the program says that a certificate is not ours", async ({ ask, answer, logged }) => {
  await answer(`echo '${LINE}'; exit 25`);
  assert.deepEqual(await ask(), { code: 0, stdout: "", stderr: "" });
  assert.equal(await logged(), "");
});

test("lets nobody in where a PAM stack runs it, which would take 0 for a yes", async ({ ask, program, logged }) => {
  const [policy = "", user = "", key = ""] = ARGS;
  for (const type of ["ssh-ed25519", "%t", TYPE]) {
    for (const stack of ["auth", ""]) {
      const args = [policy, user, key, type];
      assert.deepEqual(
        await ask(args, { PAM_TYPE: stack, PAM_USER: "root" }),
        { code: 4, stdout: "", stderr: "" },
      );
    }
  }
  assert.equal(await program.facts(), undefined);
  assert.match(await logged(), /not for PAM/);
});

/** A folder that only root can change, unlike /tmp. */
async function inRootsFolder(
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: "/var/lib" });
  try {
    await Deno.chmod(folder, 0o755);
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

test("asks the command of --chain about keys that are not ours, and about no others", async ({ ask, answer }) => {
  await inRootsFolder(async (folder) => {
    const command = `${folder}/keys`;
    await Deno.writeTextFile(
      command,
      `#!/bin/sh\necho "ssh-rsa AAAA $#:$1 $(env | grep -c .)"\nexit 0\n`,
      { mode: 0o755 },
    );
    const plain = ["--chain", command, ...ARGS.slice(0, 3), "ssh-ed25519"];
    const certificate = ["--chain", command, ...ARGS];
    const chained = { code: 0, stdout: /^ssh-rsa AAAA 1:root [1-3]\n$/ };
    const asked = async (args: readonly string[]) => {
      const { code, stdout, stderr } = await ask(args);
      assert.equal(stderr, "");
      assert.equal(code, chained.code);
      assert.match(stdout, chained.stdout);
    };
    await asked(plain);
    await answer("exit 25");
    await asked(certificate);
    for (
      const end of [`echo '${LINE}'`, "exit 7", "exit 3", "exit 9", "exit 0"]
    ) {
      await answer(end);
      assert.doesNotMatch((await ask(certificate)).stdout, /ssh-rsa/, end);
    }
  });
});

test("refuses a command of --chain that others can change", async ({ ask, host }) => {
  await inRootsFolder(async (folder) => {
    const good = `${folder}/keys`;
    const script = "#!/bin/sh\necho ssh-rsa AAAA\n";
    await Deno.writeTextFile(good, script, { mode: 0o755 });
    const refused = async (command: string) => {
      const args = ["--chain", command, ...ARGS.slice(0, 3), "ssh-ed25519"];
      assert.deepEqual(
        await ask(args),
        { code: 4, stdout: "", stderr: "" },
        command,
      );
    };
    // below /tmp
    const elsewhere = `${host.directory}/keys`;
    await Deno.writeTextFile(elsewhere, script, { mode: 0o755 });
    await refused(elsewhere);
    await refused("keys");
    await refused("");
    await refused(`${folder}/missing`);
    // env would set a variable, and run what is called like the account
    await Deno.mkdir(`${folder}/a=b`);
    await Deno.writeTextFile(`${folder}/a=b/keys`, script, { mode: 0o755 });
    await refused(`${folder}/a=b/keys`);
    await Deno.symlink(good, `${folder}/link`);
    await refused(`${folder}/link`);
    await Deno.chmod(good, 0o775);
    await refused(good);
    await Deno.chmod(good, 0o757);
    await refused(good);
    await Deno.chmod(good, 0o644);
    await refused(good);
    await Deno.chmod(good, 0o755);
    await Deno.chown(good, 65534, null);
    await refused(good);
  });
});

test("refuses arguments that are not plain, too many or too few", async ({ ask, program }) => {
  const [policy = "", user = "", key = "", type = ""] = ARGS;
  for (
    const args of [
      [],
      [policy, user, key],
      [...ARGS, "a", "b"],
      ["--chain"],
      ["--chain", "/bin/true"],
      [policy, user, `${key}\n`, type],
      [policy, `${user}\x1b`, key, type],
      [policy, user, key, `\n${type}`],
      [policy, user, "A".repeat(130_001), type],
      [...ARGS, "ä"],
    ]
  ) {
    const { code, stdout } = await ask(args);
    assert.ok(
      [4, 7].includes(code),
      `${code} for ${JSON.stringify(args).slice(0, 80)}`,
    );
    assert.equal(stdout, "");
  }
  assert.equal(await program.facts(), undefined);
});

test("knows no account for names that are not names", async ({ ask, program }) => {
  for (const user of ["+0", "-n", "0x0", "nobody-of-that-name"]) {
    const [policy = "", , key = "", type = ""] = ARGS;
    assert.equal((await ask([policy, user, key, type])).code, 0);
    const facts = await program.facts();
    assert.ok(facts?.environment.includes("OAUTH_PAM_ACCOUNT="), user);
  }
});

test("carries a certificate of 120,000 characters and its line at once", async ({ ask, answer, program }) => {
  const key = "A".repeat(120_000);
  const line = `cert-authority ssh-ed25519 ${"B".repeat(120_000)}`;
  await answer(
    `printf 'cert-authority ssh-ed25519 %s\\n' "$(head -c 120000 /dev/zero | tr '\\0' B)"`,
  );
  const before = performance.now();
  const [policy = "", user = "", , type = ""] = ARGS;
  const result = await ask([policy, user, key, type]);
  assert.equal(result.stdout, `${line}\n`);
  assert.equal((await program.facts())?.args[3], key);
  // nothing in it may grow with the square
  assert.ok(performance.now() - before < 5_000);
});
