/**
 * The one reading of a policy file: login, lint, test, explain and diff all come through here.
 *
 * @module
 */
import { type Diagnostic, type Issue, sortDiagnostics } from "../diagnostic.ts";
import { accountNameIssues, meaningIssues } from "./meaning.ts";
import type { Policy } from "../model.ts";
import { policyOf } from "./defaults.ts";
import { type PolicyDocument, PolicySchema } from "./schema.ts";
import { readShape } from "./shape.ts";
import {
  locate,
  readYaml,
  toPlain,
  yamlDiagnostic,
  YamlError,
  type YamlSource,
} from "./yaml.ts";

export interface ParsedPolicy {
  /** `null` when the file is not a policy at all: not YAML, unknown keys, wrong types. */
  readonly policy: Policy | null;
  /** Everything that is wrong, sorted by position. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was written, for verbs that speak of places in the file; `null` when it is not YAML. */
  readonly source: PolicySource | null;
}

/** The file as written, with a way from a path in it to a place. */
export interface PolicySource {
  readonly text: string;
  readonly file: string;
  readonly yaml: YamlSource;
  /** The document as written, without defaults. Only meaningful when `policy` is not `null`. */
  readonly document: PolicyDocument;
}

/**
 * Reads a policy. Never throws: whatever the input, the answer is a policy, findings, or both.
 *
 * A policy with a finding of level "error" must not be used for a decision: see {@link usable}.
 * Does not check files that the policy names, and does not talk to anybody.
 */
export function parsePolicy(
  text: string,
  options: { file: string },
): ParsedPolicy {
  const { file } = options;
  let yaml: YamlSource;
  try {
    yaml = readYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    return {
      policy: null,
      diagnostics: [yamlDiagnostic(error, file)],
      source: null,
    };
  }
  const document = toPlain(yaml.root) as PolicyDocument;
  const source: PolicySource = { text, file, yaml, document };
  const shape = readShape(PolicySchema, document);
  const names = accountNameIssues(document);
  const places = new Set(names.map(({ path }) => JSON.stringify(path)));
  const issues: Issue[] = [
    ...names,
    ...shape.output === null
      ? shape.issues.filter(({ path }) => !places.has(JSON.stringify(path)))
        .map((issue): Issue => ({ ...issue, level: "error" }))
      : meaningIssues(document, shape.output),
  ];
  const diagnostics = sortDiagnostics(
    issues.map((issue) => diagnosticAt(source, issue)),
  );
  // findings under "policy/" say that this is not a policy; others are about what it says
  const readable = !issues.some(({ id }) => id.startsWith("policy/"));
  const policy = readable && shape.output !== null
    ? policyOf(shape.output)
    : null;
  return { policy, diagnostics, source };
}

/** The policy, if it may be used for decisions; `null` if anything in it is an error. */
export function usable(parsed: ParsedPolicy): Policy | null {
  return parsed.diagnostics.some(({ level }) => level === "error")
    ? null
    : parsed.policy;
}

/** Gives an issue its place. */
export function diagnosticAt(source: PolicySource, issue: Issue): Diagnostic {
  const { start, end } = locate(source.yaml.root, issue.path, {
    at: issue.at ?? "value",
  });
  const rule = issue.path[0] === "rules" ? issue.path[1] : undefined;
  return {
    id: issue.id,
    level: issue.level,
    confidence: issue.confidence ?? "high",
    message: issue.message,
    ...(issue.hint === undefined ? {} : { hint: issue.hint }),
    file: source.file,
    ...source.yaml.span(start, end),
    ...(typeof rule === "string" ? { rule } : {}),
  };
}
