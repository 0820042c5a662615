/**
 * Files below /proc, which Deno itself reads only with every permission.
 *
 * @module
 */

async function read(path: string): Promise<string> {
  const { success, stdout } = await new Deno.Command("cat", {
    args: [path],
    stderr: "null",
  }).output();
  if (!success) throw new Error(`${path} cannot be read`);
  return new TextDecoder().decode(stdout);
}

/** The text of `/proc/PID/NAME`. */
export function readProc(pid: number, name: string): Promise<string> {
  return read(`/proc/${pid}/${name}`);
}
