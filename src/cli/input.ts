/**
 * Reading policies for people: a file that cannot be read is a finding with a place like any other.
 *
 * @module
 */
import type { Diagnostic } from "../policy/diagnostic.ts";
import {
  type ParsedPolicy,
  parsePolicy,
  usable,
} from "../policy/syntax/parse.ts";
import { decodeUtf8 } from "../files/trusted_file.ts";
import type { CliIo } from "./io.ts";
import { RefusedFile } from "./read_file.ts";
import type { Policy } from "../policy/model.ts";
import { prettyFindings } from "./output/pretty.ts";
import { visible } from "../lib/text.ts";
import { readTestFile, type TestSource } from "../analysis/testing/suite.ts";

export interface ReadPolicy extends ParsedPolicy {
  readonly file: string;
  /** The text as read; empty when it could not be read. */
  readonly text: string;
}

/** Reads and parses a policy; `-` is standard input, shown under `stdinName`. Never throws. */
export async function readPolicy(
  path: string,
  io: CliIo,
  options: { stdinName?: string } = {},
): Promise<ReadPolicy> {
  const file = path === "-" ? options.stdinName ?? "<stdin>" : path;
  let text: string;
  try {
    text = decodeUtf8(
      path === "-" ? await io.readStdin() : await io.readFile(path),
    );
  } catch (error) {
    const diagnostic = unreadable(file, error);
    return {
      file,
      text: "",
      policy: null,
      source: null,
      diagnostics: [diagnostic],
    };
  }
  return { file, text, ...parsePolicy(text, { file }) };
}

/** The finding for a file that cannot be read. */
export function unreadable(file: string, error: unknown): Diagnostic {
  const why = error instanceof RefusedFile
    ? error.message
    : error instanceof TypeError
    ? "is not UTF-8"
    : notAFile(error) ?? "cannot be read";
  return {
    id: "file/unreadable",
    level: "error",
    confidence: "high",
    message: `the file ${why}`,
    file,
    line: 1,
    column: 1,
    endLine: 1,
    endColumn: 1,
  };
}

/** What is at the path of a file that could not be read, as a verb; `null` where something else was wrong. */
export function notAFile(error: unknown): string | null {
  return error instanceof Deno.errors.NotFound
    ? "does not exist"
    : error instanceof Deno.errors.IsADirectory
    ? "is a directory"
    : null;
}

// Verbs that judge policies: what keeps them from an answer, and the reading of usable policies.

/** There is no answer: exit code 3. The message says why. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Reads a policy that decisions can be made with. Throws {@link InputError} with its findings. */
export async function usablePolicy(path: string, io: CliIo): Promise<Policy> {
  return usableOrThrow(await readPolicy(path, io));
}

export function usableOrThrow(read: ReadPolicy): Policy {
  const policy = usable(read);
  if (policy !== null) return policy;
  const texts = new Map([[read.file, read.text]]);
  const findings = prettyFindings(read.diagnostics, { texts, color: false });
  throw new InputError(findings.trimEnd());
}

/** Tells on standard error why there is no answer. */
export function tellInputError(error: unknown, io: CliIo): void {
  if (!(error instanceof InputError)) throw error;
  const lines = error.message.split("\n").map(visible).join("\n");
  io.stderr(
    /^\S+:\d+:\d+: /.test(lines)
      ? `${lines}\n`
      : `oauth-pam: error: ${lines}\n`,
  );
}

/**
 * What is in a file or, for "-", on standard input, and how messages call that place. `what` is what
 * should be there, such as "the claims". Throws {@link InputError}.
 */
export async function readGiven(
  path: string,
  { what, io }: { what: string; io: CliIo },
): Promise<{ bytes: Uint8Array; name: string }> {
  const name = path === "-" ? "standard input" : `"${path}"`;
  try {
    const bytes = path === "-" ? await io.readStdin() : await io.readFile(path);
    return { bytes, name };
  } catch (error) {
    const why = notAFile(error);
    throw new InputError(
      error instanceof RefusedFile
        ? `${what} in ${name}: the file ${error.message}`
        : `${what} in ${name} cannot be read${
          why === null ? "" : `: it ${why}`
        }`,
    );
  }
}

/** Writes a result to a file that was named. Throws {@link InputError}, or what the runtime forbids. */
export async function writeOutput(
  path: string,
  text: string,
  io: Pick<CliIo, "writeFile">,
): Promise<void> {
  await unlessUnwritten(path, io.writeFile(path, text));
}

/** The same for a file that others read at any time. */
export async function replaceOutput(
  path: string,
  text: string,
  io: Pick<CliIo, "replaceFile">,
): Promise<void> {
  await unlessUnwritten(path, io.replaceFile(path, text));
}

