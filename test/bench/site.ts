/**
 * What all measured logins share: an issuer, its tokens, a log socket, an account, policies.
 *
 * @module
 */
import { createAuthority } from "../support/certificates.ts";
import {
  type HostileIssuer,
  startHostileIssuer,
} from "../support/hostile_server.ts";
import {
  createCertificate,
  createKey,
  createPkToken,
} from "../support/opkssh.ts";
import { type Account, ordinaryAccount } from "../support/sshd.ts";
import { listenSyslog } from "../support/syslog.ts";
import {
  createSigner,
  publicJwk,
  type Signer,
  signToken,
} from "../support/tokens.ts";
import type { Witness } from "./subject.ts";

export const AUDIENCE = "ssh-prod";

export interface Site extends Witness, AsyncDisposable {
  /** A folder for whatever is made. */
  readonly root: string;
  readonly ca: string;
  readonly issuer: HostileIssuer;
  /** An issuer whose tokens come in certificates, with the same keys. */
  readonly certifying: HostileIssuer;
  readonly account: Account;
  /** RS256 and ES256, both published. */
  readonly signers: { readonly RS256: Signer; readonly ES256: Signer };
  /** What a program sees at a login of the account, with `type` auth. */
  readonly environment: Readonly<Record<string, string>>;
  /** A good one for the account, small enough for pam_exec when it is ES256. */
  token(options?: TokenOptions): Promise<string>;
  /** A certificate of the account's that carries a token of `certifying`. */
  certificate(): Promise<{ readonly base64: string; readonly type: string }>;
  /** Writes a policy that admits the account and makes its folders; answers its path. */
  policy(name: string, options?: PolicyOptions): Promise<string>;
  /** The cache directory of a policy. */
  cache(name: string): string;
}

export interface TokenOptions {
  readonly alg?: "RS256" | "ES256";
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Signs in place of the issuer. */
  readonly signer?: Signer;
}

export interface PolicyOptions {
  /** Identifier of the issuer; the site's own by default. */
  readonly issuer?: string;
  /** Lines below `issuers:`, beside the one issuer. */
  readonly moreIssuers?: string;
  /** Lines below `rules:`, before the one that admits. */
  readonly moreRules?: string;
  /** In place of `claim: preferred_username`. */
  readonly account?: string;
}

export async function startSite(): Promise<Site> {
  const root = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "oauth-pam-bench-" }),
  );
  const authority = await createAuthority();
  const issuer = await startHostileIssuer({ authority });
  const certifying = await startHostileIssuer({ authority });
  const log = await listenSyslog();
  const account = await ordinaryAccount();
  const signers = {
    RS256: await createSigner({ alg: "RS256", kid: "bench" }),
    ES256: await createSigner({ alg: "ES256", kid: "small" }),
  };
  issuer.jwks = {
    keys: [await publicJwk(signers.RS256), await publicJwk(signers.ES256)],
  };
  certifying.jwks = issuer.jwks;
  const ca = `${root}/ca.pem`;
  await Deno.writeTextFile(ca, authority.caPem);
  const claims = () => ({
    iss: issuer.issuer,
    aud: AUDIENCE,
    sub: "u1",
    iat: Math.floor(Date.now() / 1000),
    exp: Math.floor(Date.now() / 1000) + 3600,
    email_verified: true,
    groups: ["staff"],
    preferred_username: account.name,
  });
  const cache = (name: string) => `${root}/${name}.cache`;
  return {
    ...{ root, ca, issuer, certifying, log, account, signers, cache },
    requests: () => issuer.requests.length + certifying.requests.length,
    environment: {
      PAM_USER: account.name,
      PAM_SERVICE: "sshd",
      PAM_TYPE: "auth",
      PAM_RHOST: "192.0.2.7",
      OAUTH_PAM_CONVERSATION: "1-1",
      OAUTH_PAM_ACCOUNT: `${account.uid}:${account.name}`,
    },
    token: ({ alg = "RS256", claims: more, signer } = {}) =>
      signToken({
        signer: signer ?? signers[alg],
        claims: { ...claims(), ...more },
      }),
    async certificate() {
      const key = await createKey("Ed25519");
      const pkToken = await createPkToken({
        key,
        signer: signers.RS256,
        claims: {
          ...claims(),
          iss: certifying.issuer,
          jti: crypto.randomUUID(),
        },
      });
      return await createCertificate(key, pkToken);
    },
    async policy(name, options = {}) {
      const file = `${root}/${name}.yaml`;
      const keys = `${root}/${name}.keys`;
      await Deno.mkdir(cache(name), { mode: 0o700, recursive: true });
      await Deno.mkdir(keys, { mode: 0o700, recursive: true });
      const text = policyText({
        issuer: issuer.issuer,
        ...options,
        certifying: certifying.issuer,
        ...{ ca, keys, cache: cache(name), socket: log.socket },
      });
      await Deno.writeTextFile(file, text, { mode: 0o600 });
      return file;
    },
    async [Symbol.asyncDispose]() {
      await log[Symbol.asyncDispose]();
      await issuer.close();
      await certifying.close();
      await account[Symbol.asyncDispose]();
      await Deno.remove(root, { recursive: true });
    },
  };
}

function policyText(
  parts:
    & PolicyOptions
    & {
      readonly [
        name in "issuer" | "certifying" | "ca" | "cache" | "keys" | "socket"
      ]: string;
    },
): string {
  return `version: 1
issuers:
  bench:
    issuer: ${parts.issuer}
    audiences: [${AUDIENCE}]
    algorithms: [RS256, ES256]
    ca_file: ${parts.ca}
  certifying:
    issuer: ${parts.certifying}
    audiences: [${AUDIENCE}]
    ca_file: ${parts.ca}
    ssh_certificates: {}
${parts.moreIssuers ?? ""}rules:
${parts.moreRules ?? ""}  staff:
    when: {groups: {any: [staff]}, email_verified: true}
    accounts: [{${parts.account ?? "claim: preferred_username"}}]
cache: {directory: ${parts.cache}, ssh_keys_directory: ${parts.keys}}
log: {socket: ${parts.socket}}
`;
}
