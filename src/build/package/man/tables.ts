/**
 * The tables of the reference, as lists of a manual page.
 *
 * @module
 */
import { TABLES } from "../../../reference/tables.ts";
import type { Block } from "../mdoc.ts";
import { sentence } from "./command.ts";

/** A table's rows by their first cell, and in what words the others follow. */
export async function tableBlock(
  name: string,
  { says, others = {}, compact }: {
    /** The column with the meaning. */
    readonly says: string;
    /** Further columns, and the words before what stands in them. */
    readonly others?: Readonly<Record<string, string>>;
    readonly compact?: true;
  },
): Promise<Block> {
  const make = TABLES[name];
  if (make === undefined) throw new Error(`there is no table "${name}"`);
  const { head, rows } = await make();
  const column = (title: string) => {
    const index = head.indexOf(title);
    if (index < 0) throw new Error(`"${name}" has no column "${title}"`);
    return index;
  };
  const meaning = column(says);
  const further = Object.entries(others).map(([title, words]) =>
    [column(title), words] as const
  );
  const told = new Set([0, meaning, ...further.map(([index]) => index)]);
  if (told.size !== head.length) {
    throw new Error(`"${name}" has columns that are not told`);
  }
  return {
    ...(compact ? { compact } : {}),
    list: rows.map((cells) => ({
      head: cells[0] ?? "",
      text: [
        ...(cells[meaning] ? [sentence(cells[meaning])] : []),
        ...further.flatMap(([index, words]) =>
          cells[index] === "required"
            ? ["Required."]
            : cells[index]
            ? [sentence(`${words} ${cells[index]}`)]
            : []
        ),
      ].join(" "),
    })),
  };
}

/** A key with its default, as most tables have it. */
export async function keyBlock(
  name: string,
  others: Readonly<Record<string, string>> = {},
): Promise<Block> {
  return await tableBlock(name, {
    says: "meaning",
    others: { default: "Default:", ...others },
  });
}
