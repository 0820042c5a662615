/**
 * The verbs for people and CI: which there are, and how their endings become exit codes.
 *
 * @module
 */
import { EXAMPLES } from "./documents.ts";
import config from "../../deno.json" with { type: "json" };
import { listOf, nearest, visible } from "../lib/text.ts";
import { unknownOption, UsageError } from "./arguments.ts";
import { type Command, helpText } from "./command.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { InputError, tellInputError } from "./input.ts";
import { sparingInputs } from "./inputs_spared.ts";
import { type CliIo, OutputError, processIo } from "./io.ts";
import { PAM_VERBS } from "./pam_verbs.ts";
import { lackedPermission } from "./permission.ts";

/** What every verb's module exports. */
interface VerbModule {
  readonly COMMAND: Command;
  run(args: readonly string[], io: CliIo): Promise<ExitCode>;
}

interface Verb<Module = VerbModule> {
  readonly words: string;
  readonly summary: string;
  readonly load: () => Promise<Module>;
}

/** A verb's module, and what `--help` prints. */
interface LoadedVerb extends VerbModule {
  readonly HELP: string;
}

const MODULES: readonly Verb[] = [
  {
    words: "policy lint",
    summary: "find what is wrong with a policy",
    load: () => import("./policy/lint/verb.ts"),
  },
  {
    words: "policy test",
    summary: "run the tests of a policy",
    load: () => import("./policy/testing/verb.ts"),
  },
  {
    words: "policy explain",
    summary: "tell why a policy decides as it does",
    load: () => import("./policy/explain/verb.ts"),
  },
  {
    words: "policy diff",
    summary: "compare the decisions of two policies",
    load: () => import("./policy/diff/verb.ts"),
  },
  {
    words: "policy who",
    summary: "tell who reaches which account",
    load: () => import("./policy/who/verb.ts"),
  },
  {
    words: "policy report",
    summary: "make a page of who gets in, for people who read no policy",
    load: () => import("./policy/report/verb.ts"),
  },
  {
    words: "policy show",
    summary: "print a policy in a normal form, or with all defaults",
    load: () => import("./policy/show.ts"),
  },
  {
    words: "policy schema",
    summary: "print the JSON Schema of policies, or of their tests",
    load: () => import("./policy/schema/verb.ts"),
  },
  {
    words: "policy init",
    summary: "print a policy to start from",
    load: () => import("./policy/init/verb.ts"),
  },
  {
    words: "policy import",
    summary: "print a policy from oauth-ssh's or opkssh's files",
    load: () => import("./policy/import/verb.ts"),
  },
  {
    words: "token inspect",
    summary: "decode a token without verifying it",
    load: () => import("./token/inspect.ts"),
  },
  {
    words: "apply",
    summary: "make the installed program fit a policy",
    load: () => import("./apply/verb.ts"),
  },
  {
    words: "audit summary",
    summary: "count recorded attempts, and tell when rules were last used",
    load: () => import("./audit/verb.ts"),
  },
  {
    words: "check",
    summary: "find what is wrong with this host",
    load: () => import("./check/verb.ts"),
  },
  {
    words: "key",
    summary: "sign in and give ssh-agent a certificate for ssh",
    load: () => import("./key/verb.ts"),
  },
  {
    words: "globus register",
    summary: "tie a host name to the Globus client",
    load: () => import("./globus/register.ts"),
  },
];

export const VERBS: readonly Verb<LoadedVerb>[] = MODULES.map((verb) => ({
  ...verb,
  load: async () => {
    const { COMMAND, run } = await verb.load();
    const exits = { ...COMMAND.exits, [EXIT.usage]: "usage" };
    const command = { ...COMMAND, exits };
    return { COMMAND: command, run, HELP: helpText(verb.words, command) };
  },
}));

/** Runs a verb. Never throws. */
export async function runCli(
  args: readonly string[],
  io: CliIo = processIo(),
): Promise<ExitCode> {
  try {
    return await dispatch(args, sparingInputs(io));
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`oauth-pam: error: ${error.message}\n`);
      return EXIT.usage;
    }
    if (error instanceof OutputError) {
      io.stderr(`oauth-pam: error: ${visible(error.message)}\n`);
      return EXIT.unanswered;
    }
    const command = commandOf(args);
    if (error instanceof InputError) {
      tellInputError(error, io);
      return EXIT.unanswered;
    }
    if (error instanceof Deno.errors.NotCapable) {
      io.stderr(`oauth-pam: error: ${lackedPermission(error, command)}\n`);
      return EXIT.unanswered;
    }
    const message = error instanceof Error
      ? `${error.name}: ${error.message}`
      : String(error);
    io.stderr(
      `oauth-pam: internal error: ${
        visible(message)
      } (oauth-pam ${config.version}, deno ${Deno.version.deno}, ${command})\n` +
        "hint: this is a defect: please report it with this line where oauth-pam comes from, " +
        "or as SECURITY.md says if it may let somebody in\n",
    );
    return EXIT.internal;
  }
}

