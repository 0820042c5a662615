/**
 * The log line and the audit file, whatever an attacker calls himself.
 *
 * @module
 */
// Threats: H1, H5
import assert from "node:assert/strict";
import {
  type AuditRecord,
  loggedHash,
  logLine,
  quoted,
  writeRecord,
} from "../../../src/pam/log/audit.ts";
import { syslogPacket } from "../../../src/pam/log/syslog.ts";
import { createScene } from "../../support/login_scene.ts";
import { PAM_ENVIRONMENT, runProgram } from "../../support/program.ts";

const NOBODY = 65534;
const RECORD: AuditRecord = {
  decision: "deny",
  reason: "token_expired",
  user: "alice",
  service: "sshd",
  rhost: "192.0.2.7",
  issuer: "campus",
  sub: null,
  jti_sha256: null,
  rule: null,
  policy_sha256: "0123456789abcdef",
  ms: 12,
  warning: null,
  detail: "the token expired 40 s ago",
};

/** Reads a log line back, as the README tells people to. */
function parseLine(line: string): Record<string, string> {
  const fields: Record<string, string> = {};
  const field = /(?:^| )([a-z0-9_]+)=(?:"((?:[^"\\]|\\.)*)"|([^ "]+))/y;
  while (field.lastIndex < line.length) {
    const match = field.exec(line);
    assert.ok(match, `not a field: ${line}`);
    const [, key = "", inQuotes, plain] = match;
    assert.ok(!(key in fields), `twice: ${key}`);
    fields[key] = plain ?? JSON.parse(`"${inQuotes}"`);
  }
  return fields;
}

/** Everything that has ever fooled a reader of logs. */
const HOSTILE = [
  "x\nAccepted password for root from 192.0.2.1",
  "x\r\nNov 21 18:00:00 host sshd[1]: Accepted for root",
  "\x1b]0;owned\x07\x1b[2J\x1b[31m",
  "\x9b31m\x85\x00\x7f",
  "al\u202eecila\u202c \u2066x\u2069",
  "a\u2028b\u2029c",
  '" decision=allow reason=allowed user="root',
  "alice decision=allow",
  "\\",
  '\\"',
  '\\" decision=allow',
  "\ud83d",
  "\udc00\ud800",
  "😀😀",
  "…",
  "",
  " ",
  "=",
  "a=b",
  "%n%s%x",
  "'; DROP TABLE log; --",
  "\ufeff",
  "\ufffd\uffff",
];

for (const value of HOSTILE) {
  Deno.test(`a log line holds ${JSON.stringify(value)} in its own field and can be read back`, () => {
    for (const key of ["user", "service", "rhost", "sub", "detail"] as const) {
      const line = logLine({ ...RECORD, [key]: value });
      assert.match(line, /^[\x20-\x7e]+$/);
      const fields = parseLine(line);
      assert.equal(fields[key], value);
      assert.equal(fields.decision, "deny");
      assert.equal(fields.reason, "token_expired");
    }
  });
}

Deno.test("logLine() leaves out what is null and keeps the order", () => {
  assert.equal(
    logLine(RECORD),
    "decision=deny reason=token_expired user=alice service=sshd " +
      "rhost=192.0.2.7 issuer=campus policy_sha256=0123456789abcdef ms=12 " +
      'detail="the token expired 40 s ago"',
  );
});

Deno.test("a full name is whole in the log line, which stays below 1 KB", () => {
  const value = '"'.repeat(1000);
  for (
    const user of [
      "a".repeat(242) + "@corp.example",
      `CORP\\${"a".repeat(250)}`,
    ]
  ) {
    const line = logLine({
      ...RECORD,
      reason: "reauthentication_required",
      user,
      service: value,
      rhost: value,
      issuer: value,
      sub: value,
      jti_sha256: "0123456789abcdef",
      rule: value,
      ms: 99_999,
      warning: value,
      detail: value,
    });
    const shown = user.includes("\\") ? JSON.stringify(user) : user;
    assert.ok(line.includes(` user=${shown} `), line);
    const packet = syslogPacket(line, { severity: "warning", now: 0 });
    assert.ok(packet.length < 1024, `${packet.length}`);
  }
});

Deno.test("a datagram stays below 1 KB whatever the fields hold", () => {
  for (const filler of ["A", "\n", '"', "\u2028", "😀", "\x1b", "a b"]) {
    const value = filler.repeat(1000);
    const line = logLine({
      ...RECORD,
      reason: "reauthentication_required",
      user: value,
      service: value,
      rhost: value,
      issuer: value,
      sub: value,
      jti_sha256: "0123456789abcdef",
      rule: value,
      ms: 99_999,
      warning: value,
      detail: value,
    });
    const packet = syslogPacket(line, { severity: "warning", now: 0 });
    assert.ok(packet.length < 1024, `${packet.length} for ${filler}`);
    assert.match(packet, /^[\x20-\x7e]+$/);
    for (const [key, seen] of Object.entries(parseLine(line))) {
      if (seen.endsWith("...")) {
        assert.ok(value.startsWith(seen.slice(0, -3)), key);
      }
    }
  }
});

