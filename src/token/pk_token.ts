/**
 * OpenPubkey's PK tokens: an ID token that commits to a key, and the signature of that key.
 *
 * @module
 */
import { AccessToken } from "./access_token.ts";
import { checkClaims, type ClaimExpectations } from "./claim_checks.ts";
import { parseCompactJws, type UnverifiedJws } from "./compact_jws.ts";
import { decodeBase64url } from "../lib/base64url.ts";
import { TokenError } from "./errors.ts";
import type { Evidence } from "./evidence.ts";
import { GQ256, verifyGq } from "./gq.ts";
import {
  mediaType,
  type PublishedKeys,
  type SignatureCheck,
  signedClaims,
} from "./jwt.ts";
import {
  checkBinding,
  checkIdToken,
  expectationsOf,
  type PkIssuer,
  typesOf,
} from "./pk_binding.ts";
import { type CertifiedJwk, verifyClient } from "./pk_client.ts";
import { pkCommitment } from "./pk_commitment.ts";
import { checkRefreshed } from "./pk_refreshed.ts";
import type { JsonObject } from "./strict_json.ts";
import { verified } from "./verified.ts";

/** Longest PK token that is read at all; each of its tokens is at most as long as any token. */
const MAX_CHARACTERS = 96 * 1024;

/** The `typ` of the client's signature and of a cosigner's; every other one is the issuer's. */
const CLIENT_TYPE = "CIC";
const COSIGNER_TYPE = "COS";

/** One of the signatures as a compact JWS. */
interface SignedPart {
  readonly token: AccessToken;
  readonly jws: UnverifiedJws;
}

/** What a PK token says. Nothing in here is verified. */
export interface UnverifiedPkToken {
  /** `iss` of the ID token. */
  readonly iss: string;
  /** The ID token: as the issuer has signed it, or with a GQ proof instead. */
  readonly issued: SignedPart;
  readonly client: SignedPart;
  readonly cosigned: boolean;
  /** A later ID token. */
  readonly refreshed: SignedPart | null;
}

/**
 * Takes a PK token in its compact form apart: payload, then header and signature of the issuer, of the
 * client and perhaps of a cosigner, by ":"; perhaps a refreshed ID token after ".". Throws
 * {@link TokenError}.
 *
 * Does not check any signature, algorithm or claim.
 */
export function parsePkToken(text: string): UnverifiedPkToken {
  if (text.length > MAX_CHARACTERS) {
    throw malformed(
      `it has ${text.length} characters, at most ${MAX_CHARACTERS} are read`,
    );
  }
  const end = text.indexOf(".");
  const refreshed = end < 0 ? null : part(text.slice(end + 1));
  const [payload = "", ...rest] = text.slice(0, end < 0 ? undefined : end)
    .split(":");
  if (rest.length % 2 !== 0 || rest.length < 2 || rest.length > 6) {
    throw malformed(
      `it has ${rest.length} parts behind its payload instead of 2 for each of 2 or 3 signatures`,
    );
  }
  const parts: SignedPart[] = [];
  for (let at = 0; at < rest.length; at += 2) {
    const read = parts[0]?.jws.payload;
    parts.push(part(`${rest[at]}.${payload}.${rest[at + 1]}`, read));
  }
  const {
    [CLIENT_TYPE]: clients = [],
    [COSIGNER_TYPE]: cosigners = [],
    issuer = [],
  } = Object.groupBy(
    parts,
    ({ jws: { header: { typ } } }) =>
      typ === CLIENT_TYPE || typ === COSIGNER_TYPE ? typ : "issuer",
  );
  const [issued, ...others] = issuer;
  const [client, ...strangers] = clients;
  if (issued === undefined || others.length > 0) {
    throw malformed(
      `it has ${issuer.length} signatures of an issuer instead of 1`,
    );
  }
  if (client === undefined || strangers.length > 0) {
    throw malformed(
      `it has ${clients.length} signatures of a client instead of 1`,
    );
  }
  // of at most three signatures, so that there is no second cosigner
  const { iss } = issued.jws.payload;
  if (iss === undefined || iss === null) {
    throw new TokenError("claim_missing", 'the claim "iss" is missing');
  }
  if (typeof iss !== "string") throw malformed('"iss" is not a string');
  return { iss, issued, client, cosigned: cosigners.length > 0, refreshed };
}

