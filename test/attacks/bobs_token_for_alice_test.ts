/**
 * A good token of somebody else.
 *
 * @module
 */
// Threats: E1, E8, E9
import { setScene } from "../support/attack.ts";

Deno.test("login refuses Bob's token for the account alice", async () => {
  await using scene = await setScene();
  const email = "bob@example.edu";
  const bobs = await scene.token({
    claims: { email, sub: "alice", preferred_username: "alice" },
  });
  for (const user of ["alice", "root", "bobb", "bo", "bob.x"]) {
    await scene.refuses(bobs, "account_not_permitted", { user });
  }
  await scene.admits(bobs, { user: "bob" });
  for (
    const wrong of [
      "alice@example.edu.evil.example.org",
      "alice@evil@example.edu",
      "alice@evil.example.org",
      "@example.edu",
      "alice",
      "malice@example.edu",
      "alice@EXAMPLE.edu",
      "alice@sub.example.edu",
      "Alice@example.edu",
    ]
  ) {
    const token = await scene.token({ claims: { email: wrong } });
    await scene.refuses(token, "account_not_permitted");
  }
});
