/**
 * The issuer of the tests says what it is told to.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Authority, createAuthority } from "./certificates.ts";
import * as hostile from "./hostile_server.ts";
import { manyKeys } from "./tokens.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
let shared: Promise<Authority> | undefined;

interface Bench {
  issuer: hostile.HostileIssuer;
  get(path: string, init?: RequestInit): Promise<Response>;
}

/** A test with an issuer and a client that trusts it. */
function test(title: string, body: (bench: Bench) => Promise<void>): void {
  Deno.test(title, strict, async () => {
    const authority = await (shared ??= createAuthority());
    await using issuer = await hostile.startHostileIssuer({ authority });
    using client = Deno.createHttpClient({ caCerts: [authority.caPem] });
    await body({
      issuer,
      get: (path, init) =>
        fetch(issuer.issuer + path, { redirect: "manual", ...init, client }),
    });
  });
}

test("the issuer behaves until told otherwise, and forgets overrides", async ({ issuer, get }) => {
  const document = await (await get(hostile.DISCOVERY_PATH)).json();
  assert.equal(document.issuer, issuer.issuer);
  assert.equal(document.jwks_uri, `${issuer.issuer}/jwks`);
  assert.deepEqual(await (await get("/jwks")).json(), { keys: [] });
  assert.equal((await (await get("/other")).json()).error, "not_found");
  issuer.discovery.issuer = "https://wrong.example.org";
  issuer.on("/jwks", hostile.answer({ status: 503 }));
  assert.equal(
    (await (await get(hostile.DISCOVERY_PATH)).json()).issuer,
    "https://wrong.example.org",
  );
  const down = await get("/jwks");
  assert.deepEqual([down.status, await down.text()], [503, ""]);
  issuer.on("/jwks");
  assert.deepEqual(await (await get("/jwks")).json(), { keys: [] });
});

test("every request is logged with its header and body", async ({ issuer, get }) => {
  issuer.on("/token", hostile.json({ active: true }));
  const response = await get("/token?a=b", {
    method: "POST",
    headers: { authorization: "Basic eDp5" },
    body: new URLSearchParams({ token: "t1" }),
  });
  assert.deepEqual(await response.json(), { active: true });
  const [request] = issuer.requests;
  assert.equal(request?.method, "POST");
  assert.equal(request?.path, "/token");
  assert.equal(request?.query, "a=b");
  assert.equal(request?.body, "token=t1");
  assert.equal(request?.headers.authorization, "Basic eDp5");
  assert.deepEqual([issuer.requestCount("/token"), issuer.requestCount()], [
    1,
    1,
  ]);
});

test("redirect() answers each status and a follower ends in the trap", async ({ issuer, get }) => {
  await using trap = hostile.startConnectionTrap();
  for (const status of [301, 302, 303, 307, 308] as const) {
    issuer.on("/jwks", hostile.redirect(trap.url, { status }));
    const response = await get("/jwks");
    await response.body?.cancel();
    assert.equal(response.status, status);
    assert.equal(response.headers.get("location"), trap.url);
  }
  assert.equal(trap.connections, 0);
  await assert.rejects(get("/jwks", { redirect: "follow" }));
  assert.ok(trap.connections > 0);
});

test("html(), garbage() and plain statuses arrive as they are", async ({ issuer, get }) => {
  issuer.on("/html", hostile.html());
  issuer.on("/garbage", hostile.garbage());
  issuer.on("/empty", hostile.answer());
  issuer.on("/204", hostile.answer({ status: 204 }));
  issuer.on("/206", hostile.answer({ status: 206, body: "{}" }));
  issuer.on(
    "/text",
    hostile.answer({ headers: { "content-type": "text/plain" }, body: {} }),
  );
  const seen = [];
  for (const path of ["/html", "/garbage", "/empty", "/204", "/206", "/text"]) {
    const response = await get(path);
    const { length } = await response.bytes();
    const type = response.headers.get("content-type");
    seen.push(`${path} ${response.status} ${type} ${length > 0}`);
  }
  assert.deepEqual(seen, [
    "/html 200 text/html; charset=utf-8 true",
    "/garbage 200 application/json true",
    "/empty 200 application/json false",
    "/204 204 application/json false",
    "/206 206 application/json true",
    "/text 200 text/plain true",
  ]);
});

