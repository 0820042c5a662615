/**
 * `check` and what the user of AuthorizedKeysCommand reads, runs and writes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { issuerFile, restFile } from "../../../src/lib/bundle_files.ts";
import { runtimeFile, wrapperScript } from "../../../src/build/compile.ts";
import { offline } from "../../support/check.ts";
import {
  ACCOUNTS,
  type CertificateHost,
  createCertificateHost,
  findingOf,
  findingsOf,
  SECOND_GID,
} from "../../support/certificate_host.ts";
import { buildProgram } from "../../support/built_program.ts";

type Spoil = (host: CertificateHost) => Promise<void>;

const directory: readonly [string, Spoil, "error" | "warning", RegExp][] = [
  [
    "is missing",
    ({ keysDirectory }) => Deno.remove(keysDirectory),
    "error",
    /does not exist: the issuer is asked at every login/,
  ],
  [
    "is root's",
    ({ keysDirectory }) => Deno.chown(keysDirectory, 0, 0),
    "error",
    /belongs to uid 0, not to "oauth-pam"/,
  ],
  [
    "can be written by its group",
    ({ keysDirectory }) => Deno.chmod(keysDirectory, 0o770),
    "error",
    /can be written by others/,
  ],
  [
    "can be read by others",
    ({ keysDirectory }) => Deno.chmod(keysDirectory, 0o755),
    "warning",
    /can be read by others/,
  ],
  [
    "is a file",
    async ({ keysDirectory }) => {
      await Deno.remove(keysDirectory);
      await Deno.writeTextFile(keysDirectory, "");
    },
    "error",
    /is not a directory/,
  ],
  [
    "is a link",
    async ({ keysDirectory }) => {
      await Deno.rename(keysDirectory, `${keysDirectory}-real`);
      await Deno.symlink(`${keysDirectory}-real`, keysDirectory);
    },
    "error",
    /is not a directory/,
  ],
];

for (const [what, spoil, level, message] of directory) {
  Deno.test(`check says so where ssh_keys_directory ${what}`, async () => {
    await using host = await createCertificateHost();
    await spoil(host);
    const result = await host.check();
    const found = findingOf(result, "cache/ssh-keys-directory");
    assert.equal(found.level, level);
    assert.match(found.message, message);
    assert.equal(found.file, host.keysDirectory);
    assert.equal(
      found.hint,
      `install -d -o oauth-pam -g root -m 0700 ${host.keysDirectory}`,
    );
    assert.equal(result.code, level === "error" ? 1 : 0);
  });
}

Deno.test("check looks at the folders above ssh_keys_directory", async () => {
  await using host = await createCertificateHost();
  const above = `${host.folder}/above`;
  await Deno.mkdir(above);
  await Deno.chmod(above, 0o755);
  const path = `${above}/keys`;
  await Deno.rename(host.keysDirectory, path);
  const policy = host.policyText().replace(host.keysDirectory, path);
  const check = async () =>
    findingsOf(await host.check({ policy }), "cache/ssh").join("\n");
  assert.equal(await check(), "");
  await Deno.chmod(above, 0o777);
  assert.match(await check(), /^error .*above" can be written by others/);
  await Deno.chmod(above, 0o700);
  assert.match(await check(), /^error .*may not pass through ".*above"/);
});

Deno.test("check finds what the user may not read, and takes the groups it is in", async () => {
  await using host = await createCertificateHost();
  const { folder } = host;
  const [ca, map, secret] = ["ca.pem", "map", "secret"].map((name) =>
    `${folder}/${name}`
  );
  assert.ok(ca && map && secret);
  await Deno.writeTextFile(
    ca,
    "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
  );
  await Deno.writeTextFile(map, "alice@example.edu alice\n");
  await Deno.writeTextFile(secret, "s");
  // PAM's business alone
  await Deno.chmod(secret, 0o600);
  await Deno.writeTextFile(
    host.policy,
    host.policyText({
      issuer: [
        "ssh_certificates: {}",
        `ca_file: ${ca}`,
        `device: {client_id: ssh, client_secret_file: ${secret}}`,
      ],
      rule: [`accounts: [{map_file: ${map}, keys: [email]}]`],
    }),
  );
  const check = async () => findingsOf(await host.check(), "file/keys-user");
  for (const path of [host.policy, ca, map]) {
    await Deno.chmod(path, 0o640);
    const [found = "", ...others] = await check();
    assert.ok(
      found.startsWith(
        `error file/keys-user: "oauth-pam" may not read "${path}": every certificate is refused`,
      ),
      found,
    );
    assert.deepEqual(others, []);
    await Deno.chown(path, 0, SECOND_GID);
    assert.deepEqual(await check(), []);
    await Deno.chmod(path, 0o604);
    // the group's bits count for who is in it, not everybody's
    assert.equal((await check()).length, 1);
    await Deno.chmod(path, 0o644);
  }
  assert.deepEqual(await check(), []);
  await Deno.chmod(host.folder, 0o750);
  assert.match((await check()).join("\n"), /may not pass through/);
});

/** What `deno task build --runtime` writes, with a Deno that does nothing. */
async function installRuntime(host: CertificateHost) {
  const { program } = host;
  const bundle = `${program}.js`;
  const files = {
    deno: runtimeFile(program),
    bundle,
    issuer: issuerFile(bundle),
    rest: restFile(bundle),
    keys: `${bundle}.keys.js`,
  };
  await Deno.writeTextFile(
    program,
    wrapperScript({
      deno: files.deno,
      flags: ["--allow-read"],
      bundle,
      cacheDirectory: `${host.folder}/cache`,
      keysDirectory: host.keysDirectory,
      logSocket: "/dev/log",
    }),
  );
  await Deno.copyFile("/bin/true", files.deno);
  for (const path of [bundle, files.issuer, files.rest, files.keys]) {
    await Deno.writeTextFile(path, "// code");
  }
  return files;
}

