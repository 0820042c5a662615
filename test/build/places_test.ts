/**
 * Temporary folders of a build: where TMPDIR says, but only where nobody else can swap them.
 *
 * @module
 */
// Threats: G20
import assert from "node:assert/strict";
import { BuildError } from "../../src/build/permissions.ts";
import { privateFolder } from "../../src/build/places.ts";

async function withTemporary(
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const before = Deno.env.get("TMPDIR");
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-places-" });
  try {
    Deno.env.set("TMPDIR", folder);
    await body(await Deno.realPath(folder));
  } finally {
    if (before === undefined) Deno.env.delete("TMPDIR");
    else Deno.env.set("TMPDIR", before);
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a folder of a build is its own, below the real path of what TMPDIR names", () =>
  withTemporary(async (folder) => {
    await Deno.mkdir(`${folder}/real`);
    await Deno.symlink("real", `${folder}/link`);
    Deno.env.set("TMPDIR", `${folder}/link`);
    const made = await privateFolder("x-");
    assert.ok(made.startsWith(`${folder}/real/x-`), made);
    assert.equal((await Deno.lstat(made)).mode! & 0o777, 0o700);
  }));

Deno.test("there is none where others can write, unless nobody can take what is another's there", () =>
  withTemporary(async (folder) => {
    await Deno.chmod(folder, 0o777);
    await assert.rejects(privateFolder("x-"), (error) => {
      assert.ok(error instanceof BuildError);
      assert.match(error.message, /can be written by others: chmod go-w it; /);
      return true;
    });
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    await Deno.chmod(folder, 0o1777);
    await privateFolder("x-");
  }));
