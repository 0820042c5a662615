/**
 * Letters and signs beyond ASCII that look like those of a full name, or fold into them.
 *
 * @module
 */
// Threats: E5
import { asks, setFullNames, tokenOf } from "../support/full_names.ts";

const LOOKALIKES = [
  "\u212aelvin@corp.example", // KELVIN SIGN
  "kelvin\uff20corp.example", // full width @
  "kelvin\ufe6bcorp.example", // small @
  "kelvin@c\u043erp.example", // Cyrillic
  "kelvin@corp\u3002example", // ideographic full stop
  "kelvin@corp\u2024example", // one dot leader
  "CORP\uff3ckelvin", // full width \
  "CORP\u2216kelvin", // set minus
  "\u041aelvin", // Cyrillic
  "kelv\u0131n@corp.example", // dotless i
  "kelvin\u200b@corp.example", // zero width space
  "\u202ekelvin@corp.example", // right to left
  "\u0661\u0662\u0663", // Arabic digits
  "\uff11\uff12", // full width digits
  "str\u00e4sse@corp.example",
];

Deno.test("login refuses accounts and claims that merely look like a full name", async () => {
  await using scene = await setFullNames("relaxed");
  const real = ["kelvin@corp.example", "CORP\\kelvin", "Kelvin", "123"];
  for (const name of LOOKALIKES) {
    const token = await tokenOf(scene, name);
    for (const account of real) {
      await scene.refuses(token, "account_not_permitted", asks(account));
    }
    await scene.refuses(token, "request_invalid", asks(name));
    await scene.refuses(
      token,
      "request_invalid",
      asks(name, `1000:${real[0]}`),
    );
  }
  for (const name of real) {
    await scene.admits(await tokenOf(scene, name), asks(name));
  }
});