Deno.test("check follows the launcher for sshd to all that starts, as its user", async () => {
  await using host = await createCertificateHost();
  const files = await installRuntime(host);
  const check = async () => findingsOf(await host.check(), "file/");
  assert.deepEqual(await check(), []);
  const looked = findingOf(await host.check(), "program/looked-at").message;
  for (const path of [host.launcher, host.program, ...Object.values(files)]) {
    assert.ok(looked.includes(path), path);
    const { mode } = await Deno.stat(path);
    await Deno.chmod(path, 0o700);
    const found = await check();
    assert.equal(found.length, 1, path);
    assert.match(
      found[0] ?? "",
      /^error file\/keys-user: "oauth-pam" may not (?:read|run)/,
    );
    await Deno.chmod(path, mode ?? 0o644);
  }
});

Deno.test("check finds a runtime without the file that answers sshd", async () => {
  await using host = await createCertificateHost();
  const { keys } = await installRuntime(host);
  await Deno.truncate(keys, 0);
  const empty = findingOf(await host.check(), "file/program");
  assert.equal(empty.level, "error");
  assert.match(empty.message, /keys\.js" is empty$/);
  await Deno.remove(keys);
  const missing = findingOf(await host.check(), "file/program");
  assert.match(missing.message, /keys\.js" does not exist$/);
  assert.match(missing.hint ?? "", /^build it for this policy/);
  const plain = await host.check({ policy: host.policyText({ issuer: [] }) });
  assert.deepEqual(plain.ids("file/"), [], plain.stdout);
});

Deno.test("check finds nothing wrong with a runtime that was built for the policy", async () => {
  await using host = await createCertificateHost();
  await buildProgram({
    policy: host.policy,
    output: host.program,
    kind: "runtime",
  });
  const fine = await host.check();
  assert.deepEqual(fine.ids("file/"), [], fine.stdout);
  const looked = findingOf(fine, "program/looked-at").message;
  assert.ok(looked.includes(`${host.program}.js.keys.js`), looked);
});

Deno.test("check asks whether the built program may write to ssh_keys_directory", async () => {
  await using host = await createCertificateHost();
  const check = async (policy: string) => {
    const result = await host.check({
      policy,
      permission: (descriptor) =>
        descriptor.name !== "write"
          ? offline(descriptor)
          : descriptor.path === `${host.folder}/cache`
          ? "granted"
          : "denied",
    });
    return findingsOf(result, "permission/write").map((text) =>
      /"[^"]*"/.exec(text)?.[0]
    );
  };
  assert.deepEqual(await check(host.policyText()), [
    `"${host.keysDirectory}"`,
    '"/dev/log"',
  ]);
  assert.deepEqual(await check(host.policyText({ issuer: [] })), [
    '"/dev/log"',
  ]);
});

Deno.test("check does not take root for somebody who may not read", async () => {
  await using host = await createCertificateHost();
  await Deno.chmod(host.policy, 0o600);
  await Deno.chown(host.keysDirectory, 0, 0);
  const config = (await host.sshdConfig()).replace(
    "AuthorizedKeysCommandUser oauth-pam",
    "AuthorizedKeysCommandUser root",
  );
  const result = await host.check({ config, files: ACCOUNTS });
  assert.deepEqual(result.ids("file/"), []);
  assert.deepEqual(result.ids("cache/ssh"), []);
});
