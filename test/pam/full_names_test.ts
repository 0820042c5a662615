/**
 * Accounts that are full names, through every way in: what is shown, logged and remembered of them.
 *
 * @module
 */
// Threats: E1, H1, F-3
import assert from "node:assert/strict";
import {
  createDeviceScene,
  finish,
  outcome,
  start,
} from "../support/device.ts";
import { createGlobusScene } from "../support/globus_site.ts";

const SITE = {
  device: "starts_per_source: 100",
  lines: ["accounts_pattern: sssd"],
  ruleLines: ["  - {claim: preferred_username}"],
};
const shown = (user: string) =>
  user.includes("\\") ? JSON.stringify(user) : user;

for (const user of ["alice@corp.example", "CORP\\alice", "Alice"]) {
  Deno.test(`device sign-in lets ${user} in, and keeps the name out of file names`, async () => {
    await using scene = await createDeviceScene(SITE);
    const { policyFile, cacheDirectory } = scene.site;
    const started = await start({ policyFile, user });
    assert.equal(started.reason, null, started.log);
    assert.ok(started.text.includes(` as "${user}" `), started.text);
    const names = [...Deno.readDirSync(`${cacheDirectory}/device`)];
    assert.ok(names.length > 0);
    for (const { name } of names) assert.match(name, /^[A-Za-z0-9.-]+$/);
    const claims = { preferred_username: user };
    scene.answerPolls(await scene.tokens({ claims }));
    const finished = await finish({ policyFile, user });
    assert.equal(finished.reason, "allowed", finished.log);
    assert.ok(finished.log.includes(` user=${shown(user)} `), finished.log);
  });

  Deno.test(`device sign-in of another name does not let ${user} in`, async () => {
    await using scene = await createDeviceScene(SITE);
    const { policyFile } = scene.site;
    for (const other of ["alice@CORP.example", "corp\\alice", "alice"]) {
      await start({ policyFile, user });
      const claims = { preferred_username: other };
      scene.answerPolls(await scene.tokens({ claims }));
      const finished = await finish({ policyFile, user });
      assert.equal(finished.reason, "account_not_permitted", finished.log);
      assert.equal(await outcome(["auth_err"], { policyFile, user }), false);
      // what one account left, no other finds
      const found = (user: string) =>
        outcome(["user_unknown"], { policyFile, user });
      assert.equal(await found(other), false);
      assert.equal(await found(user), true);
    }
  });
}

Deno.test("device sign-in starts nothing for names that the policy's accounts do not have", async () => {
  await using scene = await createDeviceScene(SITE);
  const { policyFile } = scene.site;
  const before = scene.server.requests.length;
  for (
    const [user, env] of [
      ["20231234", {}],
      ["alice@", {}],
      ["alice@corp.example", { OAUTH_PAM_ACCOUNT: undefined }],
    ] as const
  ) {
    const started = await start({ policyFile, user, env });
    assert.equal(started.reason, "request_invalid", started.log);
    const finished = await finish({ policyFile, user, env, typed: "x" });
    assert.equal(finished.reason, "request_invalid", finished.log);
    // nor does a stack learn anything of them
    const asked = await outcome(["auth_err"], { policyFile, user, env });
    assert.equal(asked, false, user);
  }
  assert.equal(scene.server.requests.length, before);
});

Deno.test("get_account_map names full names that the policy grants, and no others", async () => {
  const accounts =
    'alice@corp.example, "CORP\\\\alice", Alice, "20231234", plain';
  for (
    const [pattern, expected] of [
      ["sssd", [
        "alice",
        "Alice",
        "CORP\\alice",
        "alice@corp.example",
        "plain",
      ]],
      ["posix", null],
    ] as const
  ) {
    await using scene = await createGlobusScene({
      lines: [`accounts_pattern: ${pattern}`],
      ruleLines: ["  - {map_file: MAP, keys: [identity.username]}"],
    });
    const { policyFile, directory } = scene.site;
    const text = await Deno.readTextFile(policyFile);
    const map = `${directory}/accounts.map`;
    await Deno.writeTextFile(policyFile, text.replace("MAP", map));
    const words = accounts.replaceAll('"', "").replaceAll("\\\\", "\\");
    await Deno.writeTextFile(map, `alice@example.edu ${words} root@a@b\n`);
    const etc = await Deno.makeTempDir({ prefix: "oauth-pam-etc-" });
    const token = scene.globus.issue();
    const command = { op: "get_account_map", access_token: token };
    const { stdout, log } = await scene.attempt({
      token: btoa(JSON.stringify({ command, version: 1 })),
      user: "oauth-ssh",
      etc,
      env: { OAUTH_PAM_ACCOUNT: "" },
    });
    await Deno.remove(etc, { recursive: true });
    const { account_map } = JSON.parse(atob(stdout.trim()));
    assert.deepEqual(
      account_map.permitted_accounts.sort(),
      expected?.toSorted() ?? ["alice", "plain"],
      log,
    );
  }
});
