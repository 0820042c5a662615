/**
 * `policy diff`: files, revisions, recorded logins, reports and endings.
 *
 * @module
 */

import assert from "node:assert/strict";

import { runCli } from "../../../../src/cli/cli.ts";
import type { CliIo } from "../../../../src/cli/io.ts";
import { cli, type CliOptions } from "../../../support/cli.ts";
import { largeDocument } from "../../../support/large_policies.ts";
import { createScene } from "../../../support/login_scene.ts";

const ISSUERS = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
`;
const OLD = `${ISSUERS}rules:
  staff: {when: {groups: {any: [staff]}}, accounts: [{names: [alice]}]}
`;
const NEW = OLD.replace("[staff]", "[staff, guest]");
const NARROW = OLD.replace("when: {", "services: [sshd], when: {");

async function diff(
  args: readonly string[],
  options: CliOptions = {},
) {
  return await cli(["policy", "diff", ...args], {
    ...options,
    files: {
      "old.yaml": OLD,
      "new.yaml": NEW,
      "narrow.yaml": NARROW,
      "same.yaml": `# a comment\n${OLD}`,
      ...options.files,
    },
  });
}

Deno.test("policy diff --format json is the documented document", async () => {
  const { code, stdout, stderr } = await diff([
    "old.yaml",
    "new.yaml",
    "--format",
    "json",
  ]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(JSON.parse(stdout), {
    schema: "oauth-pam/diff@1",
    verdict: "wider",
    exhaustive: true,
    accounts: [
      { account: "alice", verdict: "wider" },
      { account: "root", verdict: "equivalent" },
      { account: "someone", verdict: "equivalent", example: true },
    ],
    changes: [{
      account: "alice",
      verdict: "wider",
      witness: {
        issuer: "campus",
        service: "sshd",
        rhost: null,
        claims: { groups: ["guest"] },
        now: "2026-01-01T12:00:00Z",
      },
      old: { decision: "deny", reason: "account_not_permitted", rule: null },
      new: { decision: "allow", reason: "allowed", rule: "staff" },
      rules: ["staff"],
    }],
    causes: [{
      verdict: "wider",
      rule: "staff",
      effect: "allow",
      kind: "changed",
      path: ["when", "groups", "any"],
      line: 5,
      text: 'rule "staff" admits more: when.groups.any, added "guest"',
      change: {
        account: "alice",
        verdict: "wider",
        witness: {
          issuer: "campus",
          service: "sshd",
          rhost: null,
          claims: { groups: ["guest"] },
          now: "2026-01-01T12:00:00Z",
        },
        old: { decision: "deny", reason: "account_not_permitted", rule: null },
        new: { decision: "allow", reason: "allowed", rule: "staff" },
        rules: ["staff"],
      },
    }],
    settings: [],
  });
});

const SESSIONS = OLD.replace("[ssh]", "[ssh], ssh_certificates: {}")
  .replace("{names: [alice]}]", "{names: [alice]}], ssh: {permit: [pty]}");

Deno.test("policy diff shows whose session may use more, and as JSON", async () => {
  const files = {
    "pty.yaml": SESSIONS,
    "x11.yaml": SESSIONS.replace("[pty]", "[pty, x11]"),
  };
  const args = ["pty.yaml", "x11.yaml", "--fail-on", "wider"];
  const { code, stdout } = await diff(args, { files });
  assert.equal(code, 1);
  assert.equal(
    stdout,
    `wider: the new policy admits what the old one refuses, or lets sessions use more

sessions by certificate:
  account alice may use more
  + issuer campus, service sshd, no remote address
    claims {"groups":["staff"]}
    old: pty
    new: pty, x11
    rules: staff

settings:
  rules.staff.ssh.permit: wider: added "x11"
`,
  );
  const json = await diff([...args, "--format", "json"], { files });
  assert.deepEqual(JSON.parse(json.stdout).permits, [{
    account: "alice",
    verdict: "wider",
    witness: {
      issuer: "campus",
      service: "sshd",
      rhost: null,
      claims: { groups: ["staff"] },
      now: "2026-01-01T12:00:00Z",
    },
    old: ["pty"],
    new: ["pty", "x11"],
    rules: ["staff"],
  }]);
  const back = await diff(["x11.yaml", "pty.yaml"], { files });
  assert.match(back.stdout, /account alice may use less\n {2}- issuer campus/);
});

Deno.test("policy diff shows a person who gets in and why", async () => {
  const { stdout } = await diff(["old.yaml", "new.yaml"]);
  assert.equal(
    stdout,
    `wider: the new policy admits what the old one refuses

+ line 5: rule "staff" admits more: when.groups.any, added "guest"

alice: wider
  + issuer campus, service sshd, no remote address
    claims {"groups":["guest"]}
    old: deny, account_not_permitted
    new: allow by rule staff
    rules: staff

2 other accounts: equivalent
`,
  );
});

Deno.test("a witness given to policy explain gives the decisions that the diff names", async () => {
  const { stdout } = await diff(["old.yaml", "new.yaml", "--format", "json"]);
  const [{ account, witness, old, new: next }] = JSON.parse(stdout).changes;
  for (const [file, said] of [[OLD, old], [NEW, next]] as const) {
    const explained = await cli([
      ...[
        "policy",
        "explain",
        "site.yaml",
        "--account",
        account,
        "--claims",
        "-",
      ],
      ...["--issuer", witness.issuer, "--now", witness.now, "--format", "json"],
    ], { files: { "site.yaml": file }, stdin: JSON.stringify(witness.claims) });
    const { decision, reason, rule } = JSON.parse(explained.stdout);
    assert.deepEqual({ decision, reason, rule }, said);
  }
});

Deno.test("policy diff says when a change shows, and policy explain at that time says the same", async () => {
  const ending = OLD.replace(
    "when: {",
    "not_after: 2027-01-31T00:00:00Z, assurance: {max_auth_age: 1h}, when: {",
  );
  const later = ending.replace("2027-01-31", "2027-06-30");
  const files = { "old.yaml": ending, "new.yaml": later };
  const pretty = await diff(["old.yaml", "new.yaml"], { files });
  const at = Date.UTC(2027, 0, 31) / 1000;
  assert.match(
    pretty.stdout,
    new RegExp(
      "^  \\+ issuer campus, service sshd, no remote address, at 2027-01-31T00:00:00Z\n" +
        `    claims \\{"groups":\\["staff"\\],"auth_time":${at}\\}$`,
      "m",
    ),
  );
  const json = await diff(["old.yaml", "new.yaml", "--format", "json"], {
    files,
  });
  const [{ witness, new: next, old }] = JSON.parse(json.stdout).changes;
  for (const [file, said] of [[ending, old], [later, next]] as const) {
    const explained = await cli([
      ...["policy", "explain", "site.yaml", "--account", "alice"],
      ...["--claims", "-", "--issuer", "campus", "--now", witness.now],
      ...["--format", "json"],
    ], { files: { "site.yaml": file }, stdin: JSON.stringify(witness.claims) });
    const { decision, reason, rule } = JSON.parse(explained.stdout);
    assert.deepEqual({ decision, reason, rule }, said);
  }
});

for (
  const [files, verdict, codes] of [
    [["old.yaml", "new.yaml"], "wider", {
      wider: 1,
      narrower: 0,
      any: 1,
      never: 0,
    }],
    [["new.yaml", "old.yaml"], "narrower", {
      wider: 0,
      narrower: 1,
      any: 1,
      never: 0,
    }],
    [["narrow.yaml", "new.yaml"], "wider", {
      wider: 1,
      narrower: 0,
      any: 1,
      never: 0,
    }],
    [["new.yaml", "narrow.yaml"], "narrower", {
      wider: 0,
      narrower: 1,
      any: 1,
      never: 0,
    }],
    [["old.yaml", "same.yaml"], "equivalent", {
      wider: 0,
      narrower: 0,
      any: 0,
      never: 0,
    }],
    [["old.yaml", "mixed.yaml"], "incomparable", {
      wider: 1,
      narrower: 1,
      any: 1,
      never: 0,
    }],
    [["old.yaml", "logged.yaml"], "equivalent", {
      wider: 0,
      narrower: 0,
      any: 1,
      never: 0,
    }],
  ] as const
) {
  Deno.test(`policy diff ${files.join(" ")} is ${verdict}, and --fail-on goes by that`, async () => {
    const more = {
      "mixed.yaml": OLD.replace("[staff]", "[guest]"),
      "logged.yaml": `${OLD}log: {socket: /run/log}\n`,
    };
    for (const [failOn, code] of Object.entries(codes)) {
      const ran = await diff([...files, "--fail-on", failOn], { files: more });
      assert.equal(ran.stdout.split(":")[0], verdict);
      assert.equal(ran.code, code, failOn);
    }
    assert.equal((await diff(files, { files: more })).code, 0);
  });
}

Deno.test("policy diff --fail-on does not pass what was not looked at", async () => {
  const policy = (rest: string) =>
    `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
rules:
  staff: {when: {${rest}}, accounts: [{names: [alice]}]}
`;
  // whether an entry is the first one is not told of a list in the search
  const files = {
    "a.yaml": policy("groups: {any: [staff, ops]}, /groups/0: staff"),
    "b.yaml": policy("groups: {any: [staff]}, /groups/0: staff"),
  };
  const { code, stdout } = await diff([
    "a.yaml",
    "b.yaml",
    "--fail-on",
    "narrower",
  ], { files });
  assert.equal(code, 1);
  assert.match(stdout, /^sampled: /);
  assert.match(
    stdout,
    /not everything was looked at:\n {2}"groups" is read as a list and by position/,
  );
});

Deno.test("policy diff --accounts compares only these", async () => {
  const { stdout } = await diff([
    "old.yaml",
    "new.yaml",
    "--accounts",
    "root,bob",
    "--format",
    "json",
  ]);
  const { verdict, accounts } = JSON.parse(stdout);
  assert.equal(verdict, "equivalent");
  assert.deepEqual(
    accounts.map(({ account }: { account: string }) => account),
    ["root", "bob"],
  );
});

for (
  const [title, args, code, message] of [
    ["one file", ["old.yaml"], 2, /name the old and the new policy/],
    [
      "three files",
      ["old.yaml", "new.yaml", "same.yaml"],
      2,
      /name the old and the new policy/,
    ],
    ["standard input twice", ["-", "-"], 2, /two things at once/],
    [
      "another word for --fail-on",
      ["old.yaml", "new.yaml", "--fail-on", "widened"],
      2,
      /--fail-on is "widened"/,
    ],
    [
      "a name that is no account",
      ["old.yaml", "new.yaml", "--accounts", "alice,Bob"],
      2,
      /"Bob" is not an account name without "accounts_pattern: sssd"$/m,
    ],
    [
      "a missing file",
      ["none.yaml", "new.yaml"],
      3,
      /none\.yaml:1:1: error: the file does not exist/,
    ],
    ["a broken policy", ["old.yaml", "broken.yaml"], 3, /broken\.yaml:1:/],
    [
      "a missing audit file",
      ["old.yaml", "new.yaml", "--replay", "none"],
      3,
      /the audit file "none" cannot be read/,
    ],
    [
      "a revision that is an option",
      ["--", "--help:old.yaml", "new.yaml"],
      3,
      /"--help" is not a git revision/,
    ],
    [
      "a time that cannot be read",
      ["old.yaml", "new.yaml", "--from", "tomorrow"],
      2,
      /--from is "tomorrow", expected "now", a time such as/,
    ],
    [
      "a revision with a command",
      ["$(id):old.yaml", "new.yaml"],
      3,
      /is not a git revision/,
    ],
    [
      "an absolute path of a revision",
      ["HEAD:/etc/passwd", "new.yaml"],
      3,
      /is not relative/,
    ],
  ] as const
) {
  Deno.test(`policy diff exits with ${code} and says why: ${title}`, async () => {
    const ran = await diff(args, { files: { "broken.yaml": "version: 3\n" } });
    assert.equal(ran.code, code);
    assert.equal(ran.stdout, "");
    assert.match(ran.stderr, message);
  });
}

Deno.test("policy diff reads REV:path in a git checkout, relative to the folder, with git alone", async () => {
  const folder = await Deno.makeTempDir();
  const git = async (...args: string[]) => {
    const { success } = await new Deno.Command("git", {
      args: [
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@example.org",
        ...args,
      ],
      cwd: folder,
      stdout: "null",
      stderr: "null",
    }).output();
    assert.ok(success, args.join(" "));
  };
  const run = async (args: string[], permissions: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-lock", "--no-prompt", "--allow-read"],
        // the YAML reader, when it is not bundled, looks for variables of its own
        ...["--allow-env", ...permissions],
        new URL("../../../../src/main.ts", import.meta.url).pathname,
        ...["policy", "diff", ...args],
      ],
      cwd: `${folder}/sub`,
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    return { code, out: out ?? "", err: err ?? "" };
  };
  await Deno.mkdir(`${folder}/sub`);
  await Deno.writeTextFile(`${folder}/sub/site.yaml`, OLD);
  await Deno.writeTextFile(`${folder}/top.yaml`, OLD);
  await git("init", "-q");
  await git("add", "-A");
  await git("commit", "-q", "-m", "first");
  await Deno.writeTextFile(`${folder}/sub/site.yaml`, NEW);
  const allowed = ["--allow-run=git"];
  const changed = await run(["HEAD:site.yaml", "site.yaml"], allowed);
  assert.deepEqual([changed.err, changed.code], ["", 0]);
  assert.match(changed.out, /^wider: /);
  const above = await run([
    "HEAD:../top.yaml",
    "site.yaml",
    "--fail-on",
    "wider",
  ], allowed);
  assert.equal(above.code, 1);
  const unknown = await run(["HEAD~7:site.yaml", "site.yaml"], allowed);
  assert.equal(unknown.code, 3);
  assert.match(unknown.err, /git does not have it: fatal: /);
  const forbidden = await run(["HEAD:site.yaml", "site.yaml"], []);
  assert.equal(forbidden.code, 3);
  assert.match(forbidden.err, /without "--allow-run=git"/);
  // without a revision, nothing is run
  assert.equal((await run(["../top.yaml", "site.yaml"], [])).code, 0);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("policy diff --replay decides again what logins left in the audit file", async () => {
  await using scene = await createScene({
    ruleLines: ["when: {groups: {any: [staff, guest]}}"],
  });
  const { policyFile, cacheDirectory } = scene.site;
  const audit = `${cacheDirectory}/audit.jsonl`;
  await Deno.writeTextFile(policyFile, `audit: {file: ${audit}}\n`, {
    append: true,
  });
  const logins = [
    { claims: {}, reason: "allowed" },
    { claims: { groups: ["guest"] }, reason: "allowed" },
    { claims: { groups: ["other"] }, reason: "account_not_permitted" },
    { claims: { exp: 1000 }, reason: "token_expired" },
  ];
  for (const { claims, reason } of logins) {
    const token = await scene.token({ claims: { ...claims, phone: "555" } });
    assert.equal((await scene.attempt({ token })).reason, reason);
  }
  const recorded = await Deno.readTextFile(audit);
  const [first] = recorded.split("\n").map((line) => line && JSON.parse(line));
  // what the policy looks at, and nothing else
  assert.deepEqual(first.claims, {
    email: "alice@example.edu",
    groups: ["staff"],
  });
  assert.doesNotMatch(recorded, /phone|eyJ/);

  const policy = await Deno.readTextFile(policyFile);
  const files = {
    "old.yaml": policy,
    "new.yaml": policy.replace("[staff, guest]", "[staff]"),
    "more.yaml": policy.replace("when: {", "when: {org: x, "),
    "audit.jsonl": `${recorded}\n{"torn`,
  };
  const replay = async (...names: string[]) => {
    const { stdout, code } = await diff(
      [
        ...names,
        "--replay",
        "audit.jsonl",
        "--format",
        "json",
        "--fail-on",
        "narrower",
      ],
      { files },
    );
    return { code, ...JSON.parse(stdout).replay };
  };
  assert.deepEqual(await replay("old.yaml", "old.yaml"), {
    code: 0,
    records: 5,
    decided: 3,
    skipped: { unreadable: 1, undecided: 1, incomplete: 0 },
    missing: [],
    changes: [],
  });
  const { changes, code } = await replay("old.yaml", "new.yaml");
  assert.equal(code, 1);
  assert.deepEqual(
    changes.map(({ time: _, ...change }: { time: string }) => change),
    [{
      line: 2,
      account: "alice",
      service: "sshd",
      rhost: "192.0.2.7",
      issuer: "campus",
      old: { decision: "allow", reason: "allowed", rule: "staff" },
      new: { decision: "deny", reason: "account_not_permitted", rule: null },
    }],
  );
  // a claim that was not recorded is not taken for a claim that was not there
  const more = await replay("old.yaml", "more.yaml");
  assert.deepEqual([more.decided, more.skipped.incomplete, more.missing], [
    0,
    3,
    ["org"],
  ]);
});

Deno.test("policy diff shows on a terminal that long work goes on, and wipes it", async () => {
  const old = JSON.stringify(largeDocument(7, 5));
  const next = JSON.stringify(largeDocument(8, 5));
  const output = { stdout: "", stderr: "" };
  const run = async (interactive: boolean) => {
    let clock = 0;
    output.stderr = "";
    const files: Record<string, string> = { "old.yaml": old, "new.yaml": next };
    await runCli(["policy", "diff", "old.yaml", "new.yaml"], {
      readFile: (path: string) =>
        Promise.resolve(new TextEncoder().encode(files[path])),
      stdout: (text: string) => output.stdout += text,
      stderr: (text: string) => output.stderr += text,
      now: () => clock += 1500,
      color: false,
      interactive,
    } as unknown as CliIo);
    return output.stderr;
  };
  const shown = await run(true);
  assert.match(
    shown.replaceAll("\x1b[K", ""),
    /^\rcomparing accounts: 2 of \d+\r/,
  );
  assert.ok(shown.endsWith("\r\x1b[K"));
  assert.equal(await run(false), "");
});

// Each is one request to a reviewer; what a second one hides would be approved unseen.
for (
  const [what, next, expected] of [
    [
      "two groups in one condition",
      "when: {groups: {any: [staff, interns, everyone]}, email_verified: true}",
      [
        '+ line 5: rule "staff" admits more: when.groups.any, added "interns", "everyone"',
      ],
    ],
    [
      "a group and a condition that is gone",
      "when: {groups: {any: [staff, contractors]}}",
      [
        '+ line 5: rule "staff" admits more: when.groups.any, added "contractors"',
        '+ line 5: rule "staff" admits more: when.email_verified.equals is gone',
      ],
    ],
    [
      "a group in place of another, and a service less",
      "services: [sshd], when: {groups: {any: [guests]}, email_verified: true}",
      [
        '+ line 5: rule "staff" admits more: when.groups.any, added "guests", removed "staff"',
        '- line 5: rule "staff" admits less: services is new',
        '- line 5: rule "staff" admits less: when.groups.any, added "guests", removed "staff"',
      ],
    ],
  ] as const
) {
  Deno.test(`policy diff shows each cause of a change: ${what}`, async () => {
    const policy = (rule: string) =>
      `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
rules:
  # the one rule
  staff: {${rule}, accounts: [{names: [alice]}]}
`;
    const { stdout } = await cli(["policy", "diff", "a.yaml", "b.yaml"], {
      files: {
        "a.yaml": policy(
          "when: {groups: {any: [staff]}, email_verified: true}",
        ),
        "b.yaml": policy(next),
      },
    });
    assert.deepEqual(
      stdout.split("\n").filter((line) => /^[+-] /.test(line)).sort(),
      [...expected].sort(),
    );
  });
}

Deno.test("policy diff --accounts says that others were not compared", async () => {
  const policy = (group: string) =>
    `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
rules:
  staff: {when: {groups: {any: [${group}]}}, accounts: [{names: [alice]}]}
`;
  const files = { "a.yaml": policy("a"), "b.yaml": policy("b") };
  const { code, stdout } = await cli(
    ["policy", "diff", "a.yaml", "b.yaml", "--accounts", "bob"],
    { files },
  );
  assert.deepEqual([code, stdout], [
    0,
    "equivalent: both policies decide the same; only the accounts that were asked for are compared\n",
  ]);
});

// "is new" sends a reviewer to look at the rule; what is new is one entry of it.
for (
  const [what, before, after, expected] of [
    [
      "an account of several",
      "accounts: [{names: [alice]}]",
      "accounts: [{names: [alice, bob]}]",
      ['+ line 8: rule "staff" admits more: accounts, added "bob"'],
    ],
    [
      "an account that goes",
      "accounts: [{names: [alice, bob]}]",
      "accounts: [{names: [alice]}]",
      ['- line 8: rule "staff" admits less: accounts, removed "bob"'],
    ],
    [
      "an account of a map",
      "accounts: [{map: {a: [alice], b: [bob]}, keys: [sub]}]",
      "accounts: [{map: {a: [alice], b: [bob, carol]}, keys: [sub]}]",
      [
        '+ line 8: rule "staff" admits more: accounts, added {"map":{"b":["bob","carol"]},"keys":["sub"]}, removed {"map":{"b":["bob"]},"keys":["sub"]}',
      ],
    ],
    [
      "a suffix",
      'accounts: [{claim: email, strip_suffix: "@a.example"}]',
      "accounts: [{claim: sub}]",
      [
        '+ line 8: rule "staff" admits more: accounts, added {"claim":"sub"}, removed {"claim":"email","strip_suffix":"@a.example"}',
        '- line 8: rule "staff" admits less: accounts, added {"claim":"sub"}, removed {"claim":"email","strip_suffix":"@a.example"}',
      ],
    ],
    [
      "an account that is kept out",
      "effect: deny, accounts: [{names: [alice]}]",
      "effect: deny, accounts: [{names: [alice, bob]}]",
      ['- line 8: deny rule "staff" forbids more: accounts, added "bob"'],
    ],
    [
      "an issuer of several",
      "issuers: [campus], accounts: [{claim: sub}]",
      "issuers: [campus, partner], accounts: [{claim: sub}]",
      ['+ line 8: rule "staff" admits more: issuers, added "partner"'],
    ],
    [
      "all issuers",
      "issuers: [campus], accounts: [{claim: sub}]",
      "accounts: [{claim: sub}]",
      ['+ line 8: rule "staff" admits more: issuers is gone'],
    ],
    [
      "an issuer less",
      "accounts: [{claim: sub}]",
      "issuers: [campus], accounts: [{claim: sub}]",
      ['- line 8: rule "staff" admits less: issuers is new'],
    ],
  ] as const
) {
  Deno.test(`policy diff calls no rule new or gone that was there: ${what}`, async () => {
    const policy = (rule: string) =>
      `version: 1
issuers:
  campus: {issuer: "https://login.example.edu", audiences: [ssh]}
  partner: {issuer: "https://login.example.org", audiences: [ssh]}
rules:
  others: {issuers: [campus, partner], services: [su], accounts: [{names: [deploy, bob]}]}
  # the one rule
  staff: {${rule}}
`;
    const { stdout } = await cli(["policy", "diff", "a.yaml", "b.yaml"], {
      files: { "a.yaml": policy(before), "b.yaml": policy(after) },
    });
    assert.deepEqual(
      stdout.split("\n").filter((line) => /^[+-] /.test(line)).sort(),
      [...expected].sort(),
    );
  });
}

Deno.test("policy diff calls an issuer new or gone, and not the rules that are for all of them", async () => {
  const policy = (issuer: string) =>
    `version: 1
issuers:
  campus: {issuer: "https://login.example.edu", audiences: [ssh]}
${issuer}rules:
  admins: {when: {groups: {any: [admins]}}, accounts: [{names: [deploy]}]}
  staff: {when: {groups: {any: [staff]}}, accounts: [{claim: sub}]}
  guests: {issuers: [campus], accounts: [{names: [guest]}]}
`;
  const both = policy(
    '  partner: {issuer: "https://login.example.org", audiences: [ssh]}\n',
  );
  const files = { "one.yaml": policy(""), "two.yaml": both };
  const causes = async (...names: string[]) =>
    (await cli(["policy", "diff", ...names], { files })).stdout.split("\n")
      .filter((line) => /^[+-] /.test(line)).sort();
  assert.deepEqual(await causes("one.yaml", "two.yaml"), [
    '+ line 4: rule "admins" admits more: the issuer "partner" is new',
    '+ line 4: rule "staff" admits more: the issuer "partner" is new',
  ]);
  assert.deepEqual(await causes("two.yaml", "one.yaml"), [
    '- line 5: rule "admins" admits less: the issuer "partner" is gone',
    '- line 6: rule "staff" admits less: the issuer "partner" is gone',
  ]);
});

Deno.test("policy diff --from now takes a rule that has ended for one that is not there", async () => {
  const end = "2025-12-31T00:00:00Z";
  const gone = `  guests: {not_after: ${end}, accounts: [{names: [bob]}]}\n`;
  const files = { "ended.yaml": OLD + gone };
  const verdict = async (...more: string[]) => {
    const ran = await diff(
      ["ended.yaml", "old.yaml", "--format", "json", ...more],
      { files },
    );
    assert.deepEqual([ran.code, ran.stderr], [0, ""]);
    return JSON.parse(ran.stdout).verdict;
  };
  assert.equal(await verdict(), "narrower");
  assert.equal(await verdict("--from", "now"), "equivalent");
  assert.equal(await verdict("--from", end), "equivalent");
  assert.equal(await verdict("--from", "2025-12-30T00:00:00Z"), "narrower");
});

Deno.test("policy diff says of a token that its provider is not known to make it", async () => {
  const files = Object.fromEntries(
    [["g-old.yaml", OLD], ["g-new.yaml", NEW]].map(([name, text = ""]) => [
      name ?? "",
      text.replace("https://login.example.edu", "https://accounts.google.com"),
    ]),
  );
  const pretty = await diff(["g-old.yaml", "g-new.yaml"], { files });
  assert.match(
    pretty.stdout,
    /claims \{"groups":\["guest"\]\}\n {4}but Google never sends "groups"\n/,
  );
  const json = await diff(["g-old.yaml", "g-new.yaml", "--format", "json"], {
    files,
  });
  const { verdict, changes } = JSON.parse(json.stdout);
  assert.deepEqual([verdict, changes[0].doubts], [
    "wider",
    ['Google never sends "groups"'],
  ]);
});

Deno.test("policy diff names the end of a rule as the cause, and the line where it stands", async () => {
  const policy = (end: string) =>
    `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
rules:
  staff:
    accounts: [{names: [alice]}]
${end}`;
  const JANUARY = policy("    not_after: 2027-01-31T00:00:00Z\n");
  const JUNE = policy("    not_after: 2027-06-30T00:00:00Z\n");
  const moved = '"2027-01-31T00:00:00Z" to "2027-06-30T00:00:00Z"';
  for (
    const [old, next, expected] of [
      [JANUARY, JUNE, [
        `+ line 6: rule "staff" admits more: not_after, from ${moved}`,
      ]],
      [policy(""), JANUARY, [
        '- line 6: rule "staff" admits less: not_after is new',
      ]],
      [JANUARY, policy(""), [
        '+ line 4: rule "staff" admits more: not_after is gone',
      ]],
    ] as const
  ) {
    const { stdout } = await cli(["policy", "diff", "a.yaml", "b.yaml"], {
      files: { "a.yaml": old, "b.yaml": next },
    });
    assert.deepEqual(
      stdout.split("\n").filter((line) => /^[+-] /.test(line)),
      expected,
    );
    assert.match(stdout, /no remote address, at 2027-01-31T00:00:00Z$/m);
  }
});

Deno.test("policy diff --fail-on wider stops a change that takes an entry of never away", async () => {
  const policy = (never: string) =>
    `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
${never}rules: {staff: {when: {groups: {any: [staff]}}, accounts: [{names: [alice]}]}}
`;
  const files = {
    "a.yaml": policy("never: {root: {accounts: [root]}}\n"),
    "b.yaml": policy(""),
  };
  const gone = await cli(
    ["policy", "diff", "a.yaml", "b.yaml", "--fail-on", "wider"],
    { files },
  );
  assert.equal(gone.code, 1);
  assert.match(
    gone.stdout,
    /never\.root: incomparable: is no longer ruled out by lint and test/,
  );
  const added = await cli(
    ["policy", "diff", "b.yaml", "a.yaml", "--fail-on", "wider"],
    { files },
  );
  assert.equal(added.code, 0);
});
