/**
 * Suggestions for misspelt words.
 *
 * @module
 */
import assert from "node:assert/strict";
import { nearest } from "../../src/lib/text.ts";

for (
  const [word, candidates, expected] of [
    // two letters in each other's place are one slip, and the likelier one
    ["lnit", ["init", "lint"], "lint"],
    ["lnit", ["lint", "init"], "lint"],
    ["lint", ["lint", "init"], "lint"],
    ["polciy", ["policy", "token"], "policy"],
    ["cehck", ["check"], "check"],
    ["hwo", ["who", "show"], "who"],
    ["ekY", ["key"], "key"],
    // a letter too few, too many, or another one
    ["polcy", ["policy"], "policy"],
    ["lints", ["lint"], "lint"],
    ["tokem", ["token"], "token"],
    // two slips are too many for a short word, swaps or not
    ["nilt", ["lint"], undefined],
    ["ilnt", ["lint"], "lint"],
    ["ilnta", ["lint"], undefined],
    ["iltn", ["lint"], undefined],
    ["eyk", ["key"], undefined],
    // three of nine letters, and no more
    ["apporvers", ["approvers"], "approvers"],
    ["papor-vers", ["approvers"], "approvers"],
    ["paporvesr", ["approvers"], "approvers"],
    ["paporevsr", ["approvers"], undefined],
    ["paprovesrx", ["approvers"], "approvers"],
    ["paporvesrxy", ["approvers"], undefined],
    // beyond the ends there is nothing to swap with
    ["", ["a"], "a"],
    ["", ["ab"], undefined],
    ["x", [], undefined],
  ] as const
) {
  Deno.test(`nearest() to ${JSON.stringify(word)} among ${candidates} is ${expected}`, () => {
    assert.equal(nearest(word, candidates), expected);
  });
}
