/**
 * `policy report`: what it writes, where to, and how it ends.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli, cliOnDisk, type CliOptions } from "../../../support/cli.ts";
import { knownPolicies } from "../../../support/report.ts";
import { shapedPolicies, SHAPES } from "../../../support/shapes.ts";

const POLICY = `version: 1
issuers: {campus: {issuer: "https://login.example.edu", audiences: [ssh]}}
rules:
  staff:
    when: {groups: {any: [staff]}}
    accounts: [{claim: sub}]
  guests:
    effect: deny
    when: {groups: {any: [guests]}}
  ops:
    when: {groups: {any: [ops]}}
    accounts: [{names: [deploy]}]
`;
const TESTS = `tests:
  - {name: "staff <in>", account: alice, claims: {sub: alice, groups: [staff]}, expect: allow}
  - {name: "others", account: alice, claims: {sub: alice, groups: [other]}, expect: deny}
`;

const report = (args: readonly string[], options: CliOptions = {}) =>
  cli(["policy", "report", "p.yaml", ...args], {
    ...options,
    files: { "p.yaml": POLICY, ...options.files },
  });

/** What a reader sees of a section. */
function section(page: string, id: string): string {
  const start = page.indexOf(`<section id="${id}"`);
  if (start < 0) return "";
  return page.slice(start, page.indexOf("</section>", start))
    .replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&")
    .trim();
}

Deno.test("the page goes to standard output, or to a file at once", async () => {
  const { code, stdout, stderr, written } = await report([]);
  assert.deepEqual([code, stderr, written], [0, "", {}]);
  assert.match(stdout, /^<!doctype html>\n<html lang="en">/);
  const there = await report(["--output", "out.html"]);
  assert.deepEqual([there.code, there.stdout], [0, ""]);
  assert.deepEqual(there.written, { "out.html": stdout });
});

Deno.test("sections tell who gets in, and what always refuses", async () => {
  const { stdout } = await report([]);
  assert.match(
    section(stdout, "least"),
    /deploy shared by all of them ops issuer campus but for those whom guests denies sshd any service no address needed from anywhere groups has "ops"/,
  );
  assert.match(
    section(stdout, "refused"),
    /guests of any issuer groups has "guests" every account .*root : no rule opens it/,
  );
  assert.match(section(stdout, "matrix"), /deploy a valid token root/);
  assert.match(section(stdout, "tests"), /there are no tests/);
  assert.match(
    section(stdout, "verdict"),
    /3 rules, 1 issuer, .*coverage not known/,
  );
  assert.equal(section(stdout, "changes"), "");
  assert.equal(section(stdout, "audit"), "");
});

Deno.test("the hash is that of the file, as other programs work it out", async () => {
  for (const { file } of knownPolicies()) {
    const path = new URL(`../../../../${file}`, import.meta.url).pathname;
    const bytes = await Deno.readFile(path);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const { code, stdout } = await cliOnDisk([
      "policy",
      "report",
      path,
      "--fail-level",
      "never",
    ]);
    assert.equal(code, 0, file);
    assert.ok(stdout.includes(`SHA-256 <code>${digest.toHex()}</code>`), file);
  }
});

Deno.test("the same input gives the same bytes, whenever", async () => {
  const files = { "t.yaml": TESTS, "old.yaml": POLICY.replace("ops]", "x]") };
  const args = ["--tests", "t.yaml", "--against", "old.yaml"];
  const first = await report(args, { files, now: 0 });
  const second = await report(args, { files, now: Date.UTC(2031, 5, 1) });
  assert.equal(first.code, 0);
  assert.equal(first.stdout, second.stdout);
  assert.doesNotMatch(first.stdout, /As of/);
  const dated = await report([...args, "--now", "now"], {
    files,
    now: Date.UTC(2031, 5, 1),
  });
  assert.match(section(dated.stdout, "verdict"), /As of 2031-06-01T00:00:00Z/);
});

Deno.test("--tests names the tests", async () => {
  const { code, stdout } = await report(["--tests", "t.yaml"], {
    files: {
      "t.yaml": TESTS,
    },
  });
  assert.equal(code, 0);
  assert.match(
    section(stdout, "tests"),
    /2 tests, 2 passed, 0 failed coverage: \d+ % .*changes tried: \d+.* Changes that no test notices/,
  );
  const failing = await report(["--tests", "t.yaml"], {
    files: { "t.yaml": TESTS.replace("expect: allow", "expect: deny") },
  });
  assert.match(
    section(failing.stdout, "tests"),
    /1 failed Tests that fail .*staff <in> t\.yaml:2 expected deny, got allow .*no changes were tried/,
  );
});

