/**
 * A program at a terminal of its own, and the person who answers its prompts; setuid programs of
 * the system with PAM stacks of the test's own.
 *
 * Debian packages: bsdutils (script), util-linux (setpriv).
 *
 * @module
 */
import { withMounts } from "./mounts.ts";

export interface TerminalOptions {
  readonly command: readonly string[];
  /** What a prompt looks like: the end of what was printed so far. */
  readonly prompt: RegExp;
  /** What is typed; sees what was printed since the last answer. */
  readonly answer: (text: string, index: number) => string | Promise<string>;
}

export interface TerminalResult {
  readonly code: number;
  /** Everything that stood on the screen, with plain line ends. */
  readonly screen: string;
}

/** Runs a command at a pseudo terminal to its end. */
export async function atTerminal(
  options: TerminalOptions,
): Promise<TerminalResult> {
  const line = options.command
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", line, "/dev/null"],
    clearEnv: true,
    env: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      TERM: "dumb",
      SHELL: "/bin/sh",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  const decoder = new TextDecoder();
  let screen = "";
  let answered = 0;
  let prompts = 0;
  for await (const chunk of child.stdout) {
    screen += decoder.decode(chunk, { stream: true }).replaceAll("\r", "");
    if (!options.prompt.test(screen.slice(answered))) continue;
    const text = screen.slice(answered);
    answered = screen.length;
    const typed = await options.answer(text, prompts++);
    await writer.write(new TextEncoder().encode(`${typed}\n`));
  }
  await writer.close().catch(() => {}); // has ended
  const { code } = await child.status;
  return { code, screen };
}

/** The command as it runs where a folder is /etc/pam.d and a file /etc/sudoers. Needs root. */
export function withPamFolder(
  command: readonly string[],
  places: { pamFolder: string; sudoers?: string; user?: string },
): string[] {
  const { pamFolder, sudoers, user } = places;
  const become = user === undefined
    ? []
    : ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups", "--"];
  return withMounts([...become, ...command], {
    "/etc/pam.d": pamFolder,
    ...(sudoers === undefined ? {} : { "/etc/sudoers": sudoers }),
  });
}
