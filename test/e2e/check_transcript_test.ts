/**
 * `oauth-pam check` without an argument, by the program itself on a host whose PAM and sshd are the test's,
 * and the transcript of it that pam.d.example/README.md shows.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createBrokenHost } from "../support/broken_host.ts";
import { withMounts } from "../support/mounts.ts";

const TRANSCRIPT = new URL(
  "../testdata/transcripts/check.txt",
  import.meta.url,
);
const MAIN = new URL("../../src/main.ts", import.meta.url).pathname;

Deno.test("the transcript of a check is what it prints on a host, where --fix mends what it found", async () => {
  await using host = await createBrokenHost();
  const { pam } = host;
  const ssh = host.at("ssh");
  await Deno.mkdir(ssh);
  await Deno.rename(host.at("sshd_config"), `${ssh}/sshd_config`);
  await new Deno.Command("ssh-keygen", {
    args: [
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-f",
      `${ssh}/ssh_host_ed25519_key`,
    ],
  }).output();
  await host.edit(
    `${ssh}/sshd_config`,
    (text) => text.replace("LoginGraceTime 120", "LoginGraceTime 30"),
  );
  const run = async (...words: string[]) => {
    const [command = "", ...args] = withMounts(words, {
      "/etc/pam.d": pam.serviceDir,
      "/etc/ssh": ssh,
    });
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args,
      cwd: "/",
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const text = new TextDecoder();
    return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
  };
  const check = (...flags: string[]) =>
    run(Deno.execPath(), "run", "-A", MAIN, "check", ...flags);
  const found = await check();
  assert.equal(found.code, 1, found.stdout + found.stderr);
  const fix = await check("--fix");
  assert.equal(fix.code, 1);
  assert.equal((await check("-t")).code, 1);

  const shown = (text: string) =>
    text.replaceAll(pam.policy, "/etc/oauth-pam/policy.yaml")
      .replaceAll(`${pam.directory}/libexec`, "/usr/libexec/oauth-pam")
      .replaceAll(host.at("cache"), "/var/cache/oauth-pam")
      .replaceAll(host.at("ca.pem"), "/etc/oauth-pam/ca.pem")
      .replaceAll(host.at("log"), "/dev/log")
      .replaceAll(`localhost:${host.issuer.port}`, "login.example.edu");
  assert.equal(
    `# oauth-pam check\n${shown(found.stdout)}${shown(found.stderr)}` +
      `# oauth-pam check --fix\n${shown(fix.stdout)}`,
    await Deno.readTextFile(TRANSCRIPT),
  );

  await Deno.writeTextFile(host.at("fix.sh"), fix.stdout);
  const mended = await run("sh", host.at("fix.sh"));
  assert.equal(mended.stdout, "sshd takes its configuration: reload it\n");
  const quiet = await check("-t");
  assert.deepEqual(quiet, { code: 0, stdout: "", stderr: "" });
});
