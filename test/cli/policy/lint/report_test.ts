/**
 * The reports of `policy lint` as their readers take them.
 *
 * @module
 */

import assert from "node:assert/strict";
import sarifSchema from "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json" with {
  type: "json",
};
import { Ajv } from "ajv";
import { lint } from "../../../../src/analysis/lint/lint.ts";
import { documentPath } from "../../../../src/analysis/lint/document_path.ts";
import { parsePolicy } from "../../../../src/policy/syntax/parse.ts";
import { githubFindings } from "../../../../src/cli/policy/lint/github.ts";
import { junitFindings } from "../../../../src/cli/policy/lint/junit.ts";
import type { LintReport } from "../../../../src/cli/policy/lint/report.ts";
import { assertFast } from "../../../support/timing.ts";
import { prettyFindings } from "../../../../src/cli/output/pretty.ts";
import { sarifFindings } from "../../../../src/cli/policy/lint/sarif.ts";

const BAD = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh], clock_skew: 2m}
rules:
  # oauth-pam: ignore[grant/no-subject-condition] the guest account is for everybody
  guests: {accounts: [{names: [guest]}]}
  staff: {when: {groups: staff}, accounts: [{claim: preferred_username}]}
  again: {when: {groups: staff}, services: [sshd], accounts: [{claim: preferred_username}]}
`;

function reportOf(files: Readonly<Record<string, string>>): LintReport {
  const linted = Object.entries(files).map(([file, text]) => {
    const parsed = parsePolicy(text, { file });
    return { file, text, parsed, result: lint(parsed) };
  });
  return {
    version: "1.2.3",
    files: linted.map(({ file, text, parsed }) => ({
      file,
      text,
      readable: parsed.policy !== null,
    })),
    findings: linted.flatMap(({ result }) => result.findings),
    suppressed: linted.flatMap(({ result }) => result.suppressed),
    placeOf: (finding) => {
      const found = linted.find(({ file }) => file === finding.file);
      return found?.parsed.source
        ? documentPath(found.parsed.source, finding)
        : "";
    },
    failing: ["error"],
  };
}

/** OASIS' own schema; its dialect only differs from draft-07 in the name of "$id". */
function sarifErrors(log: unknown): unknown {
  const { $schema: _, id: __, ...schema } = sarifSchema as Record<
    string,
    unknown
  >;
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    logger: false,
    unicodeRegExp: false,
  });
  ajv.addFormat("uri", (text: string) => URL.canParse(text));
  ajv.addFormat(
    "uri-reference",
    (text: string) =>
      URL.canParse(text, "https://x.example") && !/[\s"<>\\^`{|}]/.test(text),
  );
  ajv.addFormat("date-time", (text: string) => !isNaN(Date.parse(text)));
  const validate = ajv.compile(schema);
  return validate(log) ? null : validate.errors;
}

const FILES = {
  "policies/a b.yaml": BAD,
  "./none.yaml": "version: [",
  "/etc/oauth-pam/policy.yaml": BAD,
};

Deno.test("sarif: the report is valid against the SARIF 2.1.0 schema", () => {
  for (const files of [FILES, {}, { "x.yaml": "" }]) {
    const log = JSON.parse(sarifFindings(reportOf(files)));
    assert.equal(sarifErrors(log), null);
  }
  assert.notEqual(sarifErrors({ version: "2.1.0", runs: [{}] }), null);
});

// deno-lint-ignore no-explicit-any -- a foreign document
function sarifRun(files: Readonly<Record<string, string>>): any {
  return JSON.parse(sarifFindings(reportOf(files))).runs[0];
}

Deno.test("sarif: results name their rule, whose page comes along", () => {
  const { tool, results } = sarifRun(FILES);
  const { rules, semanticVersion } = tool.driver;
  assert.equal(semanticVersion, "1.2.3");
  for (const result of results) {
    const rule = rules[result.ruleIndex];
    assert.equal(rule.id, result.ruleId);
    assert.match(rule.help.text, /^Avoid:\n[^]+\nPrefer:\n[^]+\nWhy:\n/);
    assert.match(rule.properties["security-severity"], /^\d\.\d$/);
  }
});

