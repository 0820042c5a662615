/**
 * Tokens of `one_time` issuers admit once (RFC 7519 section 4.1.7).
 *
 * @module
 */
import {
  MAX_SWEPT,
  sha256Hex,
  StateDirectory,
} from "../files/state_directory.ts";
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

type JudgedIssuer = Pick<
  Issuer,
  "name" | "issuer" | "kind" | "max_token_age"
>;

const ISSUER_DIGITS = 16;

/** That a token was spent. All numbers are seconds. */
interface Mark {
  /** How long it must be remembered. */
  readonly end: number;
  /** When it was issued, where the issuer was asked about it; otherwise `end` is signed, and stays. */
  readonly issued: number | null;
  /** {@link ISSUER_DIGITS} of the issuer, then those of it and `jti`. */
  readonly hash: string;
}

/** A mark is an empty file; all that it says is in its name, so that forgetting needs no reading. */
function nameOf({ end, issued, hash }: Mark): string {
  return `${end}.${issued === null ? "" : `${issued}.`}${hash}`;
}

function readMark(name: string): Mark | null {
  const [, end, issued, hash] =
    /^([0-9]+)\.(?:([0-9]+)\.)?([0-9a-f]{64})$/.exec(name) ?? [];
  if (hash === undefined) return null;
  const since = issued === undefined ? null : Number(issued);
  return { end: Number(end), issued: since, hash };
}

/**
 * Marks that were forgotten leave a file `KIND.NUMBER`: those up to this number may have been among them. It
 * counts the ends of tokens or, where those can move, when they were issued: of each issuer by itself, whose
 * tokens may be taken for longer than those of another.
 */
const WATERMARK = /^(forgotten|issued-[0-9a-f]{16})\.([0-9]+)$/;

type Place = readonly [kind: string, number: number];

function place({ end, issued, hash }: Mark): Place {
  return issued === null ? ["forgotten", end] : [askedOf(hash), issued];
}

function askedOf(hash: string): string {
  return `issued-${hash.slice(0, ISSUER_DIGITS)}`;
}

function readWatermark(name: string): Place | null {
  const [, kind, number] = WATERMARK.exec(name) ?? [];
  return kind === undefined ? null : [kind, Number(number)];
}

/** The highest number of each kind. */
function highest(places: readonly Place[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [kind, number] of places) {
    found.set(kind, Math.max(number, found.get(kind) ?? number));
  }
  return found;
}

/**
 * Spends a token that is about to be granted. Of any number of processes that try, exactly one is
 * told true, without which nobody may be let in; the others throw {@link TokenError}
 * `token_replayed`, and where they were told different ends of it, perhaps all. Where this cannot be
 * remembered, throws: a token that might have been used before does not admit. `now` is in seconds.
 */
export async function spendToken(
  evidence: Evidence,
  { cacheDirectory, issuer, now }: {
    readonly cacheDirectory: string;
    readonly issuer: JudgedIssuer;
    readonly now: number;
  },
): Promise<true> {
  const { jti } = evidence.claims;
  if (typeof jti !== "string" || jti === "") throw missing("jti");
  const life = lifeOf(evidence, issuer);
  const spent = new StateDirectory(cacheDirectory, "replay");
  const [ofIssuer, ofToken, former] = await Promise.all([
    sha256Hex(issuer.issuer),
    sha256Hex(`${issuer.issuer}\0${jti}`),
    // as it was written down before: by the name in the policy, which others may call otherwise
    sha256Hex(`${issuer.name}\0${jti}`),
  ]);
  const hash = ofIssuer.slice(0, ISSUER_DIGITS) + ofToken.slice(ISSUER_DIGITS);
  const mark = { ...life, hash };
  const name = nameOf(mark);
  if (readMark(name) === null) {
    throw new Error("the token cannot be remembered");
  }
  if (!await spent.create(name, new Uint8Array())) throw replayed();
  // only now: whoever else is at it finds this one. Twice: the first may miss what is removed meanwhile, and
  // what was written down before that
  const names = [
    ...new Set([...await spent.list(), ...await spent.list()]),
  ];
  const marks = names.map(readMark).filter((found) => found !== null);
  const written = names.map(readWatermark).filter((found) => found !== null);
  // with another end, where the issuer moves it or another policy has another max_token_age
  const others = marks.filter((other) => nameOf(other) !== name);
  if (others.some((other) => other.hash === hash || other.hash === former)) {
    await spent.remove(name); // the other one says it all
    throw replayed();
  }
  const known = highest(written);
  // also where another policy asks about what this one verifies
  const since = life.issued ?? Math.floor(Number(evidence.claims.iat));
  for (const [kind, number] of [place(mark), [askedOf(hash), since]] as const) {
    if (number <= (known.get(kind) ?? -Infinity)) {
      throw replayed("the token may be one that was used and is forgotten");
    }
  }
  await forgetExpired(spent, { marks, written, known, now });
  return true;
}

/**
 * How long a spent token must be remembered. An issuer that is asked about it may count `exp` from now, at each
 * question, or tell none: there the policy refuses it by its age.
 */
function lifeOf(
  { claims: { exp, iat } }: Evidence,
  { kind, max_token_age }: JudgedIssuer,
): Pick<Mark, "end" | "issued"> {
  if (!kindRow({ kind }).opaque) {
    return { end: Math.ceil(needed(exp, "exp")), issued: null };
  }
  const issued = Math.floor(needed(iat, "iat"));
  // as long as the issuer says, too: another policy may have another age
  const told = typeof exp === "number" ? Math.ceil(exp) : 0;
  return { end: Math.max(told, issued + max_token_age), issued };
}

function needed(time: unknown, name: string): number {
  if (typeof time !== "number") throw missing(name);
  return time;
}

function missing(name: string): TokenError {
  return new TokenError(
    "claim_missing",
    `the claim "${name}" is missing, which one_time needs`,
  );
}

function replayed(message = "the token has been used before"): TokenError {
  return new TokenError("token_replayed", message);
}

/**
 * A clock that is ahead, or a policy with a shorter max_token_age, forgets too early: what is forgotten is
 * written down, and that first.
 */
async function forgetExpired(
  spent: StateDirectory,
  { marks, written, known, now }: {
    readonly marks: readonly Mark[];
    readonly written: readonly Place[];
    /** The highest of those. */
    readonly known: ReadonlyMap<string, number>;
    readonly now: number;
  },
): Promise<void> {
  const expired = marks.filter(({ end }) => end + MARGIN < now)
    .slice(0, MAX_SWEPT);
  const reached = highest([...known, ...expired.map(place)]);
  try {
    for (const [kind, number] of reached) {
      if (number !== known.get(kind)) {
        await spent.write(`${kind}.${number}`, new Uint8Array());
      }
    }
  } catch {
    return; // a full disk: what is not forgotten refuses
  }
  // the latest that was there stays: others may not have seen the new one yet
  const outdated = written.filter(([kind, number]) =>
    number !== known.get(kind)
  );
  await spent.remove(
    ...expired.map(nameOf),
    ...outdated.map((each) => each.join(".")),
  );
}
