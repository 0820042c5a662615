/**
 * The program as `deno task build` bundles it, made once for all tests of a run: bundling takes seconds, and
 * a policy is put into what comes out of it. Tests of the bundling itself do not use this.
 *
 * @module
 */
import {
  type Bundle,
  type BundleOptions,
  bundleProgram,
  withPolicy,
} from "../../src/build/bundle.ts";
import { sha256Hex } from "../../src/files/state_directory.ts";

/** `deno task test` makes this folder, and takes it away; without it each file of tests bundles anew. */
const FOLDER = "OAUTH_PAM_TEST_BUNDLES";

const known = new Map<boolean, Promise<Bundle>>();

/** As `bundleProgram()`, of this checkout. */
export async function bundleOnce(options: BundleOptions): Promise<Bundle> {
  const { entryPoint, keys = false, environment, sha256, policy } = options;
  if (entryPoint !== undefined) return await bundleProgram(options);
  const making = known.get(keys) ?? shared({ keys, environment });
  known.set(keys, making);
  const bundle = await making;
  return sha256 === undefined
    ? bundle
    : await withPolicy(bundle, { sha256, policy });
}

/** What another file of tests left in the folder, or is about to. */
async function shared(
  options: Pick<BundleOptions, "environment"> & { keys: boolean },
): Promise<Bundle> {
  const folder = Deno.env.get(FOLDER);
  if (folder === undefined) return await bundleProgram(options);
  // a copy of the checkout that runs its own tests has other sources
  const name = await sha256Hex(`${import.meta.url} ${options.keys}`);
  using lock = await Deno.open(`${folder}/${name}.lock`, {
    create: true,
    write: true,
  });
  await lock.lock(true);
  const path = `${folder}/${name}.json`;
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const bundle = await bundleProgram(options);
  await Deno.writeTextFile(path, JSON.stringify(bundle));
  return bundle;
}
