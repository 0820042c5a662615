/**
 * Links that carry the texts of the page.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  fragmentOf,
  MAX_FRAGMENT,
  type Shared,
  sharedIn,
} from "../../src/playground/share.ts";
import { encodeBase64url } from "../../src/lib/base64url.ts";

/** A fragment of any text. */
async function fragment(text: string): Promise<string> {
  const stream = new Blob([text]).stream()
    .pipeThrough(new CompressionStream("deflate-raw"));
  return encodeBase64url(await new Response(stream).bytes());
}

/** Text that deflate makes little of. */
function noise(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return String.fromCharCode(32 + state % 95);
  }).join("");
}

const REFUSED = /^the link .*: nothing of it was taken$/;

function assertRefused(found: Shared | { refused: string }, words: RegExp) {
  assert.ok("refused" in found, "it was taken");
  assert.match(found.refused, REFUSED);
  assert.match(found.refused, words);
}

Deno.test("a link carries texts of 64 kB to the letter", async () => {
  for (
    const shared of [
      { policy: "", tests: "" },
      { policy: noise(65_536), tests: noise(30_000) },
      { policy: "version: 1\r\n# ü 𝔸 \u2028 </script>\n", tests: "\0" },
      { policy: "version: 1\n", tests: "tests: []\n", claims: '{"sub":"a"}' },
    ]
  ) {
    const made = await fragmentOf(shared);
    assert.match(made, /^[\w-]+$/);
    assert.deepEqual(await sharedIn(made), shared);
  }
});

Deno.test("a link carries nothing but policy, tests and claims", async () => {
  const more = { policy: "a", tests: "b", token: "eyJ.secret.x" };
  assert.deepEqual(await sharedIn(await fragmentOf(more)), {
    policy: "a",
    tests: "b",
  });
});

Deno.test("a damaged link is refused", async () => {
  const shared = { policy: noise(500), tests: "" };
  const made = await fragmentOf(shared);
  for (let at = 1; at < made.length - 1; at += 7) {
    const other = made[at] === "A" ? "B" : "A";
    const changed = `${made.slice(0, at)}${other}${made.slice(at + 1)}`;
    for (const damaged of [changed, made.slice(0, at)]) {
      const found = await sharedIn(damaged);
      // the last bits say nothing: what was said may be there without them, and nothing else
      if ("policy" in found) assert.deepEqual(found, shared);
      else assertRefused(found, REFUSED);
    }
  }
  for (const text of ["", "?", "a b", "%41", "AAAA=", "_____", "é"]) {
    assertRefused(await sharedIn(text), /damaged/);
  }
});

Deno.test("a link whose texts are not what they were is refused", async () => {
  const ok = '{"policy":"a","tests":"b"';
  assert.ok("policy" in await sharedIn(await fragment(`${ok}}`)));
  for (const check of ['"00000000"', "null", "7"]) {
    const made = await fragment(`${ok},"check":${check}}`);
    assertRefused(await sharedIn(made), /damaged/);
  }
});

Deno.test("what stands behind the end of a link's texts is refused", async () => {
  const made = await fragment('{"policy":"a","tests":"b"}');
  assertRefused(await sharedIn(`${made}AAAA`), /damaged/);
});

Deno.test("a link of another shape is refused", async () => {
  for (
    const text of [
      "",
      "nothing",
      "null",
      '"policy"',
      "[]",
      "{}",
      '{"policy":"a"}',
      '{"policy":1,"tests":""}',
      '{"policy":"a","tests":[]}',
      '{"policy":"a","tests":"","claims":{}}',
      '{"policy":"a","tests":"","token":"x"}',
      '{"policy":"a","tests":"","__proto__":{}}',
    ]
  ) {
    assertRefused(await sharedIn(await fragment(text)), /not one of this page/);
  }
});

Deno.test("a link that would become too large is refused before it does", async () => {
  // a thousand times as large as it looks
  const bomb = await fragment(
    `{"policy":"${"a".repeat(300_000_000)}","tests":""}`,
  );
  assert.ok(bomb.length < MAX_FRAGMENT);
  const real = globalThis.DecompressionStream;
  let inflated = 0;
  globalThis.DecompressionStream = class {
    readonly writable: WritableStream<BufferSource>;
    readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
    constructor(format: CompressionFormat) {
      const stream = new real(format);
      this.writable = stream.writable;
      this.readable = stream.readable.pipeThrough(
        new TransformStream({
          transform(chunk, controller) {
            inflated += chunk.length;
            controller.enqueue(chunk);
          },
        }),
      );
    }
  };
  try {
    assertRefused(await sharedIn(bomb), /carries too much/);
  } finally {
    globalThis.DecompressionStream = real;
  }
  assert.ok(inflated > 2_000_000 && inflated < 6_000_000, String(inflated));
});

Deno.test("a link that is too long is not looked at", async () => {
  assertRefused(await sharedIn("A".repeat(MAX_FRAGMENT + 1)), /too long/);
});
