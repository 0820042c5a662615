/**
 * Completion for zsh.
 *
 * @module
 */
import {
  ALONE,
  type CompletedCommand,
  type CompletedOption,
  type CompletionTree,
} from "./tree.ts";

export function zshCompletion({ first, commands }: CompletionTree): string {
  const groups = first.filter((each) => each.commands.length > 0);
  return `#compdef oauth-pam
# oauth-pam(8): completion for zsh

_oauth_pam_first() {
  local -a commands=(
${described(first.map(({ word, says }) => [word, says]))}
  )
  local -a alone=(
${described(ALONE.map(({ name, says }) => [`--${name}`, says]))}
  )
  _describe -t commands 'command' commands
  _describe -o -t options 'option' alone
}

_oauth_pam_second() {
  local -a commands
  case $1 in
${
    groups.map(({ word, commands }) =>
      `    ${word})
      commands=(
${described(commands.map((each) => [each.words[1] ?? "", each.summary]))}
      )
      ;;`
    ).join("\n")
  }
    *)
      return 1
      ;;
  esac
  _describe -t commands "$1 command" commands
}

_oauth_pam() {
  if [[ $words[2] == help ]] && (( CURRENT > 2 )); then
    (( CURRENT > 4 )) && return 1
    shift words
    (( CURRENT-- ))
    if (( CURRENT == 2 )); then _oauth_pam_first; else _oauth_pam_second $words[2]; fi
    return
  fi
  if (( CURRENT == 2 )); then
    _oauth_pam_first
    return
  fi
  local command=$words[2]
  case $command in
    ${groups.map(({ word }) => word).join("|")})
      if (( CURRENT == 3 )); then
        _oauth_pam_second $command
        return
      fi
      command="$command $words[3]"
      shift words
      (( CURRENT-- ))
      ;;
  esac
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join("\n")}
    *)
      return 1
      ;;
  esac
}

_oauth_pam "$@"
`;
}

function commandCase(command: CompletedCommand): string {
  const { options, files, operands } = command;
  const specs = [
    ...options.flatMap(optionSpecs),
    ...(files || operands.length > 0
      ? [
        quoted(
          `*:operand:${
            operands.length === 0
              ? "_files"
              : `{ _files; compadd -- ${operands.join(" ")} }`
          }`,
        ),
      ]
      : []),
  ];
  return [
    `    ${quoted(command.words.filter(Boolean).join(" "))})`,
    `      _arguments -S : \\`,
    specs.map((spec) => `        ${spec}`).join(" \\\n"),
    "      ;;",
  ].join("\n");
}

function optionSpecs(option: CompletedOption): string[] {
  const { name, short, says, value, word, repeat } = option;
  const star = repeat ? "*" : "";
  const about = `[${says.replace(/[[\]\\:]/g, "\\$&")}]`;
  if (value === undefined) {
    const exclusive = short === undefined ? "" : `(-${short} --${name})`;
    const names = short === undefined
      ? [`--${name}`]
      : [`-${short}`, `--${name}`];
    return names.map((each) => quoted(`${exclusive}${star}${each}${about}`));
  }
  const action = value === "file"
    ? "_files"
    : value === "directory"
    ? "_files -/"
    : value === "text"
    ? " "
    : `(${value.words.join(" ")})`;
  const message = (word ?? "").replace(/[:\\]/g, "\\$&");
  return [quoted(`${star}--${name}=${about}:${message}:${action}`)];
}

function described(rows: readonly (readonly [string, string])[]): string {
  return rows.map(([word, says]) =>
    `    ${quoted(`${word.replaceAll(":", "\\:")}:${says}`)}`
  ).join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