Deno.test("a file of tests that is not there is a finding", async () => {
  const { code, stdout } = await report(["--tests", "none.yaml"]);
  assert.equal(code, 1);
  assert.match(
    section(stdout, "findings"),
    /error none\.yaml:1:1 the file does not exist/,
  );
});

Deno.test("--against tells what changed, with a request that shows it", async () => {
  const { code, stdout } = await report(["--against", "old.yaml"], {
    files: { "old.yaml": POLICY.replace("any: [ops]", "all: [ops, on-call]") },
  });
  assert.equal(code, 0);
  assert.match(
    section(stdout, "changes"),
    /Since old\.yaml : wider the new policy admits what the old one refuses\. .*gains deploy ops rule "ops" admits more: when\.groups.*claims \{"groups":\["ops"\]\} old: deny, account_not_permitted new: allow by rule ops/,
  );
  const same = await report(["--against", "old.yaml"], {
    files: { "old.yaml": POLICY },
  });
  assert.match(
    section(same.stdout, "changes"),
    /equivalent both policies decide the same/,
  );
});

const record = (time: string, rule: string | null, more = {}) =>
  JSON.stringify({
    time,
    decision: "allow",
    reason: "allowed",
    rule,
    user: "alice",
    ...more,
  });

Deno.test("--audit tells when a rule was last used, and which are candidates for removal", async () => {
  const files = {
    "a.jsonl": [
      record("2025-06-01T00:00:00Z", "ops"),
      record("2025-12-01T00:00:00Z", "staff"),
      record("2025-12-02T00:00:00Z", null, {
        decision: "deny",
        reason: "token_expired",
      }),
      "{",
    ].join("\n"),
  };
  const dated = await report([
    "--audit",
    "a.jsonl",
    "--now",
    "2026-01-01T00:00:00Z",
  ], { files });
  const told = section(dated.stdout, "audit");
  assert.match(told, /90 days are counted back from 2026-01-01T00:00:00Z/);
  assert.match(told, /staff 2025-12-01T00:00:00Z 1 0 used/);
  assert.match(told, /ops 2025-06-01T00:00:00Z 1 0 candidate for removal/);
  // what denies is not a candidate for that
  assert.match(told, /guests none recorded 0 0 unused for 90 days; it denies/);
  assert.match(told, /token_expired 1 2025-12-02T00:00:00Z/);
  assert.match(
    told,
    /Lines that were of no use: 1 not JSON, first line 4/,
  );
  const later = await report([
    "--audit",
    "a.jsonl",
    "--now",
    "2026-03-02T00:00:00Z",
  ], { files });
  assert.match(
    section(later.stdout, "audit"),
    /staff 2025-12-01T00:00:00Z 1 0 candidate/,
  );
  const undated = await report(["--audit", "a.jsonl"], { files });
  assert.match(
    section(undated.stdout, "audit"),
    /counted back from 2025-12-02T00:00:00Z/,
  );
});

Deno.test("records of a few days prove no rule unused", async () => {
  const { stdout } = await report(["--audit", "a.jsonl"], {
    files: { "a.jsonl": record("2025-12-01T00:00:00Z", "staff") },
  });
  const told = section(stdout, "audit");
  assert.match(told, /ops none recorded 0 0 cannot tell/);
  assert.doesNotMatch(told, /candidate/);
  const empty = await report(["--audit", "a.jsonl"], {
    files: { "a.jsonl": "" },
  });
  assert.equal(empty.code, 0);
  assert.match(
    section(empty.stdout, "audit"),
    /There is no record\..*cannot tell/,
  );
  assert.doesNotMatch(section(empty.stdout, "audit"), /candidate/);
});

Deno.test("findings at or above --fail-level end with 1, as those of policy lint", async () => {
  // "the policy has no tests" is a warning
  for (
    const [level, code] of [["error", 0], ["warning", 1], ["info", 1], [
      "never",
      0,
    ]] as const
  ) {
    const ended = await report(["--fail-level", level]);
    const linted = await cli([
      "policy",
      "lint",
      "p.yaml",
      "--fail-level",
      level,
    ], {
      files: { "p.yaml": POLICY },
    });
    assert.equal(ended.code, code, level);
    assert.equal(linted.code, code, level);
    // the page is there all the same
    assert.match(ended.stdout, /<section id="findings"/);
  }
});

