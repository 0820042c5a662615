/**
 * From where a decision is a yes, as networks.
 *
 * @module
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { admittedNetworks } from "../../../src/policy/evaluate/admitted_networks.ts";
import { formatAddress, inNetworks } from "../../../src/policy/network.ts";

/** Yes in the first networks, unless in one of the others. */
function asked(allowed: readonly string[], denied: readonly string[]) {
  const asks: (string | null)[] = [];
  const found = admittedNetworks([...allowed, ...denied], (rhost) => {
    asks.push(rhost);
    return inNetworks(allowed, rhost) && !inNetworks(denied, rhost);
  });
  return { found, asks };
}

Deno.test("admittedNetworks() gives back the networks of a rule", () => {
  assert.deepEqual(asked(["10.0.0.0/8", "2001:db8::/32"], []).found, [
    "10.0.0.0/8",
    "2001:db8::/32",
  ]);
});

Deno.test("admittedNetworks() leaves out what is denied inside", () => {
  assert.deepEqual(asked(["10.0.0.0/8"], ["10.128.0.0/9"]).found, [
    "10.0.0.0/9",
  ]);
  assert.deepEqual(asked(["10.0.0.0/30"], ["10.0.0.2"]).found, [
    "10.0.0.0/31",
    "10.0.0.3/32",
  ]);
  assert.deepEqual(asked(["10.0.0.0/8"], ["10.0.0.0/8"]).found, []);
});

Deno.test("admittedNetworks() joins halves, and says where nothing matters", () => {
  assert.deepEqual(asked(["10.0.0.0/9", "10.128.0.0/9"], []).found, [
    "10.0.0.0/8",
  ]);
  assert.equal(admittedNetworks(["10.0.0.0/8"], () => true), "everywhere");
  assert.equal(admittedNetworks([], () => true), "everywhere");
  assert.deepEqual(admittedNetworks([], () => false), []);
  // all of IPv4 is not everywhere
  assert.deepEqual(asked(["0.0.0.0/0"], []).found, ["0.0.0.0/0"]);
});

Deno.test("admittedNetworks() takes bits behind the prefix for what they are: nothing", () => {
  assert.deepEqual(asked(["10.1.2.3/8"], ["10.9.9.9/16"]).found, [
    ...asked(["10.0.0.0/8"], ["10.9.0.0/16"]).found,
  ]);
});

Deno.test("admittedNetworks() asks once for each set of networks", () => {
  const allowed = Array.from(
    { length: 400 },
    (_, n) => `10.${n >> 4}.${(n & 15) * 16}.0/21`,
  );
  const { asks } = asked([...allowed, "10.0.0.0/8"], ["2001:db8::1"]);
  assert.ok(asks.length <= 403, String(asks.length));
});

Deno.test("admittedNetworks() asks once for a list of networks, however long it is", () => {
  const list = (from: number, step: number) =>
    Array.from({ length: 3000 }, (_, n) => {
      const block = from + n * step;
      return `10.${block >> 8}.${block & 255}.0/24`;
    });
  const [allowed, denied] = [list(0, 2), list(1, 4)];
  const asks: (string | null)[] = [];
  const found = admittedNetworks([allowed, denied], (rhost) => {
    asks.push(rhost);
    return inNetworks(allowed, rhost) && !inNetworks(denied, rhost);
  });
  assert.deepEqual([...found].sort(), [...allowed].sort());
  assert.equal(asks.length, 3);
});

Deno.test("admittedNetworks() is right for every address", () => {
  const near = (family: 4 | 6) =>
    fc.record({
      bits: fc.bigInt(0n, 255n),
      prefix: fc.integer({ min: 0, max: 8 }),
    })
      .map(({ bits, prefix }) => {
        const width = family === 4 ? 32 : 128;
        const base = family === 4 ? 0x0a00_0000n : 0x2001_0db8n << 96n;
        return `${formatAddress({ family, bits: base | bits })}/${
          width - 8 + prefix
        }`;
      });
  const networks = fc.array(
    fc.oneof(near(4), near(6), fc.constantFrom("0.0.0.0/0", "::/0")),
    { maxLength: 6 },
  );
  const address = fc.record({
    family: fc.constantFrom(4, 6),
    bits: fc.bigInt(0n, 300n),
  })
    .map(({ family, bits }) =>
      formatAddress({
        family,
        bits: (family === 4 ? 0x0a00_0000n : 0x2001_0db8n << 96n) | bits,
      })
    );
  fc.assert(
    fc.property(
      networks,
      networks,
      fc.boolean(),
      fc.array(address, { minLength: 20, maxLength: 20 }),
      (allowed, denied, elsewhere, addresses) => {
        const admits = (rhost: string | null) =>
          (elsewhere || inNetworks(allowed, rhost)) &&
          !inNetworks(denied, rhost);
        for (const lists of [[...allowed, ...denied], [allowed, denied]]) {
          const found = admittedNetworks(lists, admits);
          for (const each of addresses) {
            assert.equal(
              found === "everywhere" || inNetworks(found, each),
              admits(each),
              each,
            );
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});
