/**
 * Device sign-in at issuers that speak like those that there are: sign-in, refusal, decline, expiry
 * and slow_down through each.
 *
 * @module
 */
// Threats: D3
import assert from "node:assert/strict";
import {
  createDialectScene,
  DIALECTS,
  type DialectScene,
  type Turn,
} from "../../support/dialects.ts";
import {
  finish,
  type FinishResult,
  OWN_SENTENCE,
  start,
} from "../../support/device.ts";

/** Asked for by name, so that none is lost. */
const PROVIDERS = [
  ...["Google", "Entra v2", "Okta", "Auth0", "Keycloak", "GitHub", "GitLab"],
  ...["Authentik", "Authelia", "Zitadel", "Dex", "CILogon", "INDIGO IAM"],
  ...["EGI Check-in", "ForgeRock", "LemonLDAP::NG", "Kanidm", "Hydra"],
];

/** The value of `detail` in a log line, as it was before it was quoted. */
function detailOf(log: string): string {
  const [, quoted = '""'] = / detail=("(?:[^"\\]|\\.)*")/.exec(log) ?? [];
  return JSON.parse(quoted);
}

async function signIn(
  scene: DialectScene,
  ...turns: [Turn, ...Turn[]]
): Promise<FinishResult & { userCode: string; text: string }> {
  const { policyFile } = scene.site;
  scene.answerInDialect("code");
  const started = await start({ policyFile });
  assert.equal(started.reason, null, started.log);
  await scene.turns(...turns);
  const finished = await finish({ policyFile });
  return { ...finished, userCode: started.userCode, text: started.text };
}

Deno.test("the table of dialects has every provider", () => {
  assert.deepEqual(DIALECTS.map(({ name }) => name), PROVIDERS);
});

for (const dialect of DIALECTS) {
  const { name, interval = 5, words, approved } = dialect;
  Deno.test(`device sign-in speaks with ${name}`, async (t) => {
    await using scene = await createDialectScene(dialect);
    const step = async (title: string, body: () => Promise<void>) =>
      assert.ok(await t.step(title, body));

    await step("sign-in", async () => {
      const result = await signIn(scene, "pending", "approved");
      assert.equal(result.userCode, dialect.userCode);
      assert.match(
        result.text,
        /^ {2}1\. Open {3}https:\/\/localhost:\d+\/[a-z0-9/]+$/m,
      );
      assert.equal(result.reason, approved?.reason ?? "allowed", result.log);
      if (approved !== undefined) assert.match(result.log, approved.detail);
      else assert.match(result.log, / decision=allow .* sub=u1 /);
      assert.deepEqual(result.waits, [interval]);
      assert.match(result.stdout, approved === undefined ? /^$/ : OWN_SENTENCE);
    });
    await step("slow_down", async () => {
      const result = await signIn(
        scene,
        "slowDown",
        "pending",
        "slowDown",
        "approved",
      );
      assert.equal(result.reason, approved?.reason ?? "allowed", result.log);
      assert.deepEqual(result.waits, [
        interval + 5,
        interval + 5,
        interval + 10,
      ]);
    });
    for (
      const [turn, reason] of [
        ["declined", "device_denied"],
        ["expired", "device_expired"],
      ] as const
    ) {
      await step(turn, async () => {
        const result = await signIn(scene, "pending", turn);
        assert.deepEqual([result.reason, result.exitCode], [reason, 7]);
        const detail = detailOf(result.log);
        assert.ok(
          detail.startsWith(`the issuer answered ${words[turn]}`),
          detail,
        );
        assert.doesNotMatch(result.log, /a-device-code-of-nobody/);
        assert.match(result.stdout, OWN_SENTENCE);
      });
    }
    await step("refusal", async () => {
      const { policyFile } = scene.site;
      scene.answerInDialect("refused");
      const started = await start({ policyFile });
      assert.deepEqual([started.reason, started.exitCode], [
        "issuer_refused",
        3,
      ]);
      const detail = detailOf(started.log);
      assert.ok(
        detail.startsWith(
          `the issuer does not start a sign-in: ${words.refused}`,
        ),
        detail,
      );
      assert.match(started.text, OWN_SENTENCE);
      const ended = await finish({ policyFile });
      assert.equal(ended.reason, "issuer_refused");
    });
    assert.deepEqual(scene.complaints, [], "it was asked as it wants to be");
  });
}
