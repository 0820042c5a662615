/**
 * The stack for pam_exec, as it is written, in a real PAM transaction.
 *
 * @module
 */
// Threats: C5, F4, G8
import assert from "node:assert/strict";
import { createPamHost, type PamHost } from "../support/pam.ts";
import { StandIn } from "./stand_in.ts";

const EXAMPLE = "sshd-pasted-token-pam_exec";
const user = "alice"; // no such account here: these stacks do not ask for one
const service = "token";

interface Bench {
  host: PamHost;
  program: StandIn;
}

/** A test whose stand-in admits the token "good". */
function test(title: string, body: (bench: Bench) => Promise<void>): void {
  Deno.test(`${EXAMPLE} ${title}`, async () => {
    await using host = await createPamHost();
    const program = new StandIn(host);
    await program.install(
      `[ "$(cat ${host.directory}/facts/stdin)" = good ] || exit 7`,
    );
    await host.installStack(EXAMPLE, { service });
    await body({ host, program });
  });
}

/** Replaces in the auth lines only, not in the comments about them. */
const changeAuth = (from: string, to: string) => (stack: string) =>
  stack.replace(/^auth.*$/gm, (line) => line.replace(from, to));
const authLines = (stack: string) =>
  stack.split("\n").filter((line) => line.startsWith("auth"));

