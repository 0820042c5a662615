/**
 * What the program says about itself.
 *
 * @module
 */
// Threats: J2
import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { cli } from "../support/cli.ts";

Deno.test("--version names what a flaw would be looked up by: the program, the runtime, and jose", async () => {
  const { code, stdout } = await cli(["--version"]);
  assert.equal(code, 0);
  const [, jose] = config.imports["@panva/jose"].split("jose@");
  assert.match(String(jose), /^\d+\.\d+\.\d+$/);
  assert.equal(
    stdout,
    `oauth-pam ${config.version} (deno ${Deno.version.deno}, jose ${jose})\n`,
  );
});
