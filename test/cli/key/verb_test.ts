/**
 * `oauth-pam key` with a real provider and a real ssh-agent.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  approveDevice,
  signInAt,
  startProvider,
} from "../../support/provider.ts";
import { comeBack, createDesk, KEY_CLIENT } from "../../support/key_desk.ts";
import { certificateText } from "../../support/ssh_agent.ts";

Deno.test("key gives ssh-agent a certificate after the browser's answer", async () => {
  await using provider = await startProvider({ clients: [KEY_CLIENT] });
  await using desk = await createDesk(provider);
  const run = desk.key([
    "--issuer",
    provider.issuer,
    "--client-id",
    "ssh-key",
    "--print",
  ]);
  const address = await run.address ?? "";
  console.log(address);
  if (address === "") console.log(await run.ended);
  const back = await signInAt(provider, address, { account: "alice" });
  console.log(back);
  console.log(await comeBack(back));
  const result = await run.ended;
  console.log(result);
  console.log(
    (await desk.agent.add("-l")).text,
    await certificateText(result.stdout),
  );
});
