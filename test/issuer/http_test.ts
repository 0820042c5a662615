/**
 * HTTPS to an issuer that does everything an issuer should not do.
 *
 * @module
 */
// Threats: B2, B3, B4, B5, B6, B7, B8, C9, F6
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { IssuerError } from "../../src/issuer/errors.ts";
import { hostPort, permittedHosts } from "../../src/issuer/hosts.ts";
import {
  checkUrl,
  MAX_BODY_BYTES,
  openTransport,
  type TransportOptions,
} from "../../src/issuer/http.ts";
import {
  type Authority,
  type CertificateFlaws,
  createAuthority,
} from "../support/certificates.ts";
import {
  answer,
  type Behaviour,
  drip,
  endless,
  garbage,
  gzipBomb,
  hang,
  type HostileIssuer,
  html,
  json,
  redirect,
  reset,
  startConnectionTrap,
  startHostileIssuer,
} from "../support/hostile_server.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

interface Bench {
  readonly server: HostileIssuer;
  readonly authority: Authority;
  /** What a request to /jwks comes to: the problem, or "200". */
  ask(
    options?: Partial<TransportOptions> & { url?: string; published?: true },
  ): Promise<string>;
  /** The last error that `ask` met. */
  error(): IssuerError;
}

async function onBench(
  body: (bench: Bench) => Promise<void>,
  flaws: CertificateFlaws = {},
): Promise<void> {
  const authority = await createAuthority();
  await using server = await startHostileIssuer({ authority, flaws });
  let last: unknown;
  await body({
    server,
    authority,
    async ask({ url = `${server.issuer}/jwks`, published, ...options } = {}) {
      const transport = openTransport({
        hosts: [`localhost:${server.port}`],
        caCerts: [authority.caPem],
        proxy: null,
        signal: AbortSignal.timeout(10_000),
        ...options,
      });
      try {
        const request = published ? { published } : {};
        return String((await transport.request(url, request)).status);
      } catch (error) {
        last = error;
        assert.ok(error instanceof IssuerError, String(error));
        return error.problem;
      } finally {
        transport.close();
      }
    },
    error() {
      assert.ok(last instanceof IssuerError);
      return last;
    },
  });
}

Deno.test(
  "request() returns status and body of a JSON answer",
  strict,
  () =>
    onBench(async ({ server, authority }) => {
      server.on("/echo", (request, response) => {
        json({ ...request, headers: request.headers })(request, response);
      });
      const transport = openTransport({
        hosts: [`localhost:${server.port}`],
        caCerts: [authority.caPem],
        proxy: null,
        signal: AbortSignal.timeout(10_000),
      });
      const url = `${server.issuer}/echo`;
      const form = { token: "a&b=c+%\r\n", client_id: "x y" };
      const { body } = await transport.request(url, { method: "POST", form });
      const sent = body as Record<string, string>;
      assert.equal(sent.method, "POST");
      assert.equal(sent.body, "token=a%26b%3Dc%2B%25%0D%0A&client_id=x+y");
      const second = await transport.request(url, {
        method: "POST",
        json: { a: 1 },
        headers: { authorization: "Basic eDp5" },
      });
      const { headers, body: text } = second.body as Record<string, string>;
      assert.equal(text, '{"a":1}');
      assert.equal(Reflect.get(Object(headers), "authorization"), "Basic eDp5");
      transport.close();
    }),
);

for (const status of [301, 302, 303, 307, 308] as const) {
  Deno.test(
    `request() does not follow a ${status}, and sends the token nowhere`,
    strict,
    () =>
      onBench(async ({ server, authority, ask }) => {
        await using trap = startConnectionTrap();
        await using other = await startHostileIssuer({ authority });
        for (
          const to of [
            trap.url,
            `http://127.0.0.1:${trap.port}/`,
            `${other.issuer}/jwks`,
            `${server.issuer}/elsewhere`,
            "/elsewhere",
          ]
        ) {
          server.on("/jwks", redirect(to, { status }));
          assert.equal(await ask(), "status");
          const transport = openTransport({
            hosts: [`localhost:${server.port}`],
            caCerts: [authority.caPem],
            proxy: null,
            signal: AbortSignal.timeout(10_000),
          });
          await assert.rejects(
            transport.request(`${server.issuer}/jwks`, {
              method: "POST",
              form: { token: "secret" },
            }),
            IssuerError,
          );
          transport.close();
        }
        assert.equal(trap.connections, 0);
        assert.equal(other.connections, 0);
        assert.equal(server.requestCount("/elsewhere"), 0);
      }),
  );
}

