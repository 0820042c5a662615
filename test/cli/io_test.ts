/**
 * What becomes of a result that nobody takes, or only slowly.
 *
 * @module
 */
import assert from "node:assert/strict";
import { OutputError, writeResult } from "../../src/cli/io.ts";
import { bundledProgram, runProgram } from "../support/program.ts";

Deno.test("writeResult() waits for a reader where the pipe does not block", () => {
  const taken: number[] = [];
  let turn = 0;
  const stream = {
    writeSync(bytes: Uint8Array): number {
      turn += 1;
      // as the runtime: of what is longer, a part is gone without a word
      const part = bytes.subarray(0, 4096);
      if (turn % 3 !== 0) {
        if (bytes.length > 4096) taken.push(...part);
        throw new Deno.errors.WouldBlock("os error 11");
      }
      taken.push(...part);
      return part.length;
    },
  };
  const text = Array.from({ length: 3000 }, (_, index) => index).join(" ");
  writeResult(stream, text);
  assert.equal(new TextDecoder().decode(new Uint8Array(taken)), text);
});

Deno.test("writeResult() is done where nobody reads on, and fails where nothing can be written", () => {
  const failing = (error: Error) => () =>
    writeResult({
      writeSync() {
        throw error;
      },
    }, "text");
  failing(new Deno.errors.BrokenPipe())();
  assert.throws(
    failing(new Error("No space left on device (os error 28)")),
    new OutputError(
      "standard output cannot be written: No space left on device",
    ),
  );
});

Deno.test("a result that cannot be written is no answer, and no defect", async () => {
  const program = await bundledProgram();
  const run = (redirection: string, ...args: string[]) =>
    runProgram({
      args,
      program,
      before: ["sh", "-c", `exec "$@" ${redirection}`, "sh"],
    });
  const full = await run(">/dev/full", "policy", "schema");
  assert.deepEqual([full.code, full.stderr], [
    3,
    "oauth-pam: error: standard output cannot be written: No space left on device\n",
  ]);
  // what is said beside the result does not change what it is
  const codes = [
    await run("2>/dev/full", "policy", "lint", "/none.yaml"),
    await run("2>/dev/full", "policy", "lint", "--bogus"),
    await run(">/dev/full 2>/dev/full", "policy", "lint", "/none.yaml"),
    await run("2>/dev/full", "--version"),
  ].map(({ code }) => code);
  assert.deepEqual(codes, [3, 2, 3, 0]);
});
