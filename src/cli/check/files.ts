/**
 * `check`: the policy's file, the files that it names, the cache directory and the log's socket.
 *
 * @module
 */
import {
  checkPrivateDirectory,
  StateError,
} from "../../files/private_directory.ts";
import {
  loadCaCerts,
  loadClientSecret,
  PolicyError,
} from "../../pam/host/policy_file.ts";
import { isAsked } from "../../policy/kinds.ts";
import type { Issuer, Policy } from "../../policy/model.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import { mapFilesOfRules } from "../../analysis/map_files.ts";
import {
  type CheckContext,
  fine,
  type HostFinding,
  type Noted,
  orFine,
} from "./finding.ts";
import { mend, mendTrust } from "./mend.ts";
import { distrust, distrustDirectory } from "./trusted.ts";

export async function fileFindings(context: CheckContext): Promise<Noted[]> {
  const noted = await lookedAt(context);
  // what belongs to whoever runs this is trusted as well: only for root is that root alone
  return context.host.uid() === 0
    ? noted
    : [NOT_ROOT, ...noted.filter(({ level }) => level !== "ok")];
}

async function lookedAt(context: CheckContext): Promise<Noted[]> {
  const { policy, policyPath, host } = context;
  const parts = await Promise.all([
    policyFile(policyPath),
    ...(policy === null ? [] : [
      ...secretsOf(policy).map((path) =>
        loaded("file/secret", path, () => loadClientSecret(path))
      ),
      ...policy.issuers.map((issuer) =>
        issuer.ca_file === null
          ? []
          : loaded("file/ca", issuer.ca_file, () => loadCaCerts(issuer))
      ),
      ...policy.issuers.map((issuer) => expired(issuer, host.io.now())),
      ...mapFilesOfRules(policy.rules).map((path) => trusted("file/map", path)),
      cacheFindings(policy.cache.directory),
      socketFindings(policy.log.socket),
    ]),
  ]);
  return parts.flat();
}

const NOT_ROOT: Finding = {
  id: "host/not-root",
  level: "info",
  message: "not run as root: files that only root can read are not looked at",
  hint: "run it as the user that logins run as, which is root",
};

function secretsOf(policy: Policy): string[] {
  const named = policy.issuers.flatMap((issuer) => [
    isAsked(issuer) ? issuer.client_secret_file : null,
    issuer.device?.client_secret_file ?? null,
  ]);
  return [...new Set(named)].filter((path) => path !== null);
}

/** On the first day there is none. */
async function policyFile(path: string): Promise<Noted[]> {
  const noted = await trusted("file/policy", path);
  const missing = (await distrust(path))?.reason === "missing";
  const hint = policyBegin(path);
  return missing ? noted.map((each) => ({ hint, ...each })) : noted;
}

/** Where to begin, where there is no policy. */
export function policyBegin(path: string): string {
  return `oauth-pam policy init --provider NAME --output ${path}`;
}

async function trusted(id: string, path: string): Promise<Noted[]> {
  const found = await distrust(path);
  return found === null
    ? [owned(id, path)]
    : [{ ...problem(id, path, found.message), ...mendTrust(found) }];
}

/** What is read there is the business of others. */
function owned(id: string, path: string) {
  return fine(id, `"${path}" is there, and root's alone to change`, {
    file: path,
  });
}

async function loaded(
  id: string,
  path: string,
  load: () => Promise<unknown>,
): Promise<Noted[]> {
  try {
    await load();
    return [owned(id, path)];
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const found = await distrust(path);
    const remedy = found !== null
      ? mendTrust(found)
      : /can be read by others/.test(error.message)
      ? mend(["chmod", "600", path])
      : {};
    return [{ ...problem(id, path, error.message), ...remedy }];
  }
}

/**
 * Certificates whose time is over. A login trusts them all the same: of an authority that is trusted
 * as such, only the key counts (RFC 5280 section 6.1.1).
 */
async function expired(issuer: Issuer, now: number): Promise<Finding[]> {
  const { ca_file: path } = issuer;
  if (path === null) return [];
  const [pem = ""] = await loadCaCerts(issuer).catch(() => []);
  const { X509Certificate } = await import("node:crypto");
  const block = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;
  return [...pem.matchAll(block)].flatMap(([text]) => {
    let certificate: { subject: string; validTo: string };
    try {
      certificate = new X509Certificate(text);
    } catch {
      return []; // asking the issuer will tell
    }
    const { subject, validTo } = certificate;
    if (!(Date.parse(validTo) < now)) return [];
    const name = subject.split("\n").at(-1) ?? "";
    return [{
      ...problem(
        "file/ca-expired",
        path,
        `the certificate ${JSON.stringify(name)} has expired on ${validTo}`,
      ),
      level: "warning" as const,
      hint:
        "logins still trust it; get the one that came after it from the issuer",
    }];
  });
}

function problem(id: string, file: string, message: string): HostFinding {
  return { id, level: "error", message, file };
}

async function cacheFindings(path: string): Promise<Noted[]> {
  const id = "cache/directory";
  const words = ["install", "-d", "-o", "root", "-m", "0700", path];
  const hint = `install -d -m 0700 ${path}`;
  try {
    await checkPrivateDirectory(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      const parent = path.slice(0, path.lastIndexOf("/")) || "/";
      const why = await distrustDirectory(parent);
      if (why !== null) return [{ ...problem(id, path, why), hint }];
      const message = `"${path}" does not exist: the first login creates it`;
      return [{ id, level: "info", message, hint, file: path }];
    }
    const why = error instanceof StateError
      ? `"${path}" is not a directory of root's or ours that nobody else can write`
      : `"${path}" cannot be looked at`;
    const isFolder = await Deno.lstat(path).then((info) => info.isDirectory)
      .catch(() => false);
    return [{
      ...problem(id, path, why),
      hint,
      ...(isFolder ? mend(words) : {}),
    }];
  }
  const why = await distrustDirectory(path);
  return orFine(
    why === null ? [] : [{ ...problem(id, path, why), hint }],
    fine(id, `"${path}" is root's, and nobody else can write there`, {
      file: path,
    }),
  );
}

function notLookedAt(path: string): Finding {
  return {
    id: "log/not-looked-at",
    level: "info",
    message: `"${path}" was not looked at: this program may not`,
    hint: `test -S ${path} && logger -p auth.info -t oauth-pam test`,
    file: path,
  };
}

async function socketFindings(path: string): Promise<Noted[]> {
  let info: Deno.FileInfo | null = null;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    // Deno lets nobody look into /dev who may not do everything
    if (!(error instanceof Deno.errors.NotFound)) return [notLookedAt(path)];
  }
  if (info?.isSocket === true) {
    return [
      fine("log/socket", `there is a socket at "${path}"`, { file: path }),
    ];
  }
  return [{
    id: "log/socket",
    level: "warning",
    message: info === null
      ? `there is no syslog daemon at "${path}": only the launcher can tell what happened`
      : `"${path}" is not a socket`,
    hint: 'start the syslog daemon, or name its socket in the policy\'s "log"',
    file: path,
  }];
}
