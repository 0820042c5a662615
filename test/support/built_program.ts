/**
 * The program, built for a policy with exactly the permissions that it ships with.
 *
 * @module
 */
import { BUILD_ENVIRONMENT } from "../../src/build/deno.ts";
import { build } from "../../src/build/main.ts";
import { bundleOnce } from "./bundle_once.ts";

/** What `deno task build` sees of this process's environment. */
export const buildEnvironment: Readonly<Record<string, string>> = Object
  .fromEntries(
    BUILD_ENVIRONMENT.flatMap((name) => {
      const value = Deno.env.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );

export type BuildKind = "runtime" | "compiled";

/** The builds that can be made here: compiling needs a `denort`, see `.ci/run`. */
export const BUILD_KINDS: readonly BuildKind[] =
  buildEnvironment.DENORT_BIN === undefined
    ? ["runtime"]
    : ["runtime", "compiled"];

/** Builds the program for the policy at `policy` into the file `output`. */
export async function buildProgram(
  options: { policy: string; output: string; kind: BuildKind },
): Promise<void> {
  const errors: string[] = [];
  const flags = options.kind === "runtime" ? ["--runtime"] : [];
  const args = [options.policy, ...flags, "--output", options.output];
  const code = await build(args, {
    environment: buildEnvironment,
    bundle: bundleOnce,
    print: () => {},
    printError: (line) => errors.push(line),
  });
  if (code !== 0) {
    throw new Error(`the build ended with ${code}:\n${errors.join("\n")}`);
  }
}
