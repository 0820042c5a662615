/**
 * From the package's parts and a policy to the program that logins run. Without the network: all of it
 * lies on the host.
 *
 * @module
 */
import { type Bundle, withPolicy } from "../../build/bundle.ts";
import {
  type Built,
  compileProgram,
  NURSERY,
  replaceText,
  writeRuntimeProgram,
} from "../../build/compile.ts";
import { privateFolder } from "../../build/places.ts";
import {
  BuildError,
  codeDirectory,
  permissionNeeds,
} from "../../build/permissions.ts";
import { sha256Hex } from "../../files/state_directory.ts";
import type { Policy } from "../../policy/model.ts";
import { PARTS, PROGRAM, STATE } from "../../lib/installed.ts";
import { type InstalledHost, requireTrusted } from "./host.ts";
import { type Form, RECORD, recordText } from "./record.ts";

interface ToApply {
  readonly host: InstalledHost;
  /** Without a policy. */
  readonly bundle: Bundle;
  readonly policy: Policy;
  /** Absolute, as the host knows it. */
  readonly policyPath: string;
  readonly policyBytes: Uint8Array<ArrayBuffer>;
  readonly form: Form;
  /** Of oauth-pam. */
  readonly version: string;
}

/**
 * Writes the program, which answers before it takes the place of the old one, and the record about it.
 * Throws `BuildError` or `InputError`; then the old program is there as before.
 */
export async function writeProgram(options: ToApply): Promise<Built> {
  const { host, bundle, policy, policyBytes, form, version } = options;
  const sha256 = await sha256Hex(policyBytes);
  await makeState(host);
  // of another one that runs at the same time: each would take away what the other still writes
  using lock = await Deno.open(host.at(`${STATE}/.lock`), {
    create: true,
    write: true,
    mode: 0o600,
  });
  await lock.lock(true);
  await sweep(host);
  const before = await namedBy(host);
  const folder = await privateFolder("oauth-pam-apply-");
  try {
    const common = {
      bundle: await withPolicy(bundle, { sha256, policy }),
      needs: permissionNeeds(policy),
      output: host.at(PROGRAM),
      deno: host.at(PARTS.deno),
      environment: {
        HOME: folder,
        DENO_DIR: `${folder}/deno`,
        DENORT_BIN: host.at(PARTS.denort),
      },
    };
    if (form === "compiled") {
      requireTrusted(
        host.at(PARTS.denort),
        "what compiled programs begin with",
      );
    }
    const built = form === "compiled"
      ? await compileProgram({
        ...common,
        prove: (fresh) => prove(fresh, version),
      })
      : await writeRuntimeProgram({
        ...common,
        prefix: STATE,
        installedDeno: PARTS.deno,
        // its paths are those of the host: below another root it cannot run here
        ...(host.isThisOne
          ? { prove: (fresh: string) => prove(fresh, version) }
          : {}),
      });
    await replaceText(host.at(RECORD), {
      text: recordText({
        version,
        deno: built.denoVersion,
        form,
        policy: options.policyPath,
        policySha256: sha256,
        programSha256: await sha256Hex(await Deno.readFile(host.at(PROGRAM))),
        flags: built.flags,
      }),
      mode: 0o644,
    });
    // a login that has begun still reads those of the program that was there
    await sweep(host, [...before, ...await namedBy(host)]);
    await sweepCode(policy, { host, code: built.code });
    if (built.code !== null && host.isThisOne) await warm(options.policyPath);
    return built;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function makeState(host: InstalledHost): Promise<void> {
  const path = host.at(STATE);
  try {
    await Deno.mkdir(path, { mode: 0o755 });
    await Deno.chmod(path, 0o755);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  requireTrusted(path, "where the program is written");
}

const PROVE_MS = 60_000;

/** A program that does not start on this host would lock everybody out. */
async function prove(fresh: string, version: string): Promise<void> {
  let answer = "it does not start";
  try {
    const { stdout, stderr } = await new Deno.Command(fresh, {
      args: ["--version"],
      cwd: "/",
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(PROVE_MS),
    }).output();
    const decoder = new TextDecoder();
    const text = decoder.decode(stdout);
    if (text.startsWith(`oauth-pam ${version} (`)) return;
    answer = `it says ${
      JSON.stringify((text + decoder.decode(stderr)).trim().slice(0, 500))
    }`;
  } catch {
    // as said
  }
  throw new BuildError(
    `the new program was tried and is not used: ${answer}`,
  );
}

/**
 * Fills the code cache and has it tidied, so that not even the first login waits for that: asked how a login
 * ended of which it is told nothing, the program refuses, and logs nothing.
 */
async function warm(policyPath: string): Promise<void> {
  const ask = () =>
    new Deno.Command(PROGRAM, {
      args: ["outcome", policyPath],
      cwd: "/",
      clearEnv: true,
      stdin: "null",
      stdout: "null",
      stderr: "null",
      signal: AbortSignal.timeout(PROVE_MS),
    }).output();
  try {
    await ask();
    // what the first has added, the wrapper tidies before the second
    await ask();
  } catch {
    // logins fill it, too
  }
}

/** The names in the state folder that the program there needs beside itself. */
async function namedBy(host: InstalledHost): Promise<string[]> {
  try {
    const head = new Uint8Array(16 * 1024);
    using file = await Deno.open(host.at(PROGRAM));
    const length = await file.read(head) ?? 0;
    const text = new TextDecoder().decode(head.subarray(0, length));
    return [...text.matchAll(/\blogin\.[0-9a-f]{32}\.js/g)]
      .map(([name]) => name);
  } catch {
    return [];
  }
}

/** Removes what others have left: new files of one that was killed, and bundles that nothing names. */
async function sweep(
  host: InstalledHost,
  named?: readonly string[],
): Promise<void> {
  for await (const { name } of Deno.readDir(host.at(STATE))) {
    const [bundle] = /^login\.[0-9a-f]{32}\.js/.exec(name) ?? [];
    const old = bundle !== undefined && named !== undefined &&
      !named.includes(bundle);
    if (!old && !name.startsWith(NURSERY)) continue;
    await Deno.remove(host.at(`${STATE}/${name}`), { recursive: true });
  }
}

/** Removes code caches of earlier programs, which nothing reads again. */
async function sweepCode(
  policy: Policy,
  { host, code }: { host: InstalledHost; code: string | null },
): Promise<void> {
  const folder = host.at(codeDirectory(policy.cache.directory));
  try {
    requireTrusted(folder, "the code cache");
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (name === code || !isDirectory || !/^[0-9a-f]{32}$/.test(name)) {
        continue;
      }
      await Deno.remove(`${folder}/${name}`, { recursive: true });
    }
  } catch {
    // there is none, or it is not used: the wrapper looks at it, too
  }
}
