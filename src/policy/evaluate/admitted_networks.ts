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

/** A network, with the lists that name it. */
interface Named extends Network {
  readonly lists: readonly number[];
}

/**
 * The networks in CIDR notation from which `admits` says yes, each address in at most one of them;
 * `"everywhere"` where no address makes a difference. `lists` are all that `admits` looks at: a network
 * by itself, or several of which it only asks whether one of them holds the address. It is asked once
 * for each set of lists that an address can be in, and about `null` for an address outside of all.
 */
export function admittedNetworks(
  lists: readonly (string | readonly string[])[],
  admits: (rhost: string | null) => boolean,
): readonly string[] | "everywhere" {
  const known = namedNetworks(lists);
  const answers = new Map([["", admits(null)]]);
  const whole = ([4, 6] as const).map((family) =>
    admittedIn({ family, bits: 0n, prefix: 0 }, {
      inner: known.filter((network) => network.family === family),
      around: new Set(),
      admits: (around, address) => {
        const set = [...around].sort().join();
        const answer = answers.get(set) ?? admits(formatAddress(address));
        answers.set(set, answer);
        return answer;
      },
    })
  );
  return whole.every(([first]) => first?.prefix === 0)
    ? "everywhere"
    : whole.flat().map((network) =>
      `${formatAddress(network)}/${network.prefix}`
    );
}

/** Each network once, however often and however differently it is written. */
function namedNetworks(
  lists: readonly (string | readonly string[])[],
): readonly Named[] {
  const known = new Map<string, { network: Network; lists: number[] }>();
  for (const [index, list] of lists.entries()) {
    for (const text of typeof list === "string" ? [list] : list) {
      const network = parseNetwork(text);
      if (network === null) continue;
      const host = BigInt(WIDTH[network.family] - network.prefix);
      const name = `${network.family}/${network.prefix}/${
        network.bits >> host
      }`;
      const same = known.get(name);
      if (same === undefined) known.set(name, { network, lists: [index] });
      else if (same.lists.at(-1) !== index) same.lists.push(index);
    }
  }
  return Array.from(
    known.values(),
    ({ network, lists }) => ({ ...network, lists }),
  );
}

/** The same inside one network. */
function admittedIn(
  here: Network,
  { inner, around, admits }: {
    /** Networks that are this one, or inside it. */
    readonly inner: readonly Named[];
    /** The lists that hold all of what is around this one. */
    readonly around: ReadonlySet<number>;
    readonly admits: (lists: ReadonlySet<number>, address: Network) => boolean;
  },
): readonly Network[] {
  const itself = inner.find(({ prefix }) => prefix === here.prefix);
  const lists = itself === undefined ? around : around.union(
    new Set(itself.lists),
  );
  const smaller = inner.filter(({ prefix }) => prefix > here.prefix);
  if (smaller.length === 0) return admits(lists, here) ? [here] : [];
  const prefix = here.prefix + 1;
  const bit = 1n << BigInt(WIDTH[here.family] - prefix);
  const parts = [here.bits, here.bits | bit].map((bits) => {
    const half = { ...here, bits, prefix };
    return admittedIn(half, {
      inner: smaller.filter((network) => contains(half, network)),
      around: lists,
      admits,
    });
  });
  const both = parts.every(([first]) => first?.prefix === prefix);
  return both ? [here] : parts.flat();
}
