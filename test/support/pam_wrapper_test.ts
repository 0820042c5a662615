/**
 * Transactions of hosts that run at the same time each see the stacks of their own host.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createPamHost, type PamHost } from "./pam.ts";

const AT_ONCE = 20;
const ROUNDS = 5;

Deno.test("a PAM transaction never reads the stack of another host that runs beside it", async () => {
  await using strict = await createPamHost();
  await using open = await createPamHost();
  const hosts: [PamHost, string][] = [
    [strict, "pam_deny.so"],
    [open, "pam_permit.so"],
  ];
  for (const [host, module] of hosts) {
    await host.writeService("door", `auth required ${module}\n`);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, index) => {
        const [host, module] = hosts[index % 2]!;
        const attempt = { service: "door", user: "alice", password: "" };
        const { ok, output } = await host.authenticate(attempt);
        return ok === (module === "pam_permit.so")
          ? null
          : `${module}: ${ok}, ${output}`;
      }),
    );
    assert.deepEqual(answers.filter((answer) => answer !== null), []);
  }
});
