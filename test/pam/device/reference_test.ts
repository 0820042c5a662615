/**
 * What a person is told of a refusal, and how it is found in the log.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  newReference,
  referenceIn,
  referenceOf,
} from "../../../src/pam/device/reference.ts";
import {
  createDeviceScene,
  type DeviceScene,
  type DeviceSceneOptions,
  finish,
  start,
  USER_CODE,
} from "../../support/device.ts";
import { answer, json } from "../../support/hostile_server.ts";

function test(
  title: string,
  body: (scene: DeviceScene) => Promise<void>,
  options: DeviceSceneOptions = {},
): void {
  Deno.test(title, async () => {
    await using scene = await createDeviceScene(options);
    await body(scene);
  });
}

const NOT_NOW =
  /^\nSigning in with a browser is not possible at the moment \(reference (\w{4})\)\.\n$/;

const inLog = (log: string) => / ref=(\S+)/.exec(log)?.[1];

Deno.test("newReference() is short, and of characters that nobody mixes up", () => {
  const some = Array.from({ length: 2000 }, newReference);
  for (const reference of some) {
    assert.match(reference, /^[2-9CDFGHJKMNPQRTVWXY]{4}$/);
    assert.equal(referenceIn(reference), reference);
  }
  assert.ok(new Set(some).size > 1900);
});

Deno.test("referenceOf() is the beginning of the code that somebody reads", () => {
  for (
    const [code, reference] of [
      ["R2XR-2J3E", "R2XR"],
      ["123-456-789", "1234"],
      ["KNpesLcE", "KNpe"],
      ["EPSJ5S", "EPSJ"],
      ["A-B-C", null],
      ["", null],
    ] as const
  ) assert.equal(referenceOf(code), reference);
  for (const other of [null, undefined, "", "R2X", "R2XRR", "R2X ", ["R2XR"]]) {
    assert.equal(referenceIn(other), null);
  }
});

test("the log line of a refusal has the beginning of the code that the person had", async (scene) => {
  const { policyFile } = scene.site;
  for (
    const [answer, reason] of [
      [
        await scene.tokens({ claims: { email: "bob@example.edu" } }),
        "account_not_permitted",
      ],
      [
        await scene.tokens({ claims: { exp: 1_000_000_000 } }),
        "token_expired",
      ],
      [json({ error: "access_denied" }), "device_denied"],
    ] as const
  ) {
    const { userCode } = await start({ policyFile });
    scene.answerPolls(answer);
    const result = await finish({ policyFile });
    assert.equal(result.reason, reason);
    assert.equal(userCode, USER_CODE);
    assert.equal(inLog(result.log), USER_CODE.slice(0, 4));
    // why, and that, is nothing that it says itself
    assert.equal(result.stdout, "");
  }
});

test(
  "nor is anything said of why somebody was refused, whatever it was",
  async (scene) => {
    const { policyFile } = scene.site;
    const text = await Deno.readTextFile(policyFile);
    const leavers = "{effect: deny, when: {groups: {any: [leavers]}}}";
    await Deno.writeTextFile(
      policyFile,
      text.replace("rules:\n", `rules:\n  leavers: ${leavers}\n`),
    );
    const claims = async (claims: Record<string, unknown>, members = {}) =>
      await scene.tokens({ claims, members });
    for (
      const [reason, behaviour] of [
        ["device_denied", "access_denied"],
        ["device_expired", "expired_token"],
        ["account_not_permitted", await claims({ email: "bob@example.edu" })],
        ["denied_by_rule", await claims({ groups: ["leavers"] })],
        ["mfa_required", await claims({ amr: ["pwd"] })],
        ["token_expired", await claims({ exp: 1_000_000_000 })],
        ["audience_mismatch", await claims({ audience: "other" })],
        ["token_replayed", await claims({ nonce: "of another sign-in" })],
        ["claim_missing", await claims({ sub: undefined })],
        ["token_missing", await claims({}, { id_token: undefined })],
        ["token_malformed", await claims({}, { id_token: "e.e" })],
        ["issuer_refused", answer({ status: 404, body: {} })],
        ["issuer_unavailable", answer({ status: 503, body: {} })],
      ] as const
    ) {
      for (const user of ["alice", "root", "nosuchuser"]) {
        if (user !== "alice" && reason !== "account_not_permitted") continue;
        const env = { OAUTH_PAM_ACCOUNT: user === "alice" ? "1000:alice" : "" };
        const { text } = await start({ policyFile, user, env });
        assert.equal(text.includes("WDJB"), true);
        scene.answerPolls(behaviour);
        const { stdout, ...result } = await finish({ policyFile, user, env });
        assert.equal(result.reason, reason, result.log);
        assert.equal(inLog(result.log), USER_CODE.slice(0, 4));
        assert.equal(stdout, "");
      }
    }
  },
  {
    device: "starts_per_source: 100",
    lines: ["assurance: {mfa: true}"],
  },
);

test("the line of somebody who is admitted has no reference", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  scene.answerPolls(await scene.tokens());
  const result = await finish({ policyFile });
  assert.equal(result.reason, "allowed");
  assert.equal(inLog(result.log), undefined);
});

test("a sign-in that cannot be started is told once, and its one line has the reference", async (scene) => {
  const { policyFile } = scene.site;
  scene.server.on("/device_authorization", answer({ status: 503, body: {} }));
  const started = await start({ policyFile });
  const told = NOT_NOW.exec(started.text)?.[1];
  assert.ok(told !== undefined, started.text);
  assert.equal(inLog(started.log), told);
  const finished = await finish({ policyFile });
  assert.equal(finished.reason, "issuer_unavailable");
  assert.deepEqual([finished.stdout, finished.log], ["", ""]);
});

test("a sign-in that is not there has no reference", async (scene) => {
  const { policyFile } = scene.site;
  const result = await finish({ policyFile });
  assert.equal(result.reason, "device_expired");
  assert.equal(inLog(result.log), undefined);
});

test("a reference that somebody has written into the memory is none", async (scene) => {
  const { policyFile, cacheDirectory } = scene.site;
  await start({ policyFile });
  const folder = `${cacheDirectory}/device`;
  let changed = 0;
  for await (const { name } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    const text = await Deno.readTextFile(path);
    if (!text.includes('"reference":"WDJB"')) continue;
    changed++;
    await Deno.writeTextFile(
      path,
      text.replace('"WDJB"', '"x decision=allow"'),
    );
  }
  assert.equal(changed, 1);
  scene.answerPolls(json({ error: "access_denied" }));
  const result = await finish({ policyFile });
  assert.equal(result.reason, "device_denied");
  assert.equal(inLog(result.log), undefined);
});
