/**
 * `policy explain`: what it prints, how it ends, and what it never shows.
 *
 * @module
 */

import assert from "node:assert/strict";
import { runCli } from "../../../../src/cli/cli.ts";
import { processIo } from "../../../../src/cli/io.ts";
import { cli, type CliOptions } from "../../../support/cli.ts";
import { createScene } from "../../../support/login_scene.ts";

const POLICY = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
  lab: {issuer: https://lab.example.org, audiences: [ssh]}
rules:
  staff:
    when: {groups: {any: [staff]}}
    assurance: {mfa: true}
    accounts: [{claim: email, strip_suffix: "@example.edu"}]
  shared:
    services: [sudo]
    accounts: [{names: [deploy]}]
`;
const CLAIMS = {
  iss: "https://login.example.edu",
  sub: "u1",
  email: "alice@example.edu",
  groups: ["staff"],
  amr: ["pwd"],
};
const ALICE = ["--account", "alice", "--claims", "claims.json"];

async function explained(
  args: readonly string[],
  options: CliOptions & { claims?: unknown } = {},
) {
  const { claims = CLAIMS, files, ...rest } = options;
  return await cli(["policy", "explain", "site.yaml", ...args], {
    files: {
      "site.yaml": POLICY,
      "claims.json": typeof claims === "string"
        ? claims
        : JSON.stringify(claims),
      ...files,
    },
    ...rest,
  });
}

Deno.test("policy explain --format json is the documented document", async () => {
  const { code, stdout, stderr } = await explained([
    ...ALICE,
    "--format",
    "json",
  ]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(JSON.parse(stdout), {
    schema: "oauth-pam/explain@1",
    decision: "deny",
    reason: "mfa_required",
    account: "alice",
    issuer: "campus",
    rule: "staff",
    rules: [{
      id: "staff",
      effect: "allow",
      matched: true,
      granted: false,
      because: "mfa_required",
      expected: ["mfa"],
      actual: ["pwd"],
      condition: ["assurance"],
    }, {
      id: "shared",
      effect: "allow",
      matched: false,
      granted: false,
      because: "service_mismatch",
      expected: ["sudo"],
      actual: "sshd",
      condition: ["services"],
    }],
    nearest: {
      rule: "staff",
      conditions: [{
        condition: ["assurance", "mfa"],
        because: "mfa_required",
        expected: ["mfa"],
        actual: ["pwd"],
        message:
          'several factors are required, and "amr" shows only ["pwd"], expected "mfa"',
      }],
    },
    hints: [],
  });
});

Deno.test("policy explain says why, for every rule, with expected and actual value", async () => {
  const { stdout } = await explained([...ALICE, "--rhost", "192.0.2.7"], {
    claims: { ...CLAIMS, groups: ["Staff"] },
  });
  assert.equal(
    stdout,
    `deny: account_not_permitted (no rule decided: deny by default)
  account "alice", issuer "campus", service "sshd", from "192.0.2.7", at 2026-01-01T12:00:00Z
nearest: rule "staff", two conditions short: "groups" lacks "staff": "Staff" differs from "staff" only in case; several factors are required, and "amr" shows only ["pwd"], expected "mfa"

rules, the nearest first:
  staff (allow): does not match: when.groups.any: the claim has another value
    expected ["staff"]
    actual   ["Staff"]
    hint: "Staff" differs from "staff" only in case
  shared (allow): does not match: services: it is for other services
    expected ["sudo"]
    actual   "sshd"
`,
  );
});

Deno.test("policy explain says of a rule that it has ended, and when", async () => {
  const files = {
    "site.yaml": POLICY.replace(
      "    assurance: {mfa: true}\n",
      "    not_after: 2026-01-31T01:00:00+01:00\n",
    ),
  };
  const at = async (...args: string[]) =>
    (await explained([...ALICE, ...args], { files })).stdout;
  assert.match(await at(), /^allow: allowed\n/);
  assert.match(await at("--now", "2026-01-30T23:59:59Z"), /^allow: allowed\n/);
  assert.equal(
    await at("--now", "2026-01-31T00:00:00Z"),
    `deny: account_not_permitted (no rule decided: deny by default)
  account "alice", issuer "campus", service "sshd", no remote address, at 2026-01-31T00:00:00Z
nearest: rule "staff", one condition short: the rule ended at 2026-01-31T00:00:00Z

rules, the nearest first:
  staff (allow): does not match: not_after: the rule has ended
    expected before 2026-01-31T00:00:00Z
    actual   2026-01-31T00:00:00Z
  shared (allow): does not match: services: it is for other services
    expected ["sudo"]
    actual   "sshd"
`,
  );
  assert.match(
    await at("--now", "2026-02-02T12:00:00Z"),
    /^nearest: rule "staff", one condition short: the rule ended at 2026-01-31T00:00:00Z, 2 d 12 h ago$/m,
  );
  const { rules } = JSON.parse(
    await at("--now", "1769817600", "--format", "json"),
  );
  assert.deepEqual(
    [rules[0].because, rules[0].expected, rules[0].actual, rules[0].condition],
    ["rule_expired", 1769817600, 1769817600, ["not_after"]],
  );
});

Deno.test("policy explain says of a deny rule that it has not ended yet", async () => {
  const out = "  out: {effect: deny, not_after: 2026-01-31T00:00:00Z}\n";
  const { stdout } = await explained(ALICE, {
    files: {
      "site.yaml": POLICY.replace("    assurance: {mfa: true}\n", "") + out,
    },
  });
  assert.match(
    stdout,
    /^denied by: rule "out": it is before 2026-01-31T00:00:00Z \(otherwise rule "staff" would admit\)$/m,
  );
});

Deno.test("policy explain takes service, issuer and time from the command line", async () => {
  const args = [
    "--account",
    "deploy",
    "--claims",
    "-",
    "--service",
    "sudo",
    "--issuer",
    "lab",
  ];
  for (const now of ["2026-06-01T00:00:00+02:00", "1780264800"]) {
    const { code, stdout } = await explained([
      ...args,
      "--now",
      now,
      "--exit-code",
    ], {
      stdin: "{}",
    });
    assert.equal(code, 0);
    assert.match(stdout, /^allow: allowed\n/);
    assert.match(
      stdout,
      /issuer "lab", service "sudo", .* at 2026-05-31T22:00:00Z\n/,
    );
  }
});

Deno.test("policy explain exits with 0 whatever the decision, with 1 only when asked to", async () => {
  assert.equal((await explained(ALICE)).code, 0);
  assert.equal((await explained([...ALICE, "--exit-code"])).code, 1);
  const { code } = await explained([...ALICE, "--exit-code"], {
    claims: { ...CLAIMS, amr: ["mfa"] },
  });
  assert.equal(code, 0);
});

Deno.test("policy explain says that an issuer is unknown, and which one is almost it", async () => {
  const { code, stdout } = await explained([...ALICE, "--format", "json"], {
    claims: { ...CLAIMS, iss: "https://login.example.edu/" },
  });
  assert.equal(code, 0);
  const { decision, reason, issuer, rules, hints, detail } = JSON.parse(stdout);
  assert.deepEqual([decision, reason, issuer, rules], [
    "deny",
    "issuer_unknown",
    null,
    [],
  ]);
  assert.match(
    detail,
    /"https:\/\/login\.example\.edu\/" is not in the policy/,
  );
  assert.deepEqual(hints.map(({ kind }: { kind: string }) => kind), [
    "trailing-slash",
  ]);
});

Deno.test("policy explain does not answer for an issuer or a service that cannot be", async () => {
  for (
    const [args, message] of [
      [
        ["--issuer", "campsu"],
        /--issuer is "campsu", which the policy does not have, expected one of "campus" or "lab"\n/,
      ],
      [["--service", ""], /--service is "", which no PAM service is called\n/],
      [["--service", "../x"], /--service is "\.\.\/x", which no PAM service/],
    ] as const
  ) {
    const ran = await explained([...ALICE, ...args, "--exit-code"]);
    assert.deepEqual([ran.code, ran.stdout], [2, ""]);
    assert.match(ran.stderr, message);
  }
});

Deno.test("policy explain tells when claims are said to be another issuer's", async () => {
  const { stdout } = await explained([...ALICE, "--issuer", "lab"]);
  assert.match(stdout, /hint: the claim "iss" is not that of the issuer "lab"/);
});

for (
  const [title, args, options, message] of [
    ["no policy", ALICE, {
      files: { "site.yaml": undefined as unknown as string },
    }, /site\.yaml:1:1: error: the file does not exist/],
    [
      "a policy that is none",
      ALICE,
      { files: { "site.yaml": "version: 2\n" } },
      /\[policy\/value\]|\[policy\//,
    ],
    [
      "no claims",
      ["--account", "alice", "--claims", "none.json"],
      {},
      /the claims in "none\.json" cannot be read: it does not exist\n/,
    ],
    [
      "claims that are not JSON",
      ALICE,
      { claims: "{sub: u1}" },
      /the document in "claims\.json" is not JSON/,
    ],
    [
      "claims with a member twice",
      ALICE,
      { claims: '{"sub":"a","sub":"b"}' },
      /has the member "sub" twice/,
    ],
    ["claims that are a list", ALICE, { claims: "[]" }, /is not a JSON object/],
    [
      "a missing map file",
      ALICE,
      {
        files: {
          "site.yaml": POLICY.replace(
            /accounts: \[\{names.*/,
            "accounts: [{map_file: /etc/x.map, keys: [sub]}]",
          ),
        },
      },
      /the policy reads the map file "\/etc\/x\.map": the file does not exist/,
    ],
  ] as [string, string[], CliOptions & { claims?: unknown }, RegExp][]
) {
  Deno.test(`policy explain exits with 3 and says why: ${title}`, async () => {
    const { code, stdout, stderr } = await explained(args, options);
    assert.equal(code, 3);
    assert.equal(stdout, "");
    assert.match(stderr, message);
  });
}

for (
  const [title, args, message] of [
    ["no account", ["--claims", "-"], /--account/],
    ["no evidence", ["--account", "a"], /either --claims FILE or --token -/],
    [
      "two kinds of evidence",
      [...ALICE, "--token", "-"],
      /either --claims FILE or --token -/,
    ],
    [
      "a token as an argument",
      ["--account", "a", "--token", "abc.def.ghi"],
      /can be seen by everybody/,
    ],
    [
      "a time that is none",
      [...ALICE, "--now", "2026-02-30T00:00:00Z"],
      /--now is "2026-02-30T00:00:00Z"/,
    ],
    [
      "a file of tests with another name",
      [...ALICE, "--save-test", "x.yaml"],
      /\.test\.yaml/,
    ],
    ["two files", ["two.yaml", ...ALICE], /name one policy file/],
  ] as const
) {
  Deno.test(`policy explain exits with 2: ${title}`, async () => {
    const { code, stderr } = await explained(args);
    assert.equal(code, 2);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /abc\.def/);
  });
}

Deno.test("policy explain lets no claim steer the terminal, in any format", async () => {
  const evil = "\x1b[2J\x9b31m\u202e\u200bx";
  for (const format of ["pretty", "json"]) {
    const { stdout } = await explained([...ALICE, "--format", format], {
      claims: { ...CLAIMS, groups: [evil], [evil]: 1, iss: CLAIMS.iss },
    });
    const steering =
      // deno-lint-ignore no-control-regex -- they are what is looked for
      /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]/;
    assert.doesNotMatch(stdout, steering);
    if (format === "json") {
      assert.deepEqual(JSON.parse(stdout).rules[0].actual, [evil]);
    }
  }
});

Deno.test("policy explain --save-test adds a test that passes, and keeps what is there", async () => {
  const before = `# ours
tests:
  - {name: nobody, account: root, issuer: campus, claims: {}, expect: deny}
# the end
`;
  const { code, written } = await explained([
    ...ALICE,
    "--save-test",
    "site.test.yaml",
  ], {
    files: { "site.test.yaml": before },
    claims: { ...CLAIMS, name: "Alice \u202eExample", jti: "secret" },
  });
  assert.equal(code, 0);
  const text = written["site.test.yaml"] ?? "";
  assert.ok(text.startsWith(before.split("# the end")[0] ?? "?"), text);
  assert.match(text, /# the end/);
  assert.match(text, /name: "campus does not admit to alice: mfa_required"/);
  assert.match(
    text,
    /expect: \{decision: deny, reason: mfa_required, rule: staff\}/,
  );
  // only what decides: neither who it was nor which token
  assert.doesNotMatch(text, /Example|secret|"iss"/);
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/site.yaml`, POLICY);
  await Deno.writeTextFile(`${folder}/site.test.yaml`, text);
  let output = "";
  const ended = await runCli(["policy", "test", `${folder}/site.yaml`], {
    ...processIo(),
    stdout: (part) => output += part,
    stderr: (part) => output += part,
  });
  await Deno.remove(folder, { recursive: true });
  assert.match(output, /2 tests, 2 passed, 0 failed/);
  assert.equal(ended, 0);
});

