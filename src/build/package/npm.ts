/**
 * What is in the bundle and beside it that others wrote: the packages that `deno.lock` names, with the
 * licences that they bring along.
 *
 * @module
 */
import { runDeno } from "../deno.ts";
import { BuildError } from "../permissions.ts";

/** A package of the lock file. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-512 of its archive in hex, as the lock file has it. */
  readonly sha512: string;
  /** SPDX, such as "MIT". */
  readonly license: string;
  /** The lines that name whose it is. */
  readonly copyright: readonly string[];
  /** The licence without those lines and without a heading. */
  readonly licenseText: string;
  /** Of {@link Brought.bundled}, as `name@version`. */
  readonly dependencies: readonly string[];
}

/** What a package of ours brings along. */
interface Brought {
  /** In the bundled program. */
  readonly bundled: readonly NpmPackage[];
  /** The Deno of the lock file, and where it lies once `deno install` has fetched it. */
  readonly deno: { readonly version: string; readonly path: string };
}

interface PackageInfo {
  readonly name: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  readonly localPath: string;
}

interface Graph {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<Record<string, PackageInfo>>;
}

type Lock = {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
};

const CHECKOUT = decodeURIComponent(
  new URL("../../../", import.meta.url).pathname,
);

/** In the lock file, so that what is packed has a checksum there; it brings nothing but the program. */
const DENO = "@deno/linux-x64-glibc@";

/** Reads all this from the lock file and from Deno's cache. Throws `BuildError` where one has no licence. */
export async function broughtPackages(
  environment: Readonly<Record<string, string>>,
): Promise<Brought> {
  const lock: Lock = JSON.parse(
    await Deno.readTextFile(`${CHECKOUT}deno.lock`),
  );
  const { modules, npmPackages } = JSON.parse(
    await runDeno(Deno.execPath(), {
      args: [
        "info",
        "--json",
        "--config=deno.json",
        "--frozen",
        "src/main.ts",
      ],
      environment,
      cwd: CHECKOUT,
    }),
  ) as Graph;
  const keys = [...new Set(modules.flatMap((one) => one.npmPackage ?? []))];
  const info = (key: string) => {
    const found = npmPackages[key];
    if (found === undefined) throw new BuildError(`there is no package ${key}`);
    return found;
  };
  const bundledKeys = new Set(keys);
  const read = (key: string) =>
    npmPackage(key, info(key), { lock, npmPackages, bundledKeys });
  const deno = Object.keys(lock.npm).find((key) => key.startsWith(DENO)) ?? "";
  return {
    bundled: await Promise.all(keys.sort().map(read)),
    deno: {
      version: deno.slice(DENO.length),
      path: `${info(deno).localPath}/deno`,
    },
  };
}

async function npmPackage(
  key: string,
  { name, version, localPath, dependencies }: PackageInfo,
  { lock, npmPackages, bundledKeys }: {
    readonly lock: Lock;
    readonly npmPackages: Graph["npmPackages"];
    readonly bundledKeys: ReadonlySet<string>;
  },
): Promise<NpmPackage> {
  const integrity = lock.npm[key]?.integrity ?? "";
  if (!integrity.startsWith("sha512-")) {
    throw new BuildError(`deno.lock has no checksum of ${key}`);
  }
  const { license } = JSON.parse(
    await Deno.readTextFile(`${localPath}/package.json`),
  );
  return {
    name,
    version,
    sha512: atob(integrity.slice("sha512-".length)).replace(
      /[\s\S]/g,
      (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"),
    ),
    license,
    ...licenseParts(await licenseFile(localPath, key)),
    dependencies: dependencies.filter((each) => bundledKeys.has(each))
      .map((each) => `${npmPackages[each]?.name}@${npmPackages[each]?.version}`)
      .sort(),
  };
}

async function licenseFile(folder: string, key: string): Promise<string> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!/^licen[cs]e(?:\.(?:md|txt))?$/i.test(name)) continue;
    return await Deno.readTextFile(`${folder}/${name}`);
  }
  throw new BuildError(`${key} has no file with its licence`);
}

/** A licence file: whose it is, and what it grants. */
export function licenseParts(
  text: string,
): Pick<NpmPackage, "copyright" | "licenseText"> {
  const lines = text.replaceAll("\r", "").split("\n").map((line) =>
    line.trim()
  );
  const copyright = lines.filter((line) => /^copyright\b/i.test(line))
    .map((line) => line.replace(/^copyright\s+(?:\(c\)\s+)?/i, ""));
  const rest = lines.filter((line) =>
    !/^copyright\b/i.test(line) &&
    !/^(?:# )?(?:The )?\w+ License(?: \(\w+\))?$/i.test(line)
  );
  if (copyright.length === 0) {
    throw new BuildError("a licence does not say whose it is");
  }
  return {
    copyright,
    licenseText: rest.join("\n").replace(/\n{3,}/g, "\n\n").trim(),
  };
}
