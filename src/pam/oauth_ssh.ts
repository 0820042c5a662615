/**
 * The oauth-ssh client's way of talking to a server: a base64 envelope at the prompt instead of a
 * bare token, and an answer of one line of base64 on standard output, which pam_exec's word
 * "stdout" shows to the client.
 *
 * @module
 */
import { isObject } from "../lib/json.ts";
import { decodeBase64, encodeBase64 } from "../lib/base64url.ts";
import { type Reason, REASON_ROWS } from "../lib/reason.ts";
import { combine } from "../policy/evaluate/assurance.ts";
import type { Policy, Rule } from "../policy/model.ts";
import { permittedAccounts } from "../policy/evaluate/permitted_accounts.ts";
import { AccessToken } from "../token/access_token.ts";
import { TokenError } from "../token/errors.ts";
import { parseJsonObject } from "../token/strict_json.ts";
import {
  type AttemptUnderPolicy,
  type LoginResult,
  resultOf,
} from "./attempt.ts";
import { RequestError } from "./host/environment.ts";
import { accountsHere } from "./host/accounts.ts";
import {
  accessRequest,
  checkHandedOver,
  type LoginContext,
  ownerOf,
  verifyToken,
} from "./judgement.ts";
import { loadMapFiles } from "./host/policy_file.ts";

/** What the client asks for; the members are as they came. */
export interface Command {
  readonly op: unknown;
  readonly accessToken: unknown;
}

export interface Conversation extends LoginContext {
  readonly opaqueIssuer: string | null;
  /** Decides about a token, as for one that was typed. */
  readonly present: (token: AccessToken) => Promise<LoginResult>;
}

/** The answers, with the words that the reference has for them. */
const ERRORS = {
  INVALID_TOKEN: "Invalid token.",
  SESSION_VIOLATION: "The access token does not meet session requirements.",
  INVALID_ACCOUNT: "You cannot use that local account.",
  UNKNOWN_COMMAND: "Unknown command.",
  UNEXPECTED_ERROR: "An unexpected error occurred.",
} as const;
type ErrorCode = keyof typeof ERRORS;

/**
 * Answers whoever speaks the protocol, and takes everything else for the token itself, without a
 * word. Never grants but by `present`.
 */
export async function converse(
  typed: AccessToken,
  attempt: AttemptUnderPolicy,
  conversation: Conversation,
): Promise<LoginResult> {
  const command = parseEnvelope(typed);
  if (command === null) return await conversation.present(typed);
  const { io } = conversation;
  const reply = (document: unknown) => io.stdout(`${encodeReply(document)}\n`);
  let result: LoginResult;
  try {
    result = await carryOut(command, attempt, { ...conversation, reply });
  } catch (error) {
    result = resultOf(error);
    if (error instanceof MisplacedQuestion) {
      reply(errorReply("INVALID_ACCOUNT"));
      return result;
    }
    if (error instanceof UnknownCommand || error instanceof TokenlessCommand) {
      reply(errorReply("UNKNOWN_COMMAND"));
      return result;
    }
  }
  if (result.answered !== true && result.reason !== "allowed") {
    reply(errorReply(errorCode(result.reason)));
  }
  return result;
}

/**
 * The command in an envelope: standard base64, with padding, of a JSON object whose `command` has
 * an `op`. `null` for anything else, and for an object that says something twice.
 */
export function parseEnvelope(typed: AccessToken): Command | null {
  try {
    const bytes = decodeBase64(typed.reveal());
    if (bytes === null) return null;
    const envelope = parseJsonObject(bytes, "envelope");
    const { command } = envelope;
    if (!isObject(command)) return null;
    const member = (name: string): unknown =>
      Object.hasOwn(command, name) ? command[name] : undefined;
    const op = member("op") ?? null;
    return op === null ? null : { op, accessToken: member("access_token") };
  } catch {
    return null;
  }
}

/**
 * The account as which the client asks. Answers for others would tell strangers which accounts there
 * are: sshd does not hand over what is typed for those that there are not.
 */
const QUESTIONS_AS = "oauth-ssh";

class MisplacedQuestion extends RequestError {}
class UnknownCommand extends RequestError {}
class TokenlessCommand extends TokenError {}

async function carryOut(
  { op, accessToken }: Command,
  attempt: AttemptUnderPolicy,
  conversation: Conversation & { reply: (document: unknown) => void },
): Promise<LoginResult> {
  const { policy, request } = attempt;
  const { reply } = conversation;
  const question = op === "get_account_map" || op === "get_security_policy";
  if (question && request.user !== QUESTIONS_AS) {
    throw new MisplacedQuestion(
      `the oauth-ssh command "${op}" is answered to the account "${QUESTIONS_AS}" alone`,
    );
  }
  switch (op) {
    case "login":
      return await conversation.present(tokenOf(accessToken));
    case "get_account_map":
      return await accountMap(tokenOf(accessToken), attempt, conversation);
    case "get_security_policy":
      reply({ policy: securityPolicy(policy) });
      return answered(op);
    default: {
      const shown = JSON.stringify(op).slice(0, 60);
      throw new UnknownCommand(`the oauth-ssh command ${shown} is unknown`);
    }
  }
}

