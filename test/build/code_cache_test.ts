/**
 * The code cache of a runtime build: V8 runs what is in it as it is, so it lies where only its user can
 * write, and nobody inside the sandbox.
 *
 * @module
 */
import assert from "node:assert/strict";
import { writeRuntimeProgram } from "../../src/build/compile.ts";
import { BUILDS, inside, run, type Site, trace, withSite } from "./site.ts";

const DATABASE = "v8_code_cache_v2";

/** A login, which knows where the cache is. */
async function login(site: Site): Promise<string> {
  const { code, out, err } = await run(site, ["login", site.code ?? ""]);
  assert.deepEqual({ code, err }, { code: 7, err: "" });
  return out;
}

/** Logs in twice, after which the cache is there. */
async function warm(site: Site): Promise<string> {
  await login(site);
  return await login(site);
}

/** Whether a login looks at anything in the folder. */
async function uses(site: Site): Promise<boolean> {
  const { paths } = await trace(site, ["login", site.code ?? ""]);
  assert.ok(paths.length > 10);
  return paths.some((path) => path.startsWith(`${site.code}/`));
}

/** The database and what belongs to it, whichever of them are there. */
function files(site: Site): string[] {
  return [...Deno.readDirSync(site.code ?? "")]
    .map(({ name }) => `${site.code}/${name}`)
    .filter((path) => path.includes(DATABASE));
}

const parent = (path: string) => path.replace(/\/[^/]*$/, "");

/** Each makes the cache one that must not be used. */
const SPOILED: readonly [string, (code: string) => Promise<void>][] = [
  ["is somebody else's", (code) => Deno.chown(code, 65534, null)],
  ["is below somebody else's", (code) => Deno.chown(parent(code), 65534, null)],
  ["can be read by others", (code) => Deno.chmod(code, 0o755)],
  ["can be written by a group", (code) => Deno.chmod(code, 0o770)],
  ["can be written by others", (code) => Deno.chmod(code, 0o702)],
  ["is below one for others", (code) => Deno.chmod(parent(code), 0o777)],
  ["is a link", async (code) => {
    await Deno.rename(code, `${code}.real`);
    await Deno.symlink(`${code}.real`, code);
  }],
  ["is below a link", async (code) => {
    await Deno.rename(parent(code), `${parent(code)}.real`);
    await Deno.symlink(`${parent(code)}.real`, parent(code));
  }],
  ["is a file", async (code) => {
    await Deno.remove(code, { recursive: true });
    await Deno.writeTextFile(code, "");
  }],
];

/** What becomes of the files, and the login must be as ever. */
const DAMAGED: readonly [string, (whole: Uint8Array) => Uint8Array][] = [
  ["empty", () => new Uint8Array()],
  ["zeroes", (whole) => new Uint8Array(whole.length)],
  ["another text", () => new TextEncoder().encode("SQLite format 4\0\n")],
  ["cut in half", (whole) => whole.slice(0, whole.length / 2)],
  ["cut within a page", (whole) => whole.slice(0, 1000)],
  ["without their beginning", (whole) => whole.slice(100)],
];

