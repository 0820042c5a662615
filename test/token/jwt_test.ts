/**
 * Verification without a network: keys come from the test.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { AccessToken } from "../../src/token/access_token.ts";
import { TokenError } from "../../src/token/errors.ts";
import {
  identifyIssuer,
  type JwtIssuer,
  type PublishedKeys,
  verifyJwt,
  verifySignedClaims,
} from "../../src/token/jwt.ts";
import {
  createSigner,
  publicJwk,
  type Signer,
  signToken,
  standardClaims,
} from "../support/tokens.ts";

const NOW = 1_767_268_800;
const ISSUER: JwtIssuer = {
  name: "campus",
  kind: "jwt",
  issuer: "https://login.example.edu",
  audiences: ["ssh-prod"],
  algorithms: ["ES256", "EdDSA", "RS256"],
  types: ["JWT"],
  clock_skew: 30,
  max_token_age: 3600,
  scopes: [],
  allow_confirmation: false,
  allow_delegation: false,
};

/** Serves the key sets one after the other and counts how often it was asked. */
function published(...sets: object[][]): PublishedKeys & { asked: number } {
  const keysOf = (index: number) => sets[index] as Record<string, unknown>[];
  const keys = {
    asked: 0,
    current: () => {
      keys.asked++;
      return Promise.resolve({ keys: keysOf(0), warnings: ["old"] });
    },
    refreshed: () => {
      keys.asked++;
      return Promise.resolve(keysOf(1) ?? null);
    },
  };
  return keys;
}

function tokenBy(
  signer: Signer,
  claims: object = {},
  header: object = {},
): Promise<string> {
  return signToken({
    signer,
    header,
    claims: standardClaims({
      issuer: ISSUER.issuer,
      audience: "ssh-prod",
      now: NOW,
      jti: "j1",
      ...claims,
    }),
  });
}

async function verify(
  text: string,
  keys: PublishedKeys,
  options: { issuer?: Partial<JwtIssuer>; verifier?: typeof verifyJwt } = {},
) {
  const token = new AccessToken(text);
  const issuer = { ...ISSUER, ...options.issuer };
  const { jws } = identifyIssuer(token, [issuer]);
  const verifier = options.verifier ?? verifyJwt;
  return await verifier(token, { jws, issuer, keys, now: NOW });
}

async function codeOf(result: Promise<unknown>): Promise<string> {
  try {
    await result;
    return "fine";
  } catch (error) {
    assert.ok(error instanceof TokenError, String(error));
    return error.code;
  }
}

Deno.test("verifyJwt() gives the claims, the issuer and what the log should say", async () => {
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  const keys = published([await publicJwk(signer)]);
  const evidence = await verify(await tokenBy(signer), keys);
  assert.equal(evidence.issuer, "campus");
  assert.equal(evidence.claims.sub, "u1");
  assert.equal(Object.getPrototypeOf(evidence.claims), null);
  assert.deepEqual(evidence.warnings, ["old"]);
  assert.equal(keys.asked, 1);
});

Deno.test("verifyJwt() says of a Graph token that nobody else can verify it", async () => {
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  const impostor = await createSigner({ alg: "ES256", kid: "k1" });
  const jwk = await publicJwk(signer);
  const header = { nonce: "AQABAAAAAAD" };
  const refused = async (token: string) => {
    try {
      await verify(token, published([jwk], [jwk]));
    } catch (error) {
      assert.ok(error instanceof TokenError);
      return [error.code, error.message];
    }
    return ["fine", ""];
  };
  const [code, message] = await refused(await tokenBy(impostor, {}, header));
  assert.equal(code, "signature_invalid");
  assert.match(message ?? "", /"nonce" in its header .* Microsoft Graph/);
  // whole in the log
  assert.ok((message ?? "").length + 4 <= 200, message);
  assert.deepEqual(await refused(await tokenBy(impostor)), [
    "signature_invalid",
    "the signature is not by the issuer's key",
  ]);
  // a member that means nothing where the signature fits
  assert.deepEqual(await refused(await tokenBy(signer, {}, header)), [
    "fine",
    "",
  ]);
});

