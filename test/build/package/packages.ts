/**
 * Packages of this checkout, made for tests: with the Deno and the denort that can be had here, and hardly
 * compressed.
 *
 * @module
 */
import {
  makePackages,
  type Packages,
} from "../../../src/build/package/main.ts";
import { parseRequest } from "../../../src/build/package/main.ts";
import { buildEnvironment } from "../../support/built_program.ts";

/** What `deno task package` makes with these arguments. */
export function packaged(
  args: readonly string[],
  environment = buildEnvironment,
): Promise<Packages> {
  const words = environment.DENORT_BIN === undefined
    ? ["--without-denort", ...args]
    : args;
  return makePackages(
    parseRequest(["--compression=none", ...words], environment),
    environment,
  );
}

/** What a command prints. Throws with what it says where it does not end with 0. */
export async function printed(
  command: string,
  ...args: string[]
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    env: { LC_ALL: "C.UTF-8", TZ: "UTC" },
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
