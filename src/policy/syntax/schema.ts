/**
 * The shape of a policy file: one schema for the parser and for `policy schema`.
 *
 * It describes what is written (durations are strings, most keys are optional). Filling in the
 * defaults is `normalise.ts`, rules that JSON Schema cannot say are in `meaning.ts`.
 *
 * @module
 */
import * as v from "valibot";
import { ACCOUNT_NAME, ALGORITHMS, KINDS } from "../model.ts";

// Mappings that are mappings. The schema library takes a list for an object with the keys "0",
// "1", …, so that `assurance: []` would pass for an assurance that asks for nothing.

/** A mapping with exactly these keys. */
export function mapping<const Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, undefined> {
  return refusingLists(v.strictObject(entries));
}

/** A mapping with keys that the author chooses. */
export function record<
  const Key extends v.BaseSchema<
    string,
    string | number | symbol,
    v.BaseIssue<unknown>
  >,
  const Value extends v.GenericSchema,
>(key: Key, value: Value): v.RecordSchema<Key, Value, undefined> {
  return refusingLists(v.record(key, value));
}

function refusingLists<Schema extends v.GenericSchema>(schema: Schema): Schema {
  const run: Schema["~run"] = (dataset, config) => {
    if (!Array.isArray(dataset.value)) return schema["~run"](dataset, config);
    v._addIssue(schema, "type", dataset, config);
    return dataset as unknown as v.FailureDataset<v.BaseIssue<unknown>>;
  };
  return { ...schema, "~run": run };
}

// The values that a policy file is made of: names, durations, paths, claims.

/** Names of issuers and rules: they appear in logs and on command lines. */
const Name = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/,
    'a name begins with a letter or "_", followed by letters, digits, ".", "_" or "-"',
  ),
);

export const Account = v.pipe(
  v.string(),
  v.regex(
    ACCOUNT_NAME,
    'an account name has at most 32 of a-z, 0-9, "_", "." and "-" and begins with a letter or "_"',
  ),
);

export const Text = v.pipe(v.string(), v.minLength(1, "must not be empty"));

const Duration = v.pipe(
  v.string(
    'a duration is a number with a unit, such as "90s", "15m", "8h" or "7d"',
  ),
  v.regex(
    /^(?:0|[1-9][0-9]{0,8})(?:s|m|h|d)$/,
    'a duration is a number with a unit, such as "90s", "15m", "8h" or "7d"',
  ),
);

const AbsolutePath = v.pipe(
  v.string(),
  v.regex(
    // no "..", no "//": the path that is checked is the path that is opened
    /^(?:\/(?!\.{1,2}(?:\/|$))[^/\0,]+)+$/,
    'a path is absolute, without "..", "." or ","',
  ),
);

const HostName = v.pipe(
  v.string(),
  v.regex(
    /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/,
    'a host is a name or address in lower case, with ":port" where it is not 443',
  ),
);

const ClaimName = v.pipe(
  v.string(),
  v.regex(
    /^(?:\/(?:[^~]|~[01])*|[^/\s].*)$/,
    'a claim is a name, or a JSON Pointer (RFC 6901) that begins with "/"',
  ),
);

/** A list that says something: an empty one would match nobody, or look as if it matched all. */
export function list<Item extends v.GenericSchema>(item: Item) {
  return v.pipe(
    v.array(item, "must be a list"),
    v.minLength(
      1,
      "the list is empty: leave the key out or give it at least one entry",
    ),
  );
}

export const Value = v.union([
  v.string(),
  v.pipe(v.number(), v.finite()),
  v.boolean(),
]);

// The shape of an issuer in a policy file.

const Count = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10000));

const DeviceSchema = mapping({
  client_id: v.pipe(
    Text,
    v.description("the client that the issuer knows for device sign-in"),
  ),
  client_secret_file: v.optional(v.nullable(AbsolutePath)),
  scopes: v.optional(list(Text)),
  prompt: v.optional(
    v.nullable(
      v.pipe(
        Text,
        v.maxLength(200),
        v.regex(/^[ -~]*$/, "only printable ASCII"),
        v.description("a line of the site's own above the URL"),
      ),
    ),
  ),
  token: v.optional(
    v.pipe(
      v.picklist(["id_token", "access_token"]),
      v.description("which of the issued tokens is verified and decides"),
    ),
  ),
  acr_values: v.optional(v.array(Text, "must be a list")),
  parameters: v.optional(record(Text, v.string())),
  timeout: v.optional(
    v.pipe(
      Duration,
      v.description("for the whole sign-in; below sshd's LoginGraceTime"),
    ),
  ),
  qr: v.optional(v.boolean()),
  starts_per_source: v.optional(
    v.pipe(Count, v.description("starts a minute from one source address")),
  ),
  starts_total: v.optional(
    v.pipe(Count, v.description("starts a minute in all")),
  ),
});

