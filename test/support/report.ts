/**
 * Reports of policies from texts, and the policies that every report must be right about.
 *
 * @module
 */
import { AuditCount } from "../../src/analysis/audit/summary.ts";
import { readTestFile } from "../../src/analysis/testing/suite.ts";
import { parsePolicy, usable } from "../../src/policy/syntax/parse.ts";
import type { ReportInput } from "../../src/report/facts.ts";
import { decodeUtf8 } from "../../src/files/trusted_file.ts";
import { fixtureNames } from "./policy_fixtures.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** A policy that can be used, with its file of tests where it has one. */
export interface Known {
  readonly file: string;
  readonly text: string;
  readonly tests: string | null;
}

/** The shipped policies and the fixtures, of which no report may be wrong. */
export function knownPolicies(): Known[] {
  const shipped = [...Deno.readDirSync(`${ROOT}policies`)]
    .map(({ name }) => name)
    .filter((name) => /^[^.]*\.yaml$/.test(name)).sort()
    .map((name) => `policies/${name}`);
  const fixtures = fixtureNames("ok").map((name) =>
    `test/testdata/policy/ok/${name}`
  );
  return [...shipped, ...fixtures].map((file) => ({
    file,
    text: textOf(file) ?? "",
    tests: textOf(file.replace(/\.yaml$/, ".test.yaml")),
  }));
}

function textOf(file: string): string | null {
  try {
    return decodeUtf8(Deno.readFileSync(`${ROOT}${file}`));
  } catch {
    return null;
  }
}

/** What a report of the policy is made from; throws where the policy is not usable. */
export function reportInput(
  { file = "site.yaml", text, tests = null, old, audit, now = null }:
    & Partial<Known>
    & {
      readonly text: string;
      /** The text of an earlier policy. */
      readonly old?: string;
      /** Lines of an audit file. */
      readonly audit?: readonly string[];
      readonly now?: number | null;
    },
): ReportInput {
  const parsed = parsePolicy(text, { file });
  const policy = usable(parsed);
  if (policy === null) throw new Error(JSON.stringify(parsed.diagnostics));
  const read = tests === null ? null : readTestFile(tests, {
    file: file.replace(/\.yaml$/, ".test.yaml"),
  });
  const sources = read?.source ? [read.source] : [];
  const before = old === undefined
    ? null
    : usable(parsePolicy(old, { file: "old.yaml" }));
  const count = new AuditCount();
  count.begin(null);
  audit?.forEach((line) => count.add(line));
  return {
    file,
    text,
    sha256: null,
    parsed,
    policy,
    now,
    tests: {
      sources,
      diagnostics: read?.diagnostics ?? [],
    },
    against: before && { file: "old.yaml", policy: before, further: [] },
    audit: audit === undefined ? null : count.result(),
  };
}
