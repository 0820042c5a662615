/**
 * IP addresses and networks (RFC 4632, RFC 4291): parsing and membership, without DNS.
 *
 * @module
 */

/** An address as a number with its family; IPv4-mapped IPv6 addresses count as IPv4. */
export interface Address {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

export interface Network extends Address {
  readonly prefix: number;
}

const WIDTH = { 4: 32, 6: 128 } as const;
const MAPPED = 0xffffn << 32n;

/** The address, or `null` for anything that is not one (a host name, a zone id, an empty string). */
export function parseAddress(text: string): Address | null {
  const v4 = parseV4(text);
  if (v4 !== null) return { family: 4, bits: v4 };
  const v6 = parseV6(text);
  if (v6 === null) return null;
  return v6 >> 32n === MAPPED >> 32n
    ? { family: 4, bits: v6 & 0xffffffffn }
    : { family: 6, bits: v6 };
}

/** `10.0.0.0/8`, `2001:db8::/32`, or a single address. `null` when it is not a network. */
export function parseNetwork(text: string): Network | null {
  const match = /^([^/]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text);
  const address = match?.[1] === undefined ? null : parseAddress(match[1]);
  if (address === null) return null;
  const written = match?.[2];
  const mapped = address.family === 4 && (match?.[1] ?? "").includes(":");
  const width = mapped ? 128 : WIDTH[address.family];
  const prefix = (written === undefined ? width : Number(written)) -
    (mapped ? 96 : 0);
  return prefix < 0 || prefix > WIDTH[address.family]
    ? null
    : { ...address, prefix };
}

/** Whether the bits behind the prefix are all zero, as in `10.0.0.0/8` and unlike `10.1.0.0/8`. */
export function isCanonical(network: Network): boolean {
  const host = BigInt(WIDTH[network.family] - network.prefix);
  return (network.bits >> host) << host === network.bits;
}

/** Whether the network holds the address. Families never mix. */
export function contains(network: Network, address: Address): boolean {
  const host = BigInt(WIDTH[network.family] - network.prefix);
  return network.family === address.family &&
    network.bits >> host === address.bits >> host;
}

function parseV4(text: string): bigint | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
    ?.slice(1);
  if (parts === undefined) return null;
  let bits = 0n;
  for (const part of parts) {
    // a leading zero is octal to some readers
    if (Number(part) > 255 || (part.length > 1 && part.startsWith("0"))) {
      return null;
    }
    bits = (bits << 8n) | BigInt(part);
  }
  return bits;
}

function parseV6(text: string): bigint | null {
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text) || !text.includes(":")) return null;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = groups(halves[0] ?? "", { last: halves.length === 1 });
  const tail = halves.length === 2
    ? groups(halves[1] ?? "", { last: true })
    : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  return [
    ...head,
    ...Array<bigint>(halves.length === 2 ? missing : 0).fill(0n),
    ...tail,
  ]
    .reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** `last`: the address ends here, so that an IPv4 address may (RFC 4291 section 2.2). */
function groups(text: string, options: { last: boolean }): bigint[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const result: bigint[] = [];
  for (const [index, part] of parts.entries()) {
    const v4 = options.last && index === parts.length - 1 && part.includes(".")
      ? parseV4(part)
      : null;
    if (v4 !== null) result.push(v4 >> 16n, v4 & 0xffffn);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) result.push(BigInt(`0x${part}`));
    else return null;
  }
  return result;
}

/** Whether an address lies in one of the networks; what is not an address lies in none. */
export function inNetworks(
  networks: readonly string[],
  rhost: string | null,
): boolean {
  const address = rhost === null ? null : parseAddress(rhost);
  return address !== null && networks.some((text) => {
    const network = parseNetwork(text);
    return network !== null && contains(network, address);
  });
}

/** The address as text; IPv6 without abbreviations beyond leading zeros and one "::". */
export function formatAddress({ family, bits }: Address): string {
  if (family === 4) {
    return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 0xffn).join(".");
  }
  const groups = Array.from(
    { length: 8 },
    (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  ).join(":");
  const zeros = /(?:^|:)0(?::0)+(?=:|$)/.exec(groups);
  if (zeros === null) return groups;
  const before = groups.slice(0, zeros.index);
  const after = groups.slice(zeros.index + zeros[0].length);
  return `${before}::${after.replace(/^:/, "")}`;
}
