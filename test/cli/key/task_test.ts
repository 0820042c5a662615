/**
 * `deno task oauth-pam key` in a checkout, under the permissions of the task.
 *
 * @module
 */
import assert from "node:assert/strict";
import config from "../../../deno.json" with { type: "json" };
import { comeBack, createDesk, KEY_CLIENT } from "../../support/key_desk.ts";
import { until } from "../../support/pam.ts";
import { signInAt, startProvider } from "../../support/provider.ts";

const CHECKOUT = new URL("../../../", import.meta.url).pathname;

Deno.test("the task signs in, opens a browser, and writes nothing at home", async () => {
  await using provider = await startProvider({ clients: [KEY_CLIENT] });
  await using desk = await createDesk(provider);
  const { folder } = desk;
  for (const name of ["home", "tmp", "path"]) {
    await Deno.mkdir(`${folder}/${name}`);
  }
  await Deno.writeTextFile(
    `${folder}/path/xdg-open`,
    `#!/bin/sh\nprintf '%s' "$1" >${folder}/new && /bin/mv ${folder}/new ${folder}/opened\n`,
    { mode: 0o755 },
  );
  const [deno, ...words] = config.tasks["oauth-pam"].command.split(" ");
  assert.equal(deno, "deno");
  const running = new Deno.Command(Deno.execPath(), {
    args: [
      ...words,
      ...["key", "--issuer", provider.issuer, "--client-id", "ssh-key"],
      ...["--ca-file", desk.caFile],
    ],
    cwd: CHECKOUT,
    clearEnv: true,
    env: {
      HOME: `${folder}/home`,
      TMPDIR: `${folder}/tmp`,
      PATH: `${folder}/path:/usr/bin:/bin`,
      DENO_DIR: Deno.env.get("DENO_DIR") ??
        `${Deno.env.get("HOME")}/.cache/deno`,
      SSH_AUTH_SOCK: desk.agent.socket,
      WAYLAND_DISPLAY: "wayland-0",
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = running.output();
  const address = await until(
    () => Deno.readTextFile(`${folder}/opened`).catch(() => undefined),
    { what: "the browser", timeoutMs: 30_000 },
  );
  await comeBack(await signInAt(provider, address, { account: "alice" }));
  const { code, stderr } = await output;
  const said = new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  assert.match(
    said,
    /^oauth-pam: sign in with your browser, which should open now, at\nhttps:\S+\noauth-pam: signed in as alice@example\.edu; .*\n$/,
  );
  assert.equal((await desk.agent.lines()).length, 1);
  for (const name of ["home", "tmp"]) {
    assert.deepEqual([...Deno.readDirSync(`${folder}/${name}`)], []);
  }
});
