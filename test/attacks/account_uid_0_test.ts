/**
 * uid 0 and accounts of the system under other names.
 *
 * @module
 */
// Threats: E2
import { asks, setFullNames, tokenOf } from "../support/full_names.ts";

const NAMES = ["Toor", "toor@corp.example", "CORP\\Administrator", "20231234"];

Deno.test("login refuses uid 0 and the system's uids whatever the full name", async () => {
  await using scene = await setFullNames("relaxed");
  for (const name of NAMES) {
    const token = await tokenOf(scene, name);
    for (const uid of ["0", "1", "999", "65534"]) {
      await scene.refuses(
        token,
        "account_protected",
        asks(name, `${uid}:${name}`),
      );
    }
    await scene.admits(token, asks(name, `1000:${name}`));
    for (const odd of ["-1", "+0", "00", "0x3e8", "1e9", "", " 1000"]) {
      await scene.refuses(
        token,
        "request_invalid",
        asks(name, `${odd}:${name}`),
      );
    }
  }
});
