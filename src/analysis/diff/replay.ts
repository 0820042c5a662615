/**
 * Recorded logins decided again: what a change of policy would have meant for them.
 *
 * @module
 */
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import {
  claimPath,
  type Claims,
  ELSEWHERE_CLAIMS,
  readClaim,
} from "../../policy/claims.ts";
import { type Decision, POLICY_REASONS } from "../../policy/decision.ts";
import { evaluate } from "../../policy/evaluate/evaluate.ts";
import { LINKED_CLAIMS } from "../../policy/evaluate/claims_used.ts";
import type { Policy } from "../../policy/model.ts";
import type { HostAccount } from "../../policy/request.ts";
import { REASONS } from "../../lib/reason.ts";
import {
  type Entry,
  kept,
  type Place,
  readEntry,
  type Unusable,
  UnusableLines,
} from "../audit/entry.ts";
import { Question, RecentDecisions } from "./recent_decisions.ts";
import { type IssuerPair, issuerPairs, rulesOf, type Side } from "./side.ts";
import { requestOf, UNKNOWN_ISSUER } from "./witness.ts";

/** A login that would have ended otherwise. */
interface ReplayChange {
  /** Where there are several files, the one with the record. */
  readonly file?: string;
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
  /** The first of those in each direction, see {@link ReplayNotes}. */
  readonly changes: readonly ReplayChange[];
}

/** What else is worth knowing of a replay. */
export interface ReplayNotes {
  /** Logins that the new policy admits and the old one refuses, and the reverse: all of them. */
  readonly wider: number;
  readonly narrower: number;
  /** Why lines could not be decided again, most frequent cause first. */
  readonly unusable: readonly Unusable[];
  /** Decided records by the policy of their time, most frequent first. */
  readonly policies: readonly {
    readonly sha256: string | null;
    readonly records: number;
  }[];
  /** Records of the old policy itself that ended otherwise than it decides here. */
  readonly differing: { readonly count: number; readonly first: Place | null };
}

const DECIDED: ReadonlySet<unknown> = new Set(POLICY_REASONS);
const KNOWN: ReadonlySet<unknown> = new Set(REASONS);

interface ReplayOptions {
  readonly old: Policy;
  readonly new: Policy;
  /** The text of all map files of both. */
  readonly mapFiles: MapFiles;
  /** As records have it, where it is known. */
  readonly oldSha256?: string;
}

/** Kept of each direction; more are only counted. */
const MAX_CHANGES = 10_000;
/** More policies than a host sees while its records are kept. */
const MAX_POLICIES = 1_000;

/**
 * Decides the records of audit files again by both policies, one after the other, so that files of any
 * size can be looked at: what is kept of them is bounded. Replay by the same policy twice changes
 * nothing.
 *
 * Does not check the tokens' times, audiences or scopes: those were accepted when they came.
 */
