/**
 * The way of a line to the syslog daemon, and what happens when nobody is there.
 *
 * @module
 */
// Threats: H6
import assert from "node:assert/strict";
import { sendToSyslog, syslogPacket } from "../../../src/pam/log/syslog.ts";
import { LOGIN_TIMEOUTS } from "../../../src/pam/login.ts";
import { createScene } from "../../support/login_scene.ts";
import { PAM_ENVIRONMENT, runProgram } from "../../support/program.ts";
import { listenSyslog, startRsyslogd } from "../../support/syslog.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** A cache directory for a socket to send from. */
async function withCache(
  body: (directory: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await body(`${folder}/cache`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function send(line: string, options: { socket: string; directory: string }) {
  return sendToSyslog(line, {
    severity: "info",
    now: Date.now(),
    createDirectory: true,
    ...options,
  });
}

Deno.test("syslogPacket() writes facility auth, the severity, local time, tag and process", () => {
  const severities = { err: 35, warning: 36, notice: 37, info: 38 } as const;
  const now = new Date(2026, 10, 2, 9, 5, 0).getTime();
  for (const [severity, priority] of Object.entries(severities)) {
    assert.equal(
      syslogPacket("a=b", { severity: severity as "err", now }),
      `<${priority}>Nov  2 09:05:00 oauth-pam[${Deno.pid}]: a=b`,
    );
  }
  const late = new Date(2026, 11, 31, 23, 59, 59).getTime();
  assert.match(
    syslogPacket("x", { severity: "info", now: late }),
    /^<38>Dec 31 23:59:59 /,
  );
});

Deno.test(
  "a line arrives at a real datagram socket, and no socket is left behind",
  strict,
  () =>
    withCache(async (directory) => {
      await using sink = await listenSyslog();
      await send("a=b", { socket: sink.socket, directory });
      const line = await sink.next(() => true);
      assert.match(line, /^<38>\w{3} [ \d]\d [\d:]{8} oauth-pam\[\d+\]: a=b$/);
      await assert.rejects(Deno.lstat(`${directory}/log.sock`));
      assert.equal((await Deno.lstat(directory)).mode! & 0o7777, 0o700);
    }),
);

Deno.test(
  "ten senders at once use one socket's name and every line arrives",
  strict,
  () =>
    withCache(async (directory) => {
      await using sink = await listenSyslog();
      const lines = Array.from({ length: 10 }, (_, index) => `n=${index}`);
      await Promise.all(
        lines.map((line) => send(line, { socket: sink.socket, directory })),
      );
      for (const line of lines) await sink.next((seen) => seen.endsWith(line));
    }),
);

Deno.test(
  "what an earlier process left in the socket's place is replaced",
  strict,
  () =>
    withCache(async (directory) => {
      await using sink = await listenSyslog();
      const place = `${directory}/log.sock`;
      const victim = `${directory}/victim`;
      await Deno.mkdir(directory, { mode: 0o700 });
      await Deno.writeTextFile(victim, "precious");
      for (
        const put of [
          () => Deno.writeTextFile(place, "x"),
          () => Deno.symlink(victim, place),
          () => Deno.symlink("nowhere", place),
          () => Deno.mkdir(place),
        ]
      ) {
        await put();
        const mark = crypto.randomUUID();
        await send(mark, { socket: sink.socket, directory });
        await sink.next((line) => line.endsWith(mark));
      }
      assert.equal(await Deno.readTextFile(victim), "precious");
    }),
);

Deno.test(
  "sendToSyslog() refuses a directory that others may write, and one that is a link",
  strict,
  () =>
    withCache(async (directory) => {
      await using sink = await listenSyslog();
      const options = { socket: sink.socket, directory };
      await Deno.mkdir(directory);
      await Deno.chmod(directory, 0o777);
      await assert.rejects(send("x", options), { name: "StateError" });
      await Deno.chmod(directory, 0o700);
      await Deno.rename(directory, `${directory}-real`);
      await Deno.symlink(`${directory}-real`, directory);
      await assert.rejects(send("x", options), { name: "StateError" });
      assert.equal((await sink.lines()).length, 0);
    }),
);

Deno.test(
  "sendToSyslog() throws when nobody listens, or another kind of socket",
  strict,
  () =>
    withCache(async (directory) => {
      await assert.rejects(send("x", { socket: `${directory}/no`, directory }));
      const stream = Deno.listen({
        transport: "unix",
        path: `${directory}/stream`,
      });
      await assert.rejects(
        send("x", { socket: `${directory}/stream`, directory }),
      );
      stream.close();
      await Deno.writeTextFile(`${directory}/file`, "");
      await assert.rejects(
        send("x", { socket: `${directory}/file`, directory }),
      );
    }),
);

Deno.test("sendToSyslog() gives up on a daemon that has stopped reading", () =>
  withCache(async (directory) => {
    const socket = `${directory}/log`;
    await Deno.mkdir(directory, { mode: 0o700 });
    const stopped = Deno.listenDatagram({
      transport: "unixpacket",
      path: socket,
    });
    const start = performance.now();
    let sent = 0;
    const error = await (async () => {
      while (true) {
        await send("x".repeat(900), { socket, directory });
        sent++;
      }
    })().catch((error) => error);
    assert.match(String(error), /does not take the line|os error 11/);
    assert.ok(sent > 0 && performance.now() - start < 5000);
    stopped.close();
  }));

Deno.test("a line that the daemon does not take goes to standard error", async () => {
  await using scene = await createScene();
  const socket = `${scene.site.directory}/log`;
  const stopped = Deno.listenDatagram({
    transport: "unixpacket",
    path: socket,
  });
  let log = "";
  for (let turn = 0; log === ""; turn++) {
    assert.ok(turn < 2000, "its queue is never full");
    ({ log } = await scene.attempt({ token: "x" }));
  }
  assert.match(log, /^oauth-pam: decision=deny reason=token_malformed /);
  stopped.close();
});

Deno.test("a login that stands still for too long before it sends its line does so all the same", async () => {
  await using scene = await createScene();
  const { logMs } = LOGIN_TIMEOUTS;
  let stood = false;
  const { reason, log } = await scene.attempt({
    now() {
      // what a suspended machine or a stopped process does to all timers
      stood ||= /\bwriteRecord\b/.test(new Error().stack ?? "") && still(logMs);
      return Date.now();
    },
  });
  assert.ok(stood);
  assert.equal(reason, "allowed");
  // nobody listens
  assert.match(log, /^oauth-pam: decision=allow reason=allowed /);
});

/** Keeps everything in this process from going on for longer than that. */
function still(milliseconds: number): true {
  const end = performance.now() + milliseconds * 1.1;
  while (performance.now() < end);
  return true;
}

Deno.test("the lines of ten processes arrive at a real rsyslogd, one for each", async () => {
  await using sink = await startRsyslogd();
  await using scene = await createScene();
  const policy = await Deno.readTextFile(scene.site.policyFile);
  await Deno.writeTextFile(
    scene.site.policyFile,
    policy.replace(/socket: .*/, `socket: ${sink.socket}`),
  );
  const token = await scene.token();
  const results = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      runProgram({
        args: ["login", scene.site.policyFile],
        env: { ...PAM_ENVIRONMENT, PAM_RHOST: `192.0.2.${index}` },
        stdin: index % 2 === 0 ? token : "x",
      })),
  );
  for (const [index, { code, stdout, stderr }] of results.entries()) {
    assert.equal(code, index % 2 === 0 ? 0 : 7);
    assert.equal(stdout + stderr, "");
    const line = await sink.next((seen) =>
      seen.includes(`rhost=192.0.2.${index} `)
    );
    assert.match(
      line,
      index % 2 === 0
        ? /^auth\.info oauth-pam\[\d+\]: ?decision=allow reason=allowed user=alice/
        : /^auth\.notice oauth-pam\[\d+\]: ?decision=deny reason=token_malformed/,
    );
  }
  assert.equal((await sink.lines()).length, 10);
});

Deno.test("the first login of all, refused, makes the cache directory and logs to the socket", async () => {
  await using scene = await createScene();
  const listener = Deno.listenDatagram({
    transport: "unixpacket",
    path: `${scene.site.directory}/log`,
  });
  const { log } = await scene.attempt({ token: "x" });
  assert.equal(log, "");
  const [bytes] = await listener.receive();
  assert.match(new TextDecoder().decode(bytes), /reason=token_malformed/);
  listener.close();
});

Deno.test("severities tell an administrator what to look at", async () => {
  await using sink = await listenSyslog();
  await using scene = await createScene();
  const policy = (await Deno.readTextFile(scene.site.policyFile))
    .replace(/socket: .*/, `socket: ${sink.socket}`);
  await Deno.writeTextFile(scene.site.policyFile, policy);
  const priority = async (reason: string) => {
    const line = await sink.next((seen) => seen.includes(`reason=${reason} `));
    return /^<(\d+)>/.exec(line)?.[1];
  };
  await scene.attempt();
  assert.equal(await priority("allowed"), "38");
  await scene.attempt({ user: "bob" });
  assert.equal(await priority("account_not_permitted"), "37");
  await scene.server.close();
  await Deno.remove(scene.site.cacheDirectory, { recursive: true });
  await scene.attempt();
  assert.equal(await priority("issuer_unavailable"), "36");
  await Deno.remove(`${scene.site.directory}/ca.pem`);
  await scene.attempt();
  assert.equal(await priority("policy_invalid"), "35");
});
