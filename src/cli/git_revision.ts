/**
 * Policies as they were: `REV:path` in a git checkout.
 *
 * @module
 */
import type { CliIo } from "./io.ts";
import { type ReadPolicy, readPolicy } from "./policy_source.ts";
import { Unanswered } from "./unanswered.ts";

/**
 * What can name a revision here. It begins with a letter or digit, so that git cannot take it for
 * an option.
 */
const REVISION = /^[A-Za-z0-9][A-Za-z0-9_./@{}^~+-]*$/;

/** Reads a policy from a file or, where there is none of that name, from a revision. */
export async function readPolicyOrRevision(
  name: string,
  io: CliIo,
): Promise<ReadPolicy> {
  const read = await readPolicy(name, io);
  const colon = name.indexOf(":");
  const missing = read.diagnostics.some(({ id }) => id === "file/unreadable");
  if (!missing || colon < 1) return read;
  const [revision, path] = [name.slice(0, colon), name.slice(colon + 1)];
  const bytes = await show(revision, path);
  // the same reading as for files, under the name that was given
  return await readPolicy(name, {
    ...io,
    readFile: () => Promise.resolve(bytes),
  });
}

async function show(revision: string, path: string): Promise<Uint8Array> {
  const refuse = (why: string) =>
    new Unanswered(
      `${JSON.stringify(`${revision}:${path}`)} is no file, and ${why}`,
    );
  if (!REVISION.test(revision)) {
    throw refuse(`${JSON.stringify(revision)} is not a git revision`);
  }
  if (path === "" || path.startsWith("/") || path.includes("\0")) {
    throw refuse("the path after the revision is not relative");
  }
  // relative to this folder, and not to the top of the checkout
  const relative = /^\.{1,2}\//.test(path) ? path : `./${path}`;
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command("git", {
      // "cat-file" and not "show": no pager, no text conversion, nothing configurable
      args: ["cat-file", "blob", `${revision}:${relative}`],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
  } catch (error) {
    throw refuse(
      error instanceof Deno.errors.NotCapable
        ? 'this program may not run git: it was built without "--allow-run=git"'
        : "git cannot be run",
    );
  }
  if (output.success) return output.stdout;
  const said = new TextDecoder().decode(output.stderr).trim().split("\n")[0];
  throw refuse(`git does not have it: ${said}`);
}
