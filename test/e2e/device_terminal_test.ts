/**
 * Device sign-in for programs at a terminal: Debian's own sudo, su and login, with the stacks as
 * they are written, in a mount namespace where the test's folder is /etc/pam.d.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type DeviceBench,
  type DeviceBenchOptions,
  readPrompt,
  withDeviceBench,
} from "../support/device_bench.ts";
import { approveDevice } from "../support/provider.ts";
import { ordinaryAccount } from "../support/sshd.ts";
import {
  atTerminal,
  type TerminalResult,
  withPamFolder,
} from "../support/terminal.ts";

/** Answers the device prompt; what it returns is typed. */
type Answer = (code: string) => Promise<unknown>;

interface Bench extends DeviceBench {
  /** Runs a command at a terminal, as root or as that user. */
  run(
    command: readonly string[],
    options: {
      answer: Answer;
      user?: string;
      sudoers?: string;
      shell?: readonly string[];
    },
  ): Promise<TerminalResult>;
  approve(options?: Partial<Parameters<typeof approveDevice>[1]>): Answer;
}

function test(
  title: string,
  options: DeviceBenchOptions & { stack: string; service: string },
  body: (bench: Bench, step: Deno.TestContext["step"]) => Promise<void>,
): void {
  Deno.test(title, async (context) => {
    await withDeviceBench(
      { createAccount: true, ...options },
      async (bench) => {
        const { host, provider } = bench;
        await host.installStack(options.stack, { service: options.service });
        const common = "common-session-noninteractive";
        await Deno.copyFile(
          `/etc/pam.d/${common}`,
          `${host.serviceDir}/${common}`,
        );
        await body({
          ...bench,
          run: (command, { answer, shell = [], ...places }) =>
            atTerminal({
              command: withPamFolder(command, {
                pamFolder: host.serviceDir,
                ...places,
              }),
              prompt: /(?:password for \S+|Password): $|[$#] $/,
              answer: async (text, index) =>
                index === 0
                  ? String(await answer(readPrompt(text).code) ?? "")
                  : shell[index - 1] ?? "exit",
            }),
          approve: (more = {}) => (userCode) =>
            approveDevice(provider, { account: "alice", userCode, ...more }),
        }, context.step.bind(context));
      },
    );
  });
}

test("sudo-device-step-up makes sudo want a sign-in of the last 15 minutes", {
  stack: "sudo-device-step-up",
  service: "sudo",
  rule: ["services: [sudo]", "assurance: {mfa: true, max_auth_age: 15m}"],
}, async (bench, step) => {
  const { account, nextAttempt, host, run, approve } = bench;
  const sudoers = `${host.directory}/sudoers`;
  await Deno.writeTextFile(
    sudoers,
    `Defaults timestamp_timeout=0, passwd_tries=1\n${account.name} ALL=(root) /usr/bin/id\n`,
    { mode: 0o440 },
  );
  const sudo = (answer: Answer) =>
    run(["sudo", "id", "-u"], { answer, sudoers, user: account.name });

  await step("a fresh one with a second factor runs the command", async () => {
    const { code, screen } = await sudo(approve());
    assert.equal(code, 0, screen);
    assert.match(
      screen,
      new RegExp(`^\\nSign-in to .* as "${account.name}" \\(sudo\\)\\n`),
    );
    assert.match(
      screen,
      /\n\[sudo\] password for \S+: \nWaiting for the sign-in in your browser, \d+ seconds at most\.\n0\n$/,
    );
    assert.match(await nextAttempt(), / decision=allow .* service=sudo /);
  });
  await step("and so does the next one: nothing is remembered", async () => {
    assert.equal((await sudo(approve())).code, 0);
    assert.match(await nextAttempt(), / decision=allow /);
  });
  await step("an older one does not", async () => {
    const { code, screen } = await sudo(approve({ secondsAgo: 16 * 60 }));
    assert.notEqual(code, 0);
    assert.doesNotMatch(screen, /^0$/m);
    assert.match(await nextAttempt(), / reason=reauthentication_required /);
  });
  await step("one without a second factor does not", async () => {
    const { code, screen } = await sudo(approve({ secondFactor: false }));
    assert.notEqual(code, 0);
    assert.doesNotMatch(screen, /^0$/m);
    assert.match(await nextAttempt(), / reason=mfa_required /);
  });
  await step("bob's does not, and he is told as much", async () => {
    const { code, screen } = await sudo(approve({ account: "bob" }));
    assert.notEqual(code, 0);
    assert.match(
      screen,
      /\nThe sign-in was refused \(reference \w{4}\)\.\n.*\nsudo: 1 incorrect password attempt\n$/,
    );
    assert.doesNotMatch(screen, /PAM|Unknown error/);
    assert.match(
      await nextAttempt(),
      / reason=account_not_permitted .* sub=u2 /,
    );
  });
  await step("a typed password does not, and reaches no log", async () => {
    const { code, screen } = await sudo(() => Promise.resolve("hunter2"));
    assert.notEqual(code, 0);
    assert.doesNotMatch(screen, /Waiting/);
    assert.match(screen, /\nWhat was typed was refused \(reference /);
    const line = await nextAttempt();
    assert.match(line, / reason=token_malformed /);
    assert.doesNotMatch(line, /hunter2/);
  });
});

test(
  "su-device-sign-in opens the target account to whom the policy admits to it",
  {
    stack: "su-device-sign-in",
    service: "su",
    rule: ["services: [su]"],
  },
  async (bench, step) => {
    const { account, nextAttempt, run, approve } = bench;
    await using colleague = await ordinaryAccount({ create: true });
    const su = (answer: Answer) =>
      run(["su", account.name, "-c", "id -un"], {
        answer,
        user: colleague.name,
      });
    await step("alice, at a colleague's terminal", async () => {
      const { code, screen } = await su(approve());
      assert.equal(code, 0, screen);
      assert.match(
        screen,
        new RegExp(`\\nPassword: \\nWaiting .*\\n${account.name}\\n$`),
      );
      assert.match(
        await nextAttempt(),
        new RegExp(` decision=allow .* user=${account.name} service=su `),
      );
    });
    await step("not bob", async () => {
      const { code, screen } = await su(approve({ account: "bob" }));
      assert.notEqual(code, 0, screen);
      assert.match(
        screen,
        /\nThe sign-in was refused .*\n.*\nsu: Authentication failure\n$/,
      );
      assert.match(await nextAttempt(), / reason=account_not_permitted /);
    });
    await step("not to root, which is protected", async () => {
      const { code } = await run(["su", "-c", "id -un"], {
        answer: approve(),
        user: colleague.name,
      });
      assert.notEqual(code, 0);
      assert.match(await nextAttempt(), / decision=deny .* user=root /);
    });
    await step("root needs nobody", async () => {
      const { code, screen } = await run(["su", account.name, "-c", "id -un"], {
        answer: () => Promise.reject(new Error("asked")),
      });
      assert.deepEqual([code, screen], [0, `${account.name}\n`]);
    });
  },
);

test("login-device-sign-in opens a session at the console", {
  stack: "login-device-sign-in",
  service: "login",
  device: "qr: true",
  rule: ["services: [login]"],
}, async (bench, step) => {
  const { account, nextAttempt, host, run, approve } = bench;
  let tried = 0;
  await step("for who approves, with a QR code on the screen", async () => {
    const { screen } = await run(["login", account.name], {
      answer: approve(),
      shell: ["id -un"],
    });
    assert.match(screen, new RegExp(`\\n${account.name}\\n`), screen);
    assert.match(screen, /\n█[█▀▄ ]{20,}█\n/);
    assert.match(await nextAttempt(), / decision=allow .* service=login /);
  });
  // libpam remembers what the lines answered the first time
  await step("also at the second try of the same login", async () => {
    const { screen } = await atTerminal({
      command: withPamFolder(["login", account.name], {
        pamFolder: host.serviceDir,
      }),
      prompt: /Password: $|login: $|[$#] $/,
      answer: async (text) => {
        if (/login: $/.test(text)) return account.name;
        if (/[$#] $/.test(text)) return tried++ === 2 ? "id -un" : "exit";
        const bob = tried++ === 0;
        await approve({ account: bob ? "bob" : "alice" })(
          readPrompt(text).code,
        );
        return "";
      },
    });
    assert.match(
      screen,
      /\nThe sign-in was refused \(reference \w{4}\)\.\n.*\n\nLogin incorrect\n/,
    );
    assert.match(screen, new RegExp(`\\n${account.name}\\n`), screen);
    assert.match(await nextAttempt(), / decision=deny .* service=login /);
    assert.match(await nextAttempt(), / decision=allow .* service=login /);
  });
});
