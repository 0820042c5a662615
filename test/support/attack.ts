/**
 * What every attack shares: an issuer that says whatever the attack wants, a site that trusts it,
 * a trap where tokens point, and the checks that hold for every refusal.
 *
 * @module
 */
import assert from "node:assert/strict";
import { EXIT_CODES } from "../../src/pam/exit_code.ts";
import type { Reason } from "../../src/lib/reason.ts";

import {
  type ConnectionTrap,
  type HostileIssuer,
  startConnectionTrap,
  startHostileIssuer,
} from "./hostile_server.ts";
import {
  attempt,
  type AttemptOptions,
  type AttemptResult,
  createSite,
  type Site,
  type SiteOptions,
} from "./login.ts";
import { createSelfSigned } from "./self_signed.ts";
import {
  createSigner,
  encodeSegment,
  publicJwk,
  type Signer,
  signRaw,
  signToken,
  standardClaims,
} from "./tokens.ts";

export const AUDIENCE = "ssh-prod";

export interface SceneOptions
  extends
    Pick<SiteOptions, "audiences" | "issuerLines" | "ruleLines" | "lines"> {
  /** The one algorithm of the policy and of the honest key; ES256 unless given. */
  readonly alg?: string;
  /** `null`: the honest key and its tokens have no kid. */
  readonly kid?: string | null;
  /** What the issuer publishes instead of the honest key. */
  readonly keys?: readonly object[];
  /** Makes the key set, for attacks that need the honest key to make it. */
  readonly publish?: (honest: Signer) => Promise<object[]>;
  /** A second issuer in the policy, "partner". */
  readonly partner?: string;
}

export interface TokenParts {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: object;
  readonly signer?: Signer;
}

type LoginOptions = Omit<AttemptOptions, "policyFile" | "token">;

export interface Scene extends AsyncDisposable {
  readonly issuer: HostileIssuer;
  readonly site: Site;
  /** Where nobody must ever connect to. */
  readonly trap: ConnectionTrap;
  /** The issuer's own key. */
  readonly signer: Signer;
  /** Claims that admit alice, with overrides; `undefined` takes a claim away. */
  claims(
    overrides?: Readonly<Record<string, unknown>>,
  ): Record<string, unknown>;
  /** A token that admits alice, but for what is given. */
  token(parts?: TokenParts): Promise<string>;
  /** The same with the header or the payload written out: text, bytes or an object. */
  raw(
    parts: {
      readonly header?: string | object | Uint8Array;
      readonly payload?: string | object | Uint8Array;
      readonly signer?: Signer;
    },
  ): Promise<string>;
  /** One attempt; its log line is checked whatever comes out. */
  login(
    token: string | Uint8Array,
    options?: LoginOptions,
  ): Promise<AttemptResult>;
  /** Asserts that the token is refused for this reason, and that nobody went to the trap. */
  refuses(
    token: string | Uint8Array,
    reason: Reason,
    options?: LoginOptions,
  ): Promise<AttemptResult>;
  /** The same, and that nobody has asked the issuer for anything since the scene was set. */
  refusesUnasked(
    token: string | Uint8Array,
    reason: Reason,
    options?: LoginOptions,
  ): Promise<AttemptResult>;
  /** Asserts that the token is admitted: the good twin, without which a refusal proves nothing. */
  admits(
    token: string | Uint8Array,
    options?: LoginOptions,
  ): Promise<AttemptResult>;
}

/** The exit code that a reason must end with, written down a second time on purpose. */
const EXITS: Partial<Record<Reason, number>> = {
  allowed: 0,
  account_not_permitted: 10,
  issuer_unavailable: 9,
  issuer_refused: 3,
  policy_invalid: 3,
  internal_error: 4,
};

