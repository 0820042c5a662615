/**
 * `check` and a real sshd that asks about certificates: where one finds nothing wrong, people get in; what the
 * other calls an error keeps them out.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type CertificateBench,
  SERVICE,
  withCertificateBench,
} from "../support/certificate_bench.ts";
import { everything, runCheck } from "../support/check.ts";

/** What is wrong with the bench under these lines, and whether somebody gets in. */
async function compare(bench: CertificateBench, config: string) {
  const file = `${bench.folder}/sshd_config`;
  await Deno.writeTextFile(file, config);
  const result = await runCheck([
    bench.policy,
    ...["--pam-service", SERVICE, "--pam-dir", bench.host.serviceDir],
    ...["--ssh-config", file],
  ], { permission: everything });
  const errors = result.findings.filter(({ level }) => level === "error")
    .map(({ id }) => id);
  const [lines = "", match = ""] = config.split(/^(?=Match )/m);
  await using sshd = await bench.sshd({ config: lines, match });
  const { ok } = await bench.ssh(sshd);
  return { errors, ok, log: await sshd.log() };
}

/** Whether this machine's sshd is of the time before %C. */
async function isOld(): Promise<boolean> {
  const { stderr } = await new Deno.Command("/usr/sbin/sshd", { args: ["-V"] })
    .output();
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(
    new TextDecoder().decode(stderr),
  ) ?? [];
  return Number(major) * 100 + Number(minor) < 904;
}

type Change = (bench: CertificateBench, config: string) => string;

/** The comments speak of the same words. */
function inCommand(config: string, from: string, to: string): string {
  return config.replace(
    /^AuthorizedKeysCommand .*$/m,
    (line) => line.replace(from, () => to),
  );
}

/** Changes of sshd's lines, and what `check` says of each; where it says nothing, people get in. */
const LINES: readonly [string, Change, readonly string[]][] = [
  ["as they are", (_, config) => config, []],
  [
    "a quoted word",
    (_, config) => inCommand(config, "%u %k", `"%u"  '%k'`),
    [],
  ],
  [
    "%C, which this sshd may not know",
    (_, config) => inCommand(config, "%u %k %t", "%u %k %t %C"),
    ["sshd/token-unknown"],
  ],
  [
    "another order",
    (_, config) => inCommand(config, "%u %k %t", "%u %t %k"),
    ["sshd/keys-command"],
  ],
  [
    "two words in one",
    (_, config) => inCommand(config, "%u %k", '"%u %k"'),
    ["sshd/keys-command"],
  ],
  [
    "a comment",
    (_, config) => inCommand(config, "%u %k %t", "%u %k %t # the key"),
    ["sshd/keys-command"],
  ],
  [
    "no type",
    (_, config) => inCommand(config, "%u %k %t", "%u %k"),
    ["sshd/keys-command"],
  ],
  [
    "a user that does not exist",
    ({ user }, config) =>
      config.replace(`CommandUser ${user}`, "CommandUser nonesuch"),
    ["sshd/keys-user"],
  ],
  [
    "certificates that are not accepted",
    (_, config) =>
      `PubkeyAcceptedAlgorithms -*-cert-v01@openssh.com\n${config}`,
    ["sshd/key-types"],
  ],
  [
    "authorities that are not accepted",
    (_, config) => `CASignatureAlgorithms rsa-sha2-512\n${config}`,
    ["sshd/key-types"],
  ],
  [
    "a chain to a command that others can change",
    ({ folder }, config) =>
      config.replace(
        "oauth-pam-ssh-keys ",
        `$&--chain ${folder}/../../../tmp/x `,
      ),
    ["sshd/keys-chain"],
  ],
];

Deno.test("what check calls an error in sshd's lines keeps people out, and nothing else does", async (t) => {
  await withCertificateBench({}, async (bench) => {
    const plain = await bench.config();
    for (const [what, change, expected] of LINES) {
      await t.step(what, async () => {
        const config = change(bench, plain);
        assert.equal(config === plain, what === "as they are");
        const { errors, ok, log } = await compare(bench, config);
        const known = what.startsWith("%C") && !await isOld();
        assert.deepEqual(errors, known ? [] : expected, log);
        assert.equal(ok, errors.length === 0, log);
      });
    }
  });
});

