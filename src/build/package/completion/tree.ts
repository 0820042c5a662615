/**
 * What can follow what on the command line, before it takes the form of a shell.
 *
 * @module
 */
import { toldOptions, wordsOf } from "../../../cli/command.ts";
import type { ToldCommand } from "../../../reference/commands.ts";

/** What may stand for a value. */
export type Value =
  | { readonly words: readonly string[] }
  | "file"
  | "directory"
  /** Nothing that could be proposed. */
  | "text";

export interface CompletedOption {
  /** Without dashes. */
  readonly name: string;
  readonly short?: string;
  readonly says: string;
  /** Absent for a switch. */
  readonly value?: Value;
  /** The word for the value. */
  readonly word?: string;
  readonly repeat: boolean;
}

export interface CompletedCommand {
  /** One or two. */
  readonly words: readonly [string, string?];
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  readonly files: boolean;
  readonly operands: readonly string[];
}

/** A word that can come first. */
interface FirstWord {
  readonly word: string;
  readonly says: string;
  /** Where it is a group, its commands. */
  readonly commands: readonly CompletedCommand[];
}

export interface CompletionTree {
  readonly first: readonly FirstWord[];
  readonly commands: readonly CompletedCommand[];
}

/** Options that stand in place of a command. */
export const ALONE = [
  { name: "help", says: "list the commands" },
  { name: "version", says: "tell which program this is" },
] as const;

/** What every command takes. */
const HELP: CompletedOption = {
  name: "help",
  short: "h",
  says: "tell what it takes",
  repeat: false,
};

export function completionTree(told: readonly ToldCommand[]): CompletionTree {
  const commands = told.map(completedCommand);
  const groups = Map.groupBy(commands, ({ words: [first] }) => first);
  const first = [...groups].map(([word, own]): FirstWord => {
    const [only] = own;
    return own.length === 1 && only?.words[1] === undefined
      ? { word, says: only?.summary ?? "", commands: [] }
      : {
        word,
        says: own.map(({ words }) => words[1]).join(", "),
        commands: own,
      };
  });
  return {
    commands,
    first: [
      ...first,
      { word: "help", says: "tell what a command takes", commands: [] },
      { word: "version", says: ALONE[1].says, commands: [] },
    ],
  };
}

function completedCommand(
  { words, summary, command }: ToldCommand,
): CompletedCommand {
  const [first = "", second] = words.split(" ");
  return {
    words: second === undefined ? [first] : [first, second],
    summary,
    files: command.operands?.files === true,
    operands: command.operands?.words ?? [],
    options: [
      ...toldOptions(command.options).map(({ name, option, text }) => {
        const { value, short, repeat, proposed } = option;
        return {
          name,
          says: text,
          repeat: repeat === true,
          ...(short === undefined ? {} : { short }),
          ...(value === undefined ? {} : {
            value: valueOf(value, proposed ?? wordsOf(option)),
            word: value,
          }),
        };
      }),
      HELP,
    ],
  };
}

function valueOf(word: string, words: readonly string[]): Value {
  if (words.length > 0) return { words };
  if (word === "-") return { words: ["-"] };
  if (word === "DIR") return "directory";
  return /^(?:FILE|PATH)$/.test(word) ? "file" : "text";
}
