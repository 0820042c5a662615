/**
 * Files below /proc, which Deno itself reads only with every permission.
 *
 * @module
 */

/** The text of `/proc/PID/NAME`. */
export async function readProc(pid: number, name: string): Promise<string> {
  const { success, stdout } = await new Deno.Command("cat", {
    args: [`/proc/${pid}/${name}`],
    stderr: "null",
  }).output();
  if (!success) throw new Error(`/proc/${pid}/${name} cannot be read`);
  return new TextDecoder().decode(stdout);
}
