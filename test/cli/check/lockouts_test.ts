/**
 * `check` and the ways in which a host that looks well lets nobody in, or runs what others
 * can write. Each was seen on a host that `check` called fine.
 *
 * @module
 */
import assert from "node:assert/strict";
import { issuerFile, restFile } from "../../../src/lib/bundle_files.ts";
import { runtimeFile, wrapperScript } from "../../../src/build/compile.ts";
import { buildProgram } from "../../support/built_program.ts";
import { createAuthority } from "../../support/certificates.ts";
import {
  type CheckResult,
  checkService,
  createCheckHost,
  everything,
  runCheck,
} from "../../support/check.ts";
import {
  answer,
  DISCOVERY_PATH,
  json,
  startHostileIssuer,
} from "../../support/hostile_server.ts";
import { createSite } from "../../support/login.ts";
import type { PamHost } from "../../support/pam.ts";
import { startProvider } from "../../support/provider.ts";

const EXEC = "sshd-pasted-token-pam_exec";
const DEVICE = "sshd-device-sign-in";

function only(result: CheckResult, prefix: string) {
  return result.findings.filter(({ id }) => id.startsWith(prefix))
    .map(({ id, level, message, hint = "" }) =>
      `${level} ${id}: ${message} (${hint})`
    ).join("\n");
}

/** Installs what `deno task build --runtime` writes, with a Deno that does nothing. */
async function installRuntime(host: PamHost): Promise<Record<string, string>> {
  const { program } = host;
  const files = {
    wrapper: program,
    deno: runtimeFile(program),
    bundle: `${program}.js`,
    issuer: issuerFile(`${program}.js`),
    rest: restFile(`${program}.js`),
  };
  const wrapper = wrapperScript({
    deno: files.deno,
    flags: [
      "--allow-read",
      "--allow-net=login.example.edu",
      "--allow-write=/var/cache/oauth-pam,/dev/log",
    ],
    bundle: files.bundle,
    cacheDirectory: "/var/cache/oauth-pam",
    logSocket: "/dev/log",
  });
  await Deno.copyFile("/bin/true", files.deno);
  for (
    const [path, text] of [
      [files.wrapper, wrapper],
      [files.bundle, "// bundle"],
      [files.issuer, "// issuer"],
      [files.rest, "// rest"],
    ] as const
  ) await Deno.writeTextFile(path, text);
  return files;
}

Deno.test("check follows the wrapper to all that it starts, and says at what it looked", async (t) => {
  await using host = await createCheckHost();
  await host.installStack(EXEC, { service: "sshd" });
  const files = await installRuntime(host);
  const fine = await checkService(host, "sshd");
  assert.deepEqual(fine.ids("file/"), [], fine.stdout);
  const looked = only(fine, "program/");
  assert.match(looked, /^info program\/looked-at: /);
  for (const path of Object.values(files)) {
    assert.ok(looked.includes(path), path);
  }

  const spoilt: [string, (path: string) => Promise<void>, RegExp][] = [
    [
      "is missing",
      (path) => Deno.remove(path),
      /does not exist|cannot be read/,
    ],
    ["is empty", (path) => Deno.writeTextFile(path, ""), /is empty/],
    [
      "can be written by others",
      (path) => Deno.chmod(path, 0o777),
      /can be written by others/,
    ],
    [
      "is somebody else's",
      (path) => Deno.chown(path, 65534, null),
      /owned|belong/,
    ],
  ];
  for (const name of ["deno", "bundle", "rest"]) {
    for (const [what, spoil, message] of spoilt) {
      await t.step(`${name} ${what}`, async () => {
        const path = files[name] ?? "";
        const { mode } = await Deno.stat(path);
        await spoil(path);
        const result = await checkService(host, "sshd");
        const found = result.findings.filter(({ id, file }) =>
          id === "file/program" && file === path
        );
        assert.deepEqual(
          found.map(({ level }) => level),
          ["error"],
          result.stdout,
        );
        assert.match(found[0]?.message ?? "", message);
        assert.equal(result.code, 1);
        await installRuntime(host);
        await Deno.chown(path, Deno.uid(), null);
        await Deno.chmod(path, mode ?? 0o644);
      });
    }
  }
  await t.step("a folder above can be written by others", async () => {
    const folder = host.program.slice(0, host.program.lastIndexOf("/"));
    await Deno.chmod(folder, 0o777);
    const result = await checkService(host, "sshd");
    for (const name of ["deno", "bundle", "rest"]) {
      assert.ok(
        result.findings.some(({ id, level, file }) =>
          id === "file/program" && level === "error" && file === files[name]
        ),
        name,
      );
    }
    await Deno.chmod(folder, 0o755);
  });
});

