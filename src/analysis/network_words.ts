/**
 * Networks as words by which they are looked up.
 *
 * @module
 */
import type { Address, Network } from "../policy/network.ts";

const WIDTH = { 4: 32, 6: 128 } as const;

/** The same for the same network, whatever its host bits. */
export function networkWord({ family, bits, prefix }: Network): string {
  return `net ${family} ${prefix} ${bits >> BigInt(WIDTH[family] - prefix)}`;
}

/** The words of all networks that hold the address, or the whole network of `prefix` bits. */
export function* wordsAround(
  { family, bits, prefix = WIDTH[family] }: Address & { prefix?: number },
): Iterable<string> {
  for (let wide = 0; wide <= prefix; wide++) {
    yield networkWord({ family, bits, prefix: wide });
  }
}
