/**
 * Rules that end: the last second, the first one after, and a clock that nobody knows.
 *
 * @module
 */
import assert from "node:assert/strict";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import { permittedAccounts } from "../../../src/policy/evaluate/permitted_accounts.ts";
import { ask, requestFor, rules, short } from "../../support/policies.ts";

/** 2027-01-31T00:00:00Z */
const END = 1_801_353_600;

const ALLOW = rules({
  staff: 'not_after: "2027-01-31T01:00:00+01:00", accounts: [{names: [alice]}]',
});
const DENY = rules({
  staff: "accounts: [{names: [alice]}]",
  out: "effect: deny, not_after: 2027-01-31T00:00:00Z",
});

/** When, and what is decided where an allow rule ends and where a deny rule does. */
const TABLE: readonly [string, number, string, string][] = [
  [
    "long before",
    0,
    "allow allowed staff",
    "deny denied_by_rule out",
  ],
  [
    "in the last second",
    END - 1,
    "allow allowed staff",
    "deny denied_by_rule out",
  ],
  [
    "at the end",
    END,
    "deny account_not_permitted null",
    "allow allowed staff",
  ],
  [
    "long after",
    END * 2,
    "deny account_not_permitted null",
    "allow allowed staff",
  ],
  [
    "at no time",
    NaN,
    "deny account_not_permitted null",
    "deny denied_by_rule out",
  ],
  [
    "never before",
    -Infinity,
    "deny account_not_permitted null",
    "deny denied_by_rule out",
  ],
  [
    "for ever after",
    Infinity,
    "deny account_not_permitted null",
    "deny denied_by_rule out",
  ],
];
for (const [when, now, allow, deny] of TABLE) {
  Deno.test(`evaluate() decides ${when} about rules that end`, () => {
    assert.equal(short(ask(ALLOW, { now })), allow);
    assert.equal(short(ask(DENY, { now })), deny);
  });
}

Deno.test("evaluate() explains a rule that has ended, and one of which it cannot be told", () => {
  const [ended] = ask(ALLOW, { now: END }).rules;
  assert.deepEqual(ended, {
    id: "staff",
    effect: "allow",
    matched: false,
    granted: false,
    because: "rule_expired",
    condition: ["not_after"],
    expected: END,
    actual: END,
  });
  const untold = ask(DENY, { now: NaN });
  assert.equal(untold.detail, "not_after: the time is not known");
  const out = untold.rules.find(({ id }) => id === "out");
  assert.deepEqual([out?.matched, out?.because], [true, "rule_expired"]);
  assert.equal(ask(DENY, { now: END - 1 }).detail, undefined);
});

Deno.test("evaluate() needs no map file for a rule that has ended", () => {
  const policy = rules({
    staff: "accounts: [{names: [alice]}]",
    guests:
      "not_after: 2027-01-31T00:00:00Z, accounts: [{map_file: /etc/m, keys: [sub]}]",
  });
  const at = (now: number) => evaluate(policy, requestFor(policy, { now }));
  assert.equal(at(END).reason, "allowed");
  assert.equal(at(END - 1).reason, "internal_error");
});

Deno.test("permittedAccounts() leaves out what a rule opened that has ended", () => {
  const { account: _, ...request } = requestFor(ALLOW);
  const at = (now: number) =>
    permittedAccounts(ALLOW, { ...request, now }, { mapFiles: new Map() });
  assert.deepEqual(at(END - 1).accounts, ["alice"]);
  assert.deepEqual(at(END), { accounts: [], shortfall: null });
});
