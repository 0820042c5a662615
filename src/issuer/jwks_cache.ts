/**
 * An issuer's signing keys, kept in files that all logins share.
 *
 * An entry names its issuer and the time it was fetched, and is judged again at every reading: a
 * swapped, edited or torn file is a cache miss, not a key.
 *
 * @module
 */
import { isObject, objectIn } from "../lib/json.ts";
import { sha256Hex, type StateDirectory } from "../files/state_directory.ts";
import { isIssuerError, IssuerError } from "./errors.ts";
import type { Transport } from "./http.ts";

/** A public key as published (RFC 7517); members are unchecked beyond being an object. */
export type Jwk = Readonly<Record<string, unknown>>;

export interface KeySet {
  readonly keys: readonly Jwk[];
  /** Seconds since the epoch. */
  readonly fetchedAt: number;
  /** "stale": they have expired and serve only because the issuer cannot be reached. */
  readonly from: "cache" | "issuer" | "stale";
}

export interface KeySource {
  readonly issuer: string;
  readonly hosts: readonly string[];
  /** Look for the metadata of RFC 8414 where there is none of OpenID Connect. */
  readonly oauthMetadata?: boolean;
  /** Where the discovery document lies when it is not below the issuer. */
  readonly discoveryUrl?: string | null;
  /** Seconds that keys serve. 0: fetch at every login. */
  readonly ttl: number;
  /** Seconds that expired keys still serve while the issuer is unreachable. */
  readonly stale: number;
  readonly transport: Transport;
  /** What else decides whether `transport` reaches the issuer; asked for when the issuer would be. */
  readonly route?: () => Promise<string>;
  readonly cache: StateDirectory;
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Does what may wait for others, such as all requests; without it, nothing ends that but `transport`. */
  readonly wait?:
    | (<Result>(work: () => Promise<Result>) => Promise<Result>)
    | undefined;
  /** Longest wait for another login that is fetching the same keys. */
  readonly lockWaitMs?: number;
}

/** More keys than any issuer has; a larger set is an attack on the processor. */
const MAX_KEYS = 100;

/** Half of the issuer's deadline: whoever waited in vain still has time to fetch. */
const LOCK_WAIT_MS = 5_000;

/** Longest wait for newer keys where expired ones can serve. */
const SPARED_WAIT_MS = 2_000;

/** After a refetch for an unknown `kid`, none follows for this many seconds, in any process. */
export const REFETCH_COOLDOWN = 60;

/** The keys: from the cache while they are fresh, otherwise fetched. Throws {@link IssuerError}. */
export async function signingKeys(source: KeySource): Promise<KeySet> {
  if (source.ttl === 0 && source.stale === 0) {
    // every login asks, and finds out for itself
    return await fetchKeys(source, "");
  }
  const name = await entryName(keeperOf(source));
  const cached = await readEntry(source, name);
  if (cached !== null && isFresh(cached, source)) {
    return { ...cached, from: "cache" };
  }
  const fetched = async (): Promise<KeySet> => {
    const latest = await readEntry(source, name);
    if (latest !== null && isFresh(latest, source)) {
      return { ...latest, from: "cache" };
    }
    const spare = latest !== null && mayServeStale(latest, source)
      ? latest
      : null;
    try {
      return await unlessFailing(source, {
        name,
        hurried: spare !== null,
        spared: spare !== null,
        ask: () =>
          fetchKeys(
            source,
            name,
            spare === null
              ? source.transport
              : hurried(source.transport, SPARED_WAIT_MS),
          ),
      });
    } catch (error) {
      if (spare === null || !isIssuerError(error)) throw error;
      return { ...spare, from: "stale" };
    }
  };
  // concurrent logins with an empty cache cause one fetch: the others find its result
  return source.ttl === 0
    ? await fetched()
    : await locked(source, name, fetched);
}

async function locked<Result>(
  source: KeySource,
  name: string,
  action: () => Promise<Result>,
): Promise<Result> {
  const waitMs = source.lockWaitMs ?? LOCK_WAIT_MS;
  const work = () => source.cache.withLock(name, action, { waitMs });
  return await (source.wait?.(work) ?? work());
}

/**
 * The keys fetched anew because a token names a `kid` that is not in `known`, as after a rotation.
 * `null` when `known` is no older than this login, or another refetch happened too recently:
 * strangers must not be able to make this host flood the issuer. The cool-down is shared between
 * processes. Throws {@link IssuerError}.
 */
export async function refetchedKeys(
  source: KeySource,
  known: KeySet,
): Promise<KeySet | null> {
  if (known.from === "issuer") return null;
  const name = await entryName(keeperOf(source));
  // a made-up "kid" must not keep those waiting for whom expired keys do
  const lock = known.from === "stale" ? `${name}.refetch` : name;
  return await locked(source, lock, async () => {
    const latest = await readEntry(source, name);
    if (latest !== null && isNewer(latest, known)) {
      return { ...latest, from: "cache" };
    }
    const now = source.now();
    const stamp = `${name}.refetch`;
    const last = await readStamp(source, stamp);
    if (last !== null && now - last < REFETCH_COOLDOWN && last <= now) {
      return null;
    }
    const ask = async () => {
      try {
        await source.cache.write(stamp, encode({ at: now }));
      } catch {
        // without a shared stamp there is no shared limit: refuse rather than flood
        return null;
      }
      return await fetchKeys(source, name);
    };
    // who was to do with expired keys has spent of its time on newer ones
    const hurried = known.from === "stale";
    return await unlessFailing(source, { name, hurried, spared: false, ask });
  });
}

