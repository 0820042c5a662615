/**
 * `policy diff --replay` of several files, of useless ones, and of very large ones.
 *
 * @module
 */
import assert from "node:assert/strict";
import { buildEnvironment } from "../../../support/built_program.ts";
import {
  auditedPolicy,
  writeAuditFile,
} from "../../../support/audit_records.ts";
import { cli, type CliResult } from "../../../support/cli.ts";
import { runMetered } from "../../../support/metered.ts";

const OLD = auditedPolicy();
const NEW = OLD.replace("any: [dept3]", "any: [dept4]");
const RECORD = {
  time: "2026-01-01T12:00:00.250Z",
  decision: "allow",
  reason: "allowed",
  user: "user3",
  service: "sshd",
  rhost: "192.0.2.1",
  issuer: "campus",
  rule: "dept3",
  policy_sha256: null,
  claims: {
    email: "user3@example.edu",
    email_verified: true,
    groups: ["dept3"],
  },
};
const LINE = JSON.stringify(RECORD);

function diff(
  files: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CliResult> {
  const named = Object.keys(files).flatMap((name) => ["--replay", name]);
  return cli(
    ["policy", "diff", "old.yaml", "new.yaml", "--accounts", "alice"].concat(
      named,
      args,
    ),
    { files: { "old.yaml": OLD, "new.yaml": NEW, ...files } },
  );
}

Deno.test("policy diff --replay reads several files, and tells the lines by their file", async () => {
  const { stdout, code } = await diff({
    "audit.jsonl.1": `${LINE}\n{torn\n`,
    "audit.jsonl": `${LINE}\n`,
  });
  assert.equal(code, 0);
  const lines = stdout.slice(stdout.indexOf("replay:")).trimEnd().split("\n");
  assert.deepEqual(lines, [
    "replay: 2 of 2 logins would have ended otherwise (3 records: 1 unreadable)",
    "  0 that the new policy admits, 2 that it refuses",
    "  1 not JSON, first audit.jsonl.1:2",
    "  audit.jsonl.1:1: 2026-01-01T12:00:00.250Z user3, campus: allow by rule dept3 -> deny, account_not_permitted",
    "  audit.jsonl:1: 2026-01-01T12:00:00.250Z user3, campus: allow by rule dept3 -> deny, account_not_permitted",
  ]);
  const json = await diff(
    {
      "audit.jsonl.1": `${LINE}\n{torn\n`,
      "audit.jsonl": `${LINE}\n`,
    },
    "--format",
    "json",
  );
  const { replay, replay_notes } = JSON.parse(json.stdout);
  assert.deepEqual(
    replay.changes.map(({ file, line }: { file: string; line: number }) => [
      file,
      line,
    ]),
    [["audit.jsonl.1", 1], ["audit.jsonl", 1]],
  );
  assert.deepEqual(replay_notes, {
    wider: 0,
    narrower: 2,
    unusable: [{
      because: "not JSON",
      count: 1,
      first: { file: "audit.jsonl.1", line: 2 },
    }],
    policies: [{ sha256: null, records: 2 }],
    differing: { count: 0 },
  });
});

for (
  const [what, text, says] of [
    ["an empty file", "", /0 of 0 logins .*\(0 records\)\n +no record could/],
    [
      "refusals alone",
      LINE.replace('"allowed"', '"token_expired"'),
      /no record/,
    ],
    ["another program's lines", "Nov 21 sshd: hello\n", /1 not JSON, first/],
  ] as const
) {
  Deno.test(`policy diff --replay of ${what} is not an answer: it ends with 4`, async () => {
    const { code, stdout } = await diff({ "audit.jsonl": text });
    assert.equal(code, 4);
    assert.match(stdout, says);
    // a change that was found without it is still the answer
    const failed = await diff(
      { "audit.jsonl": text },
      "--fail-on",
      "narrower",
      "--accounts",
      "user3",
    );
    assert.equal(failed.code, 1);
  });
}

Deno.test("policy diff --replay shows both directions where one alone would fill the page", async () => {
  const admitted = JSON.stringify({
    ...RECORD,
    user: "user4",
    reason: "account_not_permitted",
    claims: { ...RECORD.claims, email: "user4@example.edu", groups: ["dept3"] },
  });
  const next = NEW.replace(
    "rules:",
    "rules:\n  more:\n    when: {groups: {any: [dept3]}, email_verified: true}\n    accounts: [{names: [user4]}]",
  );
  const { stdout } = await cli(
    "policy diff old.yaml new.yaml --accounts alice --replay a".split(" "),
    {
      files: {
        "old.yaml": OLD,
        "new.yaml": next,
        a: `${`${LINE}\n`.repeat(100)}${
          admitted.replace("user4@", "other@")
        }\n`,
      },
    },
  );
  assert.match(stdout, /1 that the new policy admits, 100 that it refuses/);
  assert.match(stdout, /line 101: .* user4, .* -> allow by rule more/);
  assert.match(stdout, /and 81 more$/m);
});

Deno.test("policy diff --replay refuses a file that is named twice, and standard input for two things", async () => {
  const files = { "old.yaml": OLD, "new.yaml": NEW, a: LINE };
  for (
    const [args, says] of [
      ["old.yaml new.yaml --replay a --replay a", /"a" is named twice/],
      ["- new.yaml --replay -", /cannot be two things at once/],
    ] as const
  ) {
    const ran = await cli(["policy", "diff", ...args.split(" ")], { files });
    assert.equal(ran.code, 2);
    assert.match(ran.stderr, says);
  }
});

Deno.test("policy diff --replay reads very many records in bounded time and memory", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/old.yaml`, OLD);
    await Deno.writeTextFile(`${folder}/new.yaml`, NEW);
    const measured = async (count: number) => {
      await writeAuditFile(`${folder}/audit.jsonl`, count);
      const ran = await runMetered([
        Deno.execPath(),
        "run",
        "--quiet",
        "--allow-read",
        "--allow-env",
        new URL("../../../../src/main.ts", import.meta.url).pathname,
        ..."policy diff old.yaml new.yaml --accounts alice --format json".split(
          " ",
        ).map((word) => word.endsWith(".yaml") ? `${folder}/${word}` : word),
        "--replay",
        `${folder}/audit.jsonl`,
      ], {
        env: { ...buildEnvironment, NO_COLOR: "1" },
        stdin: "",
      });
      assert.equal(ran.code, 0, ran.stderr);
      const { replay, replay_notes } = JSON.parse(ran.stdout);
      assert.equal(replay.records, count);
      assert.equal(replay.decided, count - Math.ceil(count / 23));
      assert.equal(
        replay_notes.wider + replay_notes.narrower > count / 20,
        true,
      );
      return ran;
    };
    const some = await measured(20_000);
    const many = await measured(200_000);
    // a tenth of what the whole file takes, and of what 2,000,000 records may take in time
    assert.ok(
      many.megabytes < Math.min(300, some.megabytes + 130),
      `${some.megabytes} MB, ${many.megabytes} MB`,
    );
    assert.ok(many.processorMs < 12_000, `${many.processorMs} ms`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("policy diff --replay keeps little of records with very long texts", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/old.yaml`, OLD);
    await Deno.writeTextFile(`${folder}/new.yaml`, NEW);
    const count = 400;
    const lines = ReadableStream.from((function* () {
      for (let index = 0; index < count; index++) {
        const text = `${index}${"x".repeat(900_000)}`;
        const record = { ...RECORD, rhost: text };
        yield new TextEncoder().encode(`${JSON.stringify(record)}\n`);
      }
    })());
    using file = await Deno.open(`${folder}/audit.jsonl`, {
      create: true,
      write: true,
    });
    await lines.pipeThrough(new CompressionStream("gzip")).pipeTo(
      file.writable,
    );
    const ran = await runMetered([
      Deno.execPath(),
      "run",
      "--quiet",
      // what is kept, and not what was not collected yet
      "--v8-flags=--max-old-space-size=200",
      "--allow-read",
      "--allow-env",
      new URL("../../../../src/main.ts", import.meta.url).pathname,
      "policy",
      "diff",
      `${folder}/old.yaml`,
      `${folder}/new.yaml`,
      ..."--accounts alice --format json --replay".split(" "),
      `${folder}/audit.jsonl`,
    ], {
      env: { ...buildEnvironment, NO_COLOR: "1" },
      stdin: "",
    });
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(JSON.parse(ran.stdout).replay.changes.length, count);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
