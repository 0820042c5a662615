/**
 * `oauth-pam policy diff OLD NEW`
 *
 * @module
 */
import type { Policy } from "../../../policy/model.ts";
import {
  type AccountPattern,
  isAccountName,
} from "../../../policy/account_name.ts";
import { patternOf, widestPattern } from "../../../analysis/account_words.ts";
import {
  type Diff,
  diffPolicies,
  type SettingChange,
  type Verdict,
} from "../../../analysis/diff/diff.ts";
import { LoginReplay, type Replay } from "../../../analysis/diff/replay.ts";
import { mapFilesOfIssuer } from "../../../analysis/map_files.ts";
import {
  type Arguments,
  choice,
  parseArguments,
  timeOption,
  UsageError,
} from "../../arguments.ts";
import type { Command } from "../../command.ts";
import { EXIT, type ExitCode } from "../../exit_code.ts";
import { readPolicyAtBase, readPolicyOrRevision } from "./git_revision.ts";
import type { CliIo } from "../../io.ts";
import { RefusedFile } from "../../read_file.ts";
import { neverChanges } from "../../../analysis/never/changes.ts";
import { type Places, placesIn } from "./causes.ts";
import { type Closes, diffGithub, githubFailure } from "./github.ts";
import { diffMarkdown, markdownFailure } from "./markdown.ts";
import {
  outputsOf,
  reportOptions,
  writeReports,
} from "../../output/reports.ts";
import { diffJson } from "./json.ts";
import { diffPretty } from "./pretty.ts";
import {
  InputError,
  readMapFiles,
  tellInputError,
  usableOrThrow,
} from "../../input.ts";

const FAIL_ON = {
  wider: "incomparable is wider, too",
  narrower: "and so is incomparable",
  any: "different at all",
  never: "",
} as const;
const FORMATS = ["pretty", "json", "github", "markdown"] as const;
type FailOn = keyof typeof FAIL_ON;

export const COMMAND: Command = {
  forms: ["OLD NEW | --base REV NEW"],
  about: `
Tells which decisions change between two policies, for each account: equivalent, narrower, wider or
incomparable, with a request that shows it. OLD and NEW are files, or REV:path in a git checkout,
where the path is relative to this folder. What map files hold counts as unknown.

REV is read by git alone. A name that several references have, and a REV:path that is the name of a
file as well, are refused: in CI write the reference in full, --base refs/remotes/origin/main.
`,
  options: {
    "base": {
      value: "REV",
      says: "compare with NEW as it was at this revision",
    },
    "accounts": {
      value: "NAMES",
      says: 'compare only these accounts, separated by ","',
      repeat: true,
    },
    "from": {
      value: "TIME",
      says:
        'look at requests from this time on: "now", "2026-01-01T12:00:00Z" or seconds since the epoch; otherwise rules that have ended count as well',
    },
    "replay": {
      value: "FILE",
      says: "decide the logins of an audit file again by both policies",
    },
    "fail-on": {
      value: "WHAT",
      says:
        "exit with 1 when the new policy is so, or that could not be ruled out",
      oneOf: FAIL_ON,
      fallback: "never",
    },
    ...reportOptions(FORMATS, { github: "annotations", markdown: "a table" }),
  },
  exits: {
    0: "fine",
    1: "--fail-on hit",
    3: "a file cannot be read or used",
  },
  operands: { files: true },
};

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const outputs = outputsOf(options, FORMATS);
  const failOn = choice(
    "fail-on",
    options.text("fail-on") ?? "never",
    Object.keys(FAIL_ON) as FailOn[],
  );
  const compared = comparedOf(options);
  const from = options.text("from");
  const since = from === undefined ? null : timeOption("from", from, io);
  try {
    const { old, new: next, places, never } = await policiesOf(compared, io);
    const accounts = accountsOf(options, widestPattern([old, next]));
    const diff = diffPolicies(old, next, {
      ...(accounts === null ? {} : { accounts }),
      ...(since === null ? {} : { from: since }),
      further: never,
      progress: progressOn(io),
    });
    const file = options.text("replay");
    const replay = file === undefined
      ? null
      : await replayOf(file, { old, new: next, io });
    const all = { diff, replay, places, file: compared.new };
    const closes: Closes = (verdict, of) =>
      closing(verdict, failOn) || (failOn === "any" && of === "setting");
    await writeReports(outputs, io, (format, { color }) =>
      ({
        pretty: () => diffPretty(diff, { color, replay, places }),
        json: () => diffJson(diff, { replay, places }),
        github: () => diffGithub(all, closes),
        markdown: () => diffMarkdown(all),
      })[format]());
    return failing({ diff, replay, failOn }) ? EXIT.negative : EXIT.fine;
  } catch (error) {
    tellInputError(error, io);
    // who only looks there must not take it for a change that is none
    await writeReports(
      outputs,
      io,
      (format) =>
        format === "github"
          ? githubFailure((error as InputError).message)
          : format === "markdown"
          ? markdownFailure(compared.new, (error as InputError).message)
          : null,
    );
    return EXIT.unanswered;
  }
}

