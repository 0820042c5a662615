/**
 * What the real shells propose for a command line, with the completions of a package.
 *
 * Debian packages: zsh fish.
 *
 * @module
 */
import { completions } from "../../src/build/package/completion.ts";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = typeof SHELLS[number];

export interface CompletingShell extends AsyncDisposable {
  /** Holds what a completed path may name. */
  readonly folder: string;
  /** The proposals for each line, whose last word is being typed, sorted. */
  propose(lines: readonly string[]): Promise<readonly (readonly string[])[]>;
}

/** A shell that has read the completions; `files` are empty files and, with a "/", folders. */
export async function completingShell(
  shell: Shell,
  files: readonly string[],
): Promise<CompletingShell> {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-shell-" });
  const scripts = `${folder}/scripts`;
  const work = `${folder}/work`;
  await Deno.mkdir(scripts);
  await Deno.mkdir(work);
  for (const name of files) {
    if (name.endsWith("/")) await Deno.mkdir(`${work}/${name}`);
    else await Deno.writeTextFile(`${work}/${name}`, "");
  }
  for (const [path, text] of await completions()) {
    await Deno.writeTextFile(`${scripts}/${path.split("/").at(-1)}`, text);
  }
  return {
    folder: work,
    propose: async (lines) => {
      const { program, args } = INVOCATIONS[shell](scripts);
      const child = new Deno.Command(program, {
        args,
        cwd: work,
        clearEnv: true,
        env: {
          PATH: "/usr/bin:/bin",
          HOME: folder,
          TERM: "dumb",
          LANG: "C.UTF-8",
        },
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(`${lines.join("\n")}\n`));
      await writer.close();
      const { stdout, stderr, success } = await child.output();
      const said = new TextDecoder().decode(stderr);
      if (!success || said !== "") throw new Error(`${shell}: ${said}`);
      return answersOf(new TextDecoder().decode(stdout), lines.length);
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Each shell reads lines and prints a proposal a line, and "=" behind the last of each. */
function answersOf(text: string, count: number): string[][] {
  const answers: string[][] = [[]];
  for (const line of text.split("\n")) {
    if (line === "=") answers.push([]);
    else if (line !== "") answers.at(-1)?.push(line);
  }
  if (answers.length !== count + 1) throw new Error(`not ${count}: ${text}`);
  return answers.slice(0, -1).map((each) => [...new Set(each)].sort());
}

/** As readline does: words are cut at blanks, "=" and ":", and the function is told where it is. */
const BASH = `
source "$1"
[[ $(complete -p oauth-pam) == 'complete -F _oauth_pam oauth-pam' ]] || exit 1
compopt() { :; }
while IFS= read -r line; do
    COMP_LINE=$line COMP_POINT=\${#line} COMP_WORDS=()
    for word in $line; do
        while [[ $word == *=* ]]; do
            [[ \${word%%=*} ]] && COMP_WORDS+=("\${word%%=*}")
            COMP_WORDS+=(=)
            word=\${word#*=}
        done
        [[ $word ]] && COMP_WORDS+=("$word")
    done
    [[ $line == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _oauth_pam oauth-pam "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\\n' "\${COMPREPLY[@]}" =
done
`;

/** A zsh with a terminal of its own, whose completion writes what it adds to a file. */
const ZSH = `
zmodload zsh/zpty
[[ -p $1/done ]] || mkfifo $1/done
# open for both, so that it has no end between two answers
exec 3<>$1/done
zpty shell zsh -f -i
zpty -w shell "source $1/setup.zsh"
read -u 3
while IFS= read -r line; do
    : >$1/hits
    print -rn -- "$line" >$1/line
    zpty -w -n shell $'\\C-xa'
    IFS= read -r -u 3 asked
    [[ $asked == "$line" ]] || { print -ru2 "$line: was asked for $asked"; exit 1 }
    cat $1/hits
    print -r -- =
done
zpty -d shell
`;

const ZSH_SETUP = `
here=\${\${(%):-%x}:h}
fpath=($here $fpath)
PS1= PS2=
unset zle_bracketed_paste
autoload -Uz compinit && compinit -u -D
compadd() {
    # what is only asked or kept, and not yet proposed
    if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)* ]]; then
        builtin compadd "$@"
        return
    fi
    local -a hits
    builtin compadd -A hits "$@"
    (( $#hits )) && print -rl -- $hits >>$here/hits
    builtin compadd "$@"
}
ask() {
    IFS= read -r -d '' BUFFER <$here/line
    CURSOR=$#BUFFER
    zle complete-word
    local asked
    IFS= read -r -d '' asked <$here/line
    BUFFER=
    print -r -- $asked >$here/done
}
zle -N ask
bindkey '^Xa' ask
zstyle ':completion:*' completer _complete
print >$here/done
`;

const FISH = `
source $argv[1]
while read --local line
    complete --do-complete=$line | string replace --regex '\\t.*' ''
    echo =
end
`;

const INVOCATIONS: Readonly<
  Record<
    Shell,
    (scripts: string) => { readonly program: string; readonly args: string[] }
  >
> = {
  bash: (scripts) => ({
    program: "bash",
    args: [
      "--norc",
      "--noprofile",
      "-f",
      "-c",
      BASH,
      "bash",
      `${scripts}/oauth-pam`,
    ],
  }),
  zsh: (scripts) => {
    Deno.writeTextFileSync(`${scripts}/setup.zsh`, ZSH_SETUP);
    return { program: "zsh", args: ["-f", "-c", ZSH, "zsh", scripts] };
  },
  fish: (scripts) => ({
    program: "fish",
    args: ["--no-config", "-c", FISH, `${scripts}/oauth-pam.fish`],
  }),
};
