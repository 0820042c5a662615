/**
 * From nothing to a login: `ssh` runs `oauth-pam key --ensure` on a person's own machine, the person
 * signs in, and a real sshd asks the built program about the certificate.
 *
 * @module
 */
import assert from "node:assert/strict";
import { withCertificateBench } from "../support/certificate_bench.ts";
import { comeBack, KEY_CLIENT } from "../support/key_desk.ts";
import { until } from "../support/pam.ts";
import { signInAt, startProvider } from "../support/provider.ts";
import { startAgent } from "../support/ssh_agent.ts";

const CHECKOUT = new URL("../../", import.meta.url).pathname;

Deno.test("ssh signs in once by its configuration, logs in by ssh-agent's certificate, and then does not ask again", async () => {
  await using provider = await startProvider({ clients: [KEY_CLIENT] });
  await using agent = await startAgent();
  await withCertificateBench({
    provider,
    clientId: KEY_CLIENT.client_id,
  }, async (bench) => {
    await using sshd = await bench.sshd();
    const program = `${sshd.directory}/oauth-pam`;
    await Deno.writeTextFile(
      program,
      `#!/bin/sh\nexec ${Deno.execPath()} run --quiet -A --no-prompt ${CHECKOUT}src/main.ts "$@"\n`,
      { mode: 0o755 },
    );
    const words = `--issuer ${provider.issuer} --client-id ssh-key ` +
      `--ca-file ${bench.folder}/ca.pem`;
    const config = `${sshd.directory}/ssh_config`;
    await Deno.writeTextFile(
      config,
      `Match host 127.0.0.1 exec "${program} key --ensure ${words}"
  User ${bench.account.name}
Host *
  Port ${sshd.port}
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  PasswordAuthentication no
  KbdInteractiveAuthentication no
`,
    );
    const ssh = (...args: string[]) =>
      new Deno.Command("ssh", {
        args: ["-F", config, ...args],
        clearEnv: true,
        env: {
          PATH: "/usr/bin:/bin",
          SSH_AUTH_SOCK: agent.socket,
          HOME: sshd.directory,
          DENO_DIR: Deno.env.get("DENO_DIR") ??
            `${Deno.env.get("HOME")}/.cache/deno`,
        },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    const running = ssh("127.0.0.1", "id -un");
    let said = "";
    const listening = (async () => {
      for await (
        const text of running.stderr.pipeThrough(new TextDecoderStream())
      ) {
        said += text;
      }
    })();
    const address = await until(() => /^https:\S+$/m.exec(said)?.[0], {
      what: "the address",
    });
    await comeBack(await signInAt(provider, address, { account: "alice" }));
    const printed = await new Response(running.stdout).text();
    assert.equal((await running.status).code, 0, said);
    await listening;
    assert.equal(printed, `${bench.account.name}\n`);
    assert.match(said, /\noauth-pam: signed in as alice@example\.edu; /);

    const asked = provider.requests.length;
    const again = await ssh("127.0.0.1", "id -un").output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.equal(text(again.stdout), `${bench.account.name}\n`);
    assert.equal(text(again.stderr), "");
    assert.equal(provider.requests.length, asked);

    // what ssh makes of the lines, for this host and for others
    const seen = text((await ssh("-G", "127.0.0.1").output()).stdout);
    assert.match(seen, new RegExp(`^user ${bench.account.name}$`, "m"));
    const other = text((await ssh("-G", "localhost").output()).stdout);
    assert.match(other, /^user root$/m);

    // bob signs in as well as anybody, and no rule is about him
    await agent.add("-D");
    const bob = ssh("127.0.0.1", "id -un");
    said = "";
    const hearing = (async () => {
      for await (
        const text of bob.stderr.pipeThrough(new TextDecoderStream())
      ) {
        said += text;
      }
    })();
    const page = await until(() => /^https:\S+$/m.exec(said)?.[0], {
      what: "the address",
    });
    await comeBack(await signInAt(provider, page, { account: "bob" }));
    await bob.stdout.cancel();
    assert.equal((await bob.status).code, 255);
    await hearing;
    assert.match(said, /signed in as bob@.*\n.*Permission denied/);
  });
});