Deno.test("verifyJwt() takes Ed25519 for EdDSA, in the policy, the header and the key set", async () => {
  const signer = await createSigner({ alg: "EdDSA", kid: "k1" });
  const names = ["EdDSA", "Ed25519"];
  for (const algorithm of names) {
    for (const alg of names) {
      for (const shown of [...names, undefined]) {
        const keys = published([await publicJwk(signer, { alg: shown })]);
        const token = await tokenBy(signer, {}, { alg });
        const issuer = { algorithms: [algorithm] };
        assert.equal(await codeOf(verify(token, keys, { issuer })), "fine");
      }
    }
  }
  const keys = published([await publicJwk(signer)]);
  for (const alg of ["Ed448", "ed25519", "eddsa", "ES256"]) {
    const token = await tokenBy(signer, {}, { alg });
    const issuer = { algorithms: ["EdDSA", "Ed25519"] };
    assert.equal(
      await codeOf(verify(token, keys, { issuer })),
      "algorithm_not_allowed",
    );
  }
  const token = await tokenBy(signer, {}, { alg: "Ed25519" });
  const issuer = { algorithms: ["ES256"] };
  assert.equal(
    await codeOf(verify(token, keys, { issuer })),
    "algorithm_not_allowed",
  );
});

for (const alg of ["ES256", "EdDSA", "RS256"]) {
  Deno.test(`verifyJwt() refuses a ${alg} token with any byte changed`, async () => {
    const signer = await createSigner({ alg, kid: "k1" });
    const keys = published([await publicJwk(signer)]);
    const token = await tokenBy(signer);
    assert.equal(await codeOf(verify(token, keys)), "fine");
    const position = fc.nat(token.length - 1);
    const character = fc.integer({ min: 0x21, max: 0x7e });
    await fc.assert(
      fc.asyncProperty(position, character, async (at, code) => {
        const char = String.fromCharCode(code);
        if (token[at] === char) return;
        const changed = token.slice(0, at) + char + token.slice(at + 1);
        assert.notEqual(await codeOf(verify(changed, keys)), "fine");
      }),
      { numRuns: 150 },
    );
  });
}

Deno.test("verifyJwt() refuses every token of which something is missing", async () => {
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  const keys = published([await publicJwk(signer)]);
  const token = await tokenBy(signer);
  for (let length = 0; length < token.length; length += 7) {
    assert.notEqual(await codeOf(verify(token.slice(0, length), keys)), "fine");
    assert.notEqual(
      await codeOf(verify(token.slice(length + 1), keys)),
      "fine",
    );
  }
});

Deno.test("verifyJwt() looks for newer keys once, and for the right reason", async () => {
  const old = await createSigner({ alg: "ES256", kid: "k1" });
  const next = await createSigner({ alg: "ES256", kid: "k2" });
  const [one, two] = [await publicJwk(old), await publicJwk(next)];
  const rotated = published([one], [two]);
  assert.equal(await codeOf(verify(await tokenBy(next), rotated)), "fine");
  assert.equal(rotated.asked, 2);
  const gone = published([one], [one]);
  assert.equal(
    await codeOf(verify(await tokenBy(next), gone)),
    "key_not_found",
  );
  const never = published([one]);
  assert.equal(
    await codeOf(verify(await tokenBy(next), never)),
    "key_not_found",
  );
});