test("lets a token in that the program admits, and answers setcred", async ({ host, program }) => {
  const operations = ["authenticate", "setcred"];
  const rhost = "192.0.2.7";
  const attempt = { service, user, password: "good", rhost, operations };
  const { ok, output } = await host.authenticate(attempt);
  assert(ok, output);
  assert.match(output, /successfully authenticated/);
  assert.match(output, /credential info has successfully been set/);
  const facts = await program.facts();
  assert.equal(facts?.stdin, "good");
  assert.deepEqual(facts.args, ["login", host.policy]);
  const about = facts.environment.filter((entry) => entry.startsWith("PAM_"));
  assert.deepEqual(about.sort(), [
    ...["PAM_RHOST=192.0.2.7", "PAM_SERVICE=token"],
    ...["PAM_TYPE=auth", "PAM_USER=alice"],
  ]);
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

test("refuses a token that the program refuses, and tells the user nothing", async ({ host, program }) => {
  const attempt = { service, user, password: "bad" };
  const { ok, output, log } = await host.authenticate(attempt);
  assert.equal(ok, false);
  assert.equal((await program.facts())?.stdin, "bad");
  assert.match(log, /failed: exit code 7/);
  assert.equal(output.trim(), "Password: pamtester: System error");
});

test("shows the user the same whatever the program's reason is", async ({ host, program }) => {
  const seen = new Set<string>();
  for (const code of [1, 3, 4, 7, 9, 10, 11, 25, 124]) {
    await program.install(`echo reason ${code} >&2; exit ${code}`);
    const attempt = { service, user, password: "good" };
    const { ok, output, log } = await host.authenticate(attempt);
    assert.equal(ok, false);
    assert.match(log, /failed: exit code/);
    seen.add(output);
  }
  assert.deepEqual([...seen].map((text) => text.trim()), [
    "Password: pamtester: System error",
  ]);
});

const BROKEN: readonly [string, (host: PamHost) => Promise<void>][] = [
  ["the program is missing", (host) => Deno.remove(host.program)],
  ["the program is empty", (host) => Deno.truncate(host.program)],
  ["the program is killed", (host) => new StandIn(host).install("kill -9 $$")],
  [
    "the launcher is killed",
    (host) =>
      new StandIn(host).install(
        "read -r _ _ _ launcher _ </proc/$PPID/stat; kill -9 $launcher",
      ),
  ],
  ["the launcher is missing", (host) => Deno.remove(host.launcher)],
  ["the launcher is empty", (host) => Deno.truncate(host.launcher)],
  [
    "the launcher may not be executed",
    (host) => Deno.chmod(host.launcher, 0o644),
  ],
  ["pam_exec.so is missing", async (host) => {
    const change = changeAuth("pam_exec.so", "pam_gone.so");
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

test("grants nothing by either auth line alone, in the other order, or under a wrong type=", async ({ host }) => {
  const stack = await Deno.readTextFile(`${host.serviceDir}/${service}`);
  const [gate, last, ...more] = authLines(stack);
  assert(gate && last && more.length === 0);
  const typed = gate.replace("pam_exec.so", "pam_exec.so type=account");
  const refusing = [[gate, last], [gate], [last], [last, gate], [typed], [
    typed,
    last,
  ], []];
  for (const lines of refusing) {
    await host.writeService("changed", lines.join("\n") + "\n");
    const password = "bad";
    const result = await host.authenticate({
      service: "changed",
      user,
      password,
    });
    assert.equal(result.ok, false, lines.join("\n"));
    assert.match(result.output, /error|denied|failure/i);
  }
  for (const lines of [[last], [last, gate], [typed, last]]) {
    await host.writeService("changed", lines.join("\n") + "\n");
    const password = "good";
    const result = await host.authenticate({
      service: "changed",
      user,
      password,
    });
    assert.equal(result.ok, false, lines.join("\n"));
  }
});

test("asks once, and takes no answer from an earlier refusal", async ({ host }) => {
  const operations = ["authenticate", "authenticate"];
  const attempt = { service, user, password: "bad\ngood", operations };
  const { ok, output } = await host.authenticate(attempt);
  assert.equal(ok, false);
  assert.equal(output.match(/Password: /g)?.length, 1);
});

test("carries 511 bytes of a longer token and no more", async ({ host, program }) => {
  const token = "0123456789".repeat(100);
  for (
    const [length, arrives] of [[510, 510], [511, 511], [512, 511], [1000, 511]]
  ) {
    const password = token.slice(0, length);
    await host.authenticate({ service, user, password });
    assert.equal((await program.facts())?.stdin, token.slice(0, arrives));
  }
});

test("does not inherit the application's environment", async ({ host, program }) => {
  const env = {
    DENO_CERT: "/x",
    HTTPS_PROXY: "http://192.0.2.9",
    TMPDIR: "/tmp",
  };
  const attempt = { service, user, password: "good", env };
  const { ok, output, log } = await host.authenticate(attempt);
  assert(ok, output + log);
  const names = (await program.facts())?.environment
    .map((entry) => entry.split("=")[0]).sort();
  assert.deepEqual(names, [
    ...["OAUTH_PAM_ACCOUNT", "OAUTH_PAM_CONVERSATION", "OAUTH_PAM_GRANT"],
    ...["PAM_SERVICE", "PAM_TYPE", "PAM_USER", "PATH"],
  ]);
});

test("is not misled by names that pam_env planted in the PAM environment", async ({ host, program }) => {
  const planted = `${host.directory}/pam_env.conf`;
  const launchers = `${host.directory}/launcher`;
  await program.install(
    `read -r _ _ _ launcher _ </proc/$PPID/stat; cat /proc/$launcher/environ >${launchers}`,
  );
  await Deno.writeTextFile(
    planted,
    `PAM_USER DEFAULT=root
PAM_TYPE DEFAULT=account
OAUTH_PAM_ACCOUNT DEFAULT=0:root
HTTPS_PROXY DEFAULT=http://192.0.2.9
`,
  );
  const stack = await Deno.readTextFile(`${host.serviceDir}/${service}`);
  const environment = "auth required pam_env.so readenv=0 conffile=";
  // pam_env speaks at setcred only: authenticate once more after it.
  await host.writeService("planted", `${environment}${planted}\n${stack}`);
  const operations = ["setcred", "authenticate"];
  const attempt = { service: "planted", user, password: "good", operations };
  const { output } = await host.authenticate(attempt);
  const given = (await Deno.readTextFile(launchers)).split("\0");
  const users = given.filter((entry) => entry.startsWith("PAM_USER="));
  assert.deepEqual(users, ["PAM_USER=root", "PAM_USER=alice"], output);
  const environmentSeen = (await program.facts())?.environment ?? [];
  assert(environmentSeen.includes("PAM_USER=alice"), output);
  assert(environmentSeen.includes("PAM_TYPE=auth"));
  assert(environmentSeen.includes("OAUTH_PAM_ACCOUNT="));
  assert(!environmentSeen.some((entry) => entry.startsWith("HTTPS_PROXY")));
});

test("with the word stdout shows the program's output and never its standard error", async ({ host, program }) => {
  await program.install("echo please try again; echo stack trace >&2; exit 7");
  const change = changeAuth("quiet", "quiet stdout");
  await host.installStack(EXAMPLE, { service, change });
  const { ok, output } = await host.authenticate({
    service,
    user,
    password: "x",
  });
  assert.equal(ok, false);
  assert.match(output, /please try again/);
  assert.doesNotMatch(output, /stack trace/);
});

test("keeps one conversation through two lines of a stack, another for each login", async ({ host, program }) => {
  const record = `${host.directory}/conversations`;
  await program.install(`echo "$OAUTH_PAM_CONVERSATION" >>${record}`);
  const stack = await Deno.readTextFile(`${host.serviceDir}/${service}`);
  const [gate = "", last = ""] = authLines(stack);
  const twice = [gate.replace("success=done", "success=ok"), gate, last];
  await host.writeService(service, twice.join("\n") + "\n");
  for (const _ of [1, 2]) {
    assert((await host.authenticate({ service, user, password: "x" })).ok);
  }
  const [a, b, c, d] = (await Deno.readTextFile(record)).trim().split("\n");
  assert.match(a ?? "", /^\d+-\d+$/);
  assert.deepEqual([a, c], [b, d]);
  assert.notEqual(a, c);
});
