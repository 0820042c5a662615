/**
 * What audit files tell in numbers: how attempts ended and why, by rule, issuer, service and policy, and
 * when each rule and each account was last used.
 *
 * @module
 */
import { type Reason, REASONS } from "../../lib/reason.ts";
import {
  type Entry,
  kept,
  readEntry,
  type Unusable,
  UnusableLines,
} from "./entry.ts";
import {
  type NamedTally,
  type Tallies,
  TalliesByName,
  type Tally,
} from "./tally.ts";

/** Who reached an account by which rule. */
interface AccountUse extends Tally {
  readonly account: string;
  readonly issuer: string | null;
  readonly rule: string | null;
}

export interface AuditSummary {
  /** Those that count below. */
  readonly records: number;
  /** Lines that are not records, most frequent cause first. */
  readonly unusable: readonly Unusable[];
  /** All of them together; `null` without any. */
  readonly all: Tally | null;
  /** By reason; `allowed` alone goes with a grant. */
  readonly reasons: Tallies;
  readonly rules: Tallies;
  readonly issuers: Tallies;
  readonly services: Tallies;
  /** By the policy's hash, as records have it. */
  readonly policies: Tallies;
  /** By what was shown: "certificate", or `null` for a token. */
  readonly methods: Tallies;
  /** Of grants alone. */
  readonly accounts: readonly AccountUse[];
  /** Whether there are more accounts than `accounts` has. */
  readonly accountsCut: boolean;
  readonly people: {
    /** By issuer and `sub`: whose token was verified. */
    readonly seen: number;
    /** Who was let in. */
    readonly admitted: number;
    /** Whether there are more than these. */
    readonly cut: boolean;
  };
}

/** Counts records of files one line after the other; what is kept is bounded. */
export class AuditCount {
  readonly #unusable = new UnusableLines();
  readonly #all = new TalliesByName();
  readonly #reasons = new TalliesByName();
  readonly #rules = new TalliesByName();
  readonly #issuers = new TalliesByName();
  readonly #services = new TalliesByName();
  readonly #policies = new TalliesByName();
  readonly #methods = new TalliesByName();
  readonly #accounts = new TalliesByName();
  readonly #seen = new Distinct();
  readonly #admitted = new Distinct();
  #file: string | null = null;
  #line = 0;
  #records = 0;

  /** What follows is of another file; `null` where there is no other. */
  begin(file: string | null): void {
    this.#file = file;
    this.#line = 0;
  }

  /** The next line of the file, without its end. */
  add(line: string): void {
    this.#line += 1;
    if (line.trim() === "") return;
    const read = readEntry(line);
    if (!("flaw" in read)) return this.#addEntry(read);
    this.#skip(read.flaw);
    if (read.rest !== undefined) this.#addEntry(read.rest);
  }

  #skip(because: string): void {
    this.#unusable.add(because, { file: this.#file, line: this.#line });
  }

  #addEntry(entry: Entry): void {
    const { decision, reason } = entry;
    if (decision !== "allow" && decision !== "deny") {
      return this.#skip('"decision" is neither "allow" nor "deny"');
    }
    if (reason === null) return this.#skip('"reason" is missing');
    if ((decision === "allow") !== (reason === "allowed")) {
      return this.#skip('"decision" and "reason" do not fit each other');
    }
    this.#records += 1;
    this.#all.add(null, entry);
    this.#reasons.add(kept(reason), entry);
    this.#rules.add(keptOrNone(entry.rule), entry);
    this.#issuers.add(keptOrNone(entry.issuer), entry);
    this.#services.add(keptOrNone(entry.service), entry);
    this.#policies.add(keptOrNone(entry.policy_sha256), entry);
    this.#methods.add(keptOrNone(entry.method), entry);
    if (entry.sub !== null) {
      const person = `${entry.issuer}\0${entry.sub}`;
      this.#seen.add(person);
      if (decision === "allow") this.#admitted.add(person);
    }
    // what strangers ask for is no account
    if (decision === "allow" && entry.user !== null) {
      const { user, issuer, rule } = entry;
      const use = [kept(user), keptOrNone(issuer), keptOrNone(rule)];
      this.#accounts.add(JSON.stringify(use), entry);
    }
  }

  result(): AuditSummary {
    const accounts = this.#accounts.result();
    return {
      records: this.#records,
      unusable: this.#unusable.list(),
      all: this.#all.result().named[0] ?? null,
      reasons: this.#reasons.result(),
      rules: this.#rules.result(),
      issuers: this.#issuers.result(),
      services: this.#services.result(),
      policies: this.#policies.result(),
      methods: this.#methods.result(),
      accounts: accounts.named.map(accountUse),
      accountsCut: accounts.others !== null,
      people: {
        seen: this.#seen.size,
        admitted: this.#admitted.size,
        cut: this.#seen.isFull || this.#admitted.isFull,
      },
    };
  }
}

function accountUse({ name, ...tally }: NamedTally): AccountUse {
  const [account, issuer, rule] = JSON.parse(name ?? "");
  return { account, issuer, rule, ...tally };
}

function keptOrNone(text: string | null): string | null {
  return text === null ? null : kept(text);
}

/** Whether it is one of those that this version knows. */
export function isKnownReason(name: string | null): name is Reason {
  return REASONS.some((reason) => reason === name);
}

/** More people than any host lets in. */
const MAX_DISTINCT = 500_000;

/** Counts distinct texts by a hash of 53 bits, which may take two of a million for one, but is small. */
class Distinct {
  readonly #hashes = new Set<number>();
  isFull = false;

  get size(): number {
    return this.#hashes.size;
  }

  add(text: string): void {
    const hash = hash53(text);
    if (this.#hashes.has(hash)) return;
    if (this.#hashes.size < MAX_DISTINCT) this.#hashes.add(hash);
    else this.isFull = true;
  }
}

/** FNV-1a twice, with different beginnings. For counting, not for keeping anything safe. */
function hash53(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b);
    high ^= high >>> 13;
  }
  return (high >>> 0 & 0x1fffff) * 2 ** 32 + (low >>> 0);
}
