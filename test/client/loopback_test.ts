/**
 * The port that the browser comes back to: one answer, from nobody else.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  listenForAnswer,
  type LoopbackTarget,
  loopbackTarget,
} from "../../src/client/loopback.ts";
import { until } from "../support/pam.ts";

const TARGET: LoopbackTarget = {
  host: "127.0.0.1",
  port: 0,
  path: "/callback",
};

async function get(
  url: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(url, init);
  const { status, headers } = response;
  return { status, headers, text: await response.text() };
}

/** Fetch would not send another Host. */
async function getAs(url: string, host: string): Promise<string> {
  const { hostname, port, pathname } = new URL(url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode(
    `GET ${pathname}?code=1 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
  ));
  const text = await new Response(connection.readable).text();
  return text.split("\r\n")[0] ?? "";
}

Deno.test("the first answer is taken, its page tells what came of it, and a second one is refused", async () => {
  for (
    const [outcome, status, title] of [
      ["done", 200, "You have signed in"],
      ["failed", 400, "That did not work"],
    ] as const
  ) {
    await using loopback = listenForAnswer(TARGET);
    assert.match(loopback.redirectUri, /^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    const first = get(`${loopback.redirectUri}?code=<1>&state=2`);
    const { parameters, answer } = await loopback.arrival;
    assert.deepEqual([...parameters], [["code", "<1>"], ["state", "2"]]);
    const second = await get(`${loopback.redirectUri}?code=3&state=2`);
    assert.equal(second.status, 410);
    assert.match(second.text, /This sign-in is over/);
    answer(outcome);
    const page = await first;
    assert.equal(page.status, status);
    assert.match(page.text, new RegExp(title));
    assert.doesNotMatch(page.text, /<1>|code|script|href/);
    for (
      const [name, value] of [
        ["cache-control", "no-store"],
        ["referrer-policy", "no-referrer"],
        ["x-content-type-options", "nosniff"],
        ["content-type", "text/html; charset=utf-8"],
      ] as const
    ) assert.equal(page.headers.get(name), value);
    assert.match(
      page.headers.get("content-security-policy") ?? "",
      /default-src 'none'/,
    );
  }
});

Deno.test("another path, another method and another name are refused, and it waits on", async () => {
  await using loopback = listenForAnswer(TARGET);
  const { redirectUri } = loopback;
  const { origin, port } = new URL(redirectUri);
  for (
    const path of [
      "/",
      "/favicon.ico",
      "/callback/",
      "/Callback",
      "/callback/x",
      "//callback",
    ]
  ) {
    const { status, text } = await get(`${origin}${path}?code=1`);
    assert.equal(status, 404, path);
    assert.match(text, /There is nothing here/);
  }
  for (const method of ["POST", "PUT", "OPTIONS", "DELETE"]) {
    assert.equal((await get(redirectUri, { method })).status, 404, method);
  }
  assert.equal((await fetch(redirectUri, { method: "HEAD" })).status, 404);
  for (
    const host of [
      "evil.example.org",
      `evil.example.org:${port}`,
      `localhost:${port}`,
      "127.0.0.1",
    ]
  ) {
    assert.equal(
      await getAs(redirectUri, host),
      "HTTP/1.1 404 Not Found",
      host,
    );
  }
  // of a page elsewhere: it would use up the one answer
  for (const destination of ["image", "empty", "iframe", "script"]) {
    const headers = { "sec-fetch-dest": destination };
    const { status } = await get(`${redirectUri}?code=1`, { headers });
    assert.equal(status, 404, destination);
  }
  const headers = { "sec-fetch-dest": "document" };
  const good = get(`${redirectUri}?code=good`, { headers });
  const { parameters, answer } = await loopback.arrival;
  assert.equal(parameters.get("code"), "good");
  answer("done");
  assert.equal((await good).status, 200);
});

Deno.test("whoever ends without an outcome leaves a page that says so, and the port is free again", async () => {
  let uri = "";
  let page: ReturnType<typeof get> | undefined;
  {
    await using loopback = listenForAnswer(TARGET);
    uri = loopback.redirectUri;
    page = get(`${uri}?code=1`);
    await loopback.arrival;
  }
  assert.equal((await page).status, 400);
  await assert.rejects(fetch(uri), TypeError);
});

Deno.test("localhost is listened for on both of its addresses, with the same port", async () => {
  await using loopback = listenForAnswer({ ...TARGET, host: "localhost" });
  const { port } = new URL(loopback.redirectUri);
  assert.match(loopback.redirectUri, /^http:\/\/localhost:/);
  for (const hostname of ["127.0.0.1", "::1"]) {
    using connection = await Deno.connect({ hostname, port: Number(port) });
    assert.equal(connection.remoteAddr.port, Number(port));
  }
});

Deno.test("localhost is refused where somebody else has the port on the other address", async () => {
  using other = Deno.listen({ hostname: "::1", port: 0 });
  const { port } = other.addr;
  assert.throws(
    () => listenForAnswer({ ...TARGET, host: "localhost", port }),
    Deno.errors.AddrInUse,
  );
  // and the first one is given back
  await until(() => {
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return true;
    } catch {
      return false;
    }
  }, { what: "the port to be free" });
});

const TARGETS: readonly [string, LoopbackTarget | null][] = [
  ["http://127.0.0.1/callback", TARGET],
  ["http://127.0.0.1:8400/callback", { ...TARGET, port: 8400 }],
  ["http://localhost:3000/login-callback", {
    host: "localhost",
    port: 3000,
    path: "/login-callback",
  }],
  ["http://[::1]:65535/", { host: "[::1]", port: 65535, path: "/" }],
  ["http://localhost", { host: "localhost", port: 0, path: "" }],
  ["https://127.0.0.1/callback", null],
  ["http://127.0.0.2/callback", null],
  ["http://0.0.0.0/callback", null],
  ["http://127.0.0.1.example.org/callback", null],
  ["http://localhost.example.org/", null],
  ["http://login.example.edu/callback", null],
  ["http://user@127.0.0.1/callback", null],
  ["http://127.0.0.1:0/", null],
  ["http://127.0.0.1:65536/", null],
  ["http://127.0.0.1/callback?a=b", null],
  ["http://127.0.0.1/callback#a", null],
  ["http://127.0.0.1/call back", null],
  ["http://127.0.0.1/%2e%2e/callback", null],
  ["http://127.0.0.1callback", null],
  ["urn:ietf:wg:oauth:2.0:oob", null],
  ["", null],
];

Deno.test("loopbackTarget() takes what leads to this machine and nowhere else", () => {
  for (const [uri, expected] of TARGETS) {
    assert.deepEqual(loopbackTarget(uri), expected, uri);
  }
});
