/**
 * The launcher: what reaches the program, and what comes back.
 *
 * @module
 */
// Threats: E14, F4, F-8, G3, G6, G13
import assert from "node:assert/strict";
import { type PamHost, readExample } from "../support/pam.ts";
import { launch, launcherTest as test } from "./stand_in.ts";

/** What `#!/bin/sh -p` starts: this system's sh, and bash where bash is sh. */
async function shells(host: PamHost): Promise<string[][]> {
  const bash = `${host.directory}/sh`;
  await Deno.symlink("/bin/bash", bash);
  return [[], [bash, "-p"]];
}

const REQUEST = ["PAM_USER=root", "PAM_SERVICE=sshd", "PAM_TYPE=auth"];
const ALL = [
  ...REQUEST,
  "PAM_RHOST=192.0.2.7",
  "PAM_TTY=ssh",
  "PAM_RUSER=bob",
  "SSH_CONNECTION=192.0.2.7 5000 192.0.2.1 22",
  "SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA",
];
const plainEnvironment = (environment: readonly string[]) =>
  environment.filter((entry) => !/^(PATH|OAUTH_PAM_\w+)=/.test(entry)).sort();

test("passes arguments and standard input unchanged and grants when the program does", async ({ host, program }) => {
  const args = ["device", "start", "/etc/a policy", "--issuer", "x=y", "$HOME"];
  const stdin = "to'k\"en $(id) \\n%s";
  const result = await launch(host, { args, stdin, env: ALL });
  assert.deepEqual(result, { code: 0, stdout: "", stderr: "" });
  const facts = await program.facts();
  assert.deepEqual(facts?.args, args);
  assert.equal(facts?.stdin, stdin);
});

test("gives the program the variables of the contract and no others", async ({ host, program }) => {
  assert.equal((await launch(host, { env: ALL })).code, 0);
  const environment = (await program.facts())?.environment ?? [];
  assert.deepEqual(plainEnvironment(environment), [...ALL].sort());
  assert.deepEqual(environment.map((entry) => entry.split("=")[0]).sort(), [
    ...["OAUTH_PAM_ACCOUNT", "OAUTH_PAM_CONVERSATION", "OAUTH_PAM_GRANT"],
    ...["PAM_RHOST"],
    ...["PAM_RUSER", "PAM_SERVICE", "PAM_TTY", "PAM_TYPE", "PAM_USER", "PATH"],
    ...["SSH_AUTH_INFO_0", "SSH_CONNECTION"],
  ]);
});

test("leaves out what is unset or empty", async ({ host, program }) => {
  const env = [...REQUEST, "PAM_RHOST=", "PAM_TTY="];
  assert.equal((await launch(host, { env })).code, 0);
  assert.deepEqual(
    plainEnvironment((await program.facts())?.environment ?? []),
    [...REQUEST].sort(),
  );
});

