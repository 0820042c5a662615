/**
 * Accounts of the host, and what they may read by owners and modes. Does not see access control lists.
 *
 * @module
 */
import { decodeUtf8 } from "../../files/trusted_file.ts";
import type { CliIo } from "../io.ts";
import { EXECUTABLE } from "./trusted.ts";

export interface HostAccount {
  readonly name: string;
  readonly uid: number;
  readonly gids: readonly number[];
  readonly shell: string;
}

/**
 * The account in /etc/passwd; `null` where it is not there, and "unknown" where it might be somewhere else,
 * such as in a directory.
 */
export async function hostAccount(
  name: string,
  io: CliIo,
): Promise<HostAccount | "unknown" | null> {
  const entry = (await linesOf("/etc/passwd", io))
    .map((line) => line.split(":")).find(([first]) => first === name);
  const [uid, gid] = (entry ?? []).slice(2, 4).map(Number);
  if (uid === undefined || gid === undefined) {
    return await onlyFiles(io) ? null : "unknown";
  }
  const groups = (await linesOf("/etc/group", io))
    .map((line) => line.split(":"))
    .filter(([, , , members]) => members?.split(",").includes(name));
  return {
    ...{ name, uid },
    gids: [gid, ...groups.map(([, , number]) => Number(number))],
    shell: entry?.[6] ?? "",
  };
}

/** nsswitch.conf(5); systemd knows the accounts of services that have none of their own. */
async function onlyFiles(io: CliIo): Promise<boolean> {
  const line = (await linesOf("/etc/nsswitch.conf", io))
    .find((each) => /^\s*passwd\s*:/.test(each));
  const sources = line?.replace(/#.*/, "").replace(/^[^:]*:/, "").trim()
    .split(/\s+/) ?? [];
  return sources.length > 0 &&
    sources.every((each) => ["files", "systemd"].includes(each));
}

async function linesOf(path: string, io: CliIo): Promise<string[]> {
  try {
    return decodeUtf8(await io.readHostFile(path)).split("\n");
  } catch {
    return [];
  }
}

const READ = 4;
const EXECUTE = 1;

/**
 * What keeps the account from reading the file, or from running it as a program or a script; `null` when
 * nothing does, for what is not there, and for what nobody may run.
 */
export async function hindrance(
  account: HostAccount,
  path: string,
  { run = false }: { run?: boolean } = {},
): Promise<string | null> {
  const { name } = account;
  try {
    const real = await Deno.realPath(path);
    const above = await obstacle(account, real.replace(/\/[^/]*$/, "") || "/");
    if (above !== null) return above;
    const info = await Deno.stat(real);
    if (!may(account, info, READ)) return `"${name}" may not read "${path}"`;
    // where nobody may run it, it is not this account's fault
    const runs = ((info.mode ?? 0) & EXECUTABLE) !== 0;
    return run && runs && !may(account, info, EXECUTE)
      ? `"${name}" may not run "${path}"`
      : null;
  } catch {
    return null;
  }
}

/** What keeps the account from passing through a folder; as {@link hindrance}. */
export async function obstacle(
  account: HostAccount,
  folder: string,
): Promise<string | null> {
  try {
    const steps = (await Deno.realPath(folder)).split("/")
      .filter((step) => step !== "");
    for (const index of Array(steps.length + 1).keys()) {
      const step = `/${steps.slice(0, index).join("/")}`;
      if (may(account, await Deno.stat(step), EXECUTE)) continue;
      return `"${account.name}" may not pass through "${step}"`;
    }
    return null;
  } catch {
    return null;
  }
}

function may(
  { uid, gids }: HostAccount,
  { mode, uid: owner, gid }: Deno.FileInfo,
  bits: number,
): boolean {
  if (uid === 0) return true;
  const shift = owner === uid ? 6 : gids.includes(gid ?? -1) ? 3 : 0;
  return (((mode ?? 0) >> shift) & bits) === bits;
}
