/**
 * A test case as text, ready to be pasted below `tests:`.
 *
 * @module
 */
import { visible } from "../../lib/text.ts";
import { type Claims, readClaim, withClaim } from "../../policy/claims.ts";
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import { kindRow } from "../../policy/kinds.ts";
import type { Policy } from "../../policy/model.ts";
import type { AccessRequest } from "../../policy/request.ts";
import type { DefaultsDocument } from "./schema.ts";
import type { Expectation } from "./expectation.ts";
import { instant, instantText } from "../../policy/instant.ts";
import { DEFAULT_NOW, writtenTime } from "./time.ts";

/** What a test says, key by key, in the order in which it is written. */
export type WrittenTest = Readonly<Record<string, unknown>>;

interface WriteOptions {
  readonly policy: Policy;
  readonly defaults: DefaultsDocument;
  readonly expected: Expectation;
  /** Contents that are not those of the defaults. */
  readonly mapFiles?: MapFiles;
  /** Claims and the clock as they are, not as a person would write them. */
  readonly exact?: boolean;
}

/**
 * The test that a request with an expectation is, saying nothing that the defaults of its file
 * say already.
 */
export function writtenTest(
  name: string,
  request: AccessRequest,
  at: WriteOptions,
): WrittenTest {
  const { policy, defaults, expected, mapFiles = new Map(), exact } = at;
  const { subject, account, service, rhost, now } = request;
  const issuer = policy.issuers.find((one) => one.name === subject.issuer);
  const needsIssuer = policy.issuers.length > 1 &&
    defaults.issuer !== subject.issuer;
  const linked = exact !== true && issuer !== undefined &&
    kindRow(issuer).linked && isListed(subject.claims);
  let claims = linked ? withoutListed(subject.claims) : subject.claims;
  if (issuer !== undefined && exact !== true) {
    const location = issuer.claims.auth_time;
    const time = readClaim(claims, location);
    if (typeof time === "number") {
      claims = withClaim(claims, location, written(time, now));
    }
  }
  for (const claim of Object.keys(defaults.claims ?? {})) {
    // null is as good as absent
    if (!Object.hasOwn(claims, claim)) claims = withClaim(claims, claim, null);
  }
  const several = linked ||
    (exact !== true && subject.identities.length > 1);
  return {
    name,
    ...(defaults.account === account ? {} : { account }),
    ...(needsIssuer ? { issuer: subject.issuer } : {}),
    ...((defaults.service ?? "sshd") === service ? {} : { service }),
    ...((defaults.rhost ?? null) === rhost ? {} : { rhost }),
    ...(instant(defaults.now ?? DEFAULT_NOW) === now
      ? {}
      : { now: instantText(now) }),
    ...(Object.keys(claims).length === 0 ? {} : { claims }),
    ...(several
      ? {
        identities: subject.identities.map(withoutNulls),
        authentications: subject.authentications.map((one) =>
          withoutNulls({
            ...one,
            auth_time: one.auth_time === null
              ? null
              : written(one.auth_time, now),
          })
        ),
      }
      : {}),
    ...(mapFiles.size === 0 ? {} : { map_files: Object.fromEntries(mapFiles) }),
    expect: expected.reason === undefined && expected.rule === undefined
      ? expected.decision
      : { ...expected },
  };
}

/** The members by which Globus Auth lists identities and sessions; a test has keys of its own. */
const LISTED = ["identities", "session_info", "identity_providers"];

/** With an own list of what should be there, the members must stay together. */
function isListed(claims: Claims): boolean {
  return !Array.isArray(claims["identities_set"]) &&
    LISTED.some((member) => Object.hasOwn(claims, member));
}

function withoutListed(claims: Claims): Claims {
  return Object.fromEntries(
    Object.entries(claims).filter(([name]) => !LISTED.includes(name)),
  );
}

function withoutNulls(object: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== null),
  );
}

/** Relative to the clock, where that can be written: a fraction of a second is kept as it is. */
function written(time: number, now: number): string | number {
  return Number.isInteger(time - now) ? writtenTime(time, now) : time;
}

/** The test as an entry of a list, indented as below `tests:` or as given. */
export function testText(test: WrittenTest, indent = "  "): string {
  return Object.entries(test).map(([key, value], index) =>
    `${indent}${index === 0 ? "- " : "  "}${key}: ${flow(value)}\n`
  ).join("");
}

/** A value in YAML's flow style, in strings that no YAML reader takes for something else. */
function flow(value: unknown): string {
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`;
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value).filter(([, inner]) =>
      inner !== undefined
    ).map(([key, inner]) => `${text(key)}: ${flow(inner)}`);
    return `{${members.join(", ")}}`;
  }
  return JSON.stringify(value ?? null);
}

const PLAIN = /^[A-Za-z_][A-Za-z0-9_.@/+-]*$/;
const SPECIAL = /^(?:y|n|yes|no|on|off|true|false|null)$/i;

function text(value: string): string {
  if (PLAIN.test(value) && !SPECIAL.test(value)) return value;
  if (/^[ !"#-[\]-~]*$/.test(value) && value.includes('"')) {
    return `'${value.replaceAll("'", "''")}'`;
  }
  // JSON strings are YAML's double-quoted ones; what YAML does not print is escaped, and what hides
  return visible(JSON.stringify(value)).replaceAll("\ufffe", "\\ufffe")
    .replaceAll("\uffff", "\\uffff");
}
