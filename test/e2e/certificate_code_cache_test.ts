/**
 * What sshd's user keeps compiled: in a directory of its own, where it alone writes, and the program that
 * it runs does not.
 *
 * Debian packages: openssh-server openssh-client passwd strace.
 *
 * @module
 */
import assert from "node:assert/strict";
import { codeFolder } from "../build/site.ts";
import {
  type CertificateBench,
  withCertificateBench,
} from "../support/certificate_bench.ts";
import type { Certificate } from "../support/opkssh.ts";

/** What sshd would be told, and what files were named on the way. */
async function ask(
  bench: CertificateBench,
  { base64, type }: Certificate,
): Promise<{ line: string; paths: string }> {
  const log = `${bench.host.directory}/trace`;
  const { code, stdout, stderr } = await new Deno.Command("/usr/bin/strace", {
    args: [
      ...["-f", "-qq", "-s", "4096", "-e", "trace=%file", "-o", log, "--"],
      ...["/usr/bin/setpriv", `--reuid=${bench.user}`, "--regid=65534"],
      ...["--clear-groups", "--", bench.launcher],
      ...[bench.policy, bench.account.name, base64, type],
    ],
    clearEnv: true,
  }).output();
  const decoder = new TextDecoder();
  assert.equal(code, 0, decoder.decode(stderr));
  return {
    line: decoder.decode(stdout),
    paths: await Deno.readTextFile(log),
  };
}

Deno.test("ssh-keys runs compiled code out of a folder that only its user can write to", () =>
  withCertificateBench({}, async (bench) => {
    const certificate = await bench.certificate();
    const { line } = await ask(bench, certificate);
    assert.match(line, /^cert-authority/);
    const name = (await codeFolder(bench.program))?.split("/").at(-1);
    const folder = `${bench.keysDirectory}/.code/${name}`;
    const { uid } = await Deno.stat(bench.keysDirectory);
    for (const path of [folder, `${bench.keysDirectory}/.code`]) {
      const info = await Deno.lstat(path);
      assert.deepEqual([info.uid, info.mode! & 0o7777], [uid, 0o700], path);
    }
    const uses = async () => {
      const { line: again, paths } = await ask(bench, certificate);
      assert.equal(again, line);
      return paths.includes(`"${folder}/v8_code_cache_v2`);
    };
    assert.ok(await uses());
    // nothing of the login by token is read, once the cache is tidy
    const { paths } = await ask(bench, certificate);
    assert.ok(paths.includes(`"${bench.program}.js.keys.js"`));
    assert.ok(!paths.includes(`"${bench.program}.js"`));
    // and the program may write there no more than anywhere
    const wrapper = await Deno.readTextFile(bench.program);
    const [, written = ""] = /--allow-write=(\/\S+)/.exec(wrapper) ?? [];
    assert.ok(written.includes(`${bench.keysDirectory}/jwks`));
    for (const path of written.split(",")) {
      assert.ok(!`${folder}/`.startsWith(`${path}/`), path);
    }
    for (
      const spoil of [
        () => Deno.chown(folder, 0, 0),
        () => Deno.chmod(folder, 0o750),
        () => Deno.chmod(`${bench.keysDirectory}/.code`, 0o777),
      ]
    ) {
      await spoil();
      assert.equal(await uses(), false);
      await Deno.chown(folder, uid, null);
      await Deno.chmod(folder, 0o700);
      await Deno.chmod(`${bench.keysDirectory}/.code`, 0o700);
    }
    assert.ok(await uses());
  }));
