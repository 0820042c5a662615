/**
 * Minified files out of `src/main.ts`, with the policy inside: one for logins, one that is loaded when an
 * issuer is asked, one for everything else, and where the policy takes certificates one for what sshd asks.
 *
 * For the browser platform, because a single `node:` import costs 10 ms at every login.
 *
 * @module
 */

import {
  ISSUER_SUFFIX,
  issuerFile,
  KEYS_SUFFIX,
  keysFile,
  policyFile,
  REST_SUFFIX,
  restFile,
} from "../lib/bundle_files.ts";
import { sha256Hex } from "../files/state_directory.ts";
import { lean } from "../policy/lean.ts";
import type { Policy } from "../policy/model.ts";
import { runDeno } from "./deno.ts";
import { BuildError } from "./permissions.ts";
import { privateFolder } from "./places.ts";

/**
 * The literal in `src/pam/host/parsed_policy.ts` that a build replaces. Put together at run time: this
 * text itself, which is in a bundle as well, must stay.
 */
export const MARKER = ["@@OAUTH_PAM", "EMBEDDED", "POLICY@@"].join("_");

interface ParsedPolicy {
  /** Of the policy file's bytes, in hex. */
  readonly sha256: string;
  /** The policy as parsed: plain JSON data. */
  readonly policy: unknown;
}

/** What a login finds in place of {@link MARKER}, as JSON. */
interface EmbeddedPolicy extends ParsedPolicy {
  /** SHA-256 of the bundle without a policy, in hex: for which program it was parsed. */
  readonly program: string;
}

/** What it finds where the policy lies in a file beside the program. */
interface PolicyBeside extends Omit<EmbeddedPolicy, "policy"> {
  /** SHA-256 of the file that holds an {@link EmbeddedPolicy} as JSON, its policy {@link lean}, in hex. */
  readonly digest: string;
  /** What the name of the bundle's file that says so has after that of `main`. */
  readonly suffix: string;
}

/** Characters of JSON up to which a policy is a part of the program: reading that grows with them. */
const MAX_LITERAL = 16 * 1024;

/** Without a policy: a program that reads whichever it is asked about. */
export interface BundleOptions extends Partial<ParsedPolicy> {
  /** Path of the module to bundle; `src/main.ts` of this checkout unless given. */
  readonly entryPoint?: string;
  /** Whether sshd asks about keys: what answers it has a file of its own then. */
  readonly keys?: boolean;
  /** The caller's environment, of which `deno bundle` gets a few variables. */
  readonly environment: Readonly<Record<string, string>>;
}

const CHECKOUT = decodeURIComponent(
  new URL("../../", import.meta.url).pathname,
);

/** The files of a bundled program. */
export interface Bundle {
  /** What an ordinary login runs. */
  readonly main: string;
  /**
   * What runs when sshd asks about a key: a program of its own, which `main` can load as well. `null`
   * where that is a part of `rest`.
   */
  readonly keys?: string | null;
  /**
   * What is loaded when an issuer is asked, as for new keys: small, because people wait for it. Also what tidies
   * the code cache.
   */
  readonly issuer: string;
  /**
   * Everything else that is loaded only when it is needed: the verbs for people, other kinds of
   * tokens, the reading of YAML. Merely looking at it would double the time of a login.
   */
  readonly rest: string;
  /** The parsed policy where it is large, {@link lean}, as JSON: the bundle names the digest of this text. */
  readonly policy?: string | null;
  /** Of the file of the policy that it is for, in hex; none where it reads whichever it is asked about. */
  readonly policySha256?: string;
}

/** The address of `main`, in `keys`. */
const FROM_KEYS = `import.meta.url.slice(0,-${KEYS_SUFFIX.length})`;

