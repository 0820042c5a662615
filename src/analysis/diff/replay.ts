/**
 * Recorded logins decided again: what a change of policy would have meant for them.
 *
 * @module
 */
import { isObject } from "../../lib/json.ts";
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import {
  claimPath,
  type Claims,
  ELSEWHERE_CLAIMS,
  readClaim,
} from "../../policy/claims.ts";
import { type Decision, POLICY_REASONS } from "../../policy/decision.ts";
import { evaluate } from "../../policy/evaluate/evaluate.ts";
import {
  LINKED_CLAIMS,
  mentionedLocations,
} from "../../policy/evaluate/claims_used.ts";
import type { Policy } from "../../policy/model.ts";
import type { HostAccount } from "../../policy/request.ts";
import { type IssuerPair, issuerPairs, type Side } from "./side.ts";
import { requestOf, UNKNOWN_ISSUER } from "./witness.ts";

/** A login that would have ended otherwise. */
interface ReplayChange {
  /** In the record, counted from 1. */
  readonly line: number;
  /** As recorded, RFC 3339. */
  readonly time: string;
  readonly account: string;
  readonly service: string;
  readonly rhost: string | null;
  readonly issuer: string;
  readonly old: Decision;
  readonly new: Decision;
}

export interface Replay {
  /** Lines that are not empty. */
  readonly records: number;
  /** Those that could be decided by both policies. */
  readonly decided: number;
  readonly skipped: {
    /** Not a record at all, such as a line that was cut off. */
    readonly unreadable: number;
    /** Refused before the policy was asked, for instance for a bad token. */
    readonly undecided: number;
    /** No claims were recorded, or not all that one of the policies looks at. */
    readonly incomplete: number;
  };
  /** The claims for lack of which records are incomplete, sorted. */
  readonly missing: readonly string[];
  readonly changes: readonly ReplayChange[];
}

const DECIDED: ReadonlySet<unknown> = new Set(POLICY_REASONS);

interface ReplayOptions {
  readonly old: Policy;
  readonly new: Policy;
  /** The text of all map files of both. */
  readonly mapFiles: MapFiles;
}

/**
 * Decides the records of an audit file again by both policies, one after the other, so that a file
 * of any size can be looked at. Replay by the same policy twice changes nothing.
 *
 * Does not check the tokens' times, audiences or scopes: those were accepted when they came.
 */
export class LoginReplay {
  readonly #options: ReplayOptions;
  readonly #pairs: readonly IssuerPair[];
  readonly #skipped = { unreadable: 0, undecided: 0, incomplete: 0 };
  readonly #missing = new Set<string>();
  readonly #changes: ReplayChange[] = [];
  #line = 0;
  #records = 0;
  #decided = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#pairs = issuerPairs(options.old, options.new);
  }

  /** The next line of the file, without its end. */
  add(line: string): void {
    this.#line += 1;
    if (line.trim() === "") return;
    this.#records += 1;
    const read = loginOf(line);
    if (typeof read === "string") {
      this.#skipped[read] += 1;
      return;
    }
    const pair = this.#pairs.find((candidate) =>
      nameIn(candidate) === read.issuer
    );
    const lacking = lackingIn(read.claims, pair);
    if (lacking.length > 0) {
      lacking.forEach((location) => this.#missing.add(location));
      this.#skipped.incomplete += 1;
      return;
    }
    this.#decided += 1;
    const host = hostOf(read, pair?.old ?? pair?.new ?? null);
    const decide = (side: Side | null | undefined) =>
      decisionOn(side ?? null, { ...read, ...host }, this.#options.mapFiles);
    const [old, next] = [decide(pair?.old), decide(pair?.new)];
    if (old.decision === next.decision) return;
    const { time, account, service, rhost, issuer } = read;
    const place = { line: this.#line, time, account, service, rhost, issuer };
    this.#changes.push({ ...place, old, new: next });
  }

  result(): Replay {
    return {
      records: this.#records,
      decided: this.#decided,
      skipped: this.#skipped,
      missing: [...this.#missing].sort(),
      changes: this.#changes,
    };
  }
}

/** All lines of a text at once, see {@link LoginReplay}. */
export function replayLogins(text: string, options: ReplayOptions): Replay {
  const replay = new LoginReplay(options);
  for (const line of text.split("\n")) replay.add(line);
  return replay.result();
}

/** Records name the issuer as the policy of their time did: most likely the old one. */
function nameIn(pair: IssuerPair): string | undefined {
  return pair.old?.issuer.name ?? pair.new?.issuer.name;
}

interface Login {
  readonly time: string;
  readonly now: number;
  readonly account: string;
  readonly service: string;
  readonly rhost: string | null;
  readonly issuer: string;
  readonly claims: Claims;
  /** By the policy's list, or because the host keeps the account for the system. */
  readonly protectedByHost: boolean;
}

function loginOf(
  line: string,
): Login | "unreadable" | "undecided" | "incomplete" {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return "unreadable";
  }
  if (!isObject(record)) return "unreadable";
  const { time, user, service, rhost, issuer, claims, reason } = record;
  const milliseconds = typeof time === "string" ? Date.parse(time) : NaN;
  if (
    typeof time !== "string" || Number.isNaN(milliseconds) ||
    typeof user !== "string" || typeof service !== "string"
  ) return "unreadable";
  if (typeof issuer !== "string" || !DECIDED.has(reason)) return "undecided";
  if (!isObject(claims)) return "incomplete";
  return {
    time,
    now: Math.floor(milliseconds / 1000),
    account: user,
    service,
    rhost: typeof rhost === "string" && rhost !== "" ? rhost : null,
    issuer,
    claims,
    protectedByHost: reason === "account_protected",
  };
}

/** What the policies look at and the record does not have, not even as missing. */
function lackingIn(claims: Claims, pair: IssuerPair | undefined): string[] {
  const sides = [pair?.old, pair?.new].filter((side) =>
    side !== null && side !== undefined
  );
  return sides.flatMap(({ policy, issuer }) =>
    mentionedLocations(policy, issuer)
  ).filter((location) => !isRecorded(claims, location));
}

function isRecorded(claims: Claims, location: string): boolean {
  // left out where there are none, see restrictClaims()
  const optional: readonly string[] = [...LINKED_CLAIMS, ...ELSEWHERE_CLAIMS];
  if (optional.includes(location)) return true;
  if (readClaim(claims, location) !== undefined) return true;
  // what is above it has no members: there is nothing at the location
  let value: unknown = claims;
  for (const step of claimPath(location)) {
    if (value === null || typeof value !== "object") return true;
    if (Array.isArray(value)) return true;
    if (!Object.hasOwn(value, step)) return false;
    value = (value as Record<string, unknown>)[step];
  }
  return true;
}

function decisionOn(
  side: Side | null,
  login: Login & { readonly host?: HostAccount },
  mapFiles: MapFiles,
): Decision {
  if (side === null) return UNKNOWN_ISSUER;
  const request = requestOf(side, { ...login, host: login.host ?? null });
  return evaluate(side.policy, request, { mapFiles });
}

/** The uid is not recorded, but what it led to is: a refusal that no list explains. */
function hostOf(
  { account, protectedByHost }: Login,
  side: Side | null,
): { host?: HostAccount } {
  const listed = side?.policy.protected_accounts.includes(account) ?? false;
  return protectedByHost && !listed ? { host: { uid: 0, name: account } } : {};
}
