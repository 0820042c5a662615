/**
 * A site whose policy trusts the Globus Auth stand-in, and logins to it.
 *
 * @module
 */
import { createAuthority } from "./certificates.ts";
import { type GlobusStandIn, startGlobus } from "./globus.ts";
import {
  attempt,
  type AttemptOptions,
  type AttemptResult,
  createSite,
  type Site,
} from "./login.ts";

export interface GlobusScene extends AsyncDisposable {
  readonly globus: GlobusStandIn;
  readonly site: Site;
  /** Holds the client's secret. */
  readonly secretFile: string;
  /** One more with the same policy, but for its folder. */
  anotherSite(): Promise<Site>;
  /** One login; a good token of Alice's unless given. */
  attempt(options?: Partial<AttemptOptions>): Promise<AttemptResult>;
}

export interface GlobusSceneOptions {
  readonly fqdns?: readonly string[];
  readonly issuerLines?: readonly string[];
  /** Of the rule "staff", which maps usernames of example.edu. */
  readonly ruleLines?: readonly string[];
  readonly lines?: readonly string[];
}

/** Does not check that the lines make a policy. */
export async function createGlobusScene(
  options: GlobusSceneOptions = {},
): Promise<GlobusScene> {
  const authority = await createAuthority();
  const globus = await startGlobus({ authority });
  const folder = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "oauth-pam-globus-" }),
  );
  const secretFile = `${folder}/secret`;
  await Deno.writeTextFile(secretFile, `${globus.clientSecret}\n`, {
    mode: 0o600,
  });
  const anotherSite = () =>
    createSite({
      issuer: globus.issuer,
      caPem: authority.caPem,
      audiences: [globus.clientId],
      issuerLines: [
        "kind: globus",
        `client_id: ${globus.clientId}`,
        `client_secret_file: ${secretFile}`,
        `fqdns: ${JSON.stringify(options.fqdns ?? [])}`,
        ...options.issuerLines ?? [],
      ],
      ruleLines: [
        '  - {identity: username, strip_suffix: "@example.edu"}',
        ...options.ruleLines ?? [],
      ],
      lines: options.lines ?? [],
    });
  const site = await anotherSite();
  return {
    anotherSite,
    globus,
    site,
    secretFile,
    attempt: async (given = {}) =>
      await attempt({
        policyFile: site.policyFile,
        token: given.token ?? globus.issue(),
        ...given,
      }),
    async [Symbol.asyncDispose]() {
      await globus[Symbol.asyncDispose]();
      await site[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
