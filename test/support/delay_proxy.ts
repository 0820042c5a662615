/**
 * A network between two processes: a TCP proxy on loopback that holds everything up by half a round trip in
 * each direction, and what a connection sends first by one round trip more, because the connection itself
 * would have taken that. It has no bound of its own on what passes at once.
 *
 * @module
 */

export interface DelayProxy extends AsyncDisposable {
  readonly port: number;
  /** How many were accepted so far. */
  readonly connections: number;
}

/** Passes connections on to `port` of this machine. */
export function startDelayProxy(
  { port, roundTripMs }: {
    readonly port: number;
    readonly roundTripMs: number;
  },
): DelayProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const running = new Set<Promise<void>>();
  let connections = 0;

  async function serve(client: Deno.Conn): Promise<void> {
    open.add(client);
    const established = performance.now() + roundTripMs;
    let server: Deno.Conn | undefined;
    try {
      server = await Deno.connect({ hostname: "127.0.0.1", port });
      open.add(server);
      const delay = roundTripMs / 2;
      await Promise.all([
        passOn(client, server, (now) => Math.max(now, established) + delay),
        passOn(server, client, (now) => now + delay),
      ]);
    } catch {
      // one end is gone: so is the other
    } finally {
      for (const end of [client, server]) if (end) close(end);
    }
  }
  function close(end: Deno.Conn): void {
    if (open.delete(end)) end.close();
  }

  const accepting = (async () => {
    for await (const client of listener) {
      connections++;
      const served = serve(client).finally(() => running.delete(served));
      running.add(served);
    }
  })();
  return {
    port: (listener.addr as Deno.NetAddr).port,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const end of [...open]) close(end);
      await Promise.all(running);
    },
  };
}

/** Reads at once what there is, and writes it, in its order, when `due` says; the end of it too. */
async function passOn(
  from: Deno.Conn,
  to: Deno.Conn,
  due: (now: number) => number,
): Promise<void> {
  let written: Promise<void> = Promise.resolve();
  const queue = (action: () => Promise<unknown>) => {
    const at = due(performance.now());
    written = written.then(async () => {
      const left = at - performance.now();
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
      await action();
    });
    written.catch(() => {}); // told below
  };
  const buffer = new Uint8Array(65_536);
  for (
    let size = await from.read(buffer);
    size !== null;
    size = await from.read(buffer)
  ) {
    const chunk = buffer.slice(0, size);
    queue(() => writeAll(to, chunk));
  }
  queue(() => to.closeWrite());
  await written;
}

async function writeAll(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) {
    sent += await to.write(bytes.subarray(sent));
  }
}
