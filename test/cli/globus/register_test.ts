/**
 * `oauth-pam globus register`, with a real name server and the Globus Auth stand-in.
 *
 * @module
 */
import assert from "node:assert/strict";
import { runCli } from "../../../src/cli/cli.ts";
import { processIo } from "../../../src/cli/io.ts";
import { createAuthority } from "../../support/certificates.ts";
import { type NameServer, startNameServer } from "../../support/dns.ts";
import {
  CLIENTS,
  type GlobusStandIn,
  SCOPES,
  startGlobus,
} from "../../support/globus.ts";
import { answer, html } from "../../support/hostile_server.ts";

const FQDN = "ssh.example.edu";

interface Bench extends AsyncDisposable {
  readonly globus: GlobusStandIn;
  readonly dns: NameServer;
  readonly policy: string;
  readonly secretFile: string;
  register(
    args?: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<{ code: number; stdout: string; stderr: string }>;
}

async function createBench(): Promise<Bench> {
  const authority = await createAuthority();
  const globus = await startGlobus({ authority });
  const dns = startNameServer();
  const directory = await Deno.realPath(await Deno.makeTempDir());
  const policy = `${directory}/policy.yaml`;
  const secretFile = `${directory}/secret`;
  await Deno.writeTextFile(`${directory}/ca.pem`, authority.caPem);
  await Deno.writeTextFile(secretFile, `${globus.clientSecret}\n`, {
    mode: 0o600,
  });
  await Deno.writeTextFile(
    policy,
    `version: 1
issuers:
  globus:
    kind: globus
    issuer: ${globus.issuer}
    audiences: [${globus.clientId}]
    client_id: ${globus.clientId}
    client_secret_file: ${secretFile}
    ca_file: ${directory}/ca.pem
rules:
  all:
    accounts:
      - {identity: username, strip_suffix: "@example.edu"}
`,
  );
  dns.records.set(FQDN, [["v=spf1 -all"], [globus.clientId]]);
  globus.dns.set(FQDN, globus.clientId);
  return {
    globus,
    dns,
    policy,
    secretFile,
    async register(args = [FQDN, "--policy", policy], env = {}) {
      const output = { stdout: "", stderr: "" };
      const server = args.includes("--name-server")
        ? []
        : ["--name-server", dns.address];
      const code = await runCli(["globus", "register", ...args, ...server], {
        ...processIo({ env: (name) => env[name] }),
        stdout: (text) => output.stdout += text,
        stderr: (text) => output.stderr += text,
        interactive: false,
      });
      return { code, ...output };
    },
    async [Symbol.asyncDispose]() {
      await globus[Symbol.asyncDispose]();
      await dns[Symbol.asyncDispose]();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

Deno.test("globus register creates the host name and the scope", async () => {
  await using bench = await createBench();
  const { code, stdout, stderr } = await bench.register();
  assert.equal(code, 0, stderr);
  const { clientId, fqdns, scopes } = bench.globus;
  assert.equal(
    stdout,
    `host name ${FQDN}: created\nscope ssh of the client ${clientId}: created\n`,
  );
  assert.deepEqual(fqdns, [FQDN]);
  assert.deepEqual(
    scopes.map(({ scope_string, name }) => [scope_string, name]),
    [[
      `https://auth.globus.org/scopes/${clientId}/ssh`,
      "SSH into ssh.example.edu",
    ]],
  );
});

Deno.test("globus register a second time changes nothing", async () => {
  await using bench = await createBench();
  await bench.register();
  bench.globus.requests.length = 0;
  const { code, stdout } = await bench.register();
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^host name .*: there already\nscope .*: there already\n$/,
  );
  const methods = bench.globus.requests.map(({ method }) => method);
  assert.deepEqual(methods, ["GET", "GET"]);
});

Deno.test("globus register of a second host leaves the first alone", async () => {
  await using bench = await createBench();
  await bench.register();
  const { clientId, scopes } = bench.globus;
  const second = "login.example.edu";
  bench.dns.records.set(second, [[clientId]]);
  bench.globus.dns.set(second, clientId);
  const before = JSON.stringify(scopes);
  const { code } = await bench.register([second, "--policy", bench.policy]);
  assert.equal(code, 0);
  assert.deepEqual(bench.globus.fqdns, [FQDN, second]);
  assert.equal(JSON.stringify(scopes), before);
});

for (
  const [what, records] of [
    ["no name", null],
    ["no TXT record", []],
    ["a TXT record of another", [["00000000-0000-4000-8000-000000000000"]]],
    ["a TXT record that merely contains the id", [[
      "x779714b7-d1c1-4678-9128-c3f4b536f2a5",
    ]]],
  ] as const
) {
  Deno.test(`globus register says that the DNS has ${what} before anything is sent`, async () => {
    await using bench = await createBench();
    if (records === null) bench.dns.records.delete(FQDN);
    else bench.dns.records.set(FQDN, records.map((pieces) => [...pieces]));
    const { code, stdout, stderr } = await bench.register();
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /no TXT record at ssh\.example\.edu/);
    assert.ok(
      stderr.includes(
        `hint: publish it: ${FQDN}. IN TXT "${bench.globus.clientId}"`,
      ),
      stderr,
    );
    assert.equal(bench.globus.requests.length, 0);
    assert.deepEqual([...new Set(bench.dns.questions)], [FQDN]);
  });
}

Deno.test("globus register takes a TXT record that comes in pieces", async () => {
  await using bench = await createBench();
  const { clientId } = bench.globus;
  bench.dns.records.set(FQDN, [[clientId.slice(0, 10), clientId.slice(10)]]);
  assert.equal((await bench.register()).code, 0);
});

Deno.test("globus register tells a name server that is silent from a missing record", async () => {
  await using bench = await createBench();
  await bench.dns[Symbol.asyncDispose]();
  const { code, stderr } = await bench.register();
  assert.equal(code, 3);
  assert.match(stderr, /cannot be looked up/);
  assert.equal(bench.globus.requests.length, 0);
});

Deno.test("globus register takes credentials by option, environment and policy, in this order", async () => {
  await using bench = await createBench();
  const { clientId, clientSecret } = bench.globus;
  const { policy, secretFile } = bench;
  const wrong = { CLIENT_ID: clientId, CLIENT_SECRET: "wrong" };
  const right = { CLIENT_ID: clientId, CLIENT_SECRET: clientSecret };
  const base = [FQDN, "--policy", policy];
  const options = ["--client-id", clientId, "--client-secret-file", secretFile];
  assert.equal((await bench.register([...base, ...options], wrong)).code, 0);
  assert.equal((await bench.register(base, right)).code, 0);
  const refused = await bench.register(base, wrong);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /does not accept the client id and secret/);
  assert.doesNotMatch(refused.stderr, /wrong/);
});

Deno.test("globus register needs credentials and a full host name", async () => {
  await using bench = await createBench();
  const { clientId } = bench.globus;
  for (
    const [args, said] of [
      [[FQDN], "there is no client id"],
      [[FQDN, "--client-id", clientId], "there is no client secret"],
      [[FQDN, "--client-id", "a/../b"], "there is no client secret"],
      [[], "name one host"],
      [[FQDN, "x.example.edu"], "name one host"],
      [["ssh"], "not a full host name"],
      [["SSH.example.edu"], "not a full host name"],
      [["ssh.example.edu."], "not a full host name"],
      [["ssh..example.edu"], "not a full host name"],
      [["-h.example.edu"].map((name) => `--${name}`), "unknown option"],
      [[FQDN, "--issuer", "globus"], "--issuer needs --policy"],
      [[FQDN, "--name-server", "ns.example.edu"], "--name-server"],
      [[FQDN, "--policy", bench.policy, "--issuer", "x"], "no issuer"],
    ] as const
  ) {
    const { code, stderr } = await bench.register(args);
    assert.equal(code, 2, stderr);
    assert.ok(stderr.includes(said), `${said}: ${stderr}`);
  }
  assert.equal(bench.globus.requests.length, 0);
  assert.equal(bench.dns.questions.length, 0);
});

Deno.test("globus register refuses a client id that would change the URL", async () => {
  await using bench = await createBench();
  const args = [FQDN, "--policy", bench.policy, "--client-id", "a/../b"];
  const { code, stderr } = await bench.register(args);
  assert.equal(code, 2);
  assert.match(stderr, /is not a client id/);
});

Deno.test("globus register cannot answer without its files", async () => {
  await using bench = await createBench();
  const missing = await bench.register([FQDN, "--policy", `${bench.policy}x`]);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /does not exist/);
  await Deno.chmod(bench.secretFile, 0o644);
  const open = await bench.register();
  assert.equal(open.code, 3);
  assert.match(open.stderr, /can be read by others/);
});

