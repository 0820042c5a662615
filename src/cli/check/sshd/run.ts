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
import type { SshdConfig } from "./config.ts";

/** Runs `sshd -t` where this program may: that of a checkout, not the one that was built. */
export async function sshdTest(
  host: CheckHost,
  config: SshdConfig,
): Promise<Noted[]> {
  const { path } = config;
  const words = `${SSHD} -t -f ${path}`;
  if (!mayStartSshd(host)) {
    return [
      ...await unknownKeywords(host, config),
      notTested(path, "this program may start nothing", words),
    ];
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
    ...refused(`sshd does not start with this line: ${what}`, {
      file,
      line: Number(line),
    }),
    // a keyword that sshd does not know says nothing; a value may have been meant
    ...(/^Bad configuration option\b/.test(what ?? "")
      ? mendLine({ file, line: Number(line) }, { with: "s/^/# /" })
      : {}),
  }));
  if (lines.length > 0) return lines;
  const why = said.split("\n").at(-1) ?? `it ended with ${code}`;
  // of the machine rather than of the configuration: what only root can read, and a folder that the
  // service makes before it starts
  return host.uid() !== 0 || /privilege separation directory/.test(why)
    ? [notTested(path, why, words)]
    : [refused(`sshd does not start: ${why}`, { file: path })];
}

function refused(
  message: string,
  place: { readonly file: string; readonly line?: number },
): HostFinding {
  const hint = "correct or remove it; sshd_config(5) has what is allowed";
  return { id: "sshd/refused", level: "error", message, hint, ...place };
}

/**
 * Keywords that do not stand in sshd itself: all that it knows do, in lower case and with a zero behind.
 * What their values may be is not known here.
 */
async function unknownKeywords(
  { io }: CheckHost,
  { settings }: SshdConfig,
): Promise<HostFinding[]> {
  let program: string;
  try {
    program = new TextDecoder("latin1").decode(await io.readHostFile(SSHD));
  } catch {
    return [];
  }
  // not sshd, or not one that is written like this
  if (!program.includes("usepam\0")) return [];
  return settings.filter(({ keyword }) => !program.includes(`${keyword}\0`))
    .map((setting) => ({
      ...refused(
        `sshd does not start with this line: it has no keyword ${
          JSON.stringify(setting.keyword)
        }`,
        { file: setting.file, line: setting.line },
      ),
      ...mendLine(setting, { with: "s/^/# /" }),
    }));
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
