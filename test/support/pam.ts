/**
 * Runs real PAM stacks, those of `pam.d.example/` as they are written
 * there, without root and without touching /etc/pam.d: pam_wrapper points
 * libpam at a folder of the test's own, pamtester plays the application.
 *
 * Debian packages: libpam-wrapper pamtester libpam-script.
 *
 * @module
 */
import { PamWrapperCopies } from "./pam_wrapper.ts";

const EXAMPLES = new URL("../../pam.d.example/", import.meta.url);
/** The paths that the examples name, as an administrator would install them. */
const DOCUMENTED = {
  launcher: "/usr/libexec/oauth-pam/oauth-pam-launch",
  program: "/usr/libexec/oauth-pam/oauth-pam",
  scripts: "/usr/libexec/oauth-pam/pam_script",
  policy: "/etc/oauth-pam/policy.yaml",
};

/** Text to find, and what to put there everywhere it occurs. */
export type Replacements = Readonly<Record<string, string>>;

/** Waits until `condition` gives something, looking again every few milliseconds. */
export async function until<T>(
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  { what, timeoutMs = 60_000 }: { what: string; timeoutMs?: number },
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  while (true) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The text of a file of `pam.d.example/`. */
export function readExample(name: string): Promise<string> {
  return Deno.readTextFile(new URL(name, EXAMPLES));
}

/** Replaces longer texts first; throws when one of them does not occur. */
export function replaceAll(text: string, replacements: Replacements): string {
  const longestFirst = Object.entries(replacements)
    .sort(([a], [b]) => b.length - a.length);
  const marks = longestFirst.map(([from], index) => {
    if (!text.includes(from)) throw new Error(`no "${from}" to replace`);
    text = text.replaceAll(from, `\0${index}\0`);
    return `\0${index}\0`;
  });
  for (const [index, mark] of marks.entries()) {
    text = text.replaceAll(mark, longestFirst[index]![1]);
  }
  return text;
}

export interface PamHostOptions {
  /** Where logger(1) sends to; otherwise the machine's own /dev/log. */
  readonly syslogSocket?: string;
  /** More to replace in the launcher's copy, such as its time limit. */
  readonly launcher?: Replacements;
}

export interface Attempt {
  readonly service: string;
  readonly user: string;
  /** Typed at the prompt, followed by a newline. */
  readonly password: string;
  readonly rhost?: string;
  /** pamtester's operations in order; default `authenticate`. */
  readonly operations?: readonly string[];
  /** The calling application's environment, PATH aside empty by default. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface AttemptResult {
  /** Every operation succeeded. */
  readonly ok: boolean;
  /** What the person at the prompt saw, and pamtester's own words. */
  readonly output: string;
  /** What modules sent to syslog, which pam_wrapper diverts. */
  readonly log: string;
}

/** A folder that stands for a host with oauth-pam installed. */
export class PamHost implements AsyncDisposable {
  readonly directory: string;
  /** Plays the part of /etc/pam.d. */
  readonly serviceDir: string;
  /** Where the program under test, or its stand-in, belongs. */
  readonly program: string;
  readonly launcher: string;
  /** What pam_script's `dir=` names. */
  readonly scripts: string;
  readonly policy: string;
  readonly #wrappers: PamWrapperCopies;

  constructor(directory: string) {
    this.directory = directory;
    this.serviceDir = `${directory}/pam.d`;
    this.program = `${directory}/libexec/oauth-pam`;
    this.launcher = `${directory}/libexec/oauth-pam-launch`;
    this.scripts = `${directory}/libexec/pam_script`;
    this.policy = `${directory}/policy.yaml`;
    this.#wrappers = new PamWrapperCopies(directory);
  }

  /** Makes `example` the PAM stack of `service`; answers the file's path. */
  async installStack(
    example: string,
    { service, change }: {
      service: string;
      /** Applied to the text after the paths are replaced. */
      change?: (stack: string) => string;
    },
  ): Promise<string> {
    const text = await readExample(example);
    const used: Replacements = text.includes(DOCUMENTED.scripts)
      ? { [DOCUMENTED.scripts]: this.scripts }
      : {
        [DOCUMENTED.launcher]: this.launcher,
        [DOCUMENTED.policy]: this.policy,
      };
    const stack = replaceAll(text, used);
    return await this.writeService(service, change ? change(stack) : stack);
  }

  async writeService(service: string, stack: string): Promise<string> {
    const file = `${this.serviceDir}/${service}`;
    await Deno.writeTextFile(file, stack);
    return file;
  }

  /** Runs one PAM transaction as pamtester does it. Needs no root. */
  async authenticate(attempt: Attempt): Promise<AttemptResult> {
    const { service, user, password, rhost, operations } = attempt;
    const child = new Deno.Command("pamtester", {
      args: [
        ...(rhost === undefined ? [] : ["-I", `rhost=${rhost}`]),
        ...[service, user],
        ...(operations ?? ["authenticate"]),
      ],
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin", ...attempt.env, ...this.wrapperEnv() },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${password}\n`))
      .then(() => writer.close()).catch(() => {}); // ended before it asked
    const result = await child.output();
    const decoder = new TextDecoder();
    const text = decoder.decode(result.stderr) + decoder.decode(result.stdout);
    const syslog = /PWRAP_[A-Z]+\[.*\n?/g; // possibly behind a prompt, which ends without a newline
    return {
      ok: result.success,
      output: text.replaceAll(syslog, ""),
      log: (text.match(syslog) ?? []).join(""),
    };
  }

  /** What one process needs in its environment to see `serviceDir`, with its children. */
  wrapperEnv(): Record<string, string> {
    return {
      LD_PRELOAD: this.#wrappers.add(),
      PAM_WRAPPER: "1",
      PAM_WRAPPER_SERVICE_DIR: this.serviceDir,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#wrappers.removeFolders();
    await Deno.remove(this.directory, { recursive: true });
  }
}

/** Installs launcher and pam_script variant; the program is the caller's to add. */
export async function createPamHost(
  { syslogSocket, launcher = {} }: PamHostOptions = {},
): Promise<PamHost> {
  const host = new PamHost(await Deno.makeTempDir({ prefix: "oauth-pam-" }));
  await Deno.mkdir(host.serviceDir);
  await Deno.mkdir(host.scripts, { recursive: true });
  await Deno.writeTextFile(host.policy, "");
  const install = async (
    example: string,
    file: string,
    replacements: Replacements,
  ) => {
    const text = replaceAll(await readExample(example), replacements);
    await Deno.writeTextFile(file, text, { mode: 0o755 });
    await Deno.chmod(file, 0o755);
  };
  await install("oauth-pam-launch", host.launcher, {
    [`program=${DOCUMENTED.program}\n`]: `program=${host.program}\n`,
    ...(syslogSocket === undefined
      ? {}
      : { "logger -t": `logger -u ${syslogSocket} -t` }),
    ...launcher,
  });
  await install("pam_script_auth", `${host.scripts}/pam_script_auth`, {
    [DOCUMENTED.launcher]: host.launcher,
    [DOCUMENTED.policy]: host.policy,
  });
  // libpam wants a fallback, and the examples include Debian's common files.
  await host.writeService("other", "auth required pam_deny.so\n");
  for (const type of ["account", "session", "password"]) {
    const text = await Deno.readTextFile(`/etc/pam.d/common-${type}`);
    // Installing libpam-mount can add it there, and then it writes to the terminal of each session.
    const usual = text.replaceAll(/^[^#\n]*\bpam_mount\.so\b.*\n/gm, "");
    await host.writeService(`common-${type}`, usual);
  }
  return host;
}
