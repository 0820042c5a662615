/**
 * How many sign-ins may be started: each costs the issuer a request and the host two processes,
 * and whoever can reach the login prompt can ask for one.
 *
 * What strangers spend must not be what others need. Each PAM service has places of its own. The
 * networks that come to one share its places: when they are gone, a network that had less than its
 * share still gets one. And whoever signed in lately from the same address has places that nobody
 * else can take without knowing both.
 *
 * @module
 */
import { sha256Hex, StateDirectory } from "../../files/state_directory.ts";
import { type Address, parseAddress } from "../../policy/network.ts";
import type { PamRequest } from "../host/environment.ts";

interface StartLimits {
  readonly starts_per_source: number;
  readonly starts_total: number;
}

interface Circle {
  readonly key: string;
  readonly times: number;
  readonly whose: "address" | "network" | "user";
}

/** Where a request comes from, as the limits count it. */
export interface StartSource {
  /** PAM_SERVICE. */
  readonly service: string;
  /** The requested account. */
  readonly account: string;
  /** From the narrowest to the widest: what has a limit, as a multiple of `starts_per_source`. */
  readonly circles: readonly Circle[];
  /** What gets a fair share of a service's places. */
  readonly network: string;
}

/** A limit of the policy that is in somebody's way. */
export interface ReachedLimit {
  readonly setting: keyof StartLimits;
  /** Starts a minute: the setting, or for a network a multiple of it. */
  readonly value: number;
  /** Whose starts are counted. */
  readonly whose: Circle["whose"] | "service";
  /** When the next minute begins, in milliseconds since the epoch. */
  readonly until: number;
}

/** What the log says of it. */
export function limitDetail(
  { setting, value, whose, until }: ReachedLimit,
): string {
  const time = new Date(until).toISOString().replace(".000Z", "Z");
  return `${setting}: this ${whose} has had its ${value} starts a minute, until ${time}`;
}

interface LimitOptions {
  readonly cacheDirectory: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const WINDOW_MS = 60_000;
const HASH_DIGITS = 32;
/** How long a sign-in counts as a recent one. */
const RECENT_MS = 14 * 24 * 3_600_000;
/** The days of a recent sign-in are in the names of entries, so that forgetting needs no reading. */
const DAY_MS = 24 * 3_600_000;
const RECENT_DAYS = RECENT_MS / DAY_MS;

/**
 * Takes one of the places that this minute of the clock has; the limit that is in the way when there is
 * none left. A place
 * is a file that only one process can create, so that the limits hold among processes without a
 * lock. Throws `StateError` where that cannot be remembered: without a memory there is no limit.
 */
export async function takePlace(
  source: StartSource,
  options: LimitOptions & { readonly limits: StartLimits },
): Promise<ReachedLimit | null> {
  const places = await Places.of(source.service, options);
  const { starts_per_source: each, starts_total: total } = options.limits;
  const circles = await Promise.all(
    source.circles.map(async ({ key, times, whose }) => ({
      kind: `c-${await digits(key)}`,
      limit: each * times,
      whose,
    })),
  );
  const network = `n-${await digits(source.network)}`;
  // the places of all, and when they are gone, what is a network's own by rights
  const pot = await places.hasLeft("all", total)
    ? "all"
    : await hasShare(network, { places, total }) &&
        await places.hasLeft("share", total)
    ? "share"
    : null;
  const full = pot === null ? null : await places.takeAll(circles);
  if (pot !== null && full === null && await places.take(pot, total)) {
    const first = await places.hasLeft(network, 1);
    await places.take(network, total);
    if (first) await places.take("networks", MANY);
    return null;
  }
  // whom this host has seen lately
  const known = await signedInLately(source, options) &&
    await places.take(`k-${await personOf(source)}`, each) &&
    await places.take("known", total);
  if (known) return null;
  const { until } = places;
  return full === null
    ? { setting: "starts_total", value: total, whose: "service", until }
    : {
      setting: "starts_per_source",
      value: full.limit,
      whose: full.whose,
      until,
    };
}

/** Remembers that this account was opened from there by a sign-in. Never throws. */
export async function rememberSignIn(
  source: StartSource,
  options: LimitOptions,
): Promise<void> {
  const recent = new StateDirectory(options.cacheDirectory, "recent");
  const today = Math.floor(options.now / DAY_MS);
  try {
    await recent.create(`${await personOf(source)}.${today}`, new Uint8Array());
    await recent.sweep({
      now: options.now,
      expired: (name) => {
        const day = Number(/\.([0-9]+)$/.exec(name)?.[1] ?? NaN);
        return Math.abs(today - day) > RECENT_DAYS;
      },
    });
  } catch {
    // it costs a place in a crowd, not the login
  }
}

async function signedInLately(
  source: StartSource,
  options: LimitOptions,
): Promise<boolean> {
  const recent = new StateDirectory(options.cacheDirectory, "recent");
  const person = await personOf(source);
  const today = Math.floor(options.now / DAY_MS);
  for (let day = today; day > today - RECENT_DAYS; day--) {
    if (await recent.has(`${person}.${day}`)) return true;
  }
  return false;
}

/** The person, as far as a host can know before anybody has proved anything. */
async function personOf(
  { service, account, circles }: StartSource,
): Promise<string> {
  return await digits([service, account, circles[0]?.key].join("\0"));
}

async function digits(text: string): Promise<string> {
  return (await sha256Hex(text)).slice(0, HASH_DIGITS);
}

/** Whether a network has had less than its share of the places. */
async function hasShare(
  network: string,
  { places, total }: { places: Places; total: number },
): Promise<boolean> {
  const had = await places.count(network, total);
  const others = await places.count("networks", MANY);
  const share = Math.floor(total / (others + (had === 0 ? 1 : 0)));
  return had < Math.max(1, share);
}

/** More networks than can have a place. */
const MANY = 10_000;

/**
 * The places of one service in this minute: files, which are counted without being listed. Places of
 * a kind are taken in order, so that the first one that is missing is the number of those taken.
 */
class Places {
  readonly #directory: StateDirectory;
  readonly #prefix: string;
  /** When the minute ends, in milliseconds since the epoch. */
  readonly until: number;