test("keeps hostile variables from the program", async ({ host, program }) => {
  const hostile = [
    ...["DENO_CERT=/x", "NODE_EXTRA_CA_CERTS=/x", "DENO_TLS_CA_STORE=system"],
    ...["SSL_CERT_FILE=/x", "SSLKEYLOGFILE=/x", "HTTPS_PROXY=http://192.0.2.9"],
    ...["https_proxy=x", "ALL_PROXY=x", "NO_PROXY=x", "TMPDIR=/x", "HOME=/x"],
    ...[
      "DENO_INTERNAL_CHILD_ENTRYPOINT=/x",
      "NODE_CHANNEL_FD=0",
      "DENO_DIR=/x",
    ],
    ...["DENO_V8_FLAGS=--x", "OTEL_DENO=true", "LD_PRELOAD=/nonexistent.so"],
    ...["LD_LIBRARY_PATH=/x", "GCONV_PATH=/x", "IFS=/", "PATH=/x", "ENV=/x"],
    ...[
      "PS4=$(id)",
      "OAUTH_PAM_ACCOUNT=1000:root",
      "OAUTH_PAM_CONVERSATION=1-1",
      "OAUTH_PAM_GRANT=0",
      "grant=0",
      "seed=00000000-",
    ],
    ...[
      "PAM_AUTHTOK=secret",
      "program=/bin/true",
      "limit=9",
      "name=PATH",
      "x.y=1",
    ],
    ...["LC_ALL=tr_TR.UTF-8", "code=0", "SHELLOPTS=noexec", "BASH_ENV=/x"],
    ...[
      "cd",
      "umask",
      "read",
      "printf",
      "env",
      "timeout",
      "getent",
      "false",
      "plain",
    ]
      .map((name) => `BASH_FUNC_${name}%%=() { exit 0; }`),
  ];
  const env = [...hostile, ...ALL];
  for (const through of await shells(host)) {
    assert.equal((await launch(host, { env, through })).code, 0);
    const environment = (await program.facts())?.environment ?? [];
    assert.deepEqual(plainEnvironment(environment), [...ALL].sort());
    assert(environment.includes("PATH=/usr/bin:/bin"), String(environment));
    assert(environment.includes("OAUTH_PAM_ACCOUNT=0:root"));
    assert(!environment.includes("OAUTH_PAM_CONVERSATION=1-1"));
    assert(!environment.includes("OAUTH_PAM_GRANT=0"));
  }
});

test("believes the last of two equal names, which is pam_exec's own", async ({ host, program }) => {
  const planted = ["PAM_USER=mallory", "PAM_RHOST=198.51.100.1", "PAM_TYPE=x"];
  for (const through of await shells(host)) {
    const env = [...planted, ...ALL];
    assert.equal((await launch(host, { env, through })).code, 0);
    const environment = (await program.facts())?.environment ?? [];
    assert.deepEqual(plainEnvironment(environment), [...ALL].sort());
  }
});

const UNPLAIN: readonly [string, string][] = [
  ["a newline", "alice\nPAM_USER=root"],
  ["a carriage return", "alice\r"],
  ["an escape sequence", "\x1b]0;x\x07"],
  ["DEL", "alice\x7f"],
  ["a letter beyond ASCII", "\u{212a}elvin"],
  ["a C1 control character", "a\u0085"],
  ["256 characters", "a".repeat(256)],
];
for (const [what, value] of UNPLAIN) {
  test(`refuses ${what} in a value with 7, before the program runs`, async ({ host, program, log }) => {
    for (const name of ["PAM_USER", "PAM_RHOST", "SSH_CONNECTION"]) {
      const env = [...REQUEST, `${name}=${value}`];
      const result = await launch(host, { env });
      assert.deepEqual(result, { code: 7, stdout: "", stderr: "" });
      assert.equal(await program.facts(), undefined);
      const line = await log.next((line) => line.includes(name));
      assert.match(line, /^<36>.* oauth-pam: launcher: \w+ is not plain\n?$/);
    }
  });
}

test("takes values of 255 characters", async ({ host, program }) => {
  const env = [...REQUEST, `PAM_RHOST=${"a".repeat(255)}`];
  assert.equal((await launch(host, { env })).code, 0);
  assert((await program.facts())?.environment.includes(env.at(-1) ?? ""));
});

test("joins the lines of SSH_AUTH_INFO_0, which sshd ends with a newline", async ({ host, program }) => {
  const key = `publickey ssh-rsa ${"A".repeat(700)}`;
  for (
    const [given, expected] of [
      [`${key}\n`, key],
      [`${key}\nhostbased x\n`, `${key},hostbased x`],
      ["", undefined],
      // of hostbased, the client's own name for its user is in the line
      [
        `${key}\nhostbased x client user "a,publickey b c,", client host "d"\n${key}\n`,
        `${key},${key}`,
      ],
    ]
  ) {
    const env = [...REQUEST, `SSH_AUTH_INFO_0=${given}`];
    assert.equal((await launch(host, { env })).code, 0);
    const found = (await program.facts())?.environment
      .find((entry) => entry.startsWith("SSH_AUTH_INFO_0="));
    assert.equal(found, expected && `SSH_AUTH_INFO_0=${expected}`);
  }
  const env = [...REQUEST, `SSH_AUTH_INFO_0=${"A".repeat(131_001)}`];
  assert.equal((await launch(host, { env })).code, 7);
});

