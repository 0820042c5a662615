/**
 * The blocks of a document, and a folder in which they run.
 *
 * @module
 */

const CHECKOUT = new URL("../../", import.meta.url).pathname;

export interface Block {
  readonly language: string;
  readonly file: string | null;
  readonly text: string;
  readonly line: number;
}

export function blocksOf(document: string): Block[] {
  return [...document.matchAll(/^```(\w+)(?: file=(\S+))?\n(.*?)^```$/gms)].map(
    (
      match,
    ) => ({
      language: match[1] ?? "",
      file: match[2] ?? null,
      text: match[3] ?? "",
      line: document.slice(0, match.index).split("\n").length,
    }),
  );
}

/** A folder like a checkout, in which the blocks run one after the other. */
export async function workplace(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-readme-" });
  for (
    const name of [
      "deno.json",
      "deno.lock",
      "src",
      "test",
      "pam.d.example",
    ]
  ) {
    await Deno.symlink(`${CHECKOUT}${name}`, `${folder}/${name}`);
  }
  // policies are not read through symbolic links
  await Deno.mkdir(`${folder}/policies`);
  for await (const { name } of Deno.readDir(`${CHECKOUT}policies`)) {
    await Deno.copyFile(
      `${CHECKOUT}policies/${name}`,
      `${folder}/policies/${name}`,
    );
  }
  await Deno.mkdir(`${folder}/bin`);
  const program =
    `#!/bin/sh\nexec ${Deno.execPath()} run --no-prompt --allow-read --allow-write ` +
    `--allow-run=git --allow-env --config ${CHECKOUT}deno.json ${CHECKOUT}src/main.ts "$@"\n`;
  await Deno.writeTextFile(`${folder}/bin/oauth-pam`, program, { mode: 0o755 });
  await Deno.symlink(Deno.execPath(), `${folder}/bin/deno`);
  return folder;
}

export async function shell(
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
