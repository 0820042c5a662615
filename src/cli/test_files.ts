/**
 * Which files belong to a policy under test.
 *
 * `site.test.yaml` belongs to `site.yaml` beside it and to nothing else: the name says which policy
 * a test is about, so that a folder can hold several.
 *
 * @module
 */
import { decodeUtf8 } from "../files/trusted_file.ts";
import type { Diagnostic } from "../policy/diagnostic.ts";
import {
  readTestFile,
  type TestSource,
} from "../analysis/testing/test_source.ts";
import type { CliIo } from "./io.ts";
import { unreadable } from "./input.ts";

const TEST_FILE = /\.test\.(ya?ml)$/;
const POLICY_FILE = /\.ya?ml$/;

export interface TestFiles {
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
  const sources: TestSource[] = [];
  const diagnostics: Diagnostic[] = [];
  const texts = new Map<string, string>();
  if (policy === "-") return { sources, diagnostics, texts };
  const stem = nameOf(policy).replace(POLICY_FILE, "");
  const names = await io.listFolder(folderOf(policy));
  for (const name of [`${stem}.test.yaml`, `${stem}.test.yml`]) {
    if (!names.includes(name)) continue;
    const file = policy.slice(0, policy.length - nameOf(policy).length) + name;
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
