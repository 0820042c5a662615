/**
 * The SciTokens C++ library's own tools, with keys in files.
 *
 * Debian package: scitokens-cpp.
 *
 * @module
 */
import { exportJWK, type JWK } from "@panva/jose";

export interface SciTokensTools extends AsyncDisposable {
  /** The public key as an issuer publishes it. */
  readonly jwk: Record<string, unknown>;
  /** For {@link signToken}: the same key. */
  readonly privateKey: CryptoKey;
  /** Runs scitokens-create; claims are `name=value`. */
  create(options: {
    profile: "scitokens1" | "scitokens2" | "wlcg" | "atjwt";
    issuer: string;
    claims: Readonly<Record<string, string>>;
  }): Promise<string>;
  /** Runs scitokens-verify with the key at hand, and tells whether it accepts. */
  verify(options: {
    profile: "scitokens1" | "scitokens2" | "wlcg";
    issuer: string;
    token: string;
  }): Promise<{ accepted: boolean; output: string }>;
}

export const KID = "grid-1";

/** Makes a P-256 key and a folder for it. */
export async function scitokensTools(): Promise<SciTokensTools> {
  const directory = await Deno.makeTempDir({ prefix: "oauth-pam-scitokens-" });
  const { privateKey, publicKey } = await crypto.subtle.generateKey(
    { name: "ECDSA", namedCurve: "P-256" },
    true,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  const write = async (name: string, label: string, der: ArrayBuffer) =>
    await Deno.writeTextFile(
      `${directory}/${name}`,
      `-----BEGIN ${label} KEY-----\n${
        new Uint8Array(der).toBase64().replace(/.{64}/g, "$&\n")
      }\n-----END ${label} KEY-----\n`,
      { mode: 0o600 },
    );
  await write(
    "key.pem",
    "PRIVATE",
    await crypto.subtle.exportKey("pkcs8", privateKey),
  );
  await write(
    "public.pem",
    "PUBLIC",
    await crypto.subtle.exportKey("spki", publicKey),
  );
  const run = async (command: string, args: readonly string[]) => {
    const { success, stdout, stderr } = await new Deno.Command(command, {
      args: ["--cred", `${directory}/public.pem`, "--keyid", KID, ...args],
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin", HOME: directory },
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    const output = decoder.decode(stdout) + decoder.decode(stderr);
    return { success, output };
  };
  const jwk: JWK = await exportJWK(publicKey);
  return {
    jwk: { ...jwk, kid: KID, alg: "ES256", use: "sig" },
    privateKey,
    async create({ profile, issuer, claims }) {
      const { success, output } = await run("scitokens-create", [
        ...["--key", `${directory}/key.pem`],
        ...["--issuer", issuer, "--profile", profile],
        ...Object.entries(claims).flatMap(([name, value]) => [
          "--claim",
          `${name}=${value}`,
        ]),
      ]);
      if (!success) throw new Error(`scitokens-create: ${output}`);
      return output.trim();
    },
    async verify({ profile, issuer, token }) {
      const args = ["--issuer", issuer, "--profile", profile, token];
      const { success, output } = await run("scitokens-verify", args);
      return { accepted: success, output };
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(directory, { recursive: true });
    },
  };
}
