/**
 * Looking at what a program left behind.
 *
 * @module
 */

/** The files of a folder and all below, by their paths from it. */
export async function filesBelow(root: string, folder = ""): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(`${root}/${folder}`)) {
    const name = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory) names.push(...await filesBelow(root, name));
    else names.push(name);
  }
  return names;
}