export class LoginReplay {
  readonly #options: ReplayOptions;
  readonly #pairs: ReadonlyMap<string, PairInReplay>;
  readonly #recent = new RecentDecisions<Decided>();
  readonly #skipped = { unreadable: 0, undecided: 0, incomplete: 0 };
  readonly #missing = new Set<string>();
  readonly #unusable = new UnusableLines();
  readonly #policies = new Map<string | null, number>();
  readonly #changes: ReplayChange[] = [];
  readonly #directions = { wider: 0, narrower: 0 };
  readonly #differing: { count: number; first: Place | null } = {
    count: 0,
    first: null,
  };
  #file: string | null = null;
  #line = 0;
  #records = 0;
  #decided = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#pairs = pairsByName(options);
  }

  /** What follows is of another file. Its name is told where there is more than one. */
  begin(file: string | null): void {
    this.#file = file;
    this.#line = 0;
  }

  /** The next line of the file, without its end. */
  add(line: string): void {
    this.#line += 1;
    if (line.trim() === "") return;
    this.#records += 1;
    const read = readEntry(line);
    if ("flaw" in read) {
      this.#skip("unreadable", read.flaw);
      if (read.rest === undefined) return;
      this.#records += 1;
      this.#addEntry(read.rest);
    } else this.#addEntry(read);
  }

  #addEntry(entry: Entry): void {
    const { reason } = entry;
    if (entry.issuer === null || !DECIDED.has(reason)) {
      const known = KNOWN.has(reason);
      return this.#skip(
        "undecided",
        known || reason === null
          ? "refused before the policy was asked:"
          : "a reason that this version does not know:",
        reason ?? "no reason",
      );
    }
    if (entry.user === null || entry.service === null) {
      const lacking = entry.user === null ? "user" : "service";
      return this.#skip("unreadable", `"${lacking}" is missing`);
    }
    if (entry.claims === null) {
      return this.#skip("incomplete", "no claims were recorded");
    }
    this.#addLogin({
      time: entry.time,
      now: entry.now,
      account: entry.user,
      service: entry.service,
      rhost: entry.rhost,
      issuer: entry.issuer,
      claims: entry.claims,
      protectedByHost: reason === "account_protected",
    }, entry);
  }

  #addLogin(login: Login, entry: Entry): void {
    const { reason, policy_sha256 } = entry;
    const pair = this.#pairs.get(login.issuer);
    if (pair === undefined) {
      // which issuer that was is not known, so neither is what becomes of its people
      return this.#skip(
        "incomplete",
        "of an issuer that neither policy has:",
        login.issuer,
      );
    }
    if (entry.method === "certificate" && login.rhost === null) {
      // the answer was for all networks at once, and sshd compared the address with it
      if (pair.hasNetworks) {
        return this.#skip(
          "incomplete",
          "from an address that sshd did not tell",
        );
      }
    }
    const lacking = pair.question.locations.filter((location) =>
      !isRecorded(login.claims, location)
    );
    if (lacking.length > 0) {
      lacking.forEach((location) => this.#missing.add(location));
      return this.#skip(
        "incomplete",
        `not recorded: ${kept(lacking.join(", "))}`,
      );
    }
    this.#decided += 1;
    const policy = policy_sha256 && kept(policy_sha256);
    const times = this.#policies.get(policy) ?? 0;
    if (times > 0 || this.#policies.size < MAX_POLICIES) {
      this.#policies.set(policy, times + 1);
    }
    const { old, new: next } = this.#decide(login, pair);
    const place = { file: this.#file, line: this.#line };
    if (policy !== null && policy === this.#options.oldSha256) {
      if (old.reason !== reason) {
        this.#differing.count += 1;
        this.#differing.first ??= place;
      }
    }
    if (old.decision === next.decision) return;
    const direction = next.decision === "allow" ? "wider" : "narrower";
    this.#directions[direction] += 1;
    if (this.#directions[direction] > MAX_CHANGES) return;
    this.#changes.push({
      ...(this.#file === null ? {} : { file: this.#file }),
      line: this.#line,
      time: login.time,
      account: kept(login.account),
      service: kept(login.service),
      rhost: login.rhost && kept(login.rhost),
      issuer: login.issuer,
      old,
      new: next,
    });
  }

  /** Both decisions. What was asked before in the same words is not decided again. */
  #decide(login: Login, pair: PairInReplay): Decided {
    const { account, service, rhost, issuer, protectedByHost } = login;
    const key = JSON.stringify([
      issuer,
      account,
      service,
      rhost,
      protectedByHost,
      pair.question.text(login.claims, login.now),
    ]);
    return this.#recent.get(key, () => {
      const host = hostOf(login, pair.old ?? pair.new);
      const decide = (side: Side | null) =>
        decisionOn(side, { ...login, ...host }, this.#options.mapFiles);
      return { old: decide(pair.old), new: decide(pair.new) };
    });
  }

  #skip(kind: keyof Replay["skipped"], because: string, name?: string): void {
    this.#skipped[kind] += 1;
    this.#unusable.add(because, { file: this.#file, line: this.#line }, name);
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

  notes(): ReplayNotes {
    return {
      ...this.#directions,
      unusable: this.#unusable.list(),
      policies: [...this.#policies].map(([sha256, records]) => ({
        sha256,
        records,
      })).sort((a, b) => b.records - a.records),
      differing: this.#differing,
    };
  }
}

/** All lines of a text at once, see {@link LoginReplay}. */
export function replayLogins(text: string, options: ReplayOptions): Replay {
  const replay = new LoginReplay(options);
  for (const line of text.split("\n")) replay.add(line);
  return replay.result();
}

interface Decided {
  readonly old: Decision;
  readonly new: Decision;
}

/** An issuer in both policies, and what is the same for all its records. */
interface PairInReplay extends IssuerPair {
  readonly question: Question;
  /** Whether the address decides anything. */
  readonly hasNetworks: boolean;
}

/** Of two pairs with one name, the first: as it is looked up. */
function pairsByName(
  { old, new: next }: ReplayOptions,
): Map<string, PairInReplay> {
  const pairs = new Map<string, PairInReplay>();
  for (const pair of issuerPairs(old, next)) {
    const name = nameIn(pair);
    if (name === undefined || pairs.has(name)) continue;
    const hasNetworks = [pair.old, pair.new].some((side) =>
      rulesOf(side).some(({ rhosts }) => rhosts !== null)
    );
    pairs.set(name, { ...pair, question: new Question(pair), hasNetworks });
  }
  return pairs;
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
  const { decision, reason, rule } = evaluate(side.policy, request, {
    mapFiles,
  });
  // what each rule had to say is nothing to keep
  return { decision, reason, rule, rules: [] };
}

/** The uid is not recorded, but what it led to is: a refusal that no list explains. */
function hostOf(
  { account, protectedByHost }: Login,
  side: Side | null,
): { host?: HostAccount } {
  const listed = side?.policy.protected_accounts.includes(account) ?? false;
  return protectedByHost && !listed ? { host: { uid: 0, name: account } } : {};
}
