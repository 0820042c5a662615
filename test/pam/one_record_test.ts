/**
 * One record for one attempt, by every way in but device sign-in, whose two halves are one attempt with
 * tests of its own; and every record has the members that the reference has, in its order.
 *
 * @module
 */
// Threats: H5
import assert from "node:assert/strict";
import { AUDIT_FIELDS } from "../../src/lib/audit_record.ts";
import { runOutcome } from "../../src/pam/outcome.ts";
import { createGlobusScene } from "../support/globus_site.ts";
import { createScene } from "../support/login_scene.ts";
import type { Site } from "../support/login.ts";
import { createKeyScene } from "../support/ssh_keys.ts";

const CONVERSATION = { OAUTH_PAM_CONVERSATION: "4711-815" };

/** The reasons of the records since the last look, each held against the reference. */
async function recorder(
  { policyFile, cacheDirectory }: Site,
  folder: string = cacheDirectory,
): Promise<() => Promise<string[]>> {
  await Deno.writeTextFile(
    policyFile,
    `audit: {file: ${cacheDirectory}/audit.jsonl}\n`,
    { append: true },
  );
  let seen = 0;
  return async () => {
    const text = await Deno.readTextFile(`${folder}/audit.jsonl`)
      .catch(() => "");
    const records = text.split("\n").slice(0, -1).map((line) =>
      JSON.parse(line)
    );
    const news = records.slice(seen);
    seen = records.length;
    for (const record of news) requireDocumented(record);
    return news.map(({ reason }) => reason);
  };
}

function requireDocumented(record: Record<string, unknown>): void {
  const names = Object.keys(AUDIT_FIELDS);
  const known = Object.entries(AUDIT_FIELDS);
  assert.deepEqual(
    Object.keys(record),
    names.filter((name) => Object.hasOwn(record, name)),
  );
  for (const [name, { type, absent }] of known) {
    const value = record[name];
    if (value === undefined) assert.equal(absent, "left out", name);
    else if (value === null) assert.equal(absent, "null", name);
    else assert.equal(typeof value, type === "text" ? "string" : type, name);
  }
}

Deno.test("a pasted token leaves one record whatever becomes of it", async () => {
  await using scene = await createScene({ issuerLines: ["one_time: true"] });
  const records = await recorder(scene.site);
  const good = await scene.token({ claims: { jti: "once" } });
  const attempts = [
    { token: good },
    { token: good },
    { token: await scene.token({ claims: { exp: 1_000 } }) },
    {
      token: await scene.token({
        claims: { email: "bob@example.edu", jti: "bob" },
      }),
    },
    { token: "hunter2" },
    { token: "" },
    { token: good.slice(0, 511) },
    { token: good, user: "Alice" },
  ];
  for (const options of attempts) {
    const { reason, log } = await scene.attempt({
      ...options,
      env: CONVERSATION,
    });
    // what no policy calls an account is refused before one is read, and told in the log line alone
    assert.deepEqual(await records(), [reason], log);
    assert.equal(log.split("decision=").length, 2, log);
    await runOutcome([scene.site.policyFile, "auth_err", "user_unknown"], {
      env: (name) => ({ ...CONVERSATION, PAM_USER: "alice" })[name],
      now: () => Date.now(),
      stdin: { read: () => Promise.resolve(null) },
      stdout: () => {},
      stderr: () => {},
    });
    assert.deepEqual(await records(), []);
  }
});

Deno.test("an attempt that is given up leaves one record", async () => {
  await using scene = await createScene();
  const records = await recorder(scene.site);
  // the policy has been read when somebody goes on typing
  const slow = await scene.attempt({
    stdin: { read: () => new Promise(() => {}) },
    timeouts: { totalMs: 300 },
  });
  assert.notEqual(slow.reason, "allowed");
  assert.deepEqual(await records(), [slow.reason]);
});

Deno.test("the oauth-ssh client's login and each of its questions leave one record", async () => {
  await using scene = await createGlobusScene();
  const records = await recorder(scene.site);
  const token = scene.globus.issue();
  const envelope = (op: string, token?: string) =>
    btoa(JSON.stringify({
      command: { op, ...(token ? { access_token: token } : {}) },
    }));
  for (
    const [text, user] of [
      [token, "alice"],
      [envelope("login", token), "alice"],
      [envelope("login", "strange"), "alice"],
      [envelope("login"), "alice"],
      [envelope("get_account_map", token), "oauth-ssh"],
      [envelope("get_security_policy"), "oauth-ssh"],
      [envelope("get_security_policy"), "alice"],
      [envelope("reboot"), "alice"],
    ] as const
  ) {
    const { reason, log } = await scene.attempt({ token: text, user });
    assert.deepEqual(await records(), [reason], log);
  }
});

Deno.test("what sshd asks twice about one certificate leaves one record", async () => {
  await using scene = await createKeyScene();
  const records = await recorder(scene.site, `${scene.site.directory}/keys`);
  const certificate = await scene.certificate();
  const bob = await scene.certificate({ claims: { email: "bob@example.edu" } });
  const ask = async (options: Parameters<typeof scene.ask>[0]) => {
    const { reason } = await scene.ask({ env: CONVERSATION, ...options });
    return [reason, await records()];
  };
  assert.deepEqual(await ask({ certificate }), ["allowed", ["allowed"]]);
  assert.deepEqual(await ask({ certificate }), ["allowed", []]);
  // another certificate in the same connection, and another connection
  assert.deepEqual(await ask({ certificate: bob }), [
    "account_not_permitted",
    ["account_not_permitted"],
  ]);
  assert.deepEqual(await ask({ certificate: bob }), [
    "account_not_permitted",
    [],
  ]);
  const env = { OAUTH_PAM_CONVERSATION: "4712-816" };
  assert.deepEqual(await ask({ certificate, env }), ["allowed", ["allowed"]]);
});
