/**
 * Somebody asks for many codes at once: processes of the built program share the limits.
 *
 * @module
 */
// Threats: D11
import assert from "node:assert/strict";
import { withDeviceBench } from "../support/device_bench.ts";

/** What the launcher hands over, for the connection of that number. */
function environment(number: number, rhost: string): Record<string, string> {
  return {
    PATH: "/usr/bin:/bin",
    PAM_TYPE: "auth",
    PAM_SERVICE: "sshd",
    PAM_USER: number % 2 === 0 ? "alice" : "nosuchuser",
    PAM_RHOST: rhost,
    OAUTH_PAM_CONVERSATION: `${1000 + number}-1`,
    OAUTH_PAM_ACCOUNT: number % 2 === 0 ? "1000:alice" : "",
  };
}

Deno.test("of 50 starts at once from one source only as many reach the issuer as the policy allows", async () => {
  await withDeviceBench(
    { device: "starts_per_source: 4" },
    async ({ host, provider, log }) => {
      const start = async (number: number, rhost: string) => {
        const { code, stdout, stderr } = await new Deno.Command(host.program, {
          args: ["device", "start", host.policy],
          clearEnv: true,
          env: environment(number, rhost),
          stdin: "null",
        }).output();
        const [text = "", said = ""] = [stdout, stderr].map((bytes) =>
          new TextDecoder().decode(bytes)
        );
        return { code, text, said };
      };
      provider.requests.length = 0;
      const minute = () => Math.floor(Date.now() / 60_000);
      const first = minute();
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, number) => start(number, "192.0.2.7")),
      );
      const minutes = minute() - first + 1;
      const started = results.filter(({ code }) => code === 0);
      const refused = results.filter(({ code }) => code === 7);
      assert.equal(started.length + refused.length, 50);
      assert.ok(
        started.length >= 4 && started.length <= 4 * minutes,
        `${started.length} started`,
      );
      assert.equal(provider.requestCount("/device/auth"), started.length);
      for (const { text } of refused) {
        assert.match(
          text,
          /^\nToo many sign-ins were started from your address \(reference \w{4}\)\.\nThe next one can start in \d+ seconds\.\n$/,
        );
      }
      const codes = started.map(({ text }) => /Enter {2}(.*)/.exec(text)?.[1]);
      assert.equal(new Set(codes).size, started.length);
      // where the log is too busy to take it within a second, the line goes to standard error
      const said = results.flatMap(({ said }) => said.split("\n"));
      const lines = [...await log.lines(), ...said].filter((line) =>
        line.includes(" reason=device_limit ")
      );
      assert.equal(lines.length, refused.length);
      assert.equal((await start(50, "192.0.2.8")).code, 0, "another source");
    },
  );
});
