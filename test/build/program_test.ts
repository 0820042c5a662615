/**
 * What is built, run for real: the wrapper always, the compiled program as well where there is a
 * denort to compile with.
 *
 * @module
 */
// Threats: F2, G1, G2, G3, G14, G15, G18, G19

import assert from "node:assert/strict";
import { issuerFile, restFile } from "../../src/lib/bundle_files.ts";
import { POLICY } from "../support/check.ts";
import { BUILDS, decoder, inside, run, trace, withSite } from "./site.ts";

for (const [what, build, deno] of BUILDS) {
  const kind = { build, deno };

  Deno.test(`${what} sees the allowed variables that are set, and no others`, () =>
    withSite(kind, async (site) => {
      const { code, out, err } = await run(site, [
        "see",
        "a b",
        "--c",
        "$(d)",
        "",
      ], {
        env: {
          PAM_USER: "al'ice $(id) `id` \\ \"",
          PAM_TTY: "",
          PAM_RHOST: "two\nlines",
          SSH_CONNECTION: "192.0.2.7 1 192.0.2.8 22",
          NO_COLOR: "1",
          HTTPS_PROXY: "http://192.0.2.1:1",
        },
      });
      assert.equal(err, "");
      assert.equal(code, 7);
      const seen = JSON.parse(out);
      assert.deepEqual(seen.seen, {
        PAM_USER: "al'ice $(id) `id` \\ \"",
        PAM_TTY: "",
        PAM_RHOST: "two\nlines",
        SSH_CONNECTION: "192.0.2.7 1 192.0.2.8 22",
        NO_COLOR: "1",
      });
      assert.deepEqual(seen.args, ["a b", "--c", "$(d)", ""]);
      assert.deepEqual(seen.others, ["NotCapable", "NotCapable", "NotCapable"]);
      assert.equal(seen.all, "NotCapable");
      assert.equal(seen.uid, Deno.uid());
      assert.equal(seen.cwd, `${site.root}/work`);
    }));

  Deno.test(`${what} may reach its hosts and write to its cache, nothing else`, () =>
    withSite(kind, async (site) => {
      const seen = JSON.parse((await run(site, ["see"])).out);
      assert.deepEqual(seen.net, ["granted", "prompt", "prompt", "prompt"]);
      assert.deepEqual(seen.write, ["done", "NotCapable", "NotCapable"]);
      assert.deepEqual([seen.run, seen.ffi], ["prompt", "prompt"]);
      assert.equal(seen.started, "NotCapable");
      assert.deepEqual(seen.loaded, ["TypeError", "TypeError", "TypeError"]);
    }));

  Deno.test(`${what} sends to the syslog socket of the policy, and to no other`, () =>
    withSite(kind, async (site) => {
      const sockets = [site.logSocket, `${site.root}/other`].map((path) =>
        Deno.listenDatagram({ transport: "unixpacket", path })
      );
      try {
        const refused = await run(site, ["log", `${site.root}/other`]);
        assert.match(refused.err, /NotCapable/);
        await Deno.remove(`${site.cache}/log.sock`);
        const { code, err } = await run(site, ["log", site.logSocket]);
        assert.equal(code, 7, err);
        const [datagram] = await sockets[0]!.receive();
        assert.equal(decoder.decode(datagram), "to the log");
      } finally {
        for (const socket of sockets) socket.close();
      }
    }));

  Deno.test(`${what} passes standard input and output through unchanged`, () =>
    withSite(kind, async (site) => {
      const stdin = "token\0\r\n \u2028 " + "x".repeat(100_000);
      const { out, err } = await run(site, ["copy"], { stdin });
      assert.equal(out, stdin, err);
    }));

  for (const real of [false, true]) {
    const subject = real ? `${what} with the program itself` : what;
    Deno.test(`${subject} opens nothing in temporary folders, HOME or the working directory`, () =>
      withSite({ ...kind, real }, async (site) => {
        const planted = [
          "package.json",
          "deno.json",
          "node_modules/jose/package.json",
          ".npmrc",
          ".env",
        ];
        for (const folder of ["home", "work", "tmp"]) {
          await Deno.mkdir(`${site.root}/${folder}/node_modules/jose`, {
            recursive: true,
          });
          for (const name of planted) {
            await Deno.writeTextFile(
              `${site.root}/${folder}/${name}`,
              '{"type":"commonjs"',
            );
          }
          await Deno.writeTextFile(
            `${site.root}/${folder}/deno-compile-oauth-pam.cache`,
            "planted",
          );
        }
        // Made beforehand, because mkdir(1) goes down its path with relative names.
        await Deno.mkdir(`${site.cache}/deno`, { mode: 0o700 });
        if (site.code !== null) {
          await Deno.mkdir(site.code, { recursive: true, mode: 0o700 });
        }
        // a policy that it was not built for, so that it loads its second file and reads YAML
        const policy = `${site.root}/policy.yaml`;
        await Deno.writeTextFile(
          policy,
          `${POLICY}cache: {directory: "${site.cache}"}\nlog: {socket: "${site.logSocket}"}\n`,
        );
        const pam = {
          PAM_TYPE: "auth",
          PAM_USER: "alice",
          PAM_SERVICE: "sshd",
        };
        for (const env of [pam, { ...pam, TMPDIR: "" }]) {
          const args = real ? ["login", policy] : ["copy"];
          const { paths, written } = await trace(site, args, {
            env,
            stdin: "x.y.z",
          });
          assert.ok(paths.length > 10);
          const own = [
            ...[site.program, `${site.program}.js`, `${site.program}.deno`],
            ...(real
              ? [
                ...[restFile, issuerFile].map((of) => of(`${site.program}.js`)),
                policy,
              ]
              : []),
            ...[site.cache, deno],
            ...(site.code === null ? [] : [site.code]),
          ];
          const strange = paths.filter((path) =>
            !own.some((folder) =>
              inside(path, folder) || inside(folder, path)
            ) &&
            (!path.startsWith("/") || inside(path, site.root) ||
              inside(path, Deno.env.get("HOME") ?? "/root") ||
              inside(path, "/tmp") || inside(path, "/var/tmp"))
          );
          assert.deepEqual(strange, []);
          const elsewhere = written.filter((path) =>
            !inside(path, `${site.cache}/deno`) &&
            !(site.code !== null && inside(path, site.code)) &&
            !path.startsWith("/dev/")
          );
          assert.deepEqual(elsewhere, []);
        }
        const ran = real
          ? await run(site, ["login", policy], { env: pam, stdin: "x.y.z" })
          : await run(site, ["see"]);
        assert.equal(ran.code, 7, ran.err);
        if (real) assert.match(ran.err, / reason=token_malformed /);
      }));
  }
}
