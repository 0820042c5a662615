/**
 * Every command with all that is told of it, for man pages and completions.
 *
 * @module
 */
import { VERBS } from "../cli/cli.ts";
import type { Command } from "../cli/command.ts";
import { PAM_VERBS } from "../cli/pam_verbs.ts";

export interface ToldCommand {
  readonly words: string;
  readonly summary: string;
  readonly command: Command;
  /** Whether PAM or sshd runs it, and people only read of it. */
  readonly forPam: boolean;
}

/** All commands, those for people first, in the order of the overview. */
export async function toldCommands(): Promise<ToldCommand[]> {
  const people = VERBS.map(async ({ words, summary, load }) => ({
    words,
    summary,
    command: (await load()).COMMAND,
    forPam: false,
  }));
  return [
    ...await Promise.all(people),
    ...PAM_VERBS.map(({ words, summary, command }) => ({
      words,
      summary,
      command,
      forPam: true,
    })),
  ];
}