Deno.test("globus register passes on what Globus Auth says, and no control character", async () => {
  await using bench = await createBench();
  const { clientId } = bench.globus;
  bench.globus.dns.delete(FQDN);
  const refused = await bench.register();
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /refuses \(status 403\): FORBIDDEN: TXT record of ssh\.example\.edu does not/,
  );
  bench.globus.on(
    `${CLIENTS}/${clientId}/fqdns`,
    answer({
      status: 409,
      body: { errors: [{ code: "CONFLICT\u001b[31m", detail: "taken" }] },
    }),
  );
  const conflict = await bench.register();
  assert.equal(conflict.code, 1);
  assert.match(conflict.stderr, /status 409\): CONFLICT\\u001b\[31m: taken\n$/);
});

for (
  const [what, path, behaviour, code, said] of [
    ["HTML", CLIENTS, html(), 3, "content type"],
    ["status 500", SCOPES, answer({ status: 500 }), 3, "status 500"],
    [
      "status 401 and HTML",
      CLIENTS,
      answer({ status: 401, headers: { "content-type": "text/html" } }),
      1,
      "does not accept",
    ],
    [
      "an error body and status 200",
      CLIENTS,
      answer({ body: { errors: [{ code: "UNKNOWN" }] } }),
      1,
      "answers with an error: UNKNOWN",
    ],
    ["no client", CLIENTS, answer({ body: { clients: null } }), 1, "knows no"],
    ["a list", CLIENTS, answer({ body: [] }), 1, "does not say why"],
  ] as const
) {
  Deno.test(`globus register ends with ${code} on ${what}`, async () => {
    await using bench = await createBench();
    bench.globus.on(path, behaviour);
    const result = await bench.register();
    assert.equal(result.code, code, result.stderr);
    assert.ok(result.stderr.includes(said), result.stderr);
  });
}

Deno.test("globus register says that nobody answers", async () => {
  await using bench = await createBench();
  await bench.globus[Symbol.asyncDispose]();
  const { code, stderr } = await bench.register();
  assert.equal(code, 3);
  assert.match(stderr, /cannot be reached/);
});
