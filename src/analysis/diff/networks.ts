/**
 * One address for every set of networks that an address can be in.
 *
 * @module
 */
import {
  type Address,
  contains,
  formatAddress,
  type Network,
  parseNetwork,
} from "../../policy/network.ts";

const WIDTH = { 4: 32, 6: 128 } as const;

/**
 * For each network an address that is in it and in none of the smaller ones inside it, where there
 * is one. Networks nest or are disjoint, so these are all combinations; outside of all networks is
 * the same as no address at all.
 */
export function networkExamples(networks: readonly string[]): string[] {
  const parsed = networks.map(parseNetwork).filter((network) =>
    network !== null
  )
    .map(canonical);
  const found = new Set<string>();
  for (const network of parsed) {
    const inner = parsed.filter((other) =>
      other.prefix > network.prefix && contains(network, other)
    );
    const address = candidates(network, inner).find((candidate) =>
      contains(network, candidate) &&
      !inner.some((other) => contains(other, candidate))
    );
    if (address !== undefined) found.add(formatAddress(address));
  }
  return [...found];
}

function canonical(network: Network): Network {
  const host = BigInt(WIDTH[network.family] - network.prefix);
  return { ...network, bits: (network.bits >> host) << host };
}

function last({ family, bits, prefix }: Network): bigint {
  return bits | ((1n << BigInt(WIDTH[family] - prefix)) - 1n);
}

/** Where there is a gap between inner networks, one of these lies in it. */
function candidates(network: Network, inner: readonly Network[]): Address[] {
  const { family } = network;
  return [
    network.bits + 1n,
    network.bits,
    last(network),
    ...inner.flatMap((other) => [other.bits - 1n, last(other) + 1n]),
  ].map((bits) => ({ family, bits }));
}
