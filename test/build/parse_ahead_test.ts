/**
 * The wrapper of a runtime build has a changed policy parsed before a login, by a process that has nothing to
 * lose: what it writes is trusted, so it sees nothing of a login, and cannot end one.
 *
 * @module
 */
// Threats: G15
import assert from "node:assert/strict";
import { writeRuntimeProgram } from "../../src/build/compile.ts";
import { sha256Hex } from "../../src/files/state_directory.ts";
import { readExample } from "../support/pam.ts";
import { BUILDS, run, type Site, withSite } from "./site.ts";

const PAM = {
  PAM_USER: "alice",
  PAM_TYPE: "auth",
  PAM_SERVICE: "sshd",
  OAUTH_PAM_GRANT: "40",
  TZ: "Asia/Tokyo",
};
const TOKEN = "a token";

/** A policy as far as the wrapper is concerned: a file. */
const POLICY = "version: 1\n";

async function policyFile(site: Site, name = "policy.yaml"): Promise<string> {
  const path = `${site.root}/${name}`;
  await Deno.writeTextFile(path, POLICY);
  return path;
}

/** A login, which ends as ever; what is in the folder of parsed policies after it. */
async function login(site: Site, policy: string): Promise<string[]> {
  const { code, err } = await run(site, ["login", policy], {
    stdin: TOKEN,
    env: PAM,
  });
  assert.deepEqual({ code, err }, { code: 7, err: "" });
  // of the code cache
  return names(`${site.code}/parsed`).filter((name) => name !== "tidied");
}

function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

const report = (site: Site) => `${site.code}/parsed/report`;

for (const [what, build, deno] of BUILDS) {
  if (build !== writeRuntimeProgram) continue;
  const kind = { build, deno };

  Deno.test(`${what} has a policy parsed with no rights but to write to one folder`, () =>
    withSite(kind, async (site) => {
      const policy = await policyFile(site);
      await login(site, policy);
      const seen = JSON.parse(await Deno.readTextFile(report(site)));
      assert.deepEqual(seen.args, [policy, `${site.code}/parsed`]);
      assert.equal(seen.read, null, "it read of what was typed");
      assert.deepEqual(new Set(seen.env), new Set(["NotCapable"]));
      const [own, ...others] = seen.write;
      assert.equal(own, "done");
      assert.equal(others.length, 4);
      assert.deepEqual(new Set(others), new Set(["NotCapable"]));
      assert.deepEqual(new Set(seen.rights), new Set(["prompt"]));
      const { mode } = await Deno.stat(`${site.code}/parsed`);
      assert.equal(mode! & 0o7777, 0o700);
    }));

  Deno.test(`${what} leaves what is typed to the login`, () =>
    withSite(kind, async (site) => {
      const policy = await policyFile(site);
      await Deno.mkdir(site.code ?? "", { recursive: true, mode: 0o700 });
      // of two, only the verbs of logins have it parsed
      const { out } = await run(site, ["copy", policy], { stdin: TOKEN });
      assert.equal(out, TOKEN);
      assert.deepEqual(names(`${site.code}/parsed`), []);
    }));

  Deno.test(`${what} has a policy parsed once for each state of its file`, () =>
    withSite(kind, async (site) => {
      const policy = await policyFile(site);
      const first = await login(site, policy);
      await Deno.remove(report(site));
      const without = first.filter((name) => name !== "report");
      assert.deepEqual(await login(site, policy), without);
      // as long, and of the same time
      const { mtime } = await Deno.stat(policy);
      await Deno.writeTextFile(policy, "version: 2\n");
      await Deno.utime(policy, mtime!, mtime!);
      const changed = await login(site, policy);
      assert.ok(changed.includes("report"));
      assert.equal(changed.length, without.length + 2);
    }));

  Deno.test(`${what} has nothing parsed of the policy that it was built for`, async () => {
    const sha256 = await sha256Hex(POLICY);
    await withSite({ ...kind, sha256 }, async (site) => {
      // again and again, and under a name that sha256sum would escape
      for (const name of ["policy.yaml", "policy.yaml", "a\\policy"]) {
        const policy = await policyFile(site, name);
        await Deno.utime(policy, 0, 0);
        const [mark, ...others] = await login(site, policy);
        assert.deepEqual(others, []);
        assert.match(mark ?? "", /^seen /);
      }
      const changed = await policyFile(site);
      await Deno.writeTextFile(changed, "version: 2\n");
      assert.ok((await login(site, changed)).includes("report"));
    });
  });

  Deno.test(`${what} has a policy parsed that is too large to be hashed in time`, () =>
    withSite(kind, async (site) => {
      const policy = await policyFile(site);
      await Deno.truncate(policy, 2 ** 36); // holds nothing: takes no place on the disk
      const started = performance.now();
      assert.ok((await login(site, policy)).includes("report"));
      assert.ok(performance.now() - started < 10_000);
    }));

  Deno.test(`${what} has nothing parsed where there is no file`, () =>
    withSite(kind, async (site) => {
      await Deno.mkdir(`${site.root}/folder`, { mode: 0o700 });
      await Deno.symlink(await policyFile(site), `${site.root}/link`);
      for (const name of ["missing", "folder", "link"]) {
        assert.deepEqual(await login(site, `${site.root}/${name}`), [], name);
      }
    }));

  Deno.test(`${what} parses nothing into a folder that is not private`, () =>
    withSite(kind, async (site) => {
      const policy = await policyFile(site);
      await login(site, policy);
      await Deno.remove(`${site.code}/parsed`, { recursive: true });
      await Deno.chmod(site.code ?? "", 0o755);
      assert.deepEqual(await login(site, policy), []);
    }));

  Deno.test(`${what} leaves a login as much time as a parsing may take, under either launcher`, () =>
    withSite(kind, async (site) => {
      const text = await Deno.readTextFile(site.program);
      const parsing = Number(/ -s KILL ([0-9]+) /.exec(text)?.[1]);
      for (const name of ["oauth-pam-launch", "oauth-pam-ssh-keys"]) {
        const launcher = await readExample(name);
        const limit = Number(/^limit=([0-9]+)$/m.exec(launcher)?.[1]);
        assert.ok(2 * parsing <= limit, `${name}: ${parsing} of ${limit} s`);
      }
    }));

  Deno.test(`${what} ends a parsing that takes too long, and logs in, and does not try again`, () =>
    withSite(kind, async (site) => {
      const policy = await policyFile(site, "hangs");
      const text = await Deno.readTextFile(site.program);
      assert.equal(text.split("-s KILL 5 ").length, 2);
      await Deno.writeTextFile(
        site.program,
        text.replace("-s KILL 5 ", "-s KILL 3 "),
      );
      const left = await login(site, policy);
      // what it began with, and the mark
      assert.equal(left.length, 2);
      assert.match(left[1] ?? "", /^seen /);
      assert.deepEqual(await login(site, policy), left);
    }));
}