for (
  const status of [
    201,
    202,
    203,
    204,
    205,
    206,
    304,
    400,
    401,
    404,
    429,
    500,
    503,
  ]
) {
  Deno.test(
    `request() refuses status ${status}`,
    strict,
    () =>
      onBench(async ({ server, ask, error }) => {
        const empty = [204, 205, 304].includes(status);
        server.on("/jwks", answer({ status, body: empty ? "" : { keys: [] } }));
        assert.equal(await ask(), "status");
        assert.equal(error().status, status);
      }),
  );
}

const CONTENT_TYPES = {
  "application/json": "200",
  "application/json; charset=utf-8": "200",
  "Application/JSON": "200",
  "application/jwk-set+json": "200",
  "text/html": "content_type",
  "text/plain": "content_type",
  "": "content_type",
  "application/jsonp": "content_type",
  "application/json-seq": "content_type",
  "text/html; x=application/json": "content_type",
  "application/json, text/html": "content_type",
  "application/token-introspection+jwt": "content_type",
  "application/jwt": "content_type",
};
for (const [type, expected] of Object.entries(CONTENT_TYPES)) {
  Deno.test(
    `request() answers "${expected}" to content type "${type}"`,
    strict,
    () =>
      onBench(async ({ server, ask }) => {
        server.on(
          "/jwks",
          answer({ headers: { "content-type": type }, body: "{}" }),
        );
        assert.equal(await ask(), expected);
      }),
  );
}

const PUBLISHED_TYPES = {
  "application/json": "200",
  "application/jwk-set+json": "200",
  "application/ld+json": "200",
  "application/vnd.example.key-set+json; charset=utf-8": "200",
  "application/octet-stream": "200",
  "binary/octet-stream": "200",
  "text/plain": "200",
  "Text/Plain; charset=utf-8": "200",
  "text/json": "200",
  "text/html": "content_type",
  "text/html; x=text/plain": "content_type",
  "text/plain, text/html": "content_type",
  "text/plainer": "content_type",
  "text/markdown": "content_type",
  "image/svg+xml": "content_type",
  "application/javascript": "content_type",
  "application/json-seq": "content_type",
  "application/+json": "content_type",
  "application/jwt": "content_type",
  "x-application/octet-stream": "content_type",
  "": "content_type",
};
for (const [type, expected] of Object.entries(PUBLISHED_TYPES)) {
  Deno.test(
    `request() answers "${expected}" to a published document of type "${type}"`,
    strict,
    () =>
      onBench(async ({ server, ask }) => {
        server.on(
          "/jwks",
          answer({ headers: { "content-type": type }, body: "{}" }),
        );
        assert.equal(await ask({ published: true }), expected);
      }),
  );
}

Deno.test(
  "request() reads nothing but JSON from a server for files",
  strict,
  () =>
    onBench(async ({ server, ask }) => {
      for (const body of ["", "<!DOCTYPE html>", "{'keys': []}", "{}{}"]) {
        const headers = { "content-type": "application/octet-stream" };
        server.on("/jwks", answer({ headers, body }));
        assert.equal(await ask({ published: true }), "not_json");
      }
    }),
);

/** Promises more bytes than come. */
function cutOff(): Behaviour {
  return (_request, response) => {
    response.writeHead(200, {
      "content-type": "application/json",
      "content-length": "100",
    });
    response.write('{"keys":[]}', () => response.destroy());
  };
}

const BODIES: Record<string, [Behaviour, string]> = {
  "a captive portal's page": [html(), "content_type"],
  "bytes that are no text": [garbage(), "not_json"],
  "nothing at all": [answer(), "not_json"],
  "a page that calls itself JSON": [
    answer({ body: "<!DOCTYPE html>" }),
    "not_json",
  ],
  "half a document": [answer({ body: '{"keys": [' }), "not_json"],
  "two documents": [answer({ body: "{}{}" }), "not_json"],
  "a reset connection": [reset(), "unreachable"],
  "a body that ends early": [cutOff(), "unreachable"],
  "a body without end": [endless(), "too_large"],
};
for (const [what, [behaviour, expected]] of Object.entries(BODIES)) {
  Deno.test(
    `request() answers "${expected}" to ${what}`,
    strict,
    () =>
      onBench(async ({ server, ask, error }) => {
        server.on("/jwks", behaviour);
        assert.equal(await ask(), expected);
        assert.equal(
          error().code,
          expected === "unreachable" ? "issuer_unavailable" : "issuer_refused",
        );
        assert.ok(
          error().message.includes(`https://localhost:${server.port}/`),
        );
      }),
  );
}

