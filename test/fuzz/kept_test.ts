/**
 * Inputs that were found or that are easily got wrong: each ends as it says, in this process
 * and as the built program.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Splice } from "./edits.ts";
import { probe } from "./target.ts";
import { TARGETS } from "./targets.ts";
import { POLICY } from "./targets/login.ts";
import { World } from "./world.ts";

interface Kept {
  readonly target: string;
  /** A reason, or an exit code where there are no reasons. */
  readonly ending: string;
  readonly content: string;
  readonly wire: readonly Splice[];
}

const FOLDER = new URL("./kept/", import.meta.url);

/** Those of `kept/`, by name. */
function readKept(): [string, Kept][] {
  return [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort().map(
    (name) => [name, JSON.parse(Deno.readTextFileSync(new URL(name, FOLDER)))],
  );
}

Deno.test("every input that was kept ends as it should", async (t) => {
  await using world = await World.create(POLICY);
  const kept = readKept();
  for (const { name } of TARGETS) {
    assert.ok(kept.some(([, { target }]) => target === name), name);
  }
  for (const [file, { target: name, ending, ...input }] of kept) {
    await t.step(file, async () => {
      const target = TARGETS.find((each) => each.name === name);
      assert.ok(target, name);
      await world.forget();
      const ran = await probe(target, input, { world, program: false });
      assert.equal(ran.reason ?? String(ran.code), ending, ran.log);
      const again = await probe(target, input, { world, program: true });
      assert.equal(again.yes, ran.yes, again.log);
      if (!ran.yes) assert.equal(again.code, ran.code, again.log);
      if (ran.reason !== null) {
        assert.ok(again.log.includes(` reason=${ending} `), again.log);
      }
    });
  }
});
