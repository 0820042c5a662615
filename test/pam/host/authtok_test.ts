/**
 * Standard input: whatever pam_exec, pam_script, sshd or nobody puts there.
 *
 * @module
 */
// Threats: G11
import assert from "node:assert/strict";
import { readAuthtok } from "../../../src/pam/host/authtok.ts";
import { MAX_TOKEN_CHARACTERS } from "../../../src/token/compact_jws.ts";
import { TokenError } from "../../../src/token/errors.ts";
import { bytesReader } from "../../support/login.ts";
import { createScene } from "../../support/login_scene.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

async function read(content: string | Uint8Array): Promise<string> {
  return (await readAuthtok(bytesReader(content))).reveal();
}

async function refuses(
  promise: Promise<unknown>,
  expected: { code: string; message?: RegExp },
): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof TokenError, String(error));
    assert.equal(error.code, expected.code);
    assert.match(error.message, expected.message ?? /./);
    return true;
  });
}

Deno.test(
  "readAuthtok() takes one trailing NUL or newline off, and nothing else",
  strict,
  async () => {
    assert.equal(await read("a.b.c"), "a.b.c");
    assert.equal(await read("a.b.c\0"), "a.b.c");
    assert.equal(await read("a.b.c\n"), "a.b.c");
    for (
      const text of [
        ...["a.b.c\n\n", "a.b.c\0\0", "a.b.c\n\0", "a.b.c\0\n", "a.b.c\r\n"],
        ...[
          "\na.b.c",
          " a.b.c",
          "a.b.c ",
          "a.\0b.c",
          "a\tb",
          "\ufeffa.b.c",
          "ä",
        ],
        ...["\x7f", "\x80", "a\u2028"],
      ]
    ) {
      await refuses(read(text), { code: "token_malformed" });
    }
    await refuses(read(new Uint8Array([0x61, 0xff])), {
      code: "token_malformed",
    });
  },
);

Deno.test(
  "readAuthtok() calls nothing, and nothing but an end mark, no token",
  strict,
  async () => {
    for (const text of ["", "\0", "\n"]) {
      await refuses(read(text), { code: "token_missing", message: /no token/ });
    }
  },
);

Deno.test(
  "readAuthtok() does not repair quotes, a scheme or JSON around a token",
  strict,
  async () => {
    assert.equal(await read('"a.b.c"'), '"a.b.c"');
    await refuses(read("Bearer a.b.c"), { code: "token_malformed" });
  },
);

Deno.test(
  "readAuthtok() reads up to 16 KiB and an end mark, in pieces of any size",
  strict,
  async () => {
    const longest = "x".repeat(MAX_TOKEN_CHARACTERS);
    assert.equal(MAX_TOKEN_CHARACTERS, 16384);
    assert.equal(await read(longest), longest);
    assert.equal(await read(`${longest}\n`), longest);
    await refuses(read(`${longest}\n\n`), { code: "token_malformed" });
    await refuses(read(`${longest}xx`), {
      code: "token_malformed",
      message: /more than 16384 bytes/,
    });
    const whole = bytesReader("a.b.c\n");
    const piecewise = {
      read: (buffer: Uint8Array) => whole.read(buffer.subarray(0, 1)),
    };
    assert.equal((await readAuthtok(piecewise)).reveal(), "a.b.c");
  },
);

Deno.test("a token of 16 KiB and one more byte is refused before anybody is asked", async () => {
  await using scene = await createScene();
  const token = "x".repeat(MAX_TOKEN_CHARACTERS + 1);
  for (const text of [token, `${token}\n`, `${token}x`]) {
    const { reason, exitCode } = await scene.attempt({ token: text });
    assert.deepEqual([reason, exitCode], ["token_malformed", 7]);
  }
  assert.equal(scene.server.connections, 0);
});

Deno.test(
  "readAuthtok() takes no more of an endless input than it must",
  strict,
  async () => {
    let taken = 0;
    const endless = {
      read(buffer: Uint8Array) {
        buffer.fill(0x61);
        taken += buffer.length;
        return Promise.resolve(buffer.length);
      },
    };
    await refuses(readAuthtok(endless), { code: "token_malformed" });
    assert.equal(taken, MAX_TOKEN_CHARACTERS + 2);
  },
);

Deno.test(
  "readAuthtok() does not wait for an input that never ends",
  strict,
  async () => {
    const silent = { read: () => new Promise<number | null>(() => {}) };
    await refuses(readAuthtok(silent, { timeoutMs: 20 }), {
      code: "token_missing",
      message: /not closed in time/,
    });
    // nor when it has begun to speak
    const first = bytesReader("a.b");
    const stuck = {
      read: async (buffer: Uint8Array) =>
        await first.read(buffer) ?? await silent.read(),
    };
    await refuses(readAuthtok(stuck, { timeoutMs: 20 }), {
      code: "token_missing",
    });
  },
);

Deno.test(
  "readAuthtok() calls an input that cannot be read no token",
  strict,
  async () => {
    const broken = {
      read: () => Promise.reject(new Deno.errors.BadResource("closed")),
    };
    await refuses(readAuthtok(broken), { code: "token_missing" });
  },
);

Deno.test(
  "sshd's junk password is told from a token at any length",
  strict,
  async () => {
    const junk = "\b\n\r\x7fINCORRECT".repeat(60);
    for (let length = 1; length <= junk.length; length++) {
      const text = junk.slice(0, length);
      // the end mark that is taken off may be the junk's own second byte
      await refuses(read(text), {
        code: "token_malformed",
        message: /sshd hides/,
      });
    }
  },
);

Deno.test("sshd's junk password causes no request and leaves no control byte in the log", async () => {
  await using scene = await createScene();
  const token = "\b\n\r\x7fINCORRECT\b\n\r\x7fINCORRECT\b\n";
  const { reason, exitCode, log } = await scene.attempt({ token });
  assert.deepEqual([reason, exitCode], ["token_malformed", 7]);
  assert.match(log, /^[\x20-\x7e]+\n$/);
  assert.match(log, /the account does not exist or may not log in/);
  assert.equal(scene.server.connections, 0);
});
