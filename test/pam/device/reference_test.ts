/**
 * What a person is told of a refusal, and how it is found in the log.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  newReference,
  referenceIn,
} from "../../../src/pam/device/reference.ts";
import {
  createDeviceScene,
  type DeviceScene,
  type DeviceSceneOptions,
  finish,
  start,
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

const REFUSED =
  /^\nThe sign-in was refused; your administrator can find out why \(reference (\w{4})\)\.\n$/;
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
  for (const other of [null, undefined, "", "R2X", "R2XRR", "R2X0", "r2xr"]) {
    assert.equal(referenceIn(other), null);
  }
  assert.equal(referenceIn(["R", "2", "X", "R"]), null);
});

test("a refused sign-in is said in one sentence, under the reference that the log has", async (scene) => {
  const { policyFile } = scene.site;
  for (
    const [claims, reason] of [
      [{ email: "bob@example.edu" }, "account_not_permitted"],
      [{ exp: 1_000_000_000 }, "token_expired"],
    ] as const
  ) {
    await start({ policyFile });
    scene.answerPolls(await scene.tokens({ claims: { ...claims } }));
    const result = await finish({ policyFile });
    assert.equal(result.reason, reason);
    const told = REFUSED.exec(result.stdout)?.[1];
    assert.ok(told !== undefined, result.stdout);
    assert.equal(inLog(result.log), told);
  }
});

test("what is told is the same for every account and every reason", async (scene) => {
  const { policyFile } = scene.site;
  const texts = new Set<string>();
  for (const user of ["alice", "root", "nosuchuser"]) {
    const env = { OAUTH_PAM_ACCOUNT: user === "alice" ? "1000:alice" : "" };
    await start({ policyFile, user, env });
    scene.answerPolls(
      await scene.tokens({ claims: { email: "bob@example.edu" } }),
    );
    const typed = user === "root" ? "hunter2" : "";
    const { stdout } = await finish({ policyFile, user, env, typed });
    texts.add(stdout.replace(/reference \w{4}/, "reference"));
  }
  assert.equal(texts.size, 1);
});

test("who is admitted reads nothing, and their line has no reference", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  scene.answerPolls(await scene.tokens());
  const result = await finish({ policyFile });
  assert.equal(result.reason, "allowed");
  assert.equal(result.stdout, "");
  assert.equal(inLog(result.log), undefined);
});

test("a sign-in that cannot be started is told once, and both lines have its reference", async (scene) => {
  const { policyFile } = scene.site;
  scene.server.on("/device_authorization", answer({ status: 503, body: {} }));
  const started = await start({ policyFile });
  const told = NOT_NOW.exec(started.text)?.[1];
  assert.ok(told !== undefined, started.text);
  assert.equal(inLog(started.log), told);
  const finished = await finish({ policyFile });
  assert.equal(finished.stdout, "");
  assert.equal(inLog(finished.log), told);
});

test("an issuer that goes away while somebody signs in did not refuse them", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  await scene.server.close();
  const result = await finish({ policyFile });
  assert.equal(result.reason, "issuer_unavailable");
  assert.equal(inLog(result.log), NOT_NOW.exec(result.stdout)?.[1] ?? "none");
});

test("a sign-in that is not there is refused under a reference of its own", async (scene) => {
  const { policyFile } = scene.site;
  const result = await finish({ policyFile });
  assert.equal(result.reason, "device_expired");
  assert.equal(inLog(result.log), REFUSED.exec(result.stdout)?.[1] ?? "none");
});

test("what a declined sign-in is called was settled when it began", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  const folder = `${scene.site.cacheDirectory}/device`;
  let kept = "";
  for await (const { name } of Deno.readDir(folder)) {
    kept += await Deno.readTextFile(`${folder}/${name}`);
  }
  const reference = /"reference":"(\w{4})"/.exec(kept)?.[1];
  assert.ok(reference !== undefined, kept);
  scene.answerPolls(json({ error: "access_denied" }));
  const result = await finish({ policyFile });
  assert.equal(result.reason, "device_denied");
  assert.equal(inLog(result.log), reference);
});
