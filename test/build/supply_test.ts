/**
 * What goes into a program: the packages that the lock file names, and no others. That their
 * bytes are those of the lock file is Deno's to check, when it fetches them.
 *
 * @module
 */
// Threats: J1
import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { issuerFile, restFile } from "../../src/lib/bundle_files.ts";
import { buildEnvironment, buildProgram } from "../support/built_program.ts";
import { POLICY } from "../support/check.ts";

const CHECKOUT = decodeURIComponent(
  new URL("../../", import.meta.url).pathname,
);

interface Checkout extends AsyncDisposable {
  readonly folder: string;
  build(): Promise<{ code: number; err: string }>;
}

/** A checkout of the program alone, with another lock file. */
async function checkoutWith(
  change: (lock: string) => string,
): Promise<Checkout> {
  const folder = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "oauth-pam-supply-" }),
  );
  const copied = await new Deno.Command("cp", {
    args: ["-r", `${CHECKOUT}src`, `${CHECKOUT}deno.json`, folder],
  }).output();
  assert.ok(copied.success);
  const lock = await Deno.readTextFile(`${CHECKOUT}deno.lock`);
  await Deno.writeTextFile(`${folder}/deno.lock`, change(lock));
  await Deno.writeTextFile(`${folder}/policy.yaml`, POLICY);
  return {
    folder,
    async build() {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "-A", "--no-lock", "src/build/main.ts", "policy.yaml"],
          ...["--runtime", "--output", `${folder}/dist/oauth-pam`],
        ],
        cwd: folder,
        env: { ...buildEnvironment, NO_COLOR: "1" },
      }).output();
      return { code, err: new TextDecoder().decode(stderr) };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("two builds of one policy hold the same bytes", async () => {
  await using checkout = await checkoutWith((lock) => lock);
  const policy = `${checkout.folder}/policy.yaml`;
  const texts = [];
  for (const name of ["first", "second"]) {
    const output = `${checkout.folder}/${name}`;
    await buildProgram({ policy, output, kind: "runtime" });
    texts.push([
      await Deno.readTextFile(`${output}.js`),
      await Deno.readTextFile(issuerFile(`${output}.js`)),
      await Deno.readTextFile(restFile(`${output}.js`)),
    ]);
  }
  assert.deepEqual(texts[0], texts[1]);
});

Deno.test("a build takes no package that the lock file does not name", async () => {
  const { "@panva/jose": jose } = config.imports;
  await using checkout = await checkoutWith((lock) => {
    const { specifiers, ...rest } = JSON.parse(lock);
    assert.ok(delete specifiers[jose]);
    return JSON.stringify({ ...rest, specifiers });
  });
  const { code, err } = await checkout.build();
  assert.equal(code, 1, err);
  assert.match(err, /lockfile is out of date/);
  await assert.rejects(Deno.stat(`${checkout.folder}/dist/oauth-pam`));
});
