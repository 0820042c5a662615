/**
 * What comes after a login that failed: the password while the issuer is down, and nothing after a
 * refusal. A real sshd with the stacks as they are written.
 *
 * @module
 */
// Threats: G7, I1
import assert from "node:assert/strict";
import {
  type DeviceBench,
  type DeviceBenchOptions,
  readPrompt,
  withDeviceBench,
} from "../support/device_bench.ts";
import { approveDevice, denyDevice, idToken } from "../support/provider.ts";
import {
  setPassword,
  type Sshd,
  type SshResult,
  startSshd,
} from "../support/sshd.ts";

const SERVICE = "oauthpam-sshd";
const PASSWORD = "the account's own password";

interface Bench extends DeviceBench {
  readonly sshd: Sshd;
  /** One login; the answers are typed one after the other, and then nothing. */
  login(
    ...answers: (string | ((prompt: string) => Promise<unknown>))[]
  ): Promise<SshResult>;
  /** One that is refused after one prompt; where it is not so, client and host tell why. */
  refused(...answers: Parameters<Bench["login"]>): Promise<SshResult>;
}

function test(
  title: string,
  options: DeviceBenchOptions & { stack: string },
  body: (bench: Bench, step: Deno.TestContext["step"]) => Promise<void>,
): void {
  Deno.test(title, async (context) => {
    await withDeviceBench(
      { ...options, createAccount: true },
      async (bench) => {
        const { host, account } = bench;
        await setPassword(account.name, PASSWORD);
        const stackFile = await host.installStack(options.stack, {
          service: SERVICE,
        });
        await using sshd = await startSshd({ host, stackFile });
        const login: Bench["login"] = (...answers) =>
          sshd.ssh({
            user: account.name,
            token: async (prompt, index) => {
              const answer = answers[index] ?? "";
              return typeof answer === "string"
                ? answer
                : String(await answer(prompt) ?? "");
            },
          });
        const refused: Bench["refused"] = async (...answers) => {
          const result = await login(...answers);
          const told = `${result.stderr}\n${await sshd.log()}`;
          assert.deepEqual(
            [result.ok, result.prompts.length],
            [false, 1],
            told,
          );
          return result;
        };
        await body(
          { ...bench, sshd, login, refused },
          context.step.bind(context),
        );
      },
    );
  });
}

