/**
 * A site that admits by PK tokens, without a network: an issuer, its client, alice's key, and the
 * checks that tests and attacks share.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Reason } from "../../src/lib/reason.ts";
import {
  readCertificate,
  requireSelfSigned,
} from "../../src/ssh/certificate.ts";
import { TokenError } from "../../src/token/errors.ts";
import type { Evidence } from "../../src/token/evidence.ts";
import type { PkIssuer } from "../../src/token/pk_binding.ts";
import {
  parsePkToken,
  type UnverifiedPkToken,
  verifyPkToken,
} from "../../src/token/pk_token.ts";
import {
  type CertificateFields,
  createCertificate,
  createKey,
  createPkToken,
  type Curve,
  type PkTokenOptions,
  type SshKey,
} from "./opkssh.ts";
import {
  createSigner,
  publicJwk,
  type Signer,
  signToken,
  standardClaims,
} from "./tokens.ts";

export const NOW = 1_767_268_800;
export const ISSUER = "https://login.example.edu";
export const CLIENT_ID = "opkssh";
/** With which audiences of tokens for GQ commitments begin. */
export const GQ_AUDIENCE = "OPENPUBKEY-PKTOKEN:prod";

type Commitment = PkIssuer["ssh_certificates"]["commitment"];

export interface PkSceneOptions {
  readonly commitment?: Commitment;
  readonly lifetime?: number | null;
  readonly refreshed?: boolean;
  /** Of the policy's issuer. */
  readonly issuer?: Partial<PkIssuer>;
  readonly curve?: Curve;
  /** Of the issuer's key: ES256, or RS256 where there are proofs. */
  readonly alg?: string;
}

type TokenChanges = Partial<Omit<PkTokenOptions, "claims">> & {
  readonly claims?: Readonly<Record<string, unknown>>;
};

export interface PkScene {
  readonly policy: PkIssuer;
  readonly signer: Signer;
  readonly key: SshKey;
  /** How often keys were asked for. */
  readonly asked: { count: number };
  claims(changes?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** A PK token that is good but for what is given. */
  token(changes?: TokenChanges): Promise<string>;
  /** An ID token of the same user that the issuer gave later. */
  laterIdToken(
    claims?: Readonly<Record<string, unknown>>,
    options?: { readonly signer?: Signer; readonly header?: object },
  ): Promise<string>;
  /** What the token proves in a certificate of alice's key, read and verified as at a login. */
  verify(token: string, options?: VerifyOptions): Promise<Evidence>;
  admits(token: string, options?: VerifyOptions): Promise<Evidence>;
  /** Gives the message. */
  refuses(
    token: string,
    reason: Reason,
    options?: VerifyOptions,
  ): Promise<string>;
}

interface VerifyOptions {
  readonly now?: number;
  /** The key of the certificate. */
  readonly key?: SshKey;
  /** Newer keys that the issuer publishes. */
  readonly newer?: readonly Signer[];
  readonly certificate?: CertificateFields;
}

export async function setPkScene(
  options: PkSceneOptions = {},
): Promise<PkScene> {
  const { commitment = "nonce", curve = "Ed25519" } = options;
  const proven = commitment === "aud" || commitment === "gq";
  const alg = options.alg ?? (proven ? "RS256" : "ES256");
  const signer = await createSigner({ alg, kid: "k1" });
  const key = await createKey(curve);
  const audience = commitment === "gq" ? GQ_AUDIENCE : CLIENT_ID;
  const policy: PkIssuer = {
    name: "campus",
    kind: "jwt",
    issuer: ISSUER,
    audiences: [audience],
    algorithms: [alg],
    types: ["JWT"],
    clock_skew: 30,
    max_token_age: 3600,
    scopes: [],
    allow_confirmation: false,
    allow_delegation: false,
    ssh_certificates: {
      commitment,
      lifetime: options.lifetime ?? null,
      refreshed: options.refreshed ?? false,
    },
    ...options.issuer,
  };
  const asked = { count: 0 };
  const claims: PkScene["claims"] = (changes = {}) =>
    standardClaims({
      issuer: ISSUER,
      audience,
      now: NOW,
      jti: "j1",
      ...changes,
    });
  const verify: PkScene["verify"] = async (token, options = {}) => {
    const { now = NOW, key: certified = key } = options;
    const { type, base64 } = await createCertificate(
      certified,
      token,
      options.certificate,
    );
    const certificate = readCertificate(base64, type);
    await requireSelfSigned(certificate, { now });
    assert.ok(certificate.pkToken !== null);
    const parsed: UnverifiedPkToken = parsePkToken(certificate.pkToken);
    assert.equal(parsed.iss, ISSUER);
    const newer = await Promise.all(
      (options.newer ?? []).map((each) => publicJwk(each)),
    );
    return await verifyPkToken(parsed, {
      key: certificate.key.jwk,
      issuer: policy,
      now,
      keys: {
        current: async () => {
          asked.count++;
          return { keys: [await publicJwk(signer)], warnings: [] };
        },
        refreshed: () => {
          asked.count++;
          return Promise.resolve(newer.length === 0 ? null : newer);
        },
      },
    });
  };
  return {
    policy,
    signer,
    key,
    asked,
    claims,
    verify,
    token: (changes = {}) =>
      createPkToken({
        key,
        signer,
        commitment,
        ...changes,
        claims: claims(changes.claims),
      }),
    laterIdToken: (changes = {}, options = {}) =>
      signToken({
        signer: options.signer ?? signer,
        header: options.header ?? {},
        claims: claims({
          now: NOW + 240,
          jti: "j2",
          auth_time: NOW - 60,
          ...changes,
        }),
      }),
    async admits(token, options) {
      const evidence = await verify(token, options);
      assert.equal(evidence.issuer, policy.name);
      assert.equal(evidence.claims.sub, "u1");
      return evidence;
    },
    async refuses(token, reason, options) {
      try {
        await verify(token, options);
      } catch (error) {
        assert.ok(error instanceof TokenError, String(error));
        assert.equal(error.code, reason, error.message);
        // whole in the log
        assert.ok(error.message.length + 4 <= 200, error.message);
        return error.message;
      }
      return assert.fail(`it is admitted, and not refused as ${reason}`);
    },
  };
}
