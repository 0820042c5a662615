/**
 * `oauth-pam apply` on an installed host, in a root of its own: logins through the launcher before and
 * after, without the network, and after what should not have happened.
 *
 * Debian packages: rsyslog strace binutils util-linux passwd.
 *
 * @module
 */
// Threats: F2, G1
import assert from "node:assert/strict";
import {
  installParts,
  type PackageParts,
  PAIR,
  RUNTIME,
} from "../../support/package_host.ts";
import { until } from "../../support/pam.ts";
import {
  idToken,
  startProvider,
  type TestProvider,
} from "../../support/provider.ts";
import {
  rootLikeThisMachine,
  type ThrowawayRoot,
} from "../../support/throwaway_root.ts";

const FORMS: readonly [string, PackageParts][] = [
  ["runtime", RUNTIME],
  ...(PAIR.denort === undefined
    ? []
    : [["compiled", PAIR] as [string, PackageParts]]),
];

interface Host {
  readonly root: ThrowawayRoot;
  readonly provider: TestProvider;
  /** Writes the policy; `issuer` is the provider's unless given. */
  policy(text?: (usual: string) => string): Promise<void>;
  apply(
    ...args: string[]
  ): Promise<{ code: number; stdout: string; stderr: string }>;
  /** What the launcher ends with for a token of the account's, and the log line. */
  login(account: string): Promise<{ code: number; line: string }>;
}

function policyText(issuer: string): string {
  return `version: 1
issuers:
  campus:
    issuer: ${issuer}
    audiences: [ssh-login]
    ca_file: /etc/oauth-pam/ca.pem
rules:
  staff:
    services: [sshd]
    when: {email_verified: true}
    accounts:
      - {map: {alice@example.edu: [alice]}, keys: [email]}
`;
}

const RSYSLOG = `module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="/dev/log")
template(name="line" type="string" string="%syslogtag%%msg%\\n")
action(type="omfile" file="/var/log/oauth-pam-test" template="line")
`;

