/**
 * A package's files in a folder, as they will lie on the host, and the tools that pack them.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { BuildError } from "../permissions.ts";
import type { Entry } from "./kind.ts";

/** The folders in which files lie, each once, the outer ones first. */
export function foldersOf(paths: readonly string[]): string[] {
  const folders = paths.flatMap((path) =>
    [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index))
  );
  return [...new Set(folders)].sort();
}

/** Writes all of them below `root`, every file and folder with the time `date`. */
export async function stage(
  entries: readonly Entry[],
  { root, date }: { readonly root: string; readonly date: Date },
): Promise<void> {
  const folders = foldersOf(entries.map(({ path }) => path));
  for (const folder of folders) {
    await Deno.mkdir(`${root}/${folder}`, { mode: 0o755 });
    await Deno.chmod(`${root}/${folder}`, 0o755);
  }
  for (const { path, mode, source } of entries) {
    const target = `${root}/${path}`;
    if ("file" in source) await Deno.copyFile(source.file, target);
    else await Deno.writeFile(target, source.bytes, { createNew: true });
    await Deno.chmod(target, mode);
    await Deno.utime(target, date, date);
  }
  for (const folder of folders.reverse()) {
    await Deno.utime(`${root}/${folder}`, date, date);
  }
}

/** In hex, of a file's bytes. */
export async function digestOf(
  path: string,
  algorithm: "md5" | "sha256",
): Promise<string> {
  const hash = createHash(algorithm);
  using file = await Deno.open(path);
  for await (const chunk of file.readable) hash.update(chunk);
  return hash.digest("hex");
}

/** Runs a tool that packs. Throws `BuildError` with its own words when it fails or is not there. */
export async function runTool(
  command: string,
  { args, env }: {
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<void> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(command, {
      args: [...args],
      clearEnv: true,
      env: { LC_ALL: "C", ...env },
      stdin: "null",
    }).output();
  } catch (error) {
    throw new BuildError(`"${command}" does not start: is it installed`, {
      cause: error,
    });
  }
  if (output.success) return;
  const said = new TextDecoder().decode(output.stderr).trim();
  throw new BuildError(`${command} failed:\n${said}`);
}