/** The files of a bundle by their names, the one to run last. */
export function bundleFiles(main: string, bundle: Bundle): [string, string][] {
  return [
    ...(bundle.policy
      ? [[policyFile(main), bundle.policy] as [string, string]]
      : []),
    [restFile(main), bundle.rest],
    [issuerFile(main), bundle.issuer],
    ...(bundle.keys ? [[keysFile(main), bundle.keys] as [string, string]] : []),
    [main, bundle.main],
  ];
}

/** Has a file of its own, with everything that it imports. */
const KEYS_MODULE = "/src/keys.ts";

/**
 * What is loaded lazily from this folder has a file of its own. So has, in the same, what older runtimes lack
 * when sshd asks, and what tidies the code cache: with them in `rest` each would read ten times as much.
 */
const ISSUER_FOLDER = new URL("../issuer/", import.meta.url).href;
const FOR_OLDER_RUNTIMES = "npm:/@noble/hashes@";
const TIDYING = new URL("../pam/code_cache.ts", import.meta.url).href;

/**
 * The bundled source texts. Throws `BuildError` when `deno bundle` fails, when the entry point has
 * no place for the policy, or when a `node:` module would be loaded at every login.
 */
export async function bundleProgram(options: BundleOptions): Promise<Bundle> {
  const entry = options.entryPoint ?? `${CHECKOUT}src/main.ts`;
  const { environment } = options;
  const graph = await moduleGraph(entry, environment);
  const lazy = lazyModules(graph.root, graph);
  const keysModule = options.keys === true
    ? [...lazy.values()].find((target) => target.endsWith(KEYS_MODULE))
    : undefined;
  const lazyOfKeys: Map<string, string> = keysModule === undefined
    ? new Map()
    : lazyModules(keysModule, graph);
  const others = [...new Set([...lazy.values(), ...lazyOfKeys.values()])]
    .filter((target) => target !== keysModule);
  const issuer = others.filter((target) =>
    target.startsWith(ISSUER_FOLDER) ||
    target.startsWith(FOR_OLDER_RUNTIMES) || target === TIDYING
  );
  const rest = others.filter((target) => !issuer.includes(target));
  const place = (target: string) => {
    const [file, modules] = issuer.includes(target)
      ? ["__issuer", issuer]
      : ["__rest", rest];
    const index = modules.indexOf(target);
    return index < 0 ? "__keys()" : `${file}().then((file)=>file.m${index})`;
  };
  const { sha256, policy: parsed } = options;
  const main = await bundle(entry, { environment, external: lazy.keys() });
  const keys = keysModule === undefined ? null : await bundle(keysModule, {
    environment,
    external: lazyOfKeys.keys(),
  });
  const folder = await privateFolder("oauth-pam-bundle-");
  try {
    const together = async (modules: readonly string[]) => {
      const exports = modules.map((target, index) =>
        `export * as m${index} from ${JSON.stringify(target)};\n`
      );
      const path = `${folder}/together.ts`;
      await Deno.writeTextFile(path, exports.join("") || "export {};\n");
      return await bundle(path, { environment, external: [] });
    };
    const bundled = {
      main: loader("__rest", REST_SUFFIX) +
        loader("__issuer", ISSUER_SUFFIX) +
        (keys === null ? "" : loader("__keys", KEYS_SUFFIX)) +
        redirected(main, { lazy, place }),
      keys: keys === null ? null : loader("__rest", REST_SUFFIX, FROM_KEYS) +
        loader("__issuer", ISSUER_SUFFIX, FROM_KEYS) +
        redirected(keys, { lazy: lazyOfKeys, place }),
      issuer: await together(issuer),
      rest: await together(rest),
    };
    return sha256 === undefined
      ? bundled
      : await withPolicy(bundled, { sha256, policy: parsed });
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
    external: Iterable<string>;
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
      ...[...options.external].map((specifier) => `--external=${specifier}`),
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

/** The text of one module with everything that it imports, and no `node:` module. Throws `BuildError`. */
export function bundleModule(
  entry: string,
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  return bundle(entry, { environment, external: [] });
}

interface ModuleInfo {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

interface ModuleGraph {
  readonly root: string;
  readonly modules: ReadonlyMap<string, ModuleInfo>;
}

/** All modules that the entry point may come to load. */
async function moduleGraph(
  entry: string,
  environment: Readonly<Record<string, string>>,
): Promise<ModuleGraph> {
  const printed = await runDeno(Deno.execPath(), {
    args: ["info", "--json", "--config=deno.json", FROZEN, entry],
    environment,
    cwd: CHECKOUT,
  });
  const { modules, roots: [root = ""] } = JSON.parse(printed) as {
    modules: ModuleInfo[];
    roots: string[];
  };
  return {
    root,
    modules: new Map(modules.map((info) => [info.specifier, info])),
  };
}

/**
 * What a module imports lazily, directly or through what it imports statically: the specifier as
 * written, and the module that it means. Throws `BuildError` where one text means two modules.
 */
function lazyModules(
  root: string,
  { modules }: ModuleGraph,
): Map<string, string> {
  const lazy = new Map<string, string>();
  const reached = new Set<string>();
  const waiting = [root];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    for (const dependency of modules.get(next)?.dependencies ?? []) {
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
 * Where the other files lie. Their names are made at run time: Deno would otherwise read those files,
 * too, before the first line runs.
 */
function loader(name: string, suffix: string, base = "import.meta.url") {
  return `function ${name}(){return import(${base}+${
    JSON.stringify(suffix)
  })}\n`;
}

/** `bundled` with every lazy import led to the file that has it, as `place` says of its module. */
function redirected(
  bundled: string,
  { lazy, place }: {
    lazy: ReadonlyMap<string, string>;
    place: (target: string) => string;
  },
): string {
  const text = bundled.replace(
    /\bimport\((["'`])([^"'`]+)\1\)/g,
    (whole, _quote, specifier) => {
      const target = lazy.get(specifier);
      return target === undefined ? whole : place(target);
    },
  );
  // written in another way; what nobody calls is not there at all
  const left = [...lazy.keys()].filter((specifier) =>
    ['"', "'", "`"].some((quote) => text.includes(quote + specifier + quote))
  );
  if (left.length > 0) {
    throw new BuildError(
      "a lazy import is not where it is expected in the bundle",
    );
  }
  return text;
}

/**
 * The bundle for one policy: that is inside, or where it is large in a file of its own. Throws like
 * {@link embedPolicy}.
 */
export async function withPolicy(
  bundle: Bundle,
  { sha256, policy }: ParsedPolicy,
): Promise<Bundle> {
  const { main, keys, issuer, rest } = bundle;
  const program = await sha256Hex(JSON.stringify([main, keys, issuer, rest]));
  const embedded = { sha256, policy, program };
  const text = asciiJson(embedded).length > MAX_LITERAL
    ? asciiJson({ ...embedded, policy: lean(policy as Policy) })
    : null;
  const digest = text === null ? null : await sha256Hex(text);
  const put = (bundled: string, suffix: string) =>
    embedPolicy(
      bundled,
      digest === null ? embedded : { sha256, digest, suffix, program },
    );
  return {
    ...bundle,
    main: put(main, ""),
    keys: keys ? put(keys, KEYS_SUFFIX) : null,
    // for the steps of a sign-in; another program's may know nothing of policies
    rest: quotedMarker().test(rest) ? put(rest, REST_SUFFIX) : rest,
    policy: text,
    policySha256: sha256,
  };
}

/**
 * `bundled` with the policy in place of {@link MARKER}, wherever it stands as a whole string
 * literal. Throws `BuildError` when it stands nowhere, or inside a longer string, where the minifier
 * joined it with something and the program could not find the policy.
 */
export function embedPolicy(
  bundled: string,
  embedded: EmbeddedPolicy | PolicyBeside,
): string {
  const literal = asciiJson(JSON.stringify(embedded));
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
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
