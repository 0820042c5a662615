/**
 * In the device stacks only `device finish` admits, whatever else says yes or is missing.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createPamHost, readExample } from "../support/pam.ts";

const STACKS = [
  "sshd-device-sign-in",
  "sshd-device-sign-in-with-fallback",
  "sudo-device-step-up",
  "su-device-sign-in",
  "login-device-sign-in",
];

interface Codes {
  start?: number;
  tell?: number;
  finish?: number;
  outcome?: number;
}

/** A program whose stages end as given; unless they say otherwise, with a refusal. */
function program(codes: Codes): string {
  const { start = 7, tell = 7, finish = 7, outcome = 7 } = codes;
  // as the program does it: 0 stands for the value that the launcher named
  const end = (code: number) => code === 0 ? '"$OAUTH_PAM_GRANT"' : code;
  return `#!/bin/sh
case "$1 $2" in
  "device start") exit ${start} ;;
  "device tell") exit ${tell} ;;
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

Deno.test("each device stack tells people of the password that it takes, or that none helps", async () => {
  for (const stack of STACKS) {
    const lines = (await readExample(stack)).split("\n").filter(isAuth);
    const wordsAfter = (found: RegExp) =>
      lines.map((line) => found.exec(line)?.[1]).filter((each) =>
        each !== undefined
      );
    const outcomes = wordsAfter(/ outcome \S+ (.*)$/).join(" ").split(" ");
    assert.deepEqual(
      wordsAfter(/ device start \S+ --password-after (\S+)$/),
      [outcomes.filter((name) => name !== "").join(",") || "nothing"],
      stack,
    );
    const passwords = lines.filter((line) => line.includes("pam_unix.so"));
    assert.equal(passwords.length, outcomes[0] === "" ? 0 : 1, stack);
    assert.equal(wordsAfter(/ (device tell) /).length > 0, true, stack);
  }
});

const isAuth = (line: string) => /^-?auth\b/.test(line);

/** The stack with these auth lines in place of its own. */
function withAuth(stack: string, lines: readonly string[]): string {
  const others = stack.split("\n").filter((line) => !isAuth(line));
  return [...lines, ...others].join("\n");
}

interface Damage {
  readonly what: string;
  readonly lines: readonly string[];
}

/** Each line lost; two neighbours swapped; a line of another package's put between any two. */
function* damages(lines: readonly string[]): Iterable<Damage> {
  const name = (line: string | undefined) =>
    /device \w+|outcome|pam_\w+(?!.*pam_)/.exec(line ?? "")?.[0] ?? "";
  for (const [index, line] of lines.entries()) {
    yield { what: `${name(line)} is lost`, lines: lines.toSpliced(index, 1) };
    const next = lines[index + 1];
    if (next !== undefined) {
      yield {
        what: `${name(line)} and ${name(next)} are swapped`,
        lines: lines.toSpliced(index, 2, next, line),
      };
    }
    for (const other of ["auth optional pam_faildelay.so delay=0"]) {
      yield {
        what: `another line stands before ${name(line)}`,
        lines: lines.toSpliced(index, 0, other),
      };
    }
  }
}

/** What each damage lets in after a refusal. */
const OPENED: Readonly<Record<string, readonly string[]>> = {
  // whoever knows the password, as the stack says
  "sshd-device-sign-in-with-fallback": [
    "pam_deny is lost",
    "pam_deny and pam_unix are swapped",
  ],
};

for (const stack of STACKS) {
  Deno.test(`${stack} opens by no single mistake in its auth lines but those that it names`, async () => {
    await using host = await createPamHost();
    await host.installStack(stack, { service: "whole" });
    const text = await Deno.readTextFile(`${host.serviceDir}/whole`);
    const lines = text.split("\n").filter(isAuth)
      .filter((line) => !line.includes("pam_rootok"))
      .map((line) => line.replace("delay=3000000", "delay=0"));
    assert.ok(lines.length >= 5, lines.join("\n"));
    const admits = async (codes: Codes, changed: readonly string[]) => {
      await Deno.writeTextFile(host.program, program(codes), { mode: 0o755 });
      // as if every password that is asked for were known
      const known = changed.map((line) =>
        line.replace(/pam_unix\.so.*/, "pam_permit.so")
      );
      await host.writeService("x", withAuth(text, known));
      const { ok } = await host.authenticate({
        service: "x",
        user: "nobody",
        password: "known",
        operations: ["authenticate", "setcred"],
      });
      return ok;
    };
    assert.equal(await admits({ start: 25, tell: 25, finish: 0 }, lines), true);
    const opened = new Set<string>();
    for (const { what, lines: changed } of damages(lines)) {
      for (const [start, tell] of [[25, 25], [7, 7], [0, 0], [124, 0]]) {
        const codes = { start: start!, tell: tell!, finish: 7, outcome: 7 };
        if (await admits(codes, changed)) opened.add(what);
      }
    }
    assert.deepEqual([...opened], OPENED[stack] ?? []);
  });
}
