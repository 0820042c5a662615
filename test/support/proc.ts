/**
 * Files below /proc, which Deno itself reads only with every permission.
 *
 * @module
 */

/** States of a connection that hold nothing to be read: TIME_WAIT, CLOSE, LISTEN. */
const NOTHING_TO_READ = new Set(["06", "07", "0A"]);

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

/**
 * How many connections a server on this port of an IPv4 address has: also those that it has not
 * accepted, and those whose client is gone but whose bytes it has not read.
 */
export async function openConnections(port: number): Promise<number> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return (await read("/proc/net/tcp")).split("\n").filter((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    return local?.endsWith(suffix) && !NOTHING_TO_READ.has(state ?? "");
  }).length;
}
