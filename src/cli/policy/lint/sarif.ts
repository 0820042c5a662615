/**
 * Findings as SARIF 2.1.0 (OASIS), the format of code scanning services.
 *
 * @module
 */
import type { Diagnostic, Level, Span } from "../../../policy/diagnostic.ts";
import { CATALOGUE } from "../../../analysis/lint/catalogue.ts";
import type { LintRule } from "../../../analysis/lint/lint_rule.ts";
import type { LintReport } from "./report.ts";

const LEVEL: Readonly<Record<Level, string>> = {
  error: "error",
  warning: "warning",
  info: "note",
};

/** GitHub sorts by it: above 7.0 is "high", above 4.0 "medium". */
const SEVERITY: Readonly<Record<Level, string>> = {
  error: "8.0",
  warning: "5.0",
  info: "2.0",
};

export function sarifFindings(report: LintReport): string {
  const all = [
    ...report.findings.map((finding) => ({ finding, reason: null })),
    ...report.suppressed,
  ];
  // where one result speaks of suppressions, all do (section 3.27.23)
  const suppressing = report.suppressed.length > 0;
  const fingerprint = fingerprints(report);
  const log = {
    $schema:
      "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [{
      tool: {
        driver: {
          name: "oauth-pam",
          semanticVersion: report.version,
          rules: CATALOGUE.map(descriptor),
        },
      },
      invocations: [{
        executionSuccessful: report.files.every(({ readable }) => readable),
      }],
      columnKind: "utf16CodeUnits",
      results: all.map(({ finding, reason }) => ({
        ...result(finding),
        partialFingerprints: { "oauthPamFinding/v1": fingerprint(finding) },
        ...(suppressing
          ? {
            suppressions: reason === null
              ? []
              : [{ kind: "inSource", justification: reason }],
          }
          : {}),
      })),
    }],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function descriptor({ id, level, confidence, page }: LintRule) {
  const { summary, avoid, prefer, why } = page;
  const fence = (code: string) => `\`\`\`yaml\n${code}\n\`\`\``;
  return {
    id,
    shortDescription: { text: summary },
    fullDescription: { text: why.replaceAll("\n", " ") },
    help: {
      text: `Avoid:\n${avoid}\n\nPrefer:\n${prefer}\n\nWhy:\n${why}`,
      markdown: `${why}\n\n**Avoid**\n\n${fence(avoid)}\n\n**Prefer**\n\n${
        fence(prefer)
      }`,
    },
    defaultConfiguration: { level: LEVEL[level] },
    properties: {
      precision: confidence === "high" ? "very-high" : confidence,
      "security-severity": SEVERITY[level],
      tags: ["security", id.split("/")[0] ?? id],
    },
  };
}

function result(finding: Diagnostic) {
  const { id, level, message, hint, file, rule, confidence, related } = finding;
  const index = CATALOGUE.findIndex((each) => each.id === id);
  return {
    ruleId: id,
    ...(index < 0 ? {} : { ruleIndex: index }),
    level: LEVEL[level],
    message: {
      text: plainText(
        hint === undefined ? message : `${message}\nhint: ${hint}`,
      ),
    },
    locations: [{
      ...location(file, finding),
      ...(rule === undefined ? {} : {
        logicalLocations: [{
          name: rule,
          fullyQualifiedName: `rules.${rule}`,
          kind: "member",
        }],
      }),
    }],
    ...(related === undefined ? {} : {
      relatedLocations: related.map(({ message, span }, place) => ({
        id: place + 1,
        message: { text: plainText(message) },
        ...location(file, span),
      })),
    }),
    properties: { confidence },
  };
}

/** In a message "[text](1)" would be a link (section 3.11.6). */
function plainText(message: string): string {
  return message.replace(/[\\[\]]/g, "\\$&");
}

function location(file: string, span: Span) {
  return {
    physicalLocation: {
      artifactLocation: artifact(file),
      region: {
        startLine: span.line,
        startColumn: span.column,
        endLine: span.endLine,
        endColumn: span.endColumn,
      },
    },
  };
}

/** A path as a URI: relative ones stay relative, so that they are the same in every checkout. */
function artifact(file: string) {
  const path = file.replaceAll("\\", "/").replace(/^(?:\.\/)+/, "");
  const uri = path.split("/").map(encodeURIComponent).join("/");
  return path.startsWith("/")
    ? { uri: `file://${uri}` }
    : { uri, uriBaseId: "%SRCROOT%" };
}

/** The same for the same finding at the same place of the document, wherever its line went. */
function fingerprints(report: LintReport): (finding: Diagnostic) => string {
  const seen = new Map<string, number>();
  return (finding) => {
    const key = [finding.id, finding.file, report.placeOf(finding)].join("\0");
    const count = (seen.get(key) ?? 0) + 1;
    seen.set(key, count);
    return `${fnv1a(key)}:${count}`;
  };
}

/** FNV-1a with 64 bits: stable and short; nobody is kept out by it. */
function fnv1a(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, "0");
}
