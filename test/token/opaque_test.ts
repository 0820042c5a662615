/**
 * What may be sent to an issuer that reads opaque tokens, and what may not.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { AccessToken } from "../../src/token/access_token.ts";
import { isOpaque } from "../../src/token/compact_jws.ts";
import { encodeSegment } from "../support/tokens.ts";

const opaque = (text: string) => isOpaque(new AccessToken(text));
const JWT = `${encodeSegment({ alg: "ES256" })}.${encodeSegment({})}.AAAA`;

Deno.test("isOpaque() takes a JWT for a JWT however it was pasted", () => {
  for (
    const text of [
      JWT,
      `${JWT}.`,
      `.${JWT}`,
      `"${JWT}"`,
      `'${JWT}'`,
      `token=${JWT}`,
      `Bearer:${JWT}`,
      `{"access_token":"${JWT}"}`,
      `${JWT}=`,
      JWT.slice(0, -5),
      `${encodeSegment(' {\n "alg" : "ES256"}')}.AA.AA`,
      `${encodeSegment({ alg: "dir" })}....`,
    ]
  ) assert.equal(opaque(text), false, text);
});

Deno.test("isOpaque() takes what no JWT looks like for opaque", () => {
  for (
    const text of [
      "Agx8nVxkQK",
      "a.b.c",
      "2YotnFZFEjr1zCsicMWpAA",
      "00000000-0000-4000-8000-000000000000",
      "ey.ey.ey",
      "....",
      "",
      // one segment alone is not a JOSE object
      encodeSegment({ command: {} }),
    ]
  ) assert.equal(opaque(text), true, text);
});

Deno.test("isOpaque() takes no text amiss", () => {
  const segment = fc.oneof(fc.string(), fc.base64String());
  fc.assert(fc.property(fc.array(segment), (segments) => {
    assert.equal(typeof opaque(segments.join(".")), "boolean");
  }));
});
