/**
 * Signing keys in files that all logins share, and what may have become of the files.
 *
 * @module
 */
// Threats: B10, B12, B13, F-3, F-6
import assert from "node:assert/strict";
import { sha256Hex, StateDirectory } from "../../src/files/state_directory.ts";
import { openTransport, type Transport } from "../../src/issuer/http.ts";
import { FAILURE_SPARED } from "../../src/issuer/failures.ts";
import {
  type KeySet,
  type KeySource,
  processJwksResponse,
  REFETCH_COOLDOWN,
  refetchedKeys,
  signingKeys,
} from "../../src/issuer/jwks_cache.ts";
import { createAuthority } from "../support/certificates.ts";
import {
  answer,
  hang,
  type HostileIssuer,
  html,
  json,
  startHostileIssuer,
} from "../support/hostile_server.ts";
import { manyKeys } from "../support/tokens.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
const authority = await createAuthority();

interface Bench {
  readonly server: HostileIssuer;
  readonly root: string;
  /** Seconds; free to be changed. */
  clock: number;
  source(options?: Partial<KeySource>): KeySource;
  /** The entry's path. */
  entry(issuer?: string): Promise<string>;
  fetches(): number;
  /** Another way to the server, with a deadline of its own. */
  transport(signal: AbortSignal): Transport;
  /** What `signingKeys()` comes to, such as "cache k1" or "issuer_unavailable". */
  keys(options?: Partial<KeySource>): Promise<string>;
}

