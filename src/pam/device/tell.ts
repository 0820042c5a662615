/**
 * `oauth-pam device tell POLICY`: tells the person at the prompt how the sign-in of this conversation
 * stands: what is waited for, or that it was refused. `device finish` itself says nothing, since it
 * is what grants.
 *
 * @module
 */
import { within } from "../../lib/deadline.ts";
import { readAuthtok } from "../host/authtok.ts";
import { conversationOf } from "../host/conversation.ts";
import {
  checkAccountName,
  readPamRequest,
  RequestError,
} from "../host/environment.ts";
import { loadPolicy } from "../host/policy_file.ts";
import type { PamIo } from "../io.ts";
import { quoted } from "../log/audit.ts";
import { outcomeMemory } from "../outcome.ts";
import { MAX_WAIT_MS } from "./finish.ts";
import { deviceMemory, signInOf } from "./memory.ts";
import { referenceIn } from "./reference.ts";
import { refusalText, waitingText } from "./text.ts";

const TIMEOUT_MS = 10_000;

/** Prints one sentence, or nothing. Never throws, takes nothing, and decides nothing. */
export async function deviceTell(
  args: readonly string[],
  io: PamIo,
): Promise<void> {
  const telling = tell(args, io).catch(async (error) => {
    const message = error instanceof Error ? error.message : String(error);
    await io.stderr(`oauth-pam: device tell: ${quoted(message, 200)}\n`);
  });
  await within(telling, TIMEOUT_MS, () => {});
}

async function tell(args: readonly string[], io: PamIo): Promise<void> {
  const [path, ...rest] = args;
  if (path === undefined || rest.length > 0) {
    throw new RequestError('usage: "oauth-pam device tell POLICY"');
  }
  const request = readPamRequest(io.env);
  const conversation = conversationOf(request);
  const { policy } = await loadPolicy(path, io);
  checkAccountName(request, policy);
  const signIn = signInOf(
    await deviceMemory(policy, io.now).recall(conversation),
  );
  if (signIn !== null) {
    // what could not be started, "device start" has told; what is typed is not waited for
    if ("reason" in signIn || !await isEmpty(io.stdin)) return;
    const left = Math.min(signIn.deadline - io.now(), MAX_WAIT_MS);
    if (left > 0) io.stdout(waitingText(Math.ceil(left / 1000)));
    return;
  }
  const found = await outcomeMemory(policy, io).recall(conversation);
  if (found === null || typeof found !== "object") return;
  const { reason, reference, steered } = found as Record<string, unknown>;
  const known = referenceIn(reference);
  if (known === null) return;
  io.stdout(refusalText({ reason, typed: steered === true }, known));
}

async function isEmpty(stdin: PamIo["stdin"]): Promise<boolean> {
  try {
    await readAuthtok(stdin);
    return false;
  } catch (error) {
    const { code } = error as { code?: unknown };
    return code === "token_missing";
  }
}
