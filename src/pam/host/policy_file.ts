/**
 * The policy and the files it names, read from where only an administrator can write.
 *
 * @module
 */
import { sha256Hex } from "../../files/state_directory.ts";
import { decodeUtf8, readTrustedFile } from "../../files/trusted_file.ts";
import type { Issuer, Policy } from "../../policy/model.ts";
import { copiedPolicy, embeddedPolicy } from "./parsed_policy.ts";

const MAX_POLICY_BYTES = 8 * 1024 * 1024;
const MAX_CA_BYTES = 1024 * 1024;
const MAX_SECRET_BYTES = 4096;
const MAX_MAP_BYTES = 64 * 1024 * 1024;

/** Nothing can be decided, because the policy cannot be used. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}

interface LoadedPolicy {
  readonly policy: Policy;
  readonly sha256: string;
}

/**
 * Reads the policy, and parses it unless that was done before: when the program was built, or into the
 * folder `parsed`. Throws {@link PolicyError}.
 */
export async function loadPolicy(
  path: string,
  { parsed: folder }: { readonly parsed?: string | null | undefined } = {},
): Promise<LoadedPolicy> {
  const bytes = await readPolicy(path);
  const sha256 = await sha256Hex(bytes);
  const known = await embeddedPolicy(sha256) ??
    (folder ? await copiedPolicy(sha256, folder) : null);
  if (known !== null) return { policy: known, sha256 };
  return { policy: await parseText(path, bytes), sha256 };
}

/** The bytes of a policy. Throws {@link PolicyError}. */
export function readPolicy(path: string): Promise<Uint8Array> {
  return read(path, MAX_POLICY_BYTES);
}

/** The policy in the bytes of a file. Throws {@link PolicyError} with what is wrong first. */
export async function parseText(
  path: string,
  bytes: Uint8Array,
): Promise<Policy> {
  // loaded only when it is needed: reading YAML is the costliest thing this program does
  const { parsePolicy, usable } = await import("../../policy/syntax/parse.ts");
  const parsed = parsePolicy(text(path, bytes), { file: path });
  const policy = usable(parsed);
  if (policy === null) {
    const first = parsed.diagnostics.find(({ level }) => level === "error");
    const place = first === undefined
      ? ""
      : `:${first.line}:${first.column}: ${first.message}`;
    throw new PolicyError(`${path}${place}`);
  }
  return policy;
}

/**
 * The PEM certificates that an issuer's policy adds to the runtime's own. Throws
 * {@link PolicyError}; the runtime would ignore a file without certificates.
 */
export async function loadCaCerts(
  { ca_file: path }: Pick<Issuer, "ca_file">,
): Promise<string[]> {
  if (path === null) return [];
  const pem = text(path, await read(path, MAX_CA_BYTES));
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
    throw new PolicyError(`"${path}" holds no PEM certificate`);
  }
  return [pem];
}

/** The account map files that matter for an issuer's tokens. Throws {@link PolicyError}. */
export async function loadMapFiles(
  policy: Policy,
  issuer: Issuer,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const rule of policy.rules) {
    if (rule.issuers !== null && !rule.issuers.includes(issuer.name)) continue;
    for (const source of rule.accounts ?? []) {
      if (source.source !== "map_file" || files.has(source.path)) continue;
      files.set(
        source.path,
        text(source.path, await read(source.path, MAX_MAP_BYTES)),
      );
    }
  }
  return files;
}

/**
 * A client's secret, out of a file that nobody else may read; one newline at its end does not
 * count. Throws {@link PolicyError}.
 */
export async function loadClientSecret(path: string): Promise<string> {
  const bytes = await read(path, MAX_SECRET_BYTES, { secret: true });
  const secret = text(path, bytes).replace(/\r?\n$/, "");
  // RFC 6749 appendix A.2; a newline inside is somebody else's file
  if (!/^[\x20-\x7e]+$/.test(secret)) {
    throw new PolicyError(`"${path}" does not hold one secret on one line`);
  }
  return secret;
}

async function read(
  path: string,
  maxBytes: number,
  options: { secret?: boolean } = {},
): Promise<Uint8Array> {
  try {
    return await readTrustedFile(path, { maxBytes, ...options });
  } catch (error) {
    throw new PolicyError(
      error instanceof Error ? error.message : String(error),
    );
  }
}

function text(path: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw new PolicyError(`"${path}" is not UTF-8`);
  }
}