Deno.test("sarif: paths are URIs, relative where the path is", () => {
  const uris = new Set(
    sarifRun(FILES).results.map(
      (result: { locations: { physicalLocation: unknown }[] }) =>
        JSON.stringify(
          (result.locations[0]?.physicalLocation as {
            artifactLocation: unknown;
          }).artifactLocation,
        ),
    ),
  );
  assert.deepEqual([...uris].sort(), [
    '{"uri":"file:///etc/oauth-pam/policy.yaml"}',
    '{"uri":"none.yaml","uriBaseId":"%SRCROOT%"}',
    '{"uri":"policies/a%20b.yaml","uriBaseId":"%SRCROOT%"}',
  ]);
});

Deno.test("sarif: suppressed findings are there with their reason, others have an empty list", () => {
  const { results } = sarifRun({ "a.yaml": BAD });
  const suppressed = results.filter(
    (result: { suppressions: unknown[] }) => result.suppressions.length > 0,
  );
  assert.equal(suppressed.length, 1);
  assert.equal(suppressed[0].ruleId, "grant/no-subject-condition");
  assert.deepEqual(suppressed[0].suppressions, [{
    kind: "inSource",
    justification: "the guest account is for everybody",
  }]);
  const [result] = sarifRun({ "a.yaml": "version: [" }).results;
  assert.equal("suppressions" in result, false);
});

Deno.test("sarif: the other rule is a related location", () => {
  const { results } = sarifRun({ "a.yaml": BAD });
  const redundant = results.find(
    (result: { ruleId: string }) => result.ruleId === "rule/redundant",
  );
  assert.equal(
    redundant.relatedLocations[0].physicalLocation.region.startLine,
    7,
  );
  assert.match(redundant.relatedLocations[0].message.text, /"staff"/);
});

Deno.test("sarif: fingerprints are unique, and stay when lines move", () => {
  const prints = (text: string): string[] =>
    sarifRun({ "a.yaml": text }).results.map(
      (
        result: {
          ruleId: string;
          partialFingerprints: Record<string, string>;
        },
      ) =>
        `${result.ruleId} ${result.partialFingerprints["oauthPamFinding/v1"]}`,
    ).sort();
  const before = prints(BAD);
  assert.ok(before.length >= 6);
  assert.equal(new Set(before).size, before.length);
  const moved = `# a comment\n\n${
    BAD.replaceAll("\nrules:", "\n\n# more\nrules:")
  }`;
  assert.deepEqual(prints(moved), before);
  const renamed = prints(BAD.replace("  again:", "  other:"));
  assert.notDeepEqual(renamed, before);
});

Deno.test("github: a command a finding, with what could break out escaped", () => {
  const report = reportOf({ "a,b:c%.yaml": BAD });
  const [first] = githubFindings(report).split("\n");
  assert.equal(
    first,
    "::error file=a%2Cb%3Ac%25.yaml,line=7,endLine=7,col=26,endColumn=31,title=claim/type::" +
      '"groups" is a list in most tokens, but "equals" compares single values: the condition never holds' +
      '%0Ahint: write {any: ["staff"]}',
  );
  const hostile = report.findings.map((finding) => ({
    ...finding,
    message: "x\n::error::y\x1b[31m",
  }));
  const lines = githubFindings({ ...report, findings: hostile }).trimEnd()
    .split("\n");
  assert.equal(lines.length, hostile.length);
  assert.ok(lines.every((line) => !line.includes("\x1b")));
});

Deno.test("github: ten of each level, the worst first, and one notice for the rest", () => {
  const report = reportOf({ "a.yaml": BAD });
  const [finding] = report.findings;
  assert.ok(finding);
  const many = (["info", "warning", "error"] as const).flatMap((level) =>
    Array.from(
      { length: 14 },
      (_, line) => ({ ...finding, level, line: line + 1 }),
    )
  );
  const lines = githubFindings({ ...report, findings: many }).trimEnd()
    .split("\n");
  const commands = lines.map((line) => /^::(\w+)/.exec(line)?.[1]);
  assert.deepEqual(commands, [
    ...Array(10).fill("error"),
    ...Array(10).fill("warning"),
    ...Array(10).fill("notice"),
  ]);
  assert.match(
    lines.at(-1) ?? "",
    /^::notice title=13 more findings::a\.yaml:11:/,
  );
  assert.equal(githubFindings({ ...report, findings: [] }), "");
});

