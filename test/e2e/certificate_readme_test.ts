/**
 * From the README's policy to `ssh` by certificate: its blocks as they are written, a certified provider,
 * the built client, Chromium, ssh-agent, sshd and ssh. Makes the transcript that the README shows.
 *
 * @module
 */
// Threats: E2
import assert from "node:assert/strict";
import { build } from "../../src/build/main.ts";
import { buildEnvironment } from "../support/built_program.ts";
import { signInInBrowser } from "../support/chromium.ts";
import { KEY_CLIENT } from "../support/key_desk.ts";
import { createPamHost, readExample, until } from "../support/pam.ts";
import { ACCOUNTS, startProvider } from "../support/provider.ts";
import { blocksOf, shell, workplace } from "../support/readme.ts";
import { startAgent } from "../support/ssh_agent.ts";
import { ordinaryAccount, startSshd } from "../support/sshd.ts";
import { listenSyslog } from "../support/syslog.ts";

const README = new URL("../../README.md", import.meta.url);
const TRANSCRIPT = new URL(
  "../testdata/transcripts/certificate_sign_in.txt",
  import.meta.url,
);
const USER = "oauth-pam";

async function run(...[command = "", ...args]: string[]): Promise<boolean> {
  return (await new Deno.Command(command, {
    args,
    stdout: "null",
    stderr: "null",
  }).output()).success;
}

Deno.test("the README leads from a policy to ssh by certificate", async () => {
  await using cleanup = new AsyncDisposableStack();
  const account = cleanup.use(await ordinaryAccount({ create: true }));
  const provider = cleanup.use(
    await startProvider({
      clients: [{ ...KEY_CLIENT, client_id: "ssh" }],
      accounts: {
        alice: {
          ...ACCOUNTS.alice!,
          claims: {
            ...ACCOUNTS.alice!.claims,
            email: `${account.name}@example.edu`,
          },
        },
      },
    }),
  );
  const log = cleanup.use(await listenSyslog());
  await Deno.chmod(log.socket.replace(/\/[^/]*$/, ""), 0o755);
  await Deno.chmod(log.socket, 0o666);

  // the host: steps 1 to 3
  const root = await Deno.makeTempDir({
    dir: "/var/lib",
    prefix: "oauth-pam-",
  });
  cleanup.defer(() => Deno.remove(root, { recursive: true }));
  await Deno.chmod(root, 0o755);
  const folder = await workplace();
  cleanup.defer(() => Deno.remove(folder, { recursive: true }));
  await Deno.symlink(root, `${folder}/host`);
  const blocks = blocksOf(await Deno.readTextFile(README));
  const policy = blocks.find(({ file }) => file === "policy.yaml")?.text ?? "";
  await Deno.writeTextFile(`${root}/ca.pem`, provider.caPem);
  await Deno.writeTextFile(
    `${folder}/policy.yaml`,
    policy.replace(
      "https://login.example.edu",
      `${provider.issuer}\n    ca_file: ${root}/ca.pem`,
    ) + `log: {socket: ${log.socket}}\n`,
  );
  for (const { language, text } of blocks) {
    if (language !== "sh" || text.includes("journalctl")) continue;
    const { code, output } = await shell(text, folder);
    assert.equal(code, 0, output);
  }
  // what is done where DESTDIR is empty
  if (!await run("id", USER)) {
    assert.ok(
      await run(
        ...["useradd", "--system", "--no-create-home"],
        ...["--shell", "/usr/sbin/nologin", USER],
      ),
    );
    cleanup.defer(async () => void await run("userdel", USER));
  }
  assert.ok(
    await run("chown", `${USER}:`, `${root}/var/cache/oauth-pam-keys`),
  );
  const place = "/etc/oauth-pam";
  if (await Deno.stat(place).catch(() => null) === null) {
    await Deno.mkdir(place);
    cleanup.defer(() => Deno.remove(place));
  }
  const host = cleanup.use(await createPamHost());
  const lines = await Deno.readTextFile(
    `${root}/etc/ssh/sshd_config.d/10-oauth-pam.conf`,
  );
  const [config = "", match = ""] = lines.split(/^(?=Match )/m);
  const sshd = cleanup.use(
    await startSshd({
      host,
      config,
      match,
      stackFile: await host.writeService(
        "oauthpam-sshd",
        await readExample("sshd-certificates"),
      ),
      mounts: {
        "/usr/libexec": `${root}/usr/libexec`,
        "/var/cache": `${root}/var/cache`,
        [place]: `${root}/etc/oauth-pam`,
      },
    }),
  );

  // the person's machine: step 5
  const client = `${folder}/client`;
  const errors: string[] = [];
  const code = await build(["--client", "--output", client], {
    environment: buildEnvironment,
    print: () => {},
    printError: (line) => errors.push(line),
  });
  assert.equal(code, 0, errors.join("\n"));
  const agent = cleanup.use(await startAgent());
  const shown = blocks.find(({ language }) => language === "transcript");
  const [, command = ""] = /^\$ (oauth-pam key .*)$/m.exec(shown?.text ?? "") ??
    [];
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      `exec ${client} ${
        command.slice("oauth-pam ".length)
          .replace("https://login.example.edu", provider.issuer)
      } --ca-file ${root}/ca.pem`,
    ],
    clearEnv: true,
    env: { SSH_AUTH_SOCK: agent.socket, PATH: "/usr/bin:/bin" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let said = "";
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) said += decoder.decode(chunk);
  })();
  const url = await until(
    () => Promise.resolve(/^https:\/\/\S+$/m.exec(said)?.[0]),
    { what: "the address" },
  );
  const { password } = provider.accounts.alice!;
  await signInInBrowser({ url, account: "alice", password });
  const { code: ended } = await child.output();
  await reading;
  assert.equal(ended, 0, said);

  const login = await sshd.ssh({
    user: account.name,
    token: "",
    methods: "publickey",
    options: ["IdentitiesOnly=no", `IdentityAgent=${agent.socket}`],
  });
  assert.equal(login.stdout, `${account.name}\n`, await sshd.log());
  const line = await log.next((each) => each.includes("decision="));
  assert.match(line, / decision=allow .* method=certificate .* rule=staff /);

  // what differs from machine to machine and from login to login
  const transcript =
    `$ ${command}\n${said}$ ssh alice@ssh.example.edu id -un\n${login.stdout}`
      .replaceAll(account.name, "alice")
      .replace(/^https:\/\/\S+$/m, "https://login.example.edu/auth?…")
      .replaceAll(provider.issuer, "https://login.example.edu")
      .replace(/until .*$/m, "until 2026-01-01 18:00");
  assert.equal(transcript, await Deno.readTextFile(TRANSCRIPT));
});
