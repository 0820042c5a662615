/**
 * The packages on hosts of their own: what comes, what stays after an upgrade, and that nobody is locked
 * out when it goes.
 *
 * Debian packages: dpkg, libpam-runtime, openssh-server, pamtester, systemd, rpm, util-linux.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  rootLikeThisMachine,
  type ThrowawayRoot,
} from "../../support/throwaway_root.ts";
import { packaged } from "./packages.ts";

let folder = "";
/** Paths: version 0.1.0 in both kinds, and a later .deb. */
let deb = "";
let rpm = "";
let later = "";

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "oauth-pam-hosts-" });
  const output = ["--output", folder];
  const { files } = await packaged([...output, "--version=0.1.0"]);
  [deb = "", rpm = ""] = files;
  [later = ""] = (await packaged(["deb", ...output, "--version=0.2.0"])).files;
});

Deno.test.afterAll(async () => {
  await Deno.remove(folder, { recursive: true });
});

const QUIET = { DEBIAN_FRONTEND: "noninteractive" };

interface Host extends AsyncDisposable {
  readonly root: ThrowawayRoot;
  /** Runs a line of shell. */
  sh(
    line: string,
    env?: Record<string, string>,
  ): Promise<{ code: number; stdout: string; stderr: string }>;
  /** What it prints; fails where it does not end with 0. */
  ok(line: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
}

/** A host with these packages in its /tmp, the first of them installed. */
async function hostWith(...packages: readonly string[]): Promise<Host> {
  const root = await rootLikeThisMachine();
  // other tests follow the README on this machine
  await root.run(["sh", "-c", `rm -rf ${PLACES}`]);
  for (const path of packages) {
    await root.bring(path, `/tmp/${path.slice(folder.length + 1)}`);
  }
  // man-db would read every manual page of this machine
  await root.run(["rm", "-f", "/var/lib/man-db/auto-update"]);
  return {
    root,
    sh: (line, env = {}) =>
      root.run(["sh", "-c", line], { env: { ...QUIET, ...env } }),
    ok: (line) => root.ok(["sh", "-ec", line], { env: QUIET }),
    write: (path, text) => root.write(path, text),
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}

async function installed(...packages: readonly string[]): Promise<Host> {
  const host = await hostWith(...packages);
  await host.ok("dpkg -i /tmp/oauth-pam_0.1.0_*.deb");
  return host;
}

const STATUS = "dpkg-query -W -f '${db:Status-Status}' oauth-pam";
const PLACES = "/var/lib/oauth-pam /var/cache/oauth-pam*";
/** Mode, owner, what it leads to. */
const LOOK = `find ${PLACES} -printf '%M %u:%g %p %l\\n' | sort -k3`;
const MADE = `drwx------ root:root /var/cache/oauth-pam 
drwx------ oauth-pam:root /var/cache/oauth-pam-keys 
lrwxrwxrwx root:root /var/cache/oauth-pam-keys/syslog /dev/log
lrwxrwxrwx root:root /var/cache/oauth-pam/syslog /dev/log
drwxr-xr-x root:root /var/lib/oauth-pam 
`;

Deno.test("installing makes the user and the places, as tmpfiles.d and sysusers.d have them, and changes no stack", async () => {
  await using host = await hostWith(deb);
  const stacks = "cd /etc/pam.d && sha256sum *";
  const before = await host.ok(stacks);
  await host.ok("dpkg -i /tmp/*.deb");
  assert.equal(await host.ok(stacks), before);
  assert.equal(await host.ok(LOOK), MADE);
  assert.match(await host.ok("oauth-pam --version"), /^oauth-pam \d/);
  assert.match(
    await host.ok("getent passwd oauth-pam"),
    /^oauth-pam:x:\d{1,3}:\d+:[^:]*:\/nonexistent:\/usr\/sbin\/nologin$/m,
  );
  // what a host without systemd gets, and one whose /var is new at each start
  await host.ok(
    `rm -rf ${PLACES}; userdel oauth-pam; mv /usr/bin/systemd-sysusers /tmp/
     dpkg-reconfigure oauth-pam`,
  );
  assert.equal(await host.ok(LOOK), MADE);
  await host.ok(
    `rm -rf ${PLACES}; userdel oauth-pam; mv /tmp/systemd-sysusers /usr/bin/
     systemd-sysusers oauth-pam.conf; systemd-tmpfiles --create oauth-pam.conf`,
  );
  assert.equal(await host.ok(LOOK), MADE);
});

Deno.test("removal is refused while a stack or sshd names the package, with each line, and changes nothing", async () => {
  await using host = await installed(deb);
  await host.ok("pam-auth-update --enable oauth-pam");
  const launcher = "/usr/libexec/oauth-pam/oauth-pam-launch";
  await host.write(
    "/etc/pam.d/own",
    `# ${launcher}\n auth required pam_exec.so ${launcher} login\n`,
  );
  await host.write(
    "/etc/pam.d/own~",
    `auth required pam_exec.so ${launcher}\n`,
  );
  await host.write("/etc/pam.d/outer", "auth include /etc/elsewhere\n");
  await host.write("/etc/elsewhere", `auth required \\\n${launcher}\n`);
  await host.write(
    "/etc/ssh/sshd_config.d/10-oauth-pam.conf",
    "#AuthorizedKeysCommand /usr/libexec/oauth-pam/oauth-pam-ssh-keys\nInclude /etc/ssh/more/*.conf\n",
  );
  await host.ok("mkdir /etc/ssh/more");
  await host.write(
    "/etc/ssh/more/x.conf",
    '\tAuthorizedKeysCommand="/usr/libexec/oauth-pam/oauth-pam-ssh-keys" %u\n',
  );
  const stacks = "cd /etc/pam.d && sha256sum *";
  const before = await host.ok(stacks);
  const { code, stderr } = await host.sh("dpkg -r oauth-pam");
  assert.equal(code, 1);
  const lines = stderr.split("\n").filter((line) => line.startsWith("  /"));
  assert.deepEqual(lines, [
    `  /etc/elsewhere:2:${launcher}`,
    `  /etc/pam.d/own:2: auth required pam_exec.so ${launcher} login`,
    '  /etc/ssh/more/x.conf:1:\tAuthorizedKeysCommand="/usr/libexec/oauth-pam/oauth-pam-ssh-keys" %u',
  ]);
  assert.match(
    stderr,
    /^oauth-pam: not removed, because nobody could log in /m,
  );
  assert.match(stderr, /OAUTH_PAM_REMOVE_ANYWAY=1/);
  assert.equal(await host.ok(STATUS), "installed");
  assert.equal(await host.ok(stacks), before);
  await host.ok(`test -x ${launcher}`);

  const anyway = await host.sh("dpkg -r oauth-pam", {
    OAUTH_PAM_REMOVE_ANYWAY: "1",
  });
  assert.equal(anyway.code, 0);
  assert.match(
    anyway.stderr,
    /^oauth-pam: removed although these lines name it/m,
  );
  assert.match(anyway.stderr, /^ {2}\/etc\/pam\.d\/own:2:/m);
  assert.equal((await host.sh(`test -e ${launcher}`)).code, 1);
});

Deno.test("removal is refused however a line spells it, wherever it is included, and where sshd's unit asks", async () => {
  await using host = await installed(deb);
  const launcher = "/usr/libexec/oauth-pam/oauth-pam-launch";
  const files: Readonly<Record<string, readonly [string, string]>> = {
    "more slashes": [
      "/etc/pam.d/own",
      "auth required pam_exec.so /usr//libexec/./oauth-pam//oauth-pam-launch",
    ],
    "bytes of another encoding": [
      "/etc/pam.d/own",
      `auth required pam_exec.so log=/var/log/caf\xe9 ${launcher} login`,
    ],
    "in what is included by what is included": [
      "/etc/elsewhere",
      "auth include /etc/deeper",
    ],
    "in what sshd includes twice": [
      "/etc/ssh/sshd_config.d/10-own.conf",
      "Include /etc/ssh/more/*.conf",
    ],
    "before sshd starts": [
      "/etc/systemd/system/ssh.service.d/own.conf",
      "ExecStartPre=-/bin/oauth-pam check -t",
    ],
    "in quotes": [
      "/etc/systemd/system/ssh@.service",
      'ExecStartPre="/usr/bin/oauth-pam" check -t',
    ],
  };
  await host.ok(
    "mkdir -p /etc/ssh/more /etc/ssh/deeper /etc/systemd/system/ssh.service.d",
  );
  await host.write("/etc/pam.d/outer", "@include /etc/elsewhere\n");
  await host.write("/etc/deeper", `auth required pam_exec.so ${launcher}\n`);
  await host.write("/etc/ssh/more/x.conf", "include deeper/y.conf\n");
  await host.write(
    "/etc/ssh/deeper/y.conf",
    `AuthorizedKeysCommand "${launcher}"\n`,
  );
  for (const [what, [path, line]] of Object.entries(files)) {
    const escaped = line.replaceAll("\xe9", "\\351");
    await host.ok(`printf '${escaped}\\n' >${path}`);
    const { code, stderr } = await host.sh("dpkg -r oauth-pam");
    assert.equal(code, 1, what);
    assert.match(stderr, /^oauth-pam: not removed, because nobody /m, what);
    assert.equal(await host.ok(STATUS), "installed", what);
    await host.ok(`rm ${path}`);
  }
  await host.write(
    "/etc/systemd/system/report.service",
    "ExecStart=/usr/bin/oauth-pam audit\n",
  );
  await host.ok("dpkg -r oauth-pam");
});

/** A checkout's installation (README, "Five steps"): both launchers, and what they start. */
const CHECKOUT_INSTALLATION = `
mkdir -p /usr/libexec/oauth-pam /usr/local/lib/oauth-pam
cd /usr/libexec/oauth-pam
printf '#!/bin/sh\nexit 7 # of the checkout\n' >/usr/local/lib/oauth-pam/program
for name in oauth-pam-launch oauth-pam-ssh-keys; do
  printf '#!/bin/sh\nprogram=/usr/local/lib/oauth-pam/program\nexec "$program"\n' >$name
  chmod 755 $name /usr/local/lib/oauth-pam/program
done
`;

for (const kind of ["dpkg -i /tmp/*.deb", "rpm -i --nodeps /tmp/*.rpm"]) {
  Deno.test(`a checkout's installation goes on letting people in when the package comes over it (${kind})`, async () => {
    await using host = await hostWith(kind.startsWith("rpm") ? rpm : deb);
    await host.ok(CHECKOUT_INSTALLATION);
    // another policy than the usual one: what is there must not be made anew for it
    await host.write("/etc/oauth-pam.yaml", "version: 1\n");
    const { code, stderr } = await host.sh(kind);
    assert.equal(code, 0, stderr);
    const login = "/var/lib/oauth-pam/login";
    assert.match(
      stderr,
      /^oauth-pam: kept \/usr\/local\/lib\/oauth-pam\/program as \/var\/lib\/oauth-pam\/login, .*"oauth-pam apply POLICY"/m,
    );
    assert.equal(
      await host.ok(`cat ${login}; stat -c '%A %U:%G' ${login}`),
      "#!/bin/sh\nexit 7 # of the checkout\n-rwxr-xr-x root:root\n",
    );
    // which is what the package's launchers start
    assert.equal(
      await host.ok(
        "sed -n 's/^program=//p' /usr/libexec/oauth-pam/oauth-pam-*",
      ),
      `${login}\n${login}\n`,
    );
    assert.doesNotMatch(stderr, /of the version before/);
    // nor is it known at the next version for which policy it is
    await host.write("/etc/oauth-pam/policy.yaml", "version: 1\n");
    const again = await host.sh(kind.replace("--nodeps", "--nodeps --force"));
    assert.equal(again.code, 0, again.stderr);
    if (kind.startsWith("dpkg")) {
      assert.match(again.stderr, /is still that of the version before/);
    }
    assert.match(await host.ok(`cat ${login}`), /of the checkout/);
  });
}

Deno.test("removal takes the profile out of the stacks, and is refused where it would stay there", async () => {
  await using host = await installed(deb);
  const stack = "cat /etc/pam.d/common-auth";
  const before = await host.ok(stack);
  await host.ok("pam-auth-update --enable oauth-pam");
  const enabled = await host.ok(stack);
  assert.ok(enabled.indexOf("oauth-pam-launch") < enabled.indexOf("pam_unix"));

  // another name: pam-auth-update says nothing and does nothing
  const script = "/var/lib/dpkg/info/oauth-pam.prerm";
  await host.ok(
    `sed -i.kept 's/--remove oauth-pam/--remove oauthpam/' ${script}`,
  );
  const wrong = await host.sh("dpkg -r oauth-pam");
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /^ {2}\/etc\/pam\.d\/common-auth:\d+:/m);
  assert.equal(await host.ok(stack), enabled);
  await host.ok(`mv ${script}.kept ${script}`);

  // changed by hand: pam-auth-update leaves it alone
  await host.ok(
    "sed -i 's/^# here are.*/# mine/; s/^# end of pam-auth-update/# mine/' /etc/pam.d/common-auth",
  );
  const mine = await host.ok(stack);
  const changed = await host.sh("dpkg -r oauth-pam");
  assert.equal(changed.code, 1);
  assert.equal(await host.ok(stack), mine);
  assert.equal(await host.ok(STATUS), "installed");

  await host.write("/etc/pam.d/common-auth", enabled);
  await host.ok("pam-auth-update --enable oauth-pam && dpkg -r oauth-pam");
  assert.equal(await host.ok(stack), before);
});

Deno.test("with the profile a password works as before, whatever becomes of the program", async () => {
  await using host = await installed(deb);
  await host.ok(
    `useradd -p "$(perl -e 'print crypt("secret", "\\$6\\$salt")')" alice
     pam-auth-update --enable oauth-pam
     printf '@include common-auth\\n@include common-account\\n' >/etc/pam.d/own`,
  );
  const launcher = "/usr/libexec/oauth-pam/oauth-pam-launch";
  const login = async (password: string) =>
    (await host.sh(
      `echo ${password} | pamtester own alice authenticate acct_mgmt`,
    ))
      .code;
  const broken = {
    "no program yet": ":",
    "a program that refuses":
      "printf '#!/bin/sh\\nexit 7\\n' >/var/lib/oauth-pam/login; chmod 755 /var/lib/oauth-pam/login",
    "a launcher that is empty": `: >${launcher}`,
    "no launcher": `rm ${launcher}`,
  };
  for (const [what, line] of Object.entries(broken)) {
    await host.ok(line);
    assert.equal(await login("secret"), 0, what);
  }
  assert.notEqual(await login("wrong"), 0);
  // what ends with 0 whatever it is asked lets nobody in
  await host.ok(`echo '#!/bin/sh' >${launcher}; chmod 755 ${launcher}`);
  for (const password of ["wrong", "secret"]) {
    assert.notEqual(await login(password), 0);
  }
});

Deno.test("an upgrade whose program cannot be made keeps the old one, and says so", async () => {
  await using host = await installed(deb, later);
  const login = "/var/lib/oauth-pam/login";
  await host.write(login, "#!/bin/sh\nexit 7 # of the version before\n");
  await host.write("/etc/oauth-pam/policy.yaml", "version: 1\n");
  await host.write("/var/lib/oauth-pam/applied.json", "{}\n");
  const { code, stderr } = await host.sh("dpkg -i /tmp/oauth-pam_0.2.0_*.deb");
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /is still that of the version before: run "oauth-pam apply"$/m,
  );
  assert.equal(
    await host.ok(`cat ${login}`),
    "#!/bin/sh\nexit 7 # of the version before\n",
  );
  assert.equal(
    await host.ok("dpkg-query -W -f '${Version}' oauth-pam"),
    "0.2.0",
  );
  // and a way in by it is not in the way of an upgrade
  await host.write(
    "/etc/pam.d/own",
    "auth required pam_exec.so /usr/libexec/oauth-pam/oauth-pam-launch\n",
  );
  await host.ok("dpkg -i /tmp/oauth-pam_0.1.0_*.deb");
});

