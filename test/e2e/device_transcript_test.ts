/**
 * What people see at a terminal, made by a real ssh, sudo and su with the stacks as they are written
 * and a certified provider, and compared with the files of test/testdata/transcripts/.
 *
 * @module
 */
// Threats: D7, G8
import assert from "node:assert/strict";
import {
  type DeviceBench,
  readPrompt,
  withDeviceBench,
} from "../support/device_bench.ts";
import { approveDevice } from "../support/provider.ts";
import {
  ordinaryAccount,
  setPassword,
  type Sshd,
  startSshd,
} from "../support/sshd.ts";
import {
  atTerminal,
  type TerminalOptions,
  withPamFolder,
} from "../support/terminal.ts";

const TRANSCRIPTS = new URL("../testdata/transcripts/", import.meta.url);
const PLAIN = "oauthpam-sshd";
const FALLBACK = "oauthpam-fallback";
const PASSWORD = "the account's own password";

/** What stands in a transcript for what differs from one login to the next. */
const CODES = ["WDJB-MJHT", "R2XR-2J3E", "KNPS-LCEQ"];
const OTHER_REFERENCE = "H7QX";
const WAITED = "85 seconds at most";
const NEXT_MINUTE = "start in 40 seconds";

/** The screen as it would be on any machine, at any time. */
function usual(
  screen: string,
  { account, as = "alice" }: { account: string; as?: string },
): string {
  const codes = [...screen.matchAll(/Enter {2}([A-Z]{4}-[A-Z]{4})$/gm)]
    .map((match) => match[1] ?? "");
  assert.ok(codes.length <= CODES.length, screen);
  const reference = (found: string) => {
    const index = codes.findIndex((code) => code.startsWith(found));
    return index < 0 ? OTHER_REFERENCE : CODES[index]?.slice(0, 4);
  };
  return screen
    .replace(
      /\(reference (\w{4})\)/g,
      (_, found) => `(reference ${reference(found)})`,
    )
    .replace(
      /(Enter {2})([A-Z]{4}-[A-Z]{4})$/gm,
      (_, before, code) => `${before}${CODES[codes.indexOf(code)]}`,
    )
    .replace(/(Waiting .*), \d+ seconds at most/g, `$1, ${WAITED}`)
    .replace(/start in \d+ seconds/g, NEXT_MINUTE)
    .replaceAll(account, as)
    .replaceAll("@127.0.0.1", "@ssh.example.edu")
    .replaceAll("from 127.0.0.1", "from 192.0.2.7")
    .replaceAll(`Sign-in to ${Deno.hostname()} `, "Sign-in to ssh.example.edu ")
    .replace(/\((?:oauthpam-sshd|oauthpam-fallback)\)/g, "(sshd)")
    .replace(/localhost:\d+/g, "login.example.edu");
}

async function compare(name: string, transcript: string): Promise<void> {
  const golden = await Deno.readTextFile(new URL(`${name}.txt`, TRANSCRIPTS));
  assert.equal(transcript, golden);
}

type Answer = (text: string) => Promise<unknown> | unknown;

const PROMPT = /(?:password for \S+|Password): $/;

/** Answers one prompt after the other; what an answer returns is typed. */
function answering(
  answers: readonly Answer[],
): Pick<TerminalOptions, "prompt" | "answer"> {
  return {
    prompt: PROMPT,
    answer: async (text, index) => {
      const answer = answers[index];
      assert.ok(answer, `one prompt more than expected:\n${text}`);
      return String(await answer(text) ?? "");
    },
  };
}

function approving(
  { provider }: DeviceBench,
  account: "alice" | "bob",
): Answer {
  return async (text) => {
    await approveDevice(provider, { account, userCode: readPrompt(text).code });
  };
}

const onlyEnter: Answer = () => {};

