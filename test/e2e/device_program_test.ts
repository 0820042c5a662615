/**
 * The program as PAM runs it: nothing that is not a grant may look like one.
 *
 * @module
 */
// Threats: D9, G16, H2
import assert from "node:assert/strict";
import { createDeviceScene } from "../support/device.ts";
import { PAM_ENVIRONMENT, runProgram } from "../support/program.ts";

const ENV: Record<string, string> = {
  ...PAM_ENVIRONMENT,
  OAUTH_PAM_CONVERSATION: "4711-815",
  OAUTH_PAM_ACCOUNT: "1000:alice",
};

Deno.test("the device verbs and outcome end with 0 for nothing but what they are for", async () => {
  await using scene = await createDeviceScene({
    device: "starts_per_source: 50",
  });
  const { policyFile: policy } = scene.site;
  const run = async (
    args: readonly string[],
    env: Record<string, string> = ENV,
  ) => {
    const result = await runProgram({ args, env, stdin: "" });
    assert.doesNotMatch(
      result.stdout + result.stderr,
      /\n\s+at |eyJ|a-device-code/,
    );
    return result;
  };
  const wrong: readonly (readonly string[])[] = [
    ["device"],
    ["device", "help"],
    ["device", "--help"],
    ["device", "start"],
    ["device", "start", "--help"],
    ["device", "start", "--version"],
    ["device", "start", `${policy}.missing`],
    ["device", "start", policy, "--issuer"],
    ["device", "finish"],
    ["device", "finish", "--help"],
    ["device", "finish", policy, "--help"],
    ["device", "finish", policy],
    ["device", "finish", `${policy}.missing`],
    ["outcome"],
    ["outcome", "--help"],
    ["outcome", policy],
    ["outcome", policy, "--help"],
    ["outcome", policy, "success"],
    ["outcome", policy, "auth_err", "success"],
  ];
  for (const args of wrong) {
    const { code } = await run(args);
    assert.ok([3, 4, 7].includes(code), `${args.join(" ")}: ${code}`);
  }
  assert.deepEqual(scene.server.requests, []);

  const started = await run(["device", "start", policy]);
  assert.equal(started.code, 0, started.stderr);
  assert.match(started.stdout, /^ {2}2\. Enter {2}WDJB-MJHT$/m);
  const waiting = await run(["device", "tell", policy]);
  assert.deepEqual([waiting.code, waiting.stderr], [25, ""]);
  assert.match(waiting.stdout, /^Waiting .*\n$/);
  scene.answerPolls("access_denied");
  const refused = await run(["device", "finish", policy]);
  assert.deepEqual([refused.code, refused.stdout], [7, ""]);
  const told = await run(["device", "tell", policy]);
  assert.deepEqual([told.code, told.stderr], [25, ""]);
  assert.match(told.stdout, /^The sign-in was refused \(reference WDJB\)\.\n/);
  assert.equal((await run(["outcome", policy, "authinfo_unavail"])).code, 7);
  assert.equal((await run(["outcome", policy, "auth_err"])).code, 0);
  assert.equal((await run(["outcome", policy, "auth_err"])).code, 7);

  await run(["device", "start", policy]);
  scene.answerPolls(await scene.tokens());
  const admitted = await run(["device", "finish", policy]);
  assert.deepEqual([admitted.code, admitted.stdout], [0, ""], admitted.stderr);
  assert.equal((await run(["device", "finish", policy])).code, 7);

  for (
    const missing of [
      "PAM_TYPE",
      "PAM_USER",
      "PAM_SERVICE",
      "OAUTH_PAM_CONVERSATION",
    ]
  ) {
    const { [missing]: _, ...env } = ENV;
    for (
      const args of [
        ["device", "start", policy],
        ["device", "finish", policy],
        ["outcome", policy, "auth_err"],
      ]
    ) {
      assert.equal(
        (await run(args, env)).code,
        7,
        `${args.join(" ")} without ${missing}`,
      );
    }
    const silent = await run(["device", "tell", policy], env);
    assert.deepEqual([silent.code, silent.stdout], [25, ""], missing);
  }
});

Deno.test("only one line of the entry points grants", async () => {
  const texts = await Promise.all(
    ["process.ts", "main.ts", "keys.ts", "pam/assist.ts"].map((name) =>
      Deno.readTextFile(new URL(`../../src/${name}`, import.meta.url))
    ),
  );
  const text = texts.join("");
  assert.equal(text.match(/"allowed"/g)?.length, 1);
  assert.match(
    text,
    /if \(result\.reason === "allowed"\) \{\s+if \(result\.line !== undefined\) io\.stdout\([^)]*\);\s+Deno\.exit\(yes\(\)\);/,
  );
  assert.equal(text.match(/Deno\.exit\(yes\(\)\)/g)?.length, 1);
  // how `outcome` says yes, which is asked after a refusal
  assert.equal(text.match(/\byes\(\)/g)?.length, 3);
});
