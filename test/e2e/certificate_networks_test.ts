/**
 * The networks that stand in `from="…"`, read by sshd itself: `Match Address` compares by the same list
 * and in the same way, and `sshd -T` tells what matched, so that no login is needed for each address.
 *
 * Debian packages: openssh-server openssh-client.
 *
 * @module
 */
// Threats: G12
import assert from "node:assert/strict";
import fc from "fast-check";
import { admittedNetworks } from "../../src/policy/evaluate/admitted_networks.ts";
import { formatAddress, inNetworks } from "../../src/policy/network.ts";

const BASES = { 4: 0x0a00_0000n, 6: 0x2001_0db8n << 96n } as const;

const family = fc.constantFrom(4 as const, 6 as const);

const network = fc.oneof(
  fc.tuple(family, fc.bigInt(0n, 255n), fc.integer({ min: 0, max: 8 })).map(
    ([family, bits, inside]) =>
      `${formatAddress({ family, bits: BASES[family] | bits })}/${
        (family === 4 ? 24 : 120) + inside
      }`,
  ),
  fc.constantFrom("0.0.0.0/0", "::/0", "::ffff:10.0.0.0/104", "10.0.0.7"),
);

const address = fc.oneof(
  fc.tuple(family, fc.bigInt(0n, 300n)).map(([family, bits]) =>
    formatAddress({ family, bits: BASES[family] | bits })
  ),
  fc.constantFrom("::", "::1", "255.255.255.255", "fe80::1", "192.0.2.1"),
);

const policies = fc.array(
  fc.record({
    allowed: fc.array(network, { minLength: 1, maxLength: 5 }),
    denied: fc.array(network, { maxLength: 4 }),
    elsewhere: fc.boolean(),
  }),
  { minLength: 80, maxLength: 80 },
);

Deno.test("sshd admits from the addresses that the decisions admit from, and from no others", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await new Deno.Command("ssh-keygen", {
      args: ["-q", "-t", "ed25519", "-N", "", "-f", `${folder}/key`],
    }).output();
    const [drawn = []] = fc.sample(policies, 1);
    const judged = drawn.map(({ allowed, denied, elsewhere }) => {
      const admits = (rhost: string | null) =>
        (elsewhere || inNetworks(allowed, rhost)) && !inNetworks(denied, rhost);
      const found = admittedNetworks([allowed, denied], admits);
      return { admits, list: found === "everywhere" ? ["*"] : found };
    });
    await Deno.writeTextFile(
      `${folder}/config`,
      judged.map(({ list }, index) =>
        list.length === 0
          ? ""
          : `Match Address ${list.join()}\n  AcceptEnv RULE${index}\n`
      ).join(""),
    );
    const addresses = new Set(fc.sample(address, 100));
    let matches = 0;
    for (const addr of addresses) {
      const { stdout, stderr } = await new Deno.Command("/usr/sbin/sshd", {
        args: [
          ...["-T", "-f", `${folder}/config`, "-h", `${folder}/key`],
          ...["-C", `user=alice,host=a.example,addr=${addr}`],
        ],
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert.match(
        text,
        /^acceptenv|^port /m,
        new TextDecoder().decode(stderr),
      );
      const matched = new Set(
        Array.from(
          text.matchAll(/^acceptenv RULE(\d+)$/gm),
          ([, n]) => Number(n),
        ),
      );
      for (const [index, { admits, list }] of judged.entries()) {
        assert.equal(
          matched.has(index),
          admits(addr),
          `${addr} by ${list.join()}`,
        );
      }
      matches += matched.size;
    }
    // it says both yes and no
    assert.ok(matches > 0 && matches < addresses.size * judged.length);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
