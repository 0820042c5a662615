/**
 * `device: {after: publickey}`: whose key came before, and whose sign-in may follow it.
 *
 * @module
 */
// Threats: D4
import assert from "node:assert/strict";
import {
  createDeviceScene,
  type DeviceScene,
  finish,
  start,
} from "../../support/device.ts";
import { createScene } from "../../support/login_scene.ts";
import {
  type Certificate,
  createCertificate,
  createKey,
  createPkToken,
  publicBlob,
} from "../../support/opkssh.ts";
import { standardClaims } from "../../support/tokens.ts";

function test(
  title: string,
  body: (scene: DeviceScene) => Promise<void>,
): void {
  Deno.test(`after: publickey ${title}`, async () => {
    await using scene = await createDeviceScene({ device: "after: publickey" });
    await body(scene);
  });
}

async function certificateOf(
  { server, signer }: Pick<DeviceScene, "server" | "signer">,
  claims: Record<string, unknown> = {},
): Promise<Certificate> {
  const key = await createKey("Ed25519");
  const idToken = standardClaims({
    issuer: server.issuer,
    audience: "opkssh",
    ...claims,
  });
  return await createCertificate(
    key,
    await createPkToken({ key, signer, claims: idToken }),
  );
}

const line = ({ type, base64 }: Pick<Certificate, "type" | "base64">) =>
  `publickey ${type} ${base64}`;

async function plainKey(): Promise<string> {
  const blob = publicBlob(await createKey("Ed25519"));
  return line({ type: "ssh-ed25519", base64: blob.toBase64() });
}

const after = (...lines: readonly string[]) => ({
  SSH_AUTH_INFO_0: lines.join(","),
});

test("shows no code, and takes none, where no key came before", async (scene) => {
  const { policyFile } = scene.site;
  for (
    const lines of [
      [],
      ["password"],
      ["hostbased ssh-ed25519 AAAA"],
      [
        "publickey ssh-ed25519",
      ],
      ["publickey ssh-ed25519 AAAA publickey"],
      ["keyboard-interactive/pam"],
    ]
  ) {
    const env = after(...lines);
    const started = await start({ policyFile, env });
    assert.equal(started.reason, "request_invalid", lines.join());
    assert.equal(started.userCode, "");
  }
  // the key that was there at the start is gone at the end
  const key = after(await plainKey());
  assert.equal((await start({ policyFile, env: key })).reason, null);
  scene.answerPolls(await scene.tokens());
  assert.equal((await finish({ policyFile })).reason, "request_invalid");
  assert.equal((await start({ policyFile, env: key })).reason, null);
  assert.equal((await finish({ policyFile, env: key })).reason, "allowed");
});

test("takes a sign-in by the person of every certificate alone", async (scene) => {
  const { policyFile } = scene.site;
  const own = line(await certificateOf(scene));
  const bobs = line(await certificateOf(scene, { sub: "u2" }));
  const elsewhere = line(
    await certificateOf(scene, { iss: "https://x.example" }),
  );
  const plain = await plainKey();
  for (
    const [expected, ...lines] of [
      ["allowed", own],
      ["allowed", plain, own],
      ["allowed", own, plain],
      ["key_not_bound", bobs],
      ["key_not_bound", elsewhere],
      // whichever came first
      ["key_not_bound", plain, bobs],
      ["key_not_bound", bobs, own],
      ["key_not_bound", own, bobs],
    ] as const
  ) {
    const env = after(...lines);
    assert.equal((await start({ policyFile, env })).reason, null);
    scene.answerPolls(await scene.tokens());
    const { reason, log } = await finish({ policyFile, env });
    assert.equal(reason, expected, log);
  }
});

test("holds for what is typed instead, whichever issuer it is by", async (scene) => {
  const { policyFile } = scene.site;
  await using other = await createScene();
  const policy = await Deno.readTextFile(policyFile);
  await Deno.writeTextFile(
    policyFile,
    policy.replace(
      /^issuers:\n/m,
      `issuers:
  other:
    issuer: ${other.server.issuer}
    audiences: [ssh-prod]
    algorithms: [ES256]
    ca_file: ${other.site.directory}/ca.pem
`,
    ),
  );
  const own = after(line(await certificateOf(scene)));
  const typed = await other.token({ claims: { sub: "u1" } });
  // a sign-in is pending, none was started, or the start failed
  assert.equal((await start({ policyFile, env: own })).reason, null);
  for (const begin of ["pending", "none", "failed"]) {
    if (begin === "failed") await start({ policyFile });
    const { reason, log } = await finish({ policyFile, env: own, typed });
    assert.equal(reason, "key_not_bound", `${begin}: ${log}`);
    assert.equal(
      (await finish({ policyFile, typed })).reason,
      "request_invalid",
      begin,
    );
  }
  // a key says nothing of a person
  const env = after(await plainKey());
  assert.equal((await finish({ policyFile, env, typed })).reason, "allowed");
  assert.equal((await start({ policyFile, env })).reason, null);
  assert.equal((await finish({ policyFile, env, typed })).reason, "allowed");
});
