/**
 * The shape of test cases: `defaults`, `tests` and `tables` in a policy, and the whole of a file
 * `site.test.yaml` beside `site.yaml`.
 *
 * Apart from `schema.ts`, because a login reads neither: a slip of the pen in a test must lock
 * nobody out, and 10,000 tests must not be checked at every login.
 *
 * @module
 */
import * as v from "valibot";
import { needed, optional } from "../../policy/syntax/row.ts";
import { NeverSchema } from "../never/schema.ts";
import { PERMITS } from "../../policy/permits.ts";
import { PolicySchema } from "../../policy/syntax/schema.ts";
import { Text } from "../../policy/syntax/values.ts";

/** A text that may be missing, or `null`, which is the same. */
const text = (says: string) => optional(v.nullable(v.string()), says);

/** A list that may be empty. */
const texts = (says: string) => optional(v.array(Text, "must be a list"), says);

const Now = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$/,
    'a time is written like "2026-01-01T12:00:00Z" (RFC 3339)',
  ),
);

/** What a test and the defaults of tests have in common. */
const SHARED = {
  account: optional(v.string(), "PAM_USER: the account asked for"),
  issuer: optional(Text, "the local name of an issuer"),
  service: optional(Text, 'PAM_SERVICE, "sshd" where nothing is said'),
  rhost: optional(
    v.nullable(v.string()),
    "PAM_RHOST, absent where nothing is said",
  ),
  now: optional(
    Now,
    "the clock of the test, 2026-01-01T12:00:00Z where nothing is said",
  ),
  claims: optional(
    v.record(v.string(), v.any()),
    "the verified claims; times such as auth_time may be written as now-5m",
  ),
  map_files: optional(
    v.record(v.string(), v.string()),
    "the contents of the policy's map files, by their path",
  ),
};

const DefaultsSchema = v.strictObject(SHARED);

const IdentitySchema = v.strictObject({
  id: text("the identity's id"),
  username: text("the identity's user name"),
  email: text("the identity's email address"),
  idp: text("the provider it belongs to"),
});

const AuthenticationSchema = v.strictObject({
  identity: text("the id that authenticated"),
  idp: text("the provider that was used"),
  idps: texts("all names of that provider"),
  auth_time: optional(
    v.nullable(v.union([v.string(), v.number()])),
    "seconds since the epoch, or a time such as now-5m",
  ),
  amr: texts("authentication methods"),
  acr: text("authentication context class"),
});

const ExpectationSchema = v.strictObject({
  decision: optional(v.picklist(["allow", "deny"]), "allow or deny"),
  reason: optional(Text, "a reason code"),
  rule: optional(
    v.nullable(Text),
    "the rule that decides; null for the deny by default",
  ),
  ssh: optional(
    v.strictObject({
      permit: needed(
        v.array(v.picklist([...PERMITS, "all"]), "must be a list"),
        "what the session may use, exactly these; `[all]`: nothing is restricted",
      ),
    }),
    "what a session by certificate may use; left out: it is not looked at",
  ),
});

const way = optional(
  v.picklist(["certificate"]),
  "`certificate`: the token comes in an SSH certificate. The issuer must have `ssh_certificates`, and the service is `sshd`; left out: any other way, which for the rules is the same",
);

export const TestSchema = v.strictObject({
  name: needed(Text, "a claim; no two tests share it"),
  way,
  ...SHARED,
  accounts: optional(
    v.pipe(
      v.array(v.string(), "must be a list"),
      v.minLength(1, "the list is empty: name at least one account"),
    ),
    "the same test for each of several accounts",
  ),
  identities: optional(
    v.array(IdentitySchema, "must be a list"),
    "all linked identities; only issuers of the kind globus",
  ),
  authentications: optional(
    v.array(AuthenticationSchema, "must be a list"),
    "all sessions; only issuers of the kind globus",
  ),
  expect: optional(
    v.union([v.picklist(["allow", "deny"]), ExpectationSchema]),
    "allow, deny, or what the decision must be; of a certificate also what the session may use, `ssh: {permit: [pty]}`, where `permit: [all]` is no restriction",
  ),
});

const { account: _, ...SHARED_BY_CELLS } = SHARED;

/** A table of tests: each account of `expect` is asked for by each of `subjects`. */
export const TableSchema = v.strictObject({
  name: needed(Text, "a claim; cells are called NAME: SUBJECT as ACCOUNT"),
  way,
  ...SHARED_BY_CELLS,
  subjects: needed(
    v.pipe(
      v.record(v.string(), v.record(v.string(), v.any())),
      v.minEntries(1, "name at least one subject"),
    ),
    "who asks: a name and the claims, beside those of the table",
  ),
  groups: optional(
    v.record(v.string(), v.array(Text, "must be a list")),
    "names for several subjects",
  ),
  expect: needed(
    v.pipe(
      v.record(
        v.string(),
        v.record(v.string(), v.picklist(["allow", "deny"])),
      ),
      v.minEntries(1, "name at least one account"),
    ),
    "for each account, who is allowed: subjects or groups; everybody else is denied",
  ),
});

const SUITE = {
  defaults: optional(
    DefaultsSchema,
    "what the tests of this file share; a test's own keys win",
  ),
  tests: optional(
    v.array(TestSchema, "must be a list"),
    "test cases for policy test; login does not read them",
  ),
  tables: optional(
    v.array(TableSchema, "must be a list"),
    "accounts and subjects with what each may; login does not read them",
  ),
};

/** `site.test.yaml` beside `site.yaml`, and the same keys of a policy. */
export const SuiteSchema = v.strictObject(SUITE);

/** A policy file with everything that may stand in it: what editors check against. */
export const PolicyFileSchema = v.strictObject({
  ...PolicySchema.entries,
  never: v.optional(NeverSchema),
  ...SUITE,
});

export type SuiteDocument = v.InferOutput<typeof SuiteSchema>;
export type TestDocument = v.InferOutput<typeof TestSchema>;
export type TableDocument = v.InferOutput<typeof TableSchema>;
export type DefaultsDocument = v.InferOutput<typeof DefaultsSchema>;