/** Sets the scene of an attack. Does not check that the attack's key set makes sense. */
export async function setScene(options: SceneOptions = {}): Promise<Scene> {
  const { alg = "ES256", kid = "k1", issuerLines = [] } = options;
  const signer = await createSigner(kid === null ? { alg } : { alg, kid });
  const authority = await createSelfSigned();
  const issuer = await startHostileIssuer({ authority });
  issuer.jwks = {
    keys: options.publish !== undefined
      ? await options.publish(signer)
      : options.keys !== undefined
      ? [...options.keys]
      : [await publicJwk(signer)],
  };
  const hasAlgorithms = issuerLines.some((l) => l.startsWith("algorithms:"));
  const site = await createSite({
    issuer: issuer.issuer,
    caPem: authority.caPem,
    audiences: options.audiences ?? [AUDIENCE],
    issuerLines: hasAlgorithms
      ? issuerLines
      : [`algorithms: [${alg}]`, ...issuerLines],
    ...(options.ruleLines ? { ruleLines: options.ruleLines } : {}),
    ...(options.lines ? { lines: options.lines } : {}),
  });
  if (options.partner !== undefined) await addPartner(site, options.partner);
  const trap = startConnectionTrap();

  const self: Scene = {
    issuer,
    site,
    trap,
    signer,
    claims: (overrides = {}) =>
      standardClaims({
        issuer: issuer.issuer,
        audience: AUDIENCE,
        ...overrides,
      }),
    token: (parts = {}) =>
      signToken({
        signer: parts.signer ?? signer,
        claims: self.claims(parts.claims),
        header: parts.header ?? {},
      }),
    raw: ({ header, payload, signer: by = signer }) =>
      signRaw({
        headerJson: header ?? { alg: by.alg, typ: "JWT", kid: by.kid },
        payload: payload ?? self.claims(),
        signer: by,
      }),
    async login(token, more = {}) {
      const result = await attempt({
        policyFile: site.policyFile,
        token,
        ...more,
      });
      assertDiscreet(result, token);
      return result;
    },
    async refuses(token, reason, more) {
      const result = await self.login(token, more);
      assert.equal(result.reason, reason, result.log);
      assert.equal(result.exitCode, EXITS[reason] ?? EXIT_CODES.auth_err);
      assert.equal(trap.connections, 0, "somebody went where the token points");
      return result;
    },
    async refusesUnasked(token, reason, more) {
      const result = await self.refuses(token, reason, more);
      assert.equal(issuer.connections, 0, "the issuer was asked");
      return result;
    },
    async admits(token, more) {
      const result = await self.login(token, more);
      assert.equal(result.reason, "allowed", result.log);
      assert.equal(result.exitCode, 0);
      return result;
    },
    async [Symbol.asyncDispose]() {
      await trap[Symbol.asyncDispose]();
      await issuer.close();
      await site[Symbol.asyncDispose]();
    },
  };
  return self;
}

/**
 * One line in the log and nothing for the user; nothing of the token in either, and no control
 * character with which a token could write a line of its own.
 */
export function assertDiscreet(
  { log, stdout, reason }: AttemptResult,
  token: string | Uint8Array,
): void {
  const decision = reason === "allowed" ? "allow" : "deny";
  assert.ok(
    log.startsWith(`oauth-pam: decision=${decision} reason=${reason} `),
    log,
  );
  assert.match(log, /^[\x20-\x7e]+\n$/, "one line of printable ASCII");
  assert.ok(log.length < 1500, `the log line has ${log.length} characters`);
  assert.equal(stdout, "");
  const secret = typeof token === "string"
    ? token
    : new TextDecoder("latin1").decode(token);
  if (secret.trim() !== "" && secret.length < 20) {
    assert.ok(!log.includes(secret), `the log holds the token: ${log}`);
  }
  for (let start = 0; start + 20 <= log.length; start++) {
    const piece = log.slice(start, start + 20);
    assert.ok(!secret.includes(piece), `the log holds "${piece}" of the token`);
  }
}

/** A token of exactly so many characters, by members that mean nothing. */
export async function tokenOfLength(
  scene: Scene,
  length: number,
  parts: TokenParts = {},
): Promise<string> {
  const padded = (inHeader: number, inClaims: number) =>
    scene.token({
      ...parts,
      header: { ...parts.header, x: "x".repeat(inHeader) },
      claims: { ...parts.claims, x: "x".repeat(inClaims) },
    });
  const bare = (await padded(0, 0)).length;
  const start = Math.max(0, Math.floor((length - bare) * 3 / 4) - 4);
  // base64url leaves out one length of four: two segments together reach every one
  for (let inHeader = 0; inHeader < 4; inHeader++) {
    for (let inClaims = start; inClaims < start + 8; inClaims++) {
      const token = await padded(inHeader, inClaims);
      if (token.length === length) return token;
    }
  }
  throw new Error(
    `no token has ${length} characters, the shortest has ${bare}`,
  );
}

/** The token with one segment replaced, its signature as it was. */
export function withSegment(
  token: string,
  index: 0 | 1 | 2,
  value: string | object | Uint8Array,
): string {
  return token.split(".").map((segment, at) =>
    at === index ? encodeSegment(value) : segment
  ).join(".");
}

/** JSON text of an object with one more member, written out as it is given. */
export function withMember(value: object, member: string): string {
  return `${JSON.stringify(value).slice(0, -1)},${member}}`;
}

async function addPartner(site: Site, issuer: string): Promise<void> {
  const policy = await Deno.readTextFile(site.policyFile);
  const partner = `  partner:
    issuer: ${issuer}
    audiences: [${AUDIENCE}]
    algorithms: [ES256]
    ca_file: ${site.directory}/ca.pem
rules:
`;
  await Deno.writeTextFile(
    site.policyFile,
    policy.replace(/^rules:\n/m, () => partner),
  );
}
