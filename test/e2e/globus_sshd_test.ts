/**
 * The oauth-ssh questions and a Globus login through the shipped stack where pam_mount is
 * missing: everything works but the oauth-ssh client, which wants a prompt of its own (that one with
 * pam_mount: oauth_ssh_client_test.ts).
 *
 * Debian package: python3-paramiko.
 *
 * @module
 */
import assert from "node:assert/strict";
import { withOauthSshBench } from "../support/oauth_ssh.ts";
import { replaceAll } from "../support/pam.ts";

/** The same on a machine that has the module. */
function withoutPamMount(stack: string): string {
  return replaceAll(stack, { "pam_mount.so": "pam_mount_that_is_missing.so" });
}

Deno.test("without pam_mount a pasted Globus token is admitted and whoever asks gets an answer, but the oauth-ssh client says nothing", async () => {
  await withOauthSshBench({ change: withoutPamMount }, async (bench) => {
    const { globus, account, sshd } = bench;
    const token = globus.issue();
    const pasted = await sshd.ssh({ user: account.name, token });
    assert.equal(pasted.stdout, `${account.name}\n`, await sshd.log());
    assert.ok(pasted.prompts[0]?.endsWith("Password: "));

    const question = { op: "get_account_map", access_token: token };
    const ask = (prompt: string | null) =>
      bench.say(question, { account: account.name, prompt });
    assert.deepEqual((await ask(null)).reply, {
      error: {
        code: "INVALID_ACCOUNT",
        description: "You cannot use that local account.",
      },
    });
    assert.deepEqual(await ask("Enter your OAuth token: "), {
      admitted: false,
      reply: null,
      prompts: ["Password: "],
    });

    assert.deepEqual(await bench.decisions(), [
      "allow reason=allowed",
      "deny reason=request_invalid",
    ]);
    const logs = await bench.logs();
    for (const secret of [token, globus.clientSecret]) {
      assert.ok(!logs.includes(secret));
    }
  });
});