test("hang() answers nothing and close() ends the wait", async ({ issuer, get }) => {
  const arrived = Promise.withResolvers<void>();
  issuer.on("/jwks", (request, response) => {
    arrived.resolve();
    return hostile.hang()(request, response);
  });
  const waiting = assert.rejects(get("/jwks"), TypeError);
  await arrived.promise;
  assert.equal(issuer.requestCount("/jwks"), 1);
  await issuer.close();
  await waiting;
});

test("drip() sends byte after byte and stops when the client leaves", async ({ issuer, get }) => {
  issuer.on("/jwks", hostile.drip({ keys: [] }, { interval: 5 }));
  const response = await get("/jwks");
  const chunks = await Array.fromAsync(response.body!);
  assert.equal(
    chunks.map((chunk) => new TextDecoder().decode(chunk)).join(""),
    '{"keys":[]}',
  );
  assert.ok(chunks.length > 3, `${chunks.length} chunks`);
  issuer.on("/jwks", hostile.drip({ keys: [] }));
  const slow = await get("/jwks");
  await slow.body?.cancel();
});

test("endless() goes on for as long as the client reads", async ({ issuer, get }) => {
  issuer.on("/jwks", hostile.endless());
  const response = await get("/jwks");
  let size = 0;
  for await (const chunk of response.body!) {
    size += chunk.length;
    if (size > 8 * 1024 * 1024) break;
  }
  assert.ok(size > 8 * 1024 * 1024);
});

test("gzipBomb() is small on the wire and 64 MiB in memory", async ({ issuer, get }) => {
  let wire = 0;
  const bomb = hostile.gzipBomb();
  issuer.on("/jwks", (request, response) => {
    response.once("finish", () => wire = response.socket?.bytesWritten ?? 0);
    return bomb(request, response);
  });
  const response = await get("/jwks");
  let size = 0;
  for await (const chunk of response.body!) size += chunk.length;
  assert.equal(size, 64 * 1024 * 1024);
  assert.ok(wire < 100_000, `${wire} bytes on the wire`);
});

test("truncated() and reset() end in an error of the client", async ({ issuer, get }) => {
  issuer.on("/truncated", hostile.truncated({ keys: [] }));
  issuer.on("/reset", hostile.reset());
  const response = await get("/truncated");
  assert.equal(response.status, 200);
  await assert.rejects(response.text());
  await assert.rejects(get("/reset"), TypeError);
});

test("sequence() gives one answer after the other and stays with the last", async ({ issuer, get }) => {
  issuer.on(
    "/token",
    hostile.sequence(
      hostile.answer({ status: 400, body: { error: "slow_down" } }),
      hostile.json({ id_token: "x" }),
    ),
  );
  const statuses = [];
  for (let i = 0; i < 3; i++) {
    const response = await get("/token", { method: "POST" });
    await response.body?.cancel();
    statuses.push(response.status);
  }
  assert.deepEqual(statuses, [400, 200, 200]);
});

test("a key set of 100,000 keys is served whole", async ({ issuer, get }) => {
  issuer.jwks = manyKeys();
  const { keys } = await (await get("/jwks")).json();
  assert.equal(keys.length, 100_000);
});

Deno.test(
  "startConnectionTrap() counts connections and leaves nothing behind",
  strict,
  async () => {
    await using trap = hostile.startConnectionTrap();
    for (let i = 0; i < 2; i++) {
      using connection = await Deno.connect({
        hostname: "127.0.0.1",
        port: trap.port,
      });
      assert.equal(await connection.read(new Uint8Array(1)), null);
    }
    assert.equal(trap.connections, 2);
  },
);
