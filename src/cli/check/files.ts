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
import type { CheckContext } from "./finding.ts";
import { distrust, distrustDirectory } from "./trusted.ts";

export async function fileFindings(
  context: CheckContext,
): Promise<Finding[]> {
  const { policy, policyPath, host } = context;
  const parts = await Promise.all([
    host.uid() === 0 ? [] : [NOT_ROOT],
    trusted("file/policy", policyPath),
    ...(policy === null ? [] : [
      ...secretsOf(policy).map((path) =>
        loaded("file/secret", path, () => loadClientSecret(path))
      ),
      ...policy.issuers.map((issuer) =>
        loaded("file/ca", issuer.ca_file ?? "", () => loadCaCerts(issuer))
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

async function trusted(id: string, path: string): Promise<Finding[]> {
  const found = await distrust(path);
  return found === null ? [] : [problem(id, path, found.message)];
}

async function loaded(
  id: string,
  path: string,
  load: () => Promise<unknown>,
): Promise<Finding[]> {
  try {
    await load();
    return [];
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    return [problem(id, path, error.message)];
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

function problem(id: string, file: string, message: string): Finding {
  return { id, level: "error", message, file };
}

async function cacheFindings(path: string): Promise<Finding[]> {
  const id = "cache/directory";
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
    return [{ ...problem(id, path, why), hint }];
  }
  const why = await distrustDirectory(path);
  return why === null ? [] : [{ ...problem(id, path, why), hint }];
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

async function socketFindings(path: string): Promise<Finding[]> {
  let info: Deno.FileInfo | null = null;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    // Deno lets nobody look into /dev who may not do everything
    if (!(error instanceof Deno.errors.NotFound)) return [notLookedAt(path)];
  }
  if (info?.isSocket === true) return [];
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
