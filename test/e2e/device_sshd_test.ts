/**
 * Device sign-in through a real sshd and ssh, with the stack as it is written.
 *
 * @module
 */
// Threats: D1, D2, D6, D7, F9, G12
import assert from "node:assert/strict";
import { BUILD_KINDS } from "../support/built_program.ts";
import { approveInBrowser, denyInBrowser } from "../support/chromium.ts";
import {
  type DeviceBench,
  isRunning,
  readPrompt,
  withDeviceBench,
} from "../support/device_bench.ts";
import { until } from "../support/pam.ts";
import { approveDevice, denyDevice, idToken } from "../support/provider.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";

const SERVICE = "oauthpam-sshd";
const STACK = "sshd-device-sign-in";

interface SshBench extends DeviceBench {
  readonly sshd: Sshd;
}

function test(
  title: string,
  options: Parameters<typeof withDeviceBench>[0],
  body: (bench: SshBench, step: Deno.TestContext["step"]) => Promise<void>,
): void {
  Deno.test(`ssh with ${STACK} ${title}`, async (context) => {
    await withDeviceBench(options, async (bench) => {
      const stackFile = await bench.host.installStack(STACK, {
        service: SERVICE,
      });
      await using sshd = await startSshd({ host: bench.host, stackFile });
      await body({ ...bench, sshd }, context.step.bind(context));
    });
  });
}

/** The text at the prompt, with what differs from login to login replaced. */
function shape(prompt: string, user: string): string {
  return prompt.replaceAll(user, "USER")
    .replace(/[A-Z]{4}-[A-Z]{4}/, "CODE")
    .replace(/localhost:\d+/, "ISSUER");
}

for (const kind of BUILD_KINDS) {
  test(`admits alice, who does in the browser what the text says (${kind})`, {
    kind,
  }, async (bench) => {
    const { provider, account, sshd, log, nextAttempt } = bench;
    const result = await sshd.ssh({
      user: account.name,
      token: async (prompt) => {
        const { url, code } = readPrompt(prompt);
        const { password } = provider.accounts.alice!;
        await approveInBrowser({
          url,
          code,
          account: "alice",
          password,
        });
        return "";
      },
    });
    assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
    // what sshd before 10.3 shows glued to the prompt, and later ones before it
    const shown = result.prompts.join("").replace(
      `(${account.name}@127.0.0.1) `,
      "",
    );
    assert.equal(
      shape(shown, account.name),
      `
Sign-in to ${Deno.hostname()} as "USER" (${SERVICE}) from 127.0.0.1

  1. Open   https://ISSUER/device
  2. Enter  CODE
  3. Come back, leave the next line empty, and press Enter.
     It waits until you have signed in, for 90 seconds at most.

Only if you started this yourself. If somebody sent you this code, stop:
entering it would let them in as you.

Password: `,
    );
    const line = await nextAttempt();
    assert.match(line, / decision=allow reason=allowed /);
    assert.match(
      line,
      / service=oauthpam-sshd rhost=127\.0\.0\.1 issuer=campus sub=u1 rule=staff /,
    );
    assert.equal((await log.lines()).length, 1);
    assert.equal(result.stderr, "");
  });
}

test("refuses all others", {}, async (bench, step) => {
  const { provider, account, sshd, nextAttempt } = bench;
  const login = async (
    user: string,
    answer: (code: string, url: string) => Promise<unknown>,
  ) => {
    const result = await sshd.ssh({
      user,
      token: async (prompt) => {
        const { url, code } = readPrompt(prompt);
        return String(await answer(code, url) ?? "");
      },
    });
    assert.equal(result.ok, false, result.stdout);
    assert.doesNotMatch(result.stderr, /oauth|exit code|policy|campus/);
    return { prompts: result.prompts, line: await nextAttempt() };
  };
  const approve = (name: string) => (userCode: string) =>
    approveDevice(provider, { account: name, userCode });

  await step("bob, who approves alice's login", async () => {
    const { line } = await login(account.name, approve("bob"));
    assert.match(
      line,
      / decision=deny reason=account_not_permitted .* sub=u2 /,
    );
  });
  await step(
    "who says in the browser that the code is not theirs",
    async () => {
      const { line } = await login(
        account.name,
        (code, url) => denyInBrowser({ url, code }),
      );
      assert.match(
        line,
        / reason=device_denied .* detail="the issuer answered \\"access_denied\\": End-User aborted interaction"/,
      );
    },
  );
  let expected = "";
  await step("what is typed and no token", async () => {
    const { line, prompts } = await login(
      account.name,
      () => Promise.resolve("hunter2"),
    );
    assert.match(line, / reason=token_malformed /);
    assert.doesNotMatch(line, /hunter2/);
    expected = shape(prompts.join(), account.name);
  });
  for (const user of ["nosuchuser", "root"]) {
    await step(
      `${user}, who sees the same text as everybody and may even approve`,
      async () => {
        const typed = await login(user, () => Promise.resolve("hunter2"));
        assert.equal(shape(typed.prompts.join(), user), expected);
        assert.match(typed.line, / reason=token_malformed /);
        const { line } = await login(user, approve("alice"));
        assert.match(
          line,
          new RegExp(` decision=deny .* user=${user} .* sub=u1 `),
        );
        const denied = await login(
          user,
          (userCode) => denyDevice(provider, { userCode }),
        );
        assert.match(denied.line, / reason=device_denied /);
        assert.doesNotMatch(
          await sshd.log(),
          /internal error|PAM auth succeeded when/i,
        );
      },
    );
  }
  await step(
    "everybody while the issuer is down, in plain words and one line of the log",
    async () => {
      await provider.setAvailability("down");
      const { prompts, line } = await login(
        account.name,
        () => Promise.resolve(""),
      );
      await provider.setAvailability("up");
      assert.match(
        prompts.join(),
        /\nSigning in with a browser is not possible at the moment \(reference \w{4}\)\.\nTry again later, .*\nNo password helps here: .*\n(?:.*\n)?Password: $/,
      );
      assert.match(line, / reason=issuer_unavailable /);
    },
  );
});

