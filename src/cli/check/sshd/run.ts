/**
 * `check`: what sshd itself says about its configuration. A setting that it does not know keeps it
 * from starting again.
 *
 * @module
 */
import type { Finding } from "../../../policy/diagnostic.ts";
import type { CheckHost } from "../finding.ts";

const SSHD = "/usr/sbin/sshd";
const TIMEOUT_MS = 10_000;

/** Runs `sshd -t` where this program may: that of a checkout, not the one that was built. */
export async function sshdTest(
  { permission }: CheckHost,
  path: string,
): Promise<Finding[]> {
  const words = `${SSHD} -t -f ${path}`;
  if (permission({ name: "run", command: SSHD }) !== "granted") {
    return [notTested(path, "this program may start nothing", words)];
  }
  let code: number;
  let said: string;
  try {
    const { code: ended, stderr } = await new Deno.Command(SSHD, {
      args: ["-t", "-f", path],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).output();
    code = ended;
    said = new TextDecoder().decode(stderr).replaceAll("\r", "").trim();
  } catch {
    return [notTested(path, `"${SSHD}" could not be started`, words)];
  }
  if (code === 0) return [];
  const lines = [
    ...said.matchAll(/^(\/[^\n]*?):? line ([0-9]+): ([^\n]*)$/gm),
  ].map(([, file = path, line, what]): Finding => ({
    id: "sshd/refused",
    level: "error",
    message: `sshd does not start with this line: ${what}`,
    hint: "correct or remove it; sshd_config(5) has what is allowed",
    file,
    line: Number(line),
  }));
  if (lines.length > 0) return lines;
  // of the machine rather than of the configuration, such as host keys that only root can read
  return [
    notTested(path, said.split("\n").at(-1) ?? `it ended with ${code}`, words),
  ];
}

function notTested(file: string, why: string, words: string): Finding {
  return {
    id: "sshd/not-tested",
    level: "info",
    message:
      `whether sshd starts with this configuration was not tried: ${why}`,
    hint: words,
    file,
  };
}
