/**
 * `check` and sshd's settings, out of real files and of what sshd itself prints.
 *
 * @module
 */
import assert from "node:assert/strict";
import { processIo } from "../../../../src/cli/io.ts";
import { readSshdConfig } from "../../../../src/cli/check/sshd/config.ts";
import {
  type CheckResult,
  createCheckHost,
  runCheck,
} from "../../../support/check.ts";

const GOOD = `UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
`;

/** The findings about sshd, for a host with device sign-in. */
async function checkSshd(
  files: Readonly<Record<string, string>>,
  change: (policy: string) => string = (policy) => policy,
): Promise<CheckResult> {
  await using host = await createCheckHost();
  await host.installStack("sshd-device-sign-in", { service: "sshd" });
  await Deno.writeTextFile(
    host.policy,
    change(await Deno.readTextFile(host.policy)),
  );
  await Deno.mkdir(`${host.directory}/conf.d`);
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${host.directory}/${name}`, text);
  }
  return await runCheck([
    host.policy,
    ...["--pam-dir", host.serviceDir],
    ...["--ssh-config", `${host.directory}/sshd_config`],
  ]);
}

Deno.test("check finds nothing wrong with the settings that the stacks ask for", async () => {
  const result = await checkSshd({ sshd_config: GOOD });
  assert.deepEqual(result.ids("sshd/"), []);
  assert.equal(result.code, 0, result.stdout);
});

for (
  const [what, config, id, level, line] of [
    ["UsePAM no", `UsePAM no\n${GOOD}`, "use-pam", "error", 1],
    [
      "UsePAM missing",
      GOOD.replace("UsePAM yes\n", ""),
      "use-pam",
      "error",
      undefined,
    ],
    [
      "KbdInteractiveAuthentication no",
      `# comment\n\nkbdinteractiveauthentication=no\n${GOOD}`,
      "kbd-interactive",
      "error",
      3,
    ],
    [
      "its old name",
      `ChallengeResponseAuthentication no # old\n${GOOD}`,
      "kbd-interactive",
      "error",
      1,
    ],
    [
      "PasswordAuthentication missing",
      GOOD.replace("PasswordAuthentication no\n", ""),
      "password-authentication",
      "warning",
      undefined,
    ],
    [
      "PasswordAuthentication yes for some",
      `${GOOD}Match User bob\n  PasswordAuthentication "yes"\n`,
      "password-authentication",
      "warning",
      5,
    ],
    [
      "PasswordAuthentication yes for all after a block",
      `${
        GOOD.replace("PasswordAuthentication no\n", "")
      }Match User bob\nMatch all\nPasswordAuthentication yes\n`,
      "password-authentication",
      "warning",
      5,
    ],
    [
      "LoginGraceTime 60",
      `LoginGraceTime 60\n${GOOD}`,
      "login-grace-time",
      "error",
      1,
    ],
    [
      "LoginGraceTime 1m30s",
      `LoginGraceTime 1m30s\n${GOOD}`,
      "login-grace-time",
      "error",
      1,
    ],
    [
      "public keys only",
      `AuthenticationMethods publickey publickey,password\n${GOOD}`,
      "authentication-methods",
      "error",
      1,
    ],
    [
      "PermitRootLogin yes",
      `PermitRootLogin yes\n${GOOD}`,
      "permit-root-login",
      "info",
      1,
    ],
  ] as const
) {
  Deno.test(`check says sshd/${id} where sshd_config has ${what}`, async () => {
    const result = await checkSshd({ sshd_config: config });
    assert.deepEqual(result.ids("sshd/"), [`sshd/${id}`], result.stdout);
    const found = result.findings.find((each) => each.id === `sshd/${id}`);
    assert.equal(found?.level, level);
    assert.equal(found?.line, line);
    assert.match(found?.file ?? "", /\/sshd_config$/);
    assert.equal(result.code, level === "error" ? 1 : 0);
  });
}

for (
  const config of [
    "LoginGraceTime 0",
    "LoginGraceTime 91",
    "AuthenticationMethods publickey,keyboard-interactive:pam",
    "Match User rescue\n  AuthenticationMethods publickey",
  ]
) {
  Deno.test(`check does not mind ${config.replaceAll("\n", ",")}`, async () => {
    const text = config.startsWith("Match")
      ? `${GOOD}${config}\n`
      : `${config}\n${GOOD}`;
    const result = await checkSshd({ sshd_config: text });
    assert.deepEqual(result.ids("sshd/"), []);
  });
}

