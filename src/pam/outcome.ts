/**
 * How the previous attempt of a PAM conversation ended. pam_exec passes on only success or
 * failure; a stack that wants to tell "issuer unreachable" from "refused" asks
 * `oauth-pam outcome POLICY NAME…` on its next line.
 *
 * @module
 */
import { within } from "../lib/deadline.ts";
import type { Reason } from "../lib/reason.ts";
import type { Policy } from "../policy/model.ts";
import { quoted } from "./log/audit.ts";
import { ConversationMemory, conversationOf } from "./host/conversation.ts";
import {
  checkAccountName,
  type PamRequest,
  readPamRequest,
  RequestError,
} from "./host/environment.ts";
import { OUTCOMES, pamCode, type ResultKind } from "./exit_code.ts";
import type { PamIo } from "./io.ts";
import { loadPolicy } from "./host/policy_file.ts";

/** An outcome is asked for by the very next line of the stack. */
const FRESH_MS = 120_000;
const TIMEOUT_MS = 10_000;

/** The memory of outcomes, which `device tell` reads, too. */
export function outcomeMemory(
  { cache }: Pick<Policy, "cache">,
  { now }: Pick<PamIo, "now">,
): ConversationMemory {
  return new ConversationMemory(cache.directory, {
    folder: "outcome",
    now,
    longestMs: FRESH_MS,
  });
}

/**
 * Forgets how an earlier attempt of the conversation has ended. Whoever asks is told of the last attempt, and
 * where that leaves nothing (it is killed, the disk is full), of none. Never throws.
 */
export async function forgetOutcome(
  request: PamRequest,
  policy: Policy,
  io: Pick<PamIo, "now">,
): Promise<void> {
  if (request.conversation === null) return;
  await outcomeMemory(policy, io).forget(conversationOf(request));
}

/**
 * Leaves the outcome of an attempt. Without a conversation, or where the policy could not be read,
 * there is nothing to leave it in, and no stack will find one. Throws `StateError`.
 */
export async function recordOutcome(
  attempt: {
    readonly request: PamRequest | null;
    readonly policy: Policy | null;
    readonly reference: string | null;
    readonly told: boolean;
  },
  result: ResultKind & { readonly reason: Reason },
  io: PamIo,
): Promise<void> {
  const { reason, steered } = result;
  const { request, policy, reference } = attempt;
  if (request === null || policy === null || request.conversation === null) {
    return;
  }
  // nothing is known of it: the attempt began with forgetting
  if (reason === "allowed") return;
  const outcomes = outcomeMemory(policy, io);
  const conversation = conversationOf(request);
  const until = io.now() + FRESH_MS;
  // also not of what was typed then: sshd hides it for accounts that do not exist
  const told = attempt.told ? {} : { reference, steered };
  const value = { code: pamCode(reason, result), reason, ...told };
  await outcomes.remember(conversation, { value, until });
  await outcomes.sweep();
}

/**
 * `oauth-pam outcome POLICY NAME…`: true if the previous attempt of this conversation ended with
 * one of the names. A yes is said once; after a no, the same outcome can be asked for other names.
 * Whatever keeps it from knowing is a no, told to the administrator. Never throws.
 */
export async function runOutcome(
  args: readonly string[],
  io: PamIo,
): Promise<boolean> {
  const answer = outcome(args, io).catch(async (error) => {
    const message = error instanceof Error ? error.message : String(error);
    await io.stderr(`oauth-pam: outcome: ${quoted(message, 200)}\n`);
    return false;
  });
  return await within(answer, TIMEOUT_MS, () => false);
}

async function outcome(
  args: readonly string[],
  io: PamIo,
): Promise<boolean> {
  const [path, ...names] = args;
  const unknown = names.find((name) => !OUTCOMES.includes(name));
  if (path === undefined || names.length === 0 || unknown !== undefined) {
    throw new RequestError(
      `usage: "oauth-pam outcome POLICY NAME…", each name one of ${
        OUTCOMES.join(", ")
      }`,
    );
  }
  const request = readPamRequest(io.env);
  const conversation = conversationOf(request);
  const { policy } = await loadPolicy(path, io);
  checkAccountName(request, policy);
  const outcomes = outcomeMemory(policy, io);
  const found = await outcomes.recall(conversation);
  return namesOf(found).some((name) => names.includes(name)) &&
    await outcomes.forget(conversation);
}

/** The names under which an outcome can be asked for. */
function namesOf(found: unknown): string[] {
  if (found === null || typeof found !== "object") return [];
  const { code, reason } = found as Record<string, unknown>;
  return [code, reason].filter((name) => typeof name === "string")
    .filter((name) => OUTCOMES.includes(name));
}