interface Compared {
  /** `null`: the new one at the revision `base`. */
  readonly old: string | null;
  readonly base: string;
  readonly new: string;
}

function comparedOf(options: Arguments): Compared {
  const names = options.positionals;
  const base = options.text("base");
  const [first = "", second = ""] = names;
  if (base !== undefined) {
    if (names.length !== 1) {
      throw new UsageError("with --base, name the new policy and no other");
    }
    if (first === "-" || first.includes(":")) {
      throw new UsageError("with --base, the new policy is a file");
    }
    return { old: null, base, new: first };
  }
  if (names.length !== 2) {
    throw new UsageError("name the old and the new policy");
  }
  if (first === "-" && second === "-") {
    throw new UsageError("standard input cannot be two things at once");
  }
  return { old: first, base: "", new: second };
}

async function policiesOf(
  { old, base, new: next }: Compared,
  io: CliIo,
): Promise<
  { old: Policy; new: Policy; places: Places; never: SettingChange[] }
> {
  const read = old === null
    ? await readPolicyAtBase(next, { revision: base, io })
    : await readPolicyOrRevision(old, io);
  const before = usableOrThrow(read);
  const after = await readPolicyOrRevision(next, io);
  return {
    old: before,
    new: usableOrThrow(after),
    places: placesIn(after.source),
    never: neverChanges(
      read.source?.document.never,
      after.source?.document.never,
    ),
  };
}

function accountsOf(
  options: Arguments,
  pattern: AccountPattern,
): string[] | null {
  const given = options.texts("accounts");
  if (given.length === 0) return null;
  const accounts = [...new Set(given.flatMap((names) => names.split(",")))];
  for (const account of accounts) {
    if (isAccountName(account, pattern)) continue;
    const wider = patternOf(account);
    throw new UsageError(
      `--accounts: ${JSON.stringify(account)} is not an account name${
        wider === undefined ? "" : ` without "accounts_pattern: ${wider}"`
      }`,
    );
  }
  return accounts;
}

async function replayOf(
  file: string,
  { old, new: next, io }: { old: Policy; new: Policy; io: CliIo },
): Promise<Replay> {
  const paths = [old, next].flatMap((policy) =>
    policy.issuers.flatMap((issuer) => mapFilesOfIssuer(policy, issuer))
  );
  const mapFiles = await readMapFiles(paths, io);
  const replay = new LoginReplay({ old, new: next, mapFiles });
  try {
    // a line that is cut off in the middle of a character is unreadable by itself
    for await (const line of io.readLines(file)) replay.add(line);
  } catch (error) {
    const why = error instanceof RefusedFile ? error.message : "cannot be read";
    throw new InputError(`the audit file "${file}" ${why}`);
  }
  return replay.result();
}

/** Work that takes longer than this shows that it goes on. */
const SILENT_MS = 2_000;
const EVERY_MS = 200;

/** A line on a terminal that is written over, and wiped at the end. */
function progressOn(io: CliIo): (done: number, total: number) => void {
  const start = io.now();
  let last = start;
  let written = false;
  return (done, total) => {
    const now = io.now();
    if (!io.interactive) return;
    if (done === total) {
      if (written) io.stderr("\r\x1b[K");
    } else if (now - start > SILENT_MS && now - last > EVERY_MS) {
      last = now;
      written = true;
      io.stderr(`\r\x1b[Kcomparing accounts: ${done} of ${total}`);
    }
  };
}

/** Whether the gate closes. What was not looked at might be what it guards against. */
function failing(
  result: { diff: Diff; replay: Replay | null; failOn: FailOn },
): boolean {
  const { diff, replay, failOn } = result;
  if (failOn === "never") return false;
  if (!diff.exhaustive) return true;
  const logins = (replay?.changes ?? []).map((change): Verdict =>
    change.new.decision === "allow" ? "wider" : "narrower"
  );
  const verdicts: readonly (Verdict | "sampled")[] = [diff.verdict, ...logins];
  return verdicts.some((verdict) => closing(verdict, failOn)) ||
    (failOn === "any" && diff.settings.length > 0);
}

/** Whether a change of this kind is what the gate guards against. */
function closing(verdict: Verdict | "sampled", failOn: FailOn): boolean {
  if (failOn === "never") return false;
  if (failOn === "any") return verdict !== "equivalent";
  return [failOn, "incomparable", "sampled"].includes(verdict);
}
