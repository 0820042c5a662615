/**
 * What a JSON Schema says to editors beside what it accepts: what an entry is called, an example of a
 * value, what to insert. The words about keys come from the keys' own rows.
 *
 * @module
 */
import type { JsonSchema } from "@valibot/to-json-schema";
import { mapSchemas } from "./alternatives.ts";

/** A value with places to fill in, `$1` or `${1:usual}`, as editors insert it. */
interface Snippet {
  readonly label: string;
  readonly description?: string;
  readonly body: unknown;
}

interface Hints {
  /** What it is called, in a noun or two. */
  readonly title?: string;
  /** Only where no key's row describes it. */
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly defaultSnippets?: readonly Snippet[];
  /** What the keys of a mapping are, in a word. */
  readonly names?: string;
}

const example = (value: unknown): Hints => ({ examples: [value] });
/** One key of a mapping, with its value, is enough to begin with. */
const inserted = (key: string, value: string): Hints => ({
  defaultSnippets: [{ label: key, body: { [key]: value } }],
});
const CONDITIONS: Hints = { title: "conditions on claims", names: "claim" };
const NOTHING: Hints = { title: "nothing" };
const SECRET = example("/etc/oauth-pam/client_secret");
const URL_OF = "https://login.example.org";

/** By place: `*` is any entry of a mapping or list, `|0` the first of several alternatives. */
const HINTS: Readonly<Record<string, Hints>> = {
  "issuers": {
    title: "issuers",
    names: "issuer",
    defaultSnippets: [{
      label: "issuer",
      description: "an issuer and what its tokens are for",
      body: { "${1:main}": { issuer: "https://$2", audiences: ["$3"] } },
    }],
  },
  "issuers/*": {
    title: "issuer",
    description:
      "an issuer, by its local name: who vouches for users, and how its tokens are verified",
  },
  "issuers/*/issuer": example(URL_OF),
  "issuers/*/discovery_url": example(
    `${URL_OF}/tenant/.well-known/openid-configuration?p=signin`,
  ),
  "issuers/*/ca_file": example("/etc/oauth-pam/ca.pem"),
  "issuers/*/proxy": example("http://proxy.example.org:3128"),
  "issuers/*/client_secret_file": SECRET,
  "issuers/*/introspection_endpoint": example(`${URL_OF}/introspect`),
  "issuers/*/device": inserted("client_id", "$1"),
  "issuers/*/device|0": { title: "device sign-in" },
  "issuers/*/device|1": NOTHING,
  "issuers/*/device|0/client_secret_file": SECRET,
  "issuers/*/device|0/prompt": example("Sign in with your campus account:"),
  "issuers/*/device|0/parameters": { title: "parameters" },
  "issuers/*/ssh_certificates": inserted("commitment", "${1:nonce}"),
  "issuers/*/ssh_certificates|0": { title: "SSH certificates" },
  "issuers/*/ssh_certificates|1": NOTHING,
  "issuers/*/claims": { title: "names of claims" },
  "issuers/*/mfa": { title: "several factors" },
  "assurance": { title: "assurance" },
  "rules": {
    title: "rules",
    names: "rule",
    defaultSnippets: [{
      label: "allow rule",
      description: "everybody with a token uses the account that it names",
      body: { "${1:staff}": { accounts: [{ claim: "${2:sub}" }] } },
    }],
  },
  "rules/*": {
    title: "rule",
    description:
      "a rule, by its id: who may log in to which accounts, or must not. Their order never matters",
  },
  "rules/*/rhosts/*": example("192.0.2.0/24"),
  "rules/*/not_after": example("2027-01-31T00:00:00Z"),
  "rules/*/when": CONDITIONS,
  "rules/*/assurance": { title: "assurance" },
  "rules/*/accounts/*|0": { title: "account from a claim" },
  "rules/*/accounts/*|1": { title: "account from a linked identity" },
  "rules/*/accounts/*|2": { title: "accounts from a map file" },
  "rules/*/accounts/*|2/map_file": example("/etc/oauth-pam/accounts.map"),
  "rules/*/accounts/*|3": { title: "accounts from a map" },
  "rules/*/accounts/*|3/map": { title: "map" },
  "rules/*/accounts/*|3/map/*": {
    title: "accounts",
    description: "the accounts of whoever has this key",
  },
  "rules/*/accounts/*|4": { title: "fixed accounts" },
  "rules/*/ssh": { title: "SSH session" },
  "cache": { title: "cache" },
  "log": { title: "log" },
  "audit": inserted("file", "${1:/var/cache/oauth-pam/audit.jsonl}"),
  "audit|0": { title: "audit" },
  "audit|1": NOTHING,
  "never": { title: "never", names: "entry" },
  "never/*": {
    title: "what must never be",
    description: "a login that no rule may admit, by a name of your own",
  },
  "never/*/when": CONDITIONS,
  "never/*/unless": { title: "exception" },
  "never/*/unless/when": CONDITIONS,
  "never/*/unless/assurance": { title: "assurance" },
  ...Object.fromEntries(
    ["defaults", "tests/*", "tables/*"].flatMap((place) => [
      [`${place}/claims`, { title: "claims" }],
      [`${place}/claims/*`, { title: "claim", description: "a claim" }],
      [`${place}/map_files`, { title: "map files" }],
      [`${place}/map_files/*`, {
        title: "map file",
        description: "its lines, `key account[,account…]`",
      }],
      [`${place}/now`, example("2026-01-01T12:00:00Z")],
    ]),
  ),
  "defaults": { title: "defaults of tests" },
  "tests/*": { title: "test" },
  "tests/*/identities/*": { title: "linked identity" },
  "tests/*/authentications/*": { title: "session" },
  "tests/*/authentications/*/auth_time": example("now-5m"),
  "tests/*/expect": {
    defaultSnippets: [{
      label: "allow by a rule",
      description: "who is admitted, by this rule",
      body: { decision: "allow", rule: "$1" },
    }, {
      label: "deny for a reason",
      description: "who is refused, for this reason",
      body: { decision: "deny", reason: "${1:account_not_permitted}" },
    }],
  },
  "tests/*/expect|0": { title: "allow or deny" },
  "tests/*/expect|1": { title: "decision" },
  "tests/*/expect|1/ssh": { title: "SSH session" },
  "tables/*": { title: "table" },
  "tables/*/subjects": { title: "subjects" },
  "tables/*/subjects/*": {
    title: "subject",
    description: "who asks, by a name of your own, and their claims",
  },
  "tables/*/subjects/*/*": { title: "claim", description: "a claim" },
  "tables/*/groups": { title: "groups of subjects" },
  "tables/*/groups/*": {
    title: "group of subjects",
    description: "a name for several subjects",
  },
  "tables/*/expect": { title: "who is allowed" },
  "tables/*/expect/*": {
    title: "account",
    description: "an account, and which subjects and groups may use it",
  },
  "tables/*/expect/*/*": {
    title: "subject or group",
    description: "allow or deny",
  },
};