test(
  "sshd-device-sign-in-with-fallback takes the password only while the issuer is down",
  {
    stack: "sshd-device-sign-in-with-fallback",
    device: "timeout: 8s, starts_per_source: 50",
  },
  async (
    { provider, host, account, login, refused, nextAttempt, sshd },
    step,
  ) => {
    const admitted = `${account.name}\n`;
    await step("device sign-in admits while the issuer is up", async () => {
      const result = await login((prompt) =>
        approveDevice(provider, {
          account: "alice",
          userCode: readPrompt(prompt).code,
        })
      );
      assert.equal(result.stdout, admitted, await sshd.log());
      assert.match(await nextAttempt(), / reason=allowed /);
    });
    await step("the right password does not", async () => {
      await refused(PASSWORD, PASSWORD);
      assert.match(await nextAttempt(), / reason=token_malformed /);
    });
    await step("nor after a refusal in the browser", async () => {
      await refused(
        (prompt) => denyDevice(provider, { userCode: readPrompt(prompt).code }),
        PASSWORD,
      );
      assert.match(await nextAttempt(), / reason=device_denied /);
    });
    await step("nor after bob's approval", async () => {
      await refused(
        (prompt) =>
          approveDevice(provider, {
            account: "bob",
            userCode: readPrompt(prompt).code,
          }),
        PASSWORD,
      );
      assert.match(await nextAttempt(), / reason=account_not_permitted /);
    });
    await step("nor when nobody approves", async () => {
      await refused("", PASSWORD);
      assert.match(await nextAttempt(), / reason=device_expired /);
    });
    await step(
      "nor where the issuer refuses us, at the start or while polling",
      async () => {
        const policy = await Deno.readTextFile(host.policy);
        const foreign = policy.replace(
          /client_id: \S+?(?=[,}\n])/,
          "client_id: nobody",
        );
        assert.notEqual(foreign, policy);
        await Deno.writeTextFile(host.policy, foreign);
        const result = await refused(PASSWORD, PASSWORD);
        assert.match(
          result.prompts.join(),
          /\nNo password helps here: press Enter\.\n/,
        );
        assert.match(await nextAttempt(), / reason=issuer_refused /);
        await Deno.writeTextFile(host.policy, policy);
        await refused(async () => {
          await Deno.writeTextFile(host.policy, foreign);
        }, PASSWORD);
        assert.match(
          await nextAttempt(),
          / reason=(issuer_refused|device_expired) /,
        );
        await Deno.writeTextFile(host.policy, policy);
      },
    );
    await step(
      "while the issuer is down, the password is asked for once and admits",
      async () => {
        await provider.setAvailability("down");
        const result = await login(PASSWORD);
        assert.equal(result.stdout, admitted, await sshd.log());
        assert.equal(result.prompts.length, 1);
        assert.match(
          result.prompts.join(),
          /\nSigning in with a browser is not possible at the moment \(reference \w{4}\)\.\nType your password for this host instead\.\n/,
        );
        assert.match(await nextAttempt(), / reason=issuer_unavailable /);
      },
    );
    await step("and a wrong one does not", async () => {
      await refused("wrong", "wrong again");
      assert.match(await nextAttempt(), / reason=issuer_unavailable /);
    });
    await step(
      "an issuer that goes down in between admits nobody, until the next login",
      async () => {
        await provider.setAvailability("up");
        await refused(() => provider.setAvailability("down"));
        assert.match(await nextAttempt(), / reason=issuer_unavailable /);
        assert.equal(
          (await login(PASSWORD)).stdout,
          admitted,
          await sshd.log(),
        );
      },
    );
    await step(
      "a program that is missing or was killed is not an issuer that is down",
      async () => {
        for (const text of [null, "#!/bin/sh\nkill -9 $$\n"]) {
          await Deno.rename(host.program, `${host.program}.away`);
          if (text !== null) {
            await Deno.writeTextFile(host.program, text, { mode: 0o755 });
          }
          const result = await login(PASSWORD, PASSWORD);
          assert.equal(result.ok, false);
          await Deno.rename(`${host.program}.away`, host.program);
        }
        assert.equal((await login(PASSWORD)).ok, true);
      },
    );
  },
);

test(
  "sshd-pasted-token-with-outcomes goes on after the named outcomes only",
  {
    stack: "sshd-pasted-token-with-outcomes",
  },
  async (
    { provider, host, account, login, refused, nextAttempt, sshd },
    step,
  ) => {
    const token = (name: string) =>
      idToken(provider, { account: name, client: "ssh-login-es256" });
    await step("a good token admits", async () => {
      const result = await login(await token("alice"));
      assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
      assert.match(await nextAttempt(), / reason=allowed /);
    });
    await step(
      "user_unknown: a good token for another account leads to the password",
      async () => {
        const bobs = await token("bob");
        const result = await login(bobs, PASSWORD);
        assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
        assert.match(await nextAttempt(), / reason=account_not_permitted /);
        assert.equal((await login(bobs, "wrong")).ok, false);
        assert.match(await nextAttempt(), / reason=account_not_permitted /);
      },
    );
    await step(
      "auth_err: a bad token leads nowhere, and the password is one",
      async () => {
        const good = await token("alice");
        for (const bad of [`${good.slice(0, -6)}AAAAAA`, PASSWORD]) {
          await refused(bad, PASSWORD);
          assert.match(
            await nextAttempt(),
            / reason=(?:signature_invalid|token_malformed) /,
          );
        }
      },
    );
    await step(
      "authinfo_unavail: an issuer that is down leads to the password",
      async () => {
        const good = await token("alice");
        await provider.setAvailability("down");
        await Deno.remove(`${host.directory}/cache/jwks`, { recursive: true });
        const result = await login(good, PASSWORD);
        assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
        assert.match(await nextAttempt(), / reason=issuer_unavailable /);
      },
    );
  },
);
