/**
 * Programs as `deno compile` writes them, as far as `check` can tell, that do nothing: a few kilobytes in
 * place of a hundred million.
 *
 * @module
 */

interface StandIn {
  /** What it may do, as `deno compile` has it: an empty list is everything, `null` nothing. */
  readonly net?: readonly string[] | null;
  readonly write?: readonly string[] | null;
  /** Its code. */
  readonly code?: string;
  /** Whether all that lies ahead of the section headers, as later versions of Deno have it. */
  readonly within?: boolean;
}

/** Writes a program, 0755, that ends with 0. */
export async function writeStandIn(
  path: string,
  { net = [], write = [], code = "", within = false }: StandIn = {},
): Promise<void> {
  const bytes = new TextEncoder();
  const metadata = bytes.encode(JSON.stringify({
    argv: [],
    permissions: { allow_all: false, allow_net: net, allow_write: write },
  }));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(metadata.length), true);
  const parts = [
    await Deno.readFile("/bin/true"),
    ...[bytes.encode("d3n0l4nd"), length, metadata],
    bytes.encode(`${code}\nd3n0l4nd`),
  ];
  const program = new Uint8Array(await new Blob(parts).bytes());
  if (within) {
    const view = new DataView(program.buffer);
    const headers = view.getUint16(0x3a, true) * view.getUint16(0x3c, true);
    view.setBigUint64(0x28, BigInt(program.length - headers), true);
  }
  await Deno.writeFile(path, program);
  await Deno.chmod(path, 0o755);
}
