/**
 * `oauth-pam parse-ahead POLICY FOLDER`: what the wrapper of a runtime build runs before the first login
 * after a change of the policy. It parses the policy, so that no login needs to until the next change.
 *
 * It sees no token, no network and no environment, and decides nothing: the wrapper does not look at how
 * it ends. A policy that is not valid is left to the logins, which say what is wrong with it.
 *
 * @module
 */
import { checkPrivateDirectory, lookAt } from "../files/private_directory.ts";
import { sha256Hex } from "../files/state_directory.ts";
import { checkTrustedPath } from "../files/trusted_file.ts";
import {
  copiedPolicy,
  copyName,
  copyOf,
  embeddedPolicy,
  programId,
} from "./host/parsed_policy.ts";
import { parseText, readPolicy } from "./host/policy_file.ts";

/** Copies, and marks of what was looked at, that are kept: one host may log in by several policies. */
const KEPT = 8;
const NEW = ".new-";
/** What the wrapper's marks begin with. */
const MARK = "seen ";
const COPY = /^[0-9a-f]{64}\.json$/;

/** Never throws. Nothing is left half done under a name that a login reads. */
export async function parseAhead(args: readonly string[]): Promise<void> {
  const [path, folder, ...rest] = args;
  if (path === undefined || folder === undefined || rest.length > 0) return;
  try {
    checkTrustedPath(folder);
    await checkPrivateDirectory(folder);
    // of several logins at once, one parses, and the others wait for it
    using lock = Deno.openSync(`${folder}/.lock`, {
      create: true,
      write: true,
      mode: 0o600,
    });
    await lock.lock(true);
    try {
      await copy(path, folder);
    } finally {
      // above all where there was no room: what was half written then is in the way of all else
      await sweep(folder);
    }
  } catch {
    // the logins parse the file themselves, and say what is wrong
  }
}

async function copy(path: string, folder: string): Promise<void> {
  const bytes = await readPolicy(path);
  const sha256 = await sha256Hex(bytes);
  if (await embeddedPolicy(sha256) !== null) return;
  const target = `${folder}/${copyName(sha256)}`;
  if (await copiedPolicy(sha256, folder) !== null) {
    // a policy that was in force before is so again
    const now = new Date();
    Deno.utimeSync(target, now, now);
    return;
  }
  const policy = await parseText(path, bytes);
  const text = await copyOf({ sha256, program: programId(), policy });
  const fresh = `${folder}/${NEW}${crypto.randomUUID()}`;
  await Deno.writeTextFile(fresh, text, { createNew: true, mode: 0o600 });
  if (lookAt(target)?.isDirectory) {
    await Deno.remove(target, { recursive: true });
  }
  await Deno.rename(fresh, target);
}

/** Removes what is no longer of use: all but the last copies and marks, and what others left half done. */
async function sweep(folder: string): Promise<void> {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const old = [
    ...allButLast(folder, names.filter((name) => COPY.test(name))),
    ...allButLast(folder, names.filter((name) => name.startsWith(MARK))),
    ...names.filter((name) => name.startsWith(NEW)),
  ];
  for (const name of old) {
    await Deno.remove(`${folder}/${name}`, { recursive: true });
  }
}

function allButLast(folder: string, names: readonly string[]): string[] {
  const dated = names.map((name) => {
    const info = lookAt(`${folder}/${name}`);
    return { name, time: info?.mtime?.getTime() ?? 0 };
  });
  return dated.sort((one, other) => other.time - one.time)
    .slice(KEPT).map(({ name }) => name);
}
