/**
 * The shape of `never`: what no change of a policy may bring about. A login does not read it, so that
 * a slip of the pen in it locks nobody out.
 *
 * @module
 */
import * as v from "valibot";
import { needed, optional } from "../../policy/syntax/row.ts";
import {
  AssuranceSchema,
  RuleSchema,
} from "../../policy/syntax/rule_schema.ts";
import { Account, list, Name } from "../../policy/syntax/values.ts";

const { issuers, services, rhosts, when, description } = RuleSchema.entries;
const { same_identity: _, ...assurance } = AssuranceSchema.entries;

const InvariantSchema = v.strictObject({
  description,
  accounts: optional(
    list(Account),
    "the accounts it is about; left out: every account",
  ),
  issuers,
  services,
  rhosts,
  when,
  unless: optional(
    v.strictObject({
      issuers,
      services,
      rhosts,
      when,
      assurance: optional(
        v.strictObject(assurance),
        "what the authentication must then be like",
      ),
    }),
    "what makes it right after all; all of it must hold",
  ),
});

export const NeverSchema = needed(
  v.pipe(
    v.record(Name, InvariantSchema),
    v.minEntries(1, "name at least one, or leave the key out"),
  ),
  "what no change of the policy may bring about, over all requests; lint and test prove it, login does not look at it",
);

export type NeverDocument = v.InferInput<typeof NeverSchema>;
