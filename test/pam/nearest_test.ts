/**
 * What the log says of a good token that opens another account, or none: what came nearest.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createScene } from "../support/login_scene.ts";

Deno.test("the log names the nearest rule and the condition that it lacks, and nothing of the claims", async () => {
  await using scene = await createScene({
    ruleLines: ["when: {groups: {any: [staff]}, email_verified: true}"],
  });
  const refused = async (
    claims: Record<string, unknown>,
    user = "alice",
  ) => {
    const token = await scene.token({ claims });
    const { reason, log, exitCode } = await scene.attempt({ token, user });
    assert.deepEqual([reason, exitCode], ["account_not_permitted", 10]);
    return / detail=("(?:[^"\\]|\\.)*"|\S+)/.exec(log)?.[1] ?? null;
  };
  assert.equal(
    await refused({ groups: ["s3cret-club"] }),
    '"rule staff: groups.any"',
  );
  assert.equal(
    await refused({ email_verified: undefined }),
    '"rule staff: email_verified.equals"',
  );
  assert.equal(
    await refused({ email: "bob@example.edu" }),
    '"rule staff: accounts"',
  );
  assert.equal(await refused({}, "bob"), '"rule staff: accounts"');
  assert.equal((await scene.attempt()).reason, "allowed");
});

Deno.test("the log names a rule and a claim as the policy writes them, in one line", async () => {
  await using scene = await createScene({
    ruleLines: [`when: {'a b"=': {any: [x]}}`],
  });
  const { reason, log } = await scene.attempt();
  assert.equal(reason, "account_not_permitted");
  assert.match(log, / detail="rule staff: a b\\"=\.any"\n?$/);
});

Deno.test("a refusal for another reason says that, and not what came nearest", async () => {
  await using scene = await createScene({
    lines: ["assurance: {mfa: true}"],
  });
  const token = await scene.token({ claims: { amr: ["pwd"] } });
  const { reason, log } = await scene.attempt({ token });
  assert.equal(reason, "mfa_required");
  assert.doesNotMatch(log, /detail=/);
});
