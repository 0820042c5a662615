/**
 * Which accounts this host has, as far as the program itself can see: the launcher only tells about
 * PAM_USER.
 *
 * @module
 */

const MAX_BYTES = 16 * 1024 * 1024;

/** Sources of accounts that name nobody who is not in `/etc/passwd`, but for the system's own. */
const LOCAL_SOURCES = ["files", "compat", "systemd"];

/**
 * Those of the names that there may be an account for. Where all accounts are in `/etc/passwd`, that
 * is certain; where a directory is asked as well, names that are not in the file are kept.
 */
export async function accountsHere(
  names: readonly string[],
  etc = "/etc",
): Promise<string[]> {
  const passwd = await textOf(`${etc}/passwd`);
  const nsswitch = await textOf(`${etc}/nsswitch.conf`);
  if (passwd === null || nsswitch === null || !isLocal(nsswitch)) {
    return [...names];
  }
  const known = new Set(passwd.split("\n").map((line) => line.split(":")[0]));
  return names.filter((name) => known.has(name));
}

/** nsswitch.conf(5): no source of "passwd" is a directory somewhere else. */
function isLocal(nsswitch: string): boolean {
  const line = /^passwd:(.*)$/m.exec(nsswitch.replace(/#.*$/gm, ""))?.[1];
  const sources = (line ?? "").replace(/\[[^\]]*\]/g, " ").trim().split(/\s+/);
  return line !== undefined &&
    sources.every((source) => LOCAL_SOURCES.includes(source));
}

async function textOf(path: string): Promise<string | null> {
  try {
    if ((await Deno.stat(path)).size > MAX_BYTES) return null;
    return await Deno.readTextFile(path);
  } catch {
    return null;
  }
}
