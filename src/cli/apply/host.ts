/**
 * A host with the package: where its parts lie, and which of them may be trusted.
 *
 * @module
 */
import {
  checkTrustedPath,
  decodeUtf8,
  readTrustedFile,
  UntrustedFileError,
} from "../../files/trusted_file.ts";
import type { Bundle } from "../../build/bundle.ts";
import { issuerFile, keysFile, restFile } from "../../lib/bundle_files.ts";
import { PARTS, STATE } from "../../lib/installed.ts";
import { policyBegin } from "../check/files.ts";
import { InputError } from "../input.ts";
import type { CliIo } from "../io.ts";
import { lookAt } from "../../files/private_directory.ts";
import type { Form } from "./record.ts";

/** What messages call it. */
export const POLICY_FILE = "the policy";

/** As whom sshd asks about keys. */
export const KEYS_USER = "oauth-pam";

const MAX_BUNDLE_BYTES = 32 * 1024 * 1024;

/** A host, or a root of one below a folder. Paths are those that the host itself knows. */
export class InstalledHost {
  /** What stands before each path: empty for this very host, otherwise without a "/" at its end. */
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  get isThisOne(): boolean {
    return this.root === "";
  }

  /** Where that path of the host is from here. */
  at(path: string): string {
    return this.root + path;
  }

  /** The path as the host knows it. Throws {@link InputError} where the host has no such place. */
  pathOf(path: string): string {
    if (this.isThisOne) {
      return path.startsWith("/")
        ? path
        : `${Deno.cwd()}/${path.replace(/^(?:\.\/)+/, "")}`;
    }
    if (path.startsWith(`${this.root}/`)) return path.slice(this.root.length);
    if (path.startsWith("/")) return path;
    throw new InputError(
      `"${path}" is not an absolute path: with --root the policy is named as the host knows it`,
    );
  }

  /** The same reading, of this host's files. */
  reading(io: CliIo): CliIo {
    return { ...io, readHostFile: (path) => io.readHostFile(this.at(path)) };
  }
}

/** `DIR` of `--root DIR`. Throws {@link InputError}. */
export async function hostBelow(root: string): Promise<InstalledHost> {
  let real: string;
  try {
    real = await Deno.realPath(root);
  } catch {
    throw new InputError(`--root "${root}" cannot be looked at`);
  }
  return new InstalledHost(real === "/" ? "" : real);
}

/** Throws {@link InputError} where others could write to the file or a folder above it. */
export function requireTrusted(path: string, what: string): void {
  try {
    checkTrustedPath(path);
  } catch (error) {
    throw untrusted(error, what);
  }
}

/** The bytes of a file that only root can have written. Throws {@link InputError}. */
export async function trustedBytes(
  path: string,
  { what, maxBytes }: { what: string; maxBytes: number },
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readTrustedFile(path, { maxBytes }));
  } catch (error) {
    throw untrusted(error, what);
  }
}

function untrusted(error: unknown, what: string): unknown {
  if (!(error instanceof UntrustedFileError)) return error;
  const why = error.reason === "missing" && what === POLICY_FILE
    ? `to begin with one: ${policyBegin(error.path)}`
    : error.reason === "missing"
    ? "is the package installed? From a checkout it is `deno task build`"
    : error.reason === "owner" || error.reason === "mode"
    ? "whoever can write there becomes root at the next login"
    : "it decides who gets in";
  return new InputError(`${what}: ${error.message}; ${why}`);
}

/**
 * The package's program, without a policy, where nothing that makes or holds the new one could have been
 * written by others. Throws {@link InputError}; changes nothing.
 */
export async function trustedBundle(
  host: InstalledHost,
  form: Form,
): Promise<Bundle> {
  requireTrusted(await realPath(host.at(PARTS.deno)), "the package's Deno");
  if (form === "compiled") {
    requireTrusted(
      host.at(PARTS.denort),
      "what the package's Deno compiles with",
    );
  }
  if (lookAt(host.at(STATE)) !== null) {
    requireTrusted(host.at(STATE), "where the program is written");
  }
  const read = async (path: string) =>
    decodeUtf8(
      await trustedBytes(host.at(path), {
        what: "the package's program",
        maxBytes: MAX_BUNDLE_BYTES,
      }),
    );
  return {
    main: await read(PARTS.bundle),
    keys: await read(keysFile(PARTS.bundle)),
    issuer: await read(issuerFile(PARTS.bundle)),
    rest: await read(restFile(PARTS.bundle)),
  };
}

function realPath(path: string): Promise<string> {
  return Deno.realPath(path).catch(() => path);
}

/** Whether the host has what `deno compile` embeds. */
export async function hasDenort(host: InstalledHost): Promise<boolean> {
  try {
    return (await Deno.lstat(host.at(PARTS.denort))).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
