/**
 * The proxy that stands for a network.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startDelayProxy } from "./delay_proxy.ts";

/** Answers everything with itself; ends when the other side does. */
function startEcho(): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const connection of listener) {
      connection.readable.pipeTo(connection.writable).catch(() => {});
    }
  })();
  return listener;
}

const portOf = (listener: Deno.TcpListener) => listener.addr.port;

async function readExactly(from: Deno.Conn, length: number): Promise<string> {
  const bytes = new Uint8Array(length);
  for (let got = 0; got < length;) {
    got += await from.read(bytes.subarray(got)) ?? assert.fail("ended early");
  }
  return new TextDecoder().decode(bytes);
}

Deno.test("a round trip through the proxy takes its time, and the first one twice that", async () => {
  using echo = startEcho();
  const roundTripMs = 40;
  await using proxy = startDelayProxy({ port: portOf(echo), roundTripMs });
  using client = await Deno.connect({
    hostname: "127.0.0.1",
    port: proxy.port,
  });
  const trip = async (text: string) => {
    const start = performance.now();
    await client.write(new TextEncoder().encode(text));
    assert.equal(await readExactly(client, text.length), text);
    return performance.now() - start;
  };
  // a timer may fire a little early; how late depends on the machine
  assert(await trip("hello") > 2 * roundTripMs - 4);
  const second = await trip("again");
  assert(second > roundTripMs - 4, `${second}`);
  assert.equal(proxy.connections, 1);
});

Deno.test("the proxy keeps the order of what it holds, loses nothing, and passes on an end", async () => {
  using echo = startEcho();
  await using proxy = startDelayProxy({ port: portOf(echo), roundTripMs: 10 });
  using client = await Deno.connect({
    hostname: "127.0.0.1",
    port: proxy.port,
  });
  const text = Array.from({ length: 100_000 }, (_, index) => `${index}\n`)
    .join("");
  const received = readExactly(client, text.length);
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) {
    sent += await client.write(bytes.subarray(sent, sent + 7919));
  }
  assert.equal(await received, text);
  await client.closeWrite();
  assert.equal(await client.read(new Uint8Array(1)), null);
});

Deno.test("who is not there closes the connection, and it was counted", async () => {
  const echo = startEcho();
  const port = portOf(echo);
  echo.close();
  await using proxy = startDelayProxy({ port, roundTripMs: 1 });
  using client = await Deno.connect({
    hostname: "127.0.0.1",
    port: proxy.port,
  });
  assert.equal(await client.read(new Uint8Array(1)).catch(() => null), null);
  assert.equal(proxy.connections, 1);
});