Deno.test("check finds nothing wrong with what the build wrote, and looked at each of its files", async () => {
  await using host = await createCheckHost();
  await host.installStack(EXEC, { service: "sshd" });
  await buildProgram({
    policy: host.policy,
    output: host.program,
    kind: "runtime",
  });
  const fine = await checkService(host, "sshd");
  assert.deepEqual(fine.ids("file/"), [], fine.stdout);
  const looked = only(fine, "program/");
  assert.match(looked, /^info program\/looked-at: [^\n]*$/);
  const bundle = `${host.program}.js`;
  for (
    const path of [
      ...[host.program, bundle, issuerFile(bundle), restFile(bundle)],
      runtimeFile(host.program),
    ]
  ) assert.ok(looked.includes(path), path);
  await Deno.truncate(restFile(bundle), 0);
  await Deno.remove(issuerFile(bundle));
  assert.deepEqual((await checkService(host, "sshd")).ids("file/", "error"), [
    "file/program",
    "file/program",
  ]);
});

Deno.test("check says where a wrapper runs a Deno out of a package manager's cache", async () => {
  await using host = await createCheckHost();
  await host.installStack(EXEC, { service: "sshd" });
  const files = await installRuntime(host);
  const cached = `${host.directory}/.npm/_npx/1/bin`;
  await Deno.mkdir(cached, { recursive: true });
  await Deno.copyFile("/bin/true", `${cached}/deno`);
  const text = await Deno.readTextFile(host.program);
  await Deno.writeTextFile(
    host.program,
    text.replaceAll(files.deno ?? "", `${cached}/deno`),
  );
  const result = await checkService(host, "sshd");
  assert.match(only(result, "program/package"), /^warning .*nobody gets in/);
});

Deno.test("check finds a launcher that was cut short, and a program that is another script", async () => {
  await using host = await createCheckHost();
  await host.installStack(EXEC, { service: "sshd" });
  const launcher = await Deno.readTextFile(host.launcher);
  await installRuntime(host);
  await Deno.writeTextFile(host.launcher, launcher.slice(0, -10));
  const cut = await checkService(host, "sshd");
  assert.match(
    only(cut, "file/launcher"),
    /^error .*cut short.*install it again/,
  );
  await Deno.writeTextFile(host.launcher, launcher);
  await Deno.writeTextFile(host.program, "#!/bin/sh\nexec /opt/other\n");
  const other = await checkService(host, "sshd");
  assert.match(
    only(other, "program/unknown"),
    /^warning .*what it starts was not looked at/,
  );
});

Deno.test("check finds a line whose own policy does not exist", async () => {
  await using host = await createCheckHost();
  await host.installStack(DEVICE, { service: "sshd" });
  const path = `${host.serviceDir}/sshd`;
  const text = await Deno.readTextFile(path);
  const wrong = host.policy.replace(".yaml", "x.yaml");
  const lines = text.split("\n").map((line) =>
    line.includes("device finish") ? line.replace(host.policy, wrong) : line
  );
  await Deno.writeTextFile(path, lines.join("\n"));
  const result = await checkService(host, "sshd");
  const found = result.findings.filter(({ id }) => id === "pam/policy");
  assert.deepEqual(found.map(({ level }) => level), ["error"], result.stdout);
  const finish = lines.findIndex((line) => /^auth.*device finish/.test(line));
  assert.equal(found[0]?.line, finish + 1);
  assert.ok(found[0]?.message.includes(wrong));
});

Deno.test("check finds what asks for a password before the code is shown", async () => {
  await using host = await createCheckHost();
  await host.installStack(DEVICE, { service: "sshd" });
  const path = `${host.serviceDir}/sshd`;
  const text = await Deno.readTextFile(path);
  for (const line of ["@include common-auth", "auth required pam_unix.so"]) {
    await Deno.writeTextFile(path, text.replace(/^auth/m, `${line}\nauth`));
    const result = await checkService(host, "sshd");
    assert.match(
      only(result, "pam/asks-first"),
      /^error .*"pam_unix" on this line asks for a password before/,
    );
    assert.equal(result.code, 1);
  }
  await Deno.writeTextFile(
    path,
    text.replace(/^auth/m, "auth required pam_unix.so use_first_pass\nauth"),
  );
  assert.equal(only(await checkService(host, "sshd"), "pam/asks-first"), "");
});

