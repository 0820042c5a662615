/**
 * `check`: what the user of AuthorizedKeysCommand reads and writes. A file that root alone may read
 * is fine for PAM, and refuses every certificate.
 *
 * @module
 */
import { mapFilesOfRules } from "../../analysis/map_files.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import { type Policy, takesCertificates } from "../../policy/model.ts";
import {
  type CheckContext,
  fine,
  type HostFinding,
  type Noted,
  orFine,
} from "./finding.ts";
import { mend } from "./mend.ts";
import {
  hindrance,
  type HostAccount,
  hostAccount,
  obstacle,
} from "./host_account.ts";
import { startedByKeys } from "./installed.ts";
import type { KeysCommand } from "./sshd/keys_command.ts";
import { distrustDirectory } from "./trusted.ts";

/** Nothing for users whose rights cannot be told: that is said where they are named. */
export async function keysFileFindings(
  { policy, policyPath, host: { io } }: CheckContext,
  commands: readonly KeysCommand[],
): Promise<Noted[]> {
  const found: Noted[] = [];
  for (const command of commands) {
    const names = command.users.map((user) => user?.value ?? "");
    for (const name of new Set(names)) {
      const account = await hostAccount(name, io);
      if (account === null || account === "unknown") continue;
      for (const file of await startedByKeys(command, io)) {
        found.push(...await reach(account, file.path, file));
      }
      if (command.policy !== policyPath) continue;
      for (const path of readBy(policyPath, policy)) {
        found.push(...await reach(account, path, { run: false }));
      }
      if (policy === null) continue;
      const { ssh_keys_directory: directory } = policy.cache;
      found.push(...await directoryFindings(account, directory));
    }
  }
  return unique(found);
}

/** No secrets: a certificate is verified with public keys. */
function readBy(policyPath: string, policy: Policy | null): string[] {
  const issuers =
    policy?.issuers.filter((issuer) =>
      takesCertificates({ issuers: [issuer] })
    ) ?? [];
  return [
    policyPath,
    ...issuers.flatMap(({ ca_file }) => ca_file ?? []),
    ...mapFilesOfRules(policy?.rules ?? []),
  ];
}

async function reach(
  account: HostAccount,
  path: string,
  options: { run: boolean },
): Promise<HostFinding[]> {
  const why = await hindrance(account, path, options);
  if (why === null) return [];
  return [{
    id: "file/keys-user",
    level: "error",
    message: `${why}: every certificate is refused`,
    hint: options.run
      ? `chmod 755 ${path}, and folders that everybody may pass through`
      : `chmod 644 ${path}, or chgrp it to the user's group and chmod 640 it`,
    file: path,
    ...(/may not (?:read|run)/.test(why)
      ? mend(["chmod", options.run ? "755" : "644", path])
      : {}),
  }];
}

/** What `ssh-keys` remembers between logins: the issuers' keys, above all. */
async function directoryFindings(
  account: HostAccount,
  path: string,
): Promise<Noted[]> {
  const { name, uid } = account;
  const found = (
    level: Finding["level"],
    message: string,
    { made = false } = {},
  ): HostFinding[] => [{
    id: "cache/ssh-keys-directory",
    level,
    message,
    hint: `install -d -o ${name} -g root -m 0700 ${path}`,
    file: path,
    ...(made
      ? mend(["install", "-d", "-o", name, "-g", "root", "-m", "0700", path])
      : {}),
  }];
  const cost =
    "the issuer is asked at every login, and while it is down nobody gets in";
  let info: Deno.FileInfo;
  try {
    info = await Deno.lstat(path);
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? found("error", `"${path}" does not exist: ${cost}`, { made: true })
      : found("error", `"${path}" cannot be looked at`);
  }
  if (!info.isDirectory) {
    return found("error", `"${path}" is not a directory: ${cost}`);
  }
  const mode = info.mode ?? 0o777;
  const parent = path.slice(0, path.lastIndexOf("/")) || "/";
  const above = await distrustDirectory(parent) ??
    await obstacle(account, parent);
  const made = { made: true };
  return orFine(
    [
      ...(info.uid === uid ? [] : found(
        "error",
        `"${path}" belongs to uid ${info.uid}, not to "${name}": ${cost}`,
        made,
      )),
      ...((mode & 0o022) !== 0
        ? found("error", `"${path}" can be written by others: ${cost}`, made)
        : (mode & 0o077) !== 0
        ? found(
          "warning",
          `"${path}" can be read by others than "${name}"`,
          made,
        )
        : []),
      ...(above === null ? [] : found("error", `${above}: ${cost}`)),
    ],
    fine("cache/ssh-keys-directory", `"${path}" is "${name}"'s alone`, {
      file: path,
    }),
  );
}

function unique(findings: readonly Noted[]): Noted[] {
  const texts = findings.map((each) => JSON.stringify(each));
  return findings.filter((_, index) =>
    texts.indexOf(texts[index] ?? "") === index
  );
}
