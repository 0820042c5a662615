/**
 * Letters that fold, shrink or compose into the letters of an account.
 *
 * @module
 */
// Threats: E5, E6, F8
import { setScene } from "../support/attack.ts";

const LOOKALIKES = [
  "\u212aelvin", // KELVIN SIGN, in lower case "k"
  "\uff4belvin", // full width
  "kelv\u0131n", // dotless i
  "kelvin\u200b", // zero width space
  "\u202ekelvin", // right to left
  "kelv\u0456n", // Cyrillic
  "ke\u00adlvin", // soft hyphen
  "KELVIN",
  "kelvin\u0000",
  "kelvin\n",
  "kelvin ",
  " kelvin",
  "kelvin\u0000root",
  "kelvin\nroot",
];

Deno.test("login refuses claims that merely look like the account", async () => {
  await using scene = await setScene();
  for (const name of LOOKALIKES) {
    const claims = { email: `${name}@example.edu` };
    const token = await scene.token({ claims });
    await scene.refuses(token, "account_not_permitted", { user: "kelvin" });
  }
  const claims = { email: "kelvin@example.edu" };
  await scene.admits(await scene.token({ claims }), { user: "kelvin" });
});

Deno.test("login refuses accounts that merely look like the claim", async () => {
  await using scene = await setScene({ ruleLines: ["  - {claim: name}"] });
  const others = ["-rf", "..", "/root", "a:b", "$(id)", "%h", "0", "1000", ""];
  for (const user of [...LOOKALIKES, ...others, "a".repeat(33)]) {
    const claims = { email: "kelvin@example.edu", name: user };
    const token = await scene.token({ claims });
    await scene.refusesUnasked(token, "request_invalid", { user });
  }
});
