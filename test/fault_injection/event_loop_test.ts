/**
 * A program whose event loop runs dry ends with the exit code that was set before
 * anything else: the last line of defence, shown by taking the ones before it away.
 *
 * @module
 */
// Threats: F1, G5
import assert from "node:assert/strict";
import { createScene } from "../support/login_scene.ts";
import { PAM_ENVIRONMENT, runProgram } from "../support/program.ts";
import { instrument, nameOf } from "./instrument.ts";

const AWAIT = "await main(Deno.args)";
const EXIT_CODE = "Deno.exitCode = EXIT_CODES.system_err;";

/** Takes a part of `src/main.ts` away, which must be there. */
function without(main: string, part: string, instead: string): string {
  assert.equal(main.split(part).length, 2, `"${part}" is not in main.ts once`);
  return main.replace(part, instead);
}

/** A good token for a program whose login never settles, with nothing else to wait for. */
async function loginForEver(
  edit: (main: string) => string,
): Promise<{ code: number; stdout: string }> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  await using scene = await createScene();
  const awaits = await instrument(folder, edit);
  const login = awaits.find((place) =>
    nameOf(place).startsWith("src/main.ts attempt: login(")
  );
  assert.ok(login);
  const { code, stdout } = await runProgram({
    program: `${folder}/program.js`,
    args: ["login", scene.site.policyFile],
    env: { ...PAM_ENVIRONMENT, FAULT: `${login.id}:never` },
    stdin: await scene.token(),
  });
  await Deno.remove(folder, { recursive: true });
  return { code, stdout };
}

Deno.test("a login that never settles ends in a refusal when the event loop runs dry", async () => {
  const { code, stdout } = await loginForEver((main) => main);
  assert.equal(code, 1);
  assert.equal(stdout, "");
});

Deno.test("even if nobody waited for it, the exit code set at the start refuses", async () => {
  const { code, stdout } = await loginForEver((main) =>
    without(main, AWAIT, "void main(Deno.args)")
  );
  assert.equal(code, 4);
  assert.equal(stdout, "");
});

Deno.test("without that exit code such a login would be a grant: these tests can fail", async () => {
  const { code } = await loginForEver((main) =>
    without(
      without(main, AWAIT, "void main(Deno.args)"),
      EXIT_CODE,
      "void EXIT_CODES;",
    )
  );
  assert.equal(code, 0);
});
