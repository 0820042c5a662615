/**
 * GQ proofs by a signer of the tests' own.
 *
 * @module
 */
import assert from "node:assert/strict";
import { verifyGq } from "../../src/token/gq.ts";
import { proveInstead } from "../support/gq_signer.ts";
import {
  createSigner,
  encodeSegment,
  publicJwk,
  signToken,
} from "../support/tokens.ts";

const ROUNDS = 16;

async function provenToken(modulusLength = 2048) {
  const signer = await createSigner({ alg: "RS256", kid: "k1", modulusLength });
  const key = await publicJwk(signer);
  const token = await signToken({ signer, claims: { sub: "u1" } });
  const proven = await proveInstead({ signer, token });
  const [header = "", payload = "", proof = ""] = proven.split(".");
  return {
    key,
    signature: bytesOf(token.split(".")[2] ?? ""),
    identity: token.slice(0, token.lastIndexOf(".")),
    message: `${header}.${payload}`,
    proof: bytesOf(proof),
    size: modulusLength / 8,
  };
}

function bytesOf(segment: string): Uint8Array {
  return Uint8Array.fromBase64(segment, { alphabet: "base64url" });
}

Deno.test("verifyGq() accepts a proof for what it was made for", async () => {
  for (const modulusLength of [2048, 3072]) {
    const { proof, size, ...statement } = await provenToken(modulusLength);
    assert.equal(proof.length, 32 + ROUNDS * size);
    assert.equal(await verifyGq(proof, statement), true);
  }
});

Deno.test("verifyGq() refuses a proof for anything else", async () => {
  const { proof, ...statement } = await provenToken();
  const other = await provenToken();
  for (
    const changes of [
      { message: `${statement.message}A` },
      { message: statement.message.slice(0, -1) },
      { message: "" },
      { message: statement.identity },
      { identity: `${statement.identity}A` },
      { identity: statement.message },
      { key: other.key },
      { key: { ...statement.key, e: "Aw" } },
      { key: { ...statement.key, e: "AAEAAQ" } },
      { key: { ...statement.key, n: undefined } },
      { key: { ...statement.key, n: "" } },
      { key: { ...statement.key, n: "AAAA" } },
      { key: { ...statement.key, n: "not base64url!" } },
    ]
  ) {
    assert.equal(await verifyGq(proof, { ...statement, ...changes }), false);
  }
  assert.equal(await verifyGq(other.proof, statement), false);
  assert.equal(await verifyGq(proof, statement), true);
});

Deno.test("verifyGq() refuses a proof with any byte changed", async () => {
  const { proof, size, ...statement } = await provenToken();
  // all of the challenge, and of each answer the ends and one in between
  const places = [
    ...Array.from({ length: 32 }, (_, index) => index),
    ...Array.from({ length: ROUNDS }, (_, round) => round * size + 32)
      .flatMap((start) => [start, start + size / 2, start + size - 1]),
  ];
  for (const at of places) {
    const changed = proof.with(at, proof[at]! ^ 1);
    assert.equal(await verifyGq(changed, statement), false, String(at));
  }
});

Deno.test("verifyGq() refuses a proof of another length", async () => {
  const { proof, size, ...statement } = await provenToken();
  for (
    const other of [
      new Uint8Array(),
      proof.slice(0, 32),
      proof.slice(0, -1),
      proof.slice(1),
      proof.slice(0, -size),
      Uint8Array.of(...proof, 0),
      Uint8Array.of(0, ...proof),
    ]
  ) assert.equal(await verifyGq(other, statement), false);
});

Deno.test("verifyGq() refuses answers that are not numbers below the modulus", async () => {
  const { proof, size, key, ...statement } = await provenToken();
  const n = bytesOf(String(key.n));
  const answers = [
    new Uint8Array(size),
    n,
    new Uint8Array(size).fill(0xff),
  ];
  for (const answer of answers) {
    for (const round of [0, ROUNDS - 1]) {
      const changed = proof.slice();
      changed.set(answer, 32 + round * size);
      assert.equal(await verifyGq(changed, { key, ...statement }), false);
    }
  }
  // the same number once more, written above the modulus
  for (let round = 0; round < ROUNDS; round++) {
    const at = 32 + round * size;
    const value = BigInt(`0x${proof.slice(at, at + size).toHex()}`) +
      BigInt(`0x${n.toHex()}`);
    if (value >= 1n << BigInt(size * 8)) continue;
    const changed = proof.slice();
    changed.set(
      Uint8Array.fromHex(value.toString(16).padStart(size * 2, "0")),
      at,
    );
    assert.equal(await verifyGq(changed, { key, ...statement }), false);
  }
});

Deno.test("verifyGq() refuses what can be made without a signature", async () => {
  const { proof, signature, size, ...statement } = await provenToken();
  const one = Uint8Array.from(
    { length: size },
    (_, index) => index === size - 1 ? 1 : 0,
  );
  for (
    const answers of [
      // powers of nothing, the signature itself, answers of another proof
      Array(ROUNDS).fill(one),
      Array(ROUNDS).fill(signature),
      Array(ROUNDS).fill(proof.slice(32, 32 + size)),
    ]
  ) {
    const forged = new Uint8Array(proof.length);
    for (const challenge of [new Uint8Array(32), proof.slice(0, 32)]) {
      forged.set(challenge);
      answers.forEach((answer, round) => forged.set(answer, 32 + round * size));
      assert.equal(await verifyGq(forged, statement), false);
    }
  }
  assert.equal(await verifyGq(signature, statement), false);
  assert.notEqual(encodeSegment(proof), encodeSegment(signature));
});