async function onBench(body: (bench: Bench) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  await using server = await startHostileIssuer({ authority });
  server.jwks = { keys: [{ kid: "k1" }] };
  const open = (signal: AbortSignal) =>
    openTransport({
      hosts: [`localhost:${server.port}`],
      caCerts: [authority.caPem],
      proxy: null,
      signal,
    });
  const transport = open(AbortSignal.timeout(20_000));
  const root = `${folder}/cache`;
  const bench: Bench = {
    server,
    root,
    clock: 1_800_000_000,
    source: (options = {}) => ({
      issuer: server.issuer,
      hosts: [`localhost:${server.port}`],
      ttl: 3600,
      stale: 0,
      transport,
      cache: new StateDirectory(root, "jwks"),
      now: () => bench.clock,
      lockWaitMs: 10_000,
      ...options,
    }),
    entry: async (issuer = server.issuer) =>
      `${root}/jwks/${await sha256Hex(issuer)}`,
    transport: open,
    fetches: () => server.requestCount("/jwks"),
    async keys(options) {
      try {
        const { from, keys } = await signingKeys(bench.source(options));
        return [from, ...keys.map(({ kid }) => kid)].join(" ");
      } catch (error) {
        return (error as { code?: string }).code ?? String(error);
      }
    },
  };
  try {
    await body(bench);
  } finally {
    transport.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test(
  "keys serve from the cache until their time is over, to the second",
  strict,
  () =>
    onBench(async (bench) => {
      assert.equal(await bench.keys(), "issuer k1");
      bench.server.jwks = { keys: [{ kid: "k2" }] };
      bench.clock += 3599;
      assert.equal(await bench.keys(), "cache k1");
      bench.clock += 1;
      assert.equal(await bench.keys(), "issuer k2");
      assert.equal(bench.fetches(), 2);
    }),
);

Deno.test(
  "with a time of 0 keys are fetched every time and not kept",
  strict,
  () =>
    onBench(async (bench) => {
      for (const kid of ["a", "b", "c"]) {
        bench.server.jwks = { keys: [{ kid }] };
        assert.equal(await bench.keys({ ttl: 0 }), `issuer ${kid}`);
      }
      await assert.rejects(Deno.lstat(bench.root), Deno.errors.NotFound);
    }),
);

Deno.test(
  "expired keys serve while the issuer is away, within the grace time only",
  strict,
  () =>
    onBench(async (bench) => {
      assert.equal(await bench.keys({ stale: 600 }), "issuer k1");
      for (
        const [behaviour, reason] of [
          [answer({ status: 503 }), "issuer_unavailable"],
          [html(), "issuer_refused"],
          [json({ keys: "none" }), "issuer_refused"],
          [json(null), "issuer_refused"],
        ] as const
      ) {
        bench.server.on("/jwks", behaviour);
        bench.clock = 1_800_000_000 + 3600;
        assert.equal(await bench.keys({ stale: 600 }), "stale k1");
        assert.equal(await bench.keys({ stale: 0 }), reason);
        bench.clock = 1_800_000_000 + 4199;
        assert.equal(await bench.keys({ stale: 600 }), "stale k1");
        bench.clock = 1_800_000_000 + 4200;
        assert.equal(await bench.keys({ stale: 600 }), reason);
      }
      bench.server.on("/jwks");
      bench.server.jwks = { keys: [{ kid: "k2" }] };
      bench.clock += FAILURE_SPARED;
      assert.equal(await bench.keys({ stale: 600 }), "issuer k2");
    }),
);

Deno.test(
  "an issuer that hangs costs one login two seconds where expired keys can serve, and others less",
  strict,
  () =>
    onBench(async (bench) => {
      const options = { stale: 600 };
      assert.equal(await bench.keys(options), "issuer k1");
      bench.clock += 3600;
      bench.server.on("/.well-known/openid-configuration", hang());
      const asked = bench.server.requestCount();
      const begun = performance.now();
      const found = await Promise.all(
        Array.from({ length: 20 }, () => bench.keys(options)),
      );
      const taken = performance.now() - begun;
      assert.deepEqual(found, Array(20).fill("stale k1"));
      assert.ok(taken > 1_900 && taken < 3_000, `${taken} ms`);
      assert.equal(bench.server.requestCount() - asked, 1);
      // until it is asked once more, by one of them
      bench.clock += FAILURE_SPARED - 1;
      assert.equal(await bench.keys(options), "stale k1");
      assert.equal(bench.server.requestCount() - asked, 1);
      bench.clock += 1;
      bench.server.on("/.well-known/openid-configuration");
      assert.equal(await bench.keys(options), "issuer k1");
    }),
);

Deno.test(
  "without keys the first pays its deadline, and others are told the same at once",
  strict,
  () =>
    onBench(async (bench) => {
      bench.server.on("/.well-known/openid-configuration", hang());
      const transport = bench.transport(AbortSignal.timeout(2_000));
      const reason = async () => {
        try {
          await signingKeys(bench.source({ transport }));
          return "";
        } catch (error) {
          const { code, message } = error as { code: string; message: string };
          return `${code} ${message.replace(/^\S+/, "URL")}`;
        }
      };
      try {
        assert.equal(
          await reason(),
          "issuer_unavailable URL did not answer in time",
        );
        bench.clock += 7;
        const begun = performance.now();
        const told = await Promise.all([reason(), reason(), reason()]);
        assert.ok(performance.now() - begun < 500);
        assert.deepEqual(
          told,
          Array(3).fill(
            "issuer_unavailable URL did not answer in time " +
              "(7 s ago; it is asked again in 23 s)",
          ),
        );
        assert.equal(bench.server.requestCount(), 1);
      } finally {
        transport.close();
      }
      bench.server.on("/.well-known/openid-configuration");
      bench.clock += FAILURE_SPARED - 8;
      assert.equal(await bench.keys(), "issuer_unavailable");
      bench.clock += 1;
      assert.equal(await bench.keys(), "issuer k1");
    }),
);

Deno.test(
  "an issuer that answers 500 is asked by one login of forty, with and without keys",
  strict,
  () =>
    onBench(async (bench) => {
      const options = { stale: 600 };
      bench.server.on("/jwks", answer({ status: 500 }));
      const forty = async () => {
        const before = bench.fetches();
        const found = new Set<string>();
        for (let login = 0; login < 40; login++) {
          found.add(await bench.keys(options));
        }
        return [...found, bench.fetches() - before];
      };
      assert.deepEqual(await forty(), ["issuer_unavailable", 1]);
      bench.clock += FAILURE_SPARED;
      bench.server.on("/jwks");
      assert.equal(await bench.keys(options), "issuer k1");
      bench.clock += 3600;
      bench.server.on("/jwks", answer({ status: 500 }));
      assert.deepEqual(await forty(), ["stale k1", 1]);
    }),
);

Deno.test(
  "what remembers a failure counts only as it was written, and not in the future",
  strict,
  () =>
    onBench(async (bench) => {
      bench.server.on("/jwks", answer({ status: 500 }));
      assert.equal(await bench.keys(), "issuer_unavailable");
      bench.server.on("/jwks");
      const path = `${await bench.entry()}.failed`;
      const written = JSON.parse(await Deno.readTextFile(path));
      assert.deepEqual(Object.keys(written), [
        ...["at", "way", "problem", "status", "message"],
      ]);
      for (
        const damaged of [
          "",
          "null",
          JSON.stringify({ ...written, at: bench.clock + 1 }),
          JSON.stringify({ ...written, at: String(bench.clock - 31) }),
          JSON.stringify({ ...written, at: null }),
          JSON.stringify({ ...written, way: "another" }),
          JSON.stringify({ ...written, problem: 1 }),
          JSON.stringify({ ...written, message: null }),
        ]
      ) {
        await Deno.remove(await bench.entry()).catch(() => {});
        await Deno.writeTextFile(path, damaged);
        assert.equal(await bench.keys(), "issuer k1", damaged);
      }
    }),
);

Deno.test(
  "a good fetch ends what is remembered, and another way to the issuer is not held to have failed",
  strict,
  () =>
    onBench(async (bench) => {
      bench.server.on("/jwks", answer({ status: 500 }));
      assert.equal(await bench.keys(), "issuer_unavailable");
      bench.server.on("/jwks");
      assert.equal(await bench.keys(), "issuer_unavailable");
      for (
        const other of [
          { route: () => Promise.resolve("through a proxy") },
          { hosts: [...bench.source().hosts, "keys.example.edu:443"] },
          // it is looked for in one place more
          { oauthMetadata: true },
        ]
      ) {
        assert.equal(
          await bench.keys({ ...other, ttl: 0, stale: 1 }),
          "issuer k1",
        );
        await assert.rejects(Deno.lstat(`${await bench.entry()}.failed`));
        await Deno.remove(await bench.entry());
        bench.server.on("/jwks", answer({ status: 500 }));
        assert.equal(await bench.keys(), "issuer_unavailable");
        bench.server.on("/jwks");
      }

      assert.deepEqual(
        (await Array.fromAsync(
          Deno.readDir((await bench.entry()).replace(/[^/]*$/, "")),
          ({ name }) => name.replace(/^[0-9a-f]{64}/, "HASH"),
        )).sort(),
        ["HASH.failed", "HASH.lock"],
      );
    }),
);

Deno.test(
  "who had too little time left for an answer does not speak for the others",
  strict,
  () =>
    onBench(async (bench) => {
      bench.server.on("/jwks", hang());
      const transport = bench.transport(AbortSignal.timeout(200));
      try {
        assert.equal(await bench.keys({ transport }), "issuer_unavailable");
      } finally {
        transport.close();
      }
      bench.server.on("/jwks");
      assert.equal(await bench.keys(), "issuer k1");
    }),
);

Deno.test(
  "who has waited before, and asks for keys that a token lacks, does not speak for those with their whole time",
  strict,
  () =>
    onBench(async (bench) => {
      await bench.keys();
      bench.clock += 3600;
      bench.server.on("/jwks", hang());
      const transport = bench.transport(AbortSignal.timeout(4_000));
      const source = bench.source({ stale: 600, transport });
      const stale: KeySet = { keys: [], fetchedAt: 0, from: "stale" };
      const known = { ...stale, fetchedAt: bench.clock - 3600 };
      try {
        const { keys } = JSON.parse(
          await Deno.readTextFile(await bench.entry()),
        );
        await assert.rejects(
          refetchedKeys(source, { ...known, keys }),
          /did not answer in time$/,
        );
      } finally {
        transport.close();
      }
      bench.server.on("/jwks");
      const before = bench.fetches();
      // who is in a hurry as well does without
      assert.equal(await bench.keys({ stale: 600 }), "stale k1");
      assert.equal(bench.fetches(), before);
      assert.equal(await bench.keys(), "issuer k1");
    }),
);

Deno.test(
  "keys that a token lacks are not asked for where the issuer failed a moment ago, and then they are",
  strict,
  () =>
    onBench(async (bench) => {
      const source = bench.source({ stale: 600 });
      await signingKeys(source);
      bench.clock += 3600;
      bench.server.on("/jwks", answer({ status: 500 }));
      const known = await signingKeys(source);
      assert.equal(known.from, "stale");
      const before = bench.fetches();
      await assert.rejects(
        refetchedKeys(source, known),
        /status 500 \(0 s ago/,
      );
      assert.equal(bench.fetches(), before);
      // that was no refetch: the cool-down has not begun
      bench.clock += FAILURE_SPARED;
      bench.server.on("/jwks");
      assert.equal((await refetchedKeys(source, known))?.from, "issuer");
      // and a refetch that fails is known to others
      bench.clock += 3600;
      bench.server.on("/jwks", answer({ status: 500 }));
      const old: KeySet = { keys: [], fetchedAt: bench.clock, from: "cache" };
      await assert.rejects(refetchedKeys(source, old), /status 500$/);
      assert.equal(await bench.keys(), "issuer_unavailable");
      assert.equal(bench.fetches(), before + 2);
    }),
);

Deno.test(
  "an issuer that is slow, not away, is waited for by whoever cannot do with expired keys",
  strict,
  () =>
    onBench(async (bench) => {
      const source = bench.source({ stale: 600 });
      await signingKeys(source);
      bench.clock += 3600;
      bench.server.jwks = { keys: [{ kid: "k2" }] };
      bench.server.on("/jwks", hang());
      const known = await signingKeys(source);
      assert.equal(known.from, "stale");
      bench.server.on("/jwks");
      // whoever can, is not to wait again
      assert.equal(await bench.keys({ stale: 600 }), "stale k1");
      // nor for who asks for a key that there may not be
      const freed = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      const refetching = refetchedKeys({
        ...source,
        transport: {
          request: async (url, request) => {
            held.resolve();
            await freed.promise;
            return await source.transport.request(url, request);
          },
          close: () => {},
        },
      }, known);
      await Promise.race([held.promise, refetching]);
      const begun = performance.now();
      assert.equal(await bench.keys({ stale: 600 }), "stale k1");
      assert.ok(performance.now() - begun < 1_500);
      freed.resolve();
      assert.deepEqual((await refetching)?.keys, [{ kid: "k2" }]);
      // a policy without grace, on the same cache
      bench.clock += 3600;
      bench.server.on("/jwks", hang());
      assert.equal(await bench.keys({ stale: 600 }), "stale k2");
      bench.server.on("/jwks");
      assert.equal(await bench.keys({ stale: 0 }), "issuer k2");
    }),
);

Deno.test(
  "with a time of 0 and a grace time, keys serve only when the issuer is away",
  strict,
  () =>
    onBench(async (bench) => {
      const options = { ttl: 0, stale: 600 };
      assert.equal(await bench.keys(options), "issuer k1");
      assert.equal(await bench.keys(options), "issuer k1");
      bench.server.on("/jwks", answer({ status: 500 }));
      assert.equal(await bench.keys(options), "stale k1");
      bench.clock += 600;
      assert.equal(await bench.keys(options), "issuer_unavailable");
    }),
);

Deno.test(
  "an answer that is not a key set leaves the kept keys as they are",
  strict,
  () =>
    onBench(async (bench) => {
      await bench.keys();
      const before = await Deno.readTextFile(await bench.entry());
      for (
        const body of [
          null,
          [],
          "x",
          1,
          {},
          { keys: {} },
          { keys: null },
          manyKeys(101),
        ]
      ) {
        bench.server.on("/jwks", json(body));
        bench.clock += 3600;
        assert.equal(await bench.keys(), "issuer_refused");
        assert.equal(await Deno.readTextFile(await bench.entry()), before);
      }
    }),
);

Deno.test("processJwksResponse() keeps objects only, at most a hundred", () => {
  const keys = [{ kid: "a" }, null, 1, "x", ["y"], { kid: "b" }];
  assert.deepEqual(processJwksResponse({ keys }), [{ kid: "a" }, { kid: "b" }]);
  assert.equal(processJwksResponse(manyKeys(100)).length, 100);
  assert.throws(() => processJwksResponse(manyKeys(101)), {
    problem: "invalid",
  });
});

/** What may have become of an entry; none of it may be believed. */
const SPOILT: Record<
  string,
  (text: string, clock: number) => string | Uint8Array
> = {
  "empty": () => "",
  "truncated": (text) => text.slice(0, -1),
  "half": (text) => text.slice(0, text.length / 2),
  "full of NUL": (text) => new Uint8Array(text.length),
  "followed by more": (text) => `${text}{}`,
  "not text": () => new Uint8Array([0xff, 0xfe]),
  "null": () => "null",
  "a list": (text) => `[${text}]`,
  "without keys": (text) => text.replace('"keys"', '"sleek"'),
  "with a map of keys": (text) => text.replace(/\[.*\]/, '{"kid":"evil"}'),
  "of another version": (text) => text.replace('"version":1', '"version":2'),
  "of another issuer": (text) => text.replace("localhost", "localhosT"),
  "without an issuer": (text) => text.replace('"issuer"', '"user"'),
  "from the future": (text, clock) =>
    text.replace(/("fetched_at":)\d+/, `$1${clock + 1}`),
  "from the far future": (text) =>
    text.replace(/("fetched_at":)\d+/, "$19007199254740991"),
  "from no time": (text) => text.replace(/("fetched_at":)\d+/, "$1null"),
  "from a text": (text) => text.replace(/("fetched_at":)(\d+)/, '$1"$2"'),
  "from infinity": (text) => text.replace(/("fetched_at":)\d+/, "$1-1e999"),
  "from a fraction": (text) => text.replace(/("fetched_at":\d+)/, "$1.5"),
};

for (const [what, spoil] of Object.entries(SPOILT)) {
  Deno.test(
    `an entry that is ${what} is fetched again and replaced`,
    strict,
    () =>
      onBench(async (bench) => {
        await bench.keys();
        const path = await bench.entry();
        const text = (await Deno.readTextFile(path)).replace("k1", "evil");
        assert.ok(text.includes("evil"));
        const spoilt = spoil(text, bench.clock);
        assert.notEqual(spoilt, text);
        if (typeof spoilt === "string") await Deno.writeTextFile(path, spoilt);
        else await Deno.writeFile(path, spoilt);
        assert.equal(await bench.keys(), "issuer k1");
        assert.equal(await bench.keys(), "cache k1");
        bench.server.on("/jwks", answer({ status: 500 }));
        if (typeof spoilt === "string") await Deno.writeTextFile(path, spoilt);
        else await Deno.writeFile(path, spoilt);
        // nor does it serve as a way out
        assert.equal(await bench.keys({ stale: 1e6 }), "issuer_unavailable");
      }),
  );
}

Deno.test(
  "entries of two issuers that took each other's place serve neither",
  strict,
  () =>
    onBench(async (bench) => {
      await using other = await startHostileIssuer({ authority });
      other.jwks = { keys: [{ kid: "other" }] };
      const theirs = {
        issuer: other.issuer,
        hosts: [`localhost:${other.port}`],
        transport: openTransport({
          hosts: [`localhost:${other.port}`],
          caCerts: [authority.caPem],
          proxy: null,
          signal: AbortSignal.timeout(10_000),
        }),
      };
      assert.equal(await bench.keys(), "issuer k1");
      assert.equal(await bench.keys(theirs), "issuer other");
      const [mine, yours] = [
        await bench.entry(),
        await bench.entry(other.issuer),
      ];
      await Deno.rename(mine, `${mine}-x`);
      await Deno.rename(yours, mine);
      await Deno.rename(`${mine}-x`, yours);
      assert.equal(await bench.keys(), "issuer k1");
      assert.equal(await bench.keys(theirs), "issuer other");
      assert.equal(await bench.keys(), "cache k1");
      assert.equal(await bench.keys(theirs), "cache other");
      theirs.transport.close();
    }),
);

Deno.test("issuers whose names differ in a slash or in case have entries of their own", async () => {
  const names = [
    "https://a.example.edu/b",
    "https://a.example.edu_b",
    "https://a.example.edu/b/",
    "https://A.example.edu/b",
  ];
  const hashes = await Promise.all(names.map((name) => sha256Hex(name)));
  assert.equal(new Set(hashes).size, names.length);
});

Deno.test(
  "an unknown kid fetches once, then not again until the cool-down is over",
  strict,
  () =>
    onBench(async (bench) => {
      await bench.keys();
      bench.server.jwks = { keys: [{ kid: "k2" }] };
      const known = await signingKeys(bench.source());
      assert.equal(known.from, "cache");
      const again = await refetchedKeys(bench.source(), known);
      assert.deepEqual(again?.keys, [{ kid: "k2" }]);
      const after = await signingKeys(bench.source());
      for (const passed of [0, REFETCH_COOLDOWN - 1]) {
        bench.clock = 1_800_000_000 + passed;
        assert.equal(await refetchedKeys(bench.source(), after), null);
      }
      assert.equal(bench.fetches(), 2);
      bench.clock = 1_800_000_000 + REFETCH_COOLDOWN;
      assert.equal(
        (await refetchedKeys(bench.source(), after))?.from,
        "issuer",
      );
      assert.equal(bench.fetches(), 3);
    }),
);

Deno.test(
  "keys that were fetched just now are not fetched again for an unknown kid",
  strict,
  () =>
    onBench(async (bench) => {
      const known = await signingKeys(bench.source());
      assert.equal(await refetchedKeys(bench.source(), known), null);
      assert.equal(bench.fetches(), 1);
    }),
);

Deno.test(
  "of logins that meet a new kid at once, one fetches and all get the new keys",
  strict,
  () =>
    onBench(async (bench) => {
      await bench.keys();
      const known = await signingKeys(bench.source());
      bench.server.jwks = { keys: [{ kid: "k2" }] };
      // the clock stands still: within one second the time tells nothing
      const all = await Promise.all(
        Array.from({ length: 10 }, () => refetchedKeys(bench.source(), known)),
      );
      for (const found of all) assert.deepEqual(found?.keys, [{ kid: "k2" }]);
      assert.equal(bench.fetches(), 2);
    }),
);

Deno.test(
  "a cool-down from the future is over",
  strict,
  () =>
    onBench(async (bench) => {
      await bench.keys();
      const known = await signingKeys(bench.source());
      const cache = new StateDirectory(bench.root, "jwks");
      const stamp = `${await sha256Hex(bench.server.issuer)}.refetch`;
      await cache.write(
        stamp,
        new TextEncoder().encode(JSON.stringify({ at: bench.clock + 1000 })),
      );
      assert.equal(
        (await refetchedKeys(bench.source(), known))?.from,
        "issuer",
      );
    }),
);

Deno.test(
  "where the cool-down cannot be kept nothing is fetched for an unknown kid",
  strict,
  () =>
    onBench(async (bench) => {
      await bench.keys();
      const known = await signingKeys(bench.source());
      await Deno.chmod(`${bench.root}/jwks`, 0o770);
      assert.equal(await refetchedKeys(bench.source(), known), null);
      assert.equal(bench.fetches(), 1);
    }),
);

Deno.test(
  "20 readers of an empty cache cause one fetch",
  strict,
  () =>
    onBench(async (bench) => {
      const all = await Promise.all(
        Array.from({ length: 20 }, () => bench.keys()),
      );
      assert.deepEqual(all.toSorted(), [
        ...Array(19).fill("cache k1"),
        "issuer k1",
      ]);
      assert.equal(bench.fetches(), 1);
    }),
);

for (
  const [what, spoil] of Object.entries({
    "a file where the cache should be": (root: string) =>
      Deno.writeTextFile(root, ""),
    "a cache that others may write": async (root: string) => {
      await Deno.mkdir(root);
      await Deno.chmod(root, 0o777);
    },
    "a linked cache": async (root: string) => {
      await Deno.mkdir(`${root}-real`, { mode: 0o700 });
      await Deno.symlink(`${root}-real`, root);
    },
  })
) {
  Deno.test(
    `with ${what} keys are fetched every time`,
    strict,
    () =>
      onBench(async (bench) => {
        await spoil(bench.root);
        assert.equal(await bench.keys(), "issuer k1");
        assert.equal(await bench.keys(), "issuer k1");
        assert.equal(bench.fetches(), 2);
      }),
  );
}

// the last of all, because of what it leaves to the end
Deno.test(
  "somebody who keeps the lock for ever keeps nobody from fetching",
  // the one that waited in vain lets go some time later, perhaps after the end of this test
  { sanitizeOps: false, sanitizeResources: false },
  () =>
    onBench(async (bench) => {
      await bench.keys();
      const holder = await Deno.open(`${await bench.entry()}.lock`, {
        read: true,
        write: true,
      });
      await holder.lock(true);
      bench.clock += 3600;
      assert.equal(await bench.keys({ lockWaitMs: 50 }), "issuer k1");
      holder.close();
    }),
);
