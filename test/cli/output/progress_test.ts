/**
 * What a terminal is shown while many records are read, and that nothing of it stays.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { CliIo } from "../../../src/cli/io.ts";
import { countingOn, progressOn } from "../../../src/cli/output/progress.ts";

function terminal({ interactive }: { interactive: boolean }) {
  const shown = { text: "", now: 0 };
  const io = {
    stderr: (text: string) => shown.text += text,
    now: () => shown.now,
    interactive,
  } as unknown as CliIo;
  return { shown, io };
}

Deno.test("countingOn() shows how many on a terminal, after two seconds, and wipes it", () => {
  const { shown, io } = terminal({ interactive: true });
  const counting = countingOn(io, "records");
  for (let index = 0; index < 3_000; index++) {
    counting.one();
    shown.now += 1;
  }
  assert.equal(shown.text, "\r\x1b[K3000 records");
  counting.end();
  assert.equal(shown.text, "\r\x1b[K3000 records\r\x1b[K");
});

Deno.test("neither shows anything on what is not a terminal, nor of what is soon done", () => {
  for (const interactive of [true, false]) {
    const { shown, io } = terminal({ interactive });
    const counting = countingOn(io, "records");
    const progress = progressOn(io, "comparing");
    for (let index = 1; index <= 5_000; index++) {
      counting.one();
      progress(index, 5_000);
      shown.now += interactive ? 0 : 100;
    }
    counting.end();
    assert.equal(shown.text, "");
  }
});
