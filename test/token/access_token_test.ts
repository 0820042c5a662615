/**
 * A token does not print itself, whoever tries.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Console } from "node:console";
import { Writable } from "node:stream";
import { inspect } from "node:util";
import { AccessToken } from "../../src/token/access_token.ts";

const SECRET = "eyJhbGciOiJub25lIn0.e30.c2VjcmV0";

Deno.test("AccessToken gives its characters to reveal() alone", () => {
  const token = new AccessToken(SECRET);
  assert.equal(token.reveal(), SECRET);
  assert.equal(token.length, SECRET.length);
  for (
    const shown of [
      String(token),
      `${token}`,
      "" + token,
      token.toString(),
      token.toJSON(),
      JSON.stringify(token),
      JSON.stringify({ token, list: [token] }),
      Deno.inspect(token),
      Deno.inspect({ token }, { depth: 9, showHidden: true }),
      Deno.inspect([token], { getters: true }),
      inspect(token, { showHidden: true, customInspect: false }),
      inspect({ token }),
      String([token]),
      String(new Error(`bad ${token}`)),
      JSON.stringify(Object.entries(token)),
      JSON.stringify(structuredClone({ ...token })),
      Object.getOwnPropertyNames(token).join(),
      JSON.stringify(Object.getOwnPropertyDescriptors(token)),
    ]
  ) {
    assert.ok(!shown.includes(SECRET.slice(0, 8)), shown);
    assert.ok(!shown.includes("c2VjcmV0"), shown);
  }
});

Deno.test("AccessToken shows a placeholder on a console", () => {
  const token = new AccessToken(SECRET);
  let written = "";
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written += chunk;
      done();
    },
  });
  const terminal = new Console({ stdout: stream, stderr: stream });
  terminal.log(token, { token }, `${token}`);
  terminal.log("%s %o %O %j", token, token, token, token);
  terminal.error(new Error("refused", { cause: token }));
  terminal.dir(token, { showHidden: true });
  terminal.table([{ token }]);
  assert.ok(written.includes("[token]"), written);
  assert.ok(!written.includes(SECRET.slice(0, 8)), written);
  assert.ok(!written.includes("c2VjcmV0"), written);
});
