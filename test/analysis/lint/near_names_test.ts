/**
 * Which names count as near, and that the index finds what comparing each with each finds.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isSlip,
  NearIndex,
} from "../../../src/analysis/lint/rules/near_names.ts";
import { holds } from "../../support/properties.ts";

Deno.test("isSlip() knows a missing letter, one too many, and two that changed places", () => {
  for (
    const [a, b] of [["ssh", "sshd"], ["sshdd", "sshd"], ["ssdh", "sshd"]]
  ) {
    assert.ok(isSlip(a ?? "", b ?? ""), `${a} ${b}`);
    assert.ok(isSlip(b ?? "", a ?? ""), `${b} ${a}`);
  }
  for (
    const [a, b] of [
      ["sshd", "sshd"],
      ["team-a", "team-b"],
      ["unit1", "unit11"],
      ["unit12", "unit21"],
      ["sudo", "sudo-i"],
      ["", "ab"],
    ]
  ) assert.ok(!isSlip(a ?? "", b ?? ""), `${a} ${b}`);
});

function near(...names: string[]): string[] {
  return [...new NearIndex(names).pairs()].map((pair) => pair.join(" "));
}

Deno.test("NearIndex takes spelling, plurals and slips for near, and numbers for what they are", () => {
  assert.deepEqual(near("contractors", "contractor"), [
    "contractors contractor",
  ]);
  assert.deepEqual(near("team_lead", "Team-Lead", "team lead"), [
    "team_lead Team-Lead",
    "team_lead team lead",
    "Team-Lead team lead",
  ]);
  assert.deepEqual(near("engineers", "enigneers"), ["engineers enigneers"]);
  assert.deepEqual(near("staff", "stuff", "a", "as", "g1", "g11"), []);
  assert.deepEqual(near("team-1-2", "team-12", "team-a", "team-b"), []);
});

Deno.test("NearIndex finds every slip among long names", () => {
  const name = fc.string({
    unit: fc.constantFrom("a", "b"),
    minLength: 6,
    maxLength: 7,
  });
  let slips = 0;
  holds(
    fc.property(fc.uniqueArray(name, { maxLength: 12 }), (names) => {
      const found = new Set(near(...names));
      for (const [index, later] of names.entries()) {
        for (const earlier of names.slice(0, index)) {
          if (!isSlip(earlier, later)) continue;
          slips++;
          assert.ok(found.has(`${earlier} ${later}`), `${earlier} ${later}`);
        }
      }
    }),
    { runs: 400 },
  );
  assert.ok(slips > 50, `${slips}`);
});
