/**
 * `oauth-pam policy report FILE`
 *
 * @module
 */
import { sha256Hex } from "../../../files/state_directory.ts";
import {
  AuditCount,
  type AuditSummary,
} from "../../../analysis/audit/summary.ts";
import { neverChanges } from "../../../analysis/never/changes.ts";
import { reportFacts, type ReportInput } from "../../../report/facts.ts";
import { reportPage } from "../../../report/page.ts";
import {
  type Arguments,
  parseArguments,
  timeOption,
  UsageError,
} from "../../arguments.ts";
import { namedOnce, readAuditFiles } from "../../audit/files.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode } from "../../exit_code.ts";
import {
  type ReadPolicy,
  readPolicy,
  readTestFiles,
  readTests,
  replaceOutput,
  tellInputError,
  usableOrThrow,
} from "../../input.ts";
import type { CliIo } from "../../io.ts";
import { FAIL_LEVEL_OPTION, failingLevels } from "../../output/levels.ts";
import { readPolicyOrRevision } from "../diff/git_revision.ts";

export const COMMAND: Command = {
  forms: ["FILE"],
  about: `
Makes one page (HTML) for people who read no policy: who reaches which account, from where and with
what assurance, the least that is admitted, what always refuses, tests and findings, and the policy
itself. Nothing in it runs and nothing is loaded. The same input gives the same bytes. Owner and mode
of the file are not looked at.
`,
  options: {
    "against": {
      value: "OLD",
      says: "tell what changed since this policy, a file or REV:path for git",
    },
    "audit": {
      value: "FILE",
      says:
        'tell when each rule was last used, and why attempts were refused; of any size, also compressed by gzip, "-" for standard input',
      repeat: true,
    },
    "tests": {
      value: "FILE",
      says: "a file of tests, instead of the one beside the policy",
      repeat: true,
    },
    "now": {
      value: "TIME",
      says:
        'the date of the page: "now", "2026-01-01T12:00:00Z" or seconds since the epoch; left out, it has none',
    },
    ...FAIL_LEVEL_OPTION,
    "output": {
      value: "FILE",
      says:
        "write the page there instead of to standard output, by renaming, so that nobody ever reads half of it",
    },
  },
  exits: {
    0: "fine",
    1: "findings",
    3: "a file cannot be read or used",
  },
  operands: { files: true },
};

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const failing = failingLevels(options);
  const asked = askedOf(options, io);
  try {
    const facts = reportFacts(await inputOf(asked, io));
    const page = await reportPage(facts);
    if (asked.output === null) io.stdout(page);
    else await replaceOutput(asked.output, page, io);
    for (const limit of facts.who.limits) {
      io.stderr(`oauth-pam: warning: not everything is told: ${limit}\n`);
    }
    return facts.findings.some(({ level }) => failing.includes(level))
      ? EXIT.negative
      : EXIT.fine;
  } catch (error) {
    tellInputError(error, io);
    return EXIT.unanswered;
  }
}

interface Asked {
  readonly file: string;
  readonly against: string | null;
  readonly audit: readonly string[];
  /** `null`: those beside the policy. */
  readonly tests: readonly string[] | null;
  readonly now: number | null;
  readonly output: string | null;
}

/** Throws {@link UsageError}. */
function askedOf(options: Arguments, io: CliIo): Asked {
  const [file, ...rest] = options.positionals;
  if (file === undefined || rest.length > 0) {
    throw new UsageError("name one policy file");
  }
  const against = options.text("against") ?? null;
  const audit = namedOnce(options.texts("audit"));
  const tests = options.texts("tests");
  const now = options.text("now");
  const streams = [file, against, ...audit, ...tests].filter((name) =>
    name === "-"
  );
  if (streams.length > 1) {
    throw new UsageError("standard input cannot be two things at once");
  }
  if (tests.includes("-")) {
    throw new UsageError("tests are in a file, and not in standard input");
  }
  return {
    file,
    against,
    audit,
    tests: tests.length === 0 ? null : tests,
    now: now === undefined ? null : timeOption("now", now, io),
    output: options.text("output") ?? null,
  };
}

/** Throws `InputError`. */
async function inputOf(asked: Asked, io: CliIo): Promise<ReportInput> {
  const { now } = asked;
  let bytes: Uint8Array = new Uint8Array();
  const kept = async (reading: Promise<Uint8Array>) => bytes = await reading;
  const read = await readPolicy(asked.file, {
    ...io,
    readFile: (path) => kept(io.readFile(path)),
    readStdin: () => kept(io.readStdin()),
  });
  const policy = usableOrThrow(read);
  const old = asked.against === null
    ? null
    : await readPolicyOrRevision(asked.against, io);
  const tests = asked.tests === null
    ? await readTestFiles(asked.file, io)
    : await readTests(asked.tests, io);
  return {
    file: read.file,
    text: read.text,
    // of the file, as logins record it and other programs work it out
    sha256: await sha256Hex(bytes),
    parsed: read,
    policy,
    now,
    tests,
    against: old && againstOf(old, read),
    audit: asked.audit.length === 0 ? null : await summaryOf(asked.audit, io),
  };
}

function againstOf(old: ReadPolicy, next: ReadPolicy): ReportInput["against"] {
  return {
    file: old.file,
    policy: usableOrThrow(old),
    further: neverChanges(
      old.source?.document.never,
      next.source?.document.never,
    ),
  };
}

async function summaryOf(
  files: readonly string[],
  io: CliIo,
): Promise<AuditSummary> {
  const count = new AuditCount();
  await readAuditFiles(files, count, io);
  return count.result();
}
