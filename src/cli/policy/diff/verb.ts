/**
 * `oauth-pam policy diff OLD NEW`
 *
 * @module
 */
import { sha256Hex } from "../../../files/state_directory.ts";
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
import { neverChanges } from "../../../analysis/never/changes.ts";
import { type Places, placesIn } from "../../../analysis/diff/cause_words.ts";
import { type Closes, diffGithub, githubFailure } from "./github.ts";
import { diffMarkdown, markdownFailure } from "./markdown.ts";
import {
  outputsOf,
  reportOptions,
  writeReports,
} from "../../output/reports.ts";
import { diffJson } from "./json.ts";
import { diffPretty } from "./pretty.ts";
import { type Replayed, replayFiles } from "./replay.ts";
import { InputError, tellInputError, usableOrThrow } from "../../input.ts";
import { namedOnce } from "../../audit/files.ts";
import { progressOn } from "../../output/progress.ts";

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
      says:
        'decide the logins of an audit file again by both policies: of any size, also one that gzip compressed, "-" for standard input. Lines that are of no use are counted and do not hit --fail-on by themselves',
      repeat: true,
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
    4: "--replay found no record that can be decided again",
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
  const files = namedOnce(options.texts("replay"));
  if (files.includes("-") && [compared.old, compared.new].includes("-")) {
    throw new UsageError("standard input cannot be two things at once");
  }
  try {
    const { old, new: next, oldSha256, places, never } = await policiesOf(
      compared,
      io,
    );
    const accounts = accountsOf(options, widestPattern([old, next]));
    const diff = diffPolicies(old, next, {
      ...(accounts === null ? {} : { accounts }),
      ...(since === null ? {} : { from: since }),
      further: never,
      progress: progressOn(io, "comparing accounts"),
    });
    const replayed = files.length === 0
      ? null
      : await replayFiles(files, { old, new: next, oldSha256, io });
    const all = { diff, replayed, places, file: compared.new };
    const closes: Closes = (verdict, of) =>
      closing(verdict, failOn) || (failOn === "any" && of === "setting");
    await writeReports(outputs, io, (format, { color }) =>
      ({
        pretty: () => diffPretty(diff, { color, replayed, places }),
        json: () => diffJson(diff, { replayed, places }),
        github: () => diffGithub(all, closes),
        markdown: () => diffMarkdown(all),
      })[format]());
    if (failing({ diff, replayed, failOn })) return EXIT.negative;
    return replayed?.replay.decided === 0 ? EXIT.nothing : EXIT.fine;
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
  {
    old: Policy;
    new: Policy;
    oldSha256: string;
    places: Places;
    never: SettingChange[];
  }
> {
  const read = old === null
    ? await readPolicyAtBase(next, { revision: base, io })
    : await readPolicyOrRevision(old, io);
  const before = usableOrThrow(read);
  const after = await readPolicyOrRevision(next, io);
  return {
    old: before,
    new: usableOrThrow(after),
    oldSha256: await sha256Hex(read.text),
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

/** Whether the gate closes. What was not looked at might be what it guards against. */
function failing(
  result: { diff: Diff; replayed: Replayed | null; failOn: FailOn },
): boolean {
  const { diff, replayed, failOn } = result;
  if (failOn === "never") return false;
  if (!diff.exhaustive) return true;
  const logins = (["wider", "narrower"] as const).filter((direction) =>
    (replayed?.notes[direction] ?? 0) > 0
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