/** `ssh` as people call it, with a known host. */
async function sshTranscript(
  { account }: DeviceBench,
  sshd: Sshd,
  answers: readonly Answer[],
): Promise<string> {
  const known = `${sshd.directory}/known_hosts`;
  const key = await Deno.readTextFile(`${sshd.directory}/host_key.pub`);
  await Deno.writeTextFile(known, `[127.0.0.1]:${sshd.port} ${key}`);
  const options = [
    `UserKnownHostsFile=${known}`,
    "IdentitiesOnly=yes",
    "PreferredAuthentications=keyboard-interactive",
    `NumberOfPasswordPrompts=${answers.length}`,
  ];
  const { screen } = await atTerminal({
    command: [
      ...["ssh", "-F", "none", "-p", `${sshd.port}`],
      ...options.flatMap((option) => ["-o", option]),
      ...[`${account.name}@127.0.0.1`, "id -un"],
    ],
    ...answering(answers),
  });
  return usual(`$ ssh alice@ssh.example.edu id -un\n${screen}`, {
    account: account.name,
  });
}

async function reasons(bench: DeviceBench, count: number): Promise<string[]> {
  const found = [];
  for (let line = 0; line < count; line++) {
    found.push(
      / reason=(\S+)/.exec(await bench.nextAttempt())?.[1] ?? "",
    );
  }
  return found;
}

Deno.test("what ssh shows at a terminal is what the transcripts say", async (t) => {
  await withDeviceBench({ createAccount: true }, async (bench) => {
    const { host, account, provider } = bench;
    await setPassword(account.name, PASSWORD);
    const installed = async (stack: string, service: string) =>
      await startSshd({
        host,
        stackFile: await host.installStack(stack, { service }),
      });
    await using plain = await installed("sshd-device-sign-in", PLAIN);
    await using fallback = await installed(
      "sshd-device-sign-in-with-fallback",
      FALLBACK,
    );
    const alice = approving(bench, "alice");
    const bob = approving(bench, "bob");
    const policy = await Deno.readTextFile(host.policy);
    const withDevice = async (settings: string) =>
      await Deno.writeTextFile(
        host.policy,
        policy.replace("starts_per_source: 50", settings),
      );

    await t.step("a sign-in", async () => {
      const shown = await sshTranscript(bench, plain, [alice]);
      await compare("device_sign_in", shown);
      assert.deepEqual(await reasons(bench, 1), ["allowed"]);
    });
    await t.step("a refusal, and the next text", async () => {
      const shown = await sshTranscript(bench, plain, [bob, alice]);
      await compare("device_refused", shown);
      assert.deepEqual(await reasons(bench, 2), [
        "account_not_permitted",
        "allowed",
      ]);
      // the same, where a password is taken while the issuer is down
      const other = await sshTranscript(bench, fallback, [bob, alice]);
      assert.equal(other, shown);
      assert.equal((await reasons(bench, 2)).at(-1), "allowed");
    });
    await t.step("a word that was typed", async () => {
      const shown = await sshTranscript(bench, plain, [() => PASSWORD]);
      await compare("device_typed", shown);
      assert.deepEqual(await reasons(bench, 1), ["token_malformed"]);
    });
    await t.step("nobody who approves", async () => {
      await withDevice("starts_per_source: 50, timeout: 8s");
      const shown = await sshTranscript(bench, plain, [onlyEnter]);
      await compare("device_too_late", shown);
      assert.deepEqual(await reasons(bench, 1), ["device_expired"]);
    });
    await t.step("an issuer that is down", async () => {
      await provider.setAvailability("down");
      const shown = await sshTranscript(bench, plain, [onlyEnter]);
      await compare("device_issuer_down", shown);
      const other = await sshTranscript(bench, fallback, [() => PASSWORD]);
      await compare("device_issuer_down_with_password", other);
      await provider.setAvailability("up");
      assert.deepEqual(await reasons(bench, 2), [
        "issuer_unavailable",
        "issuer_unavailable",
      ]);
    });
    await t.step("a wrong client id", async () => {
      await Deno.writeTextFile(
        host.policy,
        policy.replace("client_id: ssh-login", "client_id: nobody"),
      );
      const expected = await Deno.readTextFile(
        new URL("device_issuer_down.txt", TRANSCRIPTS),
      );
      for (const sshd of [plain, fallback]) {
        const shown = await sshTranscript(bench, sshd, [() => PASSWORD]);
        assert.equal(shown, expected);
      }
      assert.deepEqual(await reasons(bench, 2), [
        "issuer_refused",
        "issuer_refused",
      ]);
    });
    await t.step("a limit", async () => {
      await withDevice("starts_per_source: 1");
      const limits = (text: string) =>
        text.split("Too many sign-ins").length - 1;
      // until the places of this minute are gone; a new minute may begin at any time
      let shown = "";
      for (let tries = 0; limits(shown) < 2 && tries < 5; tries++) {
        while (limits(shown) === 0) {
          shown = await sshTranscript(bench, plain, [() => "no token"]);
        }
        shown = await sshTranscript(bench, plain, [onlyEnter, onlyEnter]);
      }
      await compare("device_limit", shown);
    });
  });
});