Deno.test("check takes the first of several values, with Include in its place", async () => {
  const include = await checkSshd({
    "sshd_config": `Include conf.d/*.conf\nLoginGraceTime 20\n${GOOD}`,
    "conf.d/50-b.conf": "KbdInteractiveAuthentication no\n",
    "conf.d/10-a.conf":
      "Match User bob\nPasswordAuthentication yes\nPermitRootLogin no\n",
    "conf.d/ignored": "UsePAM no\n",
    "conf.d/.hidden.conf": "UsePAM no\n",
  });
  const found = include.findings.filter(({ id }) => id.startsWith("sshd/"));
  assert.deepEqual(found.map(({ id, level, line }) => [id, level, line]), [
    ["sshd/kbd-interactive", "error", 1],
    ["sshd/password-authentication", "warning", 2],
    ["sshd/login-grace-time", "error", 2],
  ]);
  assert.match(found[0]?.file ?? "", /50-b\.conf$/);
  const later = await checkSshd({
    "sshd_config": `${GOOD}Include conf.d/*.conf\n`,
    "conf.d/a.conf": "KbdInteractiveAuthentication no\n",
  });
  assert.deepEqual(later.ids("sshd/"), []);
});

Deno.test("check warns where the policy admits root, whom sshd keeps out", async () => {
  const admitting = (policy: string) =>
    policy.replace(
      "accounts: [{claim: sub}]",
      "accounts: [{names: [root]}]\n    allow_protected: true",
    );
  const kept = await checkSshd({ sshd_config: GOOD }, admitting);
  assert.deepEqual(kept.ids("sshd/", "warning"), ["sshd/permit-root-login"]);
  const welcome = await checkSshd(
    { sshd_config: `PermitRootLogin yes\n${GOOD}` },
    admitting,
  );
  assert.deepEqual(welcome.ids("sshd/"), []);
});

Deno.test("check cannot judge an sshd_config that does not exist, and looks at none for sudo", async () => {
  await using host = await createCheckHost();
  const dir = ["--pam-dir", host.serviceDir];
  const missing = await runCheck([
    host.policy,
    ...dir,
    ...["--ssh-config", `${host.directory}/none`],
  ]);
  assert.deepEqual(missing.ids("sshd/"), ["sshd/unreadable"]);
  const sudo = await runCheck([host.policy, ...dir, "--pam-service", "sudo"]);
  assert.deepEqual(sudo.ids("sshd/"), []);
});

Deno.test("check reads sshd_config as sshd does", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await Deno.mkdir(`${folder}/conf.d`);
    await Deno.writeTextFile(
      `${folder}/conf.d/a.conf`,
      "passwordauthentication no\nMatch User bob\nPermitRootLogin yes\n",
    );
    await Deno.writeTextFile(
      `${folder}/sshd_config`,
      [
        "\tUsePAM=yes",
        `Include "${folder}/conf.d/*.conf"`,
        'LoginGraceTime "2m" # comment',
        "PasswordAuthentication yes",
        "PermitRootLogin = no",
        "KbdInteractiveAuthentication no",
        "KbdInteractiveAuthentication yes",
        "Match User carol",
        "PasswordAuthentication yes",
        "",
      ].join("\n"),
    );
    await Deno.mkdir("/run/sshd", { recursive: true });
    const { stdout, stderr } = await new Deno.Command("/usr/sbin/sshd", {
      args: ["-T", "-f", `${folder}/sshd_config`],
    }).output();
    const printed = `${folder}/printed`;
    await Deno.writeFile(printed, stdout);
    const io = processIo();
    const ours = await readSshdConfig(`${folder}/sshd_config`, io);
    const theirs = await readSshdConfig(printed, io);
    const seconds = (text: string | undefined) =>
      text?.replace(/^2m$/, "120").replace("without-password", "no");
    for (
      const keyword of [
        "usepam",
        "logingracetime",
        "passwordauthentication",
        "permitrootlogin",
        "kbdinteractiveauthentication",
      ]
    ) {
      assert.equal(
        seconds(ours.first(keyword)?.value),
        theirs.first(keyword)?.value,
        `${keyword} ${new TextDecoder().decode(stderr)}`,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
