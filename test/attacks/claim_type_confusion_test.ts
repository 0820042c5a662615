/**
 * The claim that names the account is one string; nothing becomes one.
 *
 * @module
 */
// Threats: E7
import { setScene } from "../support/attack.ts";

Deno.test("login refuses an account claim of another type", async () => {
  await using scene = await setScene({
    ruleLines: ["  - {claim: preferred_username}"],
  });
  for (
    const value of [
      ["alice"],
      [["alice"]],
      { alice: true },
      { toString: "alice" },
      { 0: "a", length: 1 },
      123,
      0,
      true,
      "",
      null,
      undefined,
    ]
  ) {
    const claims = { email: undefined, preferred_username: value };
    await scene.refuses(await scene.token({ claims }), "account_not_permitted");
    const email = Array.isArray(value) ? ["alice@example.edu"] : value;
    const other = { email, preferred_username: undefined };
    await scene.refuses(
      await scene.token({ claims: other }),
      "account_not_permitted",
    );
  }
  await scene.admits(await scene.token({ claims: { email: undefined } }));
});

Deno.test("login refuses a group claim that is a string", async () => {
  await using scene = await setScene({
    ruleLines: ["when:", "  groups: {any: [staff]}"],
  });
  for (
    const groups of [
      "staff",
      "other staff",
      { staff: true },
      [["staff"]],
      ["Staff"],
      ["staff "],
      ["staff-evil"],
      true,
      null,
      undefined,
      [],
    ]
  ) {
    const token = await scene.token({ claims: { groups } });
    await scene.refuses(token, "account_not_permitted");
  }
  await scene.admits(await scene.token({ claims: { groups: ["x", "staff"] } }));
});
