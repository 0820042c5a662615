/**
 * Accounts with full names in a real sshd: what getent and id find of them is what the program gets.
 *
 * @module
 */
// Threats: E3, E14, F8
import assert from "node:assert/strict";
import { createPamHost, until } from "../support/pam.ts";
import { startSshd } from "../support/sshd.ts";
import { StandIn } from "./stand_in.ts";

const NAMES = [
  ...["alice@corp.example", "CORP\\alice", "Alice", "20231234", "7of9"],
  "a".repeat(200),
];
const FIRST_UID = 54_000;

Deno.test("sshd opens sessions for full names, and the program learns which accounts they are", async () => {
  await using host = await createPamHost();
  const program = new StandIn(host);
  await program.install();
  const stackFile = await host.installStack("sshd-pasted-token-pam_exec", {
    service: "oauthpam-sshd",
  });
  // a copy of the folder: the machine may replace the file itself
  const etc = `${host.directory}/etc`;
  const cp = new Deno.Command("cp", { args: ["-a", "/etc/.", etc] });
  await until(async () => (await cp.output()).success, {
    what: "a copy in which nothing went while it was made",
  });
  const lines = NAMES.map((name, index) =>
    `${name}:*:${FIRST_UID + index}:65534::/tmp:/bin/sh\n`
  );
  await Deno.writeTextFile(`${etc}/passwd`, lines.join(""), { append: true });
  await using sshd = await startSshd({
    host,
    stackFile,
    mounts: { "/etc": etc },
  });
  for (const [index, user] of NAMES.entries()) {
    const result = await sshd.ssh({ user, token: "good" });
    assert.equal(result.stdout, `${user}\n`, await sshd.log());
    const seen = (await program.facts())?.environment ?? [];
    assert.ok(seen.includes(`PAM_USER=${user}`), seen.join(" "));
    const account = `OAUTH_PAM_ACCOUNT=${FIRST_UID + index}:${user}`;
    assert.ok(seen.includes(account), seen.join(" "));
  }
  // a uid is nobody's name
  for (const user of [`${FIRST_UID}`, "0", "00"]) {
    const result = await sshd.ssh({ user, token: "good" });
    assert.equal(result.ok, false, user);
    const seen = (await program.facts())?.environment ?? [];
    assert.ok(seen.includes("OAUTH_PAM_ACCOUNT="), seen.join(" "));
  }
});
