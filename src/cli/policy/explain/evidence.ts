/**
 * Where the evidence of `policy explain` comes from: a document of claims that is taken as
 * verified, or a token that is verified as a login would.
 *
 * @module
 */
import { isObject } from "../../../lib/json.ts";
import { REASONS } from "../../../lib/reason.ts";
import { kindRow } from "../../../policy/kinds.ts";
import { IssuerError } from "../../../issuer/errors.ts";
import { PolicyError } from "../../../pam/host/policy_file.ts";
import { RequestError } from "../../../pam/host/environment.ts";
import { ownerOf, verifyToken } from "../../../pam/judgement.ts";
import type { Claims } from "../../../policy/claims.ts";
import type { RuleHint } from "../../../analysis/explain/near_miss.ts";
import {
  type Explanation,
  issuerOfClaims,
  refusedBefore,
} from "../../../analysis/explain/explain.ts";
import type { Issuer, Policy } from "../../../policy/model.ts";
import { AccessToken } from "../../../token/access_token.ts";
import { TokenError } from "../../../token/errors.ts";
import { parseJsonObject } from "../../../token/strict_json.ts";
import { InputError, readGiven } from "../../input.ts";
import { RefusedFile } from "../../read_file.ts";
import type { CliIo } from "../../io.ts";

/** Whose claims they are. */
export interface ClaimsOf {
  readonly issuer: Issuer;
  readonly claims: Claims;
  /** Where they come from a line of the audit file. */
  readonly recorded?: Recorded;
  /** What is worth saying of them. */
  readonly hints?: readonly RuleHint[];
}

/** The rest of a recorded attempt. */
export interface Recorded {
  readonly service: string | null;
  readonly rhost: string | null;
  /** Seconds since the epoch; `null` where it cannot be read. */
  readonly now: number | null;
  /** The account that the host keeps for the system, whatever the policy lists. */
  readonly protectedAccount: string | null;
}

export interface Asked {
  readonly policy: Policy;
  readonly account: string;
  /** The local name of the issuer, where it was given. */
  readonly issuer: string | undefined;
  readonly io: CliIo;
}

const ISSUER_TIMEOUT_MS = 10_000;

async function typed(io: CliIo): Promise<Uint8Array> {
  try {
    return await io.readStdin();
  } catch (error) {
    if (!(error instanceof RefusedFile)) throw error;
    throw new InputError(`standard input ${error.message}`);
  }
}

/**
 * Reads claims from a file or, for "-", standard input; a whole line of the audit file is as good.
 * Throws {@link InputError}.
 */
export async function evidenceFromClaims(
  path: string,
  asked: Asked,
): Promise<ClaimsOf | Explanation> {
  const { io } = asked;
  const { bytes, name } = await readGiven(path, { what: "the claims", io });
  let claims: Claims;
  try {
    claims = parseJsonObject(bytes, `document in ${name}`);
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : `${error}`);
  }
  const line = isAuditLine(claims) ? claims : null;
  if (line !== null) {
    if (!isObject(line.claims)) {
      throw new InputError(
        `the audit line in ${name} has no claims: ${line.reason} came before the token was verified`,
      );
    }
    claims = line.claims;
  }
  const recordedIssuer = textOf(line?.issuer) ?? undefined;
  const found = issuerOfClaims(asked.policy, {
    claims,
    name: asked.issuer ?? recordedIssuer,
    account: asked.account,
  });
  if ("decision" in found) return found;
  if (line === null) return { issuer: found, claims };
  io.stderr(
    "oauth-pam: this is an audit line: its claims, issuer, service, address and time are taken " +
      "where no option says otherwise\n",
  );
  const recorded = recordedOf(line);
  if (line.method === "certificate" && recorded.rhost === null) {
    io.stderr(
      "oauth-pam: it is of a certificate, and sshd did not tell from where: the answer was for all " +
        'networks, and this one is for none unless "--rhost" names an address\n',
    );
  }
  return { issuer: found, claims, recorded };
}

/** Whether this is a line of the audit file (`pam/log/audit.ts`) and not a document of claims. */
function isAuditLine(document: Claims): boolean {
  return (document.decision === "allow" || document.decision === "deny") &&
    REASONS.some((reason) => reason === document.reason) &&
    ["time", "user", "policy_sha256", "ms"].every((member) =>
      Object.hasOwn(document, member)
    );
}

function recordedOf(line: Claims): Recorded {
  const milliseconds = Date.parse(textOf(line.time) ?? "");
  return {
    service: textOf(line.service),
    rhost: textOf(line.rhost) || null,
    now: Number.isNaN(milliseconds) ? null : Math.floor(milliseconds / 1000),
    protectedAccount: line.reason === "account_protected"
      ? textOf(line.user)
      : null,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/**
 * Reads a token on standard input and verifies it as a login would; `now` is in seconds. What is
 * wrong with the token is an answer. Throws {@link InputError} where there is none.
 */
export async function evidenceFromToken(
  asked: Asked & { readonly now: number },
): Promise<ClaimsOf | Explanation> {
  const { policy, account, io, now } = asked;
  const text = new TextDecoder("latin1").decode(await typed(io)).trim();
  let issuer: Issuer | null = null;
  try {
    if (!/^[\x21-\x7e]+$/.test(text)) {
      throw text === ""
        ? new TokenError("token_missing", "standard input is empty")
        : new TokenError("token_malformed", "standard input is not a token");
    }
    const token = new AccessToken(text);
    const named = policy.issuers.find(({ name }) => name === asked.issuer);
    const readsOpaque = named !== undefined && kindRow(named).opaque;
    const owner = ownerOf(token, {
      policy,
      opaqueIssuer: readsOpaque ? named.name : null,
    });
    issuer = owner.issuer;
    if (asked.issuer !== undefined && issuer.name !== asked.issuer) {
      throw new TokenError(
        "issuer_unknown",
        `the token is of the issuer "${issuer.name}"`,
      );
    }
    const evidence = await verifyToken({ token, ...owner }, {
      policy,
      account,
      now: () => now * 1000,
      signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS),
    });
    return { issuer, claims: evidence.claims };
  } catch (error) {
    if (error instanceof TokenError) {
      return refusedBefore(account, {
        reason: error.code,
        detail: error.message,
        issuer: issuer?.name ?? null,
      });
    }
    if (
      error instanceof IssuerError || error instanceof PolicyError ||
      error instanceof RequestError
    ) {
      throw new InputError(`the token cannot be verified: ${error.message}`);
    }
    throw error;
  }
}
