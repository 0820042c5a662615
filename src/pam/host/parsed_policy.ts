/**
 * The policy as it was parsed before. Parsing YAML costs more than verifying a token; a policy file whose
 * bytes are known need not be parsed again.
 *
 * Whatever is wrong with a parsed policy, it is not there: the file is parsed then.
 *
 * @module
 */
import { sha256Hex } from "../../files/state_directory.ts";
import { readTrustedFile } from "../../files/trusted_file.ts";
import { POLICY_SUFFIX } from "../../lib/bundle_files.ts";
import { filled, lean, type LeanPolicy } from "../../policy/lean.ts";
import type { Policy } from "../../policy/model.ts";

/** A parsed policy, as JSON has it. */
interface ParsedPolicy {
  /** Of the policy file's bytes, in hex. */
  readonly sha256: string;
  /** For which program it was parsed, as its build says: to another it may mean something else. */
  readonly program: string | null;
  readonly policy: Policy;
}

interface Embedded extends ParsedPolicy {
  /** Where they are there, the policy lies in a file. */
  readonly digest?: string;
  readonly suffix?: string;
}

/** A build puts JSON here: a policy, or where to find one and how to know it. */
const EMBEDDED = "@@OAUTH_PAM_EMBEDDED_POLICY@@";

let known: Partial<Embedded> | undefined;

function embedded(): Partial<Embedded> {
  return known ??= EMBEDDED.startsWith("{") ? JSON.parse(EMBEDDED) : {};
}

/** What this program is called in the copies that it makes; `null` where it is for any policy. */
export function programId(): string | null {
  return embedded().program ?? null;
}

/** The policy that the program was built for, if its file has exactly this hash; otherwise `null`. */
export async function embeddedPolicy(sha256: string): Promise<Policy | null> {
  const { digest, suffix, ...parsed } = embedded();
  if (parsed.sha256 !== sha256) return null;
  if (parsed.policy !== undefined) return parsed.policy;
  if (digest === undefined || suffix === undefined) return null;
  try {
    // of the file that this text is in, which lies beside the others
    const file = import.meta.filename ?? "";
    const path = file.slice(0, file.length - suffix.length) + POLICY_SUFFIX;
    // the digest says whose it is; a pipe would be waited for
    if (!Deno.lstatSync(path).isFile) return null;
    return await policyOf(Deno.readFileSync(path), { digest, sha256 });
  } catch {
    return null;
  }
}

/** Larger copies are not read. */
const MAX_COPY_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;
const DIGEST_LENGTH = 64;

/** The copy of a policy in the folder that the wrapper names, as {@link copyOf} writes it. */
export async function copiedPolicy(
  sha256: string,
  folder: string,
): Promise<Policy | null> {
  try {
    const path = `${folder}/${copyName(sha256)}`;
    const options = { maxBytes: MAX_COPY_BYTES, secret: true };
    const bytes = await readTrustedFile(path, options);
    if (bytes[DIGEST_LENGTH] !== NEWLINE) return null;
    const digest = new TextDecoder().decode(bytes.subarray(0, DIGEST_LENGTH));
    const rest = bytes.subarray(DIGEST_LENGTH + 1);
    return await policyOf(rest, { digest, sha256 });
  } catch {
    return null;
  }
}

export function copyName(sha256: string): string {
  return `${sha256}.json`;
}

/** A line with the SHA-256 of the next one, and that: the parsed policy, {@link lean}. */
export async function copyOf(parsed: ParsedPolicy): Promise<string> {
  const text = JSON.stringify({ ...parsed, policy: lean(parsed.policy) });
  return `${await sha256Hex(text)}\n${text}`;
}

async function policyOf(
  json: Uint8Array,
  { digest, sha256 }: { readonly digest: string; readonly sha256: string },
): Promise<Policy | null> {
  if (await sha256Hex(json) !== digest) return null;
  const parsed = JSON.parse(new TextDecoder().decode(json)) as
    & Omit<ParsedPolicy, "policy">
    & { readonly policy: LeanPolicy };
  return parsed.sha256 === sha256 && parsed.program === programId()
    ? filled(parsed.policy)
    : null;
}
