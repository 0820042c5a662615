/**
 * Talking to ssh-agent: a real one, and what only looks like one.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Agent, agentAt } from "../../src/client/agent.ts";
import { ClientError } from "../../src/client/errors.ts";
import { certificateOf, freshKey, seedOf } from "../../src/client/fresh_key.ts";
import { decodeBase64, decodeBase64url } from "../../src/lib/base64url.ts";
import { startAgent } from "../support/ssh_agent.ts";

async function certifiedKey() {
  const key = await freshKey();
  const line = await certificateOf(key, { pkToken: "a:b:c", keyId: "" });
  return {
    line,
    certificate: decodeBase64(line)!,
    publicKey: decodeBase64url(key.jwk.x)!,
    seed: await seedOf(key),
  };
}

async function outcomeOf(action: Promise<unknown>): Promise<string> {
  return await action.then(() => "done", (error) => {
    assert.ok(error instanceof ClientError, String(error));
    assert.doesNotMatch(error.message, /[\n.]$/);
    return error.outcome;
  });
}

Deno.test("a real ssh-agent takes a certificate, lists it, signs with it, and forgets it", async () => {
  await using real = await startAgent();
  const agent = agentAt(real.socket);
  assert.deepEqual(await agent.identities(), []);
  const key = await certifiedKey();
  await agent.add(key, { comment: "ä comment", lifetime: 3600 });
  assert.deepEqual(await real.lines(), [
    `ssh-ed25519-cert-v01@openssh.com ${key.line} ä comment`,
  ]);
  // -T signs with the private key and verifies with the public one
  const file = await Deno.makeTempFile({ suffix: ".pub" });
  await Deno.writeTextFile(file, (await real.lines()).join("\n"));
  assert.deepEqual(await real.add("-T", file), { code: 0, text: "" });
  await Deno.remove(file);
  const [identity] = await agent.identities();
  assert.deepEqual(identity, { blob: key.certificate, comment: "ä comment" });
  await agent.remove(key.certificate);
  assert.deepEqual(await agent.identities(), []);
  assert.equal(await outcomeOf(agent.remove(key.certificate)), "refused");
});

Deno.test("a real ssh-agent forgets a certificate when its time is over", async () => {
  await using real = await startAgent();
  const agent = agentAt(real.socket);
  const [short, long] = [await certifiedKey(), await certifiedKey()];
  await agent.add(long, { comment: "", lifetime: 3600 });
  await agent.add(short, { comment: "", lifetime: 1 });
  const deadline = Date.now() + 10_000;
  let left = await agent.identities();
  while (left.length > 1 && Date.now() < deadline) {
    left = await agent.identities();
  }
  assert.deepEqual(left.map(({ blob }) => blob), [long.certificate]);
});

Deno.test("a time that the protocol has no room for is as long as there is room for", async () => {
  await using real = await startAgent();
  const agent = agentAt(real.socket);
  const [endless, short] = [await certifiedKey(), await certifiedKey()];
  // of which the last 32 bits are 1
  await agent.add(endless, { comment: "", lifetime: 2 ** 32 + 1 });
  await agent.add(short, { comment: "", lifetime: 1 });
  const deadline = Date.now() + 10_000;
  const isThere = async ({ certificate }: typeof short) =>
    (await agent.identities()).some(({ blob }) =>
      blob.join() === certificate.join()
    );
  while (await isThere(short) && Date.now() < deadline);
  assert.equal(await isThere(short), false);
  assert.equal(await isThere(endless), true);
});

Deno.test("a locked ssh-agent refuses, and one that is gone is unanswered", async () => {
  await using real = await startAgent();
  const agent = agentAt(real.socket);
  const folder = await Deno.makeTempDir();
  try {
    const askpass = `${folder}/askpass`;
    await Deno.writeTextFile(askpass, "#!/bin/sh\necho secret\n", {
      mode: 0o755,
    });
    const lock = await new Deno.Command("ssh-add", {
      args: ["-x"],
      env: {
        SSH_AUTH_SOCK: real.socket,
        SSH_ASKPASS: askpass,
        SSH_ASKPASS_REQUIRE: "force",
      },
      stderr: "null",
    }).output();
    assert.equal(lock.code, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const key = await certifiedKey();
  const options = { comment: "", lifetime: 60 };
  assert.equal(await outcomeOf(agent.add(key, options)), "refused");
  await real.stop();
  assert.equal(await outcomeOf(agent.add(key, options)), "unanswered");
  assert.equal(await outcomeOf(agent.identities()), "unanswered");
});

/** Something at a socket that answers each connection with these bytes, and hangs up or does not. */
async function withImpostor(
  answer: { readonly bytes: readonly number[]; readonly hangUp: boolean },
  body: (agent: Agent) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/socket`;
  const listener = Deno.listen({ transport: "unix", path });
  const open: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      await connection.read(new Uint8Array(1024));
      await connection.write(Uint8Array.from(answer.bytes));
      if (answer.hangUp) connection.close();
      else open.push(connection);
    }
  })();
  try {
    await body(agentAt(path, { timeoutMs: 200 }));
  } finally {
    for (const connection of open) connection.close();
    listener.close();
    await serving;
    await Deno.remove(folder, { recursive: true });
  }
}

const LIES: readonly [string, readonly number[], string][] = [
  ["nothing", [], "unanswered"],
  ["half a length", [0, 0], "unanswered"],
  ["a length without a message", [0, 0, 0, 5, 12], "unanswered"],
  ["an empty message", [0, 0, 0, 0], "unanswered"],
  ["a message longer than any", [0x7f, 0, 0, 0, 12], "unanswered"],
  ["another message", [0, 0, 0, 1, 99], "unanswered"],
  ["a failure", [0, 0, 0, 1, 5], "refused"],
  ["more keys than follow", [0, 0, 0, 5, 12, 0, 0, 0, 1], "unanswered"],
  ["bytes behind the keys", [0, 0, 0, 6, 12, 0, 0, 0, 0, 1], "unanswered"],
  [
    "a key that is longer than the message",
    [0, 0, 0, 9, 12, 0, 0, 0, 1, 0, 0, 0, 9],
    "unanswered",
  ],
];

for (const [what, bytes, expected] of LIES) {
  for (const hangUp of [true, false]) {
    Deno.test(`${what} from an agent that ${hangUp ? "hangs up" : "stays"}: ${expected}`, () =>
      withImpostor({ bytes, hangUp }, async (agent) => {
        assert.equal(await outcomeOf(agent.identities()), expected);
      }));
  }
}

Deno.test("an agent that lists no keys has none", () =>
  withImpostor(
    { bytes: [0, 0, 0, 5, 12, 0, 0, 0, 0], hangUp: false },
    async (agent) => assert.deepEqual(await agent.identities(), []),
  ));