function tokenOf(value: unknown): AccessToken {
  if (value === undefined || value === null || value === "") {
    throw new TokenlessCommand("token_missing", "the command has no token");
  }
  if (typeof value !== "string") {
    const message = '"access_token" is not a string';
    throw new TokenlessCommand("token_malformed", message);
  }
  if (!/^[\x21-\x7e]+$/.test(value)) {
    throw new TokenError(
      "token_malformed",
      "what was handed over is not a token",
    );
  }
  return new AccessToken(value);
}

/**
 * What every login of Globus identities has to meet, wherever the policy says so: at its top, or in
 * each rule that admits them. A rule may ask for more. Minutes, as the client expects them.
 */
export function securityPolicy(policy: Policy): {
  permitted_idps: readonly string[] | null;
  authentication_timeout: number | null;
  mfa: boolean;
} {
  const required = rulesForClients(policy).map(({ assurance }) =>
    combine(policy.assurance, assurance)
  );
  if (required.length === 0) {
    required.push(combine(policy.assurance, policy.assurance));
  }
  const idps = required.map(({ permittedIdps: [first, ...more] }) =>
    first?.filter((idp) => more.every((list) => list.includes(idp))) ?? null
  );
  const ages = required.map(({ maxAuthAge }) => maxAuthAge);
  return {
    permitted_idps: idps.some((list) => list === null)
      ? null
      : [...new Set(idps.flatMap((list) => list ?? []))],
    // rounded down, so that nobody relies on an authentication that will be refused; 0 means none
    authentication_timeout: ages.some((age) => age === null)
      ? null
      : Math.max(1, Math.floor(Math.max(...ages.map(Number)) / 60)),
    mfa: required.every(({ mfa }) => mfa),
  };
}

/** The allow rules for those who come with this client; without such an issuer, all of them. */
function rulesForClients({ rules, issuers }: Policy): Rule[] {
  const globus = issuers.filter(({ kind }) => kind === "globus");
  const names = (globus.length > 0 ? globus : issuers).map(({ name }) => name);
  return rules.filter((rule) =>
    rule.effect === "allow" &&
    (rule.issuers === null || rule.issuers.some((name) => names.includes(name)))
  );
}

async function accountMap(
  token: AccessToken,
  attempt: AttemptUnderPolicy,
  conversation: Conversation & { reply: (document: unknown) => void },
): Promise<LoginResult> {
  const { policy } = attempt;
  const { io, opaqueIssuer, signal } = conversation;
  const owner = ownerOf(token, { policy, opaqueIssuer });
  const { issuer } = owner;
  attempt.issuer = issuer.name;
  attempt.steered = policy.issuers.length > 1 && issuer.name !== opaqueIssuer;
  checkHandedOver(owner);
  const evidence = await verifyToken(
    { token, ...owner },
    { policy, account: null, now: io.now, signal },
  );
  attempt.evidence = evidence;
  const now = Math.floor(io.now() / 1000);
  const { account: _account, host: _host, ...request } = accessRequest(
    attempt.request,
    { evidence, issuer, now },
  );
  const mapFiles = await loadMapFiles(policy, issuer);
  const { accounts, shortfall } = permittedAccounts(policy, request, {
    mapFiles,
  });
  if (shortfall !== null) {
    return { reason: shortfall, rule: null, detail: null };
  }
  const permitted = await accountsHere(
    issuer.kind === "scitokens"
      ? await authorizedOnes(accounts, evidence.claims)
      : accounts,
    io.etc,
  );
  conversation.reply({ account_map: { permitted_accounts: permitted } });
  return answered("get_account_map");
}

/** A SciToken opens the accounts in its own scopes only. */
async function authorizedOnes(
  accounts: readonly string[],
  claims: Readonly<Record<string, unknown>>,
): Promise<string[]> {
  const { authorizedAccounts } = await import("../token/scitokens.ts");
  const authorized = authorizedAccounts(claims);
  return accounts.filter((account) => authorized.includes(account));
}

/** It was no login, so it is none in the log either. */
function answered(op: string): LoginResult {
  return {
    reason: "request_invalid",
    rule: null,
    detail: `answered "${op}", which is not a login`,
    answered: true,
  };
}

function errorCode(reason: Reason): ErrorCode {
  if (REASON_ROWS[reason].from === "token") return "INVALID_TOKEN";
  switch (reason) {
    case "mfa_required":
    case "reauthentication_required":
    case "idp_not_permitted":
      return "SESSION_VIOLATION";
    case "account_not_permitted":
    case "account_protected":
    case "denied_by_rule":
      return "INVALID_ACCOUNT";
    default:
      return "UNEXPECTED_ERROR";
  }
}

function errorReply(code: ErrorCode): unknown {
  return { error: { code, description: ERRORS[code] } };
}

/** One line, encoded once. */
export function encodeReply(document: unknown): string {
  return encodeBase64(new TextEncoder().encode(JSON.stringify(document)));
}
