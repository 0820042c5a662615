/**
 * The tables of the documents, made of what the program itself goes by.
 *
 * A document has each of them between `<!-- generated: NAME -->` and `<!-- end -->`.
 *
 * @module
 */
import { TABLES } from "../../src/reference/tables.ts";

/** The documents with tables, from the top of the checkout. */
export const DOCUMENTS = [
  "README.md",
  "policies/README.md",
  "pam.d.example/README.md",
] as const;

/** A table as Markdown; `deno fmt` aligns its columns. Throws for a name that there is not. */
export async function generatedTable(name: string): Promise<string> {
  const make = Object.hasOwn(TABLES, name) ? TABLES[name] : undefined;
  if (make === undefined) {
    throw new Error(`no table "${name}", expected one of ${TABLE_NAMES}`);
  }
  const { head, rows } = await make();
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", "<br>"))
        .join(" | ")
    } |`;
  return [head, head.map(() => "---"), ...rows].map(line).join("\n");
}

export const TABLE_NAMES: readonly string[] = Object.keys(TABLES);

/** What stands between the marks of each table. */
export const MARKED = /(<!-- generated: (.+?) -->\n)(.*?)(<!-- end -->)/gs;
