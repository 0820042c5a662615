/**
 * The flags say what the policy needs, and never by accident "everything".
 *
 * @module
 */
// Threats: B7, G14

import assert from "node:assert/strict";
import {
  BuildError,
  type Needs,
  permissionFlags,
  permissionNeeds,
} from "../../src/build/permissions.ts";

const NEEDS: Needs = {
  netHosts: ["login.example.edu:443"],
  cacheDirectory: "/var/cache/oauth-pam",
  logSocket: "/dev/log",
};
const ENVIRONMENT_FLAG =
  "--allow-env=PAM_USER,PAM_SERVICE,PAM_TYPE,PAM_RHOST,PAM_TTY,PAM_RUSER," +
  "SSH_CONNECTION,SSH_AUTH_INFO_0,OAUTH_PAM_CONVERSATION,OAUTH_PAM_ACCOUNT,OAUTH_PAM_GRANT,NO_COLOR";

function flags(needs: Partial<Needs>, denoVersion = "2.9.6"): string[] {
  return permissionFlags({ ...NEEDS, ...needs }, { denoVersion });
}

function netFlag(
  needs: Partial<Needs>,
  denoVersion = "2.9.6",
): string | undefined {
  return flags(needs, denoVersion).find((flag) =>
    flag.startsWith("--allow-net")
  );
}

Deno.test("permissionFlags() grants what login needs, and no more", () => {
  assert.deepEqual(flags({}), [
    "--allow-net=login.example.edu:443,unix:/dev/log,unix:/var/cache/oauth-pam/log.sock,unix:/var/cache/oauth-pam/syslog",
    "--allow-write=/var/cache/oauth-pam,/dev/log",
    "--allow-read",
    ENVIRONMENT_FLAG,
    "--allow-sys=uid,hostname",
    "--no-prompt",
    "--unstable-net",
    "--no-code-cache",
  ]);
});

Deno.test("permissionFlags() lets ssh-keys write what it keeps, and nothing else in its directory", () => {
  const written = (needs: Partial<Needs>) =>
    flags({ keysDirectory: "/var/cache/keys", ...needs }).find((flag) =>
      flag.startsWith("--allow-write=")
    )?.split("=")[1]?.split(",");
  const usual = ["jwks", "recent", "log.sock"].map((name) =>
    `/var/cache/keys/${name}`
  );
  assert.deepEqual(written({}), [NEEDS.cacheDirectory, ...usual, "/dev/log"]);
  assert.deepEqual(written({ keysAudit: "/var/cache/keys/audit.jsonl" }), [
    NEEDS.cacheDirectory,
    ...usual,
    "/var/cache/keys/audit.jsonl",
    "/dev/log",
  ]);
  assert.throws(
    () => written({ keysAudit: "/var/cache/keys/.code" }),
    BuildError,
  );
});

Deno.test("permissionFlags() lets nobody write where compiled code and parsed policies lie", () => {
  const directory = NEEDS.cacheDirectory;
  for (
    const needs of [
      { keysDirectory: `${directory}/keys` },
      { keysDirectory: `${directory}/jwks/keys` },
      { keysDirectory: directory },
      { logSocket: `${directory}.code` },
      { cacheDirectory: "/var/cache", logSocket: "/var/cache.code" },
    ]
  ) {
    assert.throws(
      () => flags(needs),
      /BuildError: ".*code" is for what runs, and would lie in ".*", where/,
    );
  }
  // beside it, whatever they are called
  flags({ keysDirectory: `${directory}-keys` });
  flags({ keysDirectory: "/var/cache/keys", cacheDirectory: "/var/cache/k" });
});

