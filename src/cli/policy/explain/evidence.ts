/**
 * Where the evidence of `policy explain` comes from: a document of claims that is taken as
 * verified, or a token that is verified as a login would.
 *
 * @module
 */
import { kindRow } from "../../../policy/kinds.ts";
import { IssuerError } from "../../../issuer/errors.ts";
import { PolicyError } from "../../../pam/host/policy_file.ts";
import { RequestError } from "../../../pam/host/environment.ts";
import { ownerOf, verifyToken } from "../../../pam/judgement.ts";
import {
  type Explanation,
  refusedBefore,
} from "../../../analysis/explain/explain.ts";
import type { Issuer } from "../../../policy/model.ts";
import { AccessToken } from "../../../token/access_token.ts";
import { TokenError } from "../../../token/errors.ts";
import { type AskedOfClaims, type ClaimsOf, givenClaims } from "./claims.ts";
import { InputError, readGiven } from "../../input.ts";
import { RefusedFile } from "../../read_file.ts";
import type { CliIo } from "../../io.ts";

export interface Asked extends AskedOfClaims {
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
  { io, ...asked }: Asked,
): Promise<ClaimsOf | Explanation> {
  const { bytes, name } = await readGiven(path, { what: "the claims", io });
  const found = givenClaims(bytes, { ...asked, name });
  if (typeof found === "string") throw new InputError(found);
  if ("decision" in found) return found;
  for (const note of found.notes ?? []) io.stderr(`oauth-pam: ${note}\n`);
  return found;
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
