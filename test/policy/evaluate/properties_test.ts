/**
 * What holds for every policy and every request, whatever they are.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { REASONS } from "../../../src/lib/reason.ts";
import { evaluate } from "../../../src/policy/evaluate/evaluate.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { parsePolicy, usable } from "../../../src/policy/syntax/parse.ts";
import type { AccessRequest } from "../../../src/policy/request.ts";
import {
  allowRuleArbitrary,
  assuranceArbitrary,
  caseArbitrary,
  conditionArbitrary,
  denyRuleArbitrary,
  hostileValueArbitrary,
  MAP_FILES,
  policyArbitrary,
  policyOf,
  policyText,
  requestArbitrary,
  shuffled,
  type WrittenPolicy,
} from "../../support/policy_generators.ts";
import { holds } from "../../support/properties.ts";

const decide = (policy: Policy, request: AccessRequest) =>
  evaluate(policy, request, { mapFiles: MAP_FILES });
const verdict = (policy: Policy, request: AccessRequest) => {
  const { decision, reason, rule } = decide(policy, request);
  return { decision, reason, rule };
};
const allows = (policy: Policy, request: AccessRequest) =>
  decide(policy, request).decision === "allow";

/** Every parse gives findings with places inside the text, or a policy, or both. */
function assertSaneParse(text: string): void {
  const parsed = parsePolicy(text, { file: "x.yaml" });
  const lines = text.split("\n");
  for (
    const { line, column, endLine, endColumn, id, message } of parsed
      .diagnostics
  ) {
    assert.match(id, /^[a-z]+\/[a-z-]+$/);
    assert.notEqual(message, "");
    assert.ok(
      line >= 1 && line <= lines.length,
      `line ${line} of ${lines.length}`,
    );
    assert.ok(
      column >= 1 && column <= (lines[line - 1] ?? "").length + 1,
      `column ${column}`,
    );
    assert.ok(endLine > line || (endLine === line && endColumn >= column));
  }
  assert.ok(parsed.policy !== null || parsed.diagnostics.length > 0);
  if (parsed.source === null) assert.equal(parsed.diagnostics.length, 1);
}

Deno.test("parsePolicy() never throws and always has a policy or a place", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.string({
      unit: fc.constantFrom(..."{}[]:,-?#&*!|>'\"%@`\n\t\r a1~<"),
      maxLength: 60,
    }),
    hostileValueArbitrary.map((value) => JSON.stringify(value)),
  );
  holds(fc.property(texts, assertSaneParse), { runs: 450 });
});

Deno.test("parsePolicy() never throws on a damaged policy", () => {
  const damaged = fc.tuple(
    policyArbitrary,
    fc.constantFrom("json" as const, "yaml" as const),
    fc.array(fc.tuple(fc.nat(), fc.nat(6), fc.string({ maxLength: 4 })), {
      minLength: 1,
      maxLength: 3,
    }),
  ).map(([document, style, edits]) =>
    edits.reduce((text, [at, removed, added]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + added + text.slice(place + removed);
    }, policyText(document, style))
  );
  holds(fc.property(damaged, assertSaneParse), { runs: 90 });
});

Deno.test("parsePolicy() reads the same from JSON and from YAML", () => {
  holds(
    fc.property(policyArbitrary, (document) => {
      assert.deepEqual(policyOf(document, "yaml"), policyOf(document, "json"));
    }),
    { runs: 60 },
  );
});

Deno.test("evaluate() always decides, and allows exactly for the reason allowed", () => {
  const seen = new Set<string>();
  let decisions = 0;
  let allowed = 0;
  holds(
    fc.property(caseArbitrary, ({ policy, requests }) => {
      for (const request of requests) {
        const decision = decide(policy, request);
        seen.add(decision.reason);
        decisions++;
        if (decision.reason === "allowed") allowed++;
        assert.ok(REASONS.includes(decision.reason));
        assert.equal(
          decision.decision === "allow",
          decision.reason === "allowed",
        );
        assert.ok(
          decision.rule === null ||
            decision.rules.some(({ id }) => id === decision.rule),
        );
        assert.notEqual(decision.reason, "internal_error");
        for (const { matched, granted, because, effect } of decision.rules) {
          assert.ok(matched || !granted);
          assert.ok(
            effect === "allow" ? (because === null) === granted : !granted,
          );
        }
      }
    }),
    { runs: 450 },
  );
  const wanted = [
    "account_not_permitted",
    "account_protected",
    "allowed",
    "denied_by_rule",
    "idp_not_permitted",
    "mfa_required",
    "reauthentication_required",
    "request_invalid",
  ];
  assert.deepEqual(
    [...seen].sort(),
    wanted,
    "the generators reach every outcome",
  );
  assert.ok(
    allowed > decisions / 20,
    `only ${allowed} of ${decisions} were allowed`,
  );
});

Deno.test("evaluate() decides about any claims document and any request text", () => {
  const hostile = policyArbitrary.chain((document) => {
    const policy = policyOf(document);
    return fc.tuple(
      requestArbitrary(policy),
      hostileValueArbitrary,
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.string({ unit: "binary", maxLength: 20 }),
    ).map(([request, claims, account, rhost]) => ({
      policy,
      request,
      claims,
      account,
      rhost,
    }));
  });
  holds(
    fc.property(hostile, ({ policy, request, claims, account, rhost }) => {
      const subject = {
        ...request.subject,
        claims: claims as Record<string, unknown>,
      };
      for (
        const asked of [{ ...request, subject }, { ...request, account, rhost }]
      ) {
        const { decision, reason } = decide(policy, asked);
        assert.ok(REASONS.includes(reason));
        assert.equal(decision === "allow", reason === "allowed");
      }
    }),
    { runs: 150 },
  );
});