Deno.test("permissionNeeds() knows where the audit file of ssh-keys lies", () => {
  const needs = (file: string | null, ssh_certificates: unknown = {}) => {
    const { keysDirectory, keysAudit } = permissionNeeds({
      issuers: [{
        name: "campus",
        issuer: "https://login.example.edu",
        hosts: [],
        proxy: null,
        ssh_certificates,
      }],
      cache: {
        directory: "/var/cache/oauth-pam",
        ssh_keys_directory: "/var/cache/keys",
      },
      log: { socket: "/dev/log" },
      audit: file === null ? null : { file },
    });
    return [keysDirectory, keysAudit];
  };
  const directory = "/var/cache/keys";
  assert.deepEqual(needs(null), [directory, null]);
  assert.deepEqual(needs("/var/cache/oauth-pam/audit.jsonl"), [
    directory,
    `${directory}/audit.jsonl`,
  ]);
  // with the folder, which may have to be made
  assert.deepEqual(needs("/var/cache/oauth-pam/audit/logins.jsonl"), [
    directory,
    `${directory}/audit`,
  ]);
  assert.deepEqual(needs("/var/cache/oauth-pam/audit.jsonl", null), [
    null,
    null,
  ]);
});

for (
  const [version, unix] of [
    ["1.46.3", false],
    ["2.4.2", false],
    ["2.8.3", false],
    ["2.9.0", true],
    ["2.9.6+1a2b3c4", true],
    ["2.10.0", true],
    ["3.0.0", true],
  ] as const
) {
  Deno.test(`permissionFlags() ${unix ? "names" : "leaves out"} Unix sockets for Deno ${version}`, () => {
    assert.equal(netFlag({}, version)?.includes("unix:"), unix);
  });
}

Deno.test("permissionFlags() refuses a version it cannot read", () => {
  for (const version of ["", "deno 2.9.6", "2.9", "latest"]) {
    assert.throws(() => flags({}, version), BuildError);
  }
});

Deno.test("permissionFlags() leaves --allow-net out when there is nothing to reach", () => {
  assert.equal(netFlag({ netHosts: [] }, "2.4.2"), undefined);
  assert.equal(
    netFlag({ netHosts: [] }),
    "--allow-net=unix:/dev/log,unix:/var/cache/oauth-pam/log.sock,unix:/var/cache/oauth-pam/syslog",
  );
});

Deno.test("permissionFlags() never writes an empty entry or an empty list", () => {
  for (
    const netHosts of [[], ["a.example.org:443"], [
      "a.example.org:443",
      "[2001:db8::1]:8443",
    ]]
  ) {
    for (const version of ["2.4.2", "2.9.6"]) {
      for (const flag of flags({ netHosts }, version)) {
        assert.doesNotMatch(flag, /=$|=,|,,|,$/);
      }
    }
  }
});

for (
  const host of [
    "",
    "*",
    "login.example.edu",
    "*.example.edu:443",
    "192.0.2.0/24",
    "a.example.org:443,b.example.org:443",
    "a.example.org:0",
    "a.example.org:65536",
    "a.example.org:",
    "2001:db8::1",
    "A.example.org:443",
    "unix:/dev/log",
    "-a.example.org:443",
  ]
) {
  Deno.test(`permissionFlags() refuses the host ${JSON.stringify(host)}`, () => {
    assert.throws(() => flags({ netHosts: [host] }), BuildError);
  });
}

for (
  const path of [
    "",
    "/",
    "//",
    "relative/path",
    "~/cache",
    "/var/cache,/etc",
    "/var/cache/../../etc",
    "/var/./cache",
    "/var//cache",
    "/var/cache\n/x",
    "/var/cache\0",
  ]
) {
  Deno.test(`permissionFlags() refuses the path ${JSON.stringify(path)}`, () => {
    assert.throws(() => flags({ cacheDirectory: path }), BuildError);
    assert.throws(() => flags({ logSocket: path }), BuildError);
  });
}

Deno.test("permissionFlags() says which path holds the comma", () => {
  assert.throws(() => flags({ logSocket: "/run/a,b" }), {
    message:
      'log socket "/run/a,b" holds a comma, which separates paths in Deno\'s permission flags',
  });
});

Deno.test("permissionFlags() takes spaces, quotes and a final slash in paths", () => {
  const built = flags({ cacheDirectory: '/srv/it\'s a "cache"/' });
  assert.ok(built.includes('--allow-write=/srv/it\'s a "cache",/dev/log'));
  assert.ok(
    built[0]?.endsWith(
      'unix:/srv/it\'s a "cache"/log.sock,unix:/srv/it\'s a "cache"/syslog',
    ),
  );
});
