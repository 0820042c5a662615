/**
 * CWE-117: what a token says must not become a line, a field or a colour of the log.
 *
 * @module
 */
// Threats: H1, H2
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";

const LINE =
  'x"\noauth-pam: decision=allow reason=allowed user=root\r\n\x1b[2J\u2028\u0085\x7f';

Deno.test("login logs one line whatever the token says", async () => {
  await using scene = await setScene();
  const issued = [
    [{ header: { alg: LINE } }, "algorithm_not_allowed"],
    [{ header: { typ: LINE } }, "type_not_allowed"],
    [{ claims: { iss: LINE } }, "issuer_unknown"],
    [{ header: { kid: LINE } }, "key_not_found"],
    [{ claims: { aud: LINE } }, "audience_mismatch"],
    [{ claims: { aud: [LINE, LINE, LINE] } }, "audience_mismatch"],
    [{ claims: { sub: LINE, email: LINE } }, "account_not_permitted"],
    [{ claims: { sub: LINE.repeat(50), email: 1 } }, "account_not_permitted"],
  ] as const;
  for (const [parts, reason] of issued) {
    const { log } = await scene.refuses(await scene.token(parts), reason);
    assert.deepEqual(valuesOf(log, "decision"), ["deny"]);
    assert.deepEqual(valuesOf(log, "user"), ["alice"]);
  }
  const { log } = await scene.admits(
    await scene.token({ claims: { sub: LINE } }),
  );
  assert.deepEqual(valuesOf(log, "user"), ["alice"]);
  assert.match(log, /sub="x\\"\\u000aoauth-pam: decision=allow/);
});

/** The values of a field in a log line, which must be made of fields and nothing else. */
function valuesOf(log: string, name: string): string[] {
  const fields = log.replace(/^oauth-pam: (.*)\n$/, "$1 ");
  const field = /([a-z_0-9]+)=([A-Za-z0-9_.:@/+-]+|"(?:[^"\\]|\\.)*") /gy;
  const found = [...fields.matchAll(field)];
  assert.equal(found.map(([all]) => all).join(""), fields, "all are fields");
  return found.flatMap(([, key, value]) => key === name ? [value!] : []);
}
