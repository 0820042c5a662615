/**
 * `check`: what sshd itself says about its configuration. A setting that it does not know keeps it
 * from starting again.
 *
 * @module
 */
import type { Finding } from "../../../policy/diagnostic.ts";
import {
  type CheckHost,
  fine,
  type HostFinding,
  mayStartSshd,
  type Noted,
  SSHD,
} from "../finding.ts";
import { mendLine } from "../mend.ts";

/** Runs `sshd -t` where this program may: that of a checkout, not the one that was built. */
export async function sshdTest(
  host: CheckHost,
  path: string,
): Promise<Noted[]> {
  const words = `${SSHD} -t -f ${path}`;
  if (!mayStartSshd(host)) {
    return [notTested(path, "this program may start nothing", words)];
  }
  const answer = await host.sshd(["-t", "-f", path]);
  if (answer === null) {
    return [notTested(path, `"${SSHD}" could not be started`, words)];
  }
  const { code } = answer;
  const said = answer.stderr.replaceAll("\r", "").trim();
  if (code === 0) {
    const message = `sshd starts with "${path}" (sshd -t)`;
    return [fine("sshd/refused", message, { file: path })];
  }
  const lines = [
    ...said.matchAll(/^(\/[^\n]*?):? line ([0-9]+): ([^\n]*)$/gm),
  ].map(([, file = path, line, what]): HostFinding => ({
    id: "sshd/refused",
    level: "error",
    message: `sshd does not start with this line: ${what}`,
    hint: "correct or remove it; sshd_config(5) has what is allowed",
    file,
    line: Number(line),
    // a keyword that sshd does not know says nothing; a value may have been meant
    ...(/^Bad configuration option\b/.test(what ?? "")
      ? mendLine({ file, line: Number(line) }, { with: "s/^/# /" })
      : {}),
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
