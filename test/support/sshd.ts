/**
 * A real sshd on a loopback port with a PAM stack of the test's own,
 * and the real ssh client. The sshd runs under pam_wrapper, so /etc/pam.d is
 * left alone; it needs root, as any sshd that changes users does.
 *
 * Debian packages: openssh-server openssh-client libpam-wrapper passwd perl.
 *
 * @module
 */
import { withMounts } from "./mounts.ts";
import type { PamHost } from "./pam.ts";
import { until } from "./pam.ts";

const decoder = new TextDecoder();

/** Runs a command to its end; throws with its standard error when it fails. */
async function run(command: string, args: readonly string[]): Promise<string> {
  const result = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
  }).output();
  if (!result.success) {
    throw new Error(`${command} failed: ${decoder.decode(result.stderr)}`);
  }
  return decoder.decode(result.stdout);
}

export interface Account extends AsyncDisposable {
  readonly name: string;
  readonly uid: number;
}

/** What the names of throw-away accounts begin with. */
const THROWAWAY = "oauthpam";

/** An account somebody can log in to: one that exists, or a throw-away one. */
export async function ordinaryAccount(
  { create = false }: { create?: boolean } = {},
): Promise<Account> {
  const entries = (await run("getent", ["passwd"])).trim().split("\n")
    .map((line) => line.split(":"));
  const found = entries.find(([name, , uid, , , home, shell]) =>
    // those of other tests go away
    !name?.startsWith(THROWAWAY) && Number(uid) >= 1000 &&
    Number(uid) < 60_000 &&
    !/(nologin|false)$/.test(shell ?? "") && home?.startsWith("/home/")
  );
  if (found && !create) {
    return {
      name: found[0] ?? "",
      uid: Number(found[2]),
      async [Symbol.asyncDispose]() {},
    };
  }
  const name = `${THROWAWAY}${crypto.getRandomValues(new Uint16Array(1))[0]}`;
  await run("useradd", ["--create-home", "--shell", "/bin/sh", name]);
  return {
    name,
    uid: Number(await run("id", ["-u", name])),
    async [Symbol.asyncDispose]() {
      await run("userdel", ["--force", "--remove", name]).catch(() => {}); // complains about a missing mail spool
    },
  };
}

/** Gives an account a password; not by chpasswd, which goes through the machine's own PAM stack. */
export async function setPassword(
  account: string,
  password: string,
): Promise<void> {
  const hash = await run("perl", [
    "-e",
    "print crypt($ARGV[0], '$6$salt$')",
    password,
  ]);
  await run("usermod", ["--password", hash, account]);
}

export interface SshOptions {
  readonly user: string;
  /** What is typed at each prompt; a function sees the prompt, text before it included. */
  readonly token:
    | string
    | ((prompt: string, index: number) => string | Promise<string>);
  /** Run on the other side; default `id -un`. */
  readonly command?: string;
  /** Authentication methods in the client's order; default keyboard-interactive. */
  readonly methods?: string;
  /** The client's further `-o` options. */
  readonly options?: readonly string[];
  /** Ends the client. */
  readonly signal?: AbortSignal;
}

export interface SshResult {
  /** The command ran and ended with 0. */
  readonly ok: boolean;
  readonly code: number;
  readonly stdout: string;
  /** The client's messages. */
  readonly stderr: string;
  /** Every prompt that was shown, in order. */
  readonly prompts: readonly string[];
}

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** A folder of its own, removed in the end. */
  readonly directory: string;
  log(): Promise<string>;
  ssh(options: SshOptions): Promise<SshResult>;
}

export interface SshdOptions {
  readonly host: PamHost;
  /** In the host's service folder; its name becomes the PAM service. */
  readonly stackFile: string;
  /** Further lines for sshd_config; the first of two equal keys counts. */
  readonly config?: string;
  /** Its Match blocks, which stand last. */
  readonly match?: string;
  /** What this sshd sees in place of the machine's own, see `withMounts`. */
  readonly mounts?: Readonly<Record<string, string>>;
}

// ssh asks this script; it passes the prompt on to the test and prints the answer.
const ASKPASS = `#!/usr/bin/perl
use IO::Socket::UNIX;
my $s = IO::Socket::UNIX->new(Peer => "$ENV{OAUTH_PAM_TEST_ASK}") or exit 1;
print $s $ARGV[0]; $s->flush; shutdown $s, 1;
print while <$s>;
`;

