/**
 * `token inspect` shows what an SSH certificate says and the token in it, and that nobody has verified
 * any of it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli } from "../../support/cli.ts";
import {
  type CertificateFields,
  createCertificate,
  createKey,
  opksshExtensions,
} from "../../support/opkssh.ts";
import { NOW, setPkScene } from "../../support/pk_scene.ts";

/** The line of a certificate, with the token that it carries. */
async function certified(
  fields: CertificateFields = {},
  change: (
    scene: Awaited<ReturnType<typeof setPkScene>>,
  ) => Promise<string> = (scene) => scene.token(),
) {
  const scene = await setPkScene();
  const pkToken = await change(scene);
  const { type, base64 } = await createCertificate(scene.key, pkToken, fields);
  return { line: `${type} ${base64} alice@laptop\n`, pkToken, scene };
}

async function inspect(line: string, pkToken: string, ...args: string[]) {
  const result = await cli(["token", "inspect", ...args], {
    stdin: line,
    now: NOW * 1000,
  });
  // neither the token nor a signature, in whatever format
  for (const part of pkToken.split(/[:.]/)) {
    assert.ok(!result.stdout.includes(part));
    assert.ok(!result.stderr.includes(part));
  }
  return result;
}

Deno.test("token inspect shows a certificate, its token and who signed what", async () => {
  const { line, pkToken } = await certified();
  const { code, stdout } = await inspect(line, pkToken);
  assert.equal(code, 0);
  assert.match(stdout, /^NOT VERIFIED: anybody could have written this\n/);
  for (
    const said of [
      /this is an SSH certificate for a user, with a token/,
      /type {14}ssh-ed25519-cert-v01@openssh\.com/,
      /key {15}SHA256:[A-Za-z0-9+/]{43}\n/,
      /signed by {9}that key itself/,
      /key id {12}alice@example\.edu/,
      /principals {8}opkssh-wildcard/,
      /valid {13}always: the token says/,
      /critical options {2}none/,
      /extensions {8}openpubkey-pkt, permit-X11-forwarding, /,
      /the issuer https:\/\/login\.example\.edu, with ES256/,
      /the client, with EdDSA and the key of the certificate/,
      /client's header:\n {2}\{\n/,
      /"typ": "CIC"/,
      /"nonce": "/,
      /exp +2026-01-01T/,
    ]
  ) assert.match(stdout, said);
});

Deno.test("token inspect --format json has a certificate and its token as members", async () => {
  const { line, pkToken } = await certified();
  const { code, stdout } = await inspect(line, pkToken, "--format", "json");
  assert.equal(code, 0);
  const document = JSON.parse(stdout);
  assert.equal(document.schema, "oauth-pam/token@1");
  assert.equal(document.verified, false);
  assert.equal(document.kind, "certificate");
  assert.equal(document.claims.iss, "https://login.example.edu");
  assert.equal(document.header.alg, "ES256");
  const { fingerprint, ...certificate } = document.certificate;
  assert.match(fingerprint, /^SHA256:/);
  assert.deepEqual(certificate, {
    type: "ssh-ed25519-cert-v01@openssh.com",
    certifies: "user",
    self_signed: true,
    serial: "0",
    key_id: "alice@example.edu",
    principals: ["opkssh-wildcard"],
    valid_after: "1970-01-01T00:00:00Z",
    valid_before: null,
    critical_options: [],
    extensions: [
      "openpubkey-pkt",
      "permit-X11-forwarding",
      "permit-agent-forwarding",
      "permit-port-forwarding",
      "permit-pty",
      "permit-user-rc",
    ],
  });
  assert.equal(document.pk_token.client.names_the_key, true);
  assert.equal(document.pk_token.client.header.typ, "CIC");
  assert.equal(document.pk_token.refreshed, null);
  assert.equal(document.pk_token.cosigned, false);
});

