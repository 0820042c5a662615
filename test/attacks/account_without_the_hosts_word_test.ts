/**
 * Started without the launcher, nobody has asked the host which account a full name is.
 *
 * @module
 */
// Threats: E1
import { asks, setFullNames, tokenOf } from "../support/full_names.ts";

for (const pattern of ["sssd", "relaxed"] as const) {
  Deno.test(`login refuses under "accounts_pattern: ${pattern}" what the host was not asked about`, async () => {
    await using scene = await setFullNames(pattern);
    for (const user of ["alice@corp.example", "Alice", "alice"]) {
      const token = await tokenOf(scene, user);
      await scene.refusesUnasked(token, "request_invalid", { user });
    }
    for (const user of ["alice@corp.example", "Alice", "alice"]) {
      await scene.admits(await tokenOf(scene, user), asks(user));
    }
  });
}