/** `read` is what the payload was read as before, as part of another one. */
function part(compact: string, read?: JsonObject): SignedPart {
  const token = new AccessToken(compact);
  return { token, jws: parseCompactJws(token, read) };
}

interface PkVerification {
  /** The key of the certificate. */
  readonly key: CertifiedJwk;
  readonly issuer: PkIssuer;
  readonly keys: PublishedKeys;
  /** Seconds since the epoch. */
  readonly now: number;
}

/**
 * Verifies a PK token for the key of a certificate: the client's signature is by that key, the ID
 * token's by the issuer's (or the proof of it, where the policy's commitment demands one), and the ID
 * token names the key where the policy says. Its claims are judged as those of any token, but for how
 * long it serves. Throws {@link TokenError}, also for an issuer of another kind, and whatever `keys`
 * throws.
 *
 * Does not check who has the private key, revocation, or whether anybody may log in with it.
 */
export async function verifyPkToken(
  token: UnverifiedPkToken,
  { key, issuer, keys, now }: PkVerification,
): Promise<Evidence> {
  const { kind, name, ssh_certificates: { commitment: place } } = issuer;
  if (kind !== "jwt") {
    const message = `the tokens of "${name}" are not plain JWTs but "${kind}"`;
    throw new TokenError("token_kind_unexpected", message);
  }
  const { issued } = token;
  const header = await clientHeader(token, key);
  const judged = { ...issuer, types: typesOf(issuer, mediaType) };
  const proven = provenInstead(issued, place);
  const { claims, warnings } = await signedClaims(
    issued.token,
    { jws: proven?.jws ?? issued.jws, issuer: judged, keys },
    proven?.check,
  );
  const commitment = await pkCommitment(header);
  const binding = { commitment, key, place };
  checkBinding({ claims, header: issued.jws.header }, binding);
  const expected = expectationsOf(judged, commitment);
  checkIdToken(claims, expected);
  const evidence = {
    issuer: name,
    warnings: [...warnings, ...unread(token, issuer)],
  };
  const over = whyOver(claims, { issuer, expected, now });
  if (over === null) return verified({ ...evidence, claims });
  const { refreshed } = token;
  // runs of CI, whose ID tokens have proofs, do not refresh theirs
  const mayVouch = issuer.ssh_certificates.refreshed && proven === null;
  if (refreshed === null || !mayVouch) throw over;
  const { jws } = refreshed;
  // without a nonce, one that is typed as an access token would pass for one at a prompt
  const types = judged.types.filter((type) => mediaType(type) !== "at+jwt");
  const later = await signedClaims(refreshed.token, {
    jws,
    issuer: { ...judged, types },
    keys,
  });
  checkRefreshed(later.claims, { earlier: claims, expected, now });
  if (place === "cnf") {
    checkBinding({ claims: later.claims, header: jws.header }, binding);
  }
  return verified({ ...evidence, claims: later.claims });
}

const begun = new WeakMap<
  UnverifiedPkToken,
  { readonly key: CertifiedJwk; readonly header: Promise<JsonObject> }
>();

/**
 * Begins to verify the client's signature, which needs no issuer: {@link verifyPkToken} goes on with it
 * for this very token and key, and tells what is wrong. Never throws.
 */
export function beginPkToken(
  token: UnverifiedPkToken,
  key: CertifiedJwk,
): void {
  const header = clientHeader(token, key);
  header.catch(() => {});
  begun.set(token, { key, header });
}

