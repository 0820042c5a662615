/**
 * `check`: whether this program was built with the permissions that the policy needs.
 *
 * @module
 */
import { issuerHosts } from "../../pam/host/issuer_access.ts";
import { type Issuer, takesCertificates } from "../../policy/model.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import { type CheckContext, type CheckHost, isBuilt } from "./finding.ts";

const PROXY_PORTS: Readonly<Record<string, string>> = {
  "http:": "80",
  "https:": "443",
  "socks5:": "1080",
  "socks5h:": "1080",
};

/** `host:port` of everything that the issuer makes a login connect to. */
function hostsOf(issuer: Issuer): string[] {
  const hosts = issuerHosts(issuer);
  if (issuer.proxy === null) return hosts;
  const { protocol, hostname, port } = new URL(issuer.proxy);
  return [...hosts, `${hostname}:${port || PROXY_PORTS[protocol]}`];
}

/** The hosts of the issuer that this program may not talk to. */
export function deniedHosts(issuer: Issuer, host: CheckHost): string[] {
  return hostsOf(issuer).filter((name) =>
    host.permission({ name: "net", host: name }) !== "granted"
  );
}

/** Nothing where this is a checkout: its permissions are not those of the installed program. */
export function permissionFindings(
  { policy, policyPath, host }: CheckContext,
): Finding[] {
  if (policy === null) return [];
  if (!isBuilt(host)) {
    return [{
      id: "permission/checkout",
      level: "info",
      message:
        "this is not the program built for the policy: its permissions are not looked at",
      hint: `/usr/libexec/oauth-pam/oauth-pam check ${policyPath}`,
    }];
  }
  const hint = "build it again: deno task build POLICY";
  const net = policy.issuers.flatMap((issuer) =>
    deniedHosts(issuer, host).map((name): Finding => ({
      id: "permission/net",
      level: "error",
      message:
        `this program may not reach "${name}" of the issuer "${issuer.name}"`,
      hint,
      file: policyPath,
    }))
  );
  const written = [
    policy.cache.directory,
    takesCertificates(policy) ? policy.cache.ssh_keys_directory : [],
    policy.log.socket,
  ].flat();
  const write = written.filter((path) =>
    host.permission({ name: "write", path }) !== "granted"
  ).map((path): Finding => ({
    id: "permission/write",
    level: "error",
    message: `this program may not write to "${path}"`,
    hint,
    file: policyPath,
  }));
  return [...net, ...write];
}
