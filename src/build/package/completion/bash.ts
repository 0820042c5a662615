/**
 * Completion for bash. It needs nothing of the package bash-completion.
 *
 * @module
 */
import { ALONE, type CompletedCommand, type CompletionTree } from "./tree.ts";

export function bashCompletion({ first, commands }: CompletionTree): string {
  const groups = first.filter((each) => each.commands.length > 0);
  return `# oauth-pam(8): completion for bash

_oauth_pam_words() {
    mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

_oauth_pam_paths() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

_oauth_pam_operands() {
    [[ $1 ]] && _oauth_pam_paths "$1"
    [[ $2 ]] && mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$2" -- "$cur")
}

_oauth_pam() {
    local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
    local first=\${COMP_WORDS[1]} second=\${COMP_WORDS[2]} at=1
    COMPREPLY=()

    if ((COMP_CWORD > 1)) && [[ $first == help ]]; then
        first=$second second=\${COMP_WORDS[3]} at=2
        ((COMP_CWORD > 3)) && return
    fi
    if ((COMP_CWORD == at)); then
        _oauth_pam_words ${words(first.map(({ word }) => word))} ${
    words(ALONE.map(({ name }) => `--${name}`))
  }
        return
    fi
    if ((COMP_CWORD == at + 1)); then
        case $first in
${
    groups.map(({ word, commands }) =>
      `            ${word})
                _oauth_pam_words ${
        words(commands.map((each) => each.words[1] ?? ""))
      } --help
                return
                ;;`
    ).join("\n")
  }
        esac
    fi
    ((at == 2)) && return

    # "--name=value" comes as three words
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=\${COMP_WORDS[COMP_CWORD - 2]}
        if [[ $prev != --* ]]; then
            _oauth_pam_paths -f
            return
        fi
    fi

    local options files operands word
    case $first in
        ${groups.map(({ word }) => word).join("|")}) first="$first $second" ;;
    esac
    case $first in
${commands.map(commandCase).join("\n")}
        *)
            return
            ;;
    esac
    for word in "\${COMP_WORDS[@]:2:COMP_CWORD-2}"; do
        [[ $word == -- ]] && options=
    done
    if [[ $options && $cur == -* ]]; then
        _oauth_pam_words "$options"
    else
        _oauth_pam_operands "$files" "$operands"
    fi
}

complete -F _oauth_pam oauth-pam
`;
}

function commandCase(command: CompletedCommand): string {
  const { options, files, operands } = command;
  const dashed = options.flatMap(({ name, short }) => [
    ...(short === undefined ? [] : [`-${short}`]),
    `--${name}`,
  ]);
  const values = options.flatMap(({ name, value }) => {
    if (value === undefined) return [];
    const action = value === "file"
      ? "_oauth_pam_paths -f; "
      : value === "directory"
      ? "_oauth_pam_paths -d; "
      : value === "text"
      ? ""
      : `_oauth_pam_words ${words(value.words)}; `;
    return [`                --${name}) ${action}return ;;`];
  });
  return [
    `        ${words([command.words.filter(Boolean).join(" ")])})`,
    ...(values.length === 0
      ? []
      : ["            case $prev in", ...values, "            esac"]),
    `            options=${words([dashed.join(" ")])} files=${
      files ? "-f" : "''"
    } operands=${words([operands.join(" ")])}`,
    "            ;;",
  ].join("\n");
}

/** Words as bash reads them, quoted where they must be. */
function words(list: readonly string[]): string {
  return list.map((word) =>
    /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
  ).join(" ");
}
