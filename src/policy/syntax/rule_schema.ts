/**
 * The keys of a rule, each once, as `schema.ts` has all others.
 *
 * @module
 */
import * as v from "valibot";
import { ConditionSchema } from "./condition_schema.ts";
import { IDENTITY_ATTRIBUTES } from "../identity_claims.ts";
import { PERMITS } from "../permits.ts";
import {
  asInstant,
  asSeconds,
  DurationText,
  InstantText,
  needed,
  optional,
  setting,
} from "./row.ts";
import {
  AbsolutePath,
  Account,
  ClaimName,
  entries,
  list,
  Name,
  Text,
} from "./values.ts";

export const AssuranceSchema = v.strictObject({
  permitted_idps: optional(
    list(Text),
    "identity providers, compared byte for byte with the claim `idp`",
  ),
  mfa: setting(v.boolean(), false, "several factors were used"),
  max_auth_age: v.optional(
    asSeconds(
      needed(
        DurationText,
        "time since the user authenticated (`auth_time`); exactly this long ago still passes",
      ),
    ),
  ),
  same_identity: setting(
    v.boolean(),
    false,
    "the identity that authenticated must be the one that maps to the account",
  ),
});

const StripSuffix = optional(
  Text,
  "cut this end off; it holds `@` or begins with `.` or `-`. One with `@` is what follows the first `@`, whole",
);

/** What an account map is looked up by. */
const Keys = needed(
  list(
    needed(
      ClaimName,
      "a claim, or `identity.id`, `identity.username`, `identity.email`",
    ),
  ),
  "what is looked up in the map",
);

/** What `accounts` is a list of. */
export const AccountSchema = v.union([
  v.strictObject({
    claim: needed(ClaimName, "the account is the value of this claim"),
    strip_suffix: StripSuffix,
  }),
  v.strictObject({
    identity: needed(
      v.picklist(IDENTITY_ATTRIBUTES),
      "the account is this attribute of one of the linked identities",
    ),
    strip_suffix: StripSuffix,
  }),
  v.strictObject({
    map_file: needed(
      AbsolutePath,
      "a file of lines `key account[,account…]`, with `#` comments; every word after the key is an account",
    ),
    keys: Keys,
  }),
  v.strictObject({
    map: needed(v.record(Text, list(Account)), "accounts by key"),
    keys: Keys,
  }),
  v.strictObject({
    names: needed(
      list(Account),
      "fixed accounts, shared by all whom this rule admits",
    ),
  }),
]);

const SshRuleSchema = v.strictObject({
  permit: needed(
    entries(v.picklist(PERMITS)),
    "what sessions by certificate may use, and nothing else: `pty`, `port_forwarding`, `agent_forwarding`, `x11`, `user_rc`; left out: all that sshd allows. Several rules that admit are united",
  ),
});

export const RuleSchema = v.strictObject({
  description: optional(Text, "for people"),
  effect: setting(
    v.picklist(["allow", "deny"]),
    "allow",
    "any matching deny rule wins over every allow rule",
  ),
  issuers: optional(list(Name), "local issuer names; left out: all issuers"),
  services: optional(
    list(Text),
    "PAM services, such as `sshd`; left out: all services",
  ),
  rhosts: optional(
    list(Text),
    "networks of PAM_RHOST in CIDR notation; a host name or no address is in no network; left out: everywhere",
  ),
  not_after: v.optional(
    asInstant(
      needed(
        InstantText,
        "from then on the rule does not match, such as `2027-01-31T00:00:00Z` (RFC 3339); left out: it never ends",
      ),
    ),
  ),
  when: optional(
    v.pipe(
      v.record(ClaimName, ConditionSchema),
      v.minEntries(1, "name at least one condition, or leave the key out"),
    ),
    "every condition must hold; a missing or null claim satisfies none. A scalar is short for equals",
  ),
  assurance: setting(
    AssuranceSchema,
    {},
    "added to the policy's own assurance, allow rules only",
  ),
  accounts: optional(
    list(AccountSchema),
    "the local accounts this rule opens, united; required in an allow rule, all accounts in a deny rule without it",
  ),
  allow_protected: setting(
    v.boolean(),
    false,
    "accounts listed under `names` may be protected ones",
  ),
  ssh: optional(
    SshRuleSchema,
    "what a session by certificate may use, allow rules only",
  ),
});

export type RuleDocument = v.InferInput<typeof RuleSchema>;
export type RuleSettings = v.InferOutput<typeof RuleSchema>;
export type AssuranceSettings = v.InferOutput<typeof AssuranceSchema>;