/** What `ask` gives. Throws what a moment ago another process was told. */
async function unlessFailing<Answer>(
  source: KeySource,
  { name, hurried, spared, ask }: {
    readonly name: string;
    readonly hurried: boolean;
    readonly spared: boolean;
    readonly ask: () => Promise<Answer>;
  },
): Promise<Answer> {
  const { askedUnlessFailing } = await import("./failures.ts");
  const { cache, now, hosts, oauthMetadata = false, route } = source;
  const through = await route?.() ?? null;
  const way = await sha256Hex(
    JSON.stringify([keeperOf(source), hosts, oauthMetadata, through]),
  );
  const entry = `${name}.failed`;
  const failures = { cache, now, way, hurried, spared, name: entry };
  return await askedUnlessFailing(failures, ask);
}

/** The same transport with so much time, from now on, for all requests together. */
function hurried(transport: Transport, milliseconds: number): Transport {
  const end = performance.now() + milliseconds;
  return {
    request: (url, request) =>
      transport.request(url, {
        ...request,
        timeoutMs: Math.max(1, Math.ceil(end - performance.now())),
      }),
    close: () => transport.close(),
  };
}

/** Fetches discovery and keys, and keeps them if the disk lets us. */
async function fetchKeys(
  source: KeySource,
  name: string,
  transport = source.transport,
): Promise<KeySet> {
  const { discover } = await import("./discovery.ts");
  const metadata = await discover(transport, source);
  if (metadata.jwks_uri === null) {
    throw new IssuerError(
      "invalid",
      'the discovery document has no "jwks_uri"',
    );
  }
  const keys = await requestKeys(transport, metadata.jwks_uri);
  const fetchedAt = source.now();
  if (source.ttl > 0 || source.stale > 0) {
    const entry = encode({
      version: 1,
      issuer: keeperOf(source),
      fetched_at: fetchedAt,
      keys,
    });
    // a disk that is full or read-only costs speed, not the login
    await source.cache.write(name, entry).catch(() => {});
  }
  return { keys, fetchedAt, from: "issuer" };
}

/** Fetches a key set and judges it. Throws {@link IssuerError}. Keeps nothing. */
export async function requestKeys(
  transport: Transport,
  url: string,
): Promise<Jwk[]> {
  const { body } = await transport.request(url, { published: true });
  return processJwksResponse(body);
}

/** Judges a key set (RFC 7517 section 5). Throws {@link IssuerError}. Does not check the keys. */
export function processJwksResponse(body: unknown): Jwk[] {
  const keys = isObject(body) ? body.keys : undefined;
  if (!Array.isArray(keys)) {
    throw new IssuerError("invalid", 'the key set has no list "keys"');
  }
  if (keys.length > MAX_KEYS) {
    throw new IssuerError(
      "invalid",
      `the key set has ${keys.length} keys, more than ${MAX_KEYS}`,
    );
  }
  return keys.filter((key): key is Jwk => isObject(key));
}

interface Entry {
  readonly keys: readonly Jwk[];
  readonly fetchedAt: number;
}

async function readEntry(
  source: KeySource,
  name: string,
): Promise<Entry | null> {
  const entry = objectIn(await source.cache.read(name));
  if (entry?.version !== 1 || entry.issuer !== keeperOf(source)) return null;
  const fetchedAt = entry.fetched_at;
  // a time stamp in the future is a clock that was set back, or forged
  if (
    !Number.isSafeInteger(fetchedAt) || (fetchedAt as number) > source.now()
  ) return null;
  try {
    return { keys: processJwksResponse(entry), fetchedAt: fetchedAt as number };
  } catch {
    return null;
  }
}

async function readStamp(
  source: KeySource,
  name: string,
): Promise<number | null> {
  const at = objectIn(await source.cache.read(name))?.at;
  return Number.isSafeInteger(at) ? at as number : null;
}

/** Within one second only the keys themselves tell whether somebody else has fetched again. */
function isNewer(latest: Entry, known: KeySet): boolean {
  if (latest.fetchedAt !== known.fetchedAt) {
    return latest.fetchedAt > known.fetchedAt;
  }
  return JSON.stringify(latest.keys) !== JSON.stringify(known.keys);
}

function isFresh(entry: Entry, source: KeySource): boolean {
  return source.now() - entry.fetchedAt < source.ttl;
}

function mayServeStale(entry: Entry, source: KeySource): boolean {
  return source.now() - entry.fetchedAt < source.ttl + source.stale;
}

/** Hashed, so that no issuer URL can name a path or share another's entry. */
async function entryName(issuer: string): Promise<string> {
  return await sha256Hex(issuer);
}

/** What was found by another discovery document is not what the policy means now. */
function keeperOf({ issuer, discoveryUrl }: KeySource): string {
  return discoveryUrl ? `${issuer} ${discoveryUrl}` : issuer;
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
