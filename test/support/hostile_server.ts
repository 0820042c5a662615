/**
 * An issuer on loopback HTTPS that answers whatever a test tells it
 * to, and a listener that notices when somebody connects.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Authority, CertificateFlaws } from "./certificates.ts";

/** Writes one answer, or none; resolves when it has nothing more to do. */
export type Behaviour = (
  request: ReceivedRequest,
  response: ServerResponse,
) => void | Promise<void>;

export interface ReceivedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Read to its end before anything is answered. */
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Anything but text and bytes is written as JSON. Default: nothing. */
  readonly body?: unknown;
}

/** One complete answer; the content type is application/json by default. */
export function answer(
  { status = 200, headers, body = "" }: Answer = {},
): Behaviour {
  const plain = typeof body === "string" || body instanceof Uint8Array;
  const bytes = plain ? body : JSON.stringify(body);
  return (_request, response) => {
    response.writeHead(status, {
      "content-type": "application/json",
      ...headers,
    });
    response.end(bytes);
  };
}

export function json(body: unknown): Behaviour {
  return answer({ body });
}

export function redirect(
  to: string,
  { status = 302 }: { status?: 301 | 302 | 303 | 307 | 308 } = {},
): Behaviour {
  return answer({ status, headers: { location: to } });
}

/** What a captive portal says, with status 200. */
export function html(): Behaviour {
  return answer({
    headers: { "content-type": "text/html; charset=utf-8" },
    body: "<!DOCTYPE html><title>Welcome</title><p>Please accept our terms",
  });
}

/** Calls itself JSON and is not even text. */
export function garbage(): Behaviour {
  return answer({ body: new Uint8Array([0xff, 0xfe, 0x00, 0x7b, 0xc3, 0x28]) });
}

/** Takes the request and leaves the connection open without a word. */
export function hang(): Behaviour {
  return () => {};
}

/** Status and header at once, then the body byte by byte. */
export function drip(
  body: unknown,
  { interval = 200 }: { interval?: number } = {},
): Behaviour {
  const bytes = new TextEncoder().encode(
    typeof body === "string" ? body : JSON.stringify(body),
  );
  return (_request, response) => {
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": String(bytes.length),
    });
    let sent = 0;
    const timer = setInterval(() => {
      response.write(bytes.subarray(sent, ++sent));
      if (sent === bytes.length) response.end();
    }, interval);
    response.once("close", () => clearInterval(timer));
  };
}

/** A chunked JSON text that opens a string and never closes it. */
export function endless(): Behaviour {
  const chunk = new Uint8Array(65_536).fill(0x61);
  return (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"keys":"');
    (function pump() {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once("drain", pump);
    })();
  };
}

/** Some 65 KB of gzip that inflate to `size` bytes, default 64 MiB. */
export function gzipBomb(
  { size = 64 * 1024 * 1024 }: { size?: number } = {},
): Behaviour {
  const block = new Uint8Array(1024 * 1024).fill(0x20);
  let left = size;
  const compressed = new Response(
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (left <= 0) return controller.close();
        controller.enqueue(block.subarray(0, Math.min(left, block.length)));
        left -= block.length;
      },
    }).pipeThrough(new CompressionStream("gzip")),
  ).bytes();
  return async (request, response) => {
    const headers = { "content-encoding": "gzip" };
    await answer({ headers, body: await compressed })(request, response);
  };
}

/** Promises more bytes than come, then closes the connection. */
export function truncated(body: unknown): Behaviour {
  const text = JSON.stringify(body);
  return (_request, response) => {
    response.writeHead(200, { "content-length": String(text.length + 100) });
    response.write(text, () => response.destroy());
  };
}

/** Cuts the connection, without TLS's goodbye, when the request is there. */
export function reset(): Behaviour {
  return (_request, response) => void response.socket?.destroy();
}

