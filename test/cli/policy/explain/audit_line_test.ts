/**
 * `policy explain --claims` of the line that a certificate left in the audit file, as it is.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cliOnDisk } from "../../../support/cli.ts";
import { createKeyScene } from "../../../support/ssh_keys.ts";

Deno.test("policy explain takes a certificate's record, and asks for the address that sshd did not tell", async () => {
  await using scene = await createKeyScene({
    ruleLines: ["rhosts: [192.0.2.0/24]"],
  });
  const { policyFile, cacheDirectory, directory } = scene.site;
  await Deno.writeTextFile(
    policyFile,
    `audit: {file: ${cacheDirectory}/audit.jsonl}\n`,
    { append: true },
  );
  const audit = `${directory}/keys/audit.jsonl`;
  const line = `${directory}/line`;
  const explain = async (...more: string[]) => {
    const lines = (await Deno.readTextFile(audit)).trimEnd().split("\n");
    await Deno.writeTextFile(line, lines.at(-1) ?? "");
    const { code, stdout, stderr } = await cliOnDisk([
      ..."policy explain --account alice --format json --claims".split(" "),
      line,
      policyFile,
      ...more,
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /this is an audit line/);
    const { decision, reason, rule } = JSON.parse(stdout);
    return { answer: [decision, reason, rule], stderr };
  };
  const TOLD = /sshd did not tell from where/;

  // %C is not used: all networks are answered for at once
  assert.equal((await scene.ask()).reason, "allowed");
  const untold = await explain();
  assert.deepEqual(untold.answer, ["deny", "account_not_permitted", null]);
  assert.match(untold.stderr, TOLD);
  const told = await explain("--rhost", "192.0.2.9");
  assert.deepEqual(told.answer, ["allow", "allowed", "staff"]);

  const connection = "192.0.2.7 50000 192.0.2.1 22";
  assert.equal((await scene.ask({ connection })).reason, "allowed");
  const known = await explain();
  assert.deepEqual(known.answer, ["allow", "allowed", "staff"]);
  assert.doesNotMatch(known.stderr, TOLD);
});