Deno.test("token inspect reads a certificate from a file too", async () => {
  const { line } = await certified();
  const args = ["token", "inspect", "--certificate", "id-cert.pub"];
  const { code, stdout } = await cli(args, { files: { "id-cert.pub": line } });
  assert.equal(code, 0);
  assert.match(stdout, /with a token/);
  const missing = await cli(args);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /id-cert\.pub/);
});

Deno.test("token inspect says so where a certificate is not what it should be", async () => {
  const other = await createKey("Ed25519");
  const { line, pkToken } = await certified({
    signWith: other,
    validAfter: BigInt(NOW),
    validBefore: BigInt(NOW + 3600),
    principals: [],
    keyId: "\x1b[31mred",
  }, (scene) => scene.token({ upk: other.jwk }));
  const { stdout } = await inspect(line, pkToken);
  assert.match(stdout, /signed by {9}SHA256:/);
  assert.match(stdout, /ANOTHER KEY THAN THAT OF THE CERTIFICATE/);
  assert.match(stdout, /principals {8}none/);
  assert.match(
    stdout,
    /valid {13}from 2026-01-01T12:00:00Z until 2026-01-01T13:00:00Z/,
  );
  assert.ok(!stdout.includes("\x1b"));
  const { stdout: document } = await inspect(
    line,
    pkToken,
    "--format",
    "json",
  );
  assert.equal(JSON.parse(document).certificate.self_signed, false);
  assert.equal(JSON.parse(document).pk_token.client.names_the_key, false);
});

Deno.test("token inspect shows the refreshed token of a certificate", async () => {
  const { line, pkToken } = await certified(
    {},
    async (scene) =>
      await scene.token({
        refreshed: await scene.laterIdToken({ iat: NOW + 60, jti: "later" }),
      }),
  );
  const { stdout } = await inspect(line, pkToken);
  assert.match(stdout, /claims of the refreshed token:\n[^]*"jti": "later"/);
});

Deno.test("token inspect shows a certificate whose token no login reads", async () => {
  const broken = await certified(
    {},
    (_) => Promise.resolve("bm9ib2R5:bm9ib2R5"),
  );
  const { code, stdout } = await inspect(broken.line, broken.pkToken);
  assert.equal(code, 0);
  assert.match(stdout, /every login refuses it: .* \([a-z_]+\)\n/);
  const { line } = await certified({ extensions: [] });
  const without = await cli(["token", "inspect"], { stdin: line });
  assert.equal(without.code, 0);
  assert.match(without.stdout, /for a user, without a token/);
});

Deno.test("token inspect does not show an access token that comes along", async () => {
  const scene = await setPkScene();
  const pkToken = await scene.token();
  const access = "c2VjcmV0LWFjY2Vzcy10b2tlbg";
  const { type, base64 } = await createCertificate(scene.key, pkToken, {
    extensions: opksshExtensions(pkToken, access),
  });
  const { stdout } = await inspect(`${type} ${base64}\n`, pkToken);
  assert.match(stdout, /openpubkey-act/);
  assert.ok(!stdout.includes(access));
});

for (
  const [what, line] of [
    [
      "a cut certificate",
      "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1\n",
    ],
    ["another type", "ssh-rsa-cert-v01@openssh.com AAAA\n"],
    [
      "two lines",
      "ssh-ed25519-cert-v01@openssh.com AAAA\nssh-ed25519-cert-v01@openssh.com AAAA\n",
    ],
    ["a type alone", "ssh-ed25519-cert-v01@openssh.com \n"],
  ] as const
) {
  Deno.test(`token inspect cannot decode ${what}`, async () => {
    const args = ["token", "inspect", "--format", "json"];
    const { code, stdout } = await cli(args, { stdin: line });
    assert.equal(code, 3);
    const { kind, refused } = JSON.parse(stdout);
    assert.deepEqual([kind, refused.reason], [
      "malformed",
      "certificate_malformed",
    ]);
    const { code: again, stdout: text } = await cli(args.slice(0, 2), {
      stdin: line,
    });
    assert.equal(again, 3);
    assert.match(text, /no certificate that can be read/);
  });
}
