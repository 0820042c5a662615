/**
 * Tokens of `one_time` issuers admit once (RFC 7519 section 4.1.7).
 *
 * @module
 */
import { sha256Hex, StateDirectory } from "../files/state_directory.ts";
import { kindRow } from "../policy/kinds.ts";
import type { Issuer } from "../policy/model.ts";
import { TokenError } from "../token/errors.ts";
import type { Evidence } from "../token/evidence.ts";

/**
 * Spent tokens are remembered this much longer than they live, in seconds: longer than the largest
 * clock skew and the longest login together, so that a login that began in a token's last second
 * still finds it spent.
 */
const MARGIN = 600;

/** The end of a token's life, and the hash of issuer and `jti`. */
const ENTRY = /^([0-9]+)\.([0-9a-f]{64})$/;
/** Says that tokens were forgotten, of which this was the latest end. */
const FORGOTTEN = /^forgotten\.([0-9]+)$/;

/**
 * Spends a token that is about to be granted. Of any number of processes that try, exactly one is
 * told true, without which nobody may be let in; the others throw {@link TokenError}
 * `token_replayed`, and where they were told different ends of it, perhaps all. Where this cannot be
 * remembered, throws: a token that might have been used before does not admit. `now` is in seconds.
 */
export async function spendToken(
  evidence: Evidence,
  options: {
    cacheDirectory: string;
    issuer: Pick<Issuer, "kind" | "max_token_age">;
    now: number;
  },
): Promise<true> {
  const { jti } = evidence.claims;
  if (typeof jti !== "string" || jti === "") {
    throw new TokenError(
      "claim_missing",
      'the claim "jti" is missing, which one_time needs',
    );
  }
  const end = endOfLife(evidence, options.issuer);
  const spent = new StateDirectory(options.cacheDirectory, "replay");
  // the end of its life is in the name, so that forgetting needs no reading
  const hash = await sha256Hex(`${evidence.issuer}\0${jti}`);
  const name = `${Math.ceil(end)}.${hash}`;
  if (!ENTRY.test(name)) throw new Error("the token cannot be remembered");
  if (!await spent.create(name, new Uint8Array())) throw replayed();
  // only now: whoever else is at it finds this one
  const names = await spent.list();
  // under another end where the issuer tells another `iat`, or the policy has changed
  const others = names.filter((other) => other !== name);
  if (others.some((other) => ENTRY.exec(other)?.[2] === hash)) throw replayed();
  if (end <= latest(names, FORGOTTEN)) {
    throw replayed(
      "the token may have been used before the clock was set back",
    );
  }
  await forgetExpired(spent, { names, now: options.now });
  return true;
}

/**
 * From when on nobody gets in with the token, in seconds. An issuer that is asked may count `exp` from now, at
 * each question: there it is the age at which the policy refuses the token.
 */
function endOfLife(
  { claims }: Evidence,
  issuer: Pick<Issuer, "kind" | "max_token_age">,
): number {
  const needed = (name: string): number => {
    const time = claims[name];
    if (typeof time === "number") return time;
    throw new TokenError(
      "claim_missing",
      `the claim "${name}" is missing, which one_time needs`,
    );
  };
  const exp = needed("exp");
  return kindRow(issuer).opaque ? needed("iat") + issuer.max_token_age : exp;
}

function replayed(message = "the token has been used before"): TokenError {
  return new TokenError("token_replayed", message);
}

/** The latest end of life in names of that kind; `-Infinity` where there are none. */
function latest(names: readonly string[], kind: RegExp): number {
  return names.reduce(
    (end, name) => Math.max(end, endIn(name, kind) ?? -Infinity),
    -Infinity,
  );
}

function endIn(name: string, kind: RegExp): number | null {
  const end = kind.exec(name)?.[1];
  return end === undefined ? null : Number(end);
}

/** A clock that is ahead forgets too early: what it has forgotten is written down, and that first. */
async function forgetExpired(
  spent: StateDirectory,
  { names, now }: { names: readonly string[]; now: number },
): Promise<void> {
  const expired = names.filter((name) => {
    const exp = endIn(name, ENTRY);
    return exp !== null && exp + MARGIN < now;
  });
  const known = latest(names, FORGOTTEN);
  const end = latest(expired, ENTRY);
  try {
    if (end > known) await spent.write(`forgotten.${end}`, new Uint8Array());
  } catch {
    return; // a full disk: what is not forgotten refuses
  }
  for (const name of expired) await spent.remove(name);
  for (const name of names) {
    // the latest that was there stays: others may not have seen the new one yet
    const before = endIn(name, FORGOTTEN);
    if (before !== null && before < known) await spent.remove(name);
  }
}