/** What any package leaves: the lists of packages, of users and of stacks, and logs. */
const OTHERS =
  /^\/(?:var\/(?:lib\/dpkg|log|lib\/pam|cache\/debconf)\/|etc\/(?:passwd|shadow|group|gshadow|subuid|subgid)-?$|etc\/\.pwd\.lock$|etc\/pam\.d\/common-)/;

Deno.test("after a purge nothing is left but the policy and the user", async () => {
  await using host = await hostWith(deb);
  const everything = "find /etc /var /usr -maxdepth 4 -xdev | sort";
  const before = new Set((await host.ok(everything)).split("\n"));
  await host.ok("touch /tmp/before && dpkg -i /tmp/*.deb");
  const policy = "version: 1 # mine\n";
  await host.write("/etc/oauth-pam/policy.yaml", policy);
  await host.ok(
    `echo x >/var/lib/oauth-pam/login; echo x >/var/cache/oauth-pam/jwks
     mkdir -m 0700 /var/cache/oauth-pam.code
     setpriv --reuid oauth-pam --clear-groups touch /var/cache/oauth-pam-keys/x
     pam-auth-update --enable oauth-pam; dpkg -P oauth-pam`,
  );
  const left = (await host.ok(everything)).split("\n").filter((path) =>
    !before.has(path) && !OTHERS.test(path)
  );
  assert.deepEqual(left, ["/etc/oauth-pam", "/etc/oauth-pam/policy.yaml"]);
  assert.equal(await host.ok("cat /etc/oauth-pam/policy.yaml"), policy);
  const changed = (await host.ok(
    "find /etc /var /usr -maxdepth 4 -xdev -newer /tmp/before ! -type d",
  )).trim().split("\n").filter((path) => !OTHERS.test(path));
  assert.deepEqual(changed, ["/etc/oauth-pam/policy.yaml"]);
  await host.ok("getent passwd oauth-pam");
  assert.equal((await host.sh(STATUS)).code, 1);
});

