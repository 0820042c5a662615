/**
 * What one program of a PAM conversation leaves for the next: bound to the PAM process and its
 * start time, to the service and to the account, for a short time, to be taken once.
 *
 * @module
 */
import { objectIn } from "../../lib/json.ts";
import { sha256Hex, StateDirectory } from "../../files/state_directory.ts";
import { type PamRequest, RequestError } from "./environment.ts";

export interface Conversation {
  /** PAM process and its start time, as the launcher found them. */
  readonly id: string;
  readonly user: string;
  readonly service: string;
}

/** Throws {@link RequestError} where the launcher did not say which conversation this is. */
export function conversationOf(request: PamRequest): Conversation {
  const { conversation: id, user, service } = request;
  if (id === null) {
    throw new RequestError(
      "OAUTH_PAM_CONVERSATION is not set: start the program by the launcher",
    );
  }
  return { id, user, service };
}

interface Entry {
  /** Both in milliseconds since the epoch. */
  readonly at: number;
  readonly until: number;
  readonly value: unknown;
}

/**
 * Entries are named after the conversation and the span of time in which they expire, so that
 * forgetting them needs no reading.
 */
const SPAN_MS = 300_000;
/** Nobody waits longer at a login prompt. */
const LONGEST_MS = 3 * SPAN_MS;

/**
 * Memories of one kind. An entry says whose it is, and is judged again when it is read: one that
 * was swapped, edited, torn or put back too late is not a memory.
 */
export class ConversationMemory {
  readonly #entries: StateDirectory;
  readonly #now: () => number;
  readonly #longestMs: number;

  /**
   * `now` gives milliseconds since the epoch. `longestMs`: how long anything is remembered at most; the
   * fewer spans an entry can expire in, the fewer names are looked for.
   */
  constructor(
    cacheDirectory: string,
    options: {
      folder: "device" | "outcome";
      now: () => number;
      longestMs?: number;
    },
  ) {
    this.#entries = new StateDirectory(cacheDirectory, options.folder);
    this.#now = options.now;
    this.#longestMs = Math.min(options.longestMs ?? LONGEST_MS, LONGEST_MS);
  }

  /**
   * Remembers a JSON value until then (milliseconds since the epoch), no longer than it may be remembered
   * at most, in place of an earlier one. Throws `StateError` when the disk does not let it.
   */
  async remember(
    conversation: Conversation,
    options: { value: unknown; until: number },
  ): Promise<void> {
    const { id, user, service } = conversation;
    const { value } = options;
    const at = this.#now();
    const until = Math.min(options.until, at + this.#longestMs);
    const entry = { version: 1, id, user, service, at, until, value };
    const hash = await hashOf(conversation);
    await this.#entries.write(
      nameIn(hash, spanOf(until)),
      new TextEncoder().encode(JSON.stringify(entry)),
      { inPlaceOf: this.#names(hash) },
    );
  }

  /** The value without taking it; `null` when there is none that holds now. Never throws. */
  async recall(conversation: Conversation): Promise<unknown> {
    return (await this.#find(conversation))?.value ?? null;
  }

  /** The value, for exactly one of any number of processes that try; `null` for the others. */
  async take(conversation: Conversation): Promise<unknown> {
    const found = await this.#find(conversation);
    return await this.forget(conversation) ? found?.value ?? null : null;
  }

  /** True when there was something to forget, and this call did it. */
  async forget(conversation: Conversation): Promise<boolean> {
    const names = this.#names(await hashOf(conversation));
    return await this.#entries.remove(...names);
  }

  /** Removes what conversations that ended early have left. Never throws. */
  async sweep(): Promise<void> {
    const now = this.#now();
    const current = spanOf(now);
    await this.#entries.sweep({
      now,
      expired: (name) => {
        const span = Number(ENTRY.exec(name)?.[1] ?? NaN);
        return span < current || span > spanOf(now + LONGEST_MS) + 1;
      },
    });
  }

  #names(hash: string): string[] {
    const now = this.#now();
    const current = spanOf(now);
    return Array.from(
      { length: spanOf(now + this.#longestMs) - current + 1 },
      (_, later) => nameIn(hash, current + later),
    );
  }

  async #find(conversation: Conversation): Promise<Entry | null> {
    const now = this.#now();
    for (const name of this.#names(await hashOf(conversation))) {
      const entry = decode(await this.#entries.read(name), conversation);
      // a time in the future is a clock that was set back, or forged
      if (entry !== null && entry.at <= now && now < entry.until) return entry;
    }
    return null;
  }
}

const ENTRY = /^[0-9a-f]{64}\.([0-9]+)$/;

async function hashOf({ id, user, service }: Conversation): Promise<string> {
  return await sha256Hex([id, service, user].join("\0"));
}

function spanOf(milliseconds: number): number {
  return Math.floor(milliseconds / SPAN_MS);
}

function nameIn(hash: string, span: number): string {
  return `${hash}.${span}`;
}

/** `null` for anything that is not an entry of this conversation. */
function decode(
  bytes: Uint8Array | null,
  conversation: Conversation,
): Entry | null {
  const entry = objectIn(bytes);
  if (entry === null) return null;
  const { version, id, user, service, at, until, value } = entry;
  if (version !== 1 || !Number.isFinite(at) || !Number.isFinite(until)) {
    return null;
  }
  const own = id === conversation.id && user === conversation.user &&
    service === conversation.service;
  return own ? { at: at as number, until: until as number, value } : null;
}
