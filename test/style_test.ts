/**
 * Habits that a formatter and a linter of single files do not see.
 *
 * @module
 */
import assert from "node:assert/strict";
import { filesBelow } from "./support/files.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** The text of every module of the program and its tests, by path. */
async function modules(): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const folder of ["src", "test"]) {
    for (const name of await filesBelow(`${ROOT}${folder}`)) {
      if (!name.endsWith(".ts") || name.startsWith("testdata/")) continue;
      const path = `${folder}/${name}`;
      texts.set(path, await Deno.readTextFile(`${ROOT}${path}`));
    }
  }
  return texts;
}

Deno.test("every module begins with what it is, and ends that with @module", async () => {
  const others = [...await modules()].filter(([, text]) =>
    !/^\/\*\*\n(?: \*(?: .*)?\n)+? \* @module\n \*\/\n/.test(text)
  );
  assert.deepEqual(others.map(([path]) => path), []);
});

Deno.test("every test imports assert in the same way", async () => {
  const others = [...await modules()].filter(([, text]) =>
    /from "(?:node:)?assert";/.test(text)
  );
  assert.deepEqual(others.map(([path]) => path), []);
});

Deno.test("what a module of the program exports, another one names", async () => {
  const texts = await modules();
  const words = new Map<string, Set<string>>();
  for (const [path, text] of texts) {
    for (const [word] of text.matchAll(/[A-Za-z_$][\w$]*/g)) {
      const named = words.get(word) ?? new Set();
      words.set(word, named.add(path));
    }
  }
  const unread: string[] = [];
  for (const [path, text] of texts) {
    if (!path.startsWith("src/")) continue;
    const exported =
      /^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm;
    for (const [, name = ""] of text.matchAll(exported)) {
      if ((words.get(name)?.size ?? 0) < 2) unread.push(`${path}: ${name}`);
    }
  }
  assert.deepEqual(unread, []);
});
