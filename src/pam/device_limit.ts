/**
 * How many sign-ins may be started: each costs the issuer a request and the host two processes,
 * and whoever can reach the login prompt can ask for one.
 *
 * @module
 */
import { sha256Hex, StateDirectory } from "../files/state_directory.ts";
import { parseAddress } from "../policy/network.ts";

export interface StartLimits {
  readonly starts_per_source: number;
  readonly starts_total: number;
}

const WINDOW_MS = 60_000;
const HASH_DIGITS = 32;

/**
 * Takes one of the places that this minute of the clock has, for the source and in total; false
 * when there is none left. A place is a file that only one process can create, so that the limits
 * hold among processes without a lock. `now` is in milliseconds. Throws `StateError` where that
 * cannot be remembered: without a memory there is no limit.
 */
export async function takePlace(
  source: string,
  options: { cacheDirectory: string; limits: StartLimits; now: number },
): Promise<boolean> {
  const { limits } = options;
  const places = new StateDirectory(options.cacheDirectory, "device");
  const window = Math.floor(options.now / WINDOW_MS);
  const names = await places.list();
  await forgetEarlier(names, { places, window });
  const digits = (await sha256Hex(source)).slice(0, HASH_DIGITS);
  const take = async (prefix: string, limit: number): Promise<boolean> => {
    const taken = names.filter((name) => name.startsWith(prefix)).length;
    for (let place = Math.min(taken, limit); place < limit; place++) {
      if (await places.create(`${prefix}${place}`, new Uint8Array())) {
        return true;
      }
    }
    return false;
  };
  return await take(`limit.${window}.${digits}.`, limits.starts_per_source) &&
    await take(`limit.${window}.all.`, limits.starts_total);
}

/** A neighbouring minute may still be, or already be, that of another process. */
async function forgetEarlier(
  names: readonly string[],
  options: { places: StateDirectory; window: number },
): Promise<void> {
  for (const name of names) {
    const window = /^limit\.([0-9]+)\./.exec(name)?.[1];
    if (window === undefined) continue;
    if (Math.abs(Number(window) - options.window) > 1) {
      await options.places.remove(name);
    }
  }
}

/**
 * Where a request comes from, as the limits count it: the address, of an IPv6 address the network
 * of 64 bits that one customer has; on the host itself, the user who runs sudo or su.
 */
export function startSource(
  rhost: string | null,
  ruser: string | null,
): string {
  const address = rhost === null ? null : parseAddress(rhost);
  if (address === null) return `name ${rhost ?? ""} ${ruser ?? ""}`;
  return address.family === 4
    ? `address ${address.bits}`
    : `network ${address.bits >> 64n}`;
}
