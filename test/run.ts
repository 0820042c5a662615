/**
 * `deno task test`: brings along what the tests use beside Deno, and runs them. As root on Debian it
 * installs what is missing; elsewhere it says what is. A test without its part fails: it is not
 * skipped.
 *
 *     deno task test [ARGUMENT OF `deno test`]...
 *
 * @module
 */

/**
 * Debian packages with a program or library of each: a PAM stack without root, sshd and ssh, sudo,
 * rsyslogd and logrotate, a browser, what strips and inspects programs, what makes and judges
 * packages, what the packages leave to systemd and AppArmor, shells that complete or can be sh, what reads man
 * pages, the SciTokens tools, what builds the benchmark's C program, and Python for the oauth-ssh client, the
 * baseline of the benchmark and the parsers of metrics.
 */
const PACKAGES: Readonly<Record<string, string>> = {
  "libpam-wrapper": "libpam_wrapper.so",
  "pamtester": "pamtester",
  "libpam-script": "pam_script.so",
  "libpam-mount": "pam_mount.so",
  "openssh-server": "sshd",
  "openssh-client": "ssh",
  "rsyslog": "rsyslogd",
  "logrotate": "logrotate",
  "sudo": "sudo",
  "login": "login",
  "git": "git",
  "strace": "strace",
  "util-linux": "unshare",
  "mmdebstrap": "mmdebstrap",
  "binutils": "strip",
  "lintian": "lintian",
  "rpm": "rpmbuild",
  "systemd": "systemd-tmpfiles",
  "apparmor": "apparmor_parser",
  "passwd": "useradd",
  "perl": "perl",
  "zsh": "zsh",
  "fish": "fish",
  "mksh": "mksh",
  "busybox": "busybox",
  "mandoc": "mandoc",
  "man-db": "man and lexgrog",
  "chromium": "chromium",
  "scitokens-cpp": "scitokens-create",
  "gcc": "gcc",
  "libssl-dev": "OpenSSL's headers",
  "python3": "python3",
  "python3-jwt": "the Python module jwt",
  "python3-requests": "the Python module requests",
  "python3-cryptography": "the Python module cryptography",
  "python3-paramiko": "the Python module paramiko",
  "python3-prometheus-client": "parsers of metrics",
};

/** From where a denort is fetched, so that a really compiled program is tested too. */
const DENORT = new URL("../../shared/denort/prepare", import.meta.url).pathname;

const debianPackages = await missingPackages();
if (debianPackages === null) {
  say(
    `This is not Debian, so it cannot be told whether all is there that the tests use:
${list(Object.keys(PACKAGES))}
A test that lacks a part of it fails.`,
  );
} else if (debianPackages.length > 0) {
  if (Deno.uid() === 0) await install(debianPackages);
  const left = await missingPackages() ?? debianPackages;
  if (left.length > 0) {
    say(`These Debian packages are missing, and tests that use them will fail:
${list(left)}
To get them, as root:
  apt-get install --no-install-recommends ${left.join(" ")}`);
  }
}

// fetches what `deno bundle` runs: of tests that did so at once for the first time, one would fail
await attempt(Deno.execPath(), {
  args: ["bundle", "--quiet", new URL(import.meta.url).pathname],
  stdin: "null",
  stdout: "null",
});

// see test/support/bundle_once.ts
const bundles = await Deno.makeTempDir({ prefix: "oauth-pam-bundles-" });
const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    "test",
    "--parallel",
    ...["read", "write", "run", "net", "env", "sys"].map((name) =>
      `--allow-${name}`
    ),
    "--no-prompt",
    // an option alone, such as --filter, is about all of them
    ...(Deno.args.some((word) => /\.ts$|^test\//.test(word)) ? [] : ["test/"]),
    ...Deno.args,
  ],
  env: { ...await denort(), OAUTH_PAM_TEST_BUNDLES: bundles },
}).spawn().status;
await Deno.remove(bundles, { recursive: true });
Deno.exit(code);

/** Those that are not installed; `null` where there is no dpkg to ask. */
async function missingPackages(): Promise<string[] | null> {
  const names = Object.keys(PACKAGES);
  const answer = await output("dpkg-query", [
    "--show",
    "--showformat=${Package} ${db:Status-Status}\\n",
    ...names,
  ]);
  if (answer === null) return null;
  const lines = answer.split("\n");
  return names.filter((name) => !lines.includes(`${name} installed`));
}

async function install(names: readonly string[]): Promise<void> {
  say(`installing ${names.join(", ")}`);
  const options = {
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
    stdout: "null",
  } as const;
  await attempt("apt-get", { ...options, args: ["update", "-qq"] });
  await attempt("apt-get", {
    ...options,
    args: [
      "install",
      "-y",
      "-qq",
      "--no-install-recommends",
      // without the file that would add pam_mount to this machine's own stacks; only a test's uses it
      "-o",
      "DPkg::Options::=--path-exclude=/usr/share/pam-configs/libpam-mount",
      ...names,
    ],
  });
}

/** Variables with which `deno compile` finds a denort, where one can be had. */
async function denort(): Promise<Record<string, string>> {
  if (Deno.env.get("DENORT_BIN") !== undefined) return {};
  const assignments = await output(DENORT, []);
  const found = (assignments ?? "").matchAll(/\b([A-Z_]+)='([^']*)'/g);
  return Object.fromEntries(
    [...found].map(([, name = "", value = ""]) => [name, value]),
  );
}

async function output(
  command: string,
  args: readonly string[],
): Promise<string | null> {
  try {
    const { stdout } = await new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout);
  } catch {
    return null;
  }
}

/** Whether it went well shows in what is there afterwards. */
async function attempt(
  command: string,
  options: Deno.CommandOptions,
): Promise<void> {
  try {
    await new Deno.Command(command, options).spawn().status;
  } catch {
    // there is no such command
  }
}

function list(names: readonly string[]): string {
  return names.map((name) => `  ${name} (${PACKAGES[name]})`).join("\n");
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}
