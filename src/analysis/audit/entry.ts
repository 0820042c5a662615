/**
 * One line of an audit file, as those who read it back see it. Whoever wrote the file may have been cut
 * off, be of another version, or not be this program at all.
 *
 * @module
 */
import {
  AUDIT_FIELDS,
  type AuditLine,
  MAX_AUDIT_CHARACTERS,
} from "../../lib/audit_record.ts";
import { isObject } from "../../lib/json.ts";
import { shown } from "../../lib/text.ts";
import type { Claims } from "../../policy/claims.ts";

/** The members of a record, each of its type or `null`. */
export interface Entry {
  /** As recorded, RFC 3339. */
  readonly time: string;
  /** The same in whole seconds since the epoch. */
  readonly now: number;
  readonly decision: string | null;
  readonly reason: string | null;
  readonly user: string | null;
  readonly service: string | null;
  readonly rhost: string | null;
  readonly method: string | null;
  readonly issuer: string | null;
  readonly sub: string | null;
  readonly rule: string | null;
  readonly policy_sha256: string | null;
  readonly claims: Claims | null;
}

/** What is wrong with a line, in words that come out of no file. */
interface Flaw {
  readonly flaw: string;
  /** The record that follows a torn one on the same line. */
  readonly rest?: Entry;
}

/** Objects and lists in each other: no issuer's claims are nested like that. */
const MAX_DEPTH = 64;
/** A time with anything else in it is not one that was recorded. */
const TIME =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$/;
/** How a record begins. Inside a text of one, the quotes would be escaped. */
const BEGINNING = '{"time":"';

/** What the line says, or what is wrong with it. Never throws. */
export function readEntry(line: string): Entry | Flaw {
  if (line.length > MAX_AUDIT_CHARACTERS) {
    return { flaw: `longer than ${MAX_AUDIT_CHARACTERS} characters` };
  }
  try {
    return entryOf(JSON.parse(line));
  } catch {
    if (!line.startsWith(BEGINNING)) return { flaw: "not JSON" };
    // a disk that was full cut a record off, and the next one was appended to what there was
    const rest = restOf(line);
    if (rest !== null) {
      return { flaw: "cut off, with another record behind it", rest };
    }
    return { flaw: /\}\s*$/.test(line) ? "not JSON" : "not JSON, cut off" };
  }
}

/**
 * What stands behind a torn record. Objects of that record's own claims may begin in the same way:
 * they stand where a value is expected.
 */
function restOf(line: string): Entry | null {
  let at = 0;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    at = line.indexOf(BEGINNING, at + 1);
    if (at < 0) return null;
    if (/[:,[]/.test(line.charAt(at - 1))) continue;
    try {
      const entry = entryOf(JSON.parse(line.slice(at)));
      return "flaw" in entry ? null : entry;
    } catch {
      // not here either
    }
  }
  return null;
}

const MAX_TRIES = 8;

function entryOf(value: unknown): Entry | Flaw {
  if (!isObject(value)) return { flaw: "not a JSON object" };
  for (const [name, { type }] of FIELDS) {
    const member = value[name];
    if (member === undefined || member === null) continue;
    const fits = FITS[type](member);
    // claims of another type are told apart below: they are not recorded
    if (!fits && name !== "claims") {
      return { flaw: `"${name}" is not a ${type}` };
    }
  }
  const { time, claims } = value;
  if (typeof time !== "string") return { flaw: `"time" is missing` };
  const milliseconds = TIME.test(time) ? Date.parse(time) : NaN;
  if (Number.isNaN(milliseconds)) return { flaw: `"time" is not a time` };
  if (isDeeper(claims, MAX_DEPTH)) {
    return { flaw: `nested deeper than ${MAX_DEPTH}` };
  }
  const text = (name: keyof AuditLine) => {
    const member = value[name];
    return typeof member === "string" ? member : null;
  };
  return {
    time,
    now: Math.floor(milliseconds / 1000),
    decision: text("decision"),
    reason: text("reason"),
    user: text("user"),
    service: text("service"),
    rhost: text("rhost") || null,
    method: text("method"),
    issuer: text("issuer"),
    sub: text("sub"),
    rule: text("rule"),
    policy_sha256: text("policy_sha256"),
    claims: isObject(claims) ? claims : null,
  };
}

const FIELDS = Object.entries(AUDIT_FIELDS);

const FITS: Readonly<
  Record<typeof FIELDS[number][1]["type"], (member: unknown) => boolean>
> = {
  text: (member) => typeof member === "string",
  number: (member) => typeof member === "number",
  object: isObject,
};

function isDeeper(value: unknown, depth: number): boolean {
  if (value === null || typeof value !== "object") return false;
  if (depth === 0) return true;
  for (const member of Object.values(value)) {
    if (isDeeper(member, depth - 1)) return true;
  }
  return false;
}

/** Longest text of a record that is kept or shown. */
const MAX_TEXT = 256;

/** A text of a record as it is kept: a long one says that it was cut. */
export function kept(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  // made anew: an engine keeps a piece as a view of the whole text, which would stay as well
  return JSON.parse(JSON.stringify(`${text.slice(0, MAX_TEXT)}…`));
}

/** Where a line is. */
export interface Place {
  readonly file: string | null;
  /** Counted from 1. */
  readonly line: number;
}

/** Lines that could not be used for one and the same reason. */
export interface Unusable {
  readonly because: string;
  readonly count: number;
  readonly first: Place;
}

/** More causes than a reader wants; what names come in them is the file's. */
const MAX_CAUSES = 50;

/** Counts the lines that could not be used, by cause. */
export class UnusableLines {
  readonly #causes = new Map<string, { count: number; first: Place }>();

  /** `name` is of the file, and shown. */
  add(because: string, place: Place, name?: string): void {
    const whole = name === undefined ? because : `${because} ${shown(name)}`;
    const known = this.#causes.has(whole) || this.#causes.size < MAX_CAUSES;
    const cause = known ? whole : "for yet other causes";
    const found = this.#causes.get(cause);
    if (found) found.count += 1;
    else this.#causes.set(cause, { count: 1, first: place });
  }

  /** Most frequent first. */
  list(): Unusable[] {
    return [...this.#causes].map(([because, rest]) => ({ because, ...rest }))
      .sort((a, b) => b.count - a.count);
  }
}
