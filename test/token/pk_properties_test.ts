/**
 * Whatever a client sends: a refusal with a reason, or what the issuer and the key have signed. Nothing
 * else is thrown, since a defect's exit code would not say who is to blame.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CertificateError,
  readCertificate,
  requireSelfSigned,
} from "../../src/ssh/certificate.ts";
import { TokenError } from "../../src/token/errors.ts";
import { createCertificate, createKey } from "../support/opkssh.ts";
import { NOW, setPkScene } from "../support/pk_scene.ts";
import { encodeSegment } from "../support/tokens.ts";

const COMMITMENTS = ["nonce", "aud", "gq", "cnf"] as const;

/** Whether it is admitted. Throws whatever is not a refusal. */
async function admitted(result: Promise<unknown>): Promise<boolean> {
  try {
    await result;
    return true;
  } catch (error) {
    if (error instanceof TokenError) return false;
    // a certificate may become unreadable by what stands in it
    if (error instanceof CertificateError) return false;
    throw error;
  }
}

Deno.test("an edited certificate is refused, or is somebody else's", async () => {
  for (const curve of ["Ed25519", "P-256"] as const) {
    const key = await createKey(curve);
    const { type, bytes } = await createCertificate(key, "a:b:c:d:e");
    const edit = fc.record({
      at: fc.nat(bytes.length - 1),
      remove: fc.oneof(fc.nat(8), fc.nat(bytes.length)),
      insert: fc.oneof(
        fc.uint8Array({ maxLength: 8 }),
        fc.tuple(fc.nat(bytes.length - 1), fc.nat(80)).map(([from, length]) =>
          bytes.slice(from, from + length)
        ),
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(edit, { minLength: 1, maxLength: 3 }),
        async (edits) => {
          let edited: Uint8Array = bytes;
          for (const { at, remove, insert } of edits) {
            edited = Uint8Array.of(
              ...edited.slice(0, at),
              ...insert,
              ...edited.slice(at + remove),
            );
          }
          const same = edited.toHex() === bytes.toHex();
          const verified = (async () => {
            const certificate = readCertificate(edited.toBase64(), type);
            await requireSelfSigned(certificate, { now: NOW });
          })();
          assert.equal(await admitted(verified), same);
        },
      ),
      { numRuns: 400 },
    );
  }
});

Deno.test("parts of PK tokens in any order prove only what was signed together", async () => {
  for (const commitment of COMMITMENTS) {
    const scene = await setPkScene({ commitment, refreshed: true });
    const later = await scene.laterIdToken();
    const tokens = [
      await scene.token(),
      await scene.token({ claims: { sub: "u1", jti: "j2" } }),
      await scene.token({ key: await createKey("Ed25519") }),
    ];
    const parts = tokens.flatMap((token) => token.split(":"));
    const pairs = tokens.flatMap((token) => {
      const [, header, signature, client, signed] = token.split(":");
      return [`${header}:${signature}`, `${client}:${signed}`];
    });
    const good = new Set(
      [tokens[0], tokens[1]].flatMap((token = "") => {
        const [payload, header, signature, client, signed] = token.split(":");
        const turned = [payload, client, signed, header, signature].join(":");
        return [token, turned, `${token}.${later}`, `${turned}.${later}`];
      }),
    );
    const piece = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...pairs) },
      { weight: 2, arbitrary: fc.constantFrom(...parts) },
      { weight: 1, arbitrary: fc.constantFrom("", ".", later, "e30") },
    );
    const end = fc.constantFrom("", "", `.${later}`, ".", `.${tokens[0]}`);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...tokens.map((token) => token.split(":")[0] ?? "")),
        fc.array(piece, { minLength: 1, maxLength: 4 }),
        end,
        async (payload, pieces, end) => {
          const token = `${[payload, ...pieces].join(":")}${end}`;
          // with the payload in common, a client's part of alice's key serves for both
          const expected = good.has(token);
          assert.equal(await admitted(scene.verify(token)), expected);
        },
      ),
      { numRuns: 150 },
    );
  }
});

Deno.test("members of any sort in headers and claims end in a refusal or in nothing", async () => {
  const name = fc.oneof(
    fc.constantFrom(
      ...["alg", "typ", "kid", "cic", "crit", "upk", "rz", "kty", "crv", "x"],
      ...["y", "d", "aud", "azp", "sub", "iss", "exp", "iat", "nbf", "cnf"],
      ...["nonce", "act", "__proto__", "constructor", "toString", "jwk"],
    ),
    fc.string(),
  );
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>("CIC", "JWT", "GQ256", "RS256", "none", NOW, -1),
  );
  const members = fc.tuple(name, value).map(([name, value]) =>
    Object.fromEntries([[name, value]])
  );
  for (const commitment of COMMITMENTS) {
    const scene = await setPkScene({ commitment });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("cic", "upk", "header", "proof", "claims"),
        members,
        async (place, changes) => {
          const token = await scene.token({ [place]: changes }).catch(() =>
            // what cannot be written as a client would
            encodeSegment("none")
          );
          await admitted(scene.verify(token));
        },
      ),
      { numRuns: 100 },
    );
    await scene.admits(await scene.token());
  }
});
