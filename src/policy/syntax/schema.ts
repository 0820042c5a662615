/**
 * The shape of a policy file: one schema for the parser and for `policy schema`.
 *
 * It describes what is written (durations are strings, most keys are optional). Filling in the
 * defaults is `normalise.ts`, rules that JSON Schema cannot say are in `meaning.ts`.
 *
 * @module
 */
import * as v from "valibot";
import { IssuerSchema } from "./issuer_schema.ts";
import { mapping, record } from "./mapping.ts";
import {
  AbsolutePath,
  Account,
  ClaimName,
  Duration,
  list,
  Name,
  Text,
  Value,
} from "./schema_values.ts";

export type { DeviceDocument, IssuerDocument } from "./issuer_schema.ts";

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
