/**
 * `check`: which sshd it is. What its configuration may say depends on it, and `sshd -t` does not look at
 * all of that.
 *
 * @module
 */
import { type CheckHost, mayStartSshd, SSHD } from "../finding.ts";

/** OpenSSH's, such as 9.2. */
interface SshdVersion {
  readonly major: number;
  readonly minor: number;
}

/** What `sshd -V` says, or where nothing may be started what stands in sshd; `null` for neither. */
export async function sshdVersion(
  host: CheckHost,
): Promise<SshdVersion | null> {
  if (mayStartSshd(host)) {
    // a version that does not know "-V" says in its refusal which one it is
    const answer = await host.sshd(["-V"]);
    return only([...(answer?.stderr ?? "").matchAll(SAID)]);
  }
  try {
    const bytes = await host.io.readHostFile(SSHD);
    return only([...new TextDecoder("latin1").decode(bytes).matchAll(WRITTEN)]);
  } catch {
    return null;
  }
}

const SAID = /\bOpenSSH_([0-9]{1,3})\.([0-9]{1,3})(?![0-9*])/g;
/** A whole text of the program, unlike the patterns by which it knows other versions. */
const WRITTEN = /\bOpenSSH_([0-9]{1,3})\.([0-9]{1,3})(?:p[0-9]+)?[\0 ]/g;

function only(found: readonly RegExpExecArray[]): SshdVersion | null {
  const texts = new Set(found.map(([, major, minor]) => `${major}.${minor}`));
  const [, major, minor] = found[0] ?? [];
  return texts.size === 1 && major !== undefined && minor !== undefined
    ? { major: Number(major), minor: Number(minor) }
    : null;
}

export function isBefore(version: SshdVersion, other: SshdVersion): boolean {
  return version.major < other.major ||
    version.major === other.major && version.minor < other.minor;
}
