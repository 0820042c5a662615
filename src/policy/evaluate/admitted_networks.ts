/**
 * From where a decision is a yes, where the address is not known when it is asked: the answer as
 * networks that somebody else can check the address against.
 *
 * @module
 */
import {
  contains,
  formatAddress,
  type Network,
  parseNetwork,
} from "../network.ts";

const WIDTH = { 4: 32, 6: 128 } as const;

/**
 * The networks in CIDR notation from which `admits` says yes, each address in at most one of them;
 * `"everywhere"` where no address makes a difference. `networks` are all that `admits` looks at.
 * It is asked once for each set of networks that an address can be in, and about `null` for an address
 * outside of all: networks nest or are disjoint, so that the innermost one tells the set.
 */
export function admittedNetworks(
  networks: readonly string[],
  admits: (rhost: string | null) => boolean,
): readonly string[] | "everywhere" {
  const known = [...new Set(networks)].map(parseNetwork).filter((network) =>
    network !== null
  );
  const elsewhere = admits(null);
  const whole = ([4, 6] as const).map((family) => {
    const answers = new Map<Network | null, boolean>([[null, elsewhere]]);
    return admittedIn({ family, bits: 0n, prefix: 0 }, {
      inner: known.filter((network) => network.family === family),
      innermost: null,
      admits: (network, address) => {
        const answer = answers.get(network) ?? admits(formatAddress(address));
        answers.set(network, answer);
        return answer;
      },
    });
  });
  return whole.every(([first]) => first?.prefix === 0)
    ? "everywhere"
    : whole.flat().map((network) =>
      `${formatAddress(network)}/${network.prefix}`
    );
}

/** The same inside one network. */
function admittedIn(
  here: Network,
  { inner, innermost, admits }: {
    /** Networks that are this one, or inside it. */
    readonly inner: readonly Network[];
    /** The smallest network around this one. */
    readonly innermost: Network | null;
    readonly admits: (network: Network | null, address: Network) => boolean;
  },
): readonly Network[] {
  const itself = inner.find(({ prefix }) => prefix === here.prefix) ??
    innermost;
  const smaller = inner.filter(({ prefix }) => prefix > here.prefix);
  if (smaller.length === 0) return admits(itself, here) ? [here] : [];
  const prefix = here.prefix + 1;
  const bit = 1n << BigInt(WIDTH[here.family] - prefix);
  const parts = [here.bits, here.bits | bit].map((bits) => {
    const half = { ...here, bits, prefix };
    return admittedIn(half, {
      inner: smaller.filter((network) => contains(half, network)),
      innermost: itself,
      admits,
    });
  });
  const both = parts.every(([first]) => first?.prefix === prefix);
  return both ? [here] : parts.flat();
}