Deno.test("quoted() cuts between escapes and says that it cut", () => {
  assert.equal(quoted("abcdef", 6), "abcdef");
  assert.equal(quoted("abcdefg", 6), '"abc..."');
  assert.equal(quoted("a\nb", 10), '"a\\u000ab"');
  assert.equal(quoted("a\nb\nc\nd", 13), '"a\\u000ab..."');
  assert.equal(quoted('""""""', 8), '"\\"\\"..."');
});

Deno.test("loggedHash() shows sixteen digits of a text and nothing of anything else", async () => {
  assert.equal(await loggedHash(""), "e3b0c44298fc1c14");
  for (const value of [undefined, null, 1, {}, ["x"]]) {
    assert.equal(await loggedHash(value), null);
  }
});

for (
  const [name, value] of [
    ["PAM_USER", "x\nAccepted password for root from 192.0.2.1"],
    ["PAM_USER", "A".repeat(100_000)],
    ["PAM_RHOST", "\x1b]0;owned\x07"],
    ["PAM_SERVICE", '" decision=allow user="root'],
    ["PAM_RUSER", "\u202e"],
  ] as const
) {
  Deno.test(`an attempt with ${name} ${JSON.stringify(value.slice(0, 20))} leaves one short line`, async () => {
    await using scene = await createScene();
    const { reason, log } = await scene.attempt({ env: { [name]: value } });
    assert.equal(reason, "request_invalid");
    assert.match(log, /^[\x20-\x7e]{1,1000}\n$/);
    assert.equal(parseLine(log.slice(11, -1)).decision, "deny");
  });
}

Deno.test("claims, kid and issuer of a hostile token leave one short line", async () => {
  await using scene = await createScene();
  const nasty = `\n\x1b[31m"${"A".repeat(1000)}\u202e`;
  const attempts = [
    { claims: { iss: nasty } },
    { claims: { aud: [nasty, nasty] } },
    { claims: { sub: nasty, jti: nasty, email: "bob@example.edu" } },
    { claims: { sub: nasty } },
    { header: { kid: nasty } },
    { header: { alg: nasty } },
    { header: { typ: nasty } },
  ];
  for (const attempt of attempts) {
    const token = await scene.token(attempt);
    const { log } = await scene.attempt({ token });
    assert.match(log, /^[\x20-\x7e]{1,1000}\n$/);
    parseLine(log.slice(11, -1));
    assert.ok(!log.includes(token.slice(0, 20)), log);
    assert.ok(!log.includes("eyJ"), log);
  }
});

Deno.test("an answer of a hostile issuer leaves one short line", async () => {
  await using scene = await createScene();
  scene.server.discovery.issuer = `\n\x1b[31m${"A".repeat(100_000)}`;
  const first = await scene.attempt();
  assert.match(first.log, /^[\x20-\x7e]{1,1000}\n$/);
  scene.server.discovery.issuer = scene.server.issuer;
  scene.server.discovery.jwks_uri = `https://x.example.org/\n${
    "A".repeat(9999)
  }`;
  const second = await scene.attempt();
  assert.match(second.log, /^[\x20-\x7e]{1,1000}\n$/);
});

async function audited() {
  const scene = await createScene();
  const file = `${scene.site.cacheDirectory}/audit.jsonl`;
  const policy = await Deno.readTextFile(scene.site.policyFile);
  await Deno.writeTextFile(
    scene.site.policyFile,
    `${policy}audit:\n  file: ${file}\n`,
  );
  const records = async () =>
    (await Deno.readTextFile(file)).split("\n").slice(0, -1)
      .map((line) => JSON.parse(line) as AuditRecord & { time: string });
  return {
    scene,
    file,
    records,
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
  };
}

