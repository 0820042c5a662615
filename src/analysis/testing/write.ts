/**
 * A test case as text, ready to be pasted below `tests:`.
 *
 * @module
 */
import { visible } from "../../lib/text.ts";
import { readClaim, withClaim } from "../../policy/claims.ts";
import type { Policy } from "../../policy/model.ts";
import type { AccessRequest } from "../../policy/request.ts";
import type { DefaultsDocument } from "./schema.ts";
import type { Expectation } from "./expectation.ts";
import { instant, instantText } from "../../policy/instant.ts";
import { DEFAULT_NOW, writtenTime } from "./time.ts";

/** What a test says, key by key, in the order in which it is written. */
export type WrittenTest = Readonly<Record<string, unknown>>;

/**
 * The test that a request with an expectation is, saying nothing that the defaults of its file
 * say already.
 */
export function writtenTest(
  name: string,
  request: AccessRequest,
  at: { policy: Policy; defaults: DefaultsDocument; expected: Expectation },
): WrittenTest {
  const { policy, defaults, expected } = at;
  const { subject, account, service, rhost, now } = request;
  const issuer = policy.issuers.find((one) => one.name === subject.issuer);
  const needsIssuer = policy.issuers.length > 1 &&
    defaults.issuer !== subject.issuer;
  let { claims } = subject;
  if (issuer !== undefined) {
    const location = issuer.claims.auth_time;
    const time = readClaim(claims, location);
    if (typeof time === "number") {
      claims = withClaim(claims, location, writtenTime(time, now));
    }
  }
  for (const claim of Object.keys(defaults.claims ?? {})) {
    // null is as good as absent
    if (!Object.hasOwn(claims, claim)) claims = withClaim(claims, claim, null);
  }
  const several = subject.identities.length > 1;
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
              : writtenTime(one.auth_time, now),
          })
        ),
      }
      : {}),
    expect: expected.reason === undefined && expected.rule === undefined
      ? expected.decision
      : { ...expected },
  };
}

function withoutNulls(object: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== null),
  );
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
