/**
 * The blocks of README.md, policies/README.md and pam.d.example/README.md are run as they stand
 * there, their tables are what the code says, and their links lead somewhere.
 *
 * Fences: `yaml file=NAME` (written to the test's folder, and read as a policy), `console`
 * (commands behind "$ ", followed by what they print; a line "…" stands for any lines), `sh`
 * (run with `sh -eu`), `pam file=NAME` (the lines stand in that file of pam.d.example/),
 * `transcript file=PATH` (the same as that file, which another test makes), `text` (not run).
 *
 * @module
 */
import assert from "node:assert/strict";
import { parsePolicy } from "../src/policy/syntax/parse.ts";
import { type Block, blocksOf, shell, workplace } from "./support/readme.ts";
import {
  DOCUMENTS,
  generatedTable,
  MARKED,
  TABLE_NAMES,
} from "./docs/tables.ts";

const CHECKOUT = new URL("../", import.meta.url).pathname;
const TEXTS = new Map(DOCUMENTS.map((name) => [
  name,
  Deno.readTextFileSync(new URL(`../${name}`, import.meta.url)),
]));

for (const [name, document] of TEXTS) {
  Deno.test(`the blocks of ${name} work as written`, async (t) => {
    const folder = await workplace();
    const blocks = blocksOf(document);
    assert.ok(blocks.length > 0);
    try {
      for (const { file, language, text } of blocks) {
        if (file === null || language === "pam") continue;
        if (language === "transcript") continue;
        await Deno.writeTextFile(`${folder}/${file}`, text);
      }
      for (const block of blocks) {
        await t.step(
          `line ${block.line}: ${block.language} ${block.file ?? ""}`,
          async () => {
            await runBlock(block, { folder, document });
          },
        );
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

async function runBlock(
  block: Block,
  { folder, document }: { folder: string; document: string },
): Promise<void> {
  switch (block.language) {
    case "yaml": {
      if (block.file === null) return; // lines for another system: workflows_test.ts runs them
      if (block.file.endsWith(".test.yaml")) return; // a console block runs the tests
      const { diagnostics } = parsePolicy(block.text, {
        file: block.file ?? "",
      });
      // a block about an error is followed or preceded by the console block that shows it
      const shown = document.includes(
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
        const actual = output.trimEnd();
        assertMatches(actual === "" ? [] : actual.split("\n"), expected);
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

/** Cells without the blanks that align them. */
function cells(table: string): string[] {
  return table.trim().split("\n").filter((line) =>
    !/^\|[ -|]*-[ -|]*$/.test(line)
  )
    .map((line) => line.replace(/ +\| +/g, " | ").replace(/ +\|$/, " |"));
}

Deno.test('the tables of the documents are what the code says: "deno task docs" writes them', async () => {
  const found: string[] = [];
  for (const [document, text] of TEXTS) {
    for (const [, , name = "", table = ""] of text.matchAll(MARKED)) {
      found.push(name);
      assert.deepEqual(
        cells(table),
        cells(await generatedTable(name)),
        `${document}: ${name}`,
      );
    }
  }
  assert.deepEqual(found.sort(), [...TABLE_NAMES].sort());
});

Deno.test("README is a story of at most 13,000 characters", () => {
  const text = TEXTS.get("README.md") ?? "";
  assert.ok(text.length > 5_000 && text.length <= 13_000, `${text.length}`);
});

Deno.test("every link of a document leads to a file or a heading that there is", async () => {
  for (const [name, text] of TEXTS) {
    const folder = new URL(`../${name}`, import.meta.url);
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = ""]) =>
      to
    );
    assert.ok(links.length > 0, name);
    for (const link of links) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? folder : new URL(path, folder);
      const linked = await Deno.readTextFile(target);
      if (anchor === undefined) continue;
      assert.ok(anchorsOf(linked).includes(anchor), `${name}: ${link}`);
    }
  }
});

/** The anchors that GitHub gives to headings. */
function anchorsOf(document: string): string[] {
  return [...document.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}

Deno.test("the folders' documents name each of their files", async () => {
  for (const folder of ["policies", "pam.d.example"]) {
    const text = await Deno.readTextFile(`${CHECKOUT}${folder}/README.md`);
    for await (const { name } of Deno.readDir(`${CHECKOUT}${folder}`)) {
      if (name === "README.md" || name.endsWith(".test.yaml")) continue;
      assert.ok(text.includes(`\`${name}\``), `${folder}/${name}`);
    }
  }
});

Deno.test("README says what each dependency is for", async () => {
  const { imports } = JSON.parse(
    await Deno.readTextFile(`${CHECKOUT}deno.json`),
  );
  const section = (TEXTS.get("README.md") ?? "").split("## Dependencies")[1] ??
    "";
  for (const specifier of Object.values(imports)) {
    const name = /^npm:(.+)@/.exec(String(specifier))?.[1];
    assert.ok(section.includes(`\`${name}\``), String(specifier));
  }
});
