/**
 * What the wrapper for an installed Deno does beyond what every build does.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  shellQuote,
  wrapperScript,
  writeRuntimeProgram,
} from "../../src/build/compile.ts";
import { BUILDS, run, trace, withSite } from "./site.ts";

for (const [what, build, deno] of BUILDS) {
  if (build !== writeRuntimeProgram) continue;
  const kind = { build, deno };

  Deno.test(`${what} keeps Deno's own files in a private folder of the cache`, () =>
    withSite(kind, async (site) => {
      const runs = await Promise.all(
        Array.from({ length: 6 }, () => run(site, ["see"])),
      );
      assert.deepEqual(
        runs.map(({ code, err }) => ({ code, err })),
        Array(6).fill({ code: 7, err: "" }),
      );
      assert.equal(
        (await Deno.stat(`${site.cache}/deno`)).mode! & 0o7777,
        0o700,
      );
      assert.deepEqual(
        [...Deno.readDirSync(site.cache)].map(({ name }) => name).sort(),
        ["deno", "x"],
      );
    }));

  Deno.test(`${what} works without a cache folder, and then Deno keeps nothing anywhere`, () =>
    withSite(kind, async (site) => {
      await Deno.remove(site.cache, { recursive: true });
      await Deno.writeTextFile(site.cache, "a file where the folder should be");
      const { written } = await trace(site, ["copy"]);
      assert.deepEqual(written.filter((path) => !path.startsWith("/dev/")), []);
      const { out, err } = await run(site, ["copy"], { stdin: "still here" });
      assert.deepEqual({ out, err }, { out: "still here", err: "" });
    }));

  Deno.test(`${what} does not follow a link in place of Deno's folder`, () =>
    withSite(kind, async (site) => {
      await Deno.symlink(`${site.root}/home`, `${site.cache}/deno`);
      assert.equal((await run(site, ["copy"])).code, 7);
      assert.deepEqual([...Deno.readDirSync(`${site.root}/home`)], []);
    }));

  Deno.test(`${what} takes the last of two equal variables, the one pam_exec added`, () =>
    withSite(kind, async (site) => {
      // No ordinary tool starts a program with duplicates in its environment, as pam_exec does.
      const script = "import ctypes, sys\n" +
        "def array(*words): return (ctypes.c_char_p * (len(words) + 1))(*words, None)\n" +
        "program = sys.argv[1].encode()\n" +
        "ctypes.CDLL(None).execve(program, array(program, b'see'), " +
        "array(b'PAM_USER=root', b'PAM_USER=alice', b'PAM_SERVICE=sshd'))";
      const { code, out, err } = await run(site, [], {
        before: ["/usr/bin/python3", "-c", script],
      });
      assert.equal(code, 7, err);
      assert.deepEqual(JSON.parse(out).seen, {
        PAM_USER: "alice",
        PAM_SERVICE: "sshd",
      });
    }));
}

const SHELLS = ["/bin/sh", "/bin/bash", "/bin/dash"].filter((shell) => {
  try {
    return Deno.statSync(shell).isFile;
  } catch {
    return false;
  }
});

async function shell(
  path: string,
  script: string,
  ...args: string[]
): Promise<string> {
  const { stdout } = await new Deno.Command(path, {
    args: [script, ...args],
    clearEnv: true,
    env: { PAM_USER: 'a\'b "c"', HTTPS_PROXY: "http://192.0.2.1:1" },
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("wrapperScript() quotes any path, in every shell that is here", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const awkward = `${folder}/it's $HOME \`id\` "\\ *\n;&|<>(){}#~!`;
    await Deno.mkdir(awkward);
    const tool = `${awkward}/tool`;
    await Deno.writeTextFile(
      tool,
      '#!/bin/sh\n/usr/bin/env\nfor word; do printf "<%s>" "$word"; done\n',
    );
    await Deno.chmod(tool, 0o755);
    const script = `${folder}/wrapper`;
    await Deno.writeTextFile(
      script,
      wrapperScript({
        deno: tool,
        flags: [`--allow-write=${awkward}`, "--allow-read"],
        bundle: `${awkward}/bundle.js`,
        keysBundle: `${awkward}/keys.js`,
        code: "0123",
        cacheDirectory: `${awkward}`,
        logSocket: "/run/log",
      }),
    );
    assert.ok(SHELLS.length > 0);
    for (const path of SHELLS) {
      for (
        const [verb, bundle] of [
          ["login", "bundle.js"],
          ["device", "bundle.js"],
          ["outcome", "bundle.js"],
          ["ssh-keys", "keys.js"],
        ] as const
      ) {
        const out = await shell(path, script, verb, "it's *");
        const words = [
          "--v8-flags=--no-lazy,--jitless,--min-semi-space-size=16",
          `${awkward}/${bundle}`,
        ];
        words.push(verb, "it's *");
        assert.ok(
          out.endsWith(words.map((word) => `<${word}>`).join("")),
          `${path}: ${out}`,
        );
        assert.ok(
          out.includes(`DENO_DIR=${awkward}.code/0123\n`),
          `${path}: ${out}`,
        );
      }
      const out = await shell(path, script, "policy", "it's *");
      const words = [
        "run",
        "--no-config",
        "--no-lock",
        "--no-npm",
        "--no-remote",
        "--cached-only",
      ];
      words.push(
        `--allow-write=${awkward}`,
        "--allow-read",
        "--no-code-cache",
        `${awkward}/bundle.js`,
        "policy",
        "it's *",
      );
      assert.ok(
        out.endsWith(words.map((word) => `<${word}>`).join("")),
        `${path}: ${out}`,
      );
      assert.ok(out.includes(`DENO_DIR=${awkward}/deno\n`), `${path}: ${out}`);
      assert.ok(out.includes('PAM_USER=a\'b "c"\n'), `${path}: ${out}`);
      assert.ok(!out.includes("HTTPS_PROXY"), `${path}: ${out}`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("shellQuote() leaves plain words alone and refuses NUL", () => {
  assert.equal(shellQuote("--allow-net=[::1]:443"), "'--allow-net=[::1]:443'");
  assert.equal(shellQuote("/usr/bin/deno"), "/usr/bin/deno");
  assert.equal(shellQuote(""), "''");
  assert.equal(shellQuote("it's"), "'it'\\''s'");
  assert.throws(() => shellQuote("a\0b"));
});
