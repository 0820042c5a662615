/**
 * What is typed at the prompt, and what PAM says about the attempt.
 *
 * @module
 */
import { BlockList, isIP } from "node:net";
import { encodeSegment } from "../../support/tokens.ts";
import { isAlicesToken, members, utf8 } from "../oracle.ts";
import type { Target } from "../target.ts";
import { AUDIENCE, type World } from "../world.ts";

export const POLICY = `version: 1
issuers:
  campus:
    issuer: "@ISSUER@"
    audiences: [${AUDIENCE}]
    ca_file: "@ROOT@/ca.pem"
    algorithms: [ES256]
rules:
  staff:
    services: [sshd]
    rhosts: [192.0.2.0/24]
    when: {groups: {any: [staff]}, email_verified: true}
    accounts:
      - {claim: email, strip_suffix: "@example.edu"}
cache: {directory: "@ROOT@/cache"}
log: {socket: "@ROOT@/log"}
`;

const HEADER = { alg: "ES256", typ: "JWT", kid: "k1" };
const CLAIMS = {
  iss: "@ISSUER@",
  aud: AUDIENCE,
  sub: "u1",
  iat: "@NOW@",
  exp: "@NOW+300@",
  jti: "j1",
  auth_time: "@NOW-60@",
  email: "alice@example.edu",
  email_verified: true,
  groups: ["staff"],
};
const lines = (...documents: unknown[]) =>
  documents.map((each) => JSON.stringify(each)).join("\n");

export const TOKEN_WORDS = [
  ...["alg", "typ", "kid", "crit", "b64", "jwk", "zip", "cty", "none", "ES256"],
  ...["RS256", "HS256", "EdDSA", "JWT", "at+jwt", "secevent+jwt", "k1", "k2"],
  ...["iss", "aud", "sub", "iat", "exp", "nbf", "azp", "cnf", "act", "events"],
  ...["email", "groups", "staff", "alice@example.edu", "root", AUDIENCE],
  ...["@ISSUER@", "@ISSUER@/", "@NOW@", "@NOW-3600@", "@NOW+99999@", "1e400"],
  ...["__proto__", "constructor", "_claim_names", "client_id", "token_use"],
];

/** Whether what was typed is Alice's token: a mark of its end is not part of it. */
export async function isTypedToken(
  bytes: Uint8Array,
  world: World,
  audience = AUDIENCE,
): Promise<boolean> {
  const typed = utf8(bytes)?.replace(/[\n\0]$/, "");
  const key = world.signer.publicKey;
  return typed !== undefined && key !== undefined &&
    await isAlicesToken(typed, {
      issuer: world.issuer.issuer,
      audience,
      key,
    });
}

async function typed(bytes: Uint8Array<ArrayBuffer>, world: World) {
  const policy = await world.write("policy.yaml", POLICY);
  return { verb: "login", args: [policy], stdin: bytes } as const;
}

/** The bytes of a token that is signed as it stands, and then perhaps changed. */
export const token: Target = {
  name: "token",
  json: true,
  seeds: [lines(HEADER, CLAIMS)],
  words: TOKEN_WORDS,
  async encode(content, world) {
    const [header = "", claims = ""] = world.fill(content).split("\n");
    const input = `${encodeSegment(header)}.${encodeSegment(claims)}`;
    const signature = await world.signer.sign(new TextEncoder().encode(input));
    return `${input}.${encodeSegment(signature)}`;
  },
  place: typed,
  mayBeYes: (bytes, world) => isTypedToken(bytes, world),
};

