/**
 * Which certificates of an ssh-agent count, and for how long.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  endOf,
  type HeldCertificate,
  heldCertificates,
  longestHeld,
} from "../../src/client/held.ts";
import {
  type CertificateFields,
  createCertificate,
  createKey,
  createPkToken,
  type Curve,
  type PkTokenOptions,
  publicBlob,
} from "../support/opkssh.ts";
import { createSigner, standardClaims } from "../support/tokens.ts";

const NOW = 1_767_268_800;
const ISSUER = "https://login.example.edu";

const signer = await createSigner({ alg: "ES256", kid: "1" });

async function held(
  { claims = {}, token = {}, fields = {}, curve = "Ed25519", pkToken }: {
    claims?: Record<string, unknown>;
    token?: Partial<PkTokenOptions>;
    fields?: CertificateFields;
    curve?: Curve;
    pkToken?: string | null;
  } = {},
): Promise<HeldCertificate | undefined> {
  const key = await createKey(curve);
  const text = await createPkToken({
    key,
    signer,
    claims: standardClaims({
      issuer: ISSUER,
      audience: "ssh",
      now: NOW,
      ...claims,
    }),
    ...token,
  });
  const { bytes } = await createCertificate(
    key,
    pkToken === undefined ? text : pkToken,
    fields,
  );
  const identities = [{ blob: bytes, comment: "a comment" }];
  const [found, ...others] = await heldCertificates(identities, NOW);
  assert.deepEqual(others, []);
  return found;
}

Deno.test("heldCertificates() finds those of either type of key, with what their ID tokens say", async () => {
  for (const curve of ["Ed25519", "P-256"] as const) {
    const found = await held({ curve });
    assert.match(found?.type ?? "", /-cert-v01@openssh\.com$/);
    assert.deepEqual(
      { ...found, type: "", blob: "" },
      {
        ...{ type: "", blob: "", comment: "a comment" },
        ...{ iss: ISSUER, aud: ["ssh"], sub: "u1", iat: NOW, exp: NOW + 300 },
      },
    );
  }
  const several = await held({ claims: { aud: ["other", "ssh"] } });
  assert.deepEqual(several?.aud, ["other", "ssh"]);
  const expired = await held({ claims: { iat: NOW - 900, exp: NOW - 600 } });
  assert.equal(expired?.exp, NOW - 600);
});

const OTHERS: readonly [string, Parameters<typeof held>[0]][] = [
  ["no token", { pkToken: null }],
  ["something else for a token", { pkToken: "a:b:c" }],
  ["a token without a client's signature", {
    token: { edit: (parts) => parts.slice(0, 3) },
  }],
  ["a token with two issuers", {
    token: {
      edit: (
        [payload = "", ...parts],
      ) => [payload, ...parts.slice(0, 2), ...parts],
    },
  }],
  ["another principal", { fields: { principals: ["alice"] } }],
  ["no principal", { fields: { principals: [] } }],
  ["an end that has passed", { fields: { validBefore: BigInt(NOW) } }],
  ["a beginning that is yet to come", {
    fields: { validAfter: BigInt(NOW + 1) },
  }],
  ["a host for a user", { fields: { certifies: 2 } }],
  ["a signature of another key", {
    fields: { signWith: await createKey("Ed25519") },
  }],
  ["a changed signature", {
    fields: { signature: (wire) => wire.with(-1, (wire.at(-1) ?? 0) ^ 1) },
  }],
  ["bytes behind its end", { fields: { trailing: Uint8Array.of(0) } }],
  ["no time of issue", { claims: { iat: undefined } }],
  ["a text for an end", { claims: { exp: "tomorrow" } }],
  ["a number for an issuer", { claims: { iss: 1 } }],
];

for (const [what, options] of OTHERS) {
  Deno.test(`heldCertificates() leaves out a certificate with ${what}`, async () => {
    assert.equal(await held(options), undefined);
  });
}

Deno.test("heldCertificates() leaves out plain keys, and what is none", async () => {
  const blobs = [
    publicBlob(await createKey("Ed25519")),
    publicBlob(await createKey("P-256")),
    new Uint8Array(),
    Uint8Array.of(0, 0, 0, 9, 1),
    new TextEncoder().encode("ssh-ed25519-cert-v01@openssh.com"),
  ];
  const identities = blobs.map((blob) => ({ blob, comment: "" }));
  assert.deepEqual(await heldCertificates(identities, NOW), []);
});

Deno.test("endOf() counts as the hosts' policies do", () => {
  const times = { iat: 1000.5, exp: 2000.9 };
  assert.equal(endOf(times, null), 2000);
  assert.equal(endOf(times, 3600), 4600);
});

Deno.test("longestHeld() gives the one that serves longest, for this issuer and this client", async () => {
  const all = [
    { claims: { iat: NOW - 100, exp: NOW + 900 } },
    { claims: { iat: NOW - 10, exp: NOW + 500 } },
    { claims: { iat: NOW, exp: NOW + 9000, iss: "https://other.example.edu" } },
    { claims: { iat: NOW, exp: NOW + 9000, aud: "other" } },
  ];
  const certificates: HeldCertificate[] = [];
  for (const options of all) {
    const certificate = await held(options);
    if (certificate !== undefined) certificates.push(certificate);
  }
  assert.equal(certificates.length, 4);
  const [first, second] = certificates;
  const wanted = { issuer: ISSUER, clientId: "ssh" };
  assert.equal(longestHeld(certificates, { ...wanted, lifetime: null }), first);
  assert.equal(longestHeld(certificates, { ...wanted, lifetime: 600 }), second);
  assert.equal(
    longestHeld(certificates, {
      issuer: ISSUER,
      clientId: "x",
      lifetime: null,
    }),
    null,
  );
  assert.equal(longestHeld([], { ...wanted, lifetime: null }), null);
});
