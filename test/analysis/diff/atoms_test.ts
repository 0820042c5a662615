/**
 * Finite lists that stand for all values: globs, networks, claims, and the search.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { claimAtoms, ClaimUse } from "../../../src/analysis/diff/atoms.ts";
import { matchesGlob } from "../../../src/policy/evaluate/conditions.ts";
import { globClasses } from "../../../src/analysis/diff/globs.ts";
import { networkExamples } from "../../../src/analysis/diff/networks.ts";
import { type Region, solve } from "../../../src/analysis/diff/solver.ts";
import {
  contains,
  formatAddress,
  parseAddress,
  parseNetwork,
} from "../../../src/policy/network.ts";
import { holds } from "../../support/properties.ts";

const NOW = 1_767_268_800;
const search = (patterns: readonly string[], exclude: readonly string[] = []) =>
  globClasses(patterns.map((pattern) => ({ pattern, suffix: "" })), {
    letters: "xyz",
    exclude: new Set(exclude),
  });
const signature = (patterns: readonly string[], text: string) =>
  patterns.map((pattern) => matchesGlob(pattern, text)).join();

Deno.test("globClasses() finds a text for every combination of globs that any text has", () => {
  const glob = fc.string({
    unit: fc.constantFrom("a", "b", "*"),
    minLength: 1,
    maxLength: 5,
  });
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "c"),
    minLength: 1,
    maxLength: 8,
  });
  holds(
    fc.property(
      fc.array(glob, { maxLength: 4 }),
      fc.array(text, { minLength: 30, maxLength: 30 }),
      (patterns, texts) => {
        const { examples, complete } = search(patterns);
        const known = examples.map((example) => signature(patterns, example));
        assert.ok(complete);
        assert.equal(new Set(known).size, known.length);
        for (const one of texts) {
          assert.ok(known.includes(signature(patterns, one)), one);
        }
      },
    ),
    { runs: 200 },
  );
});

Deno.test("globClasses() does not lose a combination whose shortest text is excluded", () => {
  assert.deepEqual(search(["a*"], ["a"]).examples.map((text) => text[0]), [
    "x",
    "a",
  ]);
  // only "a" begins and ends with the one letter
  assert.equal(search(["a*", "*a", "a*a"]).examples.includes("a"), true);
  const without = search(["a*", "*a", "a*a"], ["a"]).examples;
  assert.equal(without.length, search(["a*", "*a", "a*a"]).examples.length - 1);
});

Deno.test("globClasses() says when there are too many combinations", () => {
  const patterns = Array.from(
    { length: 18 },
    (_, index) => `*${index}-${index}*`,
  );
  assert.equal(search(patterns).complete, false);
});

Deno.test("claimAtoms() has each value, one text for each glob and for none, and a wrong type", () => {
  const use = new ClaimUse(["email"]);
  use.scalars.add("joe@example.org").add(true);
  use.addGlob("*@example.edu");
  use.addGlob("root@example.org");
  const { atoms, limits } = claimAtoms(use, { now: NOW });
  assert.deepEqual(limits, []);
  assert.deepEqual(atoms.map(({ kind, value }) => [kind, value]), [
    ["absent", undefined],
    ["string", "y"],
    ["string", "@example.edu"],
    ["string", "joe@example.org"],
    ["string", "root@example.org"],
    ["boolean", true],
    ["object", {}],
  ]);
});

Deno.test("claimAtoms() puts a time on each side of every age", () => {
  const use = new ClaimUse(["auth_time"]);
  for (const age of [60, 61, -30, -31]) use.ages.add(age);
  const { atoms } = claimAtoms(use, { now: NOW });
  assert.deepEqual(
    atoms.filter(({ kind }) => kind === "number").map(({ value }) =>
      NOW - Number(value)
    ),
    [60, 61, -30, -31],
  );
});

Deno.test("claimAtoms() keeps list entries together that no rule tells apart", () => {
  const use = new ClaimUse(["groups"]);
  use.sets.push(["staff", "faculty"], ["faculty", "staff", "guest"]);
  use.singles.add("ssh");
  const { blocks } = claimAtoms(use, { now: NOW });
  assert.deepEqual(blocks.map(({ values }) => values), [
    ["staff", "faculty"],
    ["guest"],
    ["ssh"],
  ]);
});

Deno.test("claimAtoms() says that fixed times and ages cannot be told apart", () => {
  const use = new ClaimUse(["auth_time"]);
  use.ages.add(60);
  use.scalars.add(NOW);
  assert.equal(claimAtoms(use, { now: NOW }).limits.length, 1);
});

Deno.test("networkExamples() has an address in every combination of networks that there is", () => {
  const address = fc.integer({ min: 0, max: 255 }).map((last) =>
    `10.0.0.${last}`
  );
  const network = fc.tuple(address, fc.constantFrom(24, 28, 30, 31, 32)).map((
    [text, prefix],
  ) => `${text}/${prefix}`);
  holds(
    fc.property(
      fc.array(network, { maxLength: 6 }),
      fc.array(address, { minLength: 20, maxLength: 20 }),
      (networks, addresses) => {
        const inside = (text: string) =>
          networks.map((one) => {
            const [parsed, where] = [parseNetwork(one), parseAddress(text)];
            return parsed !== null && where !== null && contains(parsed, where);
          }).join();
        const known = networkExamples(networks).map(inside);
        for (
          const text of addresses.filter((one) => /true/.test(inside(one)))
        ) {
          assert.ok(known.includes(inside(text)), `${text} in ${networks}`);
        }
      },
    ),
    { runs: 200 },
  );
});

Deno.test("formatAddress() is read back as the same address", () => {
  holds(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (bits) => {
      // an IPv4-mapped address counts as IPv4
      if (bits >> 32n === 0xffffn) return;
      const text = formatAddress({ family: 6, bits });
      assert.deepEqual(parseAddress(text), { family: 6, bits }, text);
    }),
    { runs: 200 },
  );
  assert.equal(formatAddress({ family: 6, bits: 1n }), "::1");
  assert.equal(
    formatAddress({ family: 6, bits: 0x2001_0db8n << 96n }),
    "2001:db8::",
  );
});

Deno.test("solve() finds a point exactly when trying all points does", () => {
  const sizes = [2, 3, 2, 4];
  const literalArbitrary = fc.integer({ min: 0, max: sizes.length - 1 }).chain(
    (variable) =>
      fc.integer({ min: 1, max: 2 ** (sizes[variable] ?? 1) - 1 }).map((
        mask,
      ) => ({
        variable,
        values: BigInt(mask),
      })),
  );
  const region = fc.array(fc.array(literalArbitrary, { maxLength: 3 }), {
    maxLength: 4,
  });
  const points = sizes.reduce<number[][]>(
    (found, size) =>
      found.flatMap((point) =>
        Array.from({ length: size }, (_, value) => [...point, value])
      ),
    [[]],
  );
  const isIn = (point: readonly number[], clauses: Region) =>
    clauses.every((clause) =>
      clause.some(({ variable, values }) =>
        ((values >> BigInt(point[variable] ?? 0)) & 1n) === 1n
      )
    );
  holds(
    fc.property(
      region,
      fc.array(region, { maxLength: 4 }),
      (inside, outside) => {
        const answers = points.filter((point) =>
          isIn(point, inside) && !outside.some((one) => isIn(point, one))
        );
        const found = solve({ sizes, inside, outside }, { steps: 10_000 });
        assert.notEqual(found, "gave up");
        if (found === null || found === "gave up") {
          assert.deepEqual(answers, []);
          return;
        }
        const box = points.filter((point) =>
          point.every((value, variable) =>
            (((found[variable] ?? 0n) >> BigInt(value)) & 1n) === 1n
          )
        );
        assert.notEqual(box.length, 0);
        for (const point of box) assert.ok(answers.includes(point));
      },
    ),
    { runs: 1000 },
  );
});

Deno.test("solve() gives up when its steps are used up", () => {
  const sizes = Array.from({ length: 12 }, () => 2);
  const outside: Region[] = sizes.map((_, index) => [
    [{ variable: index, values: 1n }],
    [{ variable: (index + 1) % 12, values: 1n }],
  ]);
  assert.equal(solve({ sizes, inside: [], outside }, { steps: 2 }), "gave up");
});