test("joins lines in a time that does not grow with the square", async ({ host, program }) => {
  const lines = Array(60_000).fill("a").join("\n");
  const before = performance.now();
  const env = [...REQUEST, `SSH_AUTH_INFO_0=${lines}`];
  assert.equal((await launch(host, { env })).code, 0);
  assert.ok(performance.now() - before < 5_000);
  assert.ok(
    (await program.facts())?.environment
      .includes(`SSH_AUTH_INFO_0=${lines.replaceAll("\n", ",")}`),
  );
});

test("runs the program without core dumps, with umask 077, in /", async ({ host, program }) => {
  assert.equal((await launch(host, { env: REQUEST })).code, 0);
  assert.deepEqual((await program.facts())?.limits, ["0077", "0", "/"]);
});

test("keeps the token out of every argument and environment", async ({ host, program }) => {
  const stdin = "eyJhbGciOiJFUzI1NiJ9.secret";
  assert.equal((await launch(host, { env: REQUEST, stdin })).code, 0);
  const facts = await program.facts();
  assert.equal(facts?.stdin, stdin);
  const visible = [...facts.environment, ...facts.args, ...facts.parent];
  assert(!visible.join().includes("secret"));
});

for (const code of [1, 3, 4, 7, 9, 10, 11, 25, 31, 64, 70, 101, 123]) {
  test(`passes the program's exit code ${code} on`, async ({ host, program }) => {
    await program.install(`exit ${code}`);
    assert.equal((await launch(host, { env: REQUEST })).code, code);
  });
}
test("takes a plain 0 for a failure, and says so in the log", async ({ host, program, log }) => {
  await program.install("exit 0");
  assert.equal((await launch(host, { env: REQUEST })).code, 4);
  await log.next((line) => line.includes("ended with 0, which is not a grant"));
});

test("names another value each time, and takes only this run's for a grant", async ({ host, program }) => {
  const named = new Set<string>();
  for (let run = 0; run < 24; run++) {
    assert.equal((await launch(host, { env: REQUEST })).code, 0);
    const entry = (await program.facts())?.environment
      .find((entry) => entry.startsWith("OAUTH_PAM_GRANT="));
    assert.match(entry ?? "", /=(3[2-9]|[45][0-9]|6[0-3])$/);
    named.add(entry ?? "");
  }
  assert(named.size > 4, [...named].join());
  const other = '[ "$OAUTH_PAM_GRANT" -eq 63 ] && exit 62; exit 63';
  await program.install(other);
  for (let run = 0; run < 8; run++) {
    assert.notEqual((await launch(host, { env: REQUEST })).code, 0);
  }
});

const ENDS: readonly [string, string][] = [
  ["exit code 124", "exit 124"],
  ["exit code 255", "exit 255"],
  ["SIGKILL", "kill -KILL $$"],
  ["SIGTERM", "kill -TERM $$"],
  ["SIGTRAP, as V8 ends without memory", "kill -TRAP $$"],
];
for (const [what, end] of ENDS) {
  test(`turns the program's ${what} into 4 and says so in the log`, async ({ host, program, log }) => {
    await program.install(end);
    assert.equal((await launch(host, { env: REQUEST })).code, 4);
    await log.next((line) => line.includes("the program ended with status"));
  });
}

test("names the program once, at its top", async () => {
  const code = (await readExample("oauth-pam-launch")).split("\n")
    .filter((line) => !/^\s*(#|\{|$)/.test(line));
  assert.equal(code[0], "program=/usr/libexec/oauth-pam/oauth-pam");
  assert.equal(code.filter((line) => line.includes("/usr/")).length, 2); // and PATH
});