for (const [what, build, deno] of BUILDS) {
  if (build !== writeRuntimeProgram) continue;
  const kind = { build, deno };

  Deno.test(`${what} keeps compiled code of logins in a private folder of its own, and uses it`, () =>
    withSite(kind, async (site) => {
      assert.ok(site.code !== null);
      assert.equal(parent(site.code), `${site.cache}.code`);
      const first = await warm(site);
      for (const folder of [site.code, parent(site.code)]) {
        assert.equal((await Deno.stat(folder)).mode! & 0o7777, 0o700, folder);
      }
      assert.ok(await uses(site));
      const sizes = files(site).map((path) => Deno.statSync(path).size);
      assert.ok(sizes.some((size) => size > 4096), String(sizes));
      assert.equal(await login(site), first);
    }));

  Deno.test(`${what} has the cache tidied once code was added, with no rights but to write there`, () =>
    withSite(kind, async (site) => {
      const policy = `${site.root}/policy.yaml`;
      await Deno.writeTextFile(policy, "version: 1\n");
      const report = `${site.code}/report`;
      const log = `${site.code}/${DATABASE}-wal`;
      // what a login has left there: "now" is a minute after whatever was done about it
      const leave = async (when: "now" | "long ago", text = "code") => {
        await Deno.writeTextFile(log, text);
        const time = when === "now" ? new Date(Date.now() + 60_000) : 0;
        await Deno.utime(log, time, time);
      };
      const tidies = async () => {
        const { code, err } = await run(site, ["login", policy], {
          stdin: "a token",
          env: { PAM_USER: "alice", OAUTH_PAM_GRANT: "40" },
        });
        assert.deepEqual({ code, err }, { code: 7, err: "" });
        const seen = await Deno.readTextFile(report).catch(() => null);
        await Deno.remove(report).catch(() => {});
        return seen;
      };
      assert.equal(await tidies(), null, "the policy comes first");
      await leave("now");
      const seen = JSON.parse(await tidies() ?? "");
      assert.deepEqual(seen.args, [site.code]);
      assert.equal(seen.read, null, "it read of what was typed");
      assert.deepEqual(new Set(seen.env), new Set(["NotCapable"]));
      const [own, ...others] = seen.write;
      assert.equal(own, "done");
      assert.deepEqual(new Set(others), new Set(["NotCapable"]));
      assert.deepEqual(new Set(seen.rights), new Set(["prompt"]));
      await leave("long ago");
      assert.equal(await tidies(), null, "nothing was added since");
      await leave("now", "");
      assert.equal(await tidies(), null, "there is nothing in it");
      await leave("now");
      assert.notEqual(await tidies(), null);
      await leave("now");
      await Deno.chmod(site.code ?? "", 0o750);
      assert.equal(await tidies(), null, "the folder is not private");
    }));

  Deno.test(`${what} has read what was added out of the log, however many log in at once`, () =>
    withSite({ ...kind, real: true }, async (site) => {
      const policy = `${site.root}/policy.yaml`;
      await Deno.writeTextFile(policy, "version: 0\n");
      const login = async () => {
        const env = {
          PAM_USER: "alice",
          PAM_SERVICE: "sshd",
          PAM_TYPE: "auth",
        };
        const { code, err } = await run(site, ["login", policy], { env });
        assert.equal(code, 3);
        assert.match(err, /reason=policy_invalid /);
      };
      await login();
      const size = (name: string) => Deno.statSync(`${site.code}/${name}`).size;
      // the part that reads YAML is in there, too
      assert.ok(size(`${DATABASE}-wal`) > 1_000_000);
      await Promise.all(Array.from({ length: 8 }, login));
      await login();
      assert.equal(size(`${DATABASE}-wal`), 0);
      assert.ok(size(DATABASE) > 1_000_000);
    }));

  Deno.test(`${what} keeps no compiled code of what people run`, () =>
    withSite(kind, async (site) => {
      for (const verb of ["see", "copy"]) await run(site, [verb]);
      await assert.rejects(Deno.stat(parent(site.code ?? "")));
    }));

  Deno.test(`${what} lets nothing that runs in it write to the code cache, or move it`, () =>
    withSite(kind, async (site) => {
      const { write, moved, linked } = JSON.parse(await warm(site));
      assert.deepEqual(new Set(write), new Set(["NotCapable"]));
      assert.deepEqual(new Set(moved), new Set(["NotCapable"]));
      assert.deepEqual(new Set(linked), new Set(["NotCapable"]));
    }));

  for (const [how, spoil] of SPOILED) {
    Deno.test(`${what} uses no code cache that ${how}`, () =>
      withSite(kind, async (site) => {
        const right = await warm(site);
        assert.ok(await uses(site));
        await spoil(site.code ?? "");
        assert.equal(await uses(site), false);
        assert.equal(await login(site), right);
      }));
  }

  Deno.test(`${what} logs in as ever where the code cache is damaged`, () =>
    withSite(kind, async (site) => {
      const right = await warm(site);
      for (const [how, change] of DAMAGED) {
        for (const path of files(site)) {
          await Deno.writeFile(path, change(await Deno.readFile(path)));
        }
        assert.equal(await login(site), right, how);
        assert.equal(await login(site), right, `${how}, once more`);
      }
    }));

  Deno.test(`${what} does not use the code cache of another program in the place of its own`, () =>
    withSite(kind, (site) =>
      withSite(kind, async (other) => {
        const right = await warm(site);
        // the same program with another text, as long as the first
        const bundle = `${other.program}.js`;
        const text = await Deno.readTextFile(bundle);
        assert.equal(text.split("MARK").length, 2);
        await Deno.writeTextFile(bundle, text.replace("MARK", "KRAM"));
        assert.equal(JSON.parse(await warm(other)).marker, "KRAM");
        for (const path of files(site)) await Deno.remove(path);
        for (const path of files(other)) {
          const name = path.slice(path.lastIndexOf("/"));
          await Deno.copyFile(path, `${site.code}${name}`);
        }
        assert.equal(JSON.parse(await login(site)).marker, "MARK");
        assert.equal(await login(site), right);
      })));

  Deno.test(`${what} has another code cache for another program`, () =>
    withSite(kind, (site) =>
      withSite({ ...kind, real: true }, (other) => {
        const name = (path: string | null) =>
          path?.slice(path.lastIndexOf("/"));
        assert.notEqual(name(site.code), name(other.code));
        assert.match(name(site.code) ?? "", /^\/[0-9a-f]{32}$/);
        assert.equal(inside(site.code ?? "", site.cache), false);
        return Promise.resolve();
      })));
}