Deno.test("an .rpm comes, refuses to go while sshd names it, and goes", async () => {
  await using host = await hostWith(rpm);
  // this host's own packages are not RPM's
  await host.ok("rpm -i --nodeps /tmp/*.rpm");
  assert.equal(await host.ok(LOOK), MADE);
  assert.match(await host.ok("oauth-pam --version"), /^oauth-pam \d/);
  assert.equal(await host.ok("rpm -V --nodeps oauth-pam"), "");
  const line =
    "AuthorizedKeysCommand /usr/libexec/oauth-pam/oauth-pam-ssh-keys %u\n";
  const own = "/etc/ssh/sshd_config.d/10-oauth-pam.conf";
  await host.write(own, line);
  await host.write("/var/lib/oauth-pam/login", "x");
  const { code, stderr } = await host.sh("rpm -e oauth-pam");
  assert.notEqual(code, 0);
  assert.ok(stderr.includes(`\n  ${own}:1:${line}`), stderr);
  await host.ok(
    "rpm -q oauth-pam && test -x /usr/libexec/oauth-pam/oauth-pam-ssh-keys",
  );
  await host.ok(`rm ${own}; rpm -e oauth-pam`);
  const left = await host.sh("ls -d /usr/lib*/oauth-pam /var/lib/oauth-pam");
  assert.equal(left.stdout, "");
});
