/**
 * The stack for pam_script, as it is written, in a real PAM transaction.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createPamHost, type PamHost } from "../support/pam.ts";
import { StandIn } from "./stand_in.ts";

const EXAMPLE = "sshd-pasted-token-pam_script";
const user = "alice";
const service = "token";

interface Bench {
  host: PamHost;
  program: StandIn;
}

/** A test whose stand-in admits every token but "bad". */
function test(title: string, body: (bench: Bench) => Promise<void>): void {
  Deno.test(`${EXAMPLE} ${title}`, async () => {
    await using host = await createPamHost();
    const program = new StandIn(host);
    await program.install(
      `[ "$(cat ${host.directory}/facts/stdin)" != bad ] || exit 7`,
    );
    await host.installStack(EXAMPLE, { service });
    await body({ host, program });
  });
}

test("carries 3000 bytes whole, without a newline, and answers setcred", async ({ host, program }) => {
  const password = "0123456789".repeat(300);
  const operations = ["authenticate", "setcred"];
  const rhost = "192.0.2.7";
  const attempt = { service, user, password, rhost, operations };
  const { ok, output } = await host.authenticate(attempt);
  assert(ok, output);
  const facts = await program.facts();
  assert.equal(facts?.stdin, password);
  assert.deepEqual(facts.args, ["login", host.policy]);
});

test("hands over every byte as it was typed", async ({ host, program }) => {
  for (
    const password of ["-n", "-e \\n", "%s%d%%", "'\"$(id)`id`", "a  b\t", "\\"]
  ) {
    assert((await host.authenticate({ service, user, password })).ok);
    assert.equal((await program.facts())?.stdin, password);
  }
});

test("passes on neither the token nor anything of the caller's environment", async ({ host, program }) => {
  const env = {
    ...{ DENO_CERT: "/x", HTTPS_PROXY: "http://192.0.2.9", TMPDIR: "/tmp" },
    ...{
      SSH_CONNECTION: "1 2 3 4",
      SSH_AUTH_INFO_0: "publickey x",
      token: "x",
    },
    ...{
      PAM_OLDAUTHTOK: "x",
      policy: "/x",
      launcher: "/bin/true",
      LC_ALL: "C",
    },
    ...{ "BASH_FUNC_printf%%": "() { exit 0; }", lines: "a\nexport PPID=1\nb" },
  };
  const rhost = "192.0.2.7";
  const password = "a.secret.token";
  const { ok, output } = await host.authenticate({
    ...{ service, user, password, rhost, env },
  });
  assert(ok, output);
  const facts = await program.facts();
  const environment = facts?.environment.filter((entry) =>
    !/^(PATH|OAUTH_PAM_\w+)=/.test(entry)
  );
  assert.deepEqual(environment?.sort(), [
    ...["PAM_RHOST=192.0.2.7", "PAM_SERVICE=token"],
    ...["PAM_TYPE=auth", "PAM_USER=alice"],
  ]);
  const visible = [...facts?.environment ?? [], ...facts?.parent ?? []];
  assert(!visible.join().includes("secret"));
});

test("starts nothing that has the token in its arguments or environment", async ({ host, program }) => {
  const trace = `${host.directory}/trace`;
  await program.install("exit 7");
  const script = `${host.scripts}/pam_script_auth`;
  await Deno.rename(script, `${script}.real`);
  await Deno.writeTextFile(
    script,
    `#!/bin/sh\nexec strace -f -v -s 9999 -e trace=execve -o ${trace} ${script}.real\n`,
  );
  await Deno.chmod(script, 0o755);
  const attempt = { service, user, password: "a.secret.token" };
  assert.equal((await host.authenticate(attempt)).ok, false);
  const [first, ...others] = (await Deno.readTextFile(trace)).split("\n")
    .filter((line) => line.includes("execve("));
  assert(first?.includes("PAM_AUTHTOK=a.secret.token")); // pam_script's own doing
  const started = others.filter((line) => line.includes("= 0"));
  assert(started.some((line) => line.includes(`"${host.program}"`)));
  assert(started.some((line) => line.includes("getent")));
  assert.deepEqual(started.filter((line) => line.includes("secret")), []);
});

