/**
 * The golden fixtures: `ok/*.yaml` give no finding at all, `err/*.yaml` give exactly the
 * lines of the `.out` beside them. `UPDATE_FIXTURES=1` (never in CI) rewrites the `.out` files.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parsePolicy, usable } from "../../../src/policy/syntax/parse.ts";
import {
  fixtureNames,
  FIXTURES,
  prettyLines,
} from "../../support/policy_fixtures.ts";

const UPDATE =
  Deno.permissions.querySync({ name: "env", variable: "UPDATE_FIXTURES" })
      .state ===
    "granted" &&
  Deno.env.get("UPDATE_FIXTURES") === "1" && Deno.env.get("CI") === undefined;

for (const name of fixtureNames("ok")) {
  Deno.test(`parsePolicy() finds nothing in ok/${name}`, () => {
    const text = Deno.readTextFileSync(new URL(`ok/${name}`, FIXTURES));
    const parsed = parsePolicy(text, { file: name });
    assert.equal(prettyLines(parsed.diagnostics), "");
    assert.notEqual(usable(parsed), null);
  });
}

for (const name of fixtureNames("err")) {
  Deno.test(`parsePolicy() says what is wrong with err/${name}`, () => {
    const text = Deno.readTextFileSync(new URL(`err/${name}`, FIXTURES));
    const out = new URL(`err/${name.replace(/\.yaml$/, ".out")}`, FIXTURES);
    const parsed = parsePolicy(text, { file: name });
    const actual = prettyLines(parsed.diagnostics);
    if (UPDATE) Deno.writeTextFileSync(out, actual);
    assert.equal(actual, Deno.readTextFileSync(out));
    assert.ok(parsed.diagnostics.length > 0, "an err fixture must err");
    if (name.startsWith("yaml_")) assert.equal(parsed.diagnostics.length, 1);
  });
}

Deno.test("the fixtures have no .out without a .yaml, and are many enough", () => {
  const files = [...Deno.readDirSync(new URL("err/", FIXTURES))].map((
    { name },
  ) => name);
  const stray = files.filter((name) =>
    !name.endsWith(".yaml") && !files.includes(name.replace(/\.out$/, ".yaml"))
  );
  assert.deepEqual(stray, []);
  assert.ok(
    fixtureNames("ok").length >= 12 && fixtureNames("err").length >= 40,
  );
});
