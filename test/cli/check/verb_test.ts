/**
 * `check`: the policy, its files, the issuers, the program's permissions, the clock.
 *
 * @module
 */
import assert from "node:assert/strict";
import { buildProgram } from "../../support/built_program.ts";
import { createAuthority } from "../../support/certificates.ts";
import {
  createSite,
  type Site,
  type SiteOptions,
} from "../../support/login.ts";
import {
  type CheckOptions,
  type CheckResult,
  createCheckHost,
  everything,
  runCheck,
} from "../../support/check.ts";
import { cli } from "../../support/cli.ts";
import { writeStandIn } from "../../support/compiled_stand_in.ts";
import {
  answer,
  DISCOVERY_PATH,
  json,
  startHostileIssuer,
} from "../../support/hostile_server.ts";
import { startProvider } from "../../support/provider.ts";

/** Findings about anything but this machine's PAM and sshd. */
async function checkSite(
  site: Site,
  options: CheckOptions = {},
): Promise<CheckResult> {
  // no service of that name, so that nothing about PAM depends on the machine
  return await runCheck(
    [site.policyFile, "--pam-service", "none", "--pam-dir", site.directory],
    options,
  );
}

const ISSUER = "https://login.example.edu";

async function siteWith(options: Partial<SiteOptions> = {}): Promise<Site> {
  return await createSite({ issuer: ISSUER, caPem: CA, ...options });
}
const CA = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";

Deno.test("check ends with 0 on a host that is in order, and prints the documented JSON", async () => {
  await using provider = await startProvider();
  await using host = await createCheckHost();
  await host.installStack("sshd-pasted-token-pam_exec", { service: "sshd" });
  const ca = `${host.directory}/ca.pem`;
  const socket = `${host.directory}/log`;
  await Deno.writeTextFile(ca, provider.caPem);
  await Deno.writeTextFile(
    `${host.directory}/sshd_config`,
    "UsePAM yes\nPasswordAuthentication no\n" +
      "AuthenticationMethods keyboard-interactive\n",
  );
  await writeStandIn(host.program);
  await Deno.mkdir(`${host.directory}/cache`, { mode: 0o700 });
  await Deno.writeTextFile(
    host.policy,
    `version: 1
issuers:
  campus:
    issuer: ${provider.issuer}
    audiences: [ssh-prod]
    ca_file: ${ca}
rules:
  staff:
    when: {groups: {any: [staff]}}
    accounts: [{claim: sub}]
cache: {directory: ${host.directory}/cache}
log: {socket: ${socket}}
tests:
  - {name: "no", account: alice, issuer: campus, claims: {sub: alice}, expect: deny}
  - {name: "yes", account: alice, issuer: campus, claims: {sub: alice, groups: [staff]}, expect: allow}
`,
  );
  const listener = Deno.listenDatagram({
    transport: "unixpacket",
    path: socket,
  });
  try {
    const { code, stdout, ok } = await runCheck([
      host.policy,
      ...["--pam-dir", host.serviceDir],
      ...["--ssh-config", `${host.directory}/sshd_config`],
    ], {
      permission: ({ name, ...rest }) =>
        // as built: only listed paths may be written
        name === "write" && Object.keys(rest).length === 0
          ? "denied"
          : "granted",
    });
    assert.equal(code, 0, stdout);
    assert.equal(
      stdout.replace(/ {2}"ok": \[\n.*\n {2}\]\n/s, ""),
      `{
  "schema": "oauth-pam/check@1",
  "findings": [
    {
      "id": "program/looked-at",
      "level": "info",
      "message": "looked at what a login starts, and at each folder above it: ${host.launcher}, ${host.program}"
    },
    {
      "id": "issuer/keys",
      "level": "info",
      "message": "issuer \\"campus\\": 1 of 4 published keys can be used with RS256",
      "file": "${host.policy}"
    }
  ],
}
`,
    );
    const [first] = ok;
    assert.deepEqual(first, {
      id: "policy/usable",
      message:
        `"${host.policy}" can be used: 1 issuer, 1 rule, no error of "policy lint"`,
      file: host.policy,
    });
    // every area that was looked at, and nothing twice
    const areas = ok.map(({ id }) => id.replace(/\/.*/, ""));
    assert.deepEqual([...new Set(areas)], [
      ...["policy", "file", "cache", "log", "permission", "clock", "pam"],
      ...["program", "sshd", "other-way", "issuer"],
    ]);
    assert.equal(
      new Set(ok.map((each) => JSON.stringify(each))).size,
      ok.length,
    );
  } finally {
    listener.close();
  }
});

