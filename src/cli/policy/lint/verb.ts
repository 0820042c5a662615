/**
 * `oauth-pam policy lint FILE…`
 *
 * @module
 */
import config from "../../../../deno.json" with { type: "json" };
import {
  type Diagnostic,
  type Level,
  sortDiagnostics,
} from "../../../policy/diagnostic.ts";
import { RULE_IDS } from "../../../analysis/lint/catalogue.ts";
import { lint, type LintResult } from "../../../analysis/lint/lint.ts";
import { documentPath } from "../../../analysis/lint/document_path.ts";
import {
  type Arguments,
  choice,
  parseArguments,
  UsageError,
} from "../../arguments.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode, worstOf } from "../../exit_code.ts";
import type { CliIo } from "../../io.ts";
import { factsOf } from "./facts.ts";
import { explainRule, listRules } from "./pages.ts";
import { FORMATS, REPORTERS } from "./outputs.ts";
import {
  outputsOf,
  reportOptions,
  type ReportOutput,
  writeReports,
} from "../../output/reports.ts";
import {
  policyPaths,
  type ReadPolicy,
  readPolicy,
  writeOutput,
} from "../../input.ts";
import type { LintReport } from "./report.ts";
import { FAIL_LEVEL_OPTION, failingLevels } from "../../output/levels.ts";
import { plural } from "../../../lib/text.ts";

export const COMMAND: Command = {
  forms: [
    "FILE… [--format NAME] [OPTIONS]",
    "--explain ID | --list-rules [--format pretty|json]",
  ],
  about: `
Finds what is wrong with policies. "-" reads standard input; "site.test.yaml" stands for the
policy "site.yaml" beside it, whose tests it holds.
`,
  options: {
    ...reportOptions(FORMATS),
    ...FAIL_LEVEL_OPTION,
    "max-warnings": {
      value: "N",
      says: "more warnings than that make the exit code 1",
    },
    "no-ignores": {
      says: 'report what "# oauth-pam: ignore[id] reason" suppresses',
    },
    "installed": {
      says:
        "check owner and mode of the file as a login does; always done below /etc",
    },
    "stdin-filename": {
      value: "NAME",
      says: "the name under which standard input is reported",
    },
    "explain": {
      value: "ID",
      says: "what a finding means, and what to write instead",
      proposed: RULE_IDS,
    },
    "list-rules": { says: "all rules with their levels" },
  },
  exits: {
    0: "fine",
    1: "findings",
    3: "not readable as a policy; the same for every format",
  },
  operands: { files: true },
};

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const page = pageOf(options);
  if (page !== null) {
    const output = options.text("output");
    if (output === undefined) io.stdout(page);
    else await writeOutput(output, page, io);
    return EXIT.fine;
  }
  const outputs = outputsOf(options, FORMATS);
  const failing = failingLevels(options);
  const maxWarnings = numberOption(options, "max-warnings");
  if (options.positionals.length === 0) {
    throw new UsageError("name at least one policy file");
  }
  const linted = await lintAll(options, io);
  const report = reportOf(linted, failing);
  const texts = new Map(linted.flatMap(({ texts }) => [...texts]));
  await writeReports(
    outputs,
    io,
    (format, { color }) => REPORTERS[format](report, { texts, color }),
  );
  if (saysSummary(outputs)) io.stderr(`${summary(report)}\n`);
  return worstOf([
    ...linted.map((each) => exitCode(each, failing)),
    tooMany(report, maxWarnings),
  ]);
}

/** `--explain` and `--list-rules` look at no policy. */
function pageOf(options: Arguments): string | null {
  const id = options.text("explain");
  if (id === undefined && !options.flag("list-rules")) return null;
  const formats = ["pretty", "json"] as const;
  const format = options.text("format") ?? "pretty";
  const json = choice("format", format, formats) === "json";
  if (options.positionals.length > 0) {
    throw new UsageError("--explain and --list-rules take no policy file");
  }
  return id === undefined ? listRules({ json }) : explainRule(id, { json });
}

function numberOption(options: Arguments, name: string): number | null {
  const written = options.text(name);
  if (written === undefined) return null;
  if (/^[0-9]{1,9}$/.test(written)) return Number(written);
  throw new UsageError(
    `--${name} is ${JSON.stringify(written)}, expected a number`,
  );
}

interface Linted {
  readonly read: ReadPolicy;
  readonly result: LintResult;
  /** About the files of tests beside it. */
  readonly beside: readonly Diagnostic[];
  readonly texts: ReadonlyMap<string, string>;
}

async function lintAll(options: Arguments, io: CliIo): Promise<Linted[]> {
  const stdinName = options.text("stdin-filename");
  const installed = options.flag("installed");
  const ignores = !options.flag("no-ignores");
  const paths = await policyPaths(options.positionals, io);
  return await Promise.all(paths.map(async (path) => {
    // an installed file is looked at as it lies there, and that it is a link is a finding
    const reading = installed || path.startsWith("/etc/")
      ? { ...io, readFile: io.readHostFile }
      : io;
    const read = await readPolicy(
      path,
      reading,
      stdinName === undefined ? {} : { stdinName },
    );
    const { facts, diagnostics, texts } = await factsOf(path, io, {
      stdinName,
      installed,
    });
    return {
      read,
      result: lint(read, { facts, ignores }),
      beside: diagnostics,
      texts: new Map([...texts, [read.file, read.text]]),
    };
  }));
}

function reportOf(
  linted: readonly Linted[],
  failing: readonly Level[],
): LintReport {
  const sources = new Map(linted.map(({ read }) => [read.file, read.source]));
  return {
    version: config.version,
    files: linted.map(({ read: { file, text, policy } }) => ({
      file,
      text,
      readable: policy !== null,
    })),
    findings: sortDiagnostics(
      linted.flatMap(({ result, beside }) => [...result.findings, ...beside]),
    ),
    suppressed: linted.flatMap(({ result }) => result.suppressed),
    placeOf: (finding) => {
      const source = sources.get(finding.file);
      return source ? documentPath(source, finding) : "";
    },
    failing,
  };
}

function exitCode(
  { read, result, beside }: Linted,
  failing: readonly Level[],
): ExitCode {
  if (read.policy === null) return EXIT.unanswered;
  return [...result.findings, ...beside].some(({ level }) =>
      failing.includes(level)
    )
    ? EXIT.negative
    : EXIT.fine;
}

function tooMany(report: LintReport, limit: number | null): ExitCode {
  return limit !== null && count(report, "warning") > limit
    ? EXIT.negative
    : EXIT.fine;
}

function count({ findings }: LintReport, level: Level): number {
  return findings.filter((finding) => finding.level === level).length;
}

function saysSummary(outputs: readonly ReportOutput<string>[]): boolean {
  return outputs.some(({ format, file }) =>
    format === "pretty" && file === null
  );
}

function summary(report: LintReport): string {
  const parts = [
    plural(count(report, "error"), "error"),
    plural(count(report, "warning"), "warning"),
    ...(count(report, "info") > 0 ? [`${count(report, "info")} info`] : []),
    ...(report.suppressed.length > 0
      ? [`${report.suppressed.length} suppressed`]
      : []),
  ];
  return `${parts.join(", ")} in ${plural(report.files.length, "file")}`;
}
