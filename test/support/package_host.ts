/**
 * What a package puts on a host, without a package: for tests of what is done with it there.
 *
 * @module
 */
import { type Bundle, bundleFiles } from "../../src/build/bundle.ts";
import { peopleWrapper } from "../../src/build/people_wrapper.ts";
import { buildEnvironment } from "./built_program.ts";
import { bundleOnce } from "./bundle_once.ts";
import { readExample, replaceAll } from "./pam.ts";

/** The program without a policy. */
export function packagedProgram(): Promise<Bundle> {
  return bundleOnce({ environment: buildEnvironment, keys: true });
}

export interface PackageParts {
  readonly deno: string;
  /** Without it the package cannot compile. */
  readonly denort?: string | undefined;
}

/** The Deno that compiles here, and what it compiles with; without the latter where there is none. */
export const PAIR: PackageParts = {
  deno: buildEnvironment.DENO_FOR_COMPILE ?? Deno.execPath(),
  denort: buildEnvironment.DENORT_BIN,
};

/** The Deno that runs the tests, alone. */
export const RUNTIME: PackageParts = { deno: Deno.execPath() };

/** Puts the package's files below `root`. */
export async function installParts(
  root: string,
  { deno, denort }: PackageParts,
): Promise<void> {
  for (
    const folder of [
      ...["/usr/lib/oauth-pam", "/usr/libexec/oauth-pam", "/usr/bin"],
      ...["/etc/oauth-pam", "/var/lib", "/var/cache"],
    ]
  ) await Deno.mkdir(root + folder, { recursive: true });
  const lib = `${root}/usr/lib/oauth-pam`;
  await Deno.copyFile(deno, `${lib}/deno`);
  await Deno.chmod(`${lib}/deno`, 0o755);
  if (denort !== undefined) {
    await Deno.copyFile(denort, `${lib}/denort`);
    await Deno.chmod(`${lib}/denort`, 0o755);
  }
  for (
    const [path, text] of bundleFiles(
      `${lib}/login.js`,
      await packagedProgram(),
    )
  ) await Deno.writeTextFile(path, text);
  await writeScript(
    `${root}/usr/bin/oauth-pam`,
    peopleWrapper({
      deno: "/usr/lib/oauth-pam/deno",
      bundle: "/usr/lib/oauth-pam/login.js",
    }),
  );
  for (const name of ["oauth-pam-launch", "oauth-pam-ssh-keys"]) {
    await writeScript(
      `${root}/usr/libexec/oauth-pam/${name}`,
      replaceAll(await readExample(name), {
        "program=/usr/libexec/oauth-pam/oauth-pam\n":
          "program=/var/lib/oauth-pam/login\n",
      }),
    );
  }
}

async function writeScript(path: string, text: string): Promise<void> {
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, 0o755);
}
