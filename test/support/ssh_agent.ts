/**
 * A real ssh-agent on a socket of its own, and what `ssh-add` and `ssh-keygen` say of its keys.
 *
 * Debian package: openssh-client.
 *
 * @module
 */
import { until } from "./pam.ts";

export interface TestAgent extends AsyncDisposable {
  /** For SSH_AUTH_SOCK. */
  readonly socket: string;
  /** `ssh-add` with these arguments. */
  add(...args: string[]): Promise<{ code: number; text: string }>;
  /** Its public keys and certificates, as `ssh-add -L` prints them. */
  lines(): Promise<string[]>;
  /** Ends it, as logging out does. */
  stop(): Promise<void>;
}

/** Starts an agent; answers when it listens. */
export async function startAgent(
  options: { readonly args?: readonly string[] } = {},
): Promise<TestAgent> {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-agent-" });
  const socket = `${folder}/socket`;
  const child = new Deno.Command("ssh-agent", {
    args: ["-D", "-a", socket, ...options.args ?? []],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let running = true;
  const ended = child.status.then(() => running = false);
  const add = async (...args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command("ssh-add", {
      args,
      env: { SSH_AUTH_SOCK: socket },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
  };
  // 2: there is no agent
  await until(async () => !running || (await add("-l")).code !== 2, {
    what: "ssh-agent to listen",
  });
  const stop = async () => {
    if (running) child.kill("SIGTERM");
    await ended;
  };
  return {
    socket,
    add,
    stop,
    async lines() {
      const { code, text } = await add("-L");
      return code === 0 ? text.trim().split("\n") : [];
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** What `ssh-keygen -L` prints of a public line, without the blanks at the ends of lines. */
export async function certificateText(line: string): Promise<string> {
  const child = new Deno.Command("ssh-keygen", {
    args: ["-L", "-f", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(line));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
