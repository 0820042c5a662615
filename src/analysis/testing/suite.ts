/**
 * Test cases of a policy: from what is written to requests with an expectation.
 *
 * Hermetic: the clock is frozen, nothing is fetched, the host's accounts are not asked, and the
 * contents of map files come from the suite. Nothing passes vacuously: a suite that could prove
 * nothing has findings.
 *
 * @module
 */
import type { TestCase } from "./expectation.ts";
import {
  type Diagnostic,
  type Issue,
  sortDiagnostics,
} from "../../policy/diagnostic.ts";
import { listOf, nearest } from "../../lib/text.ts";
import type { Policy } from "../../policy/model.ts";
import { mapFilesOfRules } from "../map_files.ts";
import { type CaseContext, caseOf } from "./case.ts";
import {
  type DefaultsDocument,
  type SuiteDocument,
  SuiteSchema,
  type TableDocument,
} from "./schema.ts";
import { cellsOf, placeInTable } from "./table.ts";
import {
  locate,
  type Path,
  readYaml,
  toPlain,
  yamlDiagnostic,
  YamlError,
  type YamlSource,
} from "../../policy/syntax/yaml.ts";
import { schemaIssues } from "../../policy/syntax/shape.ts";

export interface TestSuite {
  readonly cases: readonly TestCase[];
  /** The defaults of the file that further tests would be added to. */
  readonly defaults: DefaultsDocument;
  /** What is wrong with the tests themselves, sorted by position. */
  readonly findings: readonly Diagnostic[];
}

/**
 * The tests of a policy from the policy's own file and from the files beside it.
 *
 * Does not check the policy: it must be usable. An empty suite is not a finding here, because only
 * the caller knows whether tests were asked for.
 */
export function testSuite(
  policy: Policy,
  sources: { own: TestSource | null; beside: readonly TestSource[] },
): TestSuite {
  const names = new Map<string, string>();
  const parts = [
    ...(sources.own === null ? [] : [{ source: sources.own, policy: true }]),
    ...sources.beside.map((source) => ({ source, policy: false })),
  ].map(({ source, policy: isPolicy }) => {
    const written = writtenTests(source.document, { policy: isPolicy });
    return casesOf(policy, { source, written, names });
  });
  const cases = parts.flatMap((part) => part.cases);
  const findings = parts.flatMap((part) => part.findings);
  if (findings.length === 0) findings.push(...withoutDeny(cases, parts));
  const { defaults = {} } =
    (parts.find((part) => part.cases.length > 0) ?? parts[0])?.suite ?? {};
  return { cases, defaults, findings: sortDiagnostics(findings) };
}

interface Part {
  readonly source: TestSource;
  readonly written: WrittenTests;
  /** Places of the names that are taken already. */
  readonly names: Map<string, string>;
}

interface Cases {
  readonly source: TestSource;
  readonly suite: SuiteDocument;
  readonly cases: readonly TestCase[];
  readonly findings: Diagnostic[];
}

function casesOf(policy: Policy, part: Part): Cases {
  const { source, written, names } = part;
  const { defaults = {}, tests = [], tables = [] } = written.suite;
  const issues: Issue[] = [...written.issues];
  const context: CaseContext = {
    policy,
    defaults,
    missingMapFiles: new Set(),
  };
  const cases: TestCase[] = [];
  /** Notes a name; a second test of the same name would be taken for the first. */
  const name = (
    taken: string,
    { line, path }: { line: number; path: Path },
  ) => {
    const earlier = names.get(taken);
    names.set(taken, earlier ?? `${source.file}:${line}`);
    if (earlier === undefined) return;
    issues.push({
      id: "test/duplicate-name",
      level: "error",
      message: `the name ${
        JSON.stringify(taken)
      } is already taken by the test at ${earlier}`,
      path: [...path, "name"],
    });
  };
  for (const [index, test] of tests.entries()) {
    if (written.broken.tests.has(index)) continue;
    const path: Path = ["tests", index];
    const line = lineOf(source, path);
    name(test.name, { line, path });
    const made = caseOf(test, { ...context, path });
    issues.push(...made.issues);
    for (const one of made.cases) {
      cases.push({ ...one, file: source.file, line });
    }
  }
  for (const [index, table] of tables.entries()) {
    if (written.broken.tables.has(index)) continue;
    const path: Path = ["tables", index];
    name(table.name, { line: lineOf(source, path), path });
    const made = tableCases(table, { ...context, path, source });
    issues.push(...made.issues);
    cases.push(...made.cases);
  }
  issues.push(...mapFileIssues(policy, written));
  const findings = issues.map((issue) => testDiagnostic(source, issue));
  return { source, suite: written.suite, cases, findings };
}

/** The cases of a table; what is wrong with several cells for one reason is said once. */
function tableCases(
  table: TableDocument,
  at: CaseContext & { path: Path; source: TestSource },
): { cases: TestCase[]; issues: Issue[] } {
  const { path, source } = at;
  const { cells, issues: found } = cellsOf(table);
  const issues = new Map<string, Issue>();
  const report = (issue: Issue) =>
    issues.set(JSON.stringify([issue.path, issue.message]), issue);
  for (const issue of found) {
    report({ ...issue, level: "error", path: [...path, ...issue.path] });
  }
  const cases: TestCase[] = [];
  for (const { test, row, subject } of cells) {
    const made = caseOf(test, { ...at, path: [] });
    for (const issue of made.issues) {
      const place = placeInTable(issue.path, { table, subject });
      report({ ...issue, path: [...path, ...place] });
    }
    const line = lineOf(source, [...path, ...row]);
    for (const one of made.cases) {
      cases.push({ ...one, file: source.file, line });
    }
  }
  return { cases, issues: [...issues.values()] };
}