Deno.test("check says that a token alone gets nobody in, and that pam_permit waits at the end", async () => {
  await using host = await createCheckHost();
  await host.installStack(EXEC, { service: "sshd" });
  const path = `${host.serviceDir}/sshd`;
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(
    path,
    text.replace(/^auth/m, "auth requisite pam_unix.so\nauth"),
  );
  assert.match(
    only(await checkService(host, "sshd"), "pam/not-alone"),
    /^warning .*"pam_unix" must agree as well/,
  );
  const permit = text.replace(
    /^(auth.*)pam_listfile\.so.*$/m,
    "$1pam_permit.so",
  );
  assert.notEqual(permit, text);
  await Deno.writeTextFile(path, permit);
  assert.match(
    only(await checkService(host, "sshd"), "pam/permit"),
    /^warning .*pam_listfile\.so/,
  );
});

// Deno lets nobody look into /dev who may not do everything
const NOT_EVERYTHING = {
  read: true,
  write: true,
  net: true,
  env: true,
  run: true,
  sys: true,
} as const;

Deno.test("check takes a socket that it may not look at for no missing one", {
  permissions: NOT_EVERYTHING,
}, async () => {
  await using site = await createSite({
    issuer: "https://login.example.edu",
    caPem: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
  });
  const text = await Deno.readTextFile(site.policyFile);
  await Deno.writeTextFile(
    site.policyFile,
    text.replace(/^ {2}socket: .*$/m, "  socket: /dev/log"),
  );
  const result = await runCheck([
    site.policyFile,
    ...["--pam-service", "none", "--pam-dir", site.directory],
  ]);
  assert.deepEqual(result.ids("log/", "warning"), []);
  assert.match(
    only(result, "log/"),
    /^info log\/not-looked-at: .*test -S \/dev\/log/,
  );
});

/** Findings about the issuer, for a site of that issuer alone. */
async function asked(
  options: Parameters<typeof createSite>[0],
  now?: number,
): Promise<CheckResult> {
  await using site = await createSite(options);
  return await runCheck(
    [site.policyFile, "--pam-service", "none", "--pam-dir", site.directory],
    { permission: everything, ...(now === undefined ? {} : { now }) },
  );
}

Deno.test("check compares the clock with the issuer's", async () => {
  const authority = await createAuthority();
  await using issuer = await startHostileIssuer({ authority });
  const ask = async (seconds: number, headers: Record<string, string> = {}) => {
    const date = new Date(Date.now() + seconds * 1000).toUTCString();
    issuer.on(
      "/jwks",
      answer({ headers: { date, ...headers }, body: issuer.jwks }),
    );
    return only(
      await asked({ issuer: issuer.issuer, caPem: authority.caPem }),
      "clock/",
    );
  };
  assert.match(
    await ask(600),
    /^error clock\/issuer: .* (599|600|601) s ahead of .* 30 s .*NTP/,
  );
  assert.match(await ask(-600), /^error clock\/issuer: .* 6\d\d s behind/);
  assert.equal(await ask(0), "");
  assert.equal(await ask(-20), "", "within the policy's clock_skew");
  assert.equal(await ask(-600, { age: "600" }), "", "out of a cache");
  assert.equal(await ask(0, { date: "yesterday" }), "");
});

Deno.test("check tries the device client with a request that shows nobody a code", async () => {
  await using provider = await startProvider();
  const ask = (device: string) =>
    asked({ ...provider, issuerLines: [`device: {${device}}`] });
  const unknown = await ask("client_id: nobody");
  assert.match(
    only(unknown, "issuer/device"),
    /^error issuer\/device-client: .*"nobody": invalid_client: it does not know the client/,
  );
  assert.equal(unknown.code, 1);
  const known = await ask("client_id: ssh-login");
  assert.deepEqual(known.ids("issuer/"), ["issuer/keys"], known.stdout);
  const scope = await ask("client_id: ssh-login, scopes: [openid, emails]");
  assert.match(
    only(scope, "issuer/device"),
    /^warning issuer\/device-scope: .*"emails"/,
  );
});

