/**
 * A root of its own, in which a test installs, breaks and removes what it likes: /proc, /dev and processes
 * are its own, the network is the machine's. There is no systemd in it.
 *
 * Debian packages: util-linux (unshare, nsenter), mount; mmdebstrap for {@link debianTar}.
 *
 * @module
 */
import { OWN_MOUNTS } from "./mounts.ts";

export interface RootRun {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Put before the command, on the machine's side: `unshare -n`. */
  readonly before?: readonly string[];
}

export interface RootResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ThrowawayRoot extends AsyncDisposable {
  /** The command that runs this one in the root. */
  inside(command: readonly string[], before?: readonly string[]): string[];
  /** Runs a command to its end. */
  run(command: readonly string[], how?: RootRun): Promise<RootResult>;
  /** The same; throws with all that it said where it does not end with 0. */
  ok(command: readonly string[], how?: RootRun): Promise<string>;
  /** A file's text; throws where there is none. */
  read(path: string): Promise<string>;
  /** Writes a file, with the mode 0644 unless another is given. */
  write(path: string, text: string, mode?: number): Promise<void>;
  /** Copies a file of the machine to a path in the root, or what is in a folder into one. */
  bring(from: string, to: string): Promise<void>;
  /** The names in a folder, sorted. */
  names(folder: string): Promise<string[]>;
  /** What tells one file from another in its place. */
  inode(path: string): Promise<string>;
}

/** Runs as the first process of the root: what it started ends with it, and it ends with its input. */
const HOLD = `
mount --make-rprivate /
prepare "$@"
cd "$root"
mkdir -p proc dev sys tmp run
mount -t proc proc proc
mount -t tmpfs -o mode=0755 dev dev
for each in null zero full random urandom tty; do
  : >"dev/$each"; mount --bind "/dev/$each" "dev/$each"
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
chmod 1777 dev/shm
exec chroot "$root" /bin/sh -c 'echo ready; exec cat'
`;

/** What is written goes to memory and is gone with the root; the machine's files lie below. */
const OVER_THIS_MACHINE = `prepare() {
  root=$1/root
  mkdir "$1/layer" "$root"
  mount -t tmpfs -o mode=0755 layer "$1/layer"
  mkdir "$1/layer/upper" "$1/layer/work"
  mount -t overlay -o "lowerdir=/,upperdir=$1/layer/upper,workdir=$1/layer/work" root "$root"
}`;

/** Unpacked into memory. */
const FROM_TAR = `prepare() {
  root=$1/root
  mkdir "$root"
  mount -t tmpfs -o mode=0755 root "$root"
  tar -x --numeric-owner -C "$root" -f "$2"
}`;

/** A root that looks like this machine, and leaves it as it is. */
export function rootLikeThisMachine(): Promise<ThrowawayRoot> {
  return startRoot(OVER_THIS_MACHINE, []);
}

/** A root out of a tar archive, such as that of {@link debianTar}. */
export function rootFromTar(tar: string): Promise<ThrowawayRoot> {
  return startRoot(FROM_TAR, [tar]);
}

async function startRoot(
  prepare: string,
  args: readonly string[],
): Promise<ThrowawayRoot> {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-root-" });
  const holder = new Deno.Command("unshare", {
    args: [
      ...["--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc"],
      ...["sh", "-ec", `${prepare}\n${HOLD}`, "sh", folder, ...args],
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(holder.stderr).text();
  const reader = holder.stdout.getReader();
  const end = async () => {
    await holder.stdin.close().catch(() => {}); // it may have ended by itself
    await holder.status;
    await reader.cancel();
    await Deno.remove(folder, { recursive: true });
    return await stderr;
  };
  let first: string;
  try {
    const { done } = await reader.read();
    if (done) throw new Error("it ended");
    // not by the runtime, which lets nobody look there who may not do everything
    [first = ""] = (await output([
      ...["cat", `/proc/${holder.pid}/task/${holder.pid}/children`],
    ])).split(" ");
  } catch (error) {
    throw new Error(`no root: ${await end()}`, { cause: error });
  }
  const inside = (
    command: readonly string[],
    before: readonly string[] = [],
  ) => [
    ...before,
    ...["nsenter", "--target", first, "--mount", "--pid", "--uts", "--ipc"],
    ...["--root", "--wd", "--", ...command],
  ];
  const run = async (
    command: readonly string[],
    { env = {}, stdin = "", before = [] }: RootRun = {},
  ) => {
    const [program = "", ...words] = inside(command, before);
    const child = new Deno.Command(program, {
      args: words,
      clearEnv: true,
      env: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: "/root",
        LC_ALL: "C.UTF-8",
        ...env,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin))
      .then(() => writer.close()).catch(() => {}); // it need not read
    const output = await child.output();
    const decoder = new TextDecoder();
    return {
      code: output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
  };
  const ok = async (command: readonly string[], how?: RootRun) => {
    const { code, stdout, stderr } = await run(command, how);
    if (code === 0) return stdout;
    throw new Error(
      `${command.join(" ")} ended with ${code}:\n${stderr}${stdout}`,
    );
  };
  return {
    inside,
    run,
    ok,
    read: (path) => ok(["cat", "--", path]),
    async write(path, text, mode = 0o644) {
      await ok(
        [
          ...["sh", "-c", 'cat >"$1" && chmod "$2" "$1"', "sh"],
          ...[path, mode.toString(8)],
        ],
        { stdin: text },
      );
    },
    async bring(from, to) {
      // there the machine's files are to be seen as well as the root
      await output([
        ...["nsenter", "--target", first, "--mount", "--"],
        ...["cp", "-a", "--no-target-directory", from, `${folder}/root${to}`],
      ]);
    },
    async names(path) {
      return (await ok(["ls", "-A", "--", path])).split("\n").filter((name) =>
        name !== ""
      );
    },
    inode: (path) => ok(["stat", "--format=%i", "--", path]),
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}

async function output([command = "", ...args]: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`${command}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout).trim();
}

/** What a Debian server has, beside what its own base system brings. */
const DEBIAN_SERVER = ["openssh-server", "rsyslog", "sudo"];

/**
 * Debian 12 with a few packages, as an archive in the folder; or the archive that OAUTH_PAM_TEST_ROOT names,
 * made before. Takes some seconds, and the network.
 */
export async function debianTar(folder: string): Promise<string> {
  const made = Deno.env.get("OAUTH_PAM_TEST_ROOT");
  if (made) return made;
  const tar = `${folder}/debian.tar`;
  const work = `${folder}/debian`;
  await Deno.mkdir(work);
  await output([
    ...OWN_MOUNTS,
    // in memory: it writes everything twice
    ...[
      "sh",
      "-ec",
      'mount -t tmpfs work "$1"; TMPDIR=$1; export TMPDIR; shift; exec "$@"',
    ],
    ...["sh", work, "mmdebstrap", "--quiet", "--variant=minbase"],
    `--include=${DEBIAN_SERVER.join(",")}`,
    ...["--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Retries "3"'],
    ...["bookworm", tar],
  ]);
  return tar;
}