test(
  "tells nobody by a refusal which accounts there are",
  {},
  async (bench, step) => {
    const { provider, account, sshd, nextAttempt } = bench;
    /** What ssh shows after the prompt. */
    const told = async (
      user: string,
      answer: (code: string) => Promise<unknown>,
    ) => {
      const { ok, stderr } = await sshd.ssh({
        user,
        options: ["LogLevel=INFO"],
        token: async (prompt) =>
          String(await answer(readPrompt(prompt).code) ?? ""),
      });
      assert.equal(ok, false);
      assert.match(await nextAttempt(), / decision=deny .* ref=\w{4} /);
      return stderr.replaceAll(user, "USER").replace(/^Warning: .*\r?\n/gm, "")
        .replace(/\(reference \w{4}\)/, "(reference REF)");
    };
    const cases: readonly [
      what: string,
      answer: (code: string) => Promise<unknown>,
      text: RegExp,
    ][] = [
      [
        "somebody else approves",
        (userCode) => approveDevice(provider, { account: "bob", userCode }),
        /^The sign-in was refused \(reference REF\)\.\r?\nThe same /,
      ],
      [
        "the code is declined",
        (userCode) => denyDevice(provider, { userCode }),
        /^The sign-in was refused \(reference REF\)\.\r?\nThe same /,
      ],
      [
        "a word is typed",
        () => Promise.resolve("hunter2"),
        /^What was typed was refused \(reference REF\)\.\r?\nLeave /,
      ],
      [
        "a token of somebody else's is typed",
        () => idToken(provider, { account: "bob", client: "ssh-login-es256" }),
        /^What was typed was refused \(reference REF\)\.\r?\nLeave /,
      ],
    ];
    for (const [what, answer, text] of cases) {
      await step(what, async () => {
        const known = await told(account.name, answer);
        assert.match(known, text);
        for (const user of ["nosuchuser", "root"]) {
          assert.equal(await told(user, answer), known, user);
        }
      });
    }
  },
);

test("keeps logins apart", {}, async (bench, step) => {
  const { provider, account, sshd, nextAttempt } = bench;
  await step(
    "two for the same account: each is approved by its own code",
    async () => {
      const codes: string[] = [];
      const both = () => until(() => codes.length === 2, { what: "two codes" });
      const attempt = (body: (code: string) => Promise<void>) =>
        sshd.ssh({
          user: account.name,
          token: async (prompt) => {
            const { code } = readPrompt(prompt);
            codes.push(code);
            await both();
            await body(code);
            return "";
          },
        });
      const [mine, strangers] = await Promise.all([
        attempt((userCode) =>
          approveDevice(provider, { account: "alice", userCode })
        ),
        attempt((userCode) => denyDevice(provider, { userCode })),
      ]);
      assert.notEqual(codes[0], codes[1]);
      assert.deepEqual([mine.ok, strangers.ok], [true, false]);
      const lines = [await nextAttempt(), await nextAttempt()].join("\n");
      assert.match(lines, / reason=allowed /);
      assert.match(lines, / reason=device_denied /);
    },
  );
  await step(
    "a short token that is typed at the prompt is used instead",
    async () => {
      const token = await idToken(provider, {
        account: "alice",
        client: "ssh-login-es256",
      });
      const result = await sshd.ssh({ user: account.name, token });
      assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
      assert.match(await nextAttempt(), / reason=allowed /);
    },
  );
});

test("leaves no process behind when the client hangs up", {
  // far longer than the test: what ends it is that nobody is there
  device: "timeout: 60s",
}, async (bench) => {
  const { host, account, sshd, nextAttempt, provider } = bench;
  provider.requests.length = 0;
  const client = new AbortController();
  const login = sshd.ssh({
    user: account.name,
    token: () => "",
    signal: client.signal,
  });
  await until(() => provider.requestCount("/token") > 0, {
    what: "the first request for tokens",
  });
  assert.equal(await isRunning(host.program), true);
  client.abort();
  assert.equal((await login).ok, false);
  assert.match(await nextAttempt(), / reason=device_expired /);
  await until(async () => !await isRunning(host.program), {
    what: "the end of all processes",
  });
});