for (
  const [way, methods, hint] of [
    ["client_auth: basic", ["client_secret_post"], '"client_auth: post"'],
    [
      "client_auth: post",
      ["client_secret_basic", "none"],
      '"client_auth: basic"',
    ],
    ["hosts: []", ["private_key_jwt"], "let the issuer take a client secret"],
    ["hosts: []", ["client_secret_post"], null],
    ["hosts: []", undefined, null],
    ["client_auth: post", undefined, null],
  ] as const
) {
  for (const kind of ["device", "introspection"]) {
    Deno.test(`check compares "${way}" with ${JSON.stringify(methods)} for ${kind}`, async () => {
      const authority = await createAuthority();
      await using issuer = await startHostileIssuer({ authority });
      issuer.discovery.token_endpoint_auth_methods_supported = methods;
      issuer.on(
        "/token",
        answer({ status: 400, body: { error: "expired_token" } }),
      );
      const folder = await Deno.realPath(await Deno.makeTempDir());
      const secret = `${folder}/secret`;
      await Deno.writeTextFile(secret, "s", { mode: 0o600 });
      const credentials = `client_id: ssh, client_secret_file: ${secret}`;
      const result = await asked({
        issuer: issuer.issuer,
        caPem: authority.caPem,
        issuerLines: [
          way,
          ...kind === "device"
            ? [`device: {${credentials}}`]
            : ["kind: introspection", ...credentials.split(", ")],
        ],
      });
      await Deno.remove(folder, { recursive: true });
      const found = result.findings.filter(({ id }) =>
        id === "issuer/client-auth"
      );
      assert.deepEqual(
        found.map(({ level }) => level),
        hint === null ? [] : ["warning"],
      );
      if (hint !== null) assert.ok(found[0]?.hint?.includes(hint));
    });
  }
}

for (
  const [error, status, level] of [
    ["unauthorized_client", 400, "error"],
    ["unsupported_grant_type", 400, "error"],
    ["invalid_client", 401, "error"],
    ["invalid_grant", 400, null],
    ["expired_token", 400, null],
    ["invalid_request", 400, null],
    ["bad_verification_code", 400, null],
  ] as const
) {
  Deno.test(`check takes "${error}" for ${level === null ? "an answer about the code" : "an answer about the client"}`, async () => {
    const authority = await createAuthority();
    await using issuer = await startHostileIssuer({ authority });
    issuer.on(
      DISCOVERY_PATH,
      json({
        ...issuer.discovery as object,
        token_endpoint: `${issuer.issuer}/token`,
        device_authorization_endpoint: `${issuer.issuer}/device`,
      }),
    );
    const error_description = "see AADSTS7000218";
    issuer.on("/token", answer({ status, body: { error, error_description } }));
    const result = await asked({
      issuer: issuer.issuer,
      caPem: authority.caPem,
      issuerLines: ["device: {client_id: ssh}"],
    });
    const found = result.findings.filter(({ id }) =>
      id === "issuer/device-client"
    );
    assert.deepEqual(
      found.map(({ level }) => level),
      level === null ? [] : [level],
    );
    for (const { message } of found) {
      assert.match(message, /; it says: see AADSTS7000218$/);
    }
    assert.equal(issuer.requestCount("/device"), 0, "nobody is shown a code");
    assert.equal(issuer.requestCount("/token"), 1);
  });
}

Deno.test("check says when a trusted certificate has expired, which a login does not mind", async () => {
  const authority = await createAuthority();
  const site = { issuer: "https://login.example.edu", caPem: authority.caPem };
  const later = Date.now() + 31 * 24 * 3_600_000;
  assert.match(
    only(await asked(site, later), "file/ca"),
    /^warning file\/ca-expired: .*has expired on .*logins still trust it/,
  );
  const both = (await createAuthority()).caPem + authority.caPem;
  const two = await asked({ ...site, caPem: both }, later);
  assert.equal(two.ids("file/ca-expired").length, 2);
  assert.equal(only(await asked(site), "file/ca"), "");
});

async function checkConfig(
  text: string,
  permission = everything,
): Promise<CheckResult> {
  await using host = await createCheckHost();
  await host.installStack(EXEC, { service: "sshd" });
  const config = `${host.directory}/sshd_config`;
  await Deno.writeTextFile(config, text);
  return await runCheck([
    host.policy,
    ...["--pam-dir", host.serviceDir, "--ssh-config", config],
  ], { permission });
}