/** The same requests before and after a change of the policy. */
function withVariant<Extra>(
  extra: fc.Arbitrary<Extra>,
  vary: (document: WrittenPolicy, extra: Extra) => WrittenPolicy | null,
): fc.Arbitrary<{ before: boolean; after: boolean }[]> {
  return fc.tuple(caseArbitrary, extra).map(
    ([{ document, policy, requests }, added]) => {
      const varied = vary(structuredClone(document), added);
      const other = varied === null ? policy : policyOf(varied);
      return requests.map((request) => ({
        before: allows(policy, request),
        after: allows(other, request),
      }));
    },
  );
}

const neverWider = (pairs: { before: boolean; after: boolean }[]) =>
  assert.ok(pairs.every(({ before, after }) => before || !after));
const neverNarrower = (pairs: { before: boolean; after: boolean }[]) =>
  assert.ok(pairs.every(({ before, after }) => !before || after));

Deno.test("adding a deny rule never turns deny into allow", () => {
  const cases = withVariant(denyRuleArbitrary, (document, rule) => ({
    ...document,
    rules: { ...document.rules, added: rule },
  }));
  holds(
    fc.property(cases, neverWider),
    { runs: 150 },
  );
});

Deno.test("adding an allow rule never turns allow into deny", () => {
  const cases = withVariant(allowRuleArbitrary, (document, rule) => ({
    ...document,
    rules: { ...document.rules, added: rule },
  }));
  holds(
    fc.property(cases, neverNarrower),
    { runs: 90 },
  );
});

Deno.test("a policy without allow rules admits nobody", () => {
  holds(
    fc.property(caseArbitrary, ({ policy, requests }) => {
      const rules = policy.rules.filter(({ effect }) => effect === "deny");
      assert.ok(
        requests.every((request) => !allows({ ...policy, rules }, request)),
      );
    }),
    { runs: 90 },
  );
});

Deno.test("the order of rules, keys, list entries and authentications never matters", () => {
  const cases = caseArbitrary.chain(({ document, policy, requests }) =>
    fc.tuple(shuffled(document), fc.boolean()).map(([other, reverse]) => ({
      policy,
      requests,
      other: policyOf(other),
      reverse,
    }))
  );
  holds(
    fc.property(cases, ({ policy, other, requests, reverse }) => {
      for (const request of requests) {
        const { authentications } = request.subject;
        const subject = {
          ...request.subject,
          authentications: reverse
            ? authentications.toReversed()
            : authentications,
        };
        assert.deepEqual(
          verdict(other, { ...request, subject }),
          verdict(policy, request),
        );
      }
    }),
    { runs: 225 },
  );
});

Deno.test("a further condition on an allow rule never admits more", () => {
  const extra = fc.record({
    claim: fc.constantFrom("groups", "email", "level", "/org/unit", "extra"),
    condition: conditionArbitrary,
    pick: fc.nat(),
  });
  const cases = withVariant(extra, (document, { claim, condition, pick }) => {
    const ids = Object.keys(document.rules).filter((id) =>
      document.rules[id]?.effect !== "deny"
    );
    const rule = document.rules[ids[pick % ids.length] ?? ""];
    const when = (rule?.when ?? {}) as Record<string, unknown>;
    if (rule === undefined || claim in when) return null;
    rule.when = { ...when, [claim]: condition };
    return document;
  });
  holds(
    fc.property(cases, neverWider),
    { runs: 150 },
  );
});

Deno.test("a rule's assurance only ever adds to the policy's", () => {
  const extra = fc.tuple(assuranceArbitrary, fc.nat());
  const cases = withVariant(extra, (document, [assurance, pick]) => {
    const ids = Object.keys(document.rules).filter((id) =>
      document.rules[id]?.effect !== "deny" &&
      document.rules[id]?.assurance === undefined
    );
    const rule = document.rules[ids[pick % ids.length] ?? ""];
    if (rule === undefined) return null;
    rule.assurance = assurance;
    return document;
  });
  holds(
    fc.property(cases, neverWider),
    { runs: 150 },
  );
});

Deno.test("an account that is not an account name is never granted", () => {
  const accounts = fc.string({ unit: "binary" }).filter((account) =>
    !/^[a-z_][a-z0-9_.-]{0,31}$/.test(account)
  );
  holds(
    fc.property(caseArbitrary, accounts, ({ policy, requests }, account) => {
      for (const request of requests) {
        assert.equal(
          decide(policy, { ...request, account }).reason,
          "request_invalid",
        );
      }
    }),
    { runs: 60 },
  );
});

Deno.test("a generated policy has no finding of level error", () => {
  holds(
    fc.property(policyArbitrary, (document) => {
      const parsed = parsePolicy(policyText(document), { file: "x.yaml" });
      assert.notEqual(usable(parsed), null);
    }),
    { runs: 60 },
  );
});