Deno.test("what sudo and su show at a terminal is what the transcripts say", async (t) => {
  await withDeviceBench({ createAccount: true }, async (bench) => {
    const { host, account } = bench;
    await using colleague = await ordinaryAccount({ create: true });
    await host.installStack("sudo-device-step-up", { service: "sudo" });
    await host.installStack("su-device-sign-in", { service: "su" });
    const common = "common-session-noninteractive";
    await Deno.copyFile(`/etc/pam.d/${common}`, `${host.serviceDir}/${common}`);
    const sudoers = `${host.directory}/sudoers`;
    await Deno.writeTextFile(
      sudoers,
      `Defaults timestamp_timeout=0, passwd_tries=2\n${account.name} ALL=(root) /usr/bin/id\n`,
      { mode: 0o440 },
    );
    const transcript = async (
      command: readonly string[],
      { user, as, answers }: {
        user: string;
        as: string;
        answers: readonly Answer[];
      },
    ) => {
      const { screen } = await atTerminal({
        command: withPamFolder(command, {
          pamFolder: host.serviceDir,
          user,
          sudoers,
        }),
        ...answering(answers),
      });
      return usual(`$ ${command.join(" ")}\n${screen}`, {
        account: account.name,
        as,
      });
    };
    const alice = approving(bench, "alice");
    const bob = approving(bench, "bob");

    await t.step("sudo", async () => {
      const sudo = (...answers: Answer[]) =>
        transcript(["sudo", "id", "-u"], {
          user: account.name,
          as: "alice",
          answers,
        });
      await compare("sudo_sign_in", await sudo(alice));
      await compare("sudo_refused", await sudo(bob, alice));
      assert.deepEqual(await reasons(bench, 3), [
        "allowed",
        "account_not_permitted",
        "allowed",
      ]);
    });
    await t.step("sudo while the issuer is down", async () => {
      await bench.provider.setAvailability("down");
      const shown = await transcript(["sudo", "id", "-u"], {
        user: account.name,
        as: "alice",
        answers: [onlyEnter, onlyEnter],
      });
      await bench.provider.setAvailability("up");
      await compare("sudo_issuer_down", shown);
      assert.deepEqual(await reasons(bench, 2), [
        "issuer_unavailable",
        "issuer_unavailable",
      ]);
    });
    await t.step("su", async () => {
      const su = (answer: Answer) =>
        transcript(["su", account.name, "-c", "id -un"], {
          user: colleague.name,
          as: "deploy",
          answers: [answer],
        });
      await compare("su_sign_in", await su(alice));
      await compare("su_refused", await su(bob));
      assert.deepEqual(await reasons(bench, 2), [
        "allowed",
        "account_not_permitted",
      ]);
    });
  });
});