Deno.test("the audit file gets a private JSON line for every attempt", async () => {
  await using bench = await audited();
  const { scene, file, records } = bench;
  assert.equal((await scene.attempt()).reason, "allowed");
  assert.equal((await scene.attempt({ token: "x" })).reason, "token_malformed");
  assert.equal((await Deno.lstat(file)).mode! & 0o7777, 0o600);
  const [first, second, ...more] = await records();
  assert.deepEqual(more, []);
  assert.equal(first?.decision, "allow");
  assert.equal(first?.sub, "u1");
  assert.equal(first?.rule, "staff");
  assert.match(first?.time ?? "", /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const members = ["time", ...Object.keys(RECORD)];
  assert.deepEqual(Object.keys(first ?? {}), [...members, "claims"]);
  assert.deepEqual(Object.keys(second ?? {}), members);
  assert.equal(second?.reason, "token_malformed");
  assert.equal(second?.sub, null);
});

Deno.test("a grant can be traced to its token: log line and audit file have the hash of its jti", async () => {
  await using scene = await createScene();
  const file = `${scene.site.cacheDirectory}/audit.jsonl`;
  const policy = await Deno.readTextFile(scene.site.policyFile);
  await Deno.writeTextFile(
    scene.site.policyFile,
    `${policy}audit: {file: ${file}}\n`,
  );
  const token = await scene.token({ claims: { jti: "j1" } });
  const { log, reason } = await scene.attempt({ token });
  assert.equal(reason, "allowed", log);
  // printf j1 | sha256sum
  const hash = "08243666f926aa4e";
  const record = JSON.parse(await Deno.readTextFile(file));
  for (
    const [name, value] of Object.entries({
      ...{ user: "alice", rhost: "192.0.2.7", issuer: "campus", sub: "u1" },
      ...{ rule: "staff", jti_sha256: hash },
    })
  ) {
    assert.equal(parseLine(log.replace("oauth-pam: ", "").trim())[name], value);
    assert.equal(record[name], value);
  }
});

Deno.test("the audit file shows hostile values escaped, in ASCII, one line each", async () => {
  await using bench = await audited();
  const { scene, file, records } = bench;
  const sub = "a\nb\u2028c\x9b\u202e\x7f😀";
  const token = await scene.token({ claims: { sub } });
  await scene.attempt({ token });
  assert.match(await Deno.readTextFile(file), /^[\x20-\x7e]+\n$/);
  assert.equal((await records())[0]?.sub, sub);
});

Deno.test("the audit lines of ten processes do not mix", async () => {
  await using bench = await audited();
  const { scene, records } = bench;
  const token = await scene.token();
  const results = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      runProgram({
        args: ["login", scene.site.policyFile],
        env: { ...PAM_ENVIRONMENT, PAM_RHOST: `192.0.2.${index}` },
        stdin: token,
      })),
  );
  for (const { code, stderr } of results) assert.equal(code, 0, stderr);
  const hosts = (await records()).map(({ rhost }) => rhost);
  assert.deepEqual(
    hosts.toSorted(),
    Array.from({ length: 10 }, (_, index) => `192.0.2.${index}`),
  );
});

const IN_THE_WAY: Record<
  string,
  (file: string, victim: string) => Promise<unknown>
> = {
  "a link": (file, victim) => Deno.symlink(victim, file),
  "a dangling link": (file, victim) => Deno.symlink(`${victim}-new`, file),
  "a hard link": (file, victim) => Deno.link(victim, file),
  "a folder": (file) => Deno.mkdir(file),
  "a pipe": (file) => new Deno.Command("mkfifo", { args: [file] }).output(),
  "a file of somebody else": async (file) => {
    await Deno.writeTextFile(file, "", { mode: 0o600 });
    await Deno.chown(file, NOBODY, null);
  },
  "a file that others may read": async (file) => {
    await Deno.writeTextFile(file, "");
    await Deno.chmod(file, 0o644);
  },
};
for (const [what, put] of Object.entries(IN_THE_WAY)) {
  Deno.test(`${what} in place of the audit file is not written to, and the login goes on`, async () => {
    await using bench = await audited();
    const { scene, file } = bench;
    const victim = `${scene.site.directory}/victim`;
    await Deno.writeTextFile(victim, "precious", { mode: 0o600 });
    await scene.attempt(); // makes the cache directory
    await Deno.remove(file);
    await put(file, victim);
    const { reason, log } = await scene.attempt();
    assert.equal(reason, "allowed");
    assert.match(
      log,
      /decision=allow .*\n.*the audit file .* cannot be written\n$/,
    );
    assert.equal(await Deno.readTextFile(victim), "precious");
    await assert.rejects(Deno.lstat(`${victim}-new`), Deno.errors.NotFound);
  });
}

Deno.test("a linked cache directory gets neither a socket nor an audit line", async () => {
  await using bench = await audited();
  const { scene } = bench;
  const elsewhere = `${scene.site.directory}/elsewhere`;
  await Deno.mkdir(elsewhere, { mode: 0o700 });
  await Deno.writeTextFile(`${elsewhere}/log.sock`, "precious");
  await Deno.symlink(elsewhere, scene.site.cacheDirectory);
  const { reason, log } = await scene.attempt();
  assert.equal(reason, "allowed");
  assert.match(log, /cannot be written/);
  assert.equal(await Deno.readTextFile(`${elsewhere}/log.sock`), "precious");
  const names = await Array.fromAsync(
    Deno.readDir(elsewhere),
    ({ name }) => name,
  );
  assert.deepEqual(names, ["log.sock"]);
});

Deno.test("writeRecord() never throws, and tells standard error what the socket did not get", async () => {
  const folder = await Deno.makeTempDir();
  let stderr = "";
  await writeRecord(RECORD, {
    socket: `${folder}/nobody`,
    cacheDirectory: `${folder}/missing/cache`,
    fromPolicy: true,
    auditFile: `${folder}/missing/cache/audit.jsonl`,
  }, {
    env: () => undefined,
    now: () => 0,
    stdin: { read: () => Promise.resolve(null) },
    stdout: () => {},
    stderr: (text) => stderr += text,
  });
  assert.match(stderr, /^oauth-pam: decision=deny reason=token_expired /);
  assert.equal(stderr.split("\n").length, 3);
  await Deno.remove(folder, { recursive: true });
});
