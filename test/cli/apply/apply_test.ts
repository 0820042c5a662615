/**
 * `oauth-pam apply --root`: what it writes, what it says of permissions, and what it refuses.
 *
 * @module
 */
// Threats: G1
import assert from "node:assert/strict";
import { PARTS, PROGRAM } from "../../../src/lib/installed.ts";
import { readRecord } from "../../../src/cli/apply/record.ts";
import { cliOnDisk } from "../../support/cli.ts";
import {
  installParts,
  type PackageParts,
  PAIR,
  RUNTIME,
} from "../../support/package_host.ts";

const POLICY = `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh-prod]
rules:
  staff:
    services: [sshd]
    when: {groups: {any: [staff]}}
    accounts: [{claim: sub}]
`;

interface Place {
  readonly root: string;
  policy(text: string): Promise<void>;
  apply(
    ...args: string[]
  ): Promise<{ code: number; stdout: string; stderr: string }>;
  /** What is in the folder of the program, by name: the text, or the size of what is large. */
  state(): Promise<Record<string, string | number>>;
}

/** A root with the package in it, and an ordinary policy. */
async function withPlace(
  parts: PackageParts,
  body: (place: Place) => Promise<void>,
): Promise<void> {
  const root = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "oauth-pam-apply-" }),
  );
  try {
    await installParts(root, parts);
    await Deno.writeTextFile(
      `${root}/etc/passwd`,
      "root:x:0:0::/root:/bin/sh\noauth-pam:x:64123:64123::/:/bin/false\n",
    );
    const policy = (text: string) =>
      Deno.writeTextFile(`${root}/etc/oauth-pam/policy.yaml`, text);
    await policy(POLICY);
    await body({
      root,
      policy,
      apply: (...args) => cliOnDisk(["apply", "--root", root, ...args]),
      async state() {
        const found: Record<string, string | number> = {};
        try {
          for (
            const { name } of Deno.readDirSync(`${root}/var/lib/oauth-pam`)
          ) {
            const path = `${root}/var/lib/oauth-pam/${name}`;
            const { size, isFile } = await Deno.stat(path);
            found[name] = !isFile || size > 1_000_000
              ? size
              : await Deno.readTextFile(path);
          }
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
        return found;
      },
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const FORMS: readonly [string, PackageParts][] = [
  ["runtime", RUNTIME],
  ...(PAIR.denort === undefined
    ? []
    : [["compiled", PAIR] as [string, PackageParts]]),
];

for (const [form, parts] of FORMS) {
  Deno.test(`apply writes the program with the policy's permissions, root's and by rename (${form})`, () =>
    withPlace(parts, async ({ root, apply, policy }) => {
      const first = await apply();
      assert.equal(first.code, 0, first.stderr);
      assert.match(
        first.stdout,
        new RegExp(
          `^applied /etc/oauth-pam/policy\\.yaml: wrote /var/lib/oauth-pam/login \\(${form}, `,
        ),
      );
      for (
        const line of [
          "connect to login.example.edu:443",
          "write to /var/cache/oauth-pam",
          "write to /dev/log",
        ]
      ) assert.ok(first.stdout.includes(`\n  + ${line}\n`), first.stdout);
      assert.ok(!first.stdout.includes(root), "no path names the root");
      const program = root + PROGRAM;
      const info = await Deno.lstat(program);
      assert.deepEqual([info.mode! & 0o7777, info.uid, info.isFile], [
        0o755,
        0,
        true,
      ]);
      const bytes = new TextDecoder().decode(await Deno.readFile(program));
      assert.ok(!bytes.includes(root));
      assert.ok(bytes.includes("login.example.edu:443"));

      const again = await apply();
      assert.equal(again.code, 0, again.stderr);
      assert.ok(
        again.stdout.endsWith(
          "permissions since the last apply: nothing changed\n",
        ),
        again.stdout,
      );

      await policy(
        POLICY.replace("login.example.edu", "sso.example.org") +
          "cache: {directory: /srv/oauth/cache}\n",
      );
      const third = await apply();
      assert.equal(third.code, 0, third.stderr);
      const changed = third.stdout.split("\n").filter((line) =>
        /^ {2}[+-]/.test(line) && !line.includes("unix:")
      );
      assert.deepEqual(changed, [
        "  + connect to sso.example.org:443",
        "  + write to /srv/oauth/cache",
        "  - connect to login.example.edu:443",
        "  - write to /var/cache/oauth-pam",
      ]);
      // the place is the file's own, not written over
      assert.notEqual((await Deno.lstat(program)).ino, info.ino);
      const record = await readRecord(`${root}/var/lib/oauth-pam/applied.json`);
      assert.equal(record?.form, form);
      assert.equal(record?.policy, "/etc/oauth-pam/policy.yaml");
      assert.ok(
        record?.flags.includes("--allow-net=sso.example.org:443") ||
          record?.flags.some((flag) =>
            flag.startsWith("--allow-net=sso.example.org:443,unix:")
          ),
      );
    }));

  Deno.test(`apply leaves nothing behind it but the program and its record (${form})`, () =>
    withPlace(parts, async ({ apply, state, policy }) => {
      const files = form === "compiled" ? [".lock", "applied.json", "login"] : [
        ".lock",
        "applied.json",
        "login",
        "login.*.js",
        "login.*.js.issuer.js",
        "login.*.js.keys.js",
        "login.*.js.rest.js",
      ];
      const names = async () =>
        Object.keys(await state()).map((name) =>
          name.replace(/\.[0-9a-f]{32}\./, ".*.")
        ).sort();
      assert.equal((await apply()).code, 0);
      assert.deepEqual(await names(), files);
      // those of the program that was there are still read by whoever has begun to log in
      await policy(POLICY.replace("ssh-prod", "ssh-test"));
      assert.equal((await apply()).code, 0);
      await policy(POLICY.replace("ssh-prod", "ssh-other"));
      assert.equal((await apply()).code, 0);
      const bundles = files.filter((name) => name.includes("*"));
      assert.deepEqual(await names(), [...files, ...bundles].sort());
    }));
}

Deno.test("apply refuses a policy with errors, says where, and changes nothing", () =>
  withPlace(RUNTIME, async ({ root, apply, policy, state }) => {
    for (
      const [text, said] of [
        [POLICY.replace("services:", "srevices:"), /policy\.yaml:8:/],
        ["not: a policy\n", /policy\.yaml:1:/],
        ["\xff\xfe", /policy\.yaml/],
        // an error of lint's, in a policy that can be used
        [
          POLICY.replace("groups: {any: [staff]}", 'email: {like: "*"}'),
          /\[match\/wildcard-only\]\n(?:.*\n)*.*: nothing was changed/,
        ],
      ] as const
    ) {
      await policy(text);
      const { code, stdout, stderr } = await apply();
      assert.deepEqual({ code, stdout }, { code: 3, stdout: "" }, stderr);
      assert.match(stderr, said);
      assert.deepEqual(await state(), {});
      assert.deepEqual([...Deno.readDirSync(`${root}/var/cache`)], []);
    }
    await policy(POLICY);
    assert.equal((await apply()).code, 0);
    const before = await state();
    await policy(POLICY.replace("services:", "srevices:"));
    assert.equal((await apply()).code, 3);
    assert.deepEqual(await state(), before);
  }));

Deno.test("apply makes the folders that the policy names, for sshd's user too, and leaves those that are there", () =>
  withPlace(RUNTIME, async ({ root, apply, policy }) => {
    const certificates = POLICY.replace(
      "    audiences:",
      "    ssh_certificates: {}\n    audiences:",
    );
    await policy(
      certificates +
        "cache: {directory: /srv/a/b/cache, ssh_keys_directory: /srv/a/keys}\n",
    );
    const { code, stderr } = await apply();
    assert.equal(code, 0, stderr);
    const look = async (path: string) => {
      const { mode, uid } = await Deno.lstat(root + path);
      return [mode! & 0o7777, uid];
    };
    assert.deepEqual(await look("/srv/a/b"), [0o755, 0]);
    assert.deepEqual(await look("/srv/a/b/cache"), [0o700, 0]);
    assert.deepEqual(await look("/srv/a/keys"), [0o700, 64123]);
    for (const folder of ["/srv/a/b/cache", "/srv/a/keys"]) {
      assert.equal(await Deno.readLink(`${root}${folder}/syslog`), "/dev/log");
    }
    assert.match(stderr, /made \/srv\/a\/keys of the user "oauth-pam"/);
    // a second time there is nothing to make
    assert.doesNotMatch((await apply()).stderr, /made/);
    // what is not for oauth-pam alone gets no link
    await policy(POLICY + "cache: {directory: /var/cache}\n");
    assert.equal((await apply()).code, 0);
    assert.deepEqual([...Deno.readDirSync(`${root}/var/cache`)], []);
    // a host without that user
    await Deno.writeTextFile(`${root}/etc/passwd`, "root:x:0:0::/:/bin/sh\n");
    await Deno.writeTextFile(`${root}/etc/nsswitch.conf`, "passwd: files\n");
    await policy(certificates);
    const without = await apply();
    assert.equal(without.code, 0);
    assert.match(
      without.stderr,
      /did not make \/var\/cache\/oauth-pam-keys: .*no user "oauth-pam"/,
    );
  }));

Deno.test("apply writes nothing through links that lead out of the root, nor among what is another user's", () =>
  withPlace(RUNTIME, async ({ root, policy, apply }) => {
    const outside = await Deno.makeTempDir({ prefix: "oauth-pam-outside-" });
    try {
      await Deno.mkdir(`${outside}/cache`, { mode: 0o700 });
      await Deno.mkdir(`${root}/srv/alice/cache`, { recursive: true });
      await Deno.chmod(`${root}/srv/alice/cache`, 0o700);
      await Deno.chown(`${root}/srv/alice`, 64999, 64999);
      await Deno.symlink(outside, `${root}/srv/out`);
      for (const folder of ["/srv/out/cache", "/srv/alice/cache"]) {
        await policy(`${POLICY}cache: {directory: ${folder}}\n`);
        const { stderr } = await apply();
        assert.deepEqual([...Deno.readDirSync(root + folder)], []);
        assert.match(
          stderr,
          new RegExp(
            `^oauth-pam: .*"${root}/srv/(out" is a|alice" belongs)`,
            "m",
          ),
        );
      }
    } finally {
      await Deno.remove(outside, { recursive: true });
    }
  }));

const SPOILT: readonly [string, (root: string) => Promise<void>][] = [
  [
    "the policy can be written by others",
    (root) => Deno.chmod(`${root}/etc/oauth-pam/policy.yaml`, 0o666),
  ],
  [
    "the policy is a link",
    async (root) => {
      const path = `${root}/etc/oauth-pam/policy.yaml`;
      await Deno.rename(path, `${path}.real`);
      await Deno.symlink(`${path}.real`, path);
    },
  ],
  [
    "the package's Deno can be written by others",
    (root) => Deno.chmod(root + PARTS.deno, 0o777),
  ],
  [
    "the package's program belongs to somebody else",
    (root) => Deno.chown(root + PARTS.bundle, 65534, null),
  ],
  [
    "the package's folder can be written by a group",
    (root) => Deno.chmod(`${root}/usr/lib/oauth-pam`, 0o775),
  ],
  [
    "the program's folder can be written by others",
    async (root) => {
      await Deno.mkdir(`${root}/var/lib/oauth-pam`);
      await Deno.chmod(`${root}/var/lib/oauth-pam`, 0o777);
    },
  ],
  [
    "the program's folder belongs to somebody else",
    async (root) => {
      await Deno.mkdir(`${root}/var/lib/oauth-pam`);
      await Deno.chown(`${root}/var/lib/oauth-pam`, 65534, null);
    },
  ],
  [
    "what lies above the cache can be written by others",
    (root) => Deno.chmod(`${root}/var/cache`, 0o777),
  ],
  ["the program is not there", (root) => Deno.remove(root + PARTS.bundle)],
  [
    "there is no policy",
    (root) => Deno.remove(`${root}/etc/oauth-pam/policy.yaml`),
  ],
];

Deno.test("apply trusts no place that others can write, and then writes no program", async (t) => {
  for (const [what, spoil] of SPOILT) {
    await t.step(
      what,
      () =>
        withPlace(RUNTIME, async ({ root, apply, state }) => {
          await spoil(root);
          const { code, stdout, stderr } = await apply();
          assert.deepEqual({ code, stdout }, { code: 3, stdout: "" }, stderr);
          assert.match(stderr, /^oauth-pam: error: /m);
          const { login } = await state();
          assert.equal(login, undefined);
        }),
    );
  }
});

Deno.test("without denort the form is runtime, which is said, and compiled is refused", () =>
  withPlace(RUNTIME, async ({ apply, state }) => {
    const compiled = await apply("--form", "compiled");
    assert.deepEqual([compiled.code, compiled.stdout], [3, ""]);
    assert.match(compiled.stderr, /denort" does not exist: .*--form runtime/);
    assert.deepEqual(await state(), {});
    const chosen = await apply();
    assert.equal(chosen.code, 0);
    assert.match(
      chosen.stderr,
      /denort" does not exist, so the form is runtime/,
    );
    assert.match(chosen.stdout, /\(runtime, /);
    // asked for, or as before: nothing to say
    assert.doesNotMatch((await apply()).stderr, /denort/);
    assert.equal((await apply("--form", "other")).code, 2);
  }));

Deno.test("apply names policies as the host does, and remembers which one it was", () =>
  withPlace(RUNTIME, async ({ root, apply }) => {
    await Deno.writeTextFile(`${root}/etc/oauth-pam/site.yaml`, POLICY);
    for (
      const named of [
        `${root}/etc/oauth-pam/site.yaml`,
        "/etc/oauth-pam/site.yaml",
      ]
    ) {
      const { code, stdout, stderr } = await apply(named);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^applied \/etc\/oauth-pam\/site\.yaml: /);
    }
    assert.match(
      (await apply()).stdout,
      /^applied \/etc\/oauth-pam\/site\.yaml: /,
    );
    const relative = await apply("etc/oauth-pam/site.yaml");
    assert.equal(relative.code, 3);
    assert.match(relative.stderr, /is not an absolute path/);
    assert.equal((await apply("/a.yaml", "/b.yaml")).code, 2);
    assert.equal((await apply("-")).code, 2);
    const nowhere = await cliOnDisk(["apply", "--root", `${root}/none`]);
    assert.equal(nowhere.code, 3);
  }));

Deno.test("a program of unknown origin, or no record: all that the new one may do is told", () =>
  withPlace(RUNTIME, async ({ root, apply }) => {
    assert.equal((await apply()).code, 0);
    await Deno.writeTextFile(root + PROGRAM, "#!/bin/sh\nexit 7\n");
    for (let round = 0; round < 2; round++) {
      const { stdout } = await apply();
      assert.match(
        stdout,
        /permissions of the program:\n {2}\+ connect to login/,
      );
      await Deno.remove(`${root}/var/lib/oauth-pam/applied.json`);
    }
  }));
