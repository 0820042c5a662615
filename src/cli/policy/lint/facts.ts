/**
 * What `policy lint` knows about a policy beyond its text: who could have written the file, the
 * tests beside it, and the time.
 *
 * @module
 */
import type { Diagnostic } from "../../../policy/diagnostic.ts";
import type { FileFact, LintFacts } from "../../../analysis/lint/context.ts";
import { sidecarTests } from "../../../analysis/lint/sidecar_tests.ts";
import type { CliIo } from "../../io.ts";
import { readTestFiles } from "../../input.ts";

interface FactsOptions {
  /** The name under which standard input is reported. */
  readonly stdinName: string | undefined;
  /** Look at owner and mode wherever the file lies. */
  readonly installed: boolean;
}

/** Collects the facts about one policy. Never throws: what cannot be looked at is said. */
export async function factsOf(
  path: string,
  io: CliIo,
  options: FactsOptions,
): Promise<
  {
    facts: LintFacts;
    diagnostics: readonly Diagnostic[];
    texts: ReadonlyMap<string, string>;
  }
> {
  const beside = path === "-" ? options.stdinName ?? "-" : path;
  const tests = await readTestFiles(beside, io);
  const installed = path !== "-" &&
    (options.installed || path.startsWith("/etc/"));
  const components = installed ? await componentsOf(path, io) : undefined;
  return {
    facts: {
      now: Math.floor(io.now() / 1000),
      sidecarTests: sidecarTests(tests),
      ...(components === undefined ? {} : { components }),
    },
    diagnostics: tests.diagnostics,
    texts: tests.texts,
  };
}

/** The file and every folder above it, as a login looks at them. */
async function componentsOf(
  path: string,
  io: CliIo,
): Promise<FileFact[] | undefined> {
  try {
    const absolute = path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
    const steps = absolute.split("/").filter((step) =>
      step !== "" && step !== "."
    );
    const paths = [
      "/",
      ...steps.map((_, index) => `/${steps.slice(0, index + 1).join("/")}`),
    ];
    return await Promise.all(paths.map(async (component) => {
      const info = await Deno.lstat(component);
      return {
        path: component,
        kind: info.isSymlink
          ? "symlink"
          : info.isDirectory
          ? "directory"
          : "file",
        uid: info.uid ?? 0,
        mode: (info.mode ?? 0) & 0o7777,
      };
    }));
  } catch (error) {
    // a file that is not there is a finding already
    if (!(error instanceof Deno.errors.NotFound)) {
      const why = error instanceof Error ? error.message : String(error);
      io.stderr(
        `oauth-pam: owner and mode of "${path}" were not looked at: ${why}\n`,
      );
    }
    return undefined;
  }
}
