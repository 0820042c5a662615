/**
 * What a command says of itself comes from one table: how it is called, and each option with its
 * value, its set and its default.
 *
 * @module
 */
import assert from "node:assert/strict";
import { VERBS } from "../../src/cli/cli.ts";
import {
  type Command,
  helpText,
  synopses,
  toldOptions,
  usages,
} from "../../src/cli/command.ts";
import { PAM_VERBS } from "../../src/cli/pam_verbs.ts";
import { cli } from "../support/cli.ts";

const COMMAND: Command = {
  forms: ["FILE… --account NAME", "--list"],
  about: `
One paragraph that is long enough to need a second line on a terminal of eighty columns
as most are:
  shown as it   stands

Another.
`,
  options: {
    "account": { value: "NAME", says: "whose" },
    "format": {
      value: "FORMAT",
      oneOf: { pretty: "", json: "for programs" },
      fallback: "pretty",
    },
    "tag": { value: "TEXT", says: "a mark", repeat: true },
    "label": { value: "TEXT", alias: "tag" },
    "a-very-long-name-of-it": { value: "SECONDS", says: "how long" },
    "timeout": { value: "TIME", says: "how long", fallback: "5m" },
    "list": { says: "what there is" },
    "quiet": { short: "q", says: "say less" },
  },
  notes: "\nAt last.\n",
  exits: { 1: "a no", 2: "usage", 0: "fine" },
};

Deno.test("help is made of the table: usage, about, options, notes, exit codes", () => {
  assert.equal(
    helpText("do it", COMMAND),
    `usage: oauth-pam do it FILE… --account NAME [--format pretty|json] [--tag TEXT]…
                       [--a-very-long-name-of-it SECONDS] [--timeout TIME]
                       [--quiet]
       oauth-pam do it --list

One paragraph that is long enough to need a second line on a terminal of eighty
columns as most are:
  shown as it   stands

Another.

  --account NAME   whose
  --format FORMAT  pretty (the default) or json (for programs)
  --tag TEXT       a mark; may be repeated; also --label
  --a-very-long-name-of-it SECONDS
                   how long
  --timeout TIME   how long; 5m is the default
  --list           what there is
  -q, --quiet      say less

At last.

exit codes: 0 fine, 1 a no, 2 usage`,
  );
});

Deno.test("in brief, what no form names is [OPTIONS]", () => {
  assert.deepEqual(synopses("do it", COMMAND), [
    "do it FILE… --account NAME [OPTIONS]",
    "do it --list",
  ]);
  const alone = { ...COMMAND, options: {}, forms: [""] };
  assert.deepEqual(synopses("do it", alone), ["do it"]);
});

Deno.test("an option whose name begins like another's is named for itself alone", () => {
  const options = { client: { value: "A" }, "client-id": { value: "B" } };
  assert.deepEqual(
    usages("do", { ...COMMAND, forms: ["--client-id B"], options }),
    ["do --client-id B [--client A]"],
  );
});

Deno.test("a comma inside the meaning of a code is not the end of it", () => {
  const exits = { 0: "fine, mostly", 1: "a no" };
  assert.match(
    helpText("do", { ...COMMAND, exits }),
    /^exit codes: 0 fine, mostly; 1 a no$/m,
  );
});

for (const { words, load } of VERBS) {
  Deno.test(`${words} --help fits a terminal, and what it tells of an option is complete`, async () => {
    const { COMMAND: command, HELP } = await load();
    const verbatim = `${command.about}\n${command.notes ?? ""}`.split("\n");
    const long = HELP.split("\n").filter((line) =>
      line.length > 80 && !verbatim.includes(line)
    );
    assert.deepEqual(long, []);
    for (const { name, option, text } of toldOptions(command.options)) {
      assert.notEqual(text, "", name);
      // a set or a default goes with a value
      if (option.value === undefined) {
        assert.deepEqual([option.oneOf, option.fallback], [
          undefined,
          undefined,
        ]);
      }
    }
    for (const [name, { alias }] of Object.entries(command.options)) {
      if (alias !== undefined) assert.ok(alias in command.options, name);
    }
    assert.deepEqual(command.exits[2], "usage");
  });

  Deno.test(`${words}: a value that is in none of the sets of its options is refused with the set`, async () => {
    const { options } = (await load()).COMMAND;
    for (const { name, option } of toldOptions(options)) {
      if (option.oneOf === undefined) continue;
      const { code, stderr } = await cli([
        ...words.split(" "),
        "policy.yaml",
        ...(words === "policy explain"
          ? ["--account", "alice", "--claims", "-"]
          : []),
        `--${name}`,
        "no-such-value",
      ]);
      assert.equal(code, 2, stderr);
      const list = Array.isArray(option.oneOf)
        ? option.oneOf
        : Object.keys(option.oneOf);
      assert.match(stderr, new RegExp(`--${name} is "no-such-value", `));
      const told = [...stderr.matchAll(/"([^"]+)"/g)].map(([, word]) => word)
        .filter((word) => word !== "no-such-value");
      assert.deepEqual(told, list, stderr);
    }
  });
}

Deno.test("what PAM and sshd run is told in the same way", () => {
  for (const { words, command, help } of PAM_VERBS) {
    assert.equal(help, helpText(words, command));
    assert.ok(help.split("\n").every((line) => line.length <= 80), words);
  }
});