Deno.test("policy explain --save-test keeps the fraction of a time", async () => {
  const args = [...ALICE, "--save-test", "site.test.yaml"];
  const { written } = await explained(args, {
    claims: { ...CLAIMS, auth_time: 1_767_268_740.25 },
  });
  assert.match(written["site.test.yaml"] ?? "", /auth_time: 1767268740\.25/);
});

Deno.test("policy explain --save-test writes a new file, and numbers what happens again", async () => {
  const args = [...ALICE, "--save-test", "site.test.yaml"];
  const first = (await explained(args)).written["site.test.yaml"] ?? "";
  assert.match(first, /^tests:\n {2}- name: /);
  const { written } = await explained(args, {
    files: { "site.test.yaml": first },
  });
  assert.match(written["site.test.yaml"] ?? "", /mfa_required \(2\)"/);
});

Deno.test("policy explain --save-test keeps the lines of a map file that matter", async () => {
  const policy = POLICY.replace(
    /accounts: \[\{names.*/,
    "accounts: [{map_file: /etc/x.map, keys: [sub]}]",
  );
  const { written } = await explained(
    [
      "--account",
      "joe",
      "--claims",
      "claims.json",
      "--service",
      "sudo",
      "--save-test",
      "s.test.yaml",
    ],
    {
      files: {
        "site.yaml": policy,
        "/etc/x.map": "u0 bob\nu1 joe,deploy # why\nu2 eve\n",
      },
    },
  );
  assert.match(
    written["s.test.yaml"] ?? "",
    /map_files: \{"\/etc\/x\.map": "u1 joe,deploy\\n"\}/,
  );
  assert.match(
    written["s.test.yaml"] ?? "",
    /expect: \{decision: allow, rule: shared\}/,
  );
});

for (
  const [title, before, message] of [
    [
      "tests in one line",
      "tests: [{name: x}]\n",
      /as a list with a line for each/,
    ],
    ["tests that are none", "tests: 7\n", /is not a list/],
    ["what is not YAML", "tests: [\n", /is not a file of tests/],
  ] as const
) {
  Deno.test(`policy explain --save-test does not touch ${title}`, async () => {
    const { code, stderr, written } = await explained(
      [...ALICE, "--save-test", "x.test.yaml"],
      { files: { "x.test.yaml": before } },
    );
    assert.equal(code, 3);
    assert.match(stderr, message);
    assert.deepEqual(written, {});
  });
}

Deno.test("policy explain --save-test refuses a file whose other tests are broken", async () => {
  const { code, written } = await explained([
    ...ALICE,
    "--save-test",
    "x.test.yaml",
  ], {
    files: { "x.test.yaml": "tests:\n  - {nme: typo}\n" },
  });
  assert.equal(code, 3);
  assert.deepEqual(written, {});
});

Deno.test("policy explain --token verifies with the issuer, as a login does", async () => {
  await using scene = await createScene();
  const policy = await Deno.readTextFile(scene.site.policyFile);
  const asked = async (stdin: string, ...args: string[]) => {
    const output = { stdout: "", stderr: "" };
    const code = await runCli(
      [
        "policy",
        "explain",
        scene.site.policyFile,
        "--account",
        "alice",
        "--token",
        "-",
        ...args,
      ],
      {
        ...processIo(),
        readStdin: () => Promise.resolve(new TextEncoder().encode(stdin)),
        stdout: (text) => output.stdout += text,
        stderr: (text) => output.stderr += text,
        color: false,
      },
    );
    // whatever happens, the token is not shown
    for (
      const part of stdin.trim().split(".").filter(({ length }) => length > 20)
    ) {
      assert.ok(!`${output.stdout}${output.stderr}`.includes(part));
    }
    return { code, ...output };
  };
  assert.match(policy, /campus/);
  const good = await asked(`${await scene.token()}\n`);
  assert.deepEqual([good.code, good.stdout.split("\n")[0]], [
    0,
    "allow: allowed",
  ]);
  const stale = await asked(
    await scene.token({ claims: { iat: 1000, exp: 2000 } }),
  );
  assert.equal(stale.code, 0);
  assert.match(
    stale.stdout,
    /^deny: token_expired\n {2}the token expired \d+ s ago\n/,
  );
  const forged = await asked(
    `${(await scene.token()).slice(0, -6)}AAAAAA`,
    "--format",
    "json",
    "--exit-code",
  );
  assert.equal(forged.code, 1);
  const { reason, rules, issuer } = JSON.parse(forged.stdout);
  assert.deepEqual([reason, rules, issuer], [
    "signature_invalid",
    [],
    "campus",
  ]);
  assert.match((await asked("")).stdout, /^deny: token_missing/);
  assert.match((await asked("no token\n")).stdout, /^deny: token_malformed/);
  await scene.server.close();
  const unreachable = await asked(
    await scene.token(),
    "--now",
    String(Math.floor(Date.now() / 1000) + 5 * 3600),
  );
  assert.deepEqual([unreachable.code, unreachable.stdout], [3, ""]);
  assert.match(unreachable.stderr, /the token cannot be verified: /);
});

const AUDIT_LINE = {
  time: "2026-01-01T12:00:00.500Z",
  decision: "deny",
  reason: "account_not_permitted",
  user: "alice",
  service: "sudo",
  rhost: "10.1.2.3",
  issuer: "lab",
  sub: "u1",
  jti_sha256: null,
  rule: null,
  policy_sha256: "41ab",
  ms: 23,
  warning: null,
  detail: null,
  claims: { groups: ["staff"], email: "bob@example.edu", auth_time: null },
};
const AUDIT_POLICY = POLICY.replace(
  "    when: {groups: {any: [staff]}}\n    assurance: {mfa: true}",
  "    services: [sudo]\n    issuers: [lab]\n    rhosts: [10.0.0.0/8]\n" +
    "    when: {groups: {any: [staff]}}\n    not_after: 2026-01-02T00:00:00Z",
);

Deno.test("policy explain --claims understands a whole line of the audit file", async () => {
  const files = { "site.yaml": AUDIT_POLICY };
  const { code, stdout, stderr } = await explained(ALICE, {
    files,
    claims: AUDIT_LINE,
  });
  assert.equal(code, 0);
  assert.match(stdout, /nearest: rule "staff", one condition short/);
  assert.match(stdout, /bob/);
  assert.match(stderr, /this is an audit line/);
  // the account of the line is no answer, and everything else as it was
  const json = [
    "--account",
    "bob",
    "--claims",
    "claims.json",
    "--format",
    "json",
  ];
  const decided = async (claims: unknown, ...args: string[]) => {
    const result = await explained([...json, ...args], { files, claims });
    const { decision, reason, rule, issuer } = JSON.parse(result.stdout);
    return [decision, reason, rule, issuer];
  };
  const allowed = ["allow", "allowed", "staff", "lab"];
  const denied = ["deny", "account_not_permitted", null, "lab"];
  assert.deepEqual(await decided(AUDIT_LINE), allowed);
  // options say otherwise
  assert.deepEqual(await decided(AUDIT_LINE, "--service", "sshd"), denied);
  assert.deepEqual(await decided(AUDIT_LINE, "--rhost", "192.0.2.1"), denied);
  assert.deepEqual(
    await decided(AUDIT_LINE, "--now", "2026-02-01T12:00:00Z"),
    denied,
  );
  assert.deepEqual(await decided(AUDIT_LINE, "--issuer", "campus"), [
    "deny",
    "account_not_permitted",
    null,
    "campus",
  ]);
  assert.deepEqual(
    (await decided({ ...AUDIT_LINE, issuer: "gone" }))[1],
    [
      "issuer_unknown",
    ][0],
  );
});

Deno.test("policy explain --claims says of an audit line without claims why there is nothing to explain", async () => {
  const line = { ...AUDIT_LINE, reason: "token_expired", claims: undefined };
  const { code, stdout, stderr } = await explained(ALICE, { claims: line });
  assert.deepEqual([code, stdout], [3, ""]);
  assert.match(
    stderr,
    /the audit line in "claims\.json" has no claims: token_expired came before/,
  );
});

Deno.test("policy explain --claims takes a document that merely resembles an audit line as it is", async () => {
  for (const left of ["decision", "reason", "ms", "policy_sha256", "user"]) {
    const claims = { ...CLAIMS, ...AUDIT_LINE, [left]: undefined };
    const { stderr } = await explained(ALICE, { claims });
    assert.equal(stderr, "", left);
  }
});

Deno.test("policy explain --claims knows an account that the host keeps for itself", async () => {
  const args = ["--account", "bob", "--claims", "claims.json"];
  const line = { ...AUDIT_LINE, user: "bob", reason: "account_protected" };
  const files = { "site.yaml": AUDIT_POLICY };
  const { stdout } = await explained(args, { files, claims: line });
  assert.match(stdout, /account_protected/);
});