/** The oauth-ssh client's envelope with a token in it. */
export const envelope: Target = {
  name: "envelope",
  json: true,
  seeds: [
    lines({ command: { op: "login", access_token: "@TOKEN@" } }),
    lines({ command: { op: "get_account_map", access_token: "@TOKEN@" } }),
    lines({ command: { op: "get_security_policy" } }),
  ],
  words: ["command", "op", "login", "access_token", "@TOKEN@", "__proto__"],
  async encode(content, world) {
    const text = world.fill(content).replaceAll("@TOKEN@", await world.token());
    return new TextEncoder().encode(text).toBase64();
  },
  place: typed,
  async mayBeYes(bytes, world) {
    if (await isTypedToken(bytes, world)) return true;
    try {
      const text = (utf8(bytes) ?? "").replace(/[\n\0]$/, "");
      const inner = utf8(Uint8Array.fromBase64(text)) ?? "";
      const { op, access_token } = members(inner)?.command as Record<
        string,
        unknown
      >;
      return op === "login" && typeof access_token === "string" &&
        await isTypedToken(new TextEncoder().encode(access_token), world);
    } catch {
      return false;
    }
  },
};

const NETWORK = new BlockList();
NETWORK.addSubnet("192.0.2.0", 24, "ipv4");

/** What pam_exec and the launcher hand over in the environment. */
export const environment: Target = {
  name: "environment",
  json: true,
  seeds: [
    lines({ PAM_TYPE: "auth" }),
    lines({ PAM_TYPE: "auth", PAM_USER: "alice", PAM_RHOST: "192.0.2.7" }),
    lines({
      PAM_SERVICE: "sshd",
      PAM_TTY: "ssh",
      PAM_RUSER: "bob",
      OAUTH_PAM_ACCOUNT: "1000:alice",
      OAUTH_PAM_CONVERSATION: "1-1",
      SSH_CONNECTION: "192.0.2.7 50000 192.0.2.1 22",
    }),
  ],
  words: [
    ...["PAM_TYPE", "PAM_USER", "PAM_SERVICE", "PAM_RHOST", "PAM_TTY", "auth"],
    ...["OAUTH_PAM_ACCOUNT", "OAUTH_PAM_CONVERSATION", "SSH_CONNECTION"],
    ...["SSH_AUTH_INFO_0", "account", "alice", "root", "sudo", "0:root", ""],
    ...["999:alice", "0:alice", "1000:alice", "65534:alice", "1000:bob"],
    ...["192.0.2.255", "192.0.3.0", "::ffff:192.0.2.7", "::ffff:c000:207"],
    ...["host.example.edu", "3221226247", "0300.0.2.7", "OAUTH_PAM_GRANT"],
  ],
  async place(bytes, world) {
    const policy = await world.write("policy.yaml", POLICY);
    const stdin = new TextEncoder().encode(await world.token());
    return { verb: "login", args: [policy], env: variables(bytes), stdin };
  },
  mayBeYes(bytes) {
    const env: Record<string, string> = {
      ...{ PAM_TYPE: "auth", PAM_SERVICE: "sshd", PAM_USER: "alice" },
      ...{ PAM_RHOST: "192.0.2.7", OAUTH_PAM_ACCOUNT: "1000:alice" },
      ...variables(bytes),
    };
    const [uid, name] = (env.OAUTH_PAM_ACCOUNT ?? "").split(":");
    return env.PAM_TYPE === "auth" && env.PAM_USER === "alice" &&
      env.PAM_SERVICE === "sshd" && isInNetwork(env.PAM_RHOST ?? "") &&
      name === "alice" && Number(uid) >= 1000 && uid !== "65534";
  },
};

/** Those of an object that a process can have; the value that ends a grant is not for the input. */
function variables(bytes: Uint8Array): Record<string, string> {
  const given = members(utf8(bytes) ?? "") ?? {};
  return Object.fromEntries(
    Object.entries(given)
      .filter(([name]) => /^[A-Za-z0-9_]{1,64}$/.test(name))
      .filter(([name]) => name !== "OAUTH_PAM_GRANT")
      .map(([name, value]) => [
        name,
        String(typeof value === "object" ? JSON.stringify(value) : value)
          .replaceAll("\0", "").slice(0, 20_000).toWellFormed(),
      ]),
  );
}

/** 192.0.2.0/24, also as IPv6 writes it. */
function isInNetwork(address: string): boolean {
  const family = isIP(address);
  return family !== 0 &&
    NETWORK.check(address, family === 4 ? "ipv4" : "ipv6");
}
