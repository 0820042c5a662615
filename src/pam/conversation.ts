/**
 * What one program of a PAM conversation leaves for the next: bound to the PAM process and its
 * start time, to the service and to the account, for a short time, to be taken once.
 *
 * @module
 */
import { sha256Hex, StateDirectory } from "../files/state_directory.ts";
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

/** An entry of another process may have been written while this one looked at the clock. */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Memories of one kind. An entry says whose it is, and is judged again when it is read: one that
 * was swapped, edited, torn or put back too late is no memory.
 */
export class ConversationMemory {
  readonly #entries: StateDirectory;
  readonly #now: () => number;

  /** `now` gives milliseconds since the epoch. */
  constructor(
    cacheDirectory: string,
    options: { folder: "device" | "outcome"; now: () => number },
  ) {
    this.#entries = new StateDirectory(cacheDirectory, options.folder);
    this.#now = options.now;
  }

  /**
   * Remembers a JSON value until then (milliseconds since the epoch), in place of an earlier one.
   * Throws `StateError` when the disk does not let it.
   */
  async remember(
    conversation: Conversation,
    options: { value: unknown; until: number },
  ): Promise<void> {
    const { id, user, service } = conversation;
    const { value, until } = options;
    const entry = {
      version: 1,
      id,
      user,
      service,
      at: this.#now(),
      until,
      value,
    };
    await this.#entries.write(
      await nameOf(conversation),
      new TextEncoder().encode(JSON.stringify(entry)),
    );
  }

  /** The value without taking it; `null` when there is none that holds now. Never throws. */
  async recall(conversation: Conversation): Promise<unknown> {
    const entry = decode(
      await this.#entries.read(await nameOf(conversation)),
      conversation,
    );
    const now = this.#now();
    // a time in the future is a clock that was set back, or somebody who wants to live for ever
    return entry !== null && entry.at <= now && now < entry.until
      ? entry.value
      : null;
  }

  /** The value, for exactly one of any number of processes that try; `null` for the others. */
  async take(conversation: Conversation): Promise<unknown> {
    const value = await this.recall(conversation);
    return await this.forget(conversation) ? value : null;
  }

  /** True when there was something to forget, and this call did it. */
  async forget(conversation: Conversation): Promise<boolean> {
    return await this.#entries.remove(await nameOf(conversation));
  }

  /** Removes what conversations that ended early have left. Never throws. */
  async forgetExpired(): Promise<void> {
    const now = this.#now();
    for (const name of await this.#entries.list()) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      const entry = decode(await this.#entries.read(name), null);
      const expired = entry === null || entry.until <= now ||
        entry.at > now + CLOCK_TOLERANCE_MS;
      if (expired) await this.#entries.remove(name);
    }
  }
}

async function nameOf({ id, user, service }: Conversation): Promise<string> {
  return await sha256Hex([id, service, user].join("\0"));
}

/** `null` for anything that is not an entry, or, where a conversation is given, not its own. */
function decode(
  bytes: Uint8Array | null,
  conversation: Conversation | null,
): Entry | null {
  if (bytes === null) return null;
  let entry: unknown;
  try {
    entry = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
  if (entry === null || typeof entry !== "object") return null;
  const { version, id, user, service, at, until, value } = entry as Record<
    string,
    unknown
  >;
  if (version !== 1 || !Number.isFinite(at) || !Number.isFinite(until)) {
    return null;
  }
  const own = conversation === null || id === conversation.id &&
      user === conversation.user && service === conversation.service;
  return own ? { at: at as number, until: until as number, value } : null;
}
