/**
 * Reading test cases as they are written: `defaults` and `tests` of a policy, or of the file
 * beside it.
 *
 * @module
 */
import {
  type Diagnostic,
  type Issue,
  listOf,
  nearest,
} from "../../policy/diagnostic.ts";
import { schemaIssues } from "../../policy/syntax/shape.ts";
import { type SuiteDocument, SuiteSchema } from "./schema.ts";
import { readYaml } from "../../policy/syntax/yaml.ts";
import {
  locate,
  toPlain,
  yamlDiagnostic,
  YamlError,
  type YamlSource,
} from "../../policy/syntax/yaml_tree.ts";

/** Where tests are written. A `PolicySource` is one too. */
export interface TestSource {
  readonly text: string;
  readonly file: string;
  readonly yaml: YamlSource;
  /** The document as written: what of it is no part of a suite is not looked at. */
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
export interface WrittenTests {
  readonly suite: SuiteDocument;
  readonly issues: readonly Issue[];
  /** The tests (by index) that have not the right shape. */
  readonly broken: ReadonlySet<number>;
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
  const broken = new Set<number>();
  for (const { path: [key, index] } of issues) {
    if (key === "tests" && typeof index === "number") broken.add(index);
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
  for (const key of ["defaults", "tests"]) {
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
export function testDiagnostic(source: TestSource, issue: Issue): Diagnostic {
  const { path, at = "value", ...rest } = issue;
  const { start, end } = locate(source.yaml.root, path, { at });
  return {
    ...rest,
    confidence: "high",
    file: source.file,
    ...source.yaml.span(start, end),
  };
}
