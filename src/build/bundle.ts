/**
 * Two minified files out of `src/main.ts`, with the policy inside: one
 * for logins, and one that is loaded when something else is asked for.
 *
 * For the browser platform, because a single `node:` import costs 10 ms at every login.
 *
 * @module
 */

import { runDeno } from "./deno.ts";
import { BuildError } from "./permissions.ts";

/** The literal in `src/pam/host/policy_file.ts` that a build replaces. */
export const MARKER = "@@OAUTH_PAM_EMBEDDED_POLICY@@";

/** What a login finds in place of {@link MARKER}, as JSON. */
interface EmbeddedPolicy {
  /** Of the policy file's bytes, in hex. */
  readonly sha256: string;
  /** The policy as parsed: plain JSON data. */
  readonly policy: unknown;
}

/** Without a policy: a program that reads whichever it is asked about. */
interface BundleOptions extends Partial<EmbeddedPolicy> {
  /** Path of the module to bundle; `src/main.ts` of this checkout unless given. */
  readonly entryPoint?: string;
  /** The caller's environment, of which `deno bundle` gets a few variables. */
  readonly environment: Readonly<Record<string, string>>;
}

const CHECKOUT = decodeURIComponent(
  new URL("../../", import.meta.url).pathname,
);

/** The two files of a bundled program. */
export interface Bundle {
  /** What an ordinary login runs. */
  readonly main: string;
  /**
   * Everything that `main` loads only when it is needed: the verbs for people, other kinds of
   * tokens, the reading of YAML. Merely looking at it would double the time of a login.
   */
  readonly rest: string;
}

/** How `main` finds `rest`: beside itself, whatever the two are called. */
const REST_SUFFIX = ".rest.js";

/** The name of the file that holds a bundle's `rest`, beside its `main`. */
export function restFile(main: string): string {
  return `${main}${REST_SUFFIX}`;
}

/**
 * The bundled source texts. Throws `BuildError` when `deno bundle` fails, when the entry point has
 * no place for the policy, or when a `node:` module would be loaded at every login.
 */
export async function bundleProgram(options: BundleOptions): Promise<Bundle> {
  const entry = options.entryPoint ?? `${CHECKOUT}src/main.ts`;
  const { environment } = options;
  const lazy = await lazyModules(entry, environment);
  const bundled = await bundle(entry, {
    environment,
    external: [...lazy.keys()],
  });
  const { sha256, policy } = options;
  const alone = redirected(bundled, [...lazy.keys()]);
  const main = sha256 === undefined
    ? alone
    : embedPolicy(alone, { sha256, policy });
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-bundle-" });
  try {
    const exports = [...lazy.values()].map((target, index) =>
      `export * as m${index} from ${JSON.stringify(target)};\n`
    );
    await Deno.writeTextFile(
      `${folder}/rest.ts`,
      exports.join("") || "export {};\n",
    );
    const rest = await bundle(`${folder}/rest.ts`, {
      environment,
      external: [],
    });
    return { main, rest };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The packages that the lock file names, and no others; Deno would otherwise add what it lacks. */
const FROZEN = "--frozen";

async function bundle(
  entry: string,
  options: {
    environment: Readonly<Record<string, string>>;
    external: readonly string[];
  },
): Promise<string> {
  const bundled = await runDeno(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--platform=browser",
      "--minify",
      "--config=deno.json",
      FROZEN,
      ...options.external.map((specifier) => `--external=${specifier}`),
      entry,
    ],
    environment: options.environment,
    cwd: CHECKOUT,
  });
  const imported = staticNodeImports(bundled);
  if (imported.length > 0) {
    throw new BuildError(
      `the program would load ${
        imported.join(", ")
      } at every login; import it lazily`,
    );
  }
  return bundled;
}

interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/**
 * What the entry point imports lazily, directly or through what it imports statically: the
 * specifier as written, and the module that it means. Throws `BuildError` where one text means two
 * modules.
 */
async function lazyModules(
  entry: string,
  environment: Readonly<Record<string, string>>,
): Promise<Map<string, string>> {
  const printed = await runDeno(Deno.execPath(), {
    args: ["info", "--json", "--config=deno.json", FROZEN, entry],
    environment,
    cwd: CHECKOUT,
  });
  const { modules, roots } = JSON.parse(printed) as {
    modules: ModuleInfo[];
    roots: string[];
  };
  const bySpecifier = new Map(modules.map((info) => [info.specifier, info]));
  const lazy = new Map<string, string>();
  const reached = new Set<string>();
  const waiting = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    for (const dependency of bySpecifier.get(next)?.dependencies ?? []) {
      const target = dependency.code?.specifier;
      if (target === undefined || target.startsWith("node:")) continue;
      if (dependency.isDynamic !== true) waiting.push(target);
      else if ((lazy.get(dependency.specifier) ?? target) !== target) {
        throw new BuildError(
          `"${dependency.specifier}" means two modules; write one of them differently`,
        );
      } else lazy.set(dependency.specifier, target);
    }
  }
  return lazy;
}

/**
 * `bundled` with every lazy import led to the other file. Its name is made at run time: Deno would
 * otherwise read that file, too, before the first line runs.
 */
function redirected(bundled: string, lazy: readonly string[]): string {
  const used = new Set<number>();
  const text = bundled.replace(
    /\bimport\((["'`])([^"'`]+)\1\)/g,
    (whole, _quote, specifier) => {
      const index = lazy.indexOf(specifier);
      if (index < 0) return whole;
      used.add(index);
      return `__rest().then((rest)=>rest.m${index})`;
    },
  );
  if (used.size !== lazy.length) {
    throw new BuildError(
      "a lazy import is not where it is expected in the bundle",
    );
  }
  return `function __rest(){return import(import.meta.url+${
    JSON.stringify(REST_SUFFIX)
  })}\n${text}`;
}

/**
 * `bundled` with the policy in place of {@link MARKER}, wherever it stands as a whole string
 * literal. Throws `BuildError` when it stands nowhere, or inside a longer string, where the minifier
 * joined it with something and the program could not find the policy.
 */
export function embedPolicy(bundled: string, embedded: EmbeddedPolicy): string {
  const literal = stringLiteral(
    JSON.stringify({ sha256: embedded.sha256, policy: embedded.policy }),
  );
  const places = bundled.match(quotedMarker())?.length ?? 0;
  if (places === 0) {
    throw new BuildError("the program has no place for the policy");
  }
  if (places !== bundled.split(MARKER).length - 1) {
    throw new BuildError("the place for the policy is part of a longer string");
  }
  // A function, because "$&" and the like in a policy would be read as patterns.
  return bundled.replace(quotedMarker(), () => literal);
}

/** The `node:` modules that `bundled` imports statically, that is, at every start. */
export function staticNodeImports(bundled: string): string[] {
  const matches = bundled.matchAll(
    /\b(?:from|import)\s*(["'`])(node:[^"'`]*)\1/g,
  );
  return [...new Set([...matches].map((match) => match[2] ?? ""))].sort();
}

function quotedMarker(): RegExp {
  return new RegExp(`(["'\`])${MARKER}\\1`, "g");
}

/** ASCII only, and no "<": the same text whatever reads the file, and wherever it is shown. */
function stringLiteral(text: string): string {
  return JSON.stringify(text).replace(
    /[<\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
