/**
 * `check` as people and machines call it: without an argument, with `-t`, with `--fix`, and what it prints.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fixScript } from "../../../src/cli/check/fix_script.ts";
import { mend, mendLine } from "../../../src/cli/check/mend.ts";
import {
  type BrokenHost,
  createBrokenHost,
  SSHD_CONFIG,
} from "../../support/broken_host.ts";
import {
  type CheckOptions,
  everything,
  printCheck,
  runCheck,
} from "../../support/check.ts";
import { cli } from "../../support/cli.ts";
import { readExample, replaceAll } from "../../support/pam.ts";

function unnamed(host: BrokenHost, options: CheckOptions = {}) {
  return runCheck(host.args([]), { permission: everything, ...options });
}

function notes(result: Awaited<ReturnType<typeof unnamed>>): string[] {
  return result.findings.filter(({ id }) => id === "policy/found")
    .map(({ level, message }) => `${level} ${message}`);
}

Deno.test("check says what is in order in a line each, before what is not", async () => {
  await using host = await createBrokenHost();
  await host.edit(
    host.at("sshd_config"),
    (text) => text.replace("PasswordAuthentication no\n", ""),
  );
  const { code, stdout, stderr } = await host.print([]);
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split("\n");
  for (
    const line of [
      "ok  sshd  UsePAM yes",
      "ok  sshd  AuthenticationMethods keyboard-interactive",
      `ok  file  "${host.pam.policy}" is there, and root's alone to change`,
      "ok  pam  sshd: whoever proves nothing is refused, whatever the modules answer",
      `ok  sshd  sshd starts with "${host.at("sshd_config")}" (sshd -t)`,
      'ok  issuer  "campus" publishes keys that the policy\'s algorithms can use',
    ]
  ) assert.ok(lines.includes(line), `${line} in ${stdout}`);
  const last = lines.findLastIndex((line) => line.startsWith("ok  "));
  assert.match(lines[last + 1] ?? "", / warning: PasswordAuthentication is /);
  assert.ok(!lines.some((line) => line.startsWith("ok  sshd  Password")));
  assert.equal(stderr, "0 errors, 1 warning\n");
});

const CONFIGURATIONS: readonly string[] = [
  SSHD_CONFIG,
  `${SSHD_CONFIG}UsePAM no\nPasswordAuthentication yes\nPermitRootLogin yes\n`,
  `usepam=yes\nPermitRootLogin "no" # nobody\n${SSHD_CONFIG}`,
  `Include more/*.conf\n${SSHD_CONFIG}`,
  `Match User rescue\nPasswordAuthentication yes\nMatch all\n${SSHD_CONFIG}`,
  "UsePAM yes\n",
];

Deno.test("check says ok of what sshd -T prints, word for word", async () => {
  await using host = await createBrokenHost();
  const config = host.at("sshd_config");
  await Deno.mkdir(host.at("more"));
  await Deno.writeTextFile(
    host.at("more/a.conf"),
    "PermitRootLogin no\nLoginGraceTime 300\n",
  );
  let compared = 0;
  for (const text of CONFIGURATIONS) {
    await Deno.writeTextFile(
      config,
      text.replace("more/", `${host.at("more")}/`),
    );
    const { stdout } = await new Deno.Command("/usr/sbin/sshd", {
      args: ["-T", "-f", config, "-C", "user=alice"],
    }).output();
    const printed = new TextDecoder().decode(stdout)
      .replace("without-password", "prohibit-password").split("\n");
    assert.ok(printed.length > 80, text);
    const { ok } = await host.check();
    for (const { id, message } of ok) {
      const [keyword = "", value = ""] = /^[A-Z]\w+ [\w-]+/.exec(message)?.[0]
        .split(" ") ?? [];
      if (!id.startsWith("sshd/") || /Match/.test(message) || value === "") {
        continue;
      }
      assert.ok(
        printed.includes(`${keyword.toLowerCase()} ${value}`),
        `${message}: ${printed.join(", ")}`,
      );
      compared++;
    }
  }
  assert.ok(compared > 20, String(compared));
});

Deno.test("check says ok of nothing that it could not judge", async () => {
  await using host = await createBrokenHost();
  const ids = async (options: CheckOptions) =>
    (await host.check(options)).ok.map(({ id }) => id);
  const all = await ids({});
  const missing = async (options: CheckOptions) => {
    const some = await ids(options);
    assert.deepEqual(some.filter((id) => !all.includes(id)), []);
    return [...new Set(all.filter((id) => !some.includes(id)))];
  };
  assert.deepEqual(await missing({ uid: 1000 }), [
    ...["file/policy", "file/ca", "cache/directory", "log/socket"],
    ...["file/launcher", "file/program"],
  ]);
  assert.deepEqual(
    await missing({
      permission: ({ name }) => name === "net" ? "denied" : "granted",
    }),
    [
      ...["issuer/unavailable", "issuer/endpoint", "issuer/device-client"],
      ...["issuer/keys", "clock/issuer"],
    ],
  );
  assert.deepEqual(
    await missing({
      permission: ({ name }) => name === "run" ? "denied" : "granted",
    }),
    ["sshd/refused"],
  );
  // what cannot be read may say another thing than what can
  await host.edit(
    host.at("sshd_config"),
    (text) => `Include no-such.conf\nInclude closed/*\n${text}`,
  );
  assert.deepEqual(await missing({}), []);
  await Deno.writeTextFile(host.at("closed"), "");
  assert.deepEqual(
    (await ids({})).filter((id) => /^sshd|^other/.test(id)),
    ["sshd/refused"],
  );
});

Deno.test("check says nothing good of PAM lines that could not all be read", async () => {
  await using host = await createBrokenHost();
  await Deno.remove(`${host.pam.serviceDir}/common-account`);
  const { ok } = await host.check();
  assert.deepEqual(ok.filter(({ id }) => id.startsWith("pam/")), []);
});

Deno.test("check says that nothing but a token lets people in only where that is so", async () => {
  await using host = await createBrokenHost();
  const said = async () =>
    (await host.check()).ok.some(({ id }) => id === "pam/second-way-in");
  assert.ok(await said());
  await host.edit(
    host.stack,
    (text) => text.replace(/^auth/m, "auth sufficient pam_ssh.so\nauth"),
  );
  assert.ok(!await said());
});

Deno.test("check without an argument takes the policy that the lines name, and says who does", async () => {
  await using host = await createBrokenHost();
  const { pam } = host;
  const start = await host.lineOf(host.stack, "device start");
  const finish = await host.lineOf(host.stack, "device finish");
  const tell = await host.lineOf(host.stack, "device tell");
  const result = await unnamed(host);
  assert.equal(result.code, 0, result.stdout);
  assert.deepEqual(notes(result), [
    `info took the policy "${pam.policy}", which ${host.stack}:${start} and ` +
    `${host.stack}:${finish} and ${host.stack}:${tell} name`,
  ]);
  const named = await host.check();
  assert.deepEqual(result.ok, named.ok);
});

Deno.test("check without an argument looks at every service that names the program", async () => {
  await using host = await createBrokenHost();
  const { pam } = host;
  const stack = await Deno.readTextFile(host.stack);
  await pam.writeService("sudo", stack);
  await pam.writeService("sudo.dpkg-old", stack.replaceAll("policy", "older"));
  await pam.writeService("cron", "@include common-auth\n");
  const result = await unnamed(host);
  // sudo starts what the launcher refuses without it
  assert.deepEqual(
    result.findings.filter(({ id }) => id === "pam/seteuid").map((each) =>
      each.file
    ),
    Array(3).fill(`${pam.serviceDir}/sudo`),
  );
  assert.equal(notes(result).length, 1);
  const one = await runCheck([...host.args([]), "--pam-service", "sshd"], {
    permission: everything,
  });
  assert.deepEqual(one.ids("pam/", "error"), []);
  // what all include names the policy for sshd
  await pam.writeService("sshd", "@include common-auth\n");
  await Deno.remove(`${pam.serviceDir}/sudo`);
  await pam.writeService("common-auth", stack);
  const common = await unnamed(host);
  assert.match(notes(common)[0] ?? "", /common-auth:\d+ and/);
  assert.equal(common.code, 0, common.stdout);
});

Deno.test("check without an argument checks each of several policies", async () => {
  await using host = await createBrokenHost();
  const { pam } = host;
  const other = host.at("other.yaml");
  const text = await Deno.readTextFile(pam.policy);
  await Deno.writeTextFile(other, text.replace("claim: sub", "claim: suub"));
  await Deno.chmod(other, 0o666);
  await pam.writeService(
    "login",
    (await Deno.readTextFile(host.stack)).replaceAll(pam.policy, other),
  );
  const result = await unnamed(host);
  assert.deepEqual(
    notes(result).map((note) => /"([^"]*)".*; (.*)$/.exec(note)?.slice(1)),
    [[other, "2 policies are named, and each is checked"], [
      pam.policy,
      "2 policies are named, and each is checked",
    ]],
  );
  assert.deepEqual(result.ids("file/policy", "error").length, 1);
  assert.equal(result.code, 1);
  // one that is not there leaves the question open
  await Deno.remove(other);
  const gone = await unnamed(host);
  assert.equal(gone.code, 3);
  assert.deepEqual(gone.ids("file/unreadable"), ["file/unreadable"]);
});

Deno.test("check without an argument asks sshd's AuthorizedKeysCommand, and then takes the usual file", async () => {
  await using host = await createBrokenHost();
  await Deno.writeTextFile(host.stack, "auth required pam_deny.so\n");
  const bare = await unnamed(host);
  assert.deepEqual(notes(bare), [
    'info no line of PAM or sshd names a policy: took "/etc/oauth-pam/policy.yaml", where it usually is',
  ]);
  // this machine has none
  assert.equal(bare.code, 3);
  await Deno.writeTextFile(
    host.at("sshd_config"),
    replaceAll(await readExample("sshd_config-certificates"), {
      "/etc/oauth-pam/policy.yaml": host.pam.policy,
    }),
  );
  const line = await host.lineOf(
    host.at("sshd_config"),
    "AuthorizedKeysCommand ",
  );
  const certificates = await unnamed(host);
  assert.deepEqual(notes(certificates), [
    `info took the policy "${host.pam.policy}", which ${
      host.at("sshd_config")
    }:${line} names`,
  ]);
});

Deno.test("check -t says nothing when all is well, and errors alone otherwise", async () => {
  await using host = await createBrokenHost();
  await host.edit(host.at("sshd_config"), (text) => `UseDNS yes\n${text}`);
  for (const flag of ["-t", "--test"]) {
    assert.deepEqual(await host.print([flag]), {
      ...{ code: 0, stdout: "", stderr: "" },
    });
  }
  await Deno.chmod(host.pam.policy, 0o666);
  const broken = await host.print(["-t"]);
  assert.deepEqual(broken, {
    code: 1,
    stdout:
      `${host.pam.policy}: error: "${host.pam.policy}" can be written by others: chmod go-w it [file/policy]\n`,
    stderr: "",
  });
  const json = await host.print(["-t", "--format", "json"]);
  const { findings, ok } = JSON.parse(json.stdout);
  assert.deepEqual([findings.length, ok], [1, []]);
  await Deno.writeTextFile(host.pam.policy, "version: 2\n");
  assert.equal((await host.print(["-t"])).code, 3);
});

Deno.test("check --fix goes with neither -t nor JSON", async () => {
  for (const other of [["-t"], ["--format", "json"]]) {
    const { code, stdout, stderr } = await cli(["check", "--fix", ...other]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /does not go with/);
  }
  assert.equal((await cli(["check", "-x"])).code, 2);
  assert.equal((await cli(["check", "-f"])).code, 2);
});

Deno.test("check --fix has nothing to run where nothing is wrong", async () => {
  await using host = await createBrokenHost();
  const { code, stdout } = await host.print(["--fix"]);
  assert.equal(code, 0);
  assert.equal(
    stdout,
    "#!/bin/sh\n# oauth-pam check --fix: there is nothing to mend\n",
  );
});

Deno.test("check --fix mends several things of one file, each with its finding, and runs nothing itself", async () => {
  await using host = await createBrokenHost();
  const config = host.at("sshd_config");
  await host.edit(
    config,
    (text) =>
      text.replace("UsePAM yes\n", "").replace("Time 120", "Time 20") +
      "PaswordAuthentication no\n",
  );
  await host.edit(
    host.stack,
    (text) => text.replace(/^(auth.*) quiet expose_authtok/m, "$1"),
  );
  await Deno.chmod(host.pam.policy, 0o666);
  await Deno.chown(host.pam.launcher, 65534, null);
  const before = await Deno.readTextFile(config);
  const { code, stdout } = await host.print(["--fix"]);
  assert.equal(code, 1);
  assert.equal(await Deno.readTextFile(config), before);
  assert.equal((await Deno.stat(host.pam.policy)).mode! & 0o777, 0o666);
  const commands = stdout.split("\n").filter((line) =>
    line !== "" && !line.startsWith("#")
  );
  const finish = await host.lineOf(host.stack, "device finish");
  assert.deepEqual(commands, [
    `chmod go-w ${host.pam.policy}`,
    `sed -i '${finish}s/pam_exec\\.so/& quiet/' ${host.stack}`,
    `sed -i '${finish}s/pam_exec\\.so/& expose_authtok/' ${host.stack}`,
    `chown root ${host.pam.launcher}`,
    `sed -i '3c\\LoginGraceTime 120' ${config}`,
    `sed -i '5s/^/# /' ${config}`,
    // last: the other lines have other numbers then
    `sed -i '1i\\UsePAM yes' ${config}`,
    "/usr/sbin/sshd -t && echo 'sshd takes its configuration: reload it'",
  ]);
  for (const [index, command] of commands.slice(0, -1).entries()) {
    const lines = stdout.split("\n");
    const above = lines[lines.indexOf(command) - 1] ?? "";
    assert.match(above, /^# .*: error: .* \[[a-z/-]+\]$/, String(index));
  }
  const script = host.at("fix.sh");
  await Deno.writeTextFile(script, stdout);
  await new Deno.Command("sh", { args: [script] }).output();
  const after = await host.check();
  assert.equal(after.code, 0, after.stdout);
});

const HOSTILE = [
  "a b",
  "it's",
  "$(touch PWNED)",
  "`touch PWNED`",
  "; touch PWNED #",
  '"; touch PWNED; "',
  "a&touch PWNED&",
  "|touch PWNED",
  "-rf",
  "~root",
  "*",
  "\\",
  "ü",
];

Deno.test("check --fix quotes what hostile paths hold, in commands and in comments", async () => {
  for (const name of HOSTILE) {
    await using host = await createBrokenHost();
    const folder = host.at(name);
    await Deno.mkdir(folder);
    await Deno.chmod(folder, 0o755);
    const policy = `${folder}/policy.yaml`;
    await Deno.rename(host.pam.policy, policy);
    await Deno.chmod(policy, 0o666);
    const { stdout } = await printCheck([...host.args([policy]), "--fix"], {
      permission: everything,
    });
    // as it is pasted: line by line, into shells that do and do not know comments
    for (
      const [shell, flags] of [["sh", ["-s"]], ["bash", ["-i"]], ["zsh", [
        "-f",
        "-i",
      ]]] as const
    ) {
      const child = new Deno.Command(shell, {
        args: [...flags],
        cwd: host.at(""),
        clearEnv: true,
        env: { PATH: "/usr/sbin:/usr/bin:/bin", HOME: "/nonexistent" },
        stdin: "piped",
        stdout: "null",
        stderr: "null",
      }).spawn();
      await Deno.chmod(policy, 0o666);
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(stdout));
      await writer.close();
      await child.status;
      assert.equal(
        (await Deno.stat(policy)).mode! & 0o777,
        0o644,
        `${shell}: ${stdout}`,
      );
      await assert.rejects(
        Deno.stat(host.at("PWNED")),
        Deno.errors.NotFound,
        `${shell}: ${stdout}`,
      );
    }
  }
});

Deno.test("check --fix writes no command with a name that a terminal would not show", () => {
  for (const name of ["a\nreboot", "a\u001b[2J", "a\u202eb", "a\tb", "\r"]) {
    const path = `/etc/${name}`;
    assert.deepEqual(mend(["chmod", "go-w", path]), {});
    const text = fixScript([{
      ...{ id: "file/policy", level: "error", file: path },
      message: `"${path}" can be written by others: chmod go-w it`,
      ...mend(["chmod", "go-w", path]),
    }]);
    assert.deepEqual(
      text.split("\n").filter((line) => line !== "" && !/^#/.test(line)),
      [],
    );
    assert.match(text, /# no command for this\n/);
  }
  // sed would read on behind a backslash
  const place = { file: "/etc/ssh/sshd_config", line: 3 };
  assert.deepEqual(mendLine(place, { replace: "UsePAM yes\\" }), {});
});
