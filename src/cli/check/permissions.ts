/**
 * `check`: whether this program was built with the permissions that the policy needs.
 *
 * @module
 */
import { issuerHosts } from "../../pam/host/issuer_access.ts";
import {
  type Issuer,
  type Policy,
  takesCertificates,
} from "../../policy/model.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import {
  type CheckContext,
  type CheckHost,
  fine,
  isBuilt,
  type Noted,
  orFine,
} from "./finding.ts";

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

/** What a program has to be allowed for the policy. */
export function needsOf(policy: Policy) {
  const keys = policy.cache.ssh_keys_directory;
  return {
    /** As `fetch` asks for them. */
    net: policy.issuers.flatMap((issuer) =>
      hostsOf(issuer).map((host) => ({ host, issuer: issuer.name }))
    ),
    write: [
      policy.cache.directory,
      // the program may write to what it keeps there, and not to its code
      ...(takesCertificates(policy) ? [keys] : []),
      policy.log.socket,
    ].map((shown) => ({
      shown,
      path: shown === keys ? `${keys}/jwks` : shown,
    })),
  };
}

/** Nothing where this is a checkout: its permissions are not those of the installed program. */
export function permissionFindings(
  { policy, policyPath, host }: CheckContext,
): Noted[] {
  // those of the package's program for people are not those of the program for the policy
  if (policy === null || host.ofPackage) return [];
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
  const write = needsOf(policy).write.filter(({ path }) =>
    host.permission({ name: "write", path }) !== "granted"
  ).map(({ shown }): Finding => ({
    id: "permission/write",
    level: "error",
    message: `this program may not write to "${shown}"`,
    hint,
    file: policyPath,
  }));
  return orFine(
    [...net, ...write],
    fine(
      "permission/net",
      "this program may reach the issuers' hosts, and write where the policy says",
      { file: policyPath },
    ),
  );
}
