/**
 * A directory that folds case answers for each spelling of a name.
 *
 * @module
 */
// Threats: E5
import assert from "node:assert/strict";
import { asks, setFullNames, tokenOf } from "../support/full_names.ts";

Deno.test("login refuses spellings that the host has folded into another account's name", async () => {
  await using scene = await setFullNames("sssd");
  for (
    const [name, host] of [
      ["Alice", "1001:alice"],
      ["ALICE@corp.example", "200500:alice@corp.example"],
      ["alice@CORP.example", "200500:alice@corp.example"],
      ["corp\\alice", "200500:CORP\\alice"],
      ["alice", "200500:Alice"],
    ] as const
  ) {
    const token = await tokenOf(scene, name);
    const said = await scene.refuses(
      token,
      "account_not_permitted",
      asks(name, host),
    );
    const known = JSON.stringify(host.replace(/^[0-9]+:/, ""));
    const detail = JSON.stringify(`the host knows this account as ${known}`);
    assert.ok(said.log.includes(`detail=${detail}`), said.log);
  }
  await scene.admits(await tokenOf(scene, "Alice"), asks("Alice"));
});

Deno.test("login refuses a token whose name is the account's in another case", async () => {
  await using scene = await setFullNames("sssd");
  for (
    const [name, account] of [
      ["Alice", "alice"],
      ["alice", "Alice"],
      ["alice@CORP.example", "alice@corp.example"],
      ["Corp\\alice", "CORP\\alice"],
    ] as const
  ) {
    const token = await tokenOf(scene, name);
    await scene.refuses(token, "account_not_permitted", asks(account));
  }
});
