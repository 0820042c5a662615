/**
 * Tokens of `one_time` issuers admit once (RFC 7519 section 4.1.7).
 *
 * @module
 */
import { sha256Hex, StateDirectory } from "../files/state_directory.ts";
import { TokenError } from "../token/errors.ts";
import type { Evidence } from "../token/evidence.ts";

/**
 * Spent tokens are remembered this much longer than they live, in seconds: longer than the largest
 * clock skew and the longest login together, so that a login that began in a token's last second
 * still finds it spent.
 */
const MARGIN = 600;

/** `exp` and the hash of issuer and `jti`. */
const ENTRY = /^([0-9]+)\.[0-9a-f]{64}$/;

/**
 * Spends a token that is about to be granted. Of any number of processes that try, exactly one is
 * told true, without which nobody may be let in; the others throw {@link TokenError}
 * `token_replayed`. Where this cannot be remembered, throws: a token that might have been used
 * before does not admit. `now` is in seconds.
 */
export async function spendToken(
  evidence: Evidence,
  options: { cacheDirectory: string; now: number },
): Promise<true> {
  const { jti, exp } = evidence.claims;
  if (typeof jti !== "string" || jti === "") {
    throw new TokenError(
      "claim_missing",
      'the claim "jti" is missing, which one_time needs',
    );
  }
  if (typeof exp !== "number") {
    throw new TokenError(
      "claim_missing",
      'the claim "exp" is missing, which one_time needs',
    );
  }
  const spent = new StateDirectory(options.cacheDirectory, "replay");
  await forgetExpired(spent, options.now);
  // the end of its life is in the name, so that forgetting needs no reading
  const hash = await sha256Hex(`${evidence.issuer}\0${jti}`);
  const name = `${Math.ceil(exp)}.${hash}`;
  if (!ENTRY.test(name)) throw new Error("the token cannot be remembered");
  if (!await spent.create(name, new Uint8Array())) {
    throw new TokenError("token_replayed", "the token has been used before");
  }
  return true;
}

async function forgetExpired(
  spent: StateDirectory,
  now: number,
): Promise<void> {
  for (const name of await spent.list()) {
    const exp = Number(ENTRY.exec(name)?.[1] ?? NaN);
    if (exp + MARGIN < now) await spent.remove(name);
  }
}
