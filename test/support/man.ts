/**
 * The manual pages of a package, as the real tools read them.
 *
 * Debian packages: mandoc man-db.
 *
 * @module
 */
import { manPages } from "../../src/build/package/man.ts";

export interface ShownPage {
  /** Such as `oauth-pam.8`. */
  readonly file: string;
  readonly source: string;
  /** As a terminal of 1000 columns shows it, without bold and underlining. */
  readonly text: string;
}

/** A page's paragraphs and entries, each in one line. */
export async function shownPages(): Promise<ShownPage[]> {
  return await Promise.all(
    [...await manPages()].map(async ([path, source]) => ({
      file: path.split("/").at(-1) ?? "",
      source,
      text: await shown(source),
    })),
  );
}

async function shown(source: string): Promise<string> {
  const { stdout } = await filter(
    "mandoc",
    ["-T", "utf8", "-O", "width=1000"],
    source,
  );
  return withoutMarks(stdout).replaceAll("\u00a0", " ");
}

/** A letter over itself is bold, and one over "_" is underlined. */
export function withoutMarks(text: string): string {
  // deno-lint-ignore no-control-regex -- how terminals once did it
  return text.replace(/.\x08/gu, "");
}

export interface Filtered {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command with `text` on standard input. */
export async function filter(
  command: string,
  args: readonly string[],
  text: string,
): Promise<Filtered> {
  const child = new Deno.Command(command, {
    args: [...args],
    env: { LC_ALL: "C.UTF-8", MANWIDTH: "80" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}

/** The lines of a section, without its heading. */
export function sectionOf({ text }: ShownPage, title: string): string {
  const [, section] = text.split(new RegExp(`^${title}$`, "m"));
  if (section === undefined) throw new Error(`there is no section "${title}"`);
  return section.split(/^[A-Z]/m)[0] ?? "";
}

/** What is set off in a section, each block without its indentation. */
export function codeOf(section: string): string[] {
  const blocks: string[][] = [];
  let inside = false;
  for (const line of section.split("\n")) {
    // deeper than text, and in one piece with the line before
    const code = /^ {11,}\S/.test(line);
    if (code && !inside) blocks.push([]);
    if (code || (inside && line === "")) blocks.at(-1)?.push(line);
    inside = code || (inside && line === "");
  }
  return blocks.map((lines) => {
    const indents = lines.filter((line) => line !== "")
      .map((line) => line.length - line.trimStart().length);
    return lines.map((line) => line.slice(Math.min(...indents))).join("\n")
      .trimEnd();
  });
}
