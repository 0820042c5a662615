/**
 * What moves compiled code out of the logs of its databases: what is kept, and what it does not touch.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { tidyCache } from "../../src/pam/code_cache.ts";

/** As Deno leaves one: in WAL mode, and ended without closing it. */
const WRITER = `
import { DatabaseSync } from "node:sqlite";
const database = new DatabaseSync(Deno.args[0]);
database.exec("PRAGMA journal_mode = WAL; CREATE TABLE code (data BLOB)");
database.prepare("INSERT INTO code VALUES (?)").run(new Uint8Array(200_000));
Deno.exit(0);
`;

async function inFolder(
  body: (place: { root: string; folder: string; database: string }) => Promise<
    void
  >,
): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  const folder = `${root}/code`;
  const database = `${folder}/v8_code_cache_v2`;
  try {
    await Deno.mkdir(folder, { mode: 0o700 });
    await Deno.writeTextFile(`${root}/writer.ts`, WRITER);
    await leave(root, database);
    await body({ root, folder, database });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function leave(root: string, database: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "-A", `${root}/writer.ts`, database],
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  assert.ok(logged(database) > 200_000);
}

/** Bytes in the log of a database. */
function logged(database: string): number {
  try {
    return Deno.statSync(`${database}-wal`).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

function rows(database: string): unknown {
  using connection = new DatabaseSync(database, { readOnly: true });
  return connection.prepare("SELECT length(data) AS length FROM code").all()
    .map((row) => row.length);
}

Deno.test("tidyCache() moves what is in the log of each database into it", () =>
  inFolder(async ({ root, folder, database }) => {
    const other = `${folder}/dep_analysis_cache_v2`;
    await leave(root, other);
    await tidyCache([folder]);
    for (const path of [database, other]) {
      assert.equal(logged(path), 0, path);
      assert.ok((await Deno.stat(path)).size > 200_000);
      assert.deepEqual(rows(path), [200_000]);
    }
  }));

Deno.test("tidyCache() passes over a database that is damaged, and throws nothing", () =>
  inFolder(async ({ folder, database }) => {
    const text = "not a database\n".repeat(500);
    await Deno.writeTextFile(`${folder}/a`, text);
    await Deno.writeTextFile(`${folder}/a-wal`, "nor a log");
    await tidyCache([folder]);
    assert.equal(logged(database), 0);
    assert.equal(await Deno.readTextFile(`${folder}/a`), text);
  }));

Deno.test("tidyCache() does nothing unless it is told of one folder", () =>
  inFolder(async ({ folder, database }) => {
    await tidyCache([]);
    await tidyCache([folder, folder]);
    await tidyCache([`${folder}/missing`]);
    assert.ok(logged(database) > 200_000);
  }));

Deno.test("tidyCache() leaves the rest to a later one while somebody reads from the log", () =>
  inFolder(async ({ folder, database }) => {
    using reader = new DatabaseSync(database);
    reader.exec("BEGIN; SELECT * FROM code LIMIT 1");
    const started = performance.now();
    await tidyCache([folder]);
    // the launcher that waits for the login gives it ten seconds
    assert.ok(performance.now() - started < 4000);
    assert.ok(logged(database) > 200_000);
    reader.exec("COMMIT");
    await tidyCache([folder]);
    assert.equal(logged(database), 0);
    assert.deepEqual(rows(database), [200_000]);
  }));
