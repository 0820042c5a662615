/**
 * Which published key may verify what.
 *
 * @module
 */
// Threats: A18
import assert from "node:assert/strict";
import { TokenError } from "../../src/token/errors.ts";
import { selectKey } from "../../src/token/signing_key.ts";
import { createSigner, encodeSegment, publicJwk } from "../support/tokens.ts";

const EC = {
  kty: "EC",
  crv: "P-256",
  x: "A".repeat(43),
  y: "A".repeat(43),
  kid: "k1",
};
const OTHER_EC = { ...EC, x: "B".repeat(43) };
const rsa = (bits: number, change: object = {}) => {
  const n = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  n[0]! >>= (8 - bits % 8) % 8;
  return { kty: "RSA", n: encodeSegment(n), e: "AQAB", kid: "k1", ...change };
};
const select = (
  keys: object[],
  algorithm = "ES256",
  keyId: string | null = "k1",
) => selectKey(keys as Record<string, unknown>[], { algorithm, keyId });

Deno.test("selectKey() finds the key of every algorithm's signer and no other", async () => {
  const algorithms = ["RS256", "PS384", "ES256", "ES384", "ES512", "EdDSA"];
  const keys = await Promise.all(
    algorithms.map(async (alg) =>
      await publicJwk(await createSigner({ alg, kid: "k1" }))
    ),
  );
  for (const [index, alg] of algorithms.entries()) {
    assert.equal(select(keys, alg), keys[index]);
    assert.equal(select(keys, alg, null), keys[index]);
    assert.equal(select(keys, alg, "k2"), null);
  }
  for (const alg of ["HS256", "none", "", "ES256K", "dir", "constructor"]) {
    assert.equal(select(keys, alg), null);
  }
});

Deno.test("selectKey() refuses to choose between keys", () => {
  for (
    const [keys, keyId] of [
      [[EC, OTHER_EC], "k1"],
      [[EC, EC, OTHER_EC], "k1"],
      [[EC, OTHER_EC, EC], null],
      [[EC, { ...OTHER_EC, kid: "k2" }], null],
      [[EC, { ...OTHER_EC, kid: undefined }], null],
      [[EC, { ...EC, y: "B".repeat(43) }], "k1"],
    ] as const
  ) {
    assert.throws(() => select([...keys], "ES256", keyId), (error) => {
      assert.ok(error instanceof TokenError);
      return error.code === "key_not_found";
    });
  }
  const other = { ...EC, use: "enc" };
  assert.equal(select([other, EC, rsa(2048)], "ES256", null), EC);
});

Deno.test("selectKey() counts the same key once, whatever stands beside it", () => {
  const again = { ...EC, x5t: "x", use: "sig", alg: "ES256" };
  const one = rsa(2048);
  for (
    const [keys, algorithm, keyId] of [
      [[EC, EC], "ES256", "k1"],
      [[again, EC, EC], "ES256", "k1"],
      [[EC, { ...EC, kid: "k2" }], "ES256", null],
      [[EC, { ...EC, kid: undefined }], "ES256", null],
      [[one, rsa(2048, { alg: "RS256" })], "RS256", "k1"],
    ] as const
  ) {
    const found = select([...keys], algorithm, keyId);
    assert.ok(keys.some((key) => key === found));
  }
  // the same key for another use is not this one
  assert.equal(select([{ ...EC, use: "enc" }, EC]), EC);
  assert.throws(() => select([one, rsa(2048, { e: "Aw" })], "RS256"));
});

Deno.test("selectKey() compares a kid and does nothing else with it", () => {
  for (const kid of [undefined, null, 1, ["k1"], "K1", "k1 ", "k", "k11", ""]) {
    assert.equal(select([{ ...EC, kid }]), null);
  }
  const empty = { ...EC, kid: "" };
  assert.equal(select([empty], "ES256", ""), empty);
});

Deno.test("selectKey() takes RSA moduli of 2048 to 8192 bits", () => {
  for (const bits of [2048, 2049, 3072, 4096, 8192]) {
    assert.ok(select([rsa(bits)], "RS256"), `${bits}`);
    assert.ok(select([rsa(bits)], "PS512"), `${bits}`);
  }
  for (const bits of [8, 512, 1024, 2040, 2047, 8193, 16_384]) {
    assert.equal(select([rsa(bits)], "RS256"), null, `${bits}`);
  }
  const padded = new Uint8Array(256).fill(0xff, 128);
  for (const n of [encodeSegment(padded), "", "AAAA", "====", 1, undefined]) {
    assert.equal(select([rsa(2048, { n })], "RS256"), null);
  }
});

Deno.test("selectKey() takes odd RSA exponents from 3", () => {
  for (const e of ["Aw", "EQ", "AQAB", "AAEAAQ", "_____w"]) {
    assert.ok(select([rsa(2048, { e })], "RS256"), e);
  }
  for (
    const e of ["", "AA", "AQ", "AAAB", "Ag", "BA", "AQAA", "AQAAAAE", "A", 3]
  ) assert.equal(select([rsa(2048, { e })], "RS256"), null, `${e}`);
});

Deno.test("selectKey() takes no secret and no private key", () => {
  for (const name of ["d", "k", "p", "q", "dp", "dq", "qi", "oth"]) {
    assert.equal(select([{ ...EC, [name]: "AA" }]), null, name);
    assert.equal(select([{ ...EC, [name]: null }]), null, name);
  }
});

Deno.test("selectKey() takes a key for what its owner says", () => {
  for (
    const change of [
      {},
      { use: "sig" },
      { key_ops: ["verify"] },
      { alg: "ES256" },
    ]
  ) assert.ok(select([{ ...EC, ...change }]));
  for (
    const change of [
      { use: "enc" },
      { use: null },
      { use: ["sig"] },
      { key_ops: ["sign"] },
      { key_ops: "verify" },
      { key_ops: null },
      { alg: "ES384" },
      { alg: null },
      { kty: "RSA" },
      { crv: "P-384" },
      { crv: undefined },
      { x: undefined },
      { y: [EC.y] },
    ]
  ) assert.equal(select([{ ...EC, ...change }]), null, JSON.stringify(change));
});

Deno.test("selectKey() knows EdDSA's other name", async () => {
  const signer = await createSigner({ alg: "EdDSA", kid: "k1" });
  for (const alg of ["EdDSA", "Ed25519", undefined]) {
    assert.ok(select([await publicJwk(signer, { alg })], "EdDSA"));
    assert.ok(select([await publicJwk(signer, { alg })], "Ed25519"));
    assert.equal(select([await publicJwk(signer, { alg })], "Ed448"), null);
  }
  for (const change of [{ alg: "Ed448" }, { crv: "X25519" }, { x: "AQ" }]) {
    const jwk = await publicJwk(signer, change);
    assert.equal(select([jwk], "EdDSA"), null);
    assert.equal(select([jwk], "Ed25519"), null);
  }
});
