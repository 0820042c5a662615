/**
 * Policies as they were: `REV:path` in a git checkout, or the path of a policy at `--base REV`. Read
 * by git alone, and only where one revision can be meant: what is compared is under review, and may
 * bring files, tags and branches along whose names look like the revision.
 *
 * @module
 */
import type { CliIo } from "../../io.ts";
import { InputError, type ReadPolicy, readPolicy } from "../../input.ts";
import { whereElse } from "../../permission.ts";

/**
 * What can name a revision here. It begins with a letter or digit, so that git cannot take it for
 * an option.
 */
const REVISION = /^[A-Za-z0-9][A-Za-z0-9_./@{}^~+-]*$/;
const HASH = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** A policy from a file or, where the name has the form `REV:path`, from a revision. */
export async function readPolicyOrRevision(
  name: string,
  io: CliIo,
): Promise<ReadPolicy> {
  const colon = name.indexOf(":");
  const revision = name.slice(0, Math.max(colon, 0));
  // "./REV:path" is a file
  if (colon < 1 || /^[./]/.test(name)) return await readPolicy(name, io);
  if (await exists(name)) {
    throw new InputError(
      `${
        JSON.stringify(name)
      } means a revision for git, and there is a file of this name: ` +
        `remove it, or write ${JSON.stringify(`./${name}`)} for the file`,
    );
  }
  return await policyAt(revision, { path: name.slice(colon + 1), name, io });
}

/** The policy that lies at `path` now, as it was at a revision. Throws {@link InputError}. */
export async function readPolicyAtBase(
  path: string,
  { revision, io }: { revision: string; io: CliIo },
): Promise<ReadPolicy> {
  const here = `${Deno.cwd()}/`;
  const relative = path.startsWith(here) ? path.slice(here.length) : path;
  const name = `${revision}:${relative}`;
  return await policyAt(revision, { path: relative, name, io });
}

async function policyAt(
  revision: string,
  { path, name, io }: { path: string; name: string; io: CliIo },
): Promise<ReadPolicy> {
  const bytes = await show(revision, path);
  // the same reading as for files, under the name that was given
  return await readPolicy(name, {
    ...io,
    readFile: () => Promise.resolve(bytes),
  });
}

/** Anything at all, a dangling link as well: nothing may have the name of a revision. */
async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    return !(error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory);
  }
}

async function show(revision: string, path: string): Promise<Uint8Array> {
  const shown = JSON.stringify(`${revision}:${path}`);
  const refuse = (why: string) =>
    new InputError(`${shown} cannot be read: ${why}`);
  if (!REVISION.test(revision)) {
    throw refuse(`${JSON.stringify(revision)} is not a git revision`);
  }
  if (path === "" || path.startsWith("/") || path.includes("\0")) {
    throw refuse("the path after the revision is not relative");
  }
  const exact = await exactRevision(revision, refuse);
  // relative to this folder, and not to the top of the checkout
  const relative = /^\.{1,2}\//.test(path) ? path : `./${path}`;
  // "cat-file" and not "show": no pager, no text conversion, nothing configurable
  return await git(["cat-file", "blob", `${exact}:${relative}`], refuse);
}

/**
 * The revision with its reference written in full. Throws where git knows several of that name, of
 * which it would silently take a tag before a branch, and a branch before one of the remote.
 */
async function exactRevision(
  revision: string,
  refuse: (why: string) => InputError,
): Promise<string> {
  const [, name = "", steps = ""] = /^([^~^@]+|.)(.*)$/s.exec(revision) ?? [];
  if (name.startsWith("refs/") || HASH.test(name)) return revision;
  const places = ["tags", "heads", "remotes"].map((kind) =>
    `refs/${kind}/${name}`
  );
  const listed = await git(
    ["for-each-ref", "--format=%(refname)", ...places, `refs/${name}`],
    refuse,
  );
  // git lists what lies below a name as well
  const found = new TextDecoder().decode(listed).split("\n")
    .filter((ref) => [...places, `refs/${name}`].includes(ref));
  const [only] = found;
  const head = name === "HEAD" || name.endsWith("_HEAD");
  if (found.length > 1 || (only !== undefined && (head || isHex(name)))) {
    const names = [...found, ...(head || isHex(name) ? [name] : [])].join(", ");
    throw refuse(
      `${JSON.stringify(name)} may mean any of ${names}: write the one in full`,
    );
  }
  return only === undefined ? revision : `${only}${steps}`;
}

/** What git also takes for the beginning of a commit's hash. */
function isHex(name: string): boolean {
  return /^[0-9a-f]{4,64}$/.test(name);
}

async function git(
  args: readonly string[],
  refuse: (why: string) => InputError,
): Promise<Uint8Array> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command("git", {
      // what stands in for another object is nobody's word but the repository's
      args: ["--no-replace-objects", ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
  } catch (error) {
    throw refuse(
      error instanceof Deno.errors.NotCapable
        ? `this program may not run git: it was built without "--allow-run=git"; run ${
          whereElse("policy diff")
        } instead`
        : "git cannot be run",
    );
  }
  if (output.success) return output.stdout;
  const said = new TextDecoder().decode(output.stderr).trim().split("\n")[0];
  throw refuse(`git does not have it: ${said}`);
}
