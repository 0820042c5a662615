/**
 * A report tells what the verbs tell: the same ways, findings, tests and changes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type ReportFacts, reportFacts } from "../../src/report/facts.ts";
import { verdictWords } from "../../src/report/sections/verdict.ts";
import { cliOnDisk } from "../support/cli.ts";
import { type Known, knownPolicies, reportInput } from "../support/report.ts";
import { instant } from "../../src/policy/instant.ts";
import { requirements } from "../../src/analysis/who_words.ts";

const KNOWN = knownPolicies();

// deno-lint-ignore no-explicit-any -- what it holds is what it is compared with
type Document = any;

async function told(
  args: readonly string[],
): Promise<{ code: number; document: Document }> {
  const { code, stdout } = await cliOnDisk([...args, "--format", "json"]);
  return { code, document: JSON.parse(stdout) };
}

function factsOf(
  known: Known,
  more: Partial<Parameters<typeof reportInput>[0]> = {},
): ReportFacts {
  return reportFacts(reportInput({ ...known, ...more }));
}

/** As JSON has it: what is undefined is not there. */
function plain<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value));
}

Deno.test("there are policies to be right about", () => {
  assert.ok(KNOWN.filter(({ tests }) => tests !== null).length >= 14);
  assert.ok(KNOWN.length >= 40, String(KNOWN.length));
});

Deno.test("facts are plain data, the same for the same input", () => {
  for (const known of KNOWN) {
    const facts = factsOf(known, { old: KNOWN[0]?.text ?? "", audit: [] });
    assert.deepEqual(
      plain(facts),
      JSON.parse(JSON.stringify(factsOf(known, {
        old: KNOWN[0]?.text ?? "",
        audit: [],
      }))),
    );
    assert.deepEqual(structuredClone(facts), facts);
  }
});

Deno.test("who reaches which account is what policy who tells", async () => {
  for (const known of KNOWN) {
    const { who } = factsOf(known);
    const { document } = await told(["policy", "who", known.file]);
    const own = who.accounts.map(({ account, example, ways, except }) => ({
      account,
      example,
      except,
      ways: ways.map(({ rule, issuer, shared, services, least, assurance }) => [
        rule,
        issuer,
        shared,
        services,
        least.claims,
        least.service,
        least.rhost,
        requirements({ assurance }),
      ]),
    }));
    const theirs = document.accounts.map((one: Document) => ({
      account: one.account,
      example: one.example ?? false,
      except: one.except,
      ways: one.ways.map((way: Document) => [
        way.rule,
        way.issuer,
        way.shared,
        way.services,
        way.least.claims,
        way.least.service,
        way.least.rhost,
        way.assurance,
      ]),
    }));
    assert.deepEqual(own, theirs, known.file);
    assert.deepEqual(who.limits, document.limits ?? [], known.file);
    assert.ok(who.accounts.every(({ whole }) => whole), known.file);
  }
});

Deno.test("findings are those of policy lint", async () => {
  const now = Math.floor(Date.now() / 1000);
  for (const known of KNOWN) {
    const { findings } = factsOf(known, { now });
    const { document } = await told(["policy", "lint", known.file]);
    const keys = (list: readonly unknown[]) =>
      list.map((one) => {
        const { id, level, line, column, message } = one as Record<
          string,
          unknown
        >;
        return { id, level, line, column, message };
      });
    assert.deepEqual(
      keys(findings),
      keys(document.findings ?? []),
      known.file,
    );
  }
});

Deno.test("tests, coverage and unnoticed changes are those of policy test", async () => {
  let measured = 0;
  for (const known of KNOWN) {
    const { tests } = factsOf(known);
    const { code, document } = await told([
      "policy",
      "test",
      known.file,
      "--coverage",
      "--mutate",
    ]);

    assert.equal(document.tests.length, tests.total, known.file);
    assert.equal(document.passed, tests.passed, known.file);
    assert.equal(
      document.coverage?.percent,
      tests.coverage?.percent,
      known.file,
    );
    assert.equal(document.mutation?.tried, tests.mutation?.tried, known.file);
    assert.deepEqual(
      document.mutation?.survived.map(({ message, line }: Document) => [
        message,
        line,
      ]),
      tests.mutation?.survived.map(({ message, line }) => [message, line]),
      known.file,
    );
    if (tests.mutation !== null) measured += 1;
    if (code === 0) assert.deepEqual(tests.unknown, [], known.file);
  }
  assert.ok(measured >= 14, String(measured));
});

Deno.test("changes are those of policy diff", async () => {
  let changed = 0;
  for (const [index, known] of KNOWN.entries()) {
    const old = KNOWN[(index + 1) % KNOWN.length] ?? known;
    const { changes } = factsOf(known, { old: old.text });
    const { document } = await told([
      "policy",
      "diff",
      old.file,
      known.file,
    ]);
    assert.ok(changes);
    // what never says is not compared here: the input has none of it
    const never = (document.settings ?? []).some(({ path }: Document) =>
      path.startsWith("never.")
    );
    if (!never) assert.equal(changes.verdict, document.verdict, known.file);
    const own = new Set(
      [...changes.rows, ...changes.sessions].map(({ account }) => account),
    );
    for (const { account, verdict } of document.accounts) {
      if (verdict === "wider" || verdict === "narrower") {
        assert.ok(own.has(account), `${known.file} ${account}`);
        changed += 1;
      }
    }
  }
  assert.ok(changed > 20, String(changed));
});

Deno.test("the first line counts what there is", () => {
  const company = KNOWN.find(({ file }) => file === "policies/company.yaml");
  assert.ok(company);
  assert.equal(
    verdictWords(factsOf(company)),
    "2 rules, 1 issuer, no findings, coverage 100 % (17 of 17)",
  );
  const facts = factsOf({
    file: "x.yaml",
    tests: null,
    text: `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
rules:
  all: {accounts: [{names: [deploy]}]}
tests:
  - {name: "wrong", account: deploy, claims: {sub: u1}, expect: deny}
`,
  });
  assert.match(
    verdictWords(facts),
    /^1 rule, 1 issuer, \d+ findings? \(.*\), coverage \d+ % \(\d of \d\), 1 of 1 test failed$/,
  );
});

Deno.test("there is a date only where it was given", () => {
  const [known] = KNOWN;
  assert.ok(known);
  assert.equal(factsOf(known).now, null);
  const now = instant("2026-01-02T03:04:05Z");
  assert.equal(factsOf(known, { now }).now, "2026-01-02T03:04:05Z");
});
