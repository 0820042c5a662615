/**
 * Full names as accounts, in all that people and CI ask of a policy.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli } from "../../support/cli.ts";

const text = (pattern: string) =>
  `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
accounts_pattern: ${pattern}
rules:
  staff:
    when: {upn: {like: "*@corp.example"}}
    accounts: [{claim: upn}]
tests:
  - {name: own, account: alice@corp.example, claims: {upn: alice@corp.example}, expect: allow}
  - {name: case, account: Alice@corp.example, claims: {upn: alice@corp.example}, expect: {decision: deny, reason: account_not_permitted}}
  - {name: number, account: 7@corp.example, claims: {upn: 7@corp.example}, expect: {decision: deny, reason: request_invalid}}
`;
const NEVER = "never: {nobody-as-root: {accounts: [root@corp.example]}}\n";
const files = {
  "sssd.yaml": text("sssd"),
  "posix.yaml": text("posix"),
  "relaxed.yaml": text("relaxed"),
  "broken.yaml": text("sssd") + NEVER,
  "never.yaml": text("posix") + NEVER,
  "claims.json": JSON.stringify({ upn: "alice@corp.example" }),
};
const run = async (...args: string[]) => await cli(args, { files });

Deno.test("policy test judges accounts by the policy's own pattern", async () => {
  const { code, stdout } = await run("policy", "test", "sssd.yaml");
  assert.equal(code, 0, stdout);
  const wider = await run("policy", "test", "relaxed.yaml");
  assert.equal(wider.code, 1);
  assert.match(wider.stdout, /number/);
});

Deno.test("policy test --mutate asks where the pattern of full names ends", async () => {
  const widening = /widening "accounts_pattern" to "relaxed"/;
  const mutated = async (text: string) =>
    await cli(["policy", "test", "p.yaml", "--mutate"], {
      files: { "p.yaml": text },
    });
  const tested = await mutated(text("sssd"));
  assert.doesNotMatch(tested.stdout, widening);
  const lax = await mutated(
    text("sssd").replace(/^ {2}- \{name: number.*\n/m, ""),
  );
  assert.match(lax.stdout, widening);
  assert.equal(lax.code, 1);
  // nothing but fixed names: there is nothing to notice
  const fixed = await mutated(
    text("sssd").replace("{claim: upn}", "{names: [alice@corp.example]}"),
  );
  assert.doesNotMatch(fixed.stdout, widening);
});

Deno.test("policy lint proves never of a full name, or says that no account is called so", async () => {
  const broken = await run("policy", "lint", "broken.yaml", "--format", "json");
  assert.equal(broken.code, 1);
  const [finding] = JSON.parse(broken.stdout).findings;
  assert.match(finding.id, /^never\//);
  assert.match(finding.message, /"root@corp.example"/);
  const { stdout } = await run("policy", "lint", "never.yaml");
  assert.match(stdout, /"root@corp.example": an account name has at most 32/);
  assert.match(stdout, /write "accounts_pattern: sssd"/);
});

Deno.test("policy explain says that only a wider pattern knows such an account", async () => {
  const ask = (file: string) =>
    run(
      ...["policy", "explain", file, "--issuer", "campus"],
      ...["--account", "alice@corp.example", "--claims", "claims.json"],
    );
  assert.match((await ask("sssd.yaml")).stdout, /allow/);
  const { stdout } = await ask("posix.yaml");
  assert.match(stdout, /request_invalid/);
  assert.match(
    stdout,
    /accounts are called like "alice@corp.example" only with "accounts_pattern: sssd"/,
  );
});

Deno.test("policy who and policy diff take full names where one policy has them", async () => {
  const account = "alice@corp.example";
  const who = await run("policy", "who", "sssd.yaml", "--account", account);
  assert.match(who.stdout, /^alice@corp.example: 1 way$/m);
  const diff = (...policies: string[]) =>
    run(
      "policy",
      "diff",
      ...policies,
      "--accounts",
      account,
      "--fail-on",
      "wider",
    );
  const wider = await diff("posix.yaml", "sssd.yaml");
  assert.equal(wider.code, 1, wider.stderr);
  assert.match(wider.stdout, /accounts_pattern/);
  assert.match(wider.stdout, /alice@corp.example/);
  const narrower = await diff("sssd.yaml", "posix.yaml");
  assert.equal(narrower.code, 0, narrower.stderr);
  assert.equal((await diff("posix.yaml", "posix.yaml")).code, 2);
});

Deno.test("policy show says the pattern where it is not the usual one", async () => {
  const { stdout } = await run("policy", "show", "sssd.yaml");
  assert.match(stdout, /^accounts_pattern: sssd$/m);
  const usual = await run("policy", "show", "posix.yaml");
  assert.doesNotMatch(usual.stdout, /accounts_pattern/);
  const whole = await run("policy", "show", "posix.yaml", "--effective");
  assert.match(whole.stdout, /^accounts_pattern: posix$/m);
});