const FILES: readonly [
  string,
  (bench: CertificateBench) => Promise<() => Promise<void>>,
  readonly string[],
][] = [
  [
    "the launcher can be written by others",
    ({ launcher }) => withMode(launcher, 0o757),
    ["sshd/keys-launcher"],
  ],
  [
    "the launcher is not executable",
    ({ launcher }) => withMode(launcher, 0o644),
    ["sshd/keys-launcher"],
  ],
  [
    "the policy is root's to read",
    ({ policy }) => withMode(policy, 0o600),
    ["file/keys-user"],
  ],
  [
    "the authorities are root's to read",
    ({ folder }) => withMode(`${folder}/ca.pem`, 0o600),
    ["file/keys-user"],
  ],
  [
    "the program is root's to run",
    ({ program }) => withMode(program, 0o700),
    ["file/keys-user"],
  ],
  [
    "what answers sshd is missing",
    async ({ program }) => {
      const path = `${program}.js.keys.js`;
      await Deno.rename(path, `${path}.away`);
      return () => Deno.rename(`${path}.away`, path);
    },
    ["file/program"],
  ],
];

Deno.test("what pam.d.example/README.md says about certificates is what check asks for", async () => {
  await withCertificateBench({}, async (bench) => {
    const document = await Deno.readTextFile(
      new URL("../../pam.d.example/README.md", import.meta.url),
    );
    const section = document.split("\n## Certificates\n")[1]
      ?.split("\n## ")[0] ?? "";
    const [commands = "", lines = ""] = [
      ...section.matchAll(/^```text\n(.*?)^```$/gms),
    ].map(([, text]) => text);
    const example = await Deno.readTextFile(
      new URL(
        "../../pam.d.example/sshd_config-certificates",
        import.meta.url,
      ),
    );
    for (const line of lines.trim().split("\n")) {
      assert.ok(example.includes(`\n${line}\n`), line);
    }
    for (const line of commands.trim().split("\n")) {
      assert.ok(example.includes(line), line);
    }
    const user = `${bench.user}b`;
    const directory = `${bench.folder}/documented`;
    const own = commands.replaceAll(/\boauth-pam$/gm, user)
      .replace("-o oauth-pam ", `-o ${user} `)
      .replace("/var/cache/oauth-pam-keys", directory);
    assert.equal(own.split(user).length, 3, own);
    const shell = async (script: string) => {
      const { code, stderr } = await new Deno.Command("sh", {
        args: ["-eu", "-c", script],
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
    };
    await shell(own);
    try {
      await Deno.writeTextFile(
        bench.policy,
        (await Deno.readTextFile(bench.policy))
          .replace(bench.keysDirectory, directory),
      );
      const config = (await bench.config())
        .replace(`CommandUser ${bench.user}`, `CommandUser ${user}`);
      const { errors } = await compare(bench, config);
      assert.deepEqual(errors, []);
    } finally {
      await shell(`userdel ${user}`);
    }
  });
});

async function withMode(path: string, mode: number) {
  const before = (await Deno.stat(path)).mode ?? 0o644;
  await Deno.chmod(path, mode);
  return () => Deno.chmod(path, before);
}

Deno.test("what check calls an error in the files keeps people out", async (t) => {
  await withCertificateBench({}, async (bench) => {
    const config = await bench.config();
    for (const [what, spoil, expected] of FILES) {
      await t.step(what, async () => {
        const mend = await spoil(bench);
        try {
          const { errors, ok, log } = await compare(bench, config);
          assert.deepEqual(errors.sort(), [...expected].sort(), log);
          assert.equal(ok, false, log);
        } finally {
          await mend();
        }
      });
    }
    const { errors, ok, log } = await compare(bench, config);
    assert.deepEqual([errors, ok], [[], true], log);
  });
});
