/**
 * A token of a one_time issuer admits once, whatever is done to it or to the memory of it.
 *
 * @module
 */
// Threats: A17
import assert from "node:assert/strict";
import { spendToken } from "../../src/pam/replay.ts";
import type { Evidence } from "../../src/token/evidence.ts";
import { createScene } from "../support/login_scene.ts";
import { PAM_ENVIRONMENT, runProgram } from "../support/program.ts";

const ONE_TIME = { issuerLines: ["one_time: true"] };

const CAMPUS = {
  name: "campus",
  issuer: "https://id.example.edu",
  kind: "jwt",
  max_token_age: 86_400,
} as const;
/** One that is asked about its tokens. */
const HUB = {
  name: "hub",
  issuer: "https://hub.example.edu",
  kind: "introspection",
  max_token_age: 600,
} as const;

function evidence(claims: Record<string, unknown>): Evidence {
  return { issuer: "campus", claims, warnings: [] } as unknown as Evidence;
}

async function withCache(
  body: (cacheDirectory: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await body(`${folder}/cache`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function spend(
  cacheDirectory: string,
  options: {
    claims?: Record<string, unknown>;
    now?: number;
    issuer?: Parameters<typeof spendToken>[1]["issuer"];
  } = {},
): Promise<string> {
  const { claims = { jti: "a", exp: 1000 }, now = 900, issuer = CAMPUS } =
    options;
  const place = { cacheDirectory, issuer, now };
  try {
    assert.equal(await spendToken(evidence(claims), place), true);
    return "spent";
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    return code ?? name;
  }
}

/** The names of marks, and of what was written down of those that are forgotten. */
function namesIn(cacheDirectory: string): Promise<string[]> {
  const entries = Deno.readDir(`${cacheDirectory}/replay`);
  return Array.fromAsync(entries, ({ name }) => name);
}

Deno.test("a token that ends within a second admits once, and is remembered to the end of it", async () => {
  await using scene = await createScene(ONE_TIME);
  const exp = Math.floor(Date.now() / 1000) + 300.25;
  const token = await scene.token({ claims: { exp, jti: "a-fraction" } });
  assert.equal((await scene.attempt({ token })).reason, "allowed");
  assert.equal((await scene.attempt({ token })).reason, "token_replayed");
  await withCache(async (cache) => {
    const claims = { jti: "a", exp: 1000.25 };
    assert.equal(await spend(cache, { claims }), "spent");
    for (const now of [999, 1000, 1001, 1601]) {
      assert.equal(await spend(cache, { claims, now }), "token_replayed");
    }
    // whatever the issuer calls an end, no file is called like it
    for (const end of [1e300, Infinity, NaN, -1.5, "1000", null]) {
      const odd = { jti: "b", exp: end };
      const told = await spend(cache, { claims: odd });
      assert.ok(["Error", "claim_missing"].includes(told), `${end}: ${told}`);
    }
  });
});

Deno.test("a token admits once, and others are none of its business", () =>
  withCache(async (cache) => {
    assert.equal(await spend(cache), "spent");
    assert.equal(await spend(cache), "token_replayed");
    const other = { jti: "b", exp: 1000 };
    assert.equal(await spend(cache, { claims: other }), "spent");
    const traversal = { jti: "../../x", exp: 1000 };
    assert.equal(await spend(cache, { claims: traversal }), "spent");
    assert.equal(await spend(cache, { claims: traversal }), "token_replayed");
  }));

Deno.test("a spent token is remembered well beyond its end and forgotten after", () =>
  withCache(async (cache) => {
    assert.equal(await spend(cache), "spent");
    const other = { jti: "b", exp: 5000 };
    assert.equal(await spend(cache, { claims: other, now: 1600 }), "spent");
    assert.equal(await spend(cache, { now: 1600 }), "token_replayed");
    assert.equal((await namesIn(cache)).length, 2);
    const third = { jti: "c", exp: 5000 };
    assert.equal(await spend(cache, { claims: third, now: 1601 }), "spent");
    const left = (await namesIn(cache)).filter((name) =>
      name !== "forgotten.1000"
    );
    assert.equal(left.length, 2);
    assert.ok(left.every((name) => /^5000\.[0-9a-f]{64}$/.test(name)));
  }));

Deno.test("a token of which the issuer tells another end at each question admits once", () =>
  withCache(async (cache) => {
    const at = (exp: number) => spend(cache, { claims: { jti: "a", exp } });
    assert.equal(await at(1000), "spent");
    for (const exp of [1001, 999, 1000.5, 5000, 1000]) {
      assert.equal(await at(exp), "token_replayed", `${exp}`);
    }
    const both = await Promise.all(
      [2000, 2001, 2002].map((exp) =>
        spend(cache, { claims: { jti: "b", exp } })
      ),
    );
    assert.ok(both.filter((told) => told === "spent").length <= 1, `${both}`);
    const other = { jti: "c", exp: 1001 };
    assert.equal(await spend(cache, { claims: other }), "spent");
  }));

Deno.test("a token that is asked about is remembered as long as any policy may take it", () =>
  withCache(async (cache) => {
    const lives = (jti: string, iat: number, exp?: number) => ({
      claims: { jti, iat, ...(exp === undefined ? {} : { exp }) },
    });
    const patient = { ...HUB, max_token_age: 28_800 };
    // its end is the issuer's: whoever takes it for longer still knows it
    const fixed = lives("fixed", 1000, 29_800);
    // its end moves, or is not told: whoever takes it for longer knows that it may have been forgotten
    const moving = lives("moving", 1000, 1300);
    const endless = lives("endless", 1000);
    for (const token of [fixed, moving, endless]) {
      assert.equal(
        await spend(cache, { ...token, issuer: HUB, now: 1010 }),
        "spent",
      );
    }
    const other = { ...lives("other", 2250, 2500), issuer: HUB, now: 2250 };
    assert.equal(await spend(cache, other), "spent");
    for (const again of [fixed, lives("moving", 1000, 2700), endless]) {
      const told = await spend(cache, { ...again, issuer: patient, now: 2400 });
      assert.equal(told, "token_replayed", again.claims.jti);
    }
    const younger = { ...lives("younger", 1001, 9000), issuer: patient };
    assert.equal(await spend(cache, { ...younger, now: 2400 }), "spent");
  }));

Deno.test("an issuer that is asked costs the tokens of others nothing, however young its own must be", () =>
  withCache(async (cache) => {
    for (const [jti, now] of [["a", 1000], ["b", 2300]] as const) {
      const claims = { jti, iat: now };
      assert.equal(await spend(cache, { claims, issuer: HUB, now }), "spent");
    }
    const day = { issuer: "https://day.example.edu", max_token_age: 86_400 };
    const claims = { jti: "a", iat: 500, exp: 90_000 };
    for (const kind of ["globus", "jwt"] as const) {
      const issuer = { ...HUB, ...day, issuer: `${day.issuer}/${kind}`, kind };
      const options = { claims, issuer, now: 2300 };
      assert.equal(await spend(cache, options), "spent", kind);
      assert.equal(await spend(cache, options), "token_replayed", kind);
    }
  }));

/** A token that {@link HUB} was asked about, spent at 1010; and another one, by which it is forgotten. */
const ASKED = { jti: "a", iat: 1000 };
async function spendAsked(cache: string): Promise<void> {
  const options = { claims: ASKED, issuer: HUB, now: 1010 };
  assert.equal(await spend(cache, options), "spent");
}
async function forgetAsked(cache: string): Promise<void> {
  const other = { claims: { jti: "b", iat: 2300 }, issuer: HUB, now: 2300 };
  assert.equal(await spend(cache, other), "spent");
}

Deno.test("a token that was asked about is not new to a policy that verifies it", () =>
  withCache(async (cache) => {
    const verified = (now: number) => ({
      claims: { ...ASKED, exp: 30_000 },
      issuer: { ...HUB, kind: "jwt", max_token_age: 28_800 } as const,
      now,
    });
    await spendAsked(cache);
    assert.equal(await spend(cache, verified(1020)), "token_replayed");
    await forgetAsked(cache);
    assert.equal(await spend(cache, verified(2400)), "token_replayed");
  }));

Deno.test("a token that was asked about is not new by a fraction of a second", () =>
  withCache(async (cache) => {
    const claims = { ...ASKED, iat: 1000.5, exp: 30_000 };
    const told = { claims: { jti: "a", iat: 1000.5 }, issuer: HUB, now: 1010 };
    assert.equal(await spend(cache, told), "spent");
    await forgetAsked(cache);
    const issuer = { ...HUB, kind: "jwt", max_token_age: 28_800 } as const;
    const again = await spend(cache, { claims, issuer, now: 2400 });
    assert.equal(again, "token_replayed");
  }));

Deno.test("what is forgotten while the marks are listed is not new", () =>
  withCache(async (cache) => {
    await spendAsked(cache);
    await forgetAsked(cache);
    const readDir = Deno.readDir;
    // a list that was begun before it was written down, and ended after the mark was removed
    Deno.readDir = async function* (path) {
      Deno.readDir = readDir;
      for await (const entry of readDir(path)) {
        if (!entry.name.startsWith("issued-")) yield entry;
      }
    };
    try {
      const patient = { ...HUB, max_token_age: 28_800 };
      const again = { claims: ASKED, issuer: patient, now: 2400 };
      assert.equal(await spend(cache, again), "token_replayed");
    } finally {
      Deno.readDir = readDir;
    }
  }));

Deno.test("a token that is refused again and again leaves nothing", () =>
  withCache(async (cache) => {
    for (let exp = 2000; exp < 2020; exp++) {
      const claims = { jti: "a", iat: 1000, exp };
      const told = await spend(cache, { claims, issuer: HUB, now: 1010 });
      assert.equal(told, exp === 2000 ? "spent" : "token_replayed");
    }
    const names = await namesIn(cache);
    assert.deepEqual(names.map((name) => name.slice(0, 10)), ["2000.1000."]);
  }));

Deno.test("a token is the same by whatever name a policy calls its issuer", () =>
  withCache(async (cache) => {
    assert.equal(await spend(cache), "spent");
    const college = { ...CAMPUS, name: "college" };
    assert.equal(await spend(cache, { issuer: college }), "token_replayed");
    const elsewhere = { ...CAMPUS, issuer: "https://id.example.org" };
    assert.equal(await spend(cache, { issuer: elsewhere }), "spent");
    // as it was written down before
    const claims = { jti: "b", exp: 1000 };
    const digest = await crypto.subtle.digest(
      "SHA-256",
      new TextEncoder().encode("campus\0b"),
    );
    const mark = `1000.${new Uint8Array(digest).toHex()}`;
    await Deno.writeTextFile(`${cache}/replay/${mark}`, "", { mode: 0o600 });
    assert.equal(await spend(cache, { claims }), "token_replayed");
  }));

Deno.test("what is asked about costs no token of other issuers when the clock was ahead", () =>
  withCache(async (cache) => {
    const day = { ...HUB, max_token_age: 86_400 };
    const asked = (jti: string, iat: number) => ({
      claims: { jti, iat, exp: iat + 300 },
      issuer: day,
    });
    assert.equal(
      await spend(cache, { ...asked("a", 1000), now: 1000 }),
      "spent",
    );
    const ahead = { claims: { jti: "b", exp: 200_000 }, now: 110_000 };
    assert.equal(await spend(cache, ahead), "spent");
    const fresh = { claims: { jti: "c", exp: 1400 }, now: 1100 };
    assert.equal(await spend(cache, fresh), "spent");
    assert.equal(
      await spend(cache, { ...asked("d", 1100), now: 1100 }),
      "spent",
    );
    const again = { ...asked("a", 1000), now: 1100 };
    assert.equal(await spend(cache, again), "token_replayed");
  }));

Deno.test("a token that was forgotten while the clock was ahead is not new when that is set back", () =>
  withCache(async (cache) => {
    const of = (jti: string, exp: number) => ({ claims: { jti, exp } });
    assert.equal(await spend(cache, of("a", 1000)), "spent");
    assert.equal(await spend(cache, of("b", 1200)), "spent");
    const ahead = { ...of("long", 9000), now: 2000 };
    assert.equal(await spend(cache, ahead), "spent");
    for (let again = 0; again < 3; again++) {
      assert.equal(await spend(cache, of("a", 1000)), "token_replayed");
      assert.equal(await spend(cache, of("b", 1200)), "token_replayed");
    }
    // nobody can tell of this one whether it was used; what lives longer was not forgotten
    assert.equal(await spend(cache, of("new", 1100)), "token_replayed");
    assert.equal(await spend(cache, of("later", 1201)), "spent");
    const furtherAhead = { ...of("longer", 9000), now: 4000 };
    assert.equal(await spend(cache, furtherAhead), "spent");
    assert.equal(await spend(cache, of("later", 1201)), "token_replayed");
    assert.equal(await spend(cache, of("a", 1000)), "token_replayed");
  }));

Deno.test("a token does not admit where it cannot be told which were spent", () =>
  withCache(async (cache) => {
    assert.equal(await spend(cache), "spent");
    const readDir = Deno.readDir;
    Deno.readDir = () => {
      throw new Error("Too many open files (os error 24)");
    };
    try {
      const other = { jti: "b", exp: 1000 };
      assert.equal(await spend(cache, { claims: other }), "StateError");
    } finally {
      Deno.readDir = readDir;
    }
  }));

Deno.test("what says how much was forgotten stays one or two files", () =>
  withCache(async (cache) => {
    for (let turn = 1; turn < 20; turn++) {
      const claims = { jti: `${turn}`, exp: turn * 1000 };
      const now = turn * 1000 - 10;
      assert.equal(await spend(cache, { claims, now }), "spent");
    }
    const names = await namesIn(cache);
    assert.ok(names.length <= 4, `${names}`);
  }));

Deno.test("a token that ends within a second is remembered to that second's end", () =>
  withCache(async (cache) => {
    const claims = { jti: "a", exp: 1000.25 };
    assert.equal(await spend(cache, { claims }), "spent");
    assert.equal(await spend(cache, { claims }), "token_replayed");
    const names = await namesIn(cache);
    assert.deepEqual(names.map((name) => name.split(".")[0]), ["1001"]);
  }));

Deno.test("a token without an end cannot be spent", () =>
  withCache(async (cache) => {
    assert.equal(await spend(cache, { claims: { jti: "a" } }), "claim_missing");
  }));

Deno.test("a token without a jti cannot be spent", () =>
  withCache(async (cache) => {
    for (const jti of [undefined, null, "", 1, ["a"], {}]) {
      const claims = { jti, exp: 1000 };
      assert.equal(await spend(cache, { claims }), "claim_missing");
    }
  }));

Deno.test("what cannot be remembered does not admit", () =>
  withCache(async (cache) => {
    await Deno.mkdir(cache);
    await Deno.chmod(cache, 0o777);
    assert.equal(await spend(cache), "StateError");
    await Deno.remove(cache);
    await Deno.writeTextFile(cache, "");
    assert.equal(await spend(cache), "StateError");
    await Deno.remove(cache);
    await Deno.symlink("nowhere", cache);
    assert.equal(await spend(cache), "StateError");
  }));

Deno.test("anything in the place of a spent token counts as spent", () =>
  withCache(async (cache) => {
    assert.equal(await spend(cache), "spent");
    for (const name of await namesIn(cache)) {
      await Deno.remove(`${cache}/replay/${name}`);
      await Deno.symlink("nowhere", `${cache}/replay/${name}`);
    }
    assert.equal(await spend(cache), "token_replayed");
  }));

Deno.test("a one-time login is refused the second time, however the token is handed over", async () => {
  await using scene = await createScene(ONE_TIME);
  const token = await scene.token();
  assert.equal((await scene.attempt({ token })).reason, "allowed");
  for (const again of [token, `${token}\n`, `${token}\0`]) {
    const { reason, exitCode } = await scene.attempt({ token: again });
    assert.deepEqual([reason, exitCode], ["token_replayed", 7]);
  }
  assert.equal((await scene.attempt()).reason, "allowed");
});

Deno.test("a login that is refused does not spend the token", async () => {
  await using scene = await createScene(ONE_TIME);
  const token = await scene.token();
  const bob = await scene.attempt({ token, user: "bob" });
  assert.equal(bob.reason, "account_not_permitted");
  assert.equal((await scene.attempt({ token })).reason, "allowed");
});

Deno.test("a one-time login without a jti is refused", async () => {
  await using scene = await createScene(ONE_TIME);
  const token = await scene.token({ claims: { jti: undefined } });
  assert.equal((await scene.attempt({ token })).reason, "claim_missing");
});

Deno.test("of 20 processes with one token exactly one gets in", async () => {
  await using scene = await createScene(ONE_TIME);
  const token = await scene.token();
  await scene.attempt(); // keys are in the cache: all reach the end together
  const results = await Promise.all(
    Array.from({ length: 20 }, () =>
      runProgram({
        args: ["login", scene.site.policyFile],
        env: PAM_ENVIRONMENT,
        stdin: token,
      })),
  );
  const codes = results.map(({ code }) => code).toSorted();
  assert.deepEqual(codes, [0, ...Array(19).fill(7)]);
  for (const { code, stderr } of results) {
    assert.match(
      stderr,
      code === 0 ? /reason=allowed/ : /reason=token_replayed/,
    );
  }
});

for (
  const [what, spoil] of Object.entries({
    "linked": async (cache: string) => {
      await Deno.mkdir(`${cache}-real`, { mode: 0o700 });
      await Deno.symlink(`${cache}-real`, cache);
    },
    "writable by others": async (cache: string) => {
      await Deno.mkdir(cache);
      await Deno.chmod(cache, 0o777);
    },
    "a file": (cache: string) => Deno.writeTextFile(cache, ""),
  })
) {
  Deno.test(`a one-time login is refused where the cache directory is ${what}`, async () => {
    await using scene = await createScene(ONE_TIME);
    await spoil(scene.site.cacheDirectory);
    const { reason, exitCode, log } = await scene.attempt();
    assert.deepEqual([reason, exitCode], ["internal_error", 4]);
    assert.match(log, /detail="cannot create /);
  });
}
