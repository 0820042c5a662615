/**
 * Real shells propose what every command takes, and nothing else.
 *
 * Debian packages: zsh fish.
 *
 * @module
 */
import assert from "node:assert/strict";
import { completions } from "../../../src/build/package/completion.ts";
import { toldOptions, wordsOf } from "../../../src/cli/command.ts";
import { RULE_IDS } from "../../../src/analysis/lint/catalogue.ts";
import { PROVIDER_NAMES } from "../../../src/cli/policy/init/providers.ts";
import { toldCommands } from "../../../src/reference/commands.ts";
import { completingShell, SHELLS } from "../../support/shells.ts";

const COMMANDS = await toldCommands();
const FILES = ["a b.json", "site.yaml", "sub/"];

/** How each shell writes what it proposes. */
function plain(proposals: readonly string[]): string[] {
  return proposals.map((each) =>
    each.replaceAll("\\", "").replace(/^--[a-z-]+=/, "").replace(/\/$/, "")
  ).sort();
}

const PATHS = plain(FILES);

Deno.test("a script for each shell lies where the shell looks for it, with the same bytes each time", async () => {
  const made = await completions();
  assert.deepEqual([...made.keys()], [
    "usr/share/bash-completion/completions/oauth-pam",
    "usr/share/zsh/vendor-completions/_oauth-pam",
    "usr/share/fish/vendor_completions.d/oauth-pam.fish",
  ]);
  assert.deepEqual(await completions(), made);
});

for (const name of SHELLS) {
  Deno.test(`${name} proposes commands, and those of a group`, async () => {
    await using shell = await completingShell(name, FILES);
    const firsts = [
      ...new Set(COMMANDS.map(({ words }) => words.split(" ")[0] ?? "")),
      "help",
      "version",
    ].sort();
    const policy = COMMANDS.flatMap(({ words }) =>
      words.startsWith("policy ") ? [words.slice("policy ".length)] : []
    ).sort();
    const answers = await shell.propose([
      "oauth-pam ",
      "oauth-pam --",
      "oauth-pam pol",
      "oauth-pam policy ",
      "oauth-pam policy li",
      "oauth-pam help ",
      "oauth-pam help policy ",
      "oauth-pam help policy lint ",
      "oauth-pam nonsense ",
      "oauth-pam version ",
    ]);
    const commands = answers.map((each) =>
      each.filter((word) => !word.startsWith("--"))
    );
    assert.deepEqual(commands, [
      firsts,
      [],
      ["policy"],
      policy,
      ["lint"],
      firsts,
      policy,
      [],
      [],
      [],
    ]);
    assert.deepEqual(answers[1], ["--help", "--version"]);
  });

  Deno.test(`${name} proposes every option of every command, and no other`, async () => {
    await using shell = await completingShell(name, FILES);
    const answers = await shell.propose(
      COMMANDS.map(({ words }) => `oauth-pam ${words} -`),
    );
    for (const [index, { words, command }] of COMMANDS.entries()) {
      const options = toldOptions(command.options).flatMap((each) => [
        `--${each.name}`,
        ...(each.option.short === undefined ? [] : [`-${each.option.short}`]),
      ]);
      assert.deepEqual(
        answers[index],
        [...options, "--help", "-h"].sort(),
        words,
      );
    }
  });

  Deno.test(`${name} proposes for each option the values that there are`, async () => {
    await using shell = await completingShell(name, FILES);
    const asked = COMMANDS.flatMap(({ words, command }) =>
      toldOptions(command.options).flatMap(({ name, option }) =>
        option.value === undefined
          ? []
          : [{ line: `oauth-pam ${words} --${name}`, option }]
      )
    );
    assert.ok(asked.length > 40);
    for (const between of [" ", "="]) {
      const answers = await shell.propose(
        asked.map(({ line }) => line + between),
      );
      for (const [index, { line, option }] of asked.entries()) {
        const set = option.proposed ?? wordsOf(option);
        const expected = set.length > 0
          ? [...set].sort()
          : option.value === "-"
          ? ["-"]
          : option.value === "DIR"
          ? ["sub"]
          : option.value === "FILE" || option.value === "PATH"
          ? PATHS
          : [];
        assert.deepEqual(
          plain(answers[index] ?? []),
          expected,
          line + between,
        );
      }
    }
  });

  Deno.test(`${name} proposes files where a file is expected`, async () => {
    await using shell = await completingShell(name, FILES);
    const answers = await shell.propose([
      "oauth-pam policy lint ",
      "oauth-pam policy lint site.yaml ",
      "oauth-pam policy lint --format json si",
      "oauth-pam policy diff --base main si",
      "oauth-pam policy lint -- ",
      "oauth-pam policy schema ",
      "oauth-pam key ",
      "oauth-pam globus register ",
      "oauth-pam policy lint --list-rules --form",
    ]);
    const paths = answers.map((each, index) =>
      // where nothing but an option can follow, zsh says which
      plain(each.filter((word) => index === 8 || !word.startsWith("-")))
    );
    assert.deepEqual(paths, [
      PATHS,
      // some leave out what is there already
      answers[1]?.length === PATHS.length
        ? PATHS
        : PATHS.filter((path) => path !== "site.yaml"),
      ["site.yaml"],
      ["site.yaml"],
      PATHS,
      [],
      [],
      [],
      ["--format"],
    ]);
  });

  Deno.test(`${name} narrows what it proposes by what is typed`, async () => {
    await using shell = await completingShell(name, FILES);
    const answers = await shell.propose([
      "oauth-pam policy lint --format j",
      "oauth-pam policy lint --format=j",
      "oauth-pam policy lint --explain never/",
      "oauth-pam policy init --provider ke",
      "oauth-pam outcome policy.yaml user",
    ]);
    assert.deepEqual(answers.map(plain), [
      ["json", "junit"],
      ["json", "junit"],
      RULE_IDS.filter((id) => id.startsWith("never/")).sort(),
      PROVIDER_NAMES.filter((each) => each.startsWith("ke")),
      ["user_unknown"],
    ]);
  });
}

/** Names that run something where a shell reads them once more. */
const HOSTILE = [
  "a$(touch pwned).yaml",
  "a`touch pwned`.yaml",
  "a;touch pwned;.yaml",
  "a$(touch pwned)/",
];

for (const name of SHELLS) {
  Deno.test(`${name} runs nothing that a file's name or a word on the line says`, async () => {
    await using shell = await completingShell(name, HOSTILE);
    const proposed = await shell.propose([
      "oauth-pam policy lint a",
      "oauth-pam policy lint 'a$(touch pwned)'",
      "oauth-pam $(touch pwned) ",
      "oauth-pam policy `touch pwned` ",
      "oauth-pam apply --root=a",
      "oauth-pam policy explain --user $(touch pwned) --pol",
    ]);
    assert.ok(proposed.flat().some((each) => each.includes("touch")));
    assert.ok(
      ![...Deno.readDirSync(shell.folder)].some((each) =>
        each.name === "pwned"
      ),
    );
  });
}