/** Starts an sshd; answers when it listens. */
export async function startSshd(
  { host, stackFile, config = "", match = "", mounts }: SshdOptions,
): Promise<Sshd> {
  if (Deno.uid() !== 0) throw new Error("a real sshd needs root");
  await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const directory = await Deno.makeTempDir({ prefix: "oauth-pam-sshd-" });
  const service = stackFile.slice(stackFile.lastIndexOf("/") + 1);
  const key = `${directory}/host_key`;
  const logFile = `${directory}/log`;
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  await Deno.writeTextFile(`${directory}/askpass`, ASKPASS, { mode: 0o755 });
  // sshd takes the PAM service from the name it is started under; from 9.8 on, from its configuration.
  const binary = `${directory}/${service}`;
  await Deno.symlink("/usr/sbin/sshd", binary);
  const version = decoder.decode(
    (await new Deno.Command("ssh", { args: ["-V"] }).output()).stderr,
  ).match(/OpenSSH_(\d+)\.(\d+)/);
  const modern = Number(version?.[1]) * 100 + Number(version?.[2]) >= 908;
  const start = async () => {
    const probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = probe.addr;
    probe.close();
    await Deno.writeTextFile(
      `${directory}/config`,
      `${config}
ListenAddress 127.0.0.1:${port}
HostKey ${key}
PidFile none
LogLevel DEBUG1
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
PrintMotd no
${modern ? `PAMServiceName ${service}\nPerSourcePenalties no\n` : ""}${match}`,
    );
    const words = [binary, "-D", "-f", `${directory}/config`, "-E", logFile];
    const [command = "", ...args] = mounts ? withMounts(words, mounts) : words;
    const daemon = new Deno.Command(command, {
      args,
      clearEnv: true,
      env: { PATH: "/usr/sbin:/usr/bin:/bin", ...host.wrapperEnv() },
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let ended = false;
    daemon.status.then(() => ended = true);
    await until(
      async () =>
        ended || (await Deno.readTextFile(logFile).catch(() => ""))
          .includes(`Server listening on 127.0.0.1 port ${port}.`),
      { what: "sshd to listen" },
    );
    return { daemon, port, ended };
  };
  let running = await start();
  // Somebody else can take the port between the probe and sshd.
  for (let again = 0; running.ended && again < 3; again++) {
    running = await start();
  }
  if (running.ended) {
    throw new Error(`sshd ended: ${await Deno.readTextFile(logFile)}`);
  }
  const { daemon, port } = running;
  return {
    port,
    directory,
    log: () => Deno.readTextFile(logFile),
    async ssh(options) {
      const failures = async () =>
        (await Deno.readTextFile(logFile)).split("PAM: initialisation failed")
          .length;
      // pam_wrapper's processes share names for their folders: of two that start at the same moment
      // one may remove what the other has just made, before anything was asked
      for (let tries = 3;; tries--) {
        const before = await failures();
        const result = await ssh(options, { directory, port });
        if (tries === 1 || await failures() === before) return result;
      }
    },
    async [Symbol.asyncDispose]() {
      daemon.kill("SIGTERM");
      await daemon.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

let connections = 0;

/** Reads the prompt up to its end, writes the answer, closes. */
async function converse(
  connection: Deno.Conn,
  reply: (prompt: string) => Promise<string>,
): Promise<void> {
  using _ = connection;
  let prompt = "";
  const buffer = new Uint8Array(4096);
  for (let n; (n = await connection.read(buffer)) !== null;) {
    prompt += decoder.decode(buffer.subarray(0, n));
  }
  const bytes = new TextEncoder().encode(await reply(prompt));
  for (let sent = 0; sent < bytes.length;) {
    sent += await connection.write(bytes.subarray(sent));
  }
}

async function ssh(
  { user, token, command, methods, options = [], signal }: SshOptions,
  { directory, port }: { directory: string; port: number },
): Promise<SshResult> {
  // The token goes through a socket in a folder of mode 0700: neither arguments nor environment nor disk.
  const path = `${directory}/ask${connections++}`;
  const listener = Deno.listen({ transport: "unix", path });
  const prompts: string[] = [];
  const answering = (async () => {
    for await (const connection of listener) {
      await converse(connection, async (prompt) => {
        const index = prompts.push(prompt) - 1;
        return typeof token === "string" ? token : await token(prompt, index);
      });
    }
  })();
  const client = new Deno.Command("ssh", {
    args: [
      ...["-F", "none", "-p", `${port}`],
      ...[
        // the first value counts
        ...options,
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        "IdentitiesOnly=yes",
        "NumberOfPasswordPrompts=1",
        `PreferredAuthentications=${methods ?? "keyboard-interactive"}`,
      ].flatMap((option) => ["-o", option]),
      `${user}@127.0.0.1`,
      command ?? "id -un",
    ],
    clearEnv: true,
    env: {
      PATH: "/usr/bin:/bin",
      SSH_ASKPASS: `${directory}/askpass`,
      SSH_ASKPASS_REQUIRE: "force",
      OAUTH_PAM_TEST_ASK: path,
    },
    ...(signal === undefined ? {} : { signal }),
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const result = await client.output();
  listener.close();
  await answering;
  return {
    ok: result.success,
    code: result.code,
    stdout: decoder.decode(result.stdout),
    stderr: decoder.decode(result.stderr),
    prompts,
  };
}