Deno.test("junit: findings that fail the run are failures, a file that is not a policy is an error", () => {
  const report = reportOf({
    ...FILES,
    "clean.yaml": BAD.split("rules:")[0] +
      "rules:\n  a: {accounts: [{claim: sub}]}\n",
  });
  const xml = junitFindings(report);
  const heads = [...xml.matchAll(/<testsuite (.*)>/g)].map(([, head]) => head);
  assert.deepEqual(heads, [
    'name="policies/a b.yaml" tests="6" failures="2" errors="0"',
    'name="./none.yaml" tests="1" failures="0" errors="1"',
    'name="/etc/oauth-pam/policy.yaml" tests="6" failures="2" errors="0"',
    'name="clean.yaml" tests="2" failures="0" errors="0"',
  ]);
  assert.match(xml, /<testsuites .* tests="15" failures="4" errors="1">/);
  assert.match(
    xml,
    /<testcase classname="policies\/a b\.yaml" name="claim\/type \(7:26\)" file="policies\/a b\.yaml" line="7">/,
  );
  const all = junitFindings({
    ...report,
    failing: ["error", "warning", "info"],
  });
  assert.doesNotMatch(all, /system-out/);
  const none = junitFindings({ ...report, findings: [] });
  assert.match(none, /<testcase classname="clean\.yaml" name="no findings"\/>/);
});

Deno.test("junit: what XML cannot hold is replaced", () => {
  const report = reportOf({ "a.yaml": BAD });
  const hostile = report.findings.map((finding) => ({
    ...finding,
    message: `</failure>"&'\x00\x1b\ud800\n`,
  }));
  const xml = junitFindings({ ...report, findings: hostile });
  // deno-lint-ignore no-control-regex -- they must not be there
  assert.doesNotMatch(xml, /[\x00-\x08\x0b\x0c\x0e-\x1f]/);
  assert.ok(xml.isWellFormed());
  assert.match(xml, /message="&lt;\/failure&gt;&quot;&amp;'\ufffd{3}&#10;"/);
});

Deno.test("pretty: the line, a mark below it, the other rule and a hint", () => {
  const { findings } = reportOf({ "a.yaml": BAD });
  const shown = prettyFindings(
    findings.filter(({ id }) => id === "rule/redundant"),
    { texts: new Map([["a.yaml", BAD]]), color: false },
  );
  assert.equal(
    shown,
    `a.yaml:8:3: warning: the rule "again" is redundant: the rule "staff" grants whatever it grants [rule/redundant]
  8 |   again: {when: {groups: staff}, services: [sshd], accounts: [{claim: preferred_username}]}
    |   ^^^^^
  the other rule "staff": line 7, column 3
  hint: remove it, or make the other rule narrower
`,
  );
});

Deno.test("pretty and placeOf: 5,000 findings in a file of as many lines take less than half a second", () => {
  const rules = Array.from(
    { length: 5000 },
    (_, i) =>
      `  r${i}: {when: {email_verified: true}, accounts: [{claim: email, strip_suffix: "@d${i}.edu"}]}\n`,
  );
  const text = BAD.split("rules:")[0] + `rules:\n${rules.join("")}`;
  const report = reportOf({ "a.yaml": text });
  const texts = new Map([["a.yaml", text]]);
  assert.ok(report.findings.length >= 4999);
  assertFast(
    500,
    () => prettyFindings(report.findings, { texts, color: false }),
  );
  assertFast(500, () => report.findings.map(report.placeOf));
});

Deno.test("pretty: invisible letters are written out, and the mark stays below the place", () => {
  const text = BAD.replace(
    "{when: {groups: staff}, acc",
    "{description: \u2067, when: {groups: staff}, acc",
  );
  const { findings } = reportOf({ "a.yaml": text });
  const shown = prettyFindings(
    findings.filter(({ id, line }) => id === "claim/type" && line === 7),
    { texts: new Map([["a.yaml", text]]), color: true },
  );
  assert.ok(!shown.includes("\u2067") && shown.includes("\\u2067"));
  // deno-lint-ignore no-control-regex -- colours
  const [, line, mark] = shown.replace(/\x1b\[\d*m/g, "").split("\n");
  assert.equal(line?.indexOf(" staff}"), (mark?.indexOf("^") ?? 0) - 1);
});
