/**
 * RFC 8725 section 3.11: tokens of one kind must not pass for another.
 *
 * @module
 */
// Threats: A14
import { setScene } from "../support/attack.ts";

const KINDS = {
  JWT: [undefined, "JWT", "jwt", "Jwt", "application/jwt", "APPLICATION/JWT"],
  "at+jwt": ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"],
};
const OTHERS = [
  "dpop+jwt",
  "logout+jwt",
  "secevent+jwt",
  "client-authentication+jwt",
  "application/logout+jwt",
  "LOGOUT+JWT",
  "",
  "JWT ",
  " JWT",
  "JWT\n",
  "JWTX",
  "at+jwt+x",
  "x/at+jwt",
  "application/application/jwt",
  "application/",
  "JW\u1d40",
];

for (
  const types of [["JWT"], ["at+jwt"], ["application/at+jwt"], [
    "JWT",
    "at+jwt",
  ]]
) {
  Deno.test(`login with types [${types}] refuses every other typ`, async () => {
    await using scene = await setScene({
      issuerLines: [`types: ${JSON.stringify(types)}`],
    });
    const kinds = types.map((type) => type.replace("application/", ""));
    const refused = Object.entries(KINDS).flatMap(([kind, spellings]) =>
      kinds.includes(kind) ? [] : spellings
    );
    for (const typ of [...refused, ...OTHERS]) {
      const token = await scene.token({ header: { typ } });
      await scene.refusesUnasked(token, "type_not_allowed");
    }
    for (const typ of [null, 1, true, ["JWT"], { JWT: 1 }]) {
      const token = await scene.token({ header: { typ } });
      await scene.refusesUnasked(token, "token_malformed");
    }
    for (const [kind, spellings] of Object.entries(KINDS)) {
      for (const typ of kinds.includes(kind) ? spellings : []) {
        await scene.admits(await scene.token({ header: { typ } }));
      }
    }
  });
}