Deno.test("verifyJwt() says which key is lacking, and for what", async () => {
  const other = await createSigner({ alg: "RS256", kid: "k1" });
  const message = async (header: { kid?: string }) => {
    const signer = await createSigner({ alg: "ES256", ...header });
    const keys = published([await publicJwk(other)]);
    try {
      await verify(await tokenBy(signer), keys);
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
    return "";
  };
  // published, but for another algorithm
  assert.equal(
    await message({ kid: "k1" }),
    'the issuer lacks the key "k1" for ES256, which the token names',
  );
  assert.equal(
    await message({}),
    "the issuer has no key for ES256, and the token names none",
  );
});

Deno.test("verifyJwt() looks once for a key that came in the place of the one that does not fit", async () => {
  for (const kid of ["k1", undefined]) {
    const named = kid === undefined ? {} : { kid };
    const [old, next, impostor] = await Promise.all(
      [1, 2, 3].map(() => createSigner({ alg: "ES256", ...named })),
    );
    assert.ok(old && next && impostor);
    const [one, two] = [await publicJwk(old), await publicJwk(next)];
    const cases = [
      [next, [one], [two], "fine", 2],
      [next, [one], [one], "signature_invalid", 2],
      [next, [one], undefined, "signature_invalid", 2],
      [next, [one], [], "signature_invalid", 2],
      [impostor, [one], [two], "signature_invalid", 2],
      [old, [one], [two], "fine", 1],
    ] as const;
    for (const [signer, current, newer, code, asked] of cases) {
      const keys = newer === undefined
        ? published([...current])
        : published([...current], [...newer]);
      const result = await codeOf(verify(await tokenBy(signer), keys));
      assert.deepEqual([result, keys.asked], [code, asked]);
    }
  }
});

Deno.test("verifyJwt() demands a subject of what says JWT, at+jwt or nothing", async () => {
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  const keys = published([await publicJwk(signer)]);
  const issuer = { types: ["JWT", "at+jwt", "wlcg+jwt"] };
  for (
    const [typ, code] of [
      [undefined, "claim_missing"],
      ["JWT", "claim_missing"],
      ["at+jwt", "claim_missing"],
      ["application/at+jwt", "claim_missing"],
      ["wlcg+jwt", "fine"],
    ] as const
  ) {
    for (const sub of [undefined, "", 5]) {
      const token = await tokenBy(signer, { sub }, { typ });
      const result = await codeOf(verify(token, keys, { issuer }));
      assert.equal(result, code, `${typ} ${sub}`);
    }
  }
});

Deno.test("verifyJwt() refuses algorithm, type and kind without asking for keys", async () => {
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  const keys = published([await publicJwk(signer)]);
  const token = await tokenBy(signer);
  for (
    const [issuer, code] of [
      [{ algorithms: ["RS256"] }, "algorithm_not_allowed"],
      [{ algorithms: [] }, "algorithm_not_allowed"],
      [{ types: ["at+jwt"] }, "type_not_allowed"],
      [{ types: [] }, "type_not_allowed"],
      [{ kind: "scitokens" }, "token_kind_unexpected"],
      [{ kind: "introspection" }, "token_kind_unexpected"],
      [{ kind: "" }, "token_kind_unexpected"],
    ] as const
  ) assert.equal(await codeOf(verify(token, keys, { issuer })), code);
  assert.equal(keys.asked, 0);
  const issuer = { kind: "scitokens" };
  const verifier = verifySignedClaims;
  assert.equal(await codeOf(verify(token, keys, { issuer, verifier })), "fine");
});

Deno.test("verifyJwt() judges the claims after the signature", async () => {
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  const keys = published([await publicJwk(signer)]);
  const expired = await tokenBy(signer, { exp: NOW - 31 });
  assert.equal(await codeOf(verify(expired, keys)), "token_expired");
  const impostor = await createSigner({ alg: "ES256", kid: "k1" });
  const both = await tokenBy(impostor, { exp: NOW - 31 });
  assert.equal(await codeOf(verify(both, keys)), "signature_invalid");
});

Deno.test("verifyJwt() passes on what the keys throw", async () => {
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  const failing: PublishedKeys = {
    current: () => Promise.reject(new RangeError("no keys")),
    refreshed: () => Promise.resolve(null),
  };
  await assert.rejects(verify(await tokenBy(signer), failing), RangeError);
});

Deno.test("identifyIssuer() finds the issuer by its exact name", async () => {
  const signer = await createSigner({ alg: "ES256" });
  const other = { ...ISSUER, name: "other", issuer: `${ISSUER.issuer}/` };
  const find = async (iss: unknown) =>
    identifyIssuer(new AccessToken(await tokenBy(signer, { iss })), [
      ISSUER,
      other,
    ]).issuer.name;
  assert.equal(await find(ISSUER.issuer), "campus");
  assert.equal(await find(`${ISSUER.issuer}/`), "other");
  for (const iss of [`${ISSUER.issuer}//`, "campus", "", "https://x"]) {
    assert.equal(await codeOf(find(iss)), "issuer_unknown");
  }
  for (const iss of [null, undefined]) {
    assert.equal(await codeOf(find(iss)), "claim_missing");
  }
  for (const iss of [[ISSUER.issuer], 1, {}]) {
    assert.equal(await codeOf(find(iss)), "token_malformed");
  }
});
