/**
 * The header by which the client of a PK token (CIC, "client instance claims") names its key.
 *
 * @module
 */
import { compactVerify, type JWK } from "@panva/jose";
import { TokenError } from "./errors.ts";
import { isObject } from "../lib/json.ts";
import { publicPart, selectKey } from "./signing_key.ts";
import type { JsonObject } from "./strict_json.ts";

/** A public key of the two kinds that certificates have, as a JWK. */
export interface CertifiedJwk {
  readonly kty: "OKP" | "EC";
  readonly crv: "Ed25519" | "P-256";
  readonly x: string;
  readonly y?: string;
}

/** The algorithm that goes with each curve. */
const ALGORITHMS = { "Ed25519": "EdDSA", "P-256": "ES256" } as const;

/** What a public JWK of these kinds consists of; compared whole. */
const KEY_MEMBERS = ["kty", "crv", "x", "y"] as const;

/** RFC 7517 section 9.3, RFC 7518 section 6: whoever shows these has lost the key. */
const SECRET_MEMBERS = ["d", "k", "p", "q", "dp", "dq", "qi", "oth"];

const MAX_MEMBERS = 16;

/**
 * Demands that a CIC header is one, that its key is the certificate's, and that this key has signed.
 * `compact` is the JWS of header, payload and signature. Throws {@link TokenError}: `key_not_bound`
 * where it names another key. Gives the header that the key has signed: whoever goes on with it has waited.
 *
 * Does not check that anybody has committed to it.
 */
export async function verifyClient(
  { compact, header }: {
    readonly compact: string;
    readonly header: JsonObject;
  },
  key: CertifiedJwk,
): Promise<JsonObject> {
  const { alg, rz, upk } = header;
  const { upk: _, ...texts } = header;
  if (!isObject(upk) || !isPlain(texts) || !isPlain(upk)) {
    throw malformed("holds something else than a key and texts");
  }
  if (typeof rz !== "string" || !/^[0-9a-f]{64}$/i.test(rz)) {
    throw malformed('has no random value "rz"');
  }
  if (upk.alg !== alg) {
    throw malformed('names another algorithm than its key "upk"');
  }
  if (!isPublicKey(upk, key)) {
    throw new TokenError(
      "key_not_bound",
      "the token names another key than the one of the certificate, or shows a private one",
    );
  }
  const algorithm = ALGORITHMS[key.crv];
  if (alg !== algorithm) {
    throw malformed("names an algorithm that does not go with its key");
  }
  // of small order, for instance: everybody could sign for it
  if (selectKey([{ ...key }], { algorithm, keyId: null }) === null) {
    throw new TokenError(
      "key_not_bound",
      "the certificate's key is one that anybody can sign with",
    );
  }
  try {
    const algorithms = [algorithm];
    const jwk = publicPart({ ...key }) as JWK;
    const { payload } = await compactVerify(compact, jwk, { algorithms });
    if (payload.length > 0) return header;
  } catch {
    // said below
  }
  throw new TokenError(
    "signature_invalid",
    "the client's signature is not by the key that it names",
  );
}

/**
 * Whether a JWK is this public key: the members of its thumbprint (RFC 7638 section 3.2) are the same,
 * and nothing of a private key stands beside them. Other members, such as "alg", do not count.
 */
export function isPublicKey(jwk: unknown, key: CertifiedJwk): boolean {
  return isObject(jwk) &&
    KEY_MEMBERS.every((name) => jwk[name] === key[name]) &&
    !SECRET_MEMBERS.some((name) => Object.hasOwn(jwk, name));
}

/**
 * Whether it holds texts alone, which canonical JSON is defined for: names in ASCII, values without
 * control characters.
 */
function isPlain(members: JsonObject): members is Record<string, string> {
  const entries = Object.entries(members);
  return entries.length <= MAX_MEMBERS &&
    entries.every(([name, value]) =>
      /^[\x20-\x7e]+$/.test(name) && typeof value === "string" &&
      // deno-lint-ignore no-control-regex -- they are what is refused
      !/[\x00-\x1f\x7f]/.test(value)
    );
}

function malformed(why: string): TokenError {
  return new TokenError("token_malformed", `the client's header (CIC) ${why}`);
}
