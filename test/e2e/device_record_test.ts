/**
 * A sign-in that cannot be started is one record, also where the policy cannot be read: a real sshd, and
 * the usual cache directory.
 *
 * @module
 */
import assert from "node:assert/strict";
import { buildProgram } from "../support/built_program.ts";
import { withDeviceBench } from "../support/device_bench.ts";
import { startSshd } from "../support/sshd.ts";

const REFERENCE = /\(reference (\w{4})\)/;

Deno.test("a policy that cannot be read is one line of the log for each login", async () => {
  await withDeviceBench({}, async (bench) => {
    const { host, account, log, provider } = bench;
    const policy = (await Deno.readTextFile(host.policy)).replace(
      `${host.directory}/cache`,
      "/var/cache/oauth-pam",
    );
    await Deno.writeTextFile(host.policy, policy);
    await buildProgram({
      policy: host.policy,
      output: host.program,
      kind: "runtime",
    });
    const cache = `${host.directory}/var-cache`;
    await Deno.mkdir(`${cache}/oauth-pam`, { recursive: true, mode: 0o700 });
    const stackFile = await host.installStack("sshd-device-sign-in", {
      service: "oauthpam-sshd",
    });
    await using sshd = await startSshd({
      host,
      stackFile,
      mounts: { "/var/cache": cache },
    });
    const seen = new Set<string>();
    const attempts = async () =>
      (await log.lines()).filter((line) => line.includes("decision="));
    const logins = async (reason: string) => {
      for (const typed of ["", "hunter2"]) {
        const before = (await attempts()).length;
        const { ok, prompts } = await sshd.ssh({
          user: account.name,
          token: typed,
        });
        assert.equal(ok, false);
        const told = REFERENCE.exec(prompts.join())?.[1] ?? "";
        assert.ok(told !== "" && !seen.has(told), prompts.join());
        seen.add(told);
        const lines = (await attempts()).slice(before);
        assert.equal(lines.length, 1, lines.join("\n"));
        assert.match(
          lines[0] ?? "",
          new RegExp(` reason=${reason} .* ref=${told} `),
        );
      }
    };
    await Deno.chmod(host.policy, 0o666);
    await logins("policy_invalid");
    await Deno.chmod(host.policy, 0o644);
    await Deno.writeTextFile(host.policy, `${policy}nonsense: 1\n`);
    await logins("policy_invalid");
    await Deno.writeTextFile(host.policy, policy);
    await provider.setAvailability("down");
    await logins("issuer_unavailable");
  });
});