/** The client's header as the key has signed it. Rejects as {@link verifyClient} does. */
function clientHeader(
  token: UnverifiedPkToken,
  key: CertifiedJwk,
): Promise<JsonObject> {
  const earlier = begun.get(token);
  if (earlier?.key === key) return earlier.header;
  const { client } = token;
  const compact = client.token.reveal();
  return verifyClient({ compact, header: client.jws.header }, key);
}

/**
 * What stands in the place of the issuer's signature where the policy demands a proof: the header that
 * the issuer has signed, and how the proof is checked. `null` where it demands a signature. Throws
 * {@link TokenError}.
 */
function provenInstead(
  { token, jws }: SignedPart,
  place: PkIssuer["ssh_certificates"]["commitment"],
): { jws: UnverifiedJws; check: SignatureCheck } | null {
  const demanded = place === "aud" || place === "gq";
  if (demanded !== (jws.algorithm === GQ256)) {
    const message = demanded
      ? `the commitment "${place}" needs a proof ("${GQ256}") instead of the issuer's signature`
      : `the commitment "${place}" needs the issuer's signature instead of a proof ("${GQ256}")`;
    throw new TokenError("algorithm_not_allowed", message);
  }
  if (!demanded) return null;
  const { typ } = jws.header;
  const known = ["alg", "typ", "kid", ...place === "gq" ? ["cic"] : []];
  const original = jws.keyId;
  if (
    original === null || typeof typ !== "string" || mediaType(typ) !== "jwt" ||
    !Object.keys(jws.header).every((member) => known.includes(member))
  ) {
    throw malformed("its proof has another header than such proofs have");
  }
  const [header, payload = "", proof = ""] = token.reveal().split(".");
  const { jws: signed } = part(`${original}.${payload}.${proof}`, jws.payload);
  if (signed.algorithm !== "RS256") {
    const message = "the proof is of another signature than one by RS256";
    throw new TokenError("algorithm_not_allowed", message);
  }
  const check: SignatureCheck = async (_token, { key }) => {
    const bytes = decodeBase64url(proof);
    const claims = decodeBase64url(payload);
    const good = bytes !== null && claims !== null && await verifyGq(bytes, {
      key,
      identity: `${original}.${payload}`,
      message: `${header}.${payload}`,
    });
    if (good) return claims;
    throw new TokenError(
      "signature_invalid",
      "the proof is not of a signature by the issuer's key",
    );
  };
  return { jws: signed, check };
}

/**
 * Judges the claims, and gives why their time is over, `null` while it is not. Throws
 * {@link TokenError} for everything else.
 */
function whyOver(
  claims: JsonObject,
  { issuer, expected, now }: {
    readonly issuer: PkIssuer;
    readonly expected: ClaimExpectations;
    readonly now: number;
  },
): TokenError | null {
  const { lifetime } = issuer.ssh_certificates;
  // an end that is not there yet: `exp` is not what decides
  const endless = Object.assign(Object.create(null), claims, { exp: now + 1 });
  checkClaims(endless, { ...expected, max_token_age: Infinity }, now);
  try {
    if (lifetime === null) checkClaims(claims, expected, now);
    else checkClaims(endless, { ...expected, max_token_age: lifetime }, now);
    return null;
  } catch (error) {
    const ends = ["token_expired", "token_too_old"];
    if (error instanceof TokenError && ends.includes(error.code)) return error;
    throw error;
  }
}

/** What the log should say of parts that nobody looks at. */
function unread(
  { cosigned, refreshed }: UnverifiedPkToken,
  { ssh_certificates }: PkIssuer,
): string[] {
  return [
    cosigned ? "the cosigner's signature is not looked at" : "",
    refreshed !== null && !ssh_certificates.refreshed
      ? 'the refreshed ID token is not looked at: "refreshed" is not set'
      : "",
  ].filter((warning) => warning !== "");
}

function malformed(why: string): TokenError {
  return new TokenError("token_malformed", `the PK token is malformed: ${why}`);
}
