/**
 * An issuer that does as it is told, a site whose policy trusts it, and tokens that the
 * policy admits: the starting point of most tests of a whole login.
 *
 * @module
 */
import { createAuthority } from "./certificates.ts";
import { type HostileIssuer, startHostileIssuer } from "./hostile_server.ts";
import {
  attempt,
  type AttemptOptions,
  type AttemptResult,
  createSite,
  type Site,
  type SiteOptions,
} from "./login.ts";
import {
  createSigner,
  publicJwk,
  type Signer,
  signToken,
  standardClaims,
} from "./tokens.ts";

export interface Scene extends AsyncDisposable {
  readonly server: HostileIssuer;
  readonly site: Site;
  readonly caPem: string;
  /** ES256, published as "k1". */
  readonly signer: Signer;
  /** A token that the policy admits as alice; claims and header as in `signToken()`. */
  token(
    options?: { claims?: Record<string, unknown>; header?: object },
  ): Promise<string>;
  /** One login with the site's policy; a good token unless given. */
  attempt(options?: Partial<AttemptOptions>): Promise<AttemptResult>;
}

/** Does not check that the lines make a policy. */
export async function createScene(
  options: Partial<SiteOptions> = {},
): Promise<Scene> {
  const authority = await createAuthority();
  const server = await startHostileIssuer({ authority });
  const signer = await createSigner({ alg: "ES256", kid: "k1" });
  server.jwks = { keys: [await publicJwk(signer)] };
  const site = await createSite({
    issuer: server.issuer,
    caPem: authority.caPem,
    ...options,
    issuerLines: ["algorithms: [ES256]", ...options.issuerLines ?? []],
  });
  const token: Scene["token"] = ({ claims = {}, header = {} } = {}) =>
    signToken({
      signer,
      header,
      claims: standardClaims({
        issuer: server.issuer,
        audience: "ssh-prod",
        ...claims,
      }),
    });
  return {
    server,
    site,
    caPem: authority.caPem,
    signer,
    token,
    attempt: async (given = {}) =>
      await attempt({
        policyFile: site.policyFile,
        token: given.token ?? await token(),
        ...given,
      }),
    async [Symbol.asyncDispose]() {
      await server.close();
      await site[Symbol.asyncDispose]();
    },
  };
}