  static async of(service: string, options: LimitOptions): Promise<Places> {
    const directory = new StateDirectory(options.cacheDirectory, "limits");
    const window = Math.floor(options.now / WINDOW_MS);
    await directory.sweep({
      now: options.now,
      // a neighbouring minute may still be, or already be, that of another process
      expired: (name) =>
        Math.abs(Number(/^([0-9]+)\./.exec(name)?.[1] ?? NaN) - window) > 1,
    });
    const pot = (await digits(service)).slice(0, 16);
    return new Places(directory, {
      prefix: `${window}.${pot}.`,
      until: (window + 1) * WINDOW_MS,
    });
  }

  constructor(
    directory: StateDirectory,
    { prefix, until }: { prefix: string; until: number },
  ) {
    this.#directory = directory;
    this.#prefix = prefix;
    this.until = until;
  }

  #name(kind: string, place: number): string {
    return `${this.#prefix}${kind}.${place}`;
  }

  /** How many are taken, `most` at the most. */
  async count(kind: string, most: number): Promise<number> {
    const isTaken = (place: number) =>
      this.#directory.has(this.#name(kind, place));
    let [taken, free] = [0, 1];
    while (free <= most && await isTaken(free - 1)) {
      [taken, free] = [free, free * 2];
    }
    free = Math.min(free, most + 1);
    while (free - taken > 1) {
      const middle = Math.floor((taken + free) / 2);
      if (await isTaken(middle - 1)) taken = middle;
      else free = middle;
    }
    return taken;
  }

  async hasLeft(kind: string, limit: number): Promise<boolean> {
    return limit > 0 && !await this.#directory.has(this.#name(kind, limit - 1));
  }

  /** One place of each kind, unless one of them has none left: then that kind. */
  async takeAll<Kind extends { readonly kind: string; readonly limit: number }>(
    kinds: readonly Kind[],
  ): Promise<Kind | null> {
    for (const each of kinds) {
      if (!await this.hasLeft(each.kind, each.limit)) return each;
    }
    for (const each of kinds) {
      if (!await this.take(each.kind, each.limit)) return each;
    }
    return null;
  }

  async take(kind: string, limit: number): Promise<boolean> {
    // others may be taking places, too: on to the next one until one is ours
    let place = await this.count(kind, limit);
    while (place < limit) {
      const name = this.#name(kind, place);
      if (await this.#directory.create(name, new Uint8Array())) return true;
      place++;
    }
    return false;
  }
}

/**
 * Where a request comes from: the address, and of an IPv6 address the networks of 64, 56 and 48 bits
 * that one customer may have. An address is PAM's, or where PAM has a name, sshd's: a name is
 * whoever's who owns its zone. On the host itself it is the user who runs sudo or su.
 */
export function startSource(
  { service, user, rhost, ruser, connection }: Pick<
    PamRequest,
    "service" | "user" | "rhost" | "ruser" | "connection"
  >,
): StartSource {
  const address = (rhost === null ? null : parseAddress(rhost)) ??
    (rhost === null ? null : parseAddress(connection ?? ""));
  const common = { service, account: user };
  if (address === null) {
    const key = `local ${ruser ?? ""}`;
    const whose = rhost === null ? "user" : "address";
    return { ...common, circles: [{ key, times: 1, whose }], network: key };
  }
  return { ...common, ...placeOf(address) };
}

function placeOf(
  { family, bits }: Address,
): Pick<StartSource, "circles" | "network"> {
  if (family === 4) {
    return {
      circles: [{ key: `4 ${bits}`, times: 1, whose: "address" }],
      network: `4/24 ${bits >> 8n}`,
    };
  }
  return {
    circles: [
      { key: `6/64 ${bits >> 64n}`, times: 1, whose: "address" },
      { key: `6/56 ${bits >> 72n}`, times: 2, whose: "network" },
      { key: `6/48 ${bits >> 80n}`, times: 3, whose: "network" },
    ],
    network: `6/48 ${bits >> 80n}`,
  };
}
