/**
 * Every lint rule has a page, a policy that it finds something in, and one that it does
 * not. `bad.yaml` gives exactly the lines of `bad.out`; `UPDATE_FIXTURES=1` (never in CI) rewrites
 * the `.out` files.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  CATALOGUE,
  RULE_IDS,
  ruleById,
} from "../../../src/analysis/lint/catalogue.ts";
import type { LintFacts } from "../../../src/analysis/lint/context.ts";
import { lintPolicy } from "../../../src/analysis/lint/lint.ts";
import { parsePolicy, usable } from "../../../src/policy/syntax/parse.ts";
import { prettyLines } from "../../support/policy_fixtures.ts";

const FIXTURES = new URL("../../testdata/lint/", import.meta.url);
const UPDATE =
  Deno.permissions.querySync({ name: "env", variable: "UPDATE_FIXTURES" })
      .state === "granted" &&
  Deno.env.get("UPDATE_FIXTURES") === "1" && Deno.env.get("CI") === undefined;

/** Fixtures are about one thing: that they have no tests is left out where it is not the thing. */
const NOT_THE_POINT = "test/none";

/** What cannot be written down as a small policy has tests elsewhere. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "yaml/too-large": "this file, below",
  "file/unreadable": "test/cli/policy/lint/verb_test.ts",
};

/** Other findings that a fixture cannot do without. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  "suppress/no-reason": ["clock/skew-too-large"],
};

function read(id: string, name: string): string {
  return Deno.readTextFileSync(new URL(`${id}/${name}`, FIXTURES));
}

/** 2026-01-01T12:00:00Z, whenever the tests run. */
const NOW = 1_767_268_800;

function factsOf(id: string, name: string): LintFacts {
  try {
    return { now: NOW, ...JSON.parse(read(id, `${name}.facts.json`)) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { now: NOW };
    throw error;
  }
}

function findingsOf(id: string, name: "bad" | "good") {
  const parsed = parsePolicy(read(id, `${name}.yaml`), { file: "x.yaml" });
  const findings = lintPolicy(parsed, { facts: factsOf(id, name) });
  const point = findings.filter((finding) =>
    finding.id === id || finding.id !== NOT_THE_POINT
  );
  return { parsed, findings: point };
}

for (const id of RULE_IDS.filter((id) => !Object.hasOwn(ELSEWHERE, id))) {
  Deno.test(`lintPolicy() finds ${id} where it is`, () => {
    const { findings } = findingsOf(id, "bad");
    const allowed = [id, ...ALSO[id] ?? []];
    const lines = prettyLines(findings);
    if (UPDATE) {
      Deno.writeTextFileSync(new URL(`${id}/bad.out`, FIXTURES), lines);
    }
    assert.deepEqual(
      findings.map((finding) => finding.id).filter((found) =>
        !allowed.includes(found)
      ),
      [],
    );
    assert.ok(findings.some((finding) => finding.id === id), `no ${id}`);
    assert.equal(lines, read(id, "bad.out"));
  });

  Deno.test(`lintPolicy() finds nothing where ${id} is not`, () => {
    const { parsed, findings } = findingsOf(id, "good");
    assert.deepEqual(prettyLines(findings), "");
    assert.notEqual(usable(parsed), null, "a good policy is a usable one");
  });
}

Deno.test("lintPolicy() finds yaml/too-large in more than 8 Mi characters", () => {
  const text = `# ${"x".repeat(8 * 1024 * 1024)}\nversion: 1\n`;
  const [finding] = lintPolicy(parsePolicy(text, { file: "x.yaml" }));
  assert.equal(finding?.id, "yaml/too-large");
});

Deno.test("lintPolicy() says nothing of when rules end where nobody knows the time", () => {
  for (const id of ["rule/ended", "rule/ends-soon"]) {
    const parsed = parsePolicy(read(id, "bad.yaml"), { file: "x.yaml" });
    const ids = lintPolicy(parsed).map((finding) => finding.id);
    assert.deepEqual(ids.filter((found) => found !== NOT_THE_POINT), []);
  }
});

Deno.test("every rule has a page of its own", () => {
  for (const { id, page } of CATALOGUE) {
    for (const key of ["summary", "avoid", "prefer", "why"] as const) {
      assert.ok(page[key].trim().length >= 5, `${id} has no ${key}`);
    }
    assert.doesNotMatch(
      page.summary,
      /[.]$|\n/,
      `${id}: one line, no full stop`,
    );
    assert.notEqual(page.avoid, page.prefer, id);
  }
  const summaries = CATALOGUE.map(({ page }) => page.summary);
  assert.equal(new Set(summaries).size, summaries.length);
  assert.equal(new Set(RULE_IDS).size, RULE_IDS.length);
});

Deno.test("every id that the parser can report is in the catalogue", () => {
  const folder = new URL("../../../src/policy/syntax/", import.meta.url);
  const found = new Set<string>();
  const files = [
    "yaml.ts",
    "shape.ts",
    "meaning.ts",
    "issuer_meaning.ts",
    "parse.ts",
  ];
  for (const file of files) {
    const text = Deno.readTextFileSync(new URL(file, folder));
    for (const [, id] of text.matchAll(/"([a-z]+\/[a-z-]+)"/g)) {
      if (id !== undefined) found.add(id);
    }
  }
  assert.ok(found.size > 15);
  const unknown = [...found].filter((id) => ruleById(id) === undefined);
  assert.deepEqual(unknown, []);
});

Deno.test("the fixtures have no rule that the catalogue does not have", () => {
  const ids = [...Deno.readDirSync(FIXTURES)].flatMap(({ name: family }) =>
    [...Deno.readDirSync(new URL(`${family}/`, FIXTURES))].map(({ name }) =>
      `${family}/${name}`
    )
  );
  const stray = ids.filter((id) => ruleById(id) === undefined);
  assert.deepEqual(stray, []);
});
