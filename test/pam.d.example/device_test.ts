/**
 * In the device stacks only `device finish` admits, whatever else says yes or is missing.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createPamHost } from "../support/pam.ts";

const STACKS = [
  "sshd-device-sign-in",
  "sshd-device-sign-in-with-fallback",
  "sudo-device-step-up",
  "su-device-sign-in",
  "login-device-sign-in",
];

/** A program whose stages end as given; unless they say otherwise, with a refusal. */
function program(
  codes: { start?: number; finish?: number; outcome?: number },
): string {
  const { start = 7, finish = 7, outcome = 7 } = codes;
  // as the program does it: 0 stands for the value that the launcher named
  const end = (code: number) => code === 0 ? '"$OAUTH_PAM_GRANT"' : code;
  return `#!/bin/sh
case "$1 $2" in
  "device start") exit ${start} ;;
  "device finish") exit ${end(finish)} ;;
  outcome*) exit ${end(outcome)} ;;
esac
exit 4
`;
}

for (const stack of STACKS) {
  Deno.test(`${stack} admits by device finish and by nothing else`, async () => {
    await using host = await createPamHost();
    const attempt = async (
      codes: Parameters<typeof program>[0],
      change: (stack: string) => string = (text) => text,
    ) => {
      await Deno.writeTextFile(host.program, program(codes), { mode: 0o755 });
      await host.installStack(stack, {
        service: "x",
        // root runs the tests, whom su admits without a question; nobody waits for login's delay
        change: (text) =>
          change(
            text.replace(/^auth\s+sufficient pam_rootok\.so$/m, "").replace(
              "delay=3000000",
              "delay=0",
            ),
          ),
      });
      const { ok } = await host.authenticate({
        service: "x",
        user: "nobody",
        password: "",
        operations: ["authenticate", "setcred"],
      });
      return ok;
    };
    const without = (word: string) => (text: string) =>
      text.split("\n").filter((line) =>
        line.startsWith("#") || !line.includes(word)
      ).join("\n");
    assert.equal(await attempt({ start: 25, finish: 0 }), true, "all is well");
    assert.equal(
      await attempt({ start: 7, finish: 0 }),
      true,
      "start decides nothing",
    );
    assert.equal(
      await attempt({ start: 0, finish: 7 }),
      false,
      "finish refuses",
    );
    assert.equal(
      await attempt({ start: 0 }, without("device finish")),
      false,
      "finish is lost",
    );
    assert.equal(
      await attempt({ finish: 0 }, without("device start")),
      true,
      "start is lost",
    );
    assert.equal(
      await attempt({ start: 0, outcome: 0 }),
      false,
      "the password is missing",
    );
    const noModule = (text: string) =>
      text.replaceAll("pam_exec.so", "pam_no_such_module.so");
    assert.equal(
      await attempt({ start: 0, finish: 0 }, noModule),
      false,
      "pam_exec is missing",
    );
    await Deno.remove(host.program);
  });
}