Deno.test(
  "request() takes a body of exactly the limit and none that is larger",
  strict,
  () =>
    onBench(async ({ server, ask }) => {
      const body = (size: number) => `"${"x".repeat(size - 2)}"`;
      server.on("/jwks", answer({ body: body(MAX_BODY_BYTES) }));
      assert.equal(await ask(), "200");
      server.on("/jwks", answer({ body: body(MAX_BODY_BYTES + 1) }));
      assert.equal(await ask(), "too_large");
    }),
);

Deno.test("request() refuses 65 KB of gzip that would be 64 MiB, in little memory", () =>
  onBench(async ({ server, ask }) => {
    server.on("/jwks", gzipBomb());
    await ask(); // the bomb is made, the client is warm
    const before = Deno.memoryUsage().rss;
    assert.equal(await ask(), "too_large");
    const grown = Deno.memoryUsage().rss - before;
    assert.ok(grown < 20 * 1024 * 1024, `${grown} bytes more`);
  }));

for (
  const [what, behaviour] of Object.entries({
    "answers nothing": hang(),
    "drips": drip({ keys: "x".repeat(1000) }, { interval: 20 }),
  })
) {
  Deno.test(
    `request() ends at the deadline when the issuer ${what}`,
    strict,
    () =>
      onBench(async ({ server, ask }) => {
        server.on("/jwks", behaviour);
        const start = performance.now();
        assert.equal(
          await ask({ signal: AbortSignal.timeout(150) }),
          "timeout",
        );
        assert.ok(performance.now() - start < 2000);
      }),
  );
}

Deno.test(
  "request() ends at the deadline when nobody speaks TLS",
  strict,
  async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const accepted = listener.accept();
    const transport = openTransport({
      hosts: [`localhost:${port}`],
      caCerts: [],
      proxy: null,
      signal: AbortSignal.timeout(150),
    });
    await assert.rejects(
      transport.request(`https://localhost:${port}/`),
      { name: "IssuerError", problem: "timeout" },
    );
    (await accepted).close();
    listener.close();
  },
);

const CERTIFICATES: Record<string, [CertificateFlaws, RegExp]> = {
  "an expired certificate": [{ validity: "expired" }, /expired/i],
  "a certificate of tomorrow": [
    { validity: "not_yet_valid" },
    /not.?valid.?yet/i,
  ],
  "a certificate of another name": [
    { wrongName: true },
    /not.?valid.?for.?name/i,
  ],
};
for (const [what, [flaws, message]] of Object.entries(CERTIFICATES)) {
  Deno.test(
    `request() refuses ${what}`,
    strict,
    () =>
      onBench(async ({ server, ask, error }) => {
        assert.equal(await ask(), "unreachable");
        assert.match(error().message, message);
        assert.equal(server.requests.length, 0);
      }, flaws),
  );
}

/** Answers every ClientHello with one ServerHello, and keeps what comes after that. */
function startOldServer(
  { version, cipher }: { version: number; cipher: number },
): { port: number; answered: Promise<Uint8Array> } & Disposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const hello = [
    ...[3, version, ...new Array<number>(32).fill(7), 0],
    ...[cipher >> 8, cipher & 255, 0],
  ];
  const message = [2, 0, 0, hello.length, ...hello];
  const record = [22, 3, version, 0, message.length, ...message];
  const answered = (async () => {
    using connection = await listener.accept();
    const buffer = new Uint8Array(16_384);
    await connection.read(buffer);
    await connection.write(new Uint8Array(record));
    const count = await connection.read(buffer) ?? 0;
    return buffer.slice(0, count);
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    answered,
    [Symbol.dispose]: () => listener.close(),
  };
}

for (
  const [what, version, cipher] of [
    ["TLS 1.0", 1, 0x002f],
    ["TLS 1.1", 2, 0x002f],
    ["a cipher that encrypts nothing", 3, 0x0002],
  ] as const
) {
  Deno.test(
    `request() does not speak with a server of ${what}`,
    strict,
    () =>
      onBench(async ({ ask }) => {
        using old = startOldServer({ version, cipher });
        const options = {
          url: `https://localhost:${old.port}/jwks`,
          hosts: [`localhost:${old.port}`],
        };
        assert.equal(await ask(options), "unreachable");
        const [type, , , , , level] = await old.answered;
        // a fatal alert (RFC 5246 section 7.2), and nothing of the request
        assert.deepEqual([type, level], [21, 2]);
      }),
  );
}

Deno.test(
  "request() refuses an authority that the policy does not name",
  strict,
  () =>
    onBench(async ({ server, ask, error }) => {
      const foreign = await createAuthority();
      for (const caCerts of [[], [foreign.caPem]]) {
        assert.equal(await ask({ caCerts }), "unreachable");
        assert.match(error().message, /unknown ?issuer/i);
      }
      assert.equal(server.requests.length, 0);
    }),
);

