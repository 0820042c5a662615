/**
 * Completion for fish.
 *
 * @module
 */
import { ALONE, type CompletedCommand, type CompletionTree } from "./tree.ts";

export function fishCompletion({ first, commands }: CompletionTree): string {
  const groups = first.filter((each) => each.commands.length > 0);
  return [
    `# oauth-pam(8): completion for fish

# whether exactly these words were typed so far, and the next one is a command
function __oauth_pam_at
    set -l typed (commandline -opc)
    test "$typed[2..]" = "$argv"
end

# whether the command that was typed is this one
function __oauth_pam_in
    set -l typed (commandline -opc)
    test (count $typed) -gt (count $argv)
    and test "$typed[2..$(math 1 + (count $argv))]" = "$argv"
end

# of "--name=DIR" only what is behind "="
function __oauth_pam_directories
    __fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' '')
end

complete -c oauth-pam -f`,
    ...first.flatMap(({ word, says }) => [
      `complete -c oauth-pam -n __oauth_pam_at -a ${word} -d ${quoted(says)}`,
      `complete -c oauth-pam -n '__oauth_pam_at help' -a ${word} -d ${
        quoted(says)
      }`,
    ]),
    ...ALONE.map(({ name, says }) =>
      `complete -c oauth-pam -n __oauth_pam_at -l ${name} -d ${quoted(says)}`
    ),
    ...groups.flatMap(({ word, commands }) =>
      commands.flatMap(({ words: [, second = ""], summary }) =>
        ["", "help "].map((before) =>
          `complete -c oauth-pam -n '__oauth_pam_at ${before}${word}' -a ${second} -d ${
            quoted(summary)
          }`
        )
      )
    ),
    ...commands.flatMap(commandLines),
    "",
  ].join("\n");
}

function commandLines(command: CompletedCommand): string[] {
  const inside = `complete -c oauth-pam -n '__oauth_pam_in ${
    command.words.filter(Boolean).join(" ")
  }'`;
  return [
    ...command.options.map(({ name, short, says, value }) =>
      [
        inside,
        `-l ${name}`,
        ...(short === undefined ? [] : [`-s ${short}`]),
        ...(value === undefined
          ? []
          : value === "file"
          ? ["-r -F"]
          : value === "directory"
          ? ["-x -a '(__oauth_pam_directories)'"]
          : value === "text"
          ? ["-x"]
          : [`-x -a ${quoted(value.words.join(" "))}`]),
        `-d ${quoted(says)}`,
      ].join(" ")
    ),
    ...(command.files ? [`${inside} -F`] : []),
    ...(command.operands.length === 0
      ? []
      : [`${inside} -a ${quoted(command.operands.join(" "))}`]),
  ];
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
