/**
 * `deno task playground [--output FILE]`: one file with the policy engine in it, to be opened from disk or put
 * on any static host.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { BUILD_ENVIRONMENT } from "../deno.ts";
import { BuildError } from "../permissions.ts";
import { isSystemError } from "../system_error.ts";
import { playgroundPage } from "./page.ts";

const USAGE = "usage: deno task playground [--output FILE]";

/** Builds and answers with an exit code: 0 built, 1 the build failed, 2 usage. */
async function main(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<number> {
  let output: string;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h", default: false },
        output: { type: "string", short: "o", default: "dist/playground.html" },
      },
    });
    if (values.help) {
      print(USAGE);
      return 0;
    }
    output = values.output;
    if (output === "" || output.endsWith("/")) {
      throw new Error("--output names no file");
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [complaint] = message.split(". To specify");
    printError(`${complaint}\n${USAGE}`);
    return 2;
  }
  try {
    const page = await playgroundPage(environment);
    const cut = output.lastIndexOf("/");
    if (cut > 0) await Deno.mkdir(output.slice(0, cut), { recursive: true });
    await Deno.writeTextFile(output, page);
    print(`built ${output}, ${new TextEncoder().encode(page).length} bytes`);
    return 0;
  } catch (error) {
    if (!(error instanceof BuildError || isSystemError(error))) throw error;
    printError(`error: ${error.message}`);
    return 1;
  }
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function printError(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  const environment: Record<string, string> = {};
  for (const name of BUILD_ENVIRONMENT) {
    const value = Deno.env.get(name);
    if (value !== undefined) environment[name] = value;
  }
  Deno.exitCode = await main(Deno.args, environment);
}
