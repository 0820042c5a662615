/**
 * The README's blocks are run as they stand there, and its tables are what the code says.
 *
 * Fences: `yaml file=NAME` (written to the test's folder, and read as a policy), `console`
 * (commands behind "$ ", followed by what they print; a line "…" stands for any lines), `sh`
 * (run with `sh -eu`), `pam file=NAME` (the lines stand in that file of pam.d.example/),
 * `transcript file=PATH` (the same as that file, which another test makes), `text` (not run).
 *
 * @module
 */
import assert from "node:assert/strict";
import { EXIT_CODES, pamCode } from "../src/pam/exit_code.ts";
import { REASON_MEANS, REASONS } from "../src/lib/reason.ts";
import { parsePolicy } from "../src/policy/syntax/parse.ts";

const CHECKOUT = new URL("../", import.meta.url).pathname;
const README = await Deno.readTextFile(
  new URL("../README.md", import.meta.url),
);

interface Block {
  readonly language: string;
  readonly file: string | null;
  readonly text: string;
  readonly line: number;
}

function blocks(): Block[] {
  return [...README.matchAll(/^```(\w+)(?: file=(\S+))?\n(.*?)^```$/gms)].map((
    match,
  ) => ({
    language: match[1] ?? "",
    file: match[2] ?? null,
    text: match[3] ?? "",
    line: README.slice(0, match.index).split("\n").length,
  }));
}

/** A folder like a checkout, in which the blocks run one after the other. */
async function workplace(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-readme-" });
  for (
    const name of [
      "deno.json",
      "deno.lock",
      "src",
      "test",
      "policies",
      "pam.d.example",
    ]
  ) {
    await Deno.symlink(`${CHECKOUT}${name}`, `${folder}/${name}`);
  }
  await Deno.mkdir(`${folder}/bin`);
  const program =
    `#!/bin/sh\nexec ${Deno.execPath()} run --no-prompt --allow-read --allow-write ` +
    `--allow-run=git --allow-env --config ${CHECKOUT}deno.json ${CHECKOUT}src/main.ts "$@"\n`;
  await Deno.writeTextFile(`${folder}/bin/oauth-pam`, program, { mode: 0o755 });
  await Deno.symlink(Deno.execPath(), `${folder}/bin/deno`);
  return folder;
}

async function shell(
  command: string,
  folder: string,
): Promise<{ code: number; output: string }> {
  const { code, stdout } = await new Deno.Command("sh", {
    args: ["-eu", "-c", `exec 2>&1\n${command}`],
    cwd: folder,
    env: {
      PATH: `${folder}/bin:${Deno.env.get("PATH") ?? "/usr/bin:/bin"}`,
      DESTDIR: `${folder}/host`,
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
    },
    stdin: "null",
    stderr: "null",
  }).output();
  return { code, output: new TextDecoder().decode(stdout) };
}

Deno.test("README's blocks work as written", async (t) => {
  const folder = await workplace();
  try {
    for (
      const block of blocks().filter(({ file, language }) =>
        file && language !== "pam"
      )
    ) {
      await Deno.writeTextFile(`${folder}/${block.file}`, block.text);
    }
    for (const block of blocks()) {
      await t.step(
        `line ${block.line}: ${block.language} ${block.file ?? ""}`,
        async () => {
          await runBlock(block, folder);
        },
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function runBlock(block: Block, folder: string): Promise<void> {
  switch (block.language) {
    case "yaml": {
      if (block.file?.endsWith(".test.yaml")) return; // a console block runs the tests
      const { diagnostics } = parsePolicy(block.text, {
        file: block.file ?? "",
      });
      // a block about an error is followed or preceded by the console block that shows it
      const shown = README.includes(
        `$ oauth-pam policy lint ${block.file}\n${block.file}:`,
      );
      assert.equal(diagnostics.length > 0, shown, JSON.stringify(diagnostics));
      return;
    }
    case "transcript": {
      const text = await Deno.readTextFile(`${CHECKOUT}${block.file}`);
      // an editor may not keep the blanks that a terminal shows at the end of a line
      const trimmed = (shown: string) => shown.replace(/[ \t]+$/gm, "").trim();
      assert.equal(trimmed(block.text), trimmed(text));
      return;
    }
    case "pam": {
      const stack = await Deno.readTextFile(
        `${CHECKOUT}pam.d.example/${block.file}`,
      );
      for (const line of block.text.trim().split("\n")) {
        assert.ok(stack.includes(line), line);
      }
      return;
    }
    case "sh": {
      const { code, output } = await shell(block.text, folder);
      assert.equal(code, 0, output);
      return;
    }
    case "console": {
      for (const part of block.text.split(/^\$ /m).slice(1)) {
        const [command, ...expected] = part.trimEnd().split("\n");
        const { output } = await shell(command ?? "", folder);
        assertMatches(output.trimEnd().split("\n"), expected);
      }
      return;
    }
    case "json":
    case "text":
      return;
    default:
      assert.fail(`nothing runs blocks of "${block.language}"`);
  }
}

/** Line by line; "…" in the expected lines stands for any number of lines. */
function assertMatches(
  actual: readonly string[],
  expected: readonly string[],
): void {
  const gap = expected.indexOf("…");
  if (gap < 0) return assert.deepEqual(actual, expected);
  assert.deepEqual(actual.slice(0, gap), expected.slice(0, gap));
  const rest = expected.slice(gap + 1);
  assert.deepEqual(actual.slice(actual.length - rest.length), rest);
}

Deno.test("README lists exactly the reasons that there are, with their meanings and exit codes", () => {
  const section = README.split("## Reasons")[1]?.split("\n## ")[0] ?? "";
  const rows = [
    ...section.matchAll(/^\| `(\w+)` +\| (.*?) +\| (\d+) +\|$/gm),
  ].map((match) => [match[1], match[2], Number(match[3])]);
  const expected = REASONS.map((reason) => [
    reason,
    REASON_MEANS[reason],
    reason === "allowed" ? EXIT_CODES.success : EXIT_CODES[pamCode(reason)],
  ]);
  assert.deepEqual(rows, expected);
});