async function unlessUnwritten(
  path: string,
  written: Promise<void>,
): Promise<void> {
  try {
    await written;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    throw new InputError(`the file "${path}" ${whyUnwritten(error)}`);
  }
}

/** What keeps a file from being written; begins with a verb. */
export function whyUnwritten(error: unknown): string {
  if (error instanceof RefusedFile) return error.message;
  const why = error instanceof Deno.errors.NotFound
    ? "its folder does not exist"
    : error instanceof Deno.errors.NotADirectory
    ? "its folder is not a folder"
    : error instanceof Deno.errors.PermissionDenied
    ? "that is not permitted here"
    : error instanceof Error
    ? error.message
    : String(error);
  return `cannot be written: ${why}`;
}

/** The texts of map files. Throws {@link InputError} when one cannot be read. */
export async function readMapFiles(
  paths: Iterable<string>,
  io: CliIo,
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const path of new Set(paths)) {
    try {
      files.set(path, decodeUtf8(await io.readFile(path)));
    } catch (error) {
      throw new InputError(
        `the policy reads the map file "${path}": ${
          unreadable(path, error).message
        }`,
      );
    }
  }
  return files;
}

// Which files belong to a policy under test.
//
// `site.test.yaml` belongs to `site.yaml` beside it and to nothing else: the name says which policy
// a test is about, so that a folder can hold several.

const TEST_FILE = /\.test\.(ya?ml)$/;
const POLICY_FILE = /\.ya?ml$/;

interface TestFiles {
  readonly sources: readonly TestSource[];
  readonly diagnostics: readonly Diagnostic[];
  /** The text of each file that was read, for code frames. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * The policies that the arguments stand for, each once: a file of tests stands for its policy, so
 * that `policy test policies/*.yaml` means what it says.
 */
export async function policyPaths(
  paths: readonly string[],
  io: CliIo,
): Promise<string[]> {
  const policies = new Set<string>();
  for (const path of paths) policies.add(await policyOf(path, io));
  return [...policies];
}

async function policyOf(path: string, io: CliIo): Promise<string> {
  if (!TEST_FILE.test(path)) return path;
  const names = await io.listFolder(folderOf(path));
  const stem = path.replace(TEST_FILE, "");
  const found = [`${stem}.yaml`, `${stem}.yml`].find((candidate) =>
    names.includes(nameOf(candidate))
  );
  return found ?? `${stem}.yaml`;
}

/** Reads the files of tests beside a policy. Never throws. Standard input has none. */
export async function readTestFiles(
  policy: string,
  io: CliIo,
): Promise<TestFiles> {
  if (policy === "-") return await readTests([], io);
  const stem = nameOf(policy).replace(POLICY_FILE, "");
  const names = await io.listFolder(folderOf(policy));
  const folder = policy.slice(0, policy.length - nameOf(policy).length);
  const files = [`${stem}.test.yaml`, `${stem}.test.yml`].filter((name) =>
    names.includes(name)
  );
  return await readTests(files.map((name) => folder + name), io);
}

/** Reads files of tests by their names. Never throws: a file that cannot be read is a finding. */
export async function readTests(
  files: readonly string[],
  io: CliIo,
): Promise<TestFiles> {
  const sources: TestSource[] = [];
  const diagnostics: Diagnostic[] = [];
  const texts = new Map<string, string>();
  for (const file of files) {
    try {
      const text = decodeUtf8(await io.readFile(file));
      texts.set(file, text);
      const read = readTestFile(text, { file });
      diagnostics.push(...read.diagnostics);
      if (read.source !== null) sources.push(read.source);
    } catch (error) {
      diagnostics.push(unreadable(file, error));
    }
  }
  return { sources, diagnostics, texts };
}

/** Files of tests in the policies' folders that no policy beside them claims. */
export async function strayTestFiles(
  policies: readonly string[],
  io: CliIo,
): Promise<string[]> {
  const folders = new Set(
    policies.filter((path) => path !== "-").map(folderOf),
  );
  const stray: string[] = [];
  for (const folder of folders) {
    const names = await io.listFolder(folder);
    for (const name of names.filter((name) => TEST_FILE.test(name))) {
      const stem = name.replace(TEST_FILE, "");
      // a policy without an extension has tests as well
      const owners = [stem, `${stem}.yaml`, `${stem}.yml`];
      if (owners.some((owner) => names.includes(owner))) continue;
      stray.push(folder === "." ? name : `${folder}/${name}`);
    }
  }
  return stray;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : end === 0 ? "/" : path.slice(0, end);
}
