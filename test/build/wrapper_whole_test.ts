/**
 * A wrapper that was copied only in part never ends with a grant.
 *
 * @module
 */
import assert from "node:assert/strict";
import { wrapperScript } from "../../src/build/compile.ts";

Deno.test("wrapperScript() cut short anywhere behind its first line never exits 0", async () => {
  const script = wrapperScript({
    deno: "/bin/true",
    flags: [],
    bundle: "/dev/null",
    cacheDirectory: "/nonexistent",
    logSocket: "/run/log",
  });
  const brace = script.indexOf("{ #");
  const run = async (text: string) => {
    const child = new Deno.Command("/bin/sh", {
      args: ["-p"],
      stdin: "piped",
      stderr: "null",
    })
      .spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text)).then(() =>
      writer.close()
    ).catch(() => {});
    return (await child.status).code;
  };
  assert.equal(await run(script), 0, "the whole one runs its program");
  for (let end = brace + 1; end < script.trimEnd().length; end++) {
    assert.notEqual(
      await run(script.slice(0, end)),
      0,
      JSON.stringify(script.slice(end - 20, end)),
    );
  }
  assert.equal(brace, "#!/bin/sh -p\n".length);
});
