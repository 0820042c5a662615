/**
 * What was remembered a minute ago is known, what was two minutes ago is not, and nobody else's file counts.
 *
 * @module
 */
import assert from "node:assert/strict";
import { isForgotten, remember } from "../../src/files/recent_lines.ts";
import { StateDirectory } from "../../src/files/state_directory.ts";

const NOW = 1_767_268_800_000;
const MINUTE = NOW / 60_000;

async function inRoot(
  body: (
    remembered: (line: string, now?: number) => ReturnType<typeof remember>,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await body(
      (line, now = NOW) => remember(line, { root, folder: "recent", now }),
      `${root}/recent`,
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("remember() knows a line for the rest of its minute and the next one", () =>
  inRoot(async (remembered, folder) => {
    assert.deepEqual(await remembered("aa"), { known: false, first: true });
    assert.deepEqual(await remembered("aa"), { known: true, first: false });
    assert.deepEqual(await remembered("bb"), { known: false, first: false });
    // a line, not a part of one
    assert.deepEqual(await remembered("b"), { known: false, first: false });
    const known = { known: true, first: false };
    assert.deepEqual(await remembered("aa", NOW + 119_999), known);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assert.deepEqual(
      names,
      [-1, 0, 1].map((minutes) => String(MINUTE + minutes)),
    );
    assert.deepEqual(await remembered("aa", NOW + 120_000), {
      known: false,
      first: true,
    });
    for (const name of names) {
      const { mode } = await Deno.stat(`${folder}/${name}`);
      assert.equal(mode! & 0o7777, 0o600);
    }
  }));

Deno.test("isForgotten() keeps the files of this minute and the one before, and nothing else", () =>
  inRoot(async (remembered, folder) => {
    await remembered("aa", NOW - 300_000);
    await remembered("bb");
    await Deno.writeTextFile(`${folder}/0123.${MINUTE}`, "");
    await new StateDirectory(folder.replace(/\/recent$/, ""), "recent").sweep({
      now: NOW,
      expired: (name) => isForgotten(name, NOW),
    });
    const left = [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => !name.startsWith("."));
    assert.deepEqual(left.sort(), [String(MINUTE - 1), String(MINUTE)]);
  }));

for (
  const [what, spoil] of [
    ["can be read by others", (path) => Deno.chmod(path, 0o644)],
    ["is too large", (path) => Deno.truncate(path, 2_000_000)],
    ["belongs to somebody else", (path) => Deno.chown(path, 65534, null)],
    ["has a second name", (path) => Deno.link(path, `${path}.x`)],
    ["is a folder", async (path) => {
      await Deno.remove(path);
      await Deno.mkdir(path);
    }],
  ] as readonly [string, (path: string) => Promise<void>][]
) {
  Deno.test(`remember() cannot tell where the file of the minute ${what}`, () =>
    inRoot(async (remembered, folder) => {
      await remembered("aa");
      await spoil(`${folder}/${MINUTE}`);
      await assert.rejects(remembered("aa"));
      await assert.rejects(remembered("bb"));
    }));
}

Deno.test("remember() cannot tell in a folder that others may write to", () =>
  inRoot(async (remembered, folder) => {
    await remembered("aa");
    await Deno.chmod(folder, 0o777);
    await assert.rejects(remembered("aa"));
  }));
