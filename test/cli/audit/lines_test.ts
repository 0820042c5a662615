/**
 * Reading lines of files of any kind: whole, compressed, cut off, and none at all.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readLines } from "../../../src/cli/audit/lines.ts";
import { MAX_AUDIT_CHARACTERS } from "../../../src/lib/audit_record.ts";
import { runMetered } from "../../support/metered.ts";

async function withFile<Result>(
  bytes: Uint8Array | string,
  use: (path: string) => Promise<Result>,
): Promise<Result> {
  const path = await Deno.makeTempFile();
  try {
    const data = typeof bytes === "string"
      ? new TextEncoder().encode(bytes)
      : bytes;
    await Deno.writeFile(path, data);
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

async function linesIn(bytes: Uint8Array | string): Promise<string[]> {
  return await withFile(bytes, (path) => Array.fromAsync(readLines(path)));
}

async function compressed(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

for (
  const [what, text, lines] of [
    ["nothing", "", []],
    ["lines", "a\nb\n", ["a", "b"]],
    ["a last line without an end", "a\nb", ["a", "b"]],
    ["an empty line", "a\n\nb\n", ["a", "", "b"]],
    ["one byte", "a", ["a"]],
    ["letters of several bytes", "é😀\n…", ["é😀", "…"]],
    [
      "many lines",
      Array.from({ length: 100_000 }, (_, n) => `${n}\n`).join(""),
      Array.from({ length: 100_000 }, (_, n) => `${n}`),
    ],
  ] as const
) {
  Deno.test(`readLines() of ${what}, plain and compressed`, async () => {
    assert.deepEqual(await linesIn(text), lines);
    assert.deepEqual(await linesIn(await compressed(text)), lines);
  });
}

Deno.test("readLines() cuts a line that is too long, and goes on with the next", async () => {
  const [long, next] = await linesIn(
    `${"x".repeat(MAX_AUDIT_CHARACTERS + 5_000_000)}\nnext\n`,
  );
  assert.equal(long?.length, MAX_AUDIT_CHARACTERS + 1);
  assert.equal(next, "next");
});

for (
  const [format, magic] of [
    ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
    ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
    ["bzip2", [0x42, 0x5a, 0x68]],
  ] as const
) {
  Deno.test(`readLines() says that a file was compressed by ${format}`, async () => {
    await assert.rejects(linesIn(new Uint8Array([...magic, 1, 2, 3, 4])), {
      name: "RefusedFile",
      message: new RegExp(`^is compressed by ${format}, which is not read`),
    });
  });
}

Deno.test("readLines() does not take a part of a compressed file for the whole", async () => {
  const whole = await compressed("a record\n".repeat(10_000));
  const broken = whole.slice();
  broken[whole.length - 6] = (broken[whole.length - 6] ?? 0) ^ 1;
  const joined = new Uint8Array([...whole, ...whole]);
  for (
    const bytes of [whole.slice(0, -1), whole.slice(0, 30), broken, joined]
  ) {
    await assert.rejects(linesIn(bytes), {
      name: "RefusedFile",
      message: /^cannot be decompressed to its end/,
    });
  }
});

Deno.test("readLines() takes neither a link nor a pipe nor a folder for a file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.symlink("/etc/passwd", `${folder}/link`);
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    await Deno.mkdir(`${folder}/folder`);
    for (
      const [name, error] of [
        ["link", /is a symbolic link/],
        ["pipe", /is not a regular file/],
        ["folder", /folder/],
        ["none", /No such file/],
      ] as const
    ) {
      await assert.rejects(
        Array.fromAsync(readLines(`${folder}/${name}`)),
        error,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a gigabyte without an end of line costs no memory, plain and compressed", async () => {
  const script = await Deno.makeTempFile({ suffix: ".ts" });
  const module = new URL("../../../src/cli/audit/lines.ts", import.meta.url);
  try {
    await Deno.writeTextFile(
      script,
      `import { readLines } from ${JSON.stringify(module.href)};
let lines = 0;
for await (const line of readLines("-")) lines += line.length;
Deno.stdout.writeSync(new TextEncoder().encode(String(lines)));
`,
    );
    for (const filter of ["cat", "gzip --fast"]) {
      const { stdout, code, stderr, megabytes } = await runMetered([
        "/bin/sh",
        "-c",
        `head -c 1073741824 /dev/zero | ${filter} | "$0" run --allow-read --quiet "$1"`,
        Deno.execPath(),
        script,
      ], {
        env: { HOME: Deno.env.get("HOME") ?? "/", PATH: "/usr/bin:/bin" },
        stdin: "",
      });
      assert.equal(code, 0, stderr);
      assert.equal(stdout, String(MAX_AUDIT_CHARACTERS + 1));
      assert.ok(megabytes < 200, `${filter}: ${megabytes} MB`);
    }
  } finally {
    await Deno.remove(script);
  }
});