/** Contents for a path that the policy does not read would never be looked at. */
function mapFileIssues(policy: Policy, written: WrittenTests): Issue[] {
  const known = mapFilesOfRules(policy.rules);
  const { defaults, tests = [], tables = [] } = written.suite;
  const { broken } = written;
  const given: [Path, Readonly<Record<string, string>> | undefined][] = [
    [["defaults"], defaults?.map_files],
    ...tests.map((test, index): typeof given[number] => [
      ["tests", index],
      broken.tests.has(index) ? undefined : test.map_files,
    ]),
    ...tables.map((table, index): typeof given[number] => [
      ["tables", index],
      broken.tables.has(index) ? undefined : table.map_files,
    ]),
  ];
  return given.flatMap(([path, files]) =>
    Object.keys(files ?? {}).filter((file) => !known.includes(file))
      .map((file): Issue => ({
        id: "test/map-file",
        level: "error",
        message: `the policy reads no map file ${JSON.stringify(file)}`,
        path: [...path, "map_files", file],
        at: "key",
      }))
  );
}

/** Tests that only ever grant would not notice a policy that grants everything. */
function withoutDeny(
  cases: readonly TestCase[],
  parts: readonly Cases[],
): Diagnostic[] {
  const first = parts.find((part) => part.cases.length > 0);
  if (
    first === undefined ||
    cases.some(({ expected }) => expected.decision === "deny")
  ) return [];
  return [testDiagnostic(first.source, {
    id: "test/no-deny",
    level: "error",
    message: "no test expects a deny",
    hint: "a policy that lets everybody in would pass: add a near miss",
    path: ["tests"],
    at: "key",
  })];
}

function lineOf(source: TestSource, path: Path): number {
  const { start, end } = locate(source.yaml.root, path, { at: "key" });
  return source.yaml.span(start, end).line;
}

// Reading test cases as they are written: `defaults`, `tests` and `tables` of a policy, or of the file
// beside it.

/** Where tests are written. A `PolicySource` is one too. */
export interface TestSource {
  readonly text: string;
  readonly file: string;
  readonly yaml: YamlSource;
  /** The document as written: what of it does not belong to a suite is not looked at. */
  readonly document: unknown;
}

/** Reads a file that holds nothing but tests. Never throws. Does not check the tests. */
export function readTestFile(
  text: string,
  options: { file: string },
): { source: TestSource | null; diagnostics: readonly Diagnostic[] } {
  const { file } = options;
  try {
    const yaml = readYaml(text);
    const document = toPlain(yaml.root);
    return { source: { text, file, yaml, document }, diagnostics: [] };
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return { source: null, diagnostics: [yamlDiagnostic(error, file)] };
  }
}

/** What is written, as far as it has the right shape, and what is wrong with the rest. */
interface WrittenTests {
  readonly suite: SuiteDocument;
  readonly issues: readonly Issue[];
  /** The tests and tables (by index) that have not the right shape. */
  readonly broken: {
    readonly tests: ReadonlySet<number>;
    readonly tables: ReadonlySet<number>;
  };
}

/** Checks the shape. A `policy` holds other keys as well, which are not looked at. */
export function writtenTests(
  document: unknown,
  options: { policy: boolean },
): WrittenTests {
  const suite = options.policy ? ownKeys(document) : document as SuiteDocument;
  const issues = schemaIssues(SuiteSchema, suite).map((issue): Issue => ({
    ...reworded(issue),
    level: "error",
  }));
  const broken = { tests: new Set<number>(), tables: new Set<number>() };
  for (const { path: [key, index] } of issues) {
    if (typeof index !== "number") continue;
    if (key === "tests" || key === "tables") broken[key].add(index);
  }
  const usable = issues.some(({ path }) => path.length < 2) ||
      issues.some(({ path }) => path[0] === "defaults")
    ? {} // what every test builds upon is broken
    : suite;
  return { suite: usable, issues, broken };
}

function ownKeys(document: unknown): SuiteDocument {
  const found: Record<string, unknown> = {};
  if (document === null || typeof document !== "object") return found;
  for (const key of ["defaults", "tests", "tables"]) {
    if (Object.hasOwn(document, key)) {
      found[key] = (document as Record<string, unknown>)[key];
    }
  }
  return found;
}

const DECISIONS = ["allow", "deny"];

function reworded(issue: Omit<Issue, "level">): Omit<Issue, "level"> {
  const id = issue.id.replace(/^policy\//, "test/");
  // of a choice between shapes, the general words speak of any scalar
  const key = issue.path.at(-1);
  if (id !== "test/type" || (key !== "expect" && key !== "auth_time")) {
    return { ...issue, id };
  }
  const value = issue.message.replace(/ is not .*$/s, "");
  if (key === "auth_time") {
    const message = `${value} is not a number or a time such as "now-5m"`;
    return { ...issue, id, message };
  }
  const written = /^"([^"]*)"/.exec(issue.message)?.[1];
  const suggestion = written === undefined
    ? undefined
    : nearest(written, DECISIONS);
  return {
    ...issue,
    id,
    message: `${value} is not ${listOf(DECISIONS)} or a mapping`,
    ...(suggestion === undefined
      ? {}
      : { hint: `did you mean "${suggestion}"?` }),
  };
}

/** Gives an issue its place in the file. */
function testDiagnostic(source: TestSource, issue: Issue): Diagnostic {
  const { path, at = "value", ...rest } = issue;
  const { start, end } = locate(source.yaml.root, path, { at });
  return {
    ...rest,
    confidence: "high",
    file: source.file,
    ...source.yaml.span(start, end),
  };
}
