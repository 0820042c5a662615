/**
 * A certified OpenID provider (oidc-provider) in this process, on
 * loopback HTTPS, and the people who sign in to it.
 *
 * @module
 */
import { createServer } from "node:https";
import type { Socket } from "node:net";
// The package's index.js warns about the runtime as it is evaluated; the
// modules behind it do not.
import { createMemoryAdapter } from "oidc-provider/lib/adapters/memory_adapter.js";
import * as implementation from "oidc-provider/lib/provider.js";
import { type Authority, createAuthority } from "./certificates.ts";
import {
  type Account,
  ACCOUNTS,
  type Algorithm,
  ALGORITHMS,
  clientMetadata,
  configuration,
  generateKey,
  type ProviderOptions,
} from "./provider_configuration.ts";
import { type Implementation, interact } from "./provider_pages.ts";
import { until } from "./pam.ts";

export {
  type Account,
  ACCOUNTS,
  type Algorithm,
  ALGORITHMS,
  AUDIENCE,
  OPAQUE_RESOURCE,
  type ProviderOptions,
  REDIRECT_URI,
  RESOURCE,
} from "./provider_configuration.ts";
export * from "./provider_sign_in.ts";

const Provider = implementation.Provider as unknown as new (
  issuer: string,
  configuration: Record<string, unknown>,
) => Implementation;

export interface RecordedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
}

export interface TestProvider extends AsyncDisposable {
  /** `https://localhost:PORT`. */
  readonly issuer: string;
  readonly port: number;
  readonly authority: Authority;
  readonly caPem: string;
  /** Client id and, unless the client is public, its secret. */
  readonly clients: Readonly<Record<string, string | undefined>>;
  /** In order of arrival; also while hanging. Tests may empty it. */
  readonly requests: RecordedRequest[];
  requestCount(path: string): number;
  /** The device codes about which tokens were asked for. */
  readonly asked: ReadonlySet<string>;
  /**
   * Until all that was sent to it is in `requests`: nobody has a connection to it, not even `fetch`.
   * The requests of clients that are gone, even killed, wait in their connections for as long as this
   * process is busy. Only while it accepts connections.
   */
  settled(): Promise<void>;
  /** Trusts the authority only, follows no redirect, knows no cookie. */
  fetch(target: string | URL, init?: RequestInit): Promise<Response>;
  /**
   * Signs with new keys, under new kids, from now on. The old public keys
   * stay in the key set unless `keepOld` is false. Default: all algorithms.
   */
  rotateKeys(
    options?: { algorithms?: readonly Algorithm[]; keepOld?: boolean },
  ): Promise<void>;
  /** Whether new connections are accepted and answered. */
  readonly available: boolean;
  /**
   * "down" refuses connections and cuts those that exist, "hang" takes
   * requests and never answers them, "up" serves on the same port again.
   */
  setAvailability(state: "up" | "down" | "hang"): Promise<void>;
  readonly accounts: Readonly<Record<string, Account>>;
}

/**
 * Starts the provider. Codes, sessions and tokens live in memory and survive
 * key rotation and outages.
 */
export async function startProvider(
  options: ProviderOptions = {},
): Promise<TestProvider> {
  const authority = options.authority ?? await createAuthority();
  const [tls, firstKeys] = await Promise.all([
    authority.issueServerCertificate(),
    Promise.all(ALGORITHMS.map((alg) => generateKey(alg, 1))),
  ]);
  const accounts = { ...ACCOUNTS, ...options.accounts };
  const clients = clientMetadata(options.clients ?? []);
  const requests: RecordedRequest[] = [];
  const asked = new Set<string>();
  let keys = firstKeys;
  let generation = 1;
  let state: "up" | "down" | "hang" = "up";
  let current: Implementation;
  let serve: ReturnType<Implementation["callback"]>;

  const server = createServer(
    { cert: tls.certPem, key: tls.keyPem },
    (req, res) => {
      const path = (req.url ?? "/").split("?")[0]!;
      requests.push({ method: req.method ?? "", path });
      if (state === "hang") return;
      if (!path.startsWith("/interaction/")) return void serve(req, res);
      interact(current, { req, res, accounts }).catch((error) => {
        res.writeHead(500, { "content-type": "text/plain" });
        res.end(String(error));
      });
    },
  );
  /** The ports of clients; also of those from whom nothing was read yet. */
  const connected = new Set<number>();
  server.on("connection", (socket) => {
    const remotePort = (socket as Socket).remotePort!;
    connected.add(remotePort);
    socket.once("close", () => connected.delete(remotePort));
  });
  function listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject);
        resolve();
      });
    });
  }
  function stop(): Promise<void> {
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  await listen(options.port ?? 0);
  const { port } = server.address() as { port: number };
  const issuer = `https://localhost:${port}`;
  const adapter = createMemoryAdapter();
  // The key set of a Provider is fixed when it is made: rotation makes another
  // one over the same storage and lets it answer on the same port.
  function assemble(): void {
    current = new Provider(issuer, {
      ...configuration(accounts, options),
      adapter,
      clients,
      jwks: { keys },
    });
    current.use(async (ctx, next) => {
      await next();
      const code = ctx.path === "/token" && ctx.oidc.params?.device_code;
      if (code) asked.add(code);
      if (ctx.path === "/device/auth" && ctx.status === 200) {
        Object.assign(ctx.body as object, {
          interval: options.deviceInterval ?? 1,
        });
      }
    });
    serve = current.callback();
  }
  assemble();
  const http = Deno.createHttpClient({ caCerts: [authority.caPem] });

  return {
    issuer,
    port,
    authority,
    caPem: authority.caPem,
    accounts,
    clients: Object.fromEntries(
      clients.map((client) => [
        client.client_id as string,
        client.client_secret as string | undefined,
      ]),
    ),
    requests,
    asked,
    requestCount: (path) => requests.filter((r) => r.path === path).length,
    async settled() {
      // connections are accepted in the order in which they were made
      {
        using last = await Deno.connect({ port });
        const lastPort = (last.localAddr as Deno.NetAddr).port;
        await until(() => connected.has(lastPort), {
          what: "the acceptance of all connections to the provider",
        });
      }
      await until(() => connected.size === 0, {
        what: "the end of all connections to the provider",
      });
    },
    fetch: (target, init) =>
      fetch(new URL(target, issuer), {
        redirect: "manual",
        ...init,
        client: http,
      }),
    async rotateKeys({ algorithms = ALGORITHMS, keepOld = true } = {}) {
      generation++;
      const fresh = await Promise.all(
        algorithms.map((alg) => generateKey(alg, generation)),
      );
      const old = keys.filter((key) =>
        keepOld || !algorithms.includes(key.alg as Algorithm)
      );
      keys = [...fresh, ...old];
      assemble();
    },
    get available() {
      return state === "up";
    },
    async setAvailability(next) {
      if (next === "down" && state !== "down") await stop();
      if (next !== "down" && state === "down") await listen(port);
      state = next;
    },
    async [Symbol.asyncDispose]() {
      if (state !== "down") await stop();
      http.close();
    },
  };
}
