/**
 * `oauth-pam policy test FILE…`
 *
 * @module
 */
import { usable } from "../../../policy/syntax/parse.ts";
import { type Arguments, parseArguments, UsageError } from "../../arguments.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode, worstOf } from "../../exit_code.ts";
import type { CliIo } from "../../io.ts";
import {
  policyPaths,
  readPolicy,
  readTestFiles,
  strayTestFiles,
} from "../../input.ts";
import {
  outputsOf,
  reportOptions,
  writeReports,
} from "../../output/reports.ts";
import { testTap } from "./tap.ts";
import { testGithub } from "./github.ts";
import { testJson } from "./json.ts";
import { testJunit } from "./junit.ts";
import { testMarkdown } from "./markdown.ts";
import { testPretty } from "./pretty.ts";
import { below } from "../../../analysis/testing/words.ts";
import type { PolicyRun, TestReport } from "./report.ts";
import { NOTHING_BESIDE, type RunOptions, runTests } from "./run.ts";

const FORMATS = [
  "pretty",
  "json",
  "junit",
  "tap",
  "github",
  "markdown",
] as const;

export const COMMAND: Command = {
  forms: ["FILE…"],
  about: `
Runs the tests in each policy and in the file beside it: site.test.yaml beside site.yaml.
The clock is frozen; nothing is fetched and no account of this host is looked at.
`,
  options: {
    "filter": { value: "TEXT", says: "only tests whose name holds TEXT" },
    "coverage": {
      says: "how many conditions the tests have seen both hold and fail",
    },
    "coverage-threshold": {
      value: "N",
      says: "the percentage that each policy must reach; implies --coverage",
    },
    "mutate": {
      says: "change one condition at a time and name what no test notices",
    },
    ...reportOptions(FORMATS, { github: "annotations" }),
    "stdin-filename": {
      value: "NAME",
      says: 'the name under which standard input ("-") is reported',
    },
  },
  exits: {
    0: "all passed",
    1: "a wrong decision, a missed threshold or a change that is unnoticed or may be",
    3: "a policy or test that cannot be used",
    4: "nothing was checked",
  },
  operands: { files: true },
};

interface Options extends Omit<RunOptions, "progress"> {
  readonly threshold: number | null;
  readonly stdinName: string | undefined;
}

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const given = await parseArguments(args, COMMAND.options);
  const outputs = outputsOf(given, FORMATS);
  const threshold = thresholdOf(given);
  const options: Options = {
    filter: given.text("filter") ?? null,
    coverage: given.flag("coverage") || threshold !== null,
    threshold,
    mutate: given.flag("mutate"),
    stdinName: given.text("stdin-filename"),
  };
  if (given.positionals.length === 0) {
    throw new UsageError("name at least one policy file");
  }
  const paths = await policyPaths(given.positionals, io);
  const texts = new Map<string, string>();
  const runs: PolicyRun[] = [];
  for (const path of paths) {
    runs.push(await runPolicy(path, { ...options, io, texts }));
  }
  for (const file of await strayTestFiles(paths, io)) {
    io.stderr(
      `oauth-pam: warning: "${file}" was not run: there is no policy beside it\n`,
    );
  }
  const report = afterFilter({ runs, threshold }, options);
  await writeReports(outputs, io, (format, { color }) =>
    ({
      pretty: () => testPretty(report, { texts, color }),
      json: () => testJson(report),
      junit: () => testJunit(report),
      tap: () => testTap(report),
      github: () => testGithub(report),
      markdown: () => testMarkdown(report),
    })[format]());
  return worstOf(report.runs.map((one) => exitCode(one, threshold)));
}

function thresholdOf(given: Arguments): number | null {
  const text = given.text("coverage-threshold");
  if (text === undefined) return null;
  if (/^(?:100|[0-9]{1,2})$/.test(text)) return Number(text);
  throw new UsageError(
    `--coverage-threshold is ${
      JSON.stringify(text)
    }, expected a whole number from 0 to 100`,
  );
}

type Work = Options & {
  readonly io: CliIo;
  readonly texts: Map<string, string>;
};

async function runPolicy(path: string, work: Work): Promise<PolicyRun> {
  const { io, texts, stdinName } = work;
  const read = await readPolicy(
    path,
    io,
    stdinName === undefined ? {} : { stdinName },
  );
  texts.set(read.file, read.text);
  const options = { ...work, progress: progress(io) };
  if (usable(read) === null) return runTests(read, NOTHING_BESIDE, options);
  const beside = await readTestFiles(path, io);
  for (const [file, text] of beside.texts) texts.set(file, text);
  const run = runTests(read, beside, options);
  if (run.mutation !== null && io.interactive) io.stderr("\r\x1b[K");
  return run;
}

/** Tells a waiting person after two seconds how far it is. */
function progress(io: CliIo): (done: number, total: number) => void {
  const start = io.now();
  return (done, total) => {
    if (!io.interactive || io.now() - start < 2000) return;
    io.stderr(`\r\x1b[Ktrying changes: ${done} of ${total}`);
  };
}

/** A filter may leave a policy without tests, but not all of them. */
function afterFilter(report: TestReport, options: Options): TestReport {
  const { filter } = options;
  if (filter === null) return report;
  if (report.runs.some(({ results }) => results.length > 0)) {
    const runs = report.runs.filter(({ results, findings }) =>
      results.length > 0 || findings.length > 0
    );
    return { ...report, runs };
  }
  const problem = `no test has ${JSON.stringify(filter)} in its name`;
  return {
    ...report,
    runs: report.runs.map((run) => ({
      ...run,
      problems: run.findings.length > 0 ? run.problems : [problem],
    })),
  };
}

function exitCode(run: PolicyRun, threshold: number | null): ExitCode {
  if (run.findings.some(({ level }) => level === "error")) {
    return EXIT.unanswered;
  }
  if (run.results.length === 0) return EXIT.nothing;
  const negative = run.results.some(({ passed }) => !passed) ||
    (run.coverage !== null && below(run.coverage, threshold)) ||
    run.broken.length > 0 || (run.mutation?.survived.length ?? 0) > 0 ||
    // like a comparison that looked at not everything: what may be wrong is not fine. Of what only
    // the host could show no test can be missing
    (run.mutation?.unknown.length ?? 0) > 0;
  return negative ? EXIT.negative : EXIT.fine;
}
