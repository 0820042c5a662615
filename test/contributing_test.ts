/**
 * The map in CONTRIBUTING.md is of this house.
 *
 * @module
 */
import assert from "node:assert/strict";

const ROOT = new URL("../", import.meta.url);
const MAP = await Deno.readTextFile(new URL(".github/CONTRIBUTING.md", ROOT));

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(new URL(path, ROOT)).then(() => true, () => false);
}

Deno.test("CONTRIBUTING.md names files and folders that there are", async () => {
  const named = [...MAP.matchAll(/`([a-z_./]+(?:\/|\.ts))`/g)]
    .map(([, path = ""]) => path);
  assert.ok(named.length >= 40, String(named.length));
  const missing: string[] = [];
  for (const path of named) {
    const places = [path, `src/${path}`, `src/policy/${path}`, `test/${path}`];
    const found = await Promise.all(
      [...places, `src/policy/syntax/${path}`].map(exists),
    );
    if (!found.includes(true)) missing.push(path);
  }
  assert.deepEqual(missing, []);
});

Deno.test("CONTRIBUTING.md shows every folder of src/", async () => {
  for await (
    const { name, isDirectory } of Deno.readDir(new URL("src/", ROOT))
  ) {
    const row = `| \`${name}${isDirectory ? "/" : ""}\` `;
    assert.ok(MAP.includes(row), row);
  }
});

Deno.test("CONTRIBUTING.md names tasks that there are", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const named = [...MAP.matchAll(/`deno task ([a-z]+)/g)].map(([, name]) =>
    name
  );
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter((name) => !Object.hasOwn(tasks, name ?? "")),
    [],
  );
});