Deno.test("a policy that cannot be used ends with 3, and no page", async () => {
  for (
    const [args, files] of [
      [[], { "p.yaml": "version: 2" }],
      [[], { "p.yaml": POLICY.replace("[staff]", "[]") }],
      [["--against", "old.yaml"], { "old.yaml": "version: 1" }],
      [["--against", "none.yaml"], {}],
      [["--audit", "none.jsonl"], {}],
    ] as const
  ) {
    const { code, stdout, stderr } = await report(
      [...args, "--fail-level", "never"],
      { files },
    );
    assert.deepEqual([code, stdout], [3, ""], String(args));
    assert.notEqual(stderr, "");
  }
});

Deno.test("what cannot be understood ends with 2, and nothing is read", async () => {
  for (
    const args of [
      ["q.yaml"],
      ["--fail-level", "worst"],
      ["--now", "yesterday"],
      ["--audit", "-", "--audit", "-"],
      ["--audit", "-", "--against", "-"],
      ["--tests", "-"],
      ["--nothing"],
    ]
  ) {
    const { code, stdout, stderr } = await report(args);
    assert.deepEqual([code, stdout], [2, ""], args.join(" "));
    assert.match(stderr, /^oauth-pam: error: /);
  }
  const none = await cli(["policy", "report"]);
  assert.equal(none.code, 2);
});

Deno.test("a policy from standard input", async () => {
  const { code, stdout } = await cli(["policy", "report", "-"], {
    stdin: POLICY,
  });
  assert.equal(code, 0);
  assert.match(stdout, /Who gets in by &lt;stdin&gt;/);
});

Deno.test("a page is put in the place of another at once, and not beside a folder that is not there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const policy = `${folder}/p.yaml`;
    const output = `${folder}/report.html`;
    await Deno.writeTextFile(policy, POLICY);
    await Deno.writeTextFile(output, "old");
    const before = await Deno.stat(output);
    const { code } = await cliOnDisk([
      "policy",
      "report",
      policy,
      "--output",
      output,
    ]);
    assert.equal(code, 0);
    assert.match(await Deno.readTextFile(output), /<\/html>\s*$/);
    assert.notEqual((await Deno.stat(output)).ino, before.ino);
    assert.deepEqual(
      [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
      ["p.yaml", "report.html"],
    );
    const nowhere = await cliOnDisk([
      "policy",
      "report",
      policy,
      "--output",
      `${folder}/none/report.html`,
    ]);
    assert.equal(nowhere.code, 3);
    assert.match(
      nowhere.stderr,
      /cannot be written: its folder does not exist/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what is not told of a large policy is said on the page and on standard error", async () => {
  const [large] = shapedPolicies("teams", 60);
  const { code, stdout, stderr } = await report([], {
    files: { "p.yaml": JSON.stringify(large) },
  });
  assert.equal(code, 0);
  assert.match(
    stderr,
    /^oauth-pam: warning: not everything is told: there are too many rules and accounts/,
  );
  assert.match(
    section(stdout, "least"),
    /Not everything is told: who is not in this table may get in all the same/,
  );
  assert.match(
    section(stdout, "matrix"),
    /perhaps more: not all was looked at/,
  );
  assert.doesNotMatch(section(stdout, "matrix"), /nobody/);
});

Deno.test("1,000 rules: two megabytes at most, and no longer than a reader waits", async () => {
  for (const shape of SHAPES) {
    const [large] = shapedPolicies(shape, 1_000);
    const text = JSON.stringify(large, null, 1);
    const start = performance.now();
    const { code, stdout } = await report([], { files: { "p.yaml": text } });
    const took = performance.now() - start;
    assert.equal(code, 0, shape);
    const size = new TextEncoder().encode(stdout).length;
    assert.ok(size <= 2_000_000, `${shape}: ${size} bytes`);
    // 0.4 to 1.9 s of a processor; what else runs on the machine counts as well
    assert.ok(took < 20_000, `${shape}: ${took} ms`);
    // each rule is there
    for (let index = 0; index < 1_000; index += 37) {
      assert.match(section(stdout, "least"), new RegExp(` r${index} issuer`));
    }
  }
});