async function withHost(
  parts: PackageParts,
  body: (host: Host) => Promise<void>,
): Promise<void> {
  await using provider = await startProvider();
  await using root = await rootLikeThisMachine();
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-parts-" });
  try {
    await Deno.chmod(folder, 0o755);
    await installParts(folder, parts);
    await root.bring(folder, "/");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  await root.ok(["useradd", "alice"]);
  await root.write("/etc/oauth-pam/ca.pem", provider.caPem);
  await root.write("/tmp/rsyslog.conf", RSYSLOG);
  // it goes on in the background, and ends with the root
  await root.ok(["rsyslogd", "-f", "/tmp/rsyslog.conf", "-i", "/tmp/rsyslog"]);
  const usual = policyText(provider.issuer);
  const policy: Host["policy"] = (text = (same) => same) =>
    root.write("/etc/oauth-pam/policy.yaml", text(usual));
  await policy();
  let logged = 0;
  const lines = async () =>
    (await root.read("/var/log/oauth-pam-test").catch(() => "")).split("\n")
      .filter((line) => line.includes("oauth-pam"));
  await body({
    root,
    provider,
    policy,
    apply: (...args) => root.run(["oauth-pam", "apply", ...args]),
    async login(account) {
      const token = await idToken(provider, { account });
      const launcher = "/usr/libexec/oauth-pam/oauth-pam-launch";
      const { code } = await root.run(
        // whoever asks is a process of the root
        [
          ...["sh", "-c", '"$@"; exit $?', "sh", launcher, "login"],
          "/etc/oauth-pam/policy.yaml",
        ],
        {
          stdin: token,
          env: {
            PAM_TYPE: "auth",
            PAM_SERVICE: "sshd",
            PAM_USER: "alice",
            PAM_RHOST: "192.0.2.7",
          },
        },
      );
      const all = await until(async () => {
        const found = await lines();
        return found.length > logged && found;
      }, { what: "a log line" });
      const line = all.slice(logged).join("\n");
      logged = all.length;
      return { code, line };
    },
  });
}

/** In Deno's place: what it makes stands still where it is tried. */
const STANDS_STILL = `#!/bin/sh
still() { printf '#!/bin/sh\\n: >/tmp/tried\\nexec sleep 1000\\n' >"$1"; }
for last; do
  case $1,$last in compile,--output=*) output=\${last#--output=} ;; esac
done
case $1,$last,$* in
  compile,*) "$0.real" "$@" && still "$output" && exit ;;
  run,--version,*/var/lib/oauth-pam/login.*) : >/tmp/tried; exec sleep 1000 ;;
esac
exec "$0.real" "$@"
`;

for (const [form, parts] of FORMS) {
  Deno.test(`an applied program lets in whom the policy means, and a forgotten apply nobody (${form})`, () =>
    withHost(parts, async ({ provider, policy, apply, login }) => {
      // before the first apply nobody gets in
      const before = await login("alice");
      assert.equal(before.code, 4);
      assert.match(before.line, /\/var\/lib\/oauth-pam\/login is no program/);

      const first = await apply();
      assert.match(
        first.stdout,
        new RegExp(`^applied /etc/oauth-pam/policy\\.yaml: .*\\(${form}, `),
      );
      const { host } = new URL(provider.issuer);
      assert.ok(first.stdout.includes(`+ connect to ${host}\n`), first.stdout);
      // and what check finds on this host, whose sshd asks nobody
      assert.equal(first.code, 1, first.stderr);
      assert.match(first.stdout, /^.*error: .* \[/m);

      const alice = await login("alice");
      assert.equal(alice.code, 0, alice.line);
      assert.match(alice.line, /decision=allow reason=allowed user=alice /);
      const bob = await login("bob");
      assert.equal(bob.code, 10, bob.line);
      assert.match(bob.line, /decision=deny reason=account_not_permitted /);

      // the policy names another host, and nobody ran apply
      const moved = (text: string) =>
        text.replace("audiences:", "hosts: [keys.example.org]\n    audiences:");
      await policy(moved);
      const forgotten = await login("alice");
      assert.equal(forgotten.code, 3, forgotten.line);
      assert.match(
        forgotten.line,
        /decision=deny reason=policy_invalid .*keys\.example\.org/,
      );
      const second = await apply();
      assert.match(
        second.stdout,
        /^permissions since the last apply:\n {2}\+ connect to keys\.example\.org:443\n/m,
      );
      const after = await login("alice");
      assert.equal(after.code, 0, after.line);
    }));

  Deno.test(`apply opens no connection, and works where there is no network (${form})`, () =>
    withHost(parts, async ({ root, apply, login }) => {
      const traced = await root.run([
        ...["strace", "-f", "-qq", "-o", "/tmp/trace"],
        ...["-e", "trace=socket,connect,bind,sendto,execve"],
        ...["oauth-pam", "apply"],
      ]);
      assert.equal(traced.code, 1, traced.stderr);
      const trace = await root.read("/tmp/trace");
      const lines = trace.split("\n");
      const applied = lines.findLastIndex((line) =>
        /execve\("[^"]*(\/login|\/deno)"/.test(line)
      );
      assert.ok(applied > 0, "the new program was tried");
      assert.deepEqual(
        lines.slice(0, applied).filter((line) =>
          /AF_INET|AF_NETLINK/.test(line)
        ),
        [],
      );
      const alone = await root.run(["oauth-pam", "apply"], {
        before: ["unshare", "--net"],
      });
      assert.equal(alone.code, 1, alone.stderr);
      assert.match(
        alone.stdout,
        /^permissions since the last apply: nothing changed$/m,
      );
      assert.match(alone.stdout, /\[issuer\/unavailable\]/);
      const alice = await login("alice");
      assert.equal(alice.code, 0, alice.line);
      assert.equal((await apply("--form", "runtime")).code, 1);
      assert.equal((await login("alice")).code, 0);
    }));

  Deno.test(`an apply that is killed, or whose program does not work, leaves the one that is there (${form})`, () =>
    withHost(parts, async ({ root, policy, apply, login }) => {
      assert.equal((await apply()).code, 1);
      const program = "/var/lib/oauth-pam/login";
      const inode = await root.inode(program);
      await policy((text) => `${text}# another\n`);
      const deno = "/usr/lib/oauth-pam/deno";
      await root.ok(["mv", deno, `${deno}.real`]);
      await root.write(deno, STANDS_STILL, 0o755);
      const killed = root.run([
        "sh",
        "-c",
        "echo $$ >/tmp/pid; exec oauth-pam apply",
      ]);
      await until(
        async () => (await root.names("/tmp")).includes("tried"),
        { what: "the new program to be tried", timeoutMs: 30_000 },
      );
      await root.ok(["sh", "-c", 'kill -KILL "$(cat /tmp/pid)"']);
      assert.notEqual((await killed).code, 0);
      await root.ok(["mv", `${deno}.real`, deno]);
      const leftOver = async () =>
        (await root.names("/var/lib/oauth-pam")).some((name) =>
          name.startsWith(".new-")
        );
      assert.equal(await leftOver(), true);
      assert.equal(await root.inode(program), inode);
      assert.equal((await login("alice")).code, 0);

      // a package that came damaged: what is made of it does not answer
      const bundle = "/usr/lib/oauth-pam/login.js";
      for (const part of ["", ".keys.js", ".rest.js"]) {
        await root.ok(["cp", bundle + part, `/tmp/whole.js${part}`]);
      }
      await root.write(bundle, `"@@OAUTH_PAM_EMBEDDED_POLICY@@"; throw 1;\n`);
      const damaged = await root.run([
        ...["/usr/lib/oauth-pam/deno", "run", "-A", "--quiet", "--no-config"],
        ...["--no-code-cache", "--unstable-net", "/tmp/whole.js", "apply"],
      ], { env: { DENO_DIR: "/tmp/deno" } });
      assert.equal(damaged.code, 3, damaged.stdout);
      assert.match(
        damaged.stderr,
        /the new program was tried and is not used: it says/,
      );
      assert.equal(await root.inode(program), inode);
      assert.equal((await login("alice")).code, 0);

      await root.ok(["cp", "/tmp/whole.js", bundle]);
      assert.equal((await apply()).code, 1);
      assert.equal(await leftOver(), false);
      assert.notEqual(await root.inode(program), inode);
      assert.equal((await login("alice")).code, 0);
    }));
}

for (const [form, parts] of FORMS) {
  Deno.test(`nothing that becomes the program lies where others could swap it, whatever TMPDIR says (${form})`, () =>
    withHost(parts, async ({ root }) => {
      await root.ok(["sh", "-ec", "mkdir /srv/shared; chmod 0777 /srv/shared"]);
      const { code, stdout, stderr } = await root.run(["oauth-pam", "apply"], {
        env: { TMPDIR: "/srv/shared" },
      });
      assert.deepEqual([code, stdout], [3, ""]);
      assert.match(
        stderr,
        /^oauth-pam: error: the folder for temporary files: "\/srv\/shared" can be written by others.*; whoever can write there becomes root at the next login$/m,
      );
      assert.equal((await root.run(["ls", "/srv/shared"])).stdout, "");
      assert.equal(
        (await root.run(["ls", "/var/lib/oauth-pam/login"])).code,
        2,
      );
    }));
}

if (PAIR.denort !== undefined) {
  Deno.test("a stripped copy of the program lets nobody in, and apply makes it anew", () =>
    withHost(PAIR, async ({ root, apply, login }) => {
      assert.equal((await apply()).code, 1);
      assert.equal((await login("alice")).code, 0);
      await root.ok(["strip", "/var/lib/oauth-pam/login"]);
      const { code, line } = await login("alice");
      assert.equal(code, 1);
      assert.match(line, /Could not find standalone binary section/);
      const again = await apply();
      assert.match(again.stdout, /^permissions of the program:/m);
      assert.equal((await login("alice")).code, 0);
    }));
}

Deno.test("the first login finds the code cache filled, and those of earlier programs are gone", () =>
  withHost(RUNTIME, async ({ root, policy, apply }) => {
    const folders = () => root.names("/var/cache/oauth-pam.code");
    await apply();
    const [first = "", ...none] = await folders();
    assert.deepEqual(none, []);
    const cached = await root.ok([
      ...["find", `/var/cache/oauth-pam.code/${first}`],
      ...["-name", "v8_code_cache*", "-size", "+500k"],
    ]);
    assert.match(cached, /\/v8_code_cache_v2\n/);
    // which is tidy: nothing of it is in a log
    const logs = ["-name", "*-wal", "-size", "+0"];
    assert.equal(
      await root.ok(["find", "/var/cache/oauth-pam.code", ...logs]),
      "",
    );
    const program = await root.read("/var/lib/oauth-pam/login");
    assert.ok(program.includes(`/var/cache/oauth-pam.code/${first}\n`));
    await policy((text) => `${text}# another\n`);
    await apply();
    const [second, ...others] = await folders();
    assert.deepEqual(others, []);
    assert.notEqual(second, first);
    // nobody has tried to log in
    const log = await root.run([
      "grep",
      "decision=",
      "/var/log/oauth-pam-test",
    ]);
    assert.equal(log.stdout, "");
  }));

Deno.test("whoever is not root is told to be", () =>
  withHost(RUNTIME, async ({ root }) => {
    const { code, stdout, stderr } = await root.run([
      ...["setpriv", "--reuid=1", "--regid=1", "--clear-groups"],
      ...["oauth-pam", "apply"],
    ]);
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, /error: .*: run it as root/);
    assert.equal((await root.run(["ls", "/var/lib/oauth-pam"])).code, 2);
  }));
