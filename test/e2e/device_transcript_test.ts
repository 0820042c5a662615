/**
 * The transcript that the README shows, made by a real ssh at a terminal.
 *
 * @module
 */
// Threats: D7
import assert from "node:assert/strict";
import { readPrompt, withDeviceBench } from "../support/device_bench.ts";
import { approveDevice } from "../support/provider.ts";
import { startSshd } from "../support/sshd.ts";
import { atTerminal } from "../support/terminal.ts";

const SERVICE = "oauthpam-sshd";
const TRANSCRIPT = new URL(
  "../testdata/transcripts/device_sign_in.txt",
  import.meta.url,
);

Deno.test("the transcript of a device sign-in is what ssh shows at a terminal", async () => {
  await withDeviceBench(
    {},
    async ({ host, account, provider, nextAttempt }) => {
      const stackFile = await host.installStack("sshd-device-sign-in", {
        service: SERVICE,
      });
      await using sshd = await startSshd({ host, stackFile });
      const options = [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        "IdentitiesOnly=yes",
        "PreferredAuthentications=keyboard-interactive",
      ];
      const { code, screen } = await atTerminal({
        command: [
          ...["ssh", "-F", "none", "-p", `${sshd.port}`],
          ...options.flatMap((option) => ["-o", option]),
          ...[`${account.name}@127.0.0.1`, "id -un"],
        ],
        prompt: /Password: $/,
        answer: async (text) => {
          await approveDevice(provider, {
            account: "alice",
            userCode: readPrompt(text).code,
          });
          return "";
        },
      });
      assert.equal(code, 0, screen);
      assert.match(await nextAttempt(), / reason=allowed /);
      // what differs from machine to machine and from login to login
      const transcript = `$ ssh alice@ssh.example.edu id -un\n${screen}`
        .replaceAll(account.name, "alice")
        .replace("alice@127.0.0.1", "alice@ssh.example.edu")
        .replace("from 127.0.0.1", "from 192.0.2.7")
        .replace(
          `Sign-in to ${Deno.hostname()} `,
          "Sign-in to ssh.example.edu ",
        )
        .replace(SERVICE, "sshd")
        .replace(/localhost:\d+/, "login.example.edu")
        .replace(/Enter {2}[A-Z]{4}-[A-Z]{4}/, "Enter  WDJB-MJHT");
      assert.equal(transcript, await Deno.readTextFile(TRANSCRIPT));
    },
  );
});
