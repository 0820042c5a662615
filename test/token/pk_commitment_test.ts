/**
 * Commitments to a client's header: the vectors of OpenPubkey's documentation, and what Go writes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { canonicalJson, pkCommitment } from "../../src/token/pk_commitment.ts";

/** The random value, the key, and the commitment. All are ES256. */
const VECTORS = [
  {
    rz: "b9522b5c4cff90687ec6787236184659e077a619b82827227114108440fec26a",
    x: "cvqyUFNs1OUdRcDSmzJfS7ynuTHAjlDqoeinCZy_r1Q",
    y: "Whl5jJUIz7ujFvlB5Hzhaz6DIlpyWQmIIA3J7VMj53o",
    commitment: "fsTLlOIUqtJHomMB2t6HymoAqJi-wORIFtg3y8c65VY",
  },
  {
    extra: "yes",
    rz: "656f65b99da5d649ea315a52343add3642f14c7ff8d4ebce8ee33a2f4a4b41e0",
    x: "PnzpEjQZ7bsCl2ZExs7dbFQlVzggv-_t50QuzZZWcoc",
    y: "1Z-xC6JZL2eAO57ovFJCstnBcMsOiqsGF1NJLyqq1F4",
    commitment: "8IpXCsOcYBGcCJmXJMFOpBjz4-kPXwDhYi3hm_DFM_U",
  },
  {
    rz: "bca0353ea63adbfce72032ab7d8fb7940def3488ca0765546a89d46760113c70",
    x: "5BP8B8bXgf0OFxHLJS5LSFlPOsfdIvf2tJU_3mwTGNE",
    y: "7KzWJi88qdZOI_j-kUG2aPjkzEA7IGMXFp1f-jdt28I",
    commitment: "LEQE668yEBBpVxKfi4SvIkl8wFxn55TdzNF79aEomIA",
  },
  {
    rz: "600e69b29d89651591836d2598f6813a9a74b9e4124ddb81bee1561299c3590e",
    x: "c63goURlnP5vbJbt4chtOHTHwg6Yvy4h6_aw3Zc2A5o",
    y: "pfsH8--s5c8u4DxXto0sN4g5n6SjlXn1WjzaKXrr9b4",
    commitment: "HVIF0m3zCwEsAZSFjTiyQFU982qF2UZXSpCE__F6IbE",
  },
];

for (const { commitment, x, y, ...rest } of VECTORS) {
  Deno.test(`pkCommitment() gives OpenPubkey's ${commitment}`, async () => {
    // in another order than they are hashed in
    const upk = { y, x, kty: "EC", crv: "P-256", alg: "ES256" };
    const header = { upk, typ: "CIC", ...rest, alg: "ES256" };
    assert.equal(await pkCommitment(header), commitment);
    const other = await pkCommitment({ ...header, extra: "no" });
    assert.notEqual(other, commitment);
  });
}

Deno.test("canonicalJson() sorts members at every depth and leaves out white space", () => {
  assert.equal(
    canonicalJson({ b: "2", a: { d: "4", c: "3" }, B: "1", "a b": "5" }),
    '{"B":"1","a":{"c":"3","d":"4"},"a b":"5","b":"2"}',
  );
  assert.equal(canonicalJson({}), "{}");
});

Deno.test("canonicalJson() escapes what Go escapes", () => {
  assert.equal(
    canonicalJson({ "<k>": "<a href='/?b&c'>\"\\\u2028\u2029" }),
    String
      .raw`{"\u003ck\u003e":"\u003ca href='/?b\u0026c'\u003e\"\\\u2028\u2029"}`,
  );
  assert.equal(canonicalJson("\u00e9\u{1f600}/"), '"\u00e9\u{1f600}/"');
});

Deno.test("canonicalJson() refuses what two languages may write differently", () => {
  for (
    const value of [
      1,
      1e21,
      true,
      null,
      undefined,
      [],
      { a: [] },
      { a: { b: 0 } },
      { a: undefined },
      { "\u00e9": "a" },
      { "": "a" },
      { "a\n": "a" },
      "\n",
      "\b",
      "\x7f",
      "\0",
      "\ud800",
    ]
  ) assert.throws(() => canonicalJson(value), TypeError);
});
