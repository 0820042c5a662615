/**
 * The folders that a policy's program writes to, and in each the link to the host's syslog daemon: what
 * lies below /dev is out of reach for a program with limited permissions.
 *
 * @module
 */
import { lookAt } from "../../files/private_directory.ts";
import { type Policy, takesCertificates } from "../../policy/model.ts";
import { hostAccount } from "../check/host_account.ts";
import { InputError } from "../input.ts";
import type { CliIo } from "../io.ts";
import { type InstalledHost, KEYS_USER, requireTrusted } from "./host.ts";

/**
 * Makes those that are not there, and says what it made and what it could not. What is there stays
 * as it is: `check` looks at it. Throws `InputError` where others could write above it.
 */
export async function makeDirectories(
  policy: Policy,
  { host, io }: { host: InstalledHost; io: CliIo },
): Promise<string[]> {
  const { cache, log } = policy;
  const said: string[] = [];
  const socket = log.socket.startsWith("/dev/") ? log.socket : null;
  if (await makeDirectory(cache.directory, host)) {
    said.push(`made ${cache.directory}`);
  }
  said.push(...await link(cache.directory, { socket, host }));
  if (!takesCertificates(policy)) return said;
  const keys = cache.ssh_keys_directory;
  if (lookAt(host.at(keys)) === null) {
    const account = await hostAccount(KEYS_USER, host.reading(io));
    if (account === null || account === "unknown") {
      return [
        ...said,
        `did not make ${keys}: the host has no user "${KEYS_USER}" as whom sshd asks about certificates`,
      ];
    }
    await makeDirectory(keys, host);
    await link(keys, { socket, host });
    await Deno.chown(host.at(keys), account.uid, 0);
    return [...said, `made ${keys} of the user "${KEYS_USER}"`];
  }
  return [...said, ...await link(keys, { socket, host })];
}

/** With the mode 0700; those above it, where they are missing, with 0755. */
async function makeDirectory(
  path: string,
  host: InstalledHost,
): Promise<boolean> {
  if (lookAt(host.at(path)) !== null) return false;
  const steps = path.split("/").filter((step) => step !== "");
  for (const index of steps.keys()) {
    const folder = host.at(`/${steps.slice(0, index + 1).join("/")}`);
    if (lookAt(folder) !== null) continue;
    requireTrusted(folder.slice(0, folder.lastIndexOf("/")) || "/", path);
    const mode = index === steps.length - 1 ? 0o700 : 0o755;
    await Deno.mkdir(folder, { mode });
    // whatever the umask is
    await Deno.chmod(folder, mode);
  }
  return true;
}

/** Says where it made none, because others could write above it, and so lead elsewhere. */
async function link(
  directory: string,
  { socket, host }: { socket: string | null; host: InstalledHost },
): Promise<string[]> {
  if (socket === null) return [];
  const path = host.at(directory);
  try {
    requireTrusted(path.slice(0, path.lastIndexOf("/")) || "/", directory);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [`did not make a link to ${socket} in ${error.message}`];
  }
  // a directory that is not only for this, such as /var/cache, is not one
  const { mode } = await Deno.lstat(path);
  if (((mode ?? 0o077) & 0o077) !== 0) return [];
  try {
    await Deno.symlink(socket, `${path}/syslog`);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  return [];
}
