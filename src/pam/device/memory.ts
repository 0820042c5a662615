/**
 * What `device start` leaves for `device finish`: a sign-in that waits for the user, or why there
 * is none.
 *
 * @module
 */
import { checkPrivateDirectory } from "../../files/private_directory.ts";
import { type Reason, REASONS } from "../../lib/reason.ts";
import type { Policy } from "../../policy/model.ts";
import { DEFAULT_CACHE_DIRECTORY } from "../../policy/places.ts";
import type { ClientAuth } from "../../token/client_auth.ts";
import { type Conversation, ConversationMemory } from "../host/conversation.ts";
import { referenceIn } from "./reference.ts";

/** Times in milliseconds since the epoch. */
export interface PendingSignIn {
  /** The issuer's local name and its URL: a policy may change in between. */
  readonly issuer: string;
  readonly issuerUrl: string;
  readonly tokenEndpoint: string;
  /** How the client said who it is. */
  readonly clientAuth: ClientAuth;
  readonly deviceCode: string;
  readonly codeVerifier: string;
  readonly nonce: string | null;
  /** `null`: nothing is asked for there. */
  readonly userinfoEndpoint: string | null;
  /** Seconds between two requests. */
  readonly interval: number;
  readonly deadline: number;
  /** What a refusal is called; `null` where it was not remembered. */
  readonly reference: string | null;
}

/** `device start` failed: `device finish` ends for the same reason. */
interface FailedStart {
  readonly reason: Exclude<Reason, "allowed">;
  /** What the person was told that it is called. */
  readonly reference: string | null;
}

/** The memory that both verbs share. `now` gives milliseconds since the epoch. */
export function deviceMemory(
  policy: Policy,
  now: () => number,
): ConversationMemory {
  return new ConversationMemory(policy.cache.directory, {
    folder: "device",
    now,
  });
}

/**
 * The memory for why nothing was started, also where no policy could be read: then the usual place, if
 * there is one. Throws where there is not.
 */
export async function failureMemory(
  policy: Policy | null,
  now: () => number,
): Promise<ConversationMemory> {
  if (policy !== null) return deviceMemory(policy, now);
  const directory = DEFAULT_CACHE_DIRECTORY;
  await checkPrivateDirectory(directory);
  return new ConversationMemory(directory, { folder: "device", now });
}

/** Takes what `device start` left, once; `null` when there is nothing that holds. Never throws. */
export async function takeSignIn(
  memory: ConversationMemory,
  conversation: Conversation,
): Promise<PendingSignIn | FailedStart | null> {
  return signInOf(await memory.take(conversation));
}

/** What a memory holds; `null` for anything that `device start` does not leave. */
export function signInOf(value: unknown): PendingSignIn | FailedStart | null {
  if (value === null || typeof value !== "object") return null;
  const found = value as Record<keyof PendingSignIn | "reason", unknown>;
  const reference = referenceIn(found.reference);
  if (isFailure(found.reason)) return { reason: found.reason, reference };
  const texts = [
    found.issuer,
    found.issuerUrl,
    found.tokenEndpoint,
    found.deviceCode,
    found.codeVerifier,
    found.clientAuth,
  ];
  const numbers = [found.interval, found.deadline];
  const whole = texts.every((text) => typeof text === "string") &&
    numbers.every((number) => Number.isFinite(number)) &&
    [found.nonce, found.userinfoEndpoint].every((text) =>
      text === null || typeof text === "string"
    );
  return whole ? { ...value as PendingSignIn, reference } : null;
}

function isFailure(reason: unknown): reason is FailedStart["reason"] {
  return reason !== "allowed" && REASONS.includes(reason as Reason);
}
