/**
 * `deno task docs`: writes the tables of the documents anew. The task formats them afterwards.
 *
 * @module
 */
import { DOCUMENTS, generatedTable, MARKED } from "./tables.ts";

for (const name of DOCUMENTS) {
  const path = new URL(`../../${name}`, import.meta.url);
  const text = await Deno.readTextFile(path);
  let written = text;
  for (
    const [whole, begin = "", table = "", , end = ""] of text.matchAll(MARKED)
  ) {
    const made = `${begin}\n${await generatedTable(table)}\n\n${end}`;
    written = written.replace(whole, () => made);
  }
  if (written !== text) await Deno.writeTextFile(path, written);
}
