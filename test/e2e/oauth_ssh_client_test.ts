/**
 * The oauth-ssh client as it is: it answers one prompt, "Enter your OAuth token: ", and no other. So
 * the shipped stack as it is written, with the real pam_mount that asks it.
 *
 * Debian packages: libpam-mount, not enabled in /etc/pam.d; python3-paramiko.
 *
 * @module
 */
// Threats: C4
import assert from "node:assert/strict";
import { ALICE, CAMPUS_IDP } from "../support/globus.ts";
import {
  type OauthSshBench,
  questionsAccount,
  withOauthSshBench,
} from "../support/oauth_ssh.ts";
import { type PamHost, readExample } from "../support/pam.ts";

const PROMPT = "Enter your OAuth token: ";

/** The machine's /etc/security, with the configuration that the stack's comments show. */
async function pamMountSaysSo(host: PamHost): Promise<Record<string, string>> {
  const stack = await readExample("sshd-oauth-ssh");
  const configuration = /<pam_mount>.*<\/pam_mount>/.exec(stack)?.[0] ?? "";
  assert.ok(configuration.includes(PROMPT));
  // the folder: a mount on a file that is replaced meanwhile would be gone
  const security = `${host.directory}/security`;
  const copied = await new Deno.Command("cp", {
    args: ["-a", "/etc/security", security],
  }).output();
  assert.ok(copied.success);
  await Deno.writeTextFile(`${security}/pam_mount.conf.xml`, configuration);
  return { "/etc/security": security };
}

/** A conversation with the client that insists on its prompt. */
function insist(bench: OauthSshBench) {
  return (account: string, command: Record<string, unknown>) =>
    bench.say(command, { account, prompt: PROMPT });
}

Deno.test("the oauth-ssh client is asked its own prompt, told what it wants to know, and admitted", async () => {
  await using questions = await questionsAccount();
  await withOauthSshBench({ mounts: pamMountSaysSo }, async (bench) => {
    const { globus, account, sshd } = bench;
    const say = insist(bench);
    // one prompt only: the reply came in a request without another one, where every version reads it
    const prompts = [PROMPT];

    assert.deepEqual(
      await say(questions.name, { op: "get_security_policy" }),
      {
        admitted: false,
        reply: {
          policy: {
            permitted_idps: ["example.edu"],
            authentication_timeout: 480,
            mfa: true,
          },
        },
        prompts,
      },
      await sshd.log(),
    );
    assert.equal(globus.requests.length, 0);

    const token = globus.issue();
    assert.deepEqual(
      await say(questions.name, { op: "get_account_map", access_token: token }),
      {
        admitted: false,
        reply: {
          account_map: { permitted_accounts: [account.name] },
        },
        prompts,
      },
    );

    assert.deepEqual(
      await say(account.name, { op: "login", access_token: token }),
      { admitted: true, reply: null, prompts },
      await sshd.log(),
    );

    const weak = globus.issue({
      session_info: {
        authentications: { [ALICE]: { idp: CAMPUS_IDP, auth_time: 1 } },
      },
    });
    assert.deepEqual(
      await say(account.name, { op: "login", access_token: weak }),
      {
        admitted: false,
        reply: {
          error: {
            code: "SESSION_VIOLATION",
            description: "The access token does not meet session requirements.",
          },
        },
        prompts,
      },
    );

    assert.deepEqual(
      await say(questions.name, { op: "login", access_token: token }),
      {
        admitted: false,
        reply: {
          error: {
            code: "INVALID_ACCOUNT",
            description: "You cannot use that local account.",
          },
        },
        prompts,
      },
    );

    const pasted = await sshd.ssh({ user: account.name, token });
    assert.equal(pasted.stdout, `${account.name}\n`, await sshd.log());
    assert.ok(pasted.prompts[0]?.endsWith(PROMPT));

    assert.deepEqual(await bench.decisions(), [
      "deny reason=request_invalid",
      "deny reason=request_invalid",
      "allow reason=allowed",
      "deny reason=mfa_required",
      "deny reason=account_not_permitted",
      "allow reason=allowed",
    ]);
    const logs = await bench.logs();
    for (const secret of [token, weak, globus.clientSecret]) {
      assert.ok(!logs.includes(secret));
    }
  });
});
