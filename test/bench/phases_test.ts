/**
 * The phases, which look into the shipped program: whatever changes there must not go unseen until the next
 * bench.
 *
 * @module
 */
import assert from "node:assert/strict";
import { measurePhases } from "./phases.ts";

Deno.test("a login comes to each point at which a phase ends, and is whole without one", async () => {
  const { tables } = await measurePhases(1);
  const rows = (tables[0]?.[1] ?? "").split("\n")
    .filter((line) => /^(an empty|load|until) .*[0-9]\.[0-9]/.test(line));
  assert.equal(rows.length, 9);
});
