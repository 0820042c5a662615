/**
 * The PAM environment: what the launcher and pam_exec say about this attempt.
 *
 * Everything but PAM_USER, PAM_SERVICE and PAM_TYPE may be absent. A value that is not plain is a
 * reason to refuse, not to repair.
 *
 * @module
 */
import { isAccountName, MAX_ACCOUNT_NAME } from "../../policy/account_name.ts";
import type { Policy } from "../../policy/model.ts";
import { type HostAccount, SERVICE_NAME } from "../../policy/request.ts";
import type { PamIo } from "../io.ts";

/** One attempt, as PAM describes it. */
export interface PamRequest {
  readonly user: string;
  readonly service: string;
  readonly rhost: string | null;
  /** Who runs sudo or su; decides nothing. */
  readonly ruser: string | null;
  /** The client's address as sshd knows it, even where PAM_RHOST is a name. */
  readonly connection: string | null;
  /** Absent when the program was not started by the launcher. */
  readonly host?: HostAccount;
  /** PAM process and its start time; `null` when the program was not started by the launcher. */
  readonly conversation: string | null;
}

/** The attempt cannot be judged, because what describes it is not in order. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/** Visible ASCII: host names, addresses, terminals and services need nothing else. */
const PLAIN = /^[\x21-\x7e]+$/;
const MAX_PLAIN = 255;
/** A uid, a colon, and an account name. */
const MAX_HOST_ACCOUNT = 11 + MAX_ACCOUNT_NAME;
const CONVERSATION = /^[1-9][0-9]{0,9}-[1-9][0-9]{0,19}$/;

/** Reads the environment. Throws {@link RequestError}. */
export function readPamRequest(env: PamIo["env"]): PamRequest {
  const type = variable(env, "PAM_TYPE");
  if (type !== "auth") {
    const found = type === null ? "not set" : JSON.stringify(type);
    throw new RequestError(
      `PAM_TYPE is ${found}: only "auth" lines can use this program`,
    );
  }
  const user = variable(env, "PAM_USER");
  // the widest: which names this host's accounts have, the policy says
  if (user === null || !isAccountName(user, "relaxed")) {
    throw new RequestError(
      `PAM_USER is ${user === null ? "not set" : "not an account name"}`,
    );
  }
  const service = variable(env, "PAM_SERVICE");
  if (service === null || !SERVICE_NAME.test(service)) {
    throw new RequestError(
      `PAM_SERVICE is ${service === null ? "not set" : "not a service name"}`,
    );
  }
  // not used, but nothing that is wrong is passed over
  variable(env, "PAM_TTY");
  const host = hostAccount(env);
  return {
    user,
    service,
    rhost: variable(env, "PAM_RHOST"),
    ruser: variable(env, "PAM_RUSER"),
    connection: clientAddress(env),
    ...(host === undefined ? {} : { host }),
    conversation: conversation(env),
  };
}

/** Longest value that is kept of a variable for the log. */
const MAX_LOGGED = 256;

/** A variable for the log, whatever it holds; the log escapes it. */
export function loggedVariable(env: PamIo["env"], name: string): string | null {
  try {
    return env(name)?.slice(0, MAX_LOGGED) ?? null;
  } catch {
    return "(not UTF-8)";
  }
}

/** `null` for a variable that is not set or empty. */
function variable(
  env: PamIo["env"],
  name: string,
  longest = MAX_PLAIN,
): string | null {
  let value: string | undefined;
  try {
    value = env(name);
  } catch {
    throw new RequestError(`${name} is not UTF-8`);
  }
  if (value === undefined || value === "") return null;
  if (value.length > longest || !PLAIN.test(value)) {
    throw new RequestError(`${name} holds characters that are not allowed`);
  }
  return value;
}

/** The first word of SSH_CONNECTION; nothing depends on its being there, or in order. */
function clientAddress(env: PamIo["env"]): string | null {
  try {
    return /^[0-9A-Fa-f:.]{2,45}(?= )/.exec(env("SSH_CONNECTION") ?? "")?.[0] ??
      null;
  } catch {
    return null;
  }
}

function hostAccount(env: PamIo["env"]): HostAccount | undefined {
  const fact = variable(env, "OAUTH_PAM_ACCOUNT", MAX_HOST_ACCOUNT);
  // empty means that there is no such account, absent that nobody asked
  if (fact === null) {
    return env("OAUTH_PAM_ACCOUNT") === "" ? "unknown" : undefined;
  }
  const match = /^(0|[1-9][0-9]{0,9}):(.+)$/.exec(fact);
  if (match === null) {
    throw new RequestError("OAUTH_PAM_ACCOUNT is not of the form uid:name");
  }
  return { uid: Number(match[1]), name: match[2] ?? "" };
}

/**
 * Throws {@link RequestError} unless the policy's accounts can be called like PAM_USER. Where a
 * directory may know an account by several names, only the host can say which one is its own: it
 * must have been asked. Whether it knows the account by exactly this name, each rule looks at.
 */
export function checkAccountName(
  { user, host }: PamRequest,
  { accounts_pattern: pattern }: Pick<Policy, "accounts_pattern">,
): void {
  if (!isAccountName(user, pattern)) {
    throw new RequestError(`PAM_USER is not an account name (${pattern})`);
  }
  if (pattern !== "posix" && host === undefined) {
    throw new RequestError(
      "OAUTH_PAM_ACCOUNT is not set: start the program by the launcher",
    );
  }
}

function conversation(env: PamIo["env"]): string | null {
  const value = variable(env, "OAUTH_PAM_CONVERSATION");
  if (value !== null && !CONVERSATION.test(value)) {
    throw new RequestError(
      "OAUTH_PAM_CONVERSATION is not of the form pid-time",
    );
  }
  return value;
}