/** What is asked of a claim, as an editor inserts it behind the claim's name. */
const OPERATORS = {
  any: ["$1"],
  all: ["$1"],
  none: ["$1"],
  in: ["$1"],
  like: "$1",
  equals: "$1",
  word: "$1",
  has: "$1",
} as const;

/** The schema with its hints, and without defaults that an editor would write for nothing. */
export function withHints(schema: JsonSchema): JsonSchema {
  const { $defs, ...rest } = hinted(schema, "");
  return $defs === undefined ? rest : {
    ...rest,
    $defs: Object.fromEntries(
      Object.entries($defs).map(([name, inner]) => [name, {
        ...hinted(inner as JsonSchema, `#${name}`),
        defaultSnippets: Object.entries(OPERATORS).map(([label, body]) => ({
          label,
          body: { [label]: body },
        })),
      } as JsonSchema]),
    ),
  };
}

function hinted(schema: JsonSchema, place: string): JsonSchema {
  const inside = mapSchemas(
    schema,
    (inner, step) =>
      hinted(
        inner,
        step.startsWith("|") || place === ""
          ? `${place}${step}`
          : `${place}/${step}`,
      ),
  );
  const { default: usual, ...others } = inside;
  const kept = isNothing(usual) ? others : inside;
  const { names, ...hints } = HINTS[place] ?? {};
  return {
    ...kept,
    ...hints,
    ...(names === undefined ? {} : {
      propertyNames: { ...kept.propertyNames as JsonSchema, title: names },
    }),
  } as JsonSchema;
}

/** `null`, and what has no entries: there the key is better left out. */
function isNothing(usual: unknown): boolean {
  return usual === undefined || usual === null ||
    (typeof usual === "object" && Object.keys(usual).length === 0);
}
