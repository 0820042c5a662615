/**
 * What one stage leaves for the other: single, bound, private, and safe from one another.
 *
 * @module
 */
// Threats: F-6
import assert from "node:assert/strict";
import {
  createDeviceScene,
  type DeviceScene,
  finish,
  outcome,
  start,
} from "../../support/device.ts";
import { json, startConnectionTrap } from "../../support/hostile_server.ts";

function test(
  title: string,
  body: (scene: DeviceScene) => Promise<void>,
): void {
  Deno.test(`device state ${title}`, {
    sanitizeOps: true,
    sanitizeResources: true,
  }, async () => {
    await using scene = await createDeviceScene({
      device: "starts_per_source: 100, userinfo: true",
    });
    scene.answerPolls(await scene.tokens());
    scene.server.on("/userinfo", json({ sub: "u1" }));
    await body(scene);
  });
}

const conversation = (id: string) => ({
  env: { OAUTH_PAM_CONVERSATION: id },
});

/** The files of all pending sign-ins. */
async function stateFiles(scene: DeviceScene): Promise<string[]> {
  const folder = `${scene.site.cacheDirectory}/device`;
  const files = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (/^[0-9a-f]{64}\.[0-9]+$/.test(name)) files.push(`${folder}/${name}`);
  }
  return files;
}

async function stateFile(scene: DeviceScene): Promise<string> {
  const files = await stateFiles(scene);
  assert.equal(files.length, 1);
  return files[0] ?? "";
}

/** The sign-in is not to be found, and nobody asks the issuer about it. */
async function assertNothingPending(
  scene: DeviceScene,
  options: Partial<Parameters<typeof finish>[0]> = {},
): Promise<void> {
  scene.server.requests.length = 0;
  const result = await finish({
    policyFile: scene.site.policyFile,
    ...options,
  });
  assert.equal(result.reason, "device_expired", result.log);
  assert.match(result.log, /detail="no sign-in is pending"/);
  assert.deepEqual(scene.server.requests, []);
}

test("is used up by the first finisher", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  assert.equal((await finish({ policyFile })).reason, "allowed");
  assert.deepEqual(await stateFiles(scene), []);
  await assertNothingPending(scene);
});

test("is used up by a refused finisher as well", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  scene.answerPolls("access_denied");
  assert.equal((await finish({ policyFile })).reason, "device_denied");
  await assertNothingPending(scene);
});

test("lets exactly one of twenty finishers win", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  const results = await Promise.all(
    Array.from({ length: 20 }, () => finish({ policyFile })),
  );
  const reasons = results.map(({ reason }) => reason);
  assert.equal(reasons.filter((reason) => reason === "allowed").length, 1);
  assert.equal(
    reasons.filter((reason) => reason === "device_expired").length,
    19,
  );
  assert.equal(scene.server.requestCount("/token"), 1);
});

for (
  const [what, options] of [
    ["conversation", conversation("4711-816")],
    ["PAM process", conversation("4712-815")],
    ["account", { user: "bob" }],
    ["service", { env: { PAM_SERVICE: "sudo" } }],
  ] as const
) {
  test(`is not to be had from another ${what}`, async (scene) => {
    const { policyFile } = scene.site;
    await start({ policyFile });
    await assertNothingPending(scene, options);
    assert.equal((await finish({ policyFile })).reason, "allowed");
  });
}

test("keeps two logins for the same account apart", async (scene) => {
  const { policyFile } = scene.site;
  const codes = ["first-device-code", "second-device-code"];
  for (const [index, device_code] of codes.entries()) {
    scene.answerStart({ device_code });
    await start({ policyFile, ...conversation(`1-${index + 1}`) });
  }
  for (const index of [1, 0]) {
    const result = await finish({
      policyFile,
      ...conversation(`1-${index + 1}`),
    });
    assert.equal(result.reason, "allowed", result.log);
    assert.equal(scene.form("/token").device_code, codes[index]);
  }
});

test("gives way to the next start of the same conversation", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  scene.answerStart({ device_code: "the-later-one" });
  await start({ policyFile });
  await finish({ policyFile });
  assert.equal(scene.form("/token").device_code, "the-later-one");
  assert.deepEqual(await stateFiles(scene), []);
});

test("does not count when it was swapped with another's", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile, ...conversation("1-1") });
  const mine = await stateFile(scene);
  await start({ policyFile, ...conversation("1-2") });
  const other = (await stateFiles(scene)).find((file) => file !== mine) ?? "";
  await Deno.rename(other, mine);
  await assertNothingPending(scene, conversation("1-1"));
});

