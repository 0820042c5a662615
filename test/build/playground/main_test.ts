/**
 * `deno task playground`
 *
 * @module
 */
import assert from "node:assert/strict";
import { onFullDisk } from "../../support/full_disk.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

function task(...args: string[]) {
  return ran([Deno.execPath(), "task", "--quiet", "playground", ...args]);
}

async function ran([command = "", ...args]: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd: ROOT,
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

Deno.test("deno task playground writes the page where it is told, and says how large it is", async () => {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-playground-" });
  try {
    const output = `${folder}/new/page.html`;
    const { code, stdout, stderr } = await task("--output", output);
    assert.equal(code, 0, stderr);
    const { size } = await Deno.stat(output);
    assert.equal(stdout, `built ${output}, ${size} bytes\n`);
    assert.match(await Deno.readTextFile(output), /^<!DOCTYPE html>\n/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the playground's build says that the disk is full, in one line", async () => {
  const output = await Deno.makeTempFile({ suffix: ".html" });
  try {
    const { code, stdout, stderr } = await ran([
      // half of the page; a task's own shell would undo it
      ...onFullDisk(300),
      ...[Deno.execPath(), "run", "-A", "--quiet"],
      ...["src/build/playground/main.ts", "--output", output],
    ]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^error: File too large \(os error 27\).*\n$/);
  } finally {
    await Deno.remove(output);
  }
});

Deno.test("deno task playground refuses what it does not know, and says why it cannot write", async () => {
  for (
    const [args, expected, says] of [
      [["--output="], 2, /--output names no file\nusage: /],
      [["--output", "x/"], 2, /--output names no file/],
      [["--ouput", "x"], 2, /--ouput.*\nusage: /s],
      [["page.html"], 2, /page\.html.*\nusage: /s],
      [["--output", "/proc/none/page.html"], 1, /^error: /],
    ] as const
  ) {
    const { code, stdout, stderr } = await task(...args);
    assert.equal(code, expected, `${args.join(" ")}: ${stderr}`);
    assert.match(stderr, says);
    assert.equal(stdout, "");
  }
  const { code, stdout } = await task("--help");
  assert.deepEqual([code, stdout], [
    0,
    "usage: deno task playground [--output FILE]\n",
  ]);
});
