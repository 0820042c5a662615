/**
 * Nothing outlives the person: when a client hangs up in the middle of a sign-in, its processes end,
 * nobody is asked any more, and nobody reads of a login that nobody got.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  isRunning,
  readPrompt,
  withDeviceBench,
} from "../support/device_bench.ts";
import { until } from "../support/pam.ts";
import { approveDevice } from "../support/provider.ts";
import { startSshd } from "../support/sshd.ts";

const CLIENTS = 15;

Deno.test(`${CLIENTS} clients that are killed leave no process and no request after three seconds`, async () => {
  await withDeviceBench(
    // the device code would live on for long, and be asked about every second
    { device: "timeout: 90s, starts_per_source: 50" },
    async ({ host, provider, account, log }) => {
      const stackFile = await host.installStack("sshd-device-sign-in", {
        service: "oauthpam-sshd",
      });
      await using sshd = await startSshd({
        host,
        stackFile,
        config: "MaxStartups 50\nPerSourceMaxStartups none",
      });
      provider.requests.length = 0;
      const killer = new AbortController();
      const codes: string[] = [];
      const logins = Array.from(
        { length: CLIENTS },
        () =>
          sshd.ssh({
            user: account.name,
            token: (prompt) => {
              codes.push(readPrompt(prompt).code);
              return "";
            },
            signal: killer.signal,
          }),
      );
      // each of them: the first may have asked twice before the last was shown its code
      await until(() => provider.asked.size === CLIENTS, {
        what: "requests of all clients",
        timeoutMs: 60_000,
      });
      assert.equal(await isRunning(host.program), true);
      const killed = performance.now();
      killer.abort();
      assert.ok((await Promise.all(logins)).every(({ ok }) => !ok));
      await until(async () => !await isRunning(host.program), {
        what: "the end of all processes",
        timeoutMs: 3_000,
      });
      assert.ok(performance.now() - killed < 3_000);
      const said = async () =>
        (await log.lines()).filter((line) => line.includes("decision="));
      await until(async () => (await said()).length === CLIENTS, {
        what: "a line for each",
      });
      await provider.settled();
      // approved too late: whoever asks now would be told
      const asked = provider.requestCount("/token");
      for (const userCode of codes.slice(0, 2)) {
        await approveDevice(provider, { account: "alice", userCode });
      }
      for (const line of await said()) {
        assert.match(line, / decision=deny reason=device_expired /);
        assert.match(line, /the connection was closed before/);
      }
      assert.equal(provider.requestCount("/token"), asked);
      assert.equal((await said()).length, CLIENTS);
      assert.equal(await isRunning(host.program), false);
    },
  );
});