test("hands over full names as they are", async ({ host, program }) => {
  for (
    const name of ["alice@corp.example", "CORP\\root", "Alice", "20231234"]
  ) {
    const attempt = { service, user: name, password: "good" };
    const { ok, output } = await host.authenticate(attempt);
    assert(ok, output);
    const seen = (await program.facts())?.environment ?? [];
    assert(seen.includes(`PAM_USER=${name}`), seen.join(" "));
    // no such accounts here
    assert(seen.includes("OAUTH_PAM_ACCOUNT="), seen.join(" "));
  }
});

test("refuses a token that the program refuses", async ({ host, program }) => {
  const attempt = { service, user, password: "bad" };
  const { ok, output } = await host.authenticate(attempt);
  assert.equal(ok, false);
  assert.equal((await program.facts())?.stdin, "bad");
  assert.equal(output.trim(), "Password: pamtester: Authentication failure");
});

const script = (host: PamHost) => `${host.scripts}/pam_script_auth`;
const BROKEN: readonly [string, (host: PamHost) => Promise<void>][] = [
  ["the program is missing", (host) => Deno.remove(host.program)],
  ["the program is killed", (host) => new StandIn(host).install("kill -9 $$")],
  ["the launcher is missing", (host) => Deno.remove(host.launcher)],
  ["the launcher is empty", (host) => Deno.truncate(host.launcher)],
  ["the launcher is cut short", (host) => Deno.truncate(host.launcher, 1500)],
  ["the script is missing", (host) => Deno.remove(script(host))],
  ["the script is empty", (host) => Deno.truncate(script(host))],
  ["the script is cut short", (host) => Deno.truncate(script(host), 1500)],
  ["the script may not be executed", (host) => Deno.chmod(script(host), 0o700)],
  [
    "the script's interpreter is missing",
    (host) => Deno.writeTextFile(script(host), "#!/nonexistent\n"),
  ],
  ["pam_script.so is missing", async (host) => {
    const change = (stack: string) =>
      stack.replace(/^(auth.*)pam_script/m, "$1pam_gone");
    await host.installStack(EXAMPLE, { service, change });
  }],
];
for (const [what, make] of BROKEN) {
  test(`refuses when ${what}`, async ({ host }) => {
    await make(host);
    for (const operations of [["authenticate"], ["authenticate", "setcred"]]) {
      const attempt = { service, user, password: "good", operations };
      const { ok, output } = await host.authenticate(attempt);
      assert.equal(ok, false, output);
      assert.doesNotMatch(output, /successfully authenticated/);
    }
  });
}

test("grants a refused token nothing by any part or order of its auth lines", async ({ host }) => {
  const stack = await Deno.readTextFile(`${host.serviceDir}/${service}`);
  const [gate, last, ...more] = stack.split("\n")
    .filter((line) => line.startsWith("auth"));
  assert(gate && last && more.length === 0);
  for (const lines of [[gate, last], [gate], [last], [last, gate], []]) {
    await host.writeService("changed", lines.join("\n") + "\n");
    const attempt = { service: "changed", user, password: "bad" };
    assert.equal(
      (await host.authenticate(attempt)).ok,
      false,
      lines.join("\n"),
    );
  }
});

test("names the PAM process as the conversation, not the script", async ({ host, program }) => {
  const record = `${host.directory}/conversations`;
  await program.install(`echo "$OAUTH_PAM_CONVERSATION" >>${record}`);
  const operations = ["authenticate", "authenticate"];
  for (const _ of [1, 2]) {
    const attempt = { service, user, password: "x\nx", operations };
    const { ok, output } = await host.authenticate(attempt);
    assert(ok, output);
  }
  const [a, b, c, d] = (await Deno.readTextFile(record)).trim().split("\n");
  assert.match(a ?? "", /^\d+-\d+$/);
  assert.deepEqual([a, c], [b, d]);
  assert.notEqual(a, c);
});
