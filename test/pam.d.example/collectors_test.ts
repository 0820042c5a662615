/**
 * The examples for collectors of logs: rsyslog's is run by the real rsyslogd, across a rotation. Vector is
 * not in Debian: its example is read, and every part of it is fed by another.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { AUDIT_FIELDS } from "../../src/lib/audit_record.ts";
import { createScene } from "../support/login_scene.ts";
import { readExample, replaceAll, until } from "../support/pam.ts";

Deno.test("rsyslogd reads every record once, before and after a rotation, and keeps refusals and lines apart", async () => {
  await using scene = await createScene({
    ruleLines: ["when: {groups: {any: [staff]}}"],
  });
  const { directory, cacheDirectory, policyFile } = scene.site;
  const audit = `${cacheDirectory}/audit.jsonl`;
  const [refusals, lines] = [`${directory}/refusals`, `${directory}/lines`];
  await Deno.mkdir(cacheDirectory, { mode: 0o700 });
  await Deno.writeTextFile(policyFile, `audit: {file: ${audit}}\n`, {
    append: true,
  });
  await Deno.writeTextFile(
    `${directory}/rsyslog.conf`,
    `global(workDirectory="${directory}" maxMessageSize="64k")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${directory}/log")
${
      replaceAll(await readExample("rsyslog-audit.conf"), {
        "/var/cache/oauth-pam/audit.jsonl": audit,
        "/var/log/oauth-pam-refusals.jsonl": refusals,
        "/var/log/oauth-pam.log": lines,
      })
    }`,
  );
  const login = async (claims: Record<string, unknown>) => {
    const token = await scene.token({ claims });
    return (await scene.attempt({ token })).reason;
  };
  const daemon = new Deno.Command("rsyslogd", {
    args: ["-n", "-f", `${directory}/rsyslog.conf`, "-i", `${directory}/pid`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const records = async () => {
    const text = await Deno.readTextFile(refusals).catch(() => "");
    return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  };
  const collected = (count: number) =>
    until(async () => {
      const found = await records();
      return found.length >= count ? found : undefined;
    }, { what: `${count} refusals`, timeoutMs: 30_000 });
  try {
    await until(
      () => Deno.stat(`${directory}/log`).then((s) => s.isSocket, () => false),
      { what: "rsyslogd's socket" },
    );
    const many = Array.from({ length: 1_000 }, (_, index) => `group-${index}`);
    assert.equal(await login({ groups: ["staff"] }), "allowed");
    // longer than a message of syslog usually is
    assert.equal(
      await login({ groups: many }),
      "account_not_permitted",
    );
    await collected(1);
    await Deno.rename(audit, `${audit}.1`);
    assert.equal(await login({ exp: 1_000 }), "token_expired");
    await collected(2);
    await Deno.writeTextFile(audit, '{"time":"2026-01-01T12:0\n', {
      append: true,
    });
    assert.equal(await login({ groups: ["guests"] }), "account_not_permitted");
    const found = await collected(3);
    assert.deepEqual(
      found.map(({ reason, decision, claims }) => [
        decision,
        reason,
        claims?.groups?.length ?? null,
      ]),
      [
        ["deny", "account_not_permitted", 1_000],
        ["deny", "token_expired", null],
        ["deny", "account_not_permitted", 1],
      ],
    );
    const written = await Deno.readTextFile(audit);
    assert.deepEqual(
      found.at(-1),
      JSON.parse(written.trimEnd().split("\n").at(-1) ?? ""),
    );
    const logged = await until(async () => {
      const text = await Deno.readTextFile(lines).catch(() => "");
      const all = text.split("\n").slice(0, -1);
      return all.length >= 4 ? all : undefined;
    }, { what: "the lines of four logins" });
    assert.deepEqual(
      logged.map((line) => /oauth-pam\[\d+\]: decision=(\w+)/.exec(line)?.[1]),
      ["allow", "deny", "deny", "deny"],
    );
    for (const path of [refusals, lines]) {
      assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    }
  } finally {
    daemon.kill("SIGTERM");
    await daemon.status;
  }
});

Deno.test("every part of the example for Vector is fed by another, and it names members that records have", async () => {
  const text = await readExample("vector-audit.yaml");
  const { sources, transforms, sinks } = parse(text);
  const names = Object.keys({ ...sources, ...transforms });
  const fed = Object.values({ ...transforms, ...sinks }) as {
    type: string;
    inputs: string[];
  }[];
  assert.ok(fed.length >= 3);
  for (const { type, inputs } of fed) {
    assert.ok(type);
    for (const name of inputs) assert.ok(names.includes(name), name);
  }
  assert.deepEqual(Object.keys(parse(text)), [
    "sources",
    "transforms",
    "sinks",
  ]);
  const used = [...text.matchAll(/(?<![\w)])\.([a-z_0-9]+)/g)].map(([, name]) =>
    name ?? ""
  ).filter((name) => !["message", "timestamp", "jsonl", "yaml"].includes(name));
  assert.deepEqual([...new Set(used)].sort(), ["decision", "time"]);
  for (const name of used) assert.ok(Object.hasOwn(AUDIT_FIELDS, name), name);
});
