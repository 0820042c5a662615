/**
 * The verbs for people and CI: which there are, and how their endings become exit codes.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { listOf, nearest } from "../lib/text.ts";
import { UsageError } from "./arguments.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { type CliIo, processIo } from "./io.ts";

/** What every verb's module exports. */
interface VerbModule {
  /** Printed by `--help`; the first line is the usage. */
  readonly HELP: string;
  run(args: readonly string[], io: CliIo): Promise<ExitCode>;
}

interface Verb {
  readonly words: string;
  readonly summary: string;
  readonly load: () => Promise<VerbModule>;
}

export const VERBS: readonly Verb[] = [
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
    words: "policy show",
    summary: "print a policy in a normal form, or with all defaults",
    load: () => import("./policy/show.ts"),
  },
  {
    words: "policy schema",
    summary: "print the JSON Schema of policies",
    load: () => import("./policy/schema/verb.ts"),
  },
  {
    words: "policy init",
    summary: "print a policy from pam-oauth-py's parameters",
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

/** Verbs that only PAM runs; `main.ts` knows them. */
const PAM_VERBS = ["login"];

/** Runs a verb. Never throws. */
export async function runCli(
  args: readonly string[],
  io: CliIo = processIo(),
): Promise<ExitCode> {
  try {
    return await dispatch(args, io);
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`oauth-pam: error: ${error.message}\n`);
      return EXIT.usage;
    }
    const message = error instanceof Error
      ? `${error.name}: ${error.message}`
      : String(error);
    io.stderr(`oauth-pam: internal error: ${message}\n`);
    return EXIT.internal;
  }
}

async function dispatch(args: readonly string[], io: CliIo): Promise<ExitCode> {
  const [first] = args;
  if (first === undefined) {
    throw new UsageError(`no command given\n${overview()}`);
  }
  if (first === "--help" || first === "help") {
    io.stdout(`${overview()}\n`);
    return EXIT.fine;
  }
  if (first === "--version") {
    const jose = /@([^@]+)$/.exec(config.imports["@panva/jose"])?.[1];
    io.stdout(
      `oauth-pam ${config.version} (deno ${Deno.version.deno}, jose ${jose})\n`,
    );
    return EXIT.fine;
  }
  const verb = VERBS.find(({ words }) => startsWith(args, words.split(" ")));
  if (verb === undefined) throw unknownVerb(args);
  const rest = args.slice(verb.words.split(" ").length);
  const module = await verb.load();
  if (rest.includes("--help")) {
    io.stdout(`${module.HELP.trim()}\n`);
    return EXIT.fine;
  }
  return await module.run(rest, io);
}

function startsWith(
  args: readonly string[],
  words: readonly string[],
): boolean {
  return words.every((word, index) => args[index] === word);
}

function unknownVerb(args: readonly string[]): UsageError {
  const known = [...VERBS.map(({ words }) => words), ...PAM_VERBS];
  const group = VERBS.filter(({ words }) => words.startsWith(`${args[0]} `));
  const given = args.slice(0, group.length > 0 ? 2 : 1).join(" ");
  const suggestion = nearest(given, known);
  return new UsageError(
    `unknown command ${JSON.stringify(given)}, expected one of ${
      listOf(known, 30)
    }` +
      (suggestion === undefined ? "" : `\nhint: did you mean "${suggestion}"?`),
  );
}

function overview(): string {
  const width = Math.max(...VERBS.map(({ words }) => words.length));
  return [
    "usage: oauth-pam COMMAND …",
    "",
    "for people and CI:",
    ...VERBS.map(({ words, summary }) =>
      `  ${words.padEnd(width)}  ${summary}`
    ),
    "",
    `for PAM only (see pam.d.example/): ${PAM_VERBS.join(", ")}`,
    "",
    '"oauth-pam COMMAND --help" tells more',
  ].join("\n");
}
