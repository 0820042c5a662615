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
}

/** Writes a program, 0755, that ends with 0. */
export async function writeStandIn(
  path: string,
  { net = [], write = [], code = "" }: StandIn = {},
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
  await Deno.writeFile(path, new Uint8Array(await new Blob(parts).bytes()));
  await Deno.chmod(path, 0o755);
}
