/**
 * One process of many that share a cache directory: `ROOT VERB NAME TEXT`, the answer as
 * one line on standard output. Waits for the file `ROOT.go`, so that all begin together.
 *
 * @module
 */
import { StateDirectory } from "../../src/files/state_directory.ts";

const [root = "", verb = "", name = "", text = ""] = Deno.args;
const directory = new StateDirectory(root, "jwks");
const bytes = new TextEncoder().encode(text);
while (!await Deno.lstat(`${root}.go`).then(() => true, () => false)) {
  await new Promise((resolve) => setTimeout(resolve, 2));
}
const answer = await act().catch((error) => error.name);
await Deno.stdout.write(new TextEncoder().encode(`${answer}\n`));

async function act(): Promise<string> {
  switch (verb) {
    case "create":
      return String(await directory.create(name, bytes));
    case "write":
      await directory.write(name, bytes);
      return "written";
    case "remove":
      return String(await directory.remove(name));
    case "read": {
      const read = await directory.read(name);
      return read === null ? "none" : new TextDecoder().decode(read);
    }
    case "count": {
      // a lost update would show: read, wait, write, all under the lock
      await directory.withLock("counter", async () => {
        const seen = new TextDecoder().decode(
          await directory.read(name) ?? new Uint8Array(),
        );
        await new Promise((resolve) => setTimeout(resolve, 1));
        const next = new TextEncoder().encode(String(Number(seen) + 1));
        await directory.write(name, next);
      }, { waitMs: 30_000 });
      return "counted";
    }
    default:
      return "unknown verb";
  }
}