Deno.test("check ends with 2 for a command line it does not understand", async () => {
  for (
    const args of [
      ["-"],
      ["a.yaml", "b.yaml"],
      ["a.yaml", "--format", "xml"],
      ["a.yaml", "--pam-service", "../sshd"],
      ["a.yaml", "--pam"],
    ]
  ) {
    const { code, stdout } = await cli(["check", ...args]);
    assert.equal(code, 2, args.join(" "));
    assert.equal(stdout, "");
  }
});

Deno.test("check ends with 3 for a policy that cannot be read or used, and still looks at the rest", async () => {
  await using site = await siteWith();
  await Deno.writeTextFile(site.policyFile, "version: 1\nissuers: {}\n");
  const invalid = await checkSite(site);
  assert.equal(invalid.code, 3);
  assert.ok(invalid.ids("policy/", "error").length > 0, invalid.stdout);
  assert.deepEqual(invalid.ids("pam/"), ["pam/no-service"]);
  const [first] = invalid.findings;
  assert.equal(first?.file, site.policyFile);
  assert.equal(typeof first?.line, "number");
  await Deno.remove(site.policyFile);
  const missing = await checkSite(site);
  assert.equal(missing.code, 3);
  assert.deepEqual(missing.ids("file/"), ["file/unreadable", "file/policy"]);
});

Deno.test("check does not say that a policy can be used which a login does not trust", async () => {
  await using site = await siteWith({
    ruleLines: ["when: {email_verified: true}"],
  });
  const usable = async () =>
    (await checkSite(site)).ok.some(({ id }) => id === "policy/usable");
  assert.equal(await usable(), true);
  await Deno.chmod(site.policyFile, 0o666);
  assert.equal(await usable(), false);
  await Deno.chmod(site.policyFile, 0o644);
  await Deno.rename(site.policyFile, `${site.policyFile}.real`);
  await Deno.symlink(`${site.policyFile}.real`, site.policyFile);
  assert.equal(await usable(), false);
});

Deno.test("check reports the errors of policy lint with their lines, and names what else it has", async () => {
  await using site = await siteWith({
    ruleLines: ['when: {email: {like: "*"}}'],
  });
  const text = await Deno.readTextFile(site.policyFile);
  const { findings, code } = await checkSite(site);
  const lines = text.split("\n");
  const wildcard = findings.find(({ id }) => id === "match/wildcard-only");
  assert.equal(wildcard?.level, "error");
  assert.equal(wildcard?.file, site.policyFile);
  assert.match(lines[(wildcard?.line ?? 0) - 1] ?? "", /like/);
  assert.equal(code, 1);
  const others = findings.filter(({ id }) => id === "policy/lint");
  assert.deepEqual(others, [], "tests are not installed on hosts");
  const deny = "  gone:\n    effect: deny\n    when: {status: {any: [gone]}}\n";
  await Deno.writeTextFile(
    site.policyFile,
    text.replace(/^cache:/m, `${deny}cache:`),
  );
  const more = (await checkSite(site)).findings
    .filter(({ id }) => id === "policy/lint");
  assert.deepEqual(more.map(({ level, message }) => [level, message]), [
    ["info", '"policy lint" has more to say: "deny/absent-claim-admits"'],
  ]);
});

