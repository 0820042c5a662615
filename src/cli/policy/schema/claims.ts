/**
 * Claims that editors propose under `when`: those of OpenID Connect, and what providers are known to
 * send. A policy may ask for any other.
 *
 * @module
 */
import { claimsOfProviders } from "../../../analysis/providers.ts";
import { addTo } from "../../../lib/multimap.ts";
import { isObject } from "../../../lib/json.ts";
import { readYaml, toPlain } from "../../../policy/syntax/yaml.ts";
import { PROVIDER_STARTS } from "../init/providers.ts";

interface KnownClaim {
  /** A name or a JSON Pointer, as it is written in a policy. */
  readonly claim: string;
  /** For people. */
  readonly says: string;
  /** Whether it is `true` or `false`. */
  readonly isFlag: boolean;
}

// OpenID Connect Core sections 2 and 5.1; "groups" is what most providers call it
const STANDARD: Readonly<Record<string, string>> = {
  sub: "who it is, at this issuer, for good",
  groups: "the user's groups, a list",
  email: "e-mail address; ask for email_verified, too",
  email_verified: "whether the issuer has checked the address",
  preferred_username: "name to sign in with; it may change hands",
  acr: "authentication context class: how strong the sign-in was",
  amr: "authentication methods, a list (RFC 8176)",
  auth_time: "when the user authenticated; max_auth_age compares it with now",
  azp: "the client that the token was made for",
  nonce: "what the client wanted to find in the token",
  name: "full name",
  given_name: "first name",
  family_name: "surname",
  middle_name: "middle name",
  nickname: "casual name",
  profile: "URL of a page about the user",
  picture: "URL of a picture of the user",
  website: "URL of the user's own page",
  gender: "gender",
  birthdate: "date of birth, or its year",
  zoneinfo: "time zone",
  locale: "language and country",
  phone_number: "telephone number; ask for phone_number_verified, too",
  phone_number_verified: "whether the issuer has checked the number",
  address: "postal address, an object",
  updated_at: "when the user's data last changed",
};
const FLAGS: ReadonlySet<string> = new Set([
  "email_verified",
  "phone_number_verified",
]);

/** Those of OpenID Connect first, then the others by name. */
export function knownClaims(): KnownClaim[] {
  const senders = new Map<string, string[]>();
  for (const [provider, claims] of claimsOfProviders()) {
    for (const claim of claims) addTo(senders, claim, provider);
  }
  for (const { policy, tests, section } of Object.values(PROVIDER_STARTS)) {
    for (const claim of claimsIn(policy, tests)) {
      addTo(senders, claim, section);
    }
  }
  const others = [...senders].filter(([claim]) =>
    !Object.hasOwn(STANDARD, claim)
  ).sort(([one], [other]) => one < other ? -1 : 1);
  return [
    ...Object.entries(STANDARD),
    ...others.map(([claim, names]) =>
      [claim, `sent by ${namesOf(names)}`] as const
    ),
  ].map(([claim, says]) => ({ claim, says, isFlag: FLAGS.has(claim) }));
}

/** Sorted, and each once; a product stands for its editions. */
function namesOf(names: readonly string[]): string {
  const all = [...new Set(names)].sort();
  return all.filter((name) =>
    !all.some((other) => other !== name && name.startsWith(other))
  ).join(", ");
}

/** What rules ask for in a policy, and what the tokens of its tests have. */
function* claimsIn(policy: string, tests: string): Generator<string> {
  const { rules } = plain(policy);
  for (const rule of Object.values(isObject(rules) ? rules : {})) {
    yield* Object.keys(membersOf(rule, "when"));
  }
  const { defaults, tests: cases } = plain(tests);
  for (const one of [defaults, ...Array.isArray(cases) ? cases : []]) {
    for (const [claim, value] of Object.entries(membersOf(one, "claims"))) {
      // no words about claims, no name of the example's own, nothing that rules only look into
      const isOwn = claim.startsWith("_") || claim.includes("://") ||
        isObject(value);
      if (!isOwn) yield claim;
    }
  }
}

function plain(text: string): Readonly<Record<string, unknown>> {
  const document = toPlain(readYaml(text).root);
  return isObject(document) ? document : {};
}

function membersOf(value: unknown, key: string): Record<string, unknown> {
  const member = isObject(value) ? value[key] : undefined;
  return isObject(member) ? { ...member } : {};
}