const IssuerSchema = mapping({
  issuer: v.pipe(
    Text,
    v.description("the issuer's URL exactly as it stands in the claim iss"),
  ),
  audiences: v.pipe(
    list(Text),
    v.description("the token's aud must contain one of these"),
  ),
  kind: v.optional(
    v.pipe(v.picklist(KINDS), v.description("how its tokens are verified")),
  ),
  algorithms: v.optional(list(v.picklist(ALGORITHMS))),
  types: v.optional(v.pipe(list(Text), v.description("accepted typ headers"))),
  clock_skew: v.optional(Duration),
  max_token_age: v.optional(v.pipe(Duration, v.description("time since iat"))),
  jwks_ttl: v.optional(Duration),
  jwks_stale: v.optional(Duration),
  hosts: v.optional(v.array(HostName, "must be a list")),
  ca_file: v.optional(v.nullable(AbsolutePath)),
  proxy: v.optional(v.nullable(Text)),
  one_time: v.optional(v.boolean()),
  scopes: v.optional(v.array(Text, "must be a list")),
  allow_confirmation: v.optional(v.boolean()),
  allow_delegation: v.optional(v.boolean()),
  any_audience: v.optional(
    v.pipe(
      v.boolean(),
      v.description("scitokens, wlcg: a token for any audience is for us too"),
    ),
  ),
  client_id: v.optional(Text),
  client_secret_file: v.optional(AbsolutePath),
  introspection_endpoint: v.optional(v.nullable(Text)),
  fqdns: v.optional(
    v.pipe(
      v.array(HostName, "must be a list"),
      v.description("globus: host names whose ssh scope admits"),
    ),
  ),
  device: v.optional(v.nullable(DeviceSchema)),
  claims: v.optional(mapping({
    groups: v.optional(ClaimName),
    idp: v.optional(ClaimName),
    auth_time: v.optional(ClaimName),
    amr: v.optional(ClaimName),
    acr: v.optional(ClaimName),
  })),
  mfa: v.optional(mapping({
    amr_any: v.optional(v.array(Text, "must be a list")),
    acr_any: v.optional(v.array(Text, "must be a list")),
  })),
});

export type DeviceDocument = v.InferOutput<typeof DeviceSchema>;
export type IssuerDocument = v.InferOutput<typeof IssuerSchema>;

const ConditionSchema = v.union([
  Value,
  v.pipe(
    mapping({
      any: v.optional(
        v.pipe(
          list(Value),
          v.description("the claim is a list with one of these"),
        ),
      ),
      all: v.optional(
        v.pipe(
          list(Value),
          v.description("the claim is a list with all of these"),
        ),
      ),
      none: v.optional(
        v.pipe(
          list(Value),
          v.description("the claim is present, a list, and has none of these"),
        ),
      ),
      in: v.optional(
        v.pipe(list(Value), v.description("the claim is one of these values")),
      ),
      like: v.optional(
        v.pipe(
          Text,
          v.description(
            "the claim is a string that this glob matches whole; only * is special",
          ),
        ),
      ),
      equals: v.optional(
        v.pipe(Value, v.description("the claim is this value, of this type")),
      ),
    }),
    v.minEntries(1, "name at least one of any, all, none, in, like and equals"),
  ),
]);

export const CONDITION_OPERATORS = [
  "any",
  "all",
  "none",
  "in",
  "like",
  "equals",
] as const;

const Assurance = mapping({
  permitted_idps: v.optional(
    v.pipe(
      list(Text),
      v.description("identity providers, compared byte for byte"),
    ),
  ),
  mfa: v.optional(
    v.pipe(v.boolean(), v.description("several factors were used")),
  ),
  max_auth_age: v.optional(
    v.pipe(
      Duration,
      v.description("time since the user authenticated (auth_time)"),
    ),
  ),
  same_identity: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        "the identity that authenticated must be the one that maps to the account",
      ),
    ),
  ),
});

const StripSuffix = v.pipe(
  Text,
  v.description('cut this end off; it holds "@" or begins with "." or "-"'),
);

/** What an account map may be looked up by. */
const Key = v.pipe(
  ClaimName,
  v.description("a claim, or identity.id, .username or .email"),
);

const AccountEntry = v.union([
  mapping({ claim: ClaimName, strip_suffix: v.optional(StripSuffix) }),
  mapping({
    identity: v.picklist(["id", "username", "email"]),
    strip_suffix: v.optional(StripSuffix),
  }),
  mapping({ map_file: AbsolutePath, keys: list(Key) }),
  mapping({ map: record(Text, list(Account)), keys: list(Key) }),
  mapping({ names: list(Account) }),
]);

const RuleSchema = mapping({
  description: v.optional(Text),
  effect: v.optional(v.picklist(["allow", "deny"])),
  issuers: v.optional(list(Name)),
  services: v.optional(list(Text)),
  rhosts: v.optional(
    v.pipe(list(Text), v.description("networks of PAM_RHOST in CIDR notation")),
  ),
  when: v.optional(v.pipe(
    record(ClaimName, ConditionSchema),
    v.minEntries(1, "name at least one condition, or leave the key out"),
  )),
  assurance: v.optional(Assurance),
  accounts: v.optional(list(AccountEntry)),
  allow_protected: v.optional(v.boolean()),
});

export const PolicySchema = mapping({
  version: v.pipe(
    v.literal(1, "this program reads version 1"),
    v.description("always 1"),
  ),
  issuers: v.pipe(
    record(Name, IssuerSchema),
    v.minEntries(1, "name at least one issuer"),
  ),
  assurance: v.optional(
    v.pipe(Assurance, v.description("holds for every login")),
  ),
  rules: v.pipe(
    record(Name, RuleSchema),
    v.minEntries(1, "name at least one rule"),
  ),
  protected_accounts: v.optional(v.array(Account, "must be a list")),
  cache: v.optional(mapping({ directory: v.optional(AbsolutePath) })),
  log: v.optional(mapping({ socket: v.optional(AbsolutePath) })),
  audit: v.optional(v.nullable(mapping({ file: AbsolutePath }))),
  // their shape is in test_schema.ts: login ignores them, so that no test can lock anyone out
  defaults: v.optional(v.any()),
  tests: v.optional(v.any()),
});

export type PolicyDocument = v.InferOutput<typeof PolicySchema>;
export type RuleDocument = v.InferOutput<typeof RuleSchema>;
export type AssuranceDocument = v.InferOutput<typeof Assurance>;