/** Different answers one after the other; the last one stays. */
export function sequence(
  ...behaviours: [Behaviour, ...Behaviour[]]
): Behaviour {
  let turn = 0;
  return (request, response) =>
    behaviours[Math.min(turn++, behaviours.length - 1)]!(request, response);
}

export interface HostileOptions {
  readonly authority: Authority;
  /** Default: localhost and the loopback addresses. */
  readonly names?: readonly string[];
  readonly flaws?: CertificateFlaws;
}

export interface HostileIssuer extends AsyncDisposable {
  /** `https://localhost:PORT`. */
  readonly issuer: string;
  readonly port: number;
  /** Served below /.well-known; right at first, free to be changed. */
  discovery: Record<string, unknown>;
  /** Served at /jwks; empty at first. */
  jwks: { keys: object[] };
  /** Overrides what a path answers; without a behaviour, no longer. */
  on(path: string, behaviour?: Behaviour): void;
  /** In order of arrival. */
  readonly requests: ReceivedRequest[];
  requestCount(path?: string): number;
  /** Connections accepted, with or without a TLS handshake. */
  readonly connections: number;
  /** Cuts every connection, whatever it waits for. */
  close(): Promise<void>;
}

export const DISCOVERY_PATH = "/.well-known/openid-configuration";

/**
 * Starts an issuer that behaves until told otherwise; unknown paths are 404.
 * Does not check that what a test makes it say is HTTP that anybody accepts.
 */
export async function startHostileIssuer(
  options: HostileOptions,
): Promise<HostileIssuer> {
  const { certPem, keyPem } = await options.authority.issueServerCertificate(
    options.names,
    options.flaws,
  );
  const behaviours = new Map<string, Behaviour>();
  const requests: ReceivedRequest[] = [];
  let connections = 0;

  async function handle(
    incoming: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const [path = "", query = ""] = (incoming.url ?? "").split("?");
    let body = "";
    try {
      for await (const chunk of incoming) body += chunk;
    } catch {
      return; // the client went away in the middle of its request
    }
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [
        name,
        String(value),
      ]),
    );
    const request = { method: incoming.method!, path, query, headers, body };
    requests.push(request);
    await (behaviours.get(path) ?? usual(path))(request, response);
  }
  function usual(path: string): Behaviour {
    if (path === DISCOVERY_PATH) return json(self.discovery);
    if (path === "/jwks") return json(self.jwks);
    return answer({ status: 404, body: { error: "not_found" } });
  }

  const server = createServer(
    { cert: certPem, key: keyPem },
    (incoming, response) => void handle(incoming, response),
  );
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const issuer = `https://localhost:${port}`;
  let closed: Promise<void> | undefined;

  const self: HostileIssuer = {
    issuer,
    port,
    discovery: {
      issuer,
      jwks_uri: `${issuer}/jwks`,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      introspection_endpoint: `${issuer}/introspect`,
      device_authorization_endpoint: `${issuer}/device_authorization`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256", "ES256"],
    },
    jwks: { keys: [] },
    on(path, behaviour) {
      if (behaviour) behaviours.set(path, behaviour);
      else behaviours.delete(path);
    },
    requests,
    requestCount: (path) =>
      requests.filter((r) => path === undefined || r.path === path).length,
    get connections() {
      return connections;
    },
    close: () =>
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    [Symbol.asyncDispose]: () => self.close(),
  };
  return self;
}

export interface ConnectionTrap extends AsyncDisposable {
  readonly port: number;
  /** `https://localhost:PORT/`, for jku, x5u and redirects. */
  readonly url: string;
  /** How often somebody connected; each connection is closed at once. */
  readonly connections: number;
}

/** A plain TCP listener on 127.0.0.1 that nobody should ever reach. */
export function startConnectionTrap(): ConnectionTrap {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  let connections = 0;
  const accepting = (async () => {
    for await (const connection of listener) {
      connections++;
      connection.close();
    }
  })();
  return {
    port,
    url: `https://localhost:${port}/`,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
    },
  };
}
