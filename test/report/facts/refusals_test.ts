/**
 * What always refuses: what must never be is proved, broken or neither, and that is told apart.
 *
 * @module
 */
import assert from "node:assert/strict";
import { reportFacts } from "../../../src/report/facts.ts";
import { reportInput } from "../../support/report.ts";

function refusals(rules: string) {
  return reportFacts(reportInput({
    text: `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
protected_accounts: [backup]
never:
  deploy-from-outside: {accounts: [deploy], unless: {rhosts: [10.0.0.0/8]}}
rules:
${rules}`,
  })).refusals;
}

Deno.test("an entry of never is proved, or a request shows that it is not so", () => {
  const good = refusals(
    "  ops: {rhosts: [10.1.0.0/16], accounts: [{names: [deploy]}]}\n",
  );
  assert.deepEqual(good.never, [{
    name: "deploy-from-outside",
    line: 5,
    verdict: "proved",
    texts: [],
  }]);
  const bad = refusals("  ops: {accounts: [{names: [deploy]}]}\n");
  assert.equal(bad.never[0]?.verdict, "broken");
  assert.match(bad.never[0]?.texts[0] ?? "", /rule "ops" admits it: "deploy"/);
});

Deno.test("protected accounts are told with the rules that open them, and root always is one", () => {
  const found = refusals(
    "  ops: {accounts: [{names: [backup]}], allow_protected: true}\n" +
      "  other: {accounts: [{names: [backup]}]}\n" +
      "  gone: {effect: deny, when: {sub: x}}\n",
  );
  assert.deepEqual(
    found.protected.toSorted((a, b) => a.account < b.account ? -1 : 1),
    [
      { account: "backup", openedBy: ["ops"] },
      { account: "root", openedBy: [] },
    ],
  );
  assert.deepEqual(found.denies, ["gone"]);
});