Deno.test("check shows a rule that has ended, and names that one soon will", async () => {
  await using site = await siteWith({
    ruleLines: ["not_after: 2026-01-31T00:00:00Z"],
  });
  const at = async (now: string) => {
    const { findings } = await checkSite(site, { now: Date.parse(now) });
    return findings.filter(({ id }) => /^(?:rule|policy)\//.test(id))
      .map(({ id, level, message }) => `${id} ${level} ${message}`);
  };
  assert.deepEqual(await at("2026-01-01T00:00:00Z"), []);
  assert.deepEqual(await at("2026-01-30T00:00:00Z"), [
    'policy/lint info "policy lint" has more to say: "rule/ends-soon"',
  ]);
  assert.deepEqual(await at("2026-01-31T00:00:00Z"), [
    'rule/ended error the rule "staff" ended at 2026-01-31T00:00:00Z: it admits nobody any more',
  ]);
});

Deno.test("check looks at owner and mode of the policy, its secrets, certificates and maps", async () => {
  await using site = await siteWith({
    issuerLines: [
      "device: {client_id: ssh, client_secret_file: DIR/device.secret}",
    ],
    ruleLines: ["  - {map_file: DIR/accounts.map, keys: [sub]}"],
  });
  const text = await Deno.readTextFile(site.policyFile);
  await Deno.writeTextFile(
    site.policyFile,
    text.replaceAll("DIR", site.directory),
  );
  const [secret, map] = ["device.secret", "accounts.map"].map((name) =>
    `${site.directory}/${name}`
  ) as [string, string];
  await Deno.writeTextFile(secret, "s3cret\n", { mode: 0o600 });
  await Deno.writeTextFile(map, "u1 alice\n");
  assert.deepEqual((await checkSite(site)).ids("file/"), []);
  for (
    const [path, id, mode] of [
      [site.policyFile, "file/policy", 0o664],
      [`${site.directory}/ca.pem`, "file/ca", 0o646],
      [map, "file/map", 0o666],
      [secret, "file/secret", 0o640],
    ] as const
  ) {
    const before = await Deno.stat(path);
    await Deno.chmod(path, mode);
    const changed = await checkSite(site);
    assert.deepEqual(changed.ids("file/", "error"), [id]);
    assert.equal(changed.findings.find((each) => each.id === id)?.file, path);
    assert.equal(changed.code, 1);
    assert.doesNotMatch(changed.stdout, /s3cret/);
    await Deno.chmod(path, (before.mode ?? 0) & 0o777);
    await Deno.chown(path, 65534, null);
    assert.deepEqual((await checkSite(site)).ids("file/", "error"), [id]);
    await Deno.chown(path, 0, null);
  }
  await Deno.writeTextFile(secret, "two\nlines\n");
  await Deno.remove(map);
  await Deno.symlink(secret, map);
  await Deno.chmod(site.directory, 0o777);
  const result = await checkSite(site);
  assert.deepEqual(
    new Set(result.ids("file/", "error")),
    new Set([
      "file/policy",
      "file/secret",
      "file/ca",
      "file/map",
    ]),
  );
});

Deno.test("check looks at the cache directory and its parents", async () => {
  await using site = await siteWith();
  const level = async () =>
    (await checkSite(site)).findings.find(({ id }) => id === "cache/directory")
      ?.level;
  assert.equal(await level(), "info"); // the first login creates it
  await Deno.mkdir(site.cacheDirectory, { mode: 0o700 });
  assert.equal(await level(), undefined);
  await Deno.chmod(site.cacheDirectory, 0o770);
  assert.equal(await level(), "error");
  await Deno.chmod(site.cacheDirectory, 0o700);
  await Deno.chmod(site.directory, 0o777);
  assert.equal(await level(), "error");
  await Deno.chmod(site.directory, 0o755);
  await Deno.chown(site.cacheDirectory, 65534, null);
  assert.equal(await level(), "error");
  await Deno.remove(site.cacheDirectory);
  await Deno.symlink("/", site.cacheDirectory);
  assert.equal(await level(), "error");
  await Deno.remove(site.cacheDirectory);
  await Deno.writeTextFile(site.cacheDirectory, "");
  assert.equal(await level(), "error");
});

Deno.test("check says where no syslog daemon listens, and when it is not run as root", async () => {
  await using site = await siteWith();
  const result = await checkSite(site, { uid: 1000 });
  assert.deepEqual(result.ids("log/", "warning"), ["log/socket"]);
  assert.deepEqual(result.ids("host/", "info"), ["host/not-root"]);
  const socket = `${site.directory}/log`;
  const daemon = Deno.listenDatagram({ transport: "unixpacket", path: socket });
  assert.deepEqual((await checkSite(site)).ids("log/"), []);
  daemon.close();
});

Deno.test("check compares the permissions of the built program with the policy", async () => {
  await using site = await siteWith({
    issuerLines: [
      "hosts: [keys.example.edu]",
      "proxy: http://proxy.example.edu:3128",
    ],
  });
  const allowed = new Set(["login.example.edu:443", "/dev/null"]);
  const built: CheckOptions["permission"] = (descriptor) =>
    [Object.entries(descriptor)].flat().some(([key, value]) =>
        key !== "name" && allowed.has(String(value))
      )
      ? "granted"
      : "denied";
  const result = await checkSite(site, { permission: built });
  const said = result.findings.filter(({ id }) => id.startsWith("permission/"))
    .map(({ id, level, message }) => `${level} ${id}: ${message}`);
  assert.deepEqual(said, [
    'error permission/net: this program may not reach "keys.example.edu:443" of the issuer "campus"',
    'error permission/net: this program may not reach "proxy.example.edu:3128" of the issuer "campus"',
    `error permission/write: this program may not write to "${site.cacheDirectory}"`,
    `error permission/write: this program may not write to "${site.directory}/log"`,
  ]);
  assert.deepEqual(result.ids("issuer/"), ["issuer/not-asked"]);
  assert.equal(result.code, 1);
  const checkout = await checkSite(site);
  assert.deepEqual(checkout.ids("permission/"), ["permission/checkout"]);
});

Deno.test("check by the built program uses its own permissions", async () => {
  await using provider = await startProvider();
  await using site = await createSite(provider);
  const program = `${site.directory}/oauth-pam`;
  await buildProgram({
    policy: site.policyFile,
    output: program,
    kind: "runtime",
  });
  const ask = async () => {
    const { stdout, stderr } = await new Deno.Command(program, {
      args: [
        ...["check", site.policyFile, "--format", "json"],
        ...["--pam-service", "none", "--pam-dir", site.directory],
      ],
      cwd: "/",
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.ok(text.startsWith("{"), new TextDecoder().decode(stderr));
    const { findings } = JSON.parse(text) as CheckResult;
    return findings.map(({ id }) => id).filter((id) =>
      /^(perm|issuer)/.test(id)
    );
  };
  assert.deepEqual(await ask(), ["issuer/keys"]);
  const text = await Deno.readTextFile(site.policyFile);
  await Deno.writeTextFile(
    site.policyFile,
    text.replace(provider.issuer, "https://login.example.edu"),
  );
  assert.deepEqual(await ask(), ["permission/net", "issuer/not-asked"]);
});

Deno.test("check says how many of an issuer's keys the policy can use", async () => {
  await using provider = await startProvider();
  const counted = async (algorithms: string) => {
    await using site = await createSite({
      ...provider,
      issuerLines: [`algorithms: ${algorithms}`],
    });
    const result = await checkSite(site, { permission: everything });
    // nothing is left behind that a login would find
    await assert.rejects(Deno.stat(site.cacheDirectory), Deno.errors.NotFound);
    return result.findings.filter(({ id }) => id.startsWith("issuer/"))
      .map(({ id, level, message, hint }) => ({ id, level, message, hint }));
  };
  assert.deepEqual(await counted("[ES256, EdDSA]"), [{
    id: "issuer/keys",
    level: "info",
    message:
      'issuer "campus": 2 of 4 published keys can be used with ES256, EdDSA',
    hint: undefined,
  }]);
  assert.deepEqual(await counted("[ES384]"), [{
    id: "issuer/keys",
    level: "error",
    message: 'issuer "campus": 0 of 4 published keys can be used with ES384',
    hint:
      `the issuer publishes keys for RS256, PS256, ES256, EdDSA: see the issuer's "algorithms"`,
  }]);
});

Deno.test("check says that an issuer is down, slow, or of another certificate authority", async () => {
  await using provider = await startProvider();
  await using other = await startProvider();
  await using site = await createSite(provider);
  const ask = async (timeoutMs = 10_000) => {
    const { findings, code } = await checkSite(site, {
      permission: everything,
      timeoutMs,
    });
    assert.equal(code, 1);
    const found = findings.filter(({ id }) => id.startsWith("issuer/"));
    assert.deepEqual(found.map(({ id, level }) => [id, level]), [
      ["issuer/unavailable", "error"],
    ]);
    return found[0]?.message ?? "";
  };
  await provider.setAvailability("hang");
  assert.match(await ask(200), /did not answer in time/);
  await provider.setAvailability("down");
  assert.match(await ask(), /cannot be reached/);
  await provider.setAvailability("up");
  await Deno.writeTextFile(`${site.directory}/ca.pem`, other.caPem);
  assert.match(await ask(), /certificate/i);
});

Deno.test("check looks for the endpoints that device sign-in and introspection need", async () => {
  await using provider = await startProvider();
  const found = async (issuerLines: readonly string[]) => {
    await using site = await createSite({ ...provider, issuerLines });
    await Deno.writeTextFile(`${site.directory}/secret`, "s", { mode: 0o600 });
    const text = await Deno.readTextFile(site.policyFile);
    await Deno.writeTextFile(
      site.policyFile,
      text.replaceAll("DIR", site.directory),
    );
    return (await checkSite(site, { permission: everything })).ids("issuer/");
  };
  assert.deepEqual(await found(["device: {client_id: ssh-login}"]), [
    "issuer/keys",
  ]);
  const introspection = [
    "kind: introspection",
    "client_id: ssh",
    "client_secret_file: DIR/secret",
  ];
  assert.deepEqual(await found(introspection), []);
});

Deno.test("check says which endpoint an issuer lacks, or has on a host that is not listed", async () => {
  const authority = await createAuthority();
  await using issuer = await startHostileIssuer({ authority });
  const ask = async (document: unknown, issuerLines: readonly string[]) => {
    issuer.on(DISCOVERY_PATH, json(document));
    await using site = await createSite({
      issuer: issuer.issuer,
      caPem: authority.caPem,
      issuerLines,
    });
    const { findings } = await checkSite(site, { permission: everything });
    return findings.filter(({ id }) => id.startsWith("issuer/"))
      .map(({ id, level, message }) => `${level} ${id}: ${message}`);
  };
  assert.deepEqual(
    await ask(
      { issuer: issuer.issuer, token_endpoint: "https://other.example.edu/" },
      ["device: {client_id: ssh}"],
    ),
    [
      'error issuer/endpoint: issuer "campus": its discovery document has no ' +
      '"device_authorization_endpoint" on a host that the policy lists',
      'error issuer/endpoint: issuer "campus": its discovery document has no ' +
      '"token_endpoint" on a host that the policy lists',
      'error issuer/keys: issuer "campus": its discovery document has no "jwks_uri"',
    ],
  );
  const unknown = answer({ status: 400, body: { error: "expired_token" } });
  issuer.on("/token", unknown);
  assert.deepEqual(
    (await ask(
      { ...issuer.discovery, userinfo_endpoint: "https://x.example.edu/" },
      ["device: {client_id: ssh, userinfo: true}"],
    ))[0],
    'error issuer/endpoint: issuer "campus": its discovery document has no ' +
      '"userinfo_endpoint" on a host that the policy lists',
  );
  // what else is found is said beside a token endpoint that is not one
  issuer.on("/token");
  assert.deepEqual(
    (await ask(
      { ...issuer.discovery, scopes_supported: ["email"] },
      ["device: {client_id: ssh}"],
    )).map((line) => line.replace(/localhost:\d+/, "HOST")),
    [
      'warning issuer/device-scope: issuer "campus": it does not list the scope "openid" among those that it has',
      'error issuer/unavailable: issuer "campus": https://HOST/token answered with status 404',
      'error issuer/keys: issuer "campus": 0 of 0 published keys can be used with RS256',
    ],
  );
  const [wrong, ...others] = await ask({ issuer: "https://x.example.edu" }, []);
  assert.match(wrong ?? "", /^error issuer\/unavailable: .*x\.example\.edu/);
  assert.deepEqual(others, []);
});

Deno.test("check looks for the discovery document where the policy says that it lies", async () => {
  const authority = await createAuthority();
  await using issuer = await startHostileIssuer({ authority });
  await using keys = await startHostileIssuer({ authority });
  await using site = await createSite({
    issuer: issuer.issuer,
    caPem: authority.caPem,
    issuerLines: [`discovery_url: ${keys.issuer}/b2c`],
  });
  const ask = async (permission: typeof everything = everything) => {
    const { findings } = await checkSite(site, { permission });
    return findings.filter(({ id }) => id.startsWith("issuer/"))
      .map(({ id, message }) => `${id}: ${message}`);
  };
  assert.deepEqual(await ask(), [
    `issuer/unavailable: issuer "campus": ${keys.issuer}/b2c answered with status 404`,
  ]);
  keys.on("/b2c", json({ ...issuer.discovery, issuer: keys.issuer }));
  assert.deepEqual(await ask(), [
    'issuer/unavailable: issuer "campus": the discovery document is of the issuer ' +
    `"${keys.issuer}", not "${issuer.issuer}"`,
  ]);
  keys.on("/b2c", json(issuer.discovery));
  assert.deepEqual(await ask(), [
    'issuer/keys: issuer "campus": 0 of 0 published keys can be used with RS256',
  ]);
  assert.deepEqual([...new Set(issuer.requests.map(({ path }) => path))], [
    "/jwks",
  ]);
});

Deno.test("check says that the clock is earlier than the policy", async () => {
  await using site = await siteWith();
  const { mtime } = await Deno.stat(site.policyFile);
  const written = mtime?.getTime() ?? 0;
  const early = await checkSite(site, { now: written - 120_000 });
  assert.deepEqual(early.ids("clock/", "error"), ["clock/behind"]);
  assert.deepEqual((await checkSite(site, { now: written })).ids("clock/"), []);
});

Deno.test("check prints for people the worst first, with nothing that steers a terminal", async () => {
  const file = "/no/such/\u001b[31mpolicy.yaml";
  const { code, stdout, stderr } = await cli([
    "check",
    file,
    ...["--pam-service", "none", "--pam-dir", "/no/such"],
  ]);
  assert.equal(code, 3);
  assert.ok(!stdout.includes("\u001b"));
  const levels = stdout.split("\n").flatMap((line) =>
    /\b(error|warning|info): /.exec(line)?.[1] ?? []
  );
  assert.deepEqual(
    levels,
    [...levels].sort((a, b) => {
      const order = ["error", "warning", "info"];
      return order.indexOf(a) - order.indexOf(b);
    }),
  );
  assert.match(
    stdout,
    /^\/no\/such\/\\u001b\[31mpolicy\.yaml:1: error: .* \[file\/unreadable\]$/m,
  );
  assert.match(stdout, /^ {2}hint: /m);
  assert.match(stderr, /^[0-9]+ errors?, [0-9]+ warnings?\n$/);
});