Deno.test("check has sshd itself read its configuration", async () => {
  await Deno.mkdir("/run/sshd", { recursive: true });
  const text = "UsePAM yes\nPaswordAuthentication no\nUseDNS maybe\n";
  const result = await checkConfig(text);
  const found = result.findings.filter(({ id }) => id === "sshd/refused");
  assert.deepEqual(
    found.map(({ level, line, message }) => `${level} ${line} ${message}`),
    [
      "error 2 sshd does not start with this line: Bad configuration option: PaswordAuthentication",
      'error 3 sshd does not start with this line: unsupported option "maybe".',
    ],
    result.stdout,
  );
  const bare = await checkConfig(
    "UsePAM yes\nPasswordAuthentication no\nHostKey /no/such/key\n",
  );
  assert.match(
    only(bare, "sshd/refused"),
    /^error sshd\/refused: sshd does not start: .*no hostkeys available/,
  );
  const denied = await checkConfig(
    text,
    ({ name }) => name === "run" ? "denied" : "granted",
  );
  assert.match(
    only(denied, "sshd/not-tested"),
    /^info .*this program may start nothing \(\/usr\/sbin\/sshd -t -f /,
  );
  // what sshd knows stands in it: a program that may not start it can at least read it
  assert.equal(
    only(denied, "sshd/refused"),
    'error sshd/refused: sshd does not start with this line: it has no keyword "paswordauthentication" ' +
      "(correct or remove it; sshd_config(5) has what is allowed)",
  );
  assert.equal(denied.code, 1);
});

Deno.test("check knows every keyword that sshd -T prints, by what stands in sshd", async () => {
  const config = await Deno.makeTempFile();
  await Deno.writeTextFile(config, "HostKey /etc/ssh/ssh_host_rsa_key\n");
  const { stdout } = await new Deno.Command("/usr/sbin/sshd", {
    args: ["-T", "-f", config, "-C", "user=root"],
  }).output();
  const printed = new TextDecoder().decode(stdout);
  assert.ok(printed.split("\n").length > 80, printed);
  const result = await checkConfig(
    printed,
    ({ name }) => name === "run" ? "denied" : "granted",
  );
  assert.deepEqual(result.ids("sshd/refused"), []);
  assert.deepEqual(result.ids("sshd/not-tested"), ["sshd/not-tested"]);
  await Deno.remove(config);
});

Deno.test("check explains that sshd takes the first value", async () => {
  const good = "UsePAM yes\nPasswordAuthentication no\n";
  const first = await checkConfig(
    `KbdInteractiveAuthentication no\n${good}KbdInteractiveAuthentication yes\n`,
  );
  assert.match(
    only(first, "sshd/kbd"),
    /\(remove line 1 of .*sshd takes the first value, and line 4 of .*"KbdInteractiveAuthentication yes", is never read\)$/,
  );
  const alone = await checkConfig(`KbdInteractiveAuthentication no\n${good}`);
  assert.match(
    only(alone, "sshd/kbd"),
    /\(write "KbdInteractiveAuthentication yes" in place of line 1 of /,
  );
  const nowhere = await checkConfig("PasswordAuthentication no\n");
  assert.match(
    only(nowhere, "sshd/use-pam"),
    /\(write "UsePAM yes" into a file in sshd_config\.d\)$/,
  );
});

for (
  const [lines, ids] of [
    ["", ["public-key"]],
    ["PubkeyAuthentication no", []],
    ["AuthorizedKeysFile none", []],
    ["AuthenticationMethods keyboard-interactive", []],
    ["AuthenticationMethods publickey,keyboard-interactive:pam", []],
    ["AuthenticationMethods keyboard-interactive publickey", ["public-key"]],
    [
      "AuthenticationMethods keyboard-interactive\nMatch User rescue\nAuthenticationMethods publickey",
      [],
    ],
    [
      "PubkeyAuthentication no\nGSSAPIAuthentication yes\nHostbasedAuthentication yes\nUseDNS yes",
      ["gssapi", "host-based", "use-dns"],
    ],
  ] as const
) {
  Deno.test(`check warns of what passes the policy by: ${ids.join(", ") || "nothing"}, with ${JSON.stringify(lines)}`, async () => {
    const result = await checkConfig(
      `UsePAM yes\nPasswordAuthentication no\n${lines}\n`,
    );
    assert.deepEqual(
      result.ids("other-way/", "warning"),
      ids.map((id) => `other-way/${id}`),
      result.stdout,
    );
    assert.equal(result.ids("other-way/", "error").length, 0);
  });
}
