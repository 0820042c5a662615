/**
 * From an issuer in the policy to its published keys: transport, cache, and what the log says.
 *
 * @module
 */
import { kindRow } from "../../policy/kinds.ts";
import { StateDirectory } from "../../files/state_directory.ts";
import { isIssuerError } from "../../issuer/errors.ts";
import { permittedHosts } from "../../issuer/hosts.ts";
import type { Transport, TransportOptions } from "../../issuer/http.ts";
import {
  type KeySet,
  type KeySource,
  refetchedKeys,
  signingKeys,
} from "../../issuer/jwks_cache.ts";
import {
  discoveryUrlOf,
  type Issuer,
  type LocalIssuer,
} from "../../policy/model.ts";
import type { PublishedKeys } from "../../token/jwt.ts";
import { loadCaCerts, PolicyError } from "./policy_file.ts";

/** What a login needs to talk to one issuer. */
export interface IssuerAccess {
  readonly hosts: readonly string[];
  readonly transport: Transport;
  /** What makes another way of this one: proxy and certificates. Throws like {@link openIssuer}. */
  readonly route: () => Promise<string>;
}

/** Opens the way to an issuer. Throws {@link PolicyError}. Connects to nobody yet. */
export async function openIssuer(
  issuer: Issuer,
  signal: AbortSignal,
): Promise<IssuerAccess> {
  const hosts = issuerHosts(issuer);
  checkPermissions(issuer, hosts);
  // also when the keys are cached: a mistake should show at once, not when they expire
  const caCerts = await loadCaCerts(issuer);
  return {
    hosts,
    transport: openedWhenNeeded(() =>
      open({ hosts, caCerts, proxy: issuer.proxy, signal })
    ),
    route: () => Promise.resolve(JSON.stringify([issuer.proxy, ...caCerts])),
  };
}

/** Loaded here: whoever finds the keys in the cache reads nothing of it. */
async function open(options: TransportOptions): Promise<Transport> {
  const { openTransport } = await import("../../issuer/http.ts");
  return openTransport(options);
}

/** A transport that its first request opens. That request throws whatever `open` throws. */
function openedWhenNeeded(open: () => Promise<Transport>): Transport {
  let opening: Promise<Transport> | undefined;
  let opened: Transport | undefined;
  return {
    async request(url, request) {
      opening ??= open();
      opened = await opening;
      return await opened.request(url, request);
    },
    close() {
      opened?.close();
    },
  };
}

/**
 * The way to an issuer, opened when it is looked at or taken: whoever finds everything in the cache does not pay
 * for it, and is not told of a `ca_file` that is wrong. Both throw like {@link openIssuer}.
 */
export function issuerWhenNeeded(
  issuer: Issuer,
  milliseconds: number,
): IssuerAccess {
  let opening: Promise<IssuerAccess> | undefined;
  const opened = () =>
    opening ??= openIssuer(issuer, AbortSignal.timeout(milliseconds));
  return {
    get hosts() {
      return issuerHosts(issuer);
    },
    transport: openedWhenNeeded(async () => (await opened()).transport),
    route: async () => (await opened()).route(),
  };
}

/** `host:port` of every host at which the issuer may be talked to. */
export function issuerHosts(issuer: Issuer): string[] {
  return permittedHosts(issuer.issuer, issuer.hosts, discoveryUrlOf(issuer));
}

/**
 * The built program may only talk to the hosts of the policy that it was built for. A policy that
 * has grown since then is a mistake to be told, not a request that fails.
 */
function checkPermissions(issuer: Issuer, hosts: readonly string[]): void {
  for (const host of hosts) {
    if (Deno.permissions.querySync({ name: "net", host }).state === "granted") {
      continue;
    }
    throw new PolicyError(
      `this program was built without permission to reach "${host}" of the issuer ` +
        `"${issuer.name}": build it again with "deno task build POLICY"`,
    );
  }
}

/** The issuer's keys through the shared cache. `now` is in milliseconds. */
export function publishedKeys(
  issuer: LocalIssuer,
  access: IssuerAccess,
  options: Pick<KeySource, "wait"> & {
    cacheDirectory: string;
    now: () => number;
  },
): PublishedKeys {
  const source: KeySource = {
    issuer: issuer.issuer,
    get hosts() {
      return access.hosts;
    },
    oauthMetadata: kindRow(issuer).oauthMetadata,
    discoveryUrl: issuer.discovery_url,
    ttl: issuer.jwks_ttl,
    stale: issuer.jwks_stale,
    transport: access.transport,
    route: access.route,
    cache: new StateDirectory(options.cacheDirectory, "jwks"),
    now: () => Math.floor(options.now() / 1000),
    wait: options.wait,
  };
  let known: KeySet | undefined;
  return {
    async current() {
      known = await signingKeys(source);
      const warnings = known.from === "stale"
        ? ["issuer unreachable: expired keys served"]
        : [];
      return { keys: known.keys, warnings };
    },
    async refreshed() {
      if (known === undefined) return null;
      try {
        const newer = await refetchedKeys(source, known);
        // what was fetched just now is not fetched again
        known = newer === null ? known : { ...newer, from: "issuer" };
        return newer?.keys ?? null;
      } catch (error) {
        // The keys that are there serve everybody else: a token with a name for a key that there
        // never was must not make this an outage.
        if (isIssuerError(error)) return null;
        throw error;
      }
    },
  };
}
