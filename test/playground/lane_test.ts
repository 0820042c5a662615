/**
 * The worker that answers, and how it is ended.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Lane } from "../../src/playground/lane.ts";

const WORKER = new URL("../../src/playground/worker.ts", import.meta.url).href;

/** A worker with a script of the test's own. */
function scripted(script: string): Worker {
  return new Worker(`data:text/javascript,${encodeURIComponent(script)}`, {
    type: "module",
  });
}

const POLICY = Deno.readTextFileSync(
  new URL("../../policies/company.yaml", import.meta.url),
);
const INPUT = { policy: POLICY, tests: "", now: 1_767_268_800 };

Deno.test("a worker answers one question after the other", async () => {
  let started = 0;
  const lane = new Lane(() => {
    started++;
    return new Worker(WORKER, { type: "module" });
  });
  try {
    const limit = 60_000;
    const found = await lane.ask("findings", INPUT, { limit });
    assert.ok(found.type === "answer");
    assert.equal(found.value.usable, true);
    const { policy } = INPUT;
    const diff = await lane.ask("compare", { old: policy, policy }, { limit });
    assert.ok(diff.type === "answer" && !("problem" in diff.value));
    assert.equal(diff.value.verdict, "equivalent");
    assert.equal(started, 1);
  } finally {
    lane.close();
  }
});

const NEVER = `onmessage = () => {
  postMessage({ type: "began" });
  postMessage({ type: "progress", done: 3, total: 7 });
  for (;;);
}`;

Deno.test("what takes longer than its time is ended, and is no answer", async () => {
  const scripts = [NEVER, NEVER.replace("for (;;);", "")];
  const lane = new Lane(() => scripted(scripts.shift() ?? ""));
  try {
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(
        await lane.ask("tests", { ...INPUT, mutate: true }, { limit: 200 }),
        { type: "late", done: 3, total: 7 },
      );
    }
    assert.deepEqual(scripts, [], "each had a worker of its own");
  } finally {
    lane.close();
  }
});

Deno.test("who asks anew ends what is being answered", async () => {
  const lane = new Lane(() => scripted(NEVER));
  const first = lane.ask("findings", INPUT, { limit: 60_000 });
  const second = lane.ask("findings", INPUT, { limit: 60_000 });
  assert.deepEqual(await first, { type: "superseded" });
  lane.close();
  assert.deepEqual(await second, { type: "superseded" });
});

Deno.test("a worker that fails, or cannot be started, is no answer", async () => {
  const broken = new Lane(() => scripted("throw new Error('no engine')"));
  const failed = await broken.ask("findings", INPUT, { limit: 60_000 });
  assert.equal(failed.type, "failed");
  const none = new Lane(() => {
    throw new Error("no workers here");
  });
  const outcome = await none.ask("findings", INPUT, { limit: 60_000 });
  assert.ok(outcome.type === "failed");
  assert.match(outcome.message, /no workers here/);
});

Deno.test("what goes wrong with an answer is told", async () => {
  const lane = new Lane(() => new Worker(WORKER, { type: "module" }));
  try {
    const input = { ...INPUT, policy: null } as unknown as typeof INPUT;
    const outcome = await lane.ask("findings", input, { limit: 60_000 });
    assert.equal(outcome.type, "failed");
  } finally {
    lane.close();
  }
});
