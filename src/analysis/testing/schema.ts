/**
 * The shape of test cases: `defaults` and `tests` in a policy, and the whole of a file
 * `site.test.yaml` beside `site.yaml`.
 *
 * Apart from `schema.ts`, because a login reads neither: a slip of the pen in a test must lock
 * nobody out, and 10,000 tests must not be checked at every login.
 *
 * @module
 */
import * as v from "valibot";
import { mapping, PolicySchema, record } from "../../policy/syntax/schema.ts";

const Text = v.pipe(v.string(), v.minLength(1, "must not be empty"));
const OptionalText = v.optional(v.nullable(v.string()));

const Now = v.pipe(
  v.string(),
  v.regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$/,
    'a time is written like "2026-01-01T12:00:00Z" (RFC 3339)',
  ),
  v.description(
    "the clock of the test, 2026-01-01T12:00:00Z where nothing is said",
  ),
);

const ClaimsSchema = v.pipe(
  record(v.string(), v.any()),
  v.description(
    "the verified claims; times such as auth_time may be written as now-5m",
  ),
);

const MapFilesSchema = v.pipe(
  record(v.string(), v.string()),
  v.description("the contents of the policy's map files, by their path"),
);

/** What a test and the defaults of tests have in common. */
const SHARED = {
  account: v.optional(
    v.pipe(v.string(), v.description("PAM_USER: the account asked for")),
  ),
  issuer: v.optional(
    v.pipe(Text, v.description("the local name of an issuer")),
  ),
  service: v.optional(
    v.pipe(Text, v.description('PAM_SERVICE, "sshd" where nothing is said')),
  ),
  rhost: v.optional(
    v.pipe(
      v.nullable(v.string()),
      v.description("PAM_RHOST, absent where nothing is said"),
    ),
  ),
  now: v.optional(Now),
  claims: v.optional(ClaimsSchema),
  map_files: v.optional(MapFilesSchema),
};

const DefaultsSchema = v.pipe(
  mapping(SHARED),
  v.description("what the tests of this file share; a test's own keys win"),
);

const IdentitySchema = mapping({
  id: OptionalText,
  username: OptionalText,
  email: OptionalText,
  idp: OptionalText,
});

const AuthenticationSchema = mapping({
  identity: OptionalText,
  idp: OptionalText,
  idps: v.optional(v.array(Text, "must be a list")),
  auth_time: v.optional(v.nullable(v.union([v.string(), v.number()]))),
  amr: v.optional(v.array(Text, "must be a list")),
  acr: OptionalText,
});

const ExpectationSchema = mapping({
  decision: v.optional(v.picklist(["allow", "deny"])),
  reason: v.optional(Text),
  rule: v.optional(
    v.pipe(
      v.nullable(Text),
      v.description("the rule that decides; null for the deny by default"),
    ),
  ),
});

const TestSchema = mapping({
  name: v.pipe(Text, v.description("a claim; no two tests share it")),
  ...SHARED,
  accounts: v.optional(
    v.pipe(
      v.array(v.string(), "must be a list"),
      v.minLength(1, "the list is empty: name at least one account"),
      v.description("the same test for each of several accounts"),
    ),
  ),
  identities: v.optional(
    v.pipe(
      v.array(IdentitySchema, "must be a list"),
      v.description("all linked identities; only issuers of the kind globus"),
    ),
  ),
  authentications: v.optional(
    v.pipe(
      v.array(AuthenticationSchema, "must be a list"),
      v.description("all sessions; only issuers of the kind globus"),
    ),
  ),
  expect: v.optional(v.union([
    v.picklist(["allow", "deny"]),
    ExpectationSchema,
  ])),
});

const SUITE = {
  defaults: v.optional(DefaultsSchema),
  tests: v.optional(v.pipe(
    v.array(TestSchema, "must be a list"),
    v.description("test cases for policy test; login does not read them"),
  )),
};

/** `site.test.yaml` beside `site.yaml`, and the same two keys of a policy. */
export const SuiteSchema = mapping(SUITE);

/** A policy file with everything that may stand in it: what editors check against. */
export const PolicyFileSchema = mapping({ ...PolicySchema.entries, ...SUITE });

export type SuiteDocument = v.InferOutput<typeof SuiteSchema>;
export type TestDocument = v.InferOutput<typeof TestSchema>;
export type DefaultsDocument = v.InferOutput<typeof DefaultsSchema>;
