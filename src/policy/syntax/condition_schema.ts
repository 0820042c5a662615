/**
 * What may be asked of one claim: a row each, with its shape and its meaning for people.
 *
 * @module
 */
import * as v from "valibot";
import { listOf } from "../../lib/text.ts";
import { optional } from "./row.ts";
import { list, Text, Value, Word } from "./values.ts";

/** What may be asked of one claim. */
export const CONDITION_KEYS = {
  any: optional(list(Value), "the claim is a list with one of these"),
  all: optional(list(Value), "the claim is a list with all of these"),
  none: optional(
    list(Value),
    "the claim is present, a list, and has none of these",
  ),
  in: optional(list(Value), "the claim is one of these values"),
  like: optional(
    Text,
    "the claim is a string that this glob matches whole; only `*` is special",
  ),
  equals: optional(Value, "the claim is this value, of this type"),
  word: optional(
    Word,
    "the claim is a string, and this is one of its words, whole; blanks, commas and semicolons stand between them",
  ),
  has: optional(Text, "the claim is an object with this member"),
};

export const CONDITION_OPERATORS = Object.keys(
  CONDITION_KEYS,
) as (keyof typeof CONDITION_KEYS)[];

export const ConditionSchema = v.union([
  Value,
  v.pipe(
    v.strictObject(CONDITION_KEYS),
    v.minEntries(1, `name at least one of ${listOf(CONDITION_OPERATORS)}`),
  ),
]);