for (
  const [what, edit] of [
    ["truncated", (text: string) => text.slice(0, -20)],
    ["emptied", () => ""],
    ["filled with zeroes", (text: string) => "\0".repeat(text.length)],
    [
      "of another version",
      (text: string) => text.replace('"version":1', '"version":2'),
    ],
    ["a list", () => "[]"],
    [
      "without a device code",
      (text: string) => text.replace('"deviceCode"', '"x"'),
    ],
    [
      "without a verifier",
      (text: string) => text.replace('"codeVerifier"', '"x"'),
    ],
    [
      "without a way of the client",
      (text: string) => text.replace('"clientAuth"', '"x"'),
    ],
    [
      "with an endpoint that is not a text",
      (text: string) =>
        text.replace(/"userinfoEndpoint":"[^"]*"/, '"userinfoEndpoint":["x"]'),
    ],
    [
      "with a list for a verifier",
      (text: string) =>
        text.replace(/"codeVerifier":("[^"]*")/, '"codeVerifier":[$1]'),
    ],
    ["for another account", (text: string) => text.replace('"alice"', '"bob"')],
    [
      "for ever",
      (text: string) => text.replace(/"until":\d+/, '"until":1e999'),
    ],
    [
      "from the future",
      (text: string) => text.replace(/"at":\d+/, '"at":9999999999999'),
    ],
    [
      "an allowed failure",
      (text: string) =>
        text.replace('"issuer":', '"reason":"allowed","issuer":1,"x":'),
    ],
  ] as const
) {
  test(`does not count when it is ${what}`, async (scene) => {
    await start({ policyFile: scene.site.policyFile });
    const file = await stateFile(scene);
    await Deno.writeTextFile(file, edit(await Deno.readTextFile(file)));
    await assertNothingPending(scene);
  });
}

for (const endpoint of ["tokenEndpoint", "userinfoEndpoint"]) {
  test(`leads to no host that the policy does not list: ${endpoint}`, async (scene) => {
    await using trap = startConnectionTrap();
    const { policyFile } = scene.site;
    await start({ policyFile });
    const file = await stateFile(scene);
    const text = await Deno.readTextFile(file);
    const there = new RegExp(`"${endpoint}":"[^"]*"`);
    assert.match(text, there);
    await Deno.writeTextFile(
      file,
      text.replace(there, `"${endpoint}":"${trap.url}/x"`),
    );
    const result = await finish({ policyFile });
    assert.equal(result.reason, "issuer_refused", result.log);
    assert.match(result.log, /which the policy does not list/);
    assert.equal(trap.connections, 0);
  });
}

test("does not count when others can read it", async (scene) => {
  await start({ policyFile: scene.site.policyFile });
  await Deno.chmod(await stateFile(scene), 0o644);
  await assertNothingPending(scene);
});

test("does not count when another user made it", async (scene) => {
  assert.equal(Deno.uid(), 0, "giving files away needs root");
  await start({ policyFile: scene.site.policyFile });
  await Deno.chown(await stateFile(scene), 65534, 65534);
  await assertNothingPending(scene);
});

test("is not followed through a link", async (scene) => {
  await start({ policyFile: scene.site.policyFile });
  const file = await stateFile(scene);
  const elsewhere = `${scene.site.directory}/elsewhere`;
  await Deno.rename(file, elsewhere);
  await Deno.symlink(elsewhere, file);
  await assertNothingPending(scene);
});

test("leads nowhere when it is put back: the issuer has given the tokens away", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  const file = await stateFile(scene);
  const bytes = await Deno.readFile(file);
  assert.equal((await finish({ policyFile })).reason, "allowed");
  await Deno.writeFile(file, bytes, { mode: 0o600 });
  scene.answerPolls("invalid_grant");
  assert.equal((await finish({ policyFile })).reason, "device_denied");
});

test("sends the device code to no host that the policy does not list", async (scene) => {
  await start({ policyFile: scene.site.policyFile });
  const file = await stateFile(scene);
  const text = await Deno.readTextFile(file);
  await Deno.writeTextFile(
    file,
    text.replace(
      /"tokenEndpoint":"[^"]*"/,
      '"tokenEndpoint":"https://evil.example.org/token"',
    ),
  );
  const result = await finish({ policyFile: scene.site.policyFile });
  assert.equal(result.reason, "issuer_refused");
  assert.match(result.log, /evil\.example\.org/);
});

test("stays what it is when the first stage's user never comes back", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile, ...conversation("1-1") });
  await start({ policyFile, ...conversation("1-2") });
  assert.equal(
    (await finish({ policyFile, ...conversation("1-2") })).reason,
    "allowed",
  );
  assert.equal((await stateFiles(scene)).length, 1);
});

test("is not an outcome, and an outcome is no state", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  assert.equal(
    await outcome(["auth_err", "system_err"], { policyFile }),
    false,
  );
  assert.equal((await finish({ policyFile })).reason, "allowed");
});
