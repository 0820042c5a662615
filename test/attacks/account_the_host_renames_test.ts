/**
 * The host answers with another name than the one that was asked for.
 *
 * @module
 */
// Threats: E1
import { asks, setFullNames, tokenOf } from "../support/full_names.ts";

Deno.test("login refuses an account that the host knows by another name", async () => {
  await using scene = await setFullNames("relaxed");
  const name = "alice@corp.example";
  const token = await tokenOf(scene, name);
  for (
    const known of [
      "alice",
      "CORP\\alice",
      "alice@corp",
      "alice@corp.example.",
      "bob@corp.example",
      "alice@corp.example:x",
      "200500",
      "",
    ]
  ) {
    const reason = known === "" ? "request_invalid" : "account_not_permitted";
    await scene.refuses(token, reason, asks(name, `200500:${known}`));
  }
  await scene.refuses(token, "account_not_permitted", asks(name, ""));
  await scene.admits(token, asks(name));
});
