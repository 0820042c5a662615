/**
 * `check` and the PAM lines: what we ship passes, and what breaks it is found.
 *
 * @module
 */
// Threats: G4, G8, G20
import assert from "node:assert/strict";
import { checkService, createCheckHost } from "../../../support/check.ts";

const EXAMPLES = [
  ...Deno.readDirSync(new URL("../../../../pam.d.example/", import.meta.url)),
].map(({ name }) => name).filter((name) => /^(sshd|sudo|su|login)-/.test(name))
  // beside sshd_config-certificates alone: ../sshd/keys_command_test.ts
  .filter((name) => name !== "sshd-certificates");

function serviceOf(example: string): string {
  return example.split("-")[0] ?? "";
}

Deno.test("check finds nothing wrong with any stack of pam.d.example/", async (t) => {
  await using host = await createCheckHost();
  assert.ok(EXAMPLES.length >= 9, EXAMPLES.join());
  for (const example of EXAMPLES) {
    await t.step(example, async () => {
      const service = serviceOf(example);
      await host.installStack(example, { service });
      const { findings } = await checkService(host, service);
      const about = findings.filter(({ id }) => /^(pam|file)\//.test(id));
      assert.deepEqual(about, []);
    });
  }
});

type Change = (stack: string) => string;

/** Replaces in the auth lines that run the launcher with these words. */
function inLine(words: string, from: string | RegExp, to: string): Change {
  return (stack) => {
    const changed = stack.split("\n").map((line) =>
      line.startsWith("auth") && line.includes(words)
        ? line.replace(from, to)
        : line
    ).join("\n");
    assert.notEqual(changed, stack, `${words}: ${from}`);
    return changed;
  };
}

function without(words: string): Change {
  return inLine(words, /^/, "# ");
}

/** Puts a line before the first auth line, or behind the last. */
function first(line: string): Change {
  return (stack) => stack.replace(/^auth/m, `${line}\nauth`);
}
function last(line: string): Change {
  return (stack) => {
    const lines = stack.split("\n");
    const at = lines.findLastIndex((each) => each.startsWith("auth"));
    return lines.toSpliced(at + 1, 0, line).join("\n");
  };
}
function all(...changes: Change[]): Change {
  return (stack) => changes.reduce((text, change) => change(text), stack);
}

const EXEC = "sshd-pasted-token-pam_exec";
const SCRIPT = "sshd-pasted-token-pam_script";
const DEVICE = "sshd-device-sign-in";
const FALLBACK = "sshd-device-sign-in-with-fallback";
const SUDO = "sudo-device-step-up";
const PERMIT = "auth required pam_permit.so";
const CONTROL = "[success=done ignore=ignore default=die]";

const BROKEN: readonly [string, string, Change, string, string][] = [
  [
    "quiet is missing",
    EXEC,
    inLine("login", " quiet", ""),
    "pam/quiet",
    "error",
  ],
  [
    "quiet stands behind the path",
    EXEC,
    inLine("login", /quiet (.*)$/, "$1 quiet"),
    "pam/quiet",
    "error",
  ],
  [
    "expose_authtok is missing",
    EXEC,
    inLine("login", " expose_authtok", ""),
    "pam/expose-authtok",
    "error",
  ],
  [
    "expose_authtok asks before the code is shown",
    DEVICE,
    inLine("device start", "quiet", "quiet expose_authtok"),
    "pam/expose-authtok",
    "warning",
  ],
  [
    "stdout is missing for the code",
    DEVICE,
    inLine("device start", " stdout", ""),
    "pam/stdout",
    "error",
  ],
  [
    "seteuid is missing under sudo",
    SUDO,
    inLine("device finish", " seteuid", ""),
    "pam/seteuid",
    "error",
  ],
  [
    "debug is set",
    EXEC,
    inLine("login", "quiet", "quiet debug"),
    "pam/option",
    "warning",
  ],
  [
    "log= is set",
    EXEC,
    inLine("login", "quiet", "log=/var/log/token quiet"),
    "pam/option",
    "error",
  ],
  [
    "type= skips the line",
    EXEC,
    inLine("login", "quiet", "type=account quiet"),
    "pam/option",
    "error",
  ],
  [
    "a refusal goes on to the next line",
    EXEC,
    inLine("login", "default=die", "default=ignore"),
    "pam/control",
    "warning",
  ],
  [
    "it is optional",
    EXEC,
    inLine("login", CONTROL, "optional"),
    "pam/control",
    "warning",
  ],
  [
    "sufficient is followed by pam_unix",
    EXEC,
    all(
      inLine("login", CONTROL, "sufficient"),
      without("pam_listfile"),
      last("auth required pam_unix.so try_first_pass"),
    ),
    "pam/second-way-in",
    "warning",
  ],
  [
    "common-auth follows in an include",
    EXEC,
    all(
      inLine("login", "default=die", "default=ignore"),
      without("pam_listfile"),
      last("@include common-auth"),
    ),
    "pam/second-way-in",
    "warning",
  ],
  [
    "the line that refuses before the password is lost",
    FALLBACK,
    without("pam_deny"),
    "pam/second-way-in",
    "warning",
  ],
  [
    "a refusal jumps to the password",
    FALLBACK,
    inLine("outcome", "default=ignore", "default=2"),
    "pam/second-way-in",
    "warning",
  ],
  [
    "the outcome line is lost",
    FALLBACK,
    without("outcome"),
    "pam/control",
    "warning",
  ],
  [
    "the outcome line itself grants",
    FALLBACK,
    inLine("outcome", "success=2", "success=done"),
    "pam/fails-open",
    "error",
  ],
  [
    "optional is followed by pam_permit",
    EXEC,
    all(
      inLine("login", CONTROL, "optional"),
      without("pam_listfile"),
      last("auth required pam_permit.so"),
    ),
    "pam/fails-open",
    "error",
  ],
  [
    "the line that shows the code grants",
    DEVICE,
    all(
      inLine("device start", "[success=die default=ignore]", "optional"),
      inLine("device finish", /\[.*\]/, "sufficient"),
      without("pam_listfile"),
      without("pam_deny"),
    ),
    "pam/fails-open",
    "error",
  ],
  [
    "the line that tells of a refusal grants",
    SUDO,
    inLine("device tell", "[success=die default=ignore]", "sufficient"),
    "pam/fails-open",
    "error",
  ],
  [
    "a refusal jumps to pam_permit",
    DEVICE,
    all(without("device tell"), inLine("pam_deny", /^.*$/, PERMIT)),
    "pam/fails-open",
    "error",
  ],
  [
    "stdout is missing for what is told",
    SUDO,
    inLine("device tell", " stdout", ""),
    "pam/stdout",
    "error",
  ],
  [
    "nobody is told of a refusal",
    DEVICE,
    without("device tell"),
    "pam/tells-nobody",
    "info",
  ],
  [
    "people are told that no password helps",
    FALLBACK,
    inLine("device start", "authinfo_unavail", "nothing"),
    "pam/password-after",
    "warning",
  ],
  [
    "people are told of a password",
    DEVICE,
    inLine("device start", "after nothing", "after authinfo_unavail"),
    "pam/password-after",
    "warning",
  ],
  [
    "pam_permit stands above",
    EXEC,
    first("auth sufficient pam_permit.so"),
    "pam/fails-open",
    "error",
  ],
  [
    "a password is enough",
    EXEC,
    first("auth sufficient pam_unix.so"),
    "pam/other-way-in",
    "info",
  ],
  [
    "nothing answers pam_setcred",
    EXEC,
    without("pam_listfile"),
    "pam/setcred",
    "error",
  ],
  [
    "pam_setcred's answer ends the lines",
    EXEC,
    inLine("login", "ignore=ignore ", ""),
    "pam/setcred",
    "error",
  ],
  [
    "required is followed by a line that refuses everybody",
    EXEC,
    inLine("login", CONTROL, "required"),
    "pam/never-grants",
    "error",
  ],
  ["no line is there", EXEC, without("login"), "pam/no-line", "error"],
  [
    "the verb is none",
    EXEC,
    inLine("login", "launch login", "launch check"),
    "pam/verb",
    "error",
  ],
  [
    "it stands on an account line",
    EXEC,
    (stack) =>
      stack.replace(
        /^(auth)( .*)$/m,
        (line) => `${line}\naccount${line.slice(4)}`,
      ),
    "pam/type",
    "error",
  ],
  [
    "another policy is named",
    EXEC,
    inLine("login", "policy.yaml", "old.yaml"),
    "pam/other-policy",
    "warning",
  ],
  [
    "the program runs without the launcher",
    EXEC,
    inLine("login", "oauth-pam-launch", "oauth-pam"),
    "pam/no-launcher",
    "warning",
  ],
  [
    'the program runs without the launcher for "device start"',
    DEVICE,
    inLine("device start", "oauth-pam-launch", "oauth-pam"),
    "pam/no-launcher",
    "error",
  ],
  [
    'the program runs without the launcher for "device finish"',
    DEVICE,
    inLine("device finish", "oauth-pam-launch", "oauth-pam"),
    "pam/no-launcher",
    "error",
  ],
  [
    'the program runs without the launcher for "outcome"',
    FALLBACK,
    inLine("outcome", "oauth-pam-launch", "oauth-pam"),
    "pam/no-launcher",
    "error",
  ],
  [
    "the launcher is not installed",
    EXEC,
    inLine("login", "oauth-pam-launch", "other/oauth-pam-launch"),
    "file/launcher",
    "error",
  ],
  [
    "nobody shows a code",
    DEVICE,
    without("device start"),
    "pam/device-pair",
    "error",
  ],
  [
    "an outcome is misspelt",
    FALLBACK,
    inLine("outcome", "authinfo_unavail", "authinfo_unavailable"),
    "pam/outcome",
    "error",
  ],
  [
    "pam_env reads users' files above",
    EXEC,
    first("auth required pam_env.so user_readenv=1"),
    "pam/user-environment",
    "error",
  ],
  [
    "pam_env reads users' files in the session",
    EXEC,
    (stack) =>
      stack.replace("pam_env.so envfile", "pam_env.so user_readenv=1 envfile"),
    "pam/user-environment",
    "warning",
  ],
  [
    "pam_script's failure is a success",
    SCRIPT,
    inLine("pam_script", "onerr=fail", "onerr=success"),
    "pam/onerr",
    "error",
  ],
  [
    "pam_script's refusal goes on",
    SCRIPT,
    inLine("pam_script", "default=die", "default=ignore"),
    "pam/control",
    "warning",
  ],
  [
    'the policy is missing behind "login"',
    EXEC,
    inLine("login", /login .*$/, "login"),
    "pam/arguments",
    "error",
  ],
  [
    '"login" gets a word too many',
    EXEC,
    inLine("login", /$/, " more"),
    "pam/arguments",
    "error",
  ],
  [
    'an option of "login" is misspelt',
    EXEC,
    inLine("login", /$/, " --isuer campus"),
    "pam/arguments",
    "error",
  ],
  [
    'an option of "login" has no value',
    EXEC,
    inLine("login", /$/, " --issuer"),
    "pam/arguments",
    "error",
  ],
  [
    'the policy is missing behind "device finish"',
    DEVICE,
    inLine("device finish", /device finish .*$/, "device finish"),
    "pam/arguments",
    "error",
  ],
  [
    '"device finish" gets an option that it does not know',
    DEVICE,
    inLine("device finish", /$/, " --issuer campus"),
    "pam/arguments",
    "error",
  ],
  [
    '"device tell" gets a word too many',
    DEVICE,
    inLine("device tell", /$/, " more"),
    "pam/arguments",
    "error",
  ],
  [
    "--password-after names nothing at all",
    DEVICE,
    inLine("device start", /--password-after nothing/, "--password-after"),
    "pam/arguments",
    "error",
  ],
  [
    "--password-after names no outcome",
    DEVICE,
    inLine("device start", /nothing$/, "none"),
    "pam/arguments",
    "error",
  ],
  [
    'an option of "device start" is misspelt',
    DEVICE,
    inLine("device start", /--password-after nothing/, "--password nothing"),
    "pam/arguments",
    "error",
  ],
  [
    'an option of "device start" is there twice',
    DEVICE,
    inLine("device start", /$/, " --password-after nothing"),
    "pam/arguments",
    "error",
  ],
  [
    'the policy is missing behind "outcome"',
    FALLBACK,
    inLine("outcome", /outcome \S+/, "outcome"),
    "pam/arguments",
    "error",
  ],
  [
    "an included file is missing",
    EXEC,
    (stack) => stack.replace("common-account", "common-acount"),
    "pam/syntax",
    "error",
  ],
  [
    "a control word is misspelt",
    EXEC,
    inLine("login", CONTROL, "requird"),
    "pam/syntax",
    "error",
  ],
];

for (const [what, example, change, id, level] of BROKEN) {
  Deno.test(`check says ${id} where ${what} (${example})`, async () => {
    await using host = await createCheckHost();
    const service = serviceOf(example);
    await host.installStack(example, { service, change });
    const result = await checkService(host, service);
    const found = result.findings.find((each) => each.id === id);
    assert.ok(found, result.stdout);
    assert.equal(found.level, level);
    // errors of other checks would hide that this one counts
    assert.equal(
      result.code,
      result.findings.some((each) => each.level === "error") ? 1 : 0,
    );
    // a line that refuses everybody is not said to let a good token in
    const refusing = /"(?:login|device finish)"/;
    if (/^pam\/(?:arguments|no-launcher)$/.test(id) && refusing.test(what)) {
      const { level } = result.findings.find((each) =>
        each.id === "pam/never-grants"
      ) ?? {};
      assert.equal(level, "error", result.stdout);
    }
    if (id === "pam/no-line" || id.startsWith("file/")) return;
    const text = await Deno.readTextFile(found.file ?? "");
    const line = text.split("\n")[(found.line ?? 0) - 1] ?? "";
    assert.match(
      line,
      /^(auth|account|session|@include)/,
      JSON.stringify(found),
    );
  });
}

Deno.test("check says pam/opaque-issuer where a line does not say whose opaque tokens it takes", async () => {
  await using host = await createCheckHost();
  const opaque = (name: string) =>
    `  ${name}:
    kind: introspection
    issuer: https://${name}.example.edu
    audiences: [ssh-prod]
    client_id: gate
    client_secret_file: /etc/oauth-pam/${name}.secret
`;
  const policy = await Deno.readTextFile(host.policy);
  const withOpaque = (names: string[]) =>
    Deno.writeTextFile(
      host.policy,
      policy.replace("rules:", `${names.map(opaque).join("")}rules:`),
    );
  const found = async (example: string, change?: Change) => {
    await host.installStack(example, {
      service: "sshd",
      ...(change === undefined ? {} : { change }),
    });
    const { findings } = await checkService(host, "sshd");
    return findings.filter(({ id }) => id === "pam/opaque-issuer")
      .map(({ level, line }) => [level, typeof line]);
  };
  const error = [["error", "number"]];
  await withOpaque(["first", "second"]);
  assert.deepEqual(await found(FALLBACK), error);
  assert.deepEqual(await found(EXEC), error);
  const named = (stack: string) =>
    stack.replace(/^(auth.* login .*)$/m, "$1 --issuer first");
  assert.deepEqual(await found(EXEC, named), []);
  await withOpaque(["first"]);
  assert.deepEqual(await found(FALLBACK), []);
  assert.deepEqual(await found(EXEC), []);
});

Deno.test("check reads PAM files as libpam does: continued lines, comments, case, circles", async () => {
  await using host = await createCheckHost();
  const ours = `${host.launcher} login ${host.policy}`;
  await host.writeService(
    "sshd",
    [
      "-AUTH \\",
      "  [success=done ignore=ignore default=die] \\",
      `  /lib/security/pam_exec.so quiet [expose_authtok] ${ours} # quiet debug`,
      "auth REQUISITE pam_listfile.so item=user sense=allow file=/dev/null",
      "@include sshd",
      "",
    ].join("\n"),
  );
  const { findings } = await checkService(host, "sshd");
  const about = findings.filter(({ id }) => id.startsWith("pam/"));
  assert.deepEqual(about.map(({ id, message }) => [id, message]), [
    ["pam/syntax", "files include each other without end"],
  ]);
});

Deno.test("check says that there is no such service, and that the policy has no device sign-in", async () => {
  await using host = await createCheckHost();
  assert.deepEqual((await checkService(host, "none")).ids("pam/"), [
    "pam/no-service",
  ]);
  await host.installStack(DEVICE, { service: "sshd" });
  const text = await Deno.readTextFile(host.policy);
  await Deno.writeTextFile(host.policy, text.replace(/^ +device.*\n/m, ""));
  assert.deepEqual((await checkService(host, "sshd")).ids("pam/"), [
    "pam/device-policy",
  ]);
});

Deno.test("check looks at owner and mode of launcher, program and script", async () => {
  await using host = await createCheckHost();
  await host.installStack(SCRIPT, { service: "sshd" });
  for (
    const [path, id] of [
      [host.launcher, "file/launcher"],
      [host.program, "file/program"],
      [`${host.scripts}/pam_script_auth`, "file/pam-script"],
    ] as const
  ) {
    for (const mode of [0o775, 0o644, 0o4755]) {
      await Deno.chmod(path, mode);
      const { findings, code } = await checkService(host, "sshd");
      const found = findings.filter((each) => each.id.startsWith("file/"));
      assert.deepEqual(found.map(({ id, file }) => [id, file]), [[id, path]]);
      assert.equal(code, 1);
    }
    await Deno.chmod(path, 0o755);
  }
  await Deno.chown(host.program, 65534, 65534);
  assert.deepEqual((await checkService(host, "sshd")).ids("file/"), [
    "file/program",
  ]);
  await Deno.chown(host.program, 0, 0);
  await Deno.chmod(`${host.directory}/libexec`, 0o777);
  const { findings } = await checkService(host, "sshd");
  const folder = findings.filter(({ id }) => id.startsWith("file/"));
  assert.deepEqual(folder.map(({ id }) => id).sort(), [
    ...["file/launcher", "file/pam-script", "file/program"],
  ]);
  for (const { message } of folder) assert.match(message, /libexec/);
});