async function dispatch(args: readonly string[], io: CliIo): Promise<ExitCode> {
  const [first, ...others] = args;
  if (first === undefined) {
    throw new UsageError(`no command given\n${overview()}`);
  }
  if (isHelp(first)) {
    io.stdout(`${overview()}\n`);
    return EXIT.fine;
  }
  if (first === "help") {
    io.stdout(`${await helpOn(others.filter((word) => !isHelp(word)))}\n`);
    return EXIT.fine;
  }
  if (first === "--version" || first === "version") {
    const jose = /@([^@]+)$/.exec(config.imports["@panva/jose"])?.[1];
    io.stdout(
      `oauth-pam ${config.version} (deno ${Deno.version.deno}, jose ${jose})\n`,
    );
    return EXIT.fine;
  }
  const verb = VERBS.find(({ words }) => startsWith(args, words.split(" ")));
  if (verb !== undefined) {
    const rest = args.slice(verb.words.split(" ").length);
    const module = await verb.load();
    if (!asksForHelp(rest)) return await module.run(rest, io);
    io.stdout(`${module.HELP}\n`);
    return EXIT.fine;
  }
  const pamVerb = PAM_VERBS.find(({ words }) =>
    startsWith(args, words.split(" "))
  );
  if (pamVerb !== undefined && asksForHelp(args)) {
    io.stderr(`${pamVerb.help}\n`);
    return EXIT.pam;
  }
  const [second, ...topic] = others;
  if (!isGroup(first) || !(second === undefined || isHelp(second, "help"))) {
    throw unknownCommand(args);
  }
  const help = await helpOn([first, ...topic]);
  if (second === undefined) {
    throw new UsageError(
      `"${first}" is a group of commands: name one of them\n${help}`,
    );
  }
  io.stdout(`${help}\n`);
  return EXIT.fine;
}

/** The words of the verb, without what may be nobody's business. */
function commandOf(args: readonly string[]): string {
  const named = ({ words }: { words: string }) =>
    startsWith(args, words.split(" "));
  return VERBS.find(named)?.words ?? "help";
}

function startsWith(
  args: readonly string[],
  words: readonly string[],
): boolean {
  return words.every((word, index) => args[index] === word);
}

function isHelp(word: string, ...others: readonly string[]): boolean {
  return ["--help", "-h", ...others].includes(word);
}

/** What follows "--" is the name of something, whatever it looks like. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? undefined : end).some((word) => isHelp(word));
}

/** What there is to know of a verb, of a group, or of all. Throws {@link UsageError}. */
async function helpOn(topic: readonly string[]): Promise<string> {
  const [first, ...rest] = topic;
  if (first === undefined) return overview();
  const named = ({ words }: { words: string }) =>
    startsWith(topic, words.split(" "));
  const verb = VERBS.find(named);
  if (verb !== undefined) return (await verb.load()).HELP;
  const pamVerb = PAM_VERBS.find(named);
  if (pamVerb !== undefined) return pamVerb.help;
  if (isGroup(first) && rest.length === 0) return groupOverview(first);
  throw unknownCommand(topic);
}

/** Every command with its words, those that PAM and sshd run too. */
const COMMANDS = [...VERBS, ...PAM_VERBS].map(({ words }) => words);

function isGroup(word: string): boolean {
  return commandsOf(word).length > 0;
}

function commandsOf(group: string): string[] {
  return COMMANDS.filter((words) => words.startsWith(`${group} `));
}

function unknownCommand(args: readonly string[]): UsageError {
  const [first = "", second = ""] = args;
  if (first.startsWith("-")) {
    return unknownOption(first, ["--help", "-h", "--version"], {
      otherwise: args.length > 1
        ? "the options of a command come after it"
        : undefined,
    });
  }
  if (isGroup(first) && second.startsWith("-")) {
    return unknownOption(second, ["--help", "-h"]);
  }
  const own = commandsOf(first);
  const given = own.length > 0 ? `${first} ${second}` : first;
  const expected = own.length > 0 ? own : [...COMMANDS, "help", "version"];
  const suggestion = meant(args);
  return new UsageError(
    `unknown command ${JSON.stringify(given)}, expected ${
      expected.length > 1 ? "one of " : ""
    }${listOf(expected, 30)}` +
      (suggestion === undefined ? "" : `\nhint: did you mean "${suggestion}"?`),
  );
}

/** The command that somebody meant: its words misspelt, run together, or without the group. */
function meant([first = "", second = ""]: readonly string[]):
  | string
  | undefined {
  const firsts = [...COMMANDS.map(firstWord), "help", "version"];
  const group = isGroup(first) ? first : nearest(first, firsts);
  const own = group === undefined ? [] : commandsOf(group);
  if (group !== undefined && own.length === 0) return group;
  return byLastWord(second, own) ??
    (group !== first ? group : undefined) ??
    byLastWord(
      isGroup(first) ? second : first,
      COMMANDS.filter((words) => words.includes(" ")),
    ) ??
    nearest(first, COMMANDS);
}

function firstWord(words: string): string {
  return words.split(" ", 1).join();
}

function lastWord(words: string): string {
  return words.slice(words.lastIndexOf(" ") + 1);
}

function byLastWord(
  word: string,
  commands: readonly string[],
): string | undefined {
  const found = nearest(word, commands.map(lastWord));
  return commands.find((words) => lastWord(words) === found);
}

function overview(): string {
  return [
    "usage: oauth-pam COMMAND …",
    "",
    "for people and CI:",
    ...summaries(VERBS),
    "",
    `for PAM and sshd only (see ${EXAMPLES}):`,
    ...summaries(PAM_VERBS),
    "",
    '"oauth-pam COMMAND --help" or "oauth-pam help COMMAND" tells more,',
    '"oauth-pam --version" which program this is',
  ].join("\n");
}

function groupOverview(group: string): string {
  const own = ({ words }: { words: string }) => words.startsWith(`${group} `);
  return [
    `usage: oauth-pam ${group} COMMAND …`,
    "",
    ...summaries([...VERBS, ...PAM_VERBS].filter(own)),
    "",
    `"oauth-pam help ${group} COMMAND" tells more`,
  ].join("\n");
}

function summaries(
  verbs: readonly { readonly words: string; readonly summary: string }[],
): string[] {
  const width = Math.max(...COMMANDS.map(({ length }) => length));
  return verbs.map(({ words, summary }) =>
    `  ${words.padEnd(width)}  ${summary}`
  );
}
