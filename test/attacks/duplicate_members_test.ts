/**
 * RFC 7515 section 4, RFC 7519 section 4: two readers could see two tokens.
 *
 * @module
 */
// Threats: A8
import { setScene, withMember } from "../support/attack.ts";

const HEADER = '"alg":"ES256","typ":"JWT","kid":"k1"';

Deno.test("login refuses a header member that is there twice", async () => {
  await using scene = await setScene();
  for (
    const header of [
      `{${HEADER},"alg":"none"}`,
      `{"alg":"none",${HEADER}}`,
      `{${HEADER},"alg":"ES256"}`,
      `{${HEADER},"\\u0061lg":"none"}`,
      `{${HEADER},"jwk":{"x":1,"x":2}}`,
      `{${HEADER},"__proto__":{},"__proto__":{}}`,
    ]
  ) await scene.refusesUnasked(await scene.raw({ header }), "token_malformed");
  await scene.admits(await scene.raw({ header: `{${HEADER}}` }));
});

Deno.test("login refuses a claim that is there twice", async () => {
  await using scene = await setScene();
  const claims = scene.claims();
  const { sub: _sub, ...others } = claims;
  for (
    const members of [
      '"sub":"alice","sub":"root"',
      '"sub":"root","sub":"alice"',
      '"sub":"alice","sub":"alice"',
      '"sub":"alice","\\u0073ub":"root"',
      '"\\u0073\\u0075\\u0062":"root","sub":"alice"',
      '"sub":"alice","email":"root@example.edu"',
      '"org":{"unit":"a","unit":"b"}',
      '"org":[{"a":[{"b":1,"b":2}]}]',
      '"":1,"":2',
      // a name in a string must not hide the member, nor a brace the end of its object
      '"sub":"a","x":"\\"}{\\\\","sub":"b"',
    ]
  ) {
    const token = await scene.raw({ payload: withMember(others, members) });
    await scene.refusesUnasked(token, "token_malformed");
  }
  // the same name in different objects, and as a value, is not a duplicate
  const fine = '"sub":"sub","x":{"sub":1,"iss":[{"sub":1},{"sub":1}]},"Sub":1';
  await scene.admits(await scene.raw({ payload: withMember(others, fine) }));
});