Deno.test(
  "request() calls CA certificates and proxies that cannot be used invalid",
  strict,
  () =>
    onBench(async ({ ask, error }) => {
      const broken =
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
      assert.equal(await ask({ caCerts: [broken] }), "invalid");
      assert.match(error().message, /CA certificates or proxy/);
      assert.equal(await ask({ proxy: "gopher://localhost" }), "invalid");
    }),
);

Deno.test(
  "request() connects to nobody for a URL that is not https on a listed host",
  strict,
  () =>
    onBench(async ({ server, ask }) => {
      const { port } = server;
      const problems: Record<string, string> = {
        [`http://localhost:${port}/jwks`]: "not_https",
        [`https://user@localhost:${port}/jwks`]: "not_https",
        [`https://user:pw@localhost:${port}/jwks`]: "not_https",
        "file:///etc/passwd": "not_https",
        "data:application/json,{}": "not_https",
        "blob:https://localhost/1": "not_https",
        "no URL": "invalid",
        "": "invalid",
        "//localhost/": "invalid",
        [`https://127.0.0.1:${port}/jwks`]: "host_not_permitted",
        [`https://[::1]:${port}/jwks`]: "host_not_permitted",
        [`https://[::ffff:127.0.0.1]:${port}/jwks`]: "host_not_permitted",
        [`https://0x7f.1:${port}/jwks`]: "host_not_permitted",
        [`https://localhost.:${port}/jwks`]: "host_not_permitted",
        "https://localhost/jwks": "host_not_permitted",
        [`https://localhost:${port}@login.example.org/`]: "not_https",
        [`https://login.example.org:${port}/#@localhost`]: "host_not_permitted",
        [`https://localhost.example.org:${port}/`]: "host_not_permitted",
      };
      for (const [url, problem] of Object.entries(problems)) {
        assert.equal(await ask({ url }), problem, url);
      }
      assert.equal(server.connections, 0);
      assert.equal(await ask({ url: `HTTPS://LOCALHOST:${port}/jwks` }), "200");
    }),
);

Deno.test(
  "request() goes through the proxy of the policy, and only through it",
  strict,
  () =>
    onBench(async ({ server, ask }) => {
      const asked: string[] = [];
      const proxy = createServer().on("connect", (request, client) => {
        asked.push(request.url ?? "");
        const upstream = connect(server.port, "127.0.0.1", () => {
          client.write("HTTP/1.1 200 OK\r\n\r\n");
          client.pipe(upstream).pipe(client);
        });
        upstream.on("error", () => client.destroy());
        client.on("error", () => upstream.destroy());
        client.on("close", () => upstream.destroy());
      });
      await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
      const { port } = proxy.address() as { port: number };
      assert.equal(await ask({ proxy: `http://127.0.0.1:${port}` }), "200");
      assert.deepEqual(asked, [`localhost:${server.port}`]);
      await new Promise((done) => {
        proxy.close(done);
        proxy.closeAllConnections();
      });
      const connections = server.connections;
      assert.equal(
        await ask({ proxy: `http://127.0.0.1:${port}` }),
        "unreachable",
      );
      assert.equal(server.connections, connections);
    }),
);

Deno.test(
  "an error names neither the query nor the user information of a URL",
  strict,
  () =>
    onBench(async ({ server, ask, error }) => {
      server.on("/jwks", answer({ status: 500 }));
      await ask({ url: `${server.issuer}/jwks?secret=1#secret` });
      assert.ok(!error().message.includes("secret"), error().message);
      await ask({ url: `https://me:secret@localhost:${server.port}/` });
      assert.ok(!error().message.includes("secret"), error().message);
    }),
);

Deno.test("permittedHosts() writes every port, once", () => {
  assert.deepEqual(
    permittedHosts("https://login.example.edu/tenant", [
      "keys.example.org",
      "keys.example.org:443",
      "LOGIN.example.edu",
      "[2001:db8::1]:8443",
    ]),
    [
      "login.example.edu:443",
      "keys.example.org:443",
      "[2001:db8::1]:8443",
    ],
  );
});

Deno.test("checkUrl() keeps the path and writes the URL in its normal form", () => {
  const hosts = ["login.example.edu:443"];
  const url = checkUrl("https://LOGIN.example.edu:443/a/../b?c", hosts);
  assert.equal(url.href, "https://login.example.edu/b?c");
  assert.equal(hostPort(url), "login.example.edu:443");
  for (const nothing of [undefined, null, 1, {}, []]) {
    assert.throws(() => checkUrl(nothing, hosts), { problem: "invalid" });
  }
});
