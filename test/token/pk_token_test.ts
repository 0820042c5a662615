/**
 * PK tokens in certificates, without a network: keys come from the test.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parsePkToken } from "../../src/token/pk_token.ts";
import { TokenError } from "../../src/token/errors.ts";
import { createKey } from "../support/opkssh.ts";
import {
  CLIENT_ID,
  GQ_AUDIENCE,
  ISSUER,
  NOW,
  setPkScene,
} from "../support/pk_scene.ts";
import { createSigner, encodeSegment, signToken } from "../support/tokens.ts";

const COMMITMENTS = ["nonce", "aud", "gq", "cnf"] as const;

for (const commitment of COMMITMENTS) {
  for (const curve of ["Ed25519", "P-256"] as const) {
    Deno.test(`a PK token with the commitment ${commitment} is verified for a key on ${curve}`, async () => {
      const scene = await setPkScene({ commitment, curve });
      const evidence = await scene.admits(await scene.token());
      assert.equal(evidence.issuer, "campus");
      assert.equal(evidence.claims.email, "alice@example.edu");
      assert.deepEqual(evidence.warnings, []);
      assert.equal(Object.getPrototypeOf(evidence.claims), null);
      assert.equal(scene.asked.count, 1);
    });
  }

  Deno.test(`with the commitment ${commitment}, a token that names another key is refused`, async () => {
    const scene = await setPkScene({ commitment });
    const token = await scene.token();
    const stranger = await createKey("Ed25519");
    await scene.refuses(token, "key_not_bound", { key: stranger });
    // the client's header names the stranger's key, and it has signed
    const other = await scene.token({ key: stranger, commit: () => "other" });
    await scene.refuses(other, "key_not_bound", { key: stranger });
    // and the one that it commits to is refused with alice's
    const bound = await scene.token({ key: stranger });
    await scene.refuses(bound, "key_not_bound");
    await scene.admits(bound, { key: stranger });
    await scene.admits(token);
  });

  Deno.test(`with the commitment ${commitment}, nothing that is like the commitment counts as one`, async () => {
    const scene = await setPkScene({ commitment });
    for (
      const commit of [
        (value: string) => `${value}A`,
        (value: string) => value.slice(0, -1),
        (value: string) => value.toLowerCase(),
        (value: string) => ` ${value}`,
        (value: string) => `${value}=`,
        (value: string) => [value],
        (value: string) => ({ value }),
        () => "",
        () => null,
        () => true,
        () => undefined,
      ]
    ) {
      await scene.refuses(await scene.token({ commit }), "key_not_bound");
    }
    await scene.admits(
      await scene.token({
        commit: commitment === "cnf"
          ? () => ({ jwk: scene.key.jwk })
          : (value) => value,
      }),
    );
  });

  for (const place of COMMITMENTS.filter((place) => place !== commitment)) {
    Deno.test(`with the commitment ${commitment} in the policy, one at ${place} is refused`, async () => {
      const alg = "RS256";
      const scene = await setPkScene({ commitment, alg });
      const token = await scene.token({ commitment: place });
      const proven = (name: string) => name === "aud" || name === "gq";
      await scene.refuses(
        token,
        proven(place) !== proven(commitment)
          ? "algorithm_not_allowed"
          : proven(place)
          ? place === "gq" ? "token_malformed" : "key_not_bound"
          : "type_not_allowed",
      );
      await scene.admits(await scene.token());
    });
  }
}

// The parts.

function parse(text: string): string {
  try {
    return `fine: ${parsePkToken(text).iss}`;
  } catch (error) {
    assert.ok(error instanceof TokenError, String(error));
    assert.ok(error.message.length + 4 <= 200, error.message);
    return error.code;
  }
}

Deno.test("parsePkToken() tells the issuer, and refuses what is not of the form", async () => {
  const scene = await setPkScene();
  const token = await scene.token();
  assert.equal(parse(token), `fine: ${ISSUER}`);
  const [payload = "", header = "", signature = "", client = "", signed = ""] =
    token.split(":");
  const pair = `${header}:${signature}`;
  const cic = `${client}:${signed}`;
  for (
    const text of [
      "",
      ":",
      "::",
      ".",
      payload,
      `${payload}:${header}`,
      `${payload}:${pair}`,
      `${payload}:${pair}:${client}`,
      `${payload}:${cic}`,
      `${payload}:${cic}:${cic}`,
      `${payload}:${pair}:${pair}`,
      `${payload}:${pair}:${cic}:`,
      `${payload}:${pair}:${cic}:${cic}`,
      `${payload}:${pair}:${pair}:${cic}`,
      `${payload}:${pair}:${cic}::`,
      `${payload}:${pair}:${cic}:${cic}:${cic}`,
      `:${pair}:${cic}`,
      `:${token}`,
      `${token}:`,
      `${token}.`,
      `.${token}`,
      `${token}.a.b`,
      `${token}.a.b.c`,
      `${token}.${header}.${payload}`,
      `${token}.${header}.${payload}.${signature}.`,
      `${token}.${header}.${payload}.${signature}.${header}`,
      `${token} `,
      `${token}\n`,
      `${payload}=:${pair}:${cic}`,
      `${payload}:${header}=:${signature}:${cic}`,
      `${payload.replace(/.$/, "!")}:${pair}:${cic}`,
      `${encodeSegment("[]")}:${pair}:${cic}`,
      `${encodeSegment("not JSON")}:${pair}:${cic}`,
      `${encodeSegment('{"iss":"a","iss":"b"}')}:${pair}:${cic}`,
      `${encodeSegment({ iss: 7 })}:${pair}:${cic}`,
      `${header}.${payload}.${signature}`,
      `${payload}:${
        encodeSegment('{"alg":"ES256","typ":"CIC","typ":"JWT"}')
      }:${signature}:${cic}`,
      `${payload}:${encodeSegment({ typ: "JWT" })}:${signature}:${cic}`,
    ]
  ) assert.equal(parse(text), "token_malformed", text.slice(0, 60));
  assert.equal(
    parse(`${encodeSegment({ sub: "u1" })}:${pair}:${cic}`),
    "claim_missing",
  );
  // in another order, and with a refreshed token
  assert.equal(parse(`${payload}:${cic}:${pair}`), `fine: ${ISSUER}`);
  assert.equal(
    parse(`${token}.${header}.${payload}.${signature}`),
    `fine: ${ISSUER}`,
  );
  await scene.admits(`${payload}:${cic}:${pair}`);
});

Deno.test("parsePkToken() reads at most 96 KiB, and 16 KiB of each token", async () => {
  const scene = await setPkScene();
  const token = await scene.token();
  assert.equal(parse("a".repeat(96 * 1024 + 1)), "token_malformed");
  assert.equal(parse(`${token}:${"a".repeat(96 * 1024)}`), "token_malformed");
  const large = await scene.token({ claims: { pad: "x".repeat(11_000) } });
  await scene.admits(large);
  const huge = await scene.token({ claims: { pad: "x".repeat(13_000) } });
  await scene.refuses(huge, "token_malformed");
});

Deno.test("a cosigner's signature is passed over, and the log says so", async () => {
  const scene = await setPkScene();
  const cosigner = await createSigner({ alg: "ES256", kid: "c1" });
  const evidence = await scene.admits(await scene.token({ cosigner }));
  assert.deepEqual(evidence.warnings, [
    "the cosigner's signature is not looked at",
  ]);
  const twice = await scene.token({
    cosigner,
    edit: (
      parts,
    ) => [...parts.slice(0, 3), ...parts.slice(5), ...parts.slice(5)],
  });
  // no client among them
  await scene.refuses(twice, "token_malformed");
});

// The client's header.

Deno.test("each member of the client's header is what it must be", async () => {
  for (const curve of ["Ed25519", "P-256"] as const) {
    const scene = await setPkScene({ curve });
    const own = curve === "Ed25519" ? "EdDSA" : "ES256";
    const others = ["EdDSA", "ES256", "RS256", "none", "Ed25519", "HS256"]
      .filter((alg) => alg !== own);
    const { key } = scene;
    const stranger = await createKey(curve);
    const many = (count: number) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`x${index}`, "y"]),
      );
    for (
      const [reason, changes] of [
        ["token_malformed", { cic: { rz: undefined } }],
        ["token_malformed", { cic: { rz: "" } }],
        ["token_malformed", { cic: { rz: "0".repeat(63) } }],
        ["token_malformed", { cic: { rz: "0".repeat(65) } }],
        ["token_malformed", { cic: { rz: "g".repeat(64) } }],
        ["token_malformed", { cic: { rz: 7 } }],
        ["token_malformed", { cic: { upk: undefined } }],
        ["token_malformed", { cic: { upk: "key" } }],
        ["token_malformed", { cic: { upk: [] } }],
        ["token_malformed", { cic: { upk: null } }],
        ["token_malformed", { cic: { extra: 7 } }],
        ["token_malformed", { cic: { extra: {} } }],
        ["token_malformed", { cic: { extra: null } }],
        ["token_malformed", { cic: { extra: "a\nb" } }],
        ["token_malformed", { cic: { "\u00e9": "a" } }],
        ["token_malformed", { cic: { "": "a" } }],
        ["token_malformed", { cic: many(14) }],
        ["token_malformed", { upk: many(14) }],
        ["token_malformed", { upk: { extra: [] } }],
        ["token_malformed", { upk: { key_ops: ["verify"] } }],
        ["token_malformed", { upk: { alg: undefined } }],
        ["token_malformed", { cic: { alg: undefined } }],
        ["token_malformed", { cic: { crit: ["rz"] } }],
        ["token_malformed", { cic: { b64: "false" } }],
        ["token_malformed", { cic: { zip: "DEF" } }],
        // with another type it is not the client's
        ["token_malformed", { cic: { typ: undefined } }],
        ["token_malformed", { cic: { typ: "cic" } }],
        ["token_malformed", { cic: { typ: "JWT" } }],
        ["token_malformed", { cic: { typ: "COS" } }],
        ["token_malformed", { cic: { typ: 7 } }],
        ["key_not_bound", { upk: { d: key.privateJwk.d } }],
        ["key_not_bound", { upk: { k: "AAAA" } }],
        ["key_not_bound", { upk: { x: stranger.jwk.x } }],
        ["key_not_bound", { upk: { x: undefined } }],
        ["key_not_bound", { upk: { x: `${key.jwk.x}=` } }],
        ["key_not_bound", { upk: { kty: "RSA" } }],
        ["key_not_bound", { upk: { crv: "P-384" } }],
        ["key_not_bound", { upk: { y: "AAAA" } }],
        ...others.flatMap((alg) =>
          [
            ["token_malformed", { cic: { alg } }],
            ["token_malformed", { upk: { alg } }],
            ["token_malformed", { cic: { alg }, upk: { alg } }],
          ] as const
        ),
      ] as const
    ) await scene.refuses(await scene.token(changes), reason);
    assert.equal(scene.asked.count, 0);
    for (
      const changes of [
        { cic: { extra: "yes", kid: "k" } },
        { cic: { extra: "a\u00e9\u{1f600}" } },
        { cic: { rz: "A".repeat(64) } },
        { cic: many(12) },
        { upk: { kid: "mine", use: "sig" } },
      ]
    ) await scene.admits(await scene.token(changes));
  }
});

Deno.test("the client's signature is by the key that its header names", async () => {
  for (const curve of ["Ed25519", "P-256"] as const) {
    const scene = await setPkScene({ curve });
    const clientKey = await createKey(curve);
    await scene.refuses(await scene.token({ clientKey }), "signature_invalid");
    const flipped = await scene.token({
      edit: (
        [payload = "", header = "", signature = "", client = "", own = ""],
      ) => [
        payload,
        header,
        signature,
        client,
        `${own[0] === "A" ? "B" : "A"}${own.slice(1)}`,
      ],
    });
    await scene.refuses(flipped, "signature_invalid");
    const none = await scene.token({
      edit: (parts) => [...parts.slice(0, 4), ""],
    });
    await scene.refuses(none, "signature_invalid");
    assert.equal(scene.asked.count, 0);
    await scene.admits(await scene.token());
  }
});

Deno.test("a key that anybody can sign with is not bound, whatever commits to it", async () => {
  const scene = await setPkScene();
  const { verifyClient } = await import("../../src/token/pk_client.ts");
  const x = encodeSegment(Uint8Array.of(1, ...new Uint8Array(31)));
  const upk = { alg: "EdDSA", crv: "Ed25519", kty: "OKP", x };
  const header = { alg: "EdDSA", rz: "0".repeat(64), typ: "CIC", upk };
  await assert.rejects(
    verifyClient({ compact: "a.b.c", header }, {
      kty: "OKP",
      crv: "Ed25519",
      x,
    }),
    { code: "key_not_bound", message: /anybody can sign/ },
  );
  await scene.admits(await scene.token());
});

// The issuer's signature.

Deno.test("algorithm, type and key of the ID token are the policy's and the issuer's", async () => {
  const scene = await setPkScene({
    issuer: { types: ["JWT", "dpop+id_token"] },
  });
  const { signer } = scene;
  const impostor = await createSigner({ alg: "ES256", kid: "k1" });
  const stranger = await createSigner({ alg: "ES256", kid: "k2" });
  const rsa = await createSigner({ alg: "RS256", kid: "k1" });
  const refusals = [
    ["signature_invalid", { signer: impostor }],
    ["key_not_found", { signer: stranger }],
    ["algorithm_not_allowed", { signer: rsa }],
    ["algorithm_not_allowed", { header: { alg: "none" } }],
    ["algorithm_not_allowed", { header: { alg: "HS256" } }],
    ["algorithm_not_allowed", { header: { alg: "GQ256" } }],
    ["type_not_allowed", { header: { typ: "at+jwt" } }],
    ["type_not_allowed", { header: { typ: "logout+jwt" } }],
    ["type_not_allowed", { header: { typ: "dpop+id_token" } }],
    ["type_not_allowed", { header: { typ: "DPoP+ID_Token" } }],
    ["token_malformed", { header: { typ: 7 } }],
    ["token_malformed", { header: { crit: ["exp"] } }],
    ["token_malformed", { header: { kid: 7 } }],
  ] as const;
  for (const [reason, changes] of refusals) {
    await scene.refuses(await scene.token(changes), reason);
  }
  for (const typ of [undefined, "JWT", "jwt", "application/jwt"]) {
    await scene.admits(await scene.token({ signer, header: { typ } }));
  }
});

Deno.test("newer keys are looked at where the known ones do not fit", async () => {
  for (const commitment of COMMITMENTS) {
    const scene = await setPkScene({ commitment });
    for (const kid of ["k1", "k2"]) {
      const signer = await createSigner({ alg: scene.signer.alg, kid });
      const token = await scene.token({ signer });
      const reason = kid === "k1" ? "signature_invalid" : "key_not_found";
      await scene.refuses(token, reason);
      await scene.admits(token, { newer: [signer] });
    }
  }
});

Deno.test("the issuer's kind, name and algorithms are asked as for any token", async () => {
  const scene = await setPkScene({ issuer: { kind: "wlcg" } });
  await scene.refuses(await scene.token(), "token_kind_unexpected");
  const other = await setPkScene({
    issuer: { issuer: "https://login.example.edu/" },
  });
  await other.refuses(await other.token(), "issuer_unknown");
  for (const commitment of ["aud", "gq"] as const) {
    const without = await setPkScene({
      commitment,
      issuer: { algorithms: ["ES256"] },
    });
    await without.refuses(await without.token(), "algorithm_not_allowed");
  }
});

Deno.test("a proof has the header that proofs have, and is of an RS256 signature", async () => {
  for (const commitment of ["aud", "gq"] as const) {
    const scene = await setPkScene({ commitment });
    const pss = await createSigner({ alg: "PS256", kid: "k1" });
    for (
      const [reason, changes] of [
        ["token_malformed", { proof: { typ: "at+jwt" } }],
        ["token_malformed", { proof: { typ: undefined } }],
        ["token_malformed", { proof: { kid: undefined } }],
        ["token_malformed", { proof: { kid: "k1" } }],
        ["token_malformed", { proof: { kid: "a.b" } }],
        ["token_malformed", { proof: { extra: "a" } }],
        ["token_malformed", { proof: { jwk: scene.key.jwk } }],
        ["token_malformed", { proof: { crit: ["kid"] } }],
        ["algorithm_not_allowed", { proof: { alg: "RS256" } }],
        ["algorithm_not_allowed", { proof: { alg: "GQ512" } }],
        ["algorithm_not_allowed", {
          proof: { kid: encodeSegment({ alg: "ES256", kid: "k1" }) },
        }],
        ["algorithm_not_allowed", { signer: pss }],
        ["type_not_allowed", { header: { typ: "at+jwt" } }],
        // headers that the issuer has not signed
        ["signature_invalid", {
          proof: { kid: encodeSegment({ alg: "RS256", kid: "k1" }) },
        }],
        ["key_not_found", {
          proof: { kid: encodeSegment({ alg: "RS256", kid: "k2" }) },
        }],
        // as clients before July 2026 have it: their own header was not covered
        ["signature_invalid", {
          proofMessage: ({ payload }: { payload: string }) =>
            `${
              encodeSegment({ alg: "RS256", typ: "JWT", kid: "k1" })
            }.${payload}`,
        }],
      ] as const
    ) await scene.refuses(await scene.token(changes), reason);
    await scene.admits(await scene.token());
  }
  const aud = await setPkScene({ commitment: "aud" });
  const token = await aud.token({ proof: { cic: "a" } });
  await aud.refuses(token, "token_malformed");
});

// The claims.

Deno.test("the audience is the policy's, but with the commitment aud", async () => {
  for (const commitment of ["nonce", "cnf"] as const) {
    const scene = await setPkScene({ commitment });
    for (const aud of ["other", [], ["other"], `${CLIENT_ID} `]) {
      const token = await scene.token({ claims: { aud } });
      await scene.refuses(token, "audience_mismatch");
    }
    await scene.refuses(
      await scene.token({ claims: { aud: undefined } }),
      "claim_missing",
    );
    await scene.admits(await scene.token({ claims: { aud: [CLIENT_ID] } }));
  }
  const scene = await setPkScene({ commitment: "gq" });
  for (
    const aud of [
      CLIENT_ID,
      [GQ_AUDIENCE],
      [GQ_AUDIENCE, "other"],
      ` ${GQ_AUDIENCE}`,
      GQ_AUDIENCE.toLowerCase(),
    ]
  ) {
    const token = await scene.token({ claims: { aud } });
    await scene.refuses(token, "key_not_bound");
  }
  const other = await scene.token({ claims: { aud: `${GQ_AUDIENCE}2` } });
  await scene.refuses(other, "audience_mismatch");
  await scene.admits(await scene.token());
  // the prefix is asked for even where the policy names another audience
  const careless = await setPkScene({
    commitment: "gq",
    issuer: { audiences: [CLIENT_ID] },
  });
  const token = await careless.token({ claims: { aud: CLIENT_ID } });
  await careless.refuses(token, "key_not_bound");
});

Deno.test("the claims of any token are asked of an ID token, too", async () => {
  for (const commitment of COMMITMENTS) {
    for (const lifetime of [null, 3600]) {
      const scene = await setPkScene({ commitment, lifetime });
      for (
        const [reason, claims] of [
          ["token_not_yet_valid", { iat: NOW + 31 }],
          ["token_not_yet_valid", { nbf: NOW + 31 }],
          ["token_malformed", { nbf: "now" }],
          ["token_malformed", { iat: String(NOW) }],
          ["claim_missing", { iat: undefined }],
          ["claim_missing", { sub: undefined }],
          ["claim_missing", { sub: "" }],
          ["claim_missing", { sub: 7 }],
          ["token_kind_unexpected", { events: {} }],
          ["token_kind_unexpected", { act: { sub: "x" } }],
          ["token_kind_unexpected", { may_act: { sub: "x" } }],
          ...(commitment === "cnf" ? [] : [
            ["token_kind_unexpected", { cnf: { jwk: scene.key.jwk } }] as const,
          ]),
        ] as const
      ) {
        await scene.refuses(await scene.token({ claims }), reason);
      }
      await scene.admits(await scene.token({ claims: { nbf: NOW + 30 } }));
    }
    const scoped = await setPkScene({
      commitment,
      issuer: { scopes: ["ssh"] },
    });
    await scoped.refuses(await scoped.token(), "scope_missing");
    await scoped.admits(await scoped.token({ claims: { scope: "a ssh" } }));
  }
});

Deno.test("cnf holds the certificate's key, and nothing else", async () => {
  const scene = await setPkScene({ commitment: "cnf", curve: "P-256" });
  const { jwk, privateJwk } = scene.key;
  const stranger = await createKey("P-256");
  for (
    const cnf of [
      {},
      { jwk: {} },
      { jwk: null },
      { jwk: [jwk] },
      { jwk: stranger.jwk },
      { jwk: { ...jwk, x: stranger.jwk.x } },
      { jwk: { ...jwk, crv: "P-384" } },
      { jwk: { ...jwk, y: undefined } },
      { jwk: { ...jwk, d: privateJwk.d } },
      { jwk, jkt: "other" },
      { jwk, kid: "k1" },
      { jkt: "other" },
      [{ jwk }],
      "jwk",
    ]
  ) {
    const token = await scene.token({ commit: () => cnf });
    await scene.refuses(token, "key_not_bound");
  }
  // what is not part of a thumbprint (RFC 7638) does not count
  const more = { jwk: { ...jwk, alg: "ES256", use: "sig" } };
  await scene.admits(await scene.token({ commit: () => more }));
  const plain = await scene.token({ header: { typ: "JWT" } });
  await scene.refuses(plain, "type_not_allowed");
});

// Times.

Deno.test("until exp: the token's own end and max_token_age decide", async () => {
  for (const commitment of COMMITMENTS) {
    const scene = await setPkScene({ commitment });
    const token = await scene.token();
    await scene.admits(token, { now: NOW + 300 + 29 });
    await scene.refuses(token, "token_expired", { now: NOW + 300 + 30 });
    const long = await scene.token({ claims: { exp: NOW + 99_999 } });
    await scene.admits(long, { now: NOW + 3630 });
    await scene.refuses(long, "token_too_old", { now: NOW + 3631 });
    for (const exp of [undefined, null, "soon", -1]) {
      const reason = exp === undefined || exp === null
        ? "claim_missing"
        : "token_malformed";
      await scene.refuses(await scene.token({ claims: { exp } }), reason);
    }
  }
});

Deno.test("a lifetime counts from iat, and neither exp nor max_token_age is looked at", async () => {
  for (const commitment of COMMITMENTS) {
    for (const lifetime of [60, 86_400]) {
      const scene = await setPkScene({ commitment, lifetime });
      for (const exp of [NOW + 1, NOW + 999_999, undefined]) {
        const token = await scene.token({ claims: { exp } });
        await scene.admits(token, { now: NOW + lifetime + 30 });
        await scene.refuses(token, "token_too_old", {
          now: NOW + lifetime + 31,
        });
      }
    }
  }
});

Deno.test("after its end a refreshed ID token vouches, and is what is judged", async () => {
  for (const commitment of ["nonce", "cnf"] as const) {
    for (const lifetime of [null, 200]) {
      const scene = await setPkScene({ commitment, lifetime, refreshed: true });
      const bound = commitment === "cnf" ? { cnf: { jwk: scene.key.jwk } } : {};
      const header = commitment === "cnf" ? { typ: "dpop+id_token" } : {};
      const refreshed = await scene.laterIdToken(
        { email: "new@example.edu", ...bound },
        { header },
      );
      const token = await scene.token({ refreshed });
      const before = await scene.admits(token, { now: NOW + 200 });
      assert.equal(before.claims.email, "alice@example.edu");
      const after = await scene.admits(token, { now: NOW + 400 });
      assert.equal(after.claims.email, "new@example.edu");
      assert.equal(after.claims.iat, NOW + 240);
      assert.deepEqual(after.warnings, []);
      // its own end: 300 s after it was issued
      await scene.admits(token, { now: NOW + 540 + 29 });
      await scene.refuses(token, "token_expired", { now: NOW + 540 + 30 });
      const without = await scene.token();
      const reason = lifetime === null ? "token_expired" : "token_too_old";
      await scene.refuses(without, reason, { now: NOW + 400 });
    }
  }
});

Deno.test("without refreshed in the policy a refreshed ID token is passed over, and the log says so", async () => {
  const scene = await setPkScene();
  const token = await scene.token({ refreshed: await scene.laterIdToken() });
  const { warnings } = await scene.admits(token, { now: NOW + 200 });
  assert.deepEqual(warnings, [
    'the refreshed ID token is not looked at: "refreshed" is not set',
  ]);
  await scene.refuses(token, "token_expired", { now: NOW + 400 });
});

Deno.test("a refreshed ID token does not lengthen what is refused for something else", async () => {
  const scene = await setPkScene({ refreshed: true });
  const refreshed = await scene.laterIdToken();
  for (
    const [reason, claims] of [
      ["token_kind_unexpected", { events: {} }],
      ["token_kind_unexpected", { act: {} }],
      ["audience_mismatch", { aud: "other" }],
    ] as const
  ) {
    const token = await scene.token({ claims, refreshed });
    await scene.refuses(token, reason, { now: NOW + 400 });
  }
  // nor one of a run of CI, whose tokens cannot be refreshed
  for (const commitment of ["aud", "gq"] as const) {
    const ci = await setPkScene({ commitment, refreshed: true });
    const refreshed = await ci.laterIdToken();
    const token = await ci.token({ refreshed });
    await ci.admits(token, { now: NOW + 200 });
    await ci.refuses(token, "token_expired", { now: NOW + 400 });
  }
});

Deno.test("each claim that a refreshed ID token must have as before is asked for", async () => {
  const scene = await setPkScene({ refreshed: true });
  const now = NOW + 400;
  for (
    const [reason, claims] of [
      ["token_expired", { exp: NOW + 370 }],
      ["token_expired", { iat: NOW }],
      ["token_expired", { iat: NOW - 1 }],
      ["token_not_yet_valid", { iat: NOW + 431 }],
      ["token_not_yet_valid", { nbf: NOW + 431 }],
      ["token_kind_unexpected", { act: {} }],
      ["key_not_bound", { sub: "u2" }],
      ["key_not_bound", { sub: undefined }],
      ["key_not_bound", { azp: CLIENT_ID }],
      ["key_not_bound", { auth_time: NOW + 200 }],
      ["key_not_bound", { nonce: "other" }],
      ["key_not_bound", { aud: [CLIENT_ID, "other"] }],
      ["audience_mismatch", { aud: "other" }],
      ["issuer_unknown", { iss: "https://other.example.edu" }],
      ["token_expired", { groups: undefined }],
      ["token_expired", { amr: undefined }],
      ["token_expired", { email_verified: undefined }],
    ] as const
  ) {
    const refreshed = await scene.laterIdToken(claims);
    await scene.refuses(await scene.token({ refreshed }), reason, { now });
  }
  for (
    const claims of [
      {},
      { aud: [CLIENT_ID] },
      { auth_time: undefined, jti: undefined },
      { at_hash: "a", extra: true },
    ]
  ) {
    const refreshed = await scene.laterIdToken(claims);
    await scene.admits(await scene.token({ refreshed }), { now });
  }
});

Deno.test("every token in a PK token is verified from the characters that were read", async () => {
  for (const commitment of COMMITMENTS) {
    const scene = await setPkScene({ commitment });
    const token = await scene.token();
    // each part, with one character of it replaced by another of the alphabet
    const parts = token.split(":");
    for (const [index, part] of parts.entries()) {
      for (const at of [0, Math.floor(part.length / 2), part.length - 2]) {
        const other = part[at] === "A" ? "B" : "A";
        const changed = parts.with(
          index,
          `${part.slice(0, at)}${other}${part.slice(at + 1)}`,
        );
        await assert.rejects(scene.verify(changed.join(":")), TokenError);
      }
    }
    await scene.admits(token);
  }
});

Deno.test("a plain token, and one of another sort, is not a PK token", async () => {
  const scene = await setPkScene();
  const plain = await signToken({
    signer: scene.signer,
    claims: scene.claims(),
  });
  await scene.refuses(plain, "token_malformed");
});
