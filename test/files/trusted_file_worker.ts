/**
 * Reads one trusted file and says how it went, for tests that need another user.
 *
 * @module
 */
import {
  readTrustedFile,
  UntrustedFileError,
} from "../../src/files/trusted_file.ts";

try {
  await readTrustedFile(Deno.args[0] ?? "", { maxBytes: 1000 });
  await print("read");
} catch (error) {
  await print(error instanceof UntrustedFileError ? error.reason : `${error}`);
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}
