/**
 * The fuzzer finds what it is for: shown with verdicts and a target that are wrong.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fuzz } from "./fuzz.ts";
import { judge, type Target } from "./target.ts";
import type { Attempt, Ran, World } from "./world.ts";

const DENIED: Ran = {
  code: 7,
  yes: false,
  reason: "token_malformed",
  log: "oauth-pam: decision=deny reason=token_malformed user=alice\n",
  stdout: "",
  milliseconds: 30,
  megabytes: 50,
};
const ALLOWED: Ran = {
  ...DENIED,
  code: 0,
  yes: true,
  reason: "allowed",
  log: "oauth-pam: decision=allow reason=allowed user=alice\n",
};

function verdict(
  ran: Ran,
  { mayBeYes = false, verb = "login" }: {
    mayBeYes?: boolean;
    verb?: Attempt["verb"];
  } = {},
): Promise<string> {
  return judge(ran, verb, () => mayBeYes).then(
    () => "fine",
    (error: Error) => error.message.split("\n")[0] ?? "",
  );
}

Deno.test("judge() accepts a refusal, and a grant that the oracle knows of", async () => {
  assert.equal(await verdict(DENIED), "fine");
  assert.equal(await verdict(ALLOWED, { mayBeYes: true }), "fine");
  const silent = { ...ALLOWED, log: "", stdout: "Enter WDJB-MJHT\n" };
  const started = { mayBeYes: true, verb: "device start" } as const;
  assert.equal(await verdict(silent, started), "fine");
});

for (
  const [what, ran, said] of [
    ["a grant that it should not give", ALLOWED, "it said yes"],
    ["0 without a grant", { ...DENIED, code: 0 }, "it ended with 0"],
    ["an internal error", { ...DENIED, code: 4 }, "it ended with 4"],
    ["a signal", { ...DENIED, code: -9 }, "it ended with -9"],
    ["a code of its own", { ...DENIED, code: 47 }, "it ended with 47"],
    ["too much time", { ...DENIED, milliseconds: 20_001 }, "it took 20001 ms"],
    ["too much memory", { ...DENIED, megabytes: 81 }, "it took 81 MB"],
    ["two lines", { ...DENIED, log: `${DENIED.log}x\n` }, "not one log line"],
    [
      "no line",
      { ...DENIED, log: "" },
      "the log line does not say what was decided",
    ],
    [
      "another decision",
      { ...DENIED, log: ALLOWED.log },
      "the log line does not say what was decided",
    ],
    [
      "an escape in the log",
      { ...DENIED, log: DENIED.log.replace("alice", "\x1b[2J") },
      "the log line holds other characters",
    ],
    [
      "an escape at the prompt",
      { ...DENIED, stdout: "\x1b[2J" },
      "the text for the person at the prompt holds control characters",
    ],
  ] as const
) {
  Deno.test(`judge() finds ${what}`, async () => {
    assert.equal(await verdict(ran), said);
  });
}

Deno.test("fuzz() finds the member that opens the gate, and shrinks to it", async () => {
  const target: Target = {
    name: "test",
    json: true,
    seeds: ['{"user":"bob","group":"none"}'],
    words: ["group", "wheel"],
    place: (stdin) => Promise.resolve({ verb: "login", args: [], stdin }),
    mayBeYes: () => false,
  };
  const world = {
    fill: (text: string) => text,
    behave: () => {},
    forget: () => Promise.resolve(),
    // a gate that also admits those who say that they are of the group
    inProcess: ({ stdin }: Attempt) =>
      Promise.resolve(
        new TextDecoder().decode(stdin).includes('"group":"wheel"')
          ? ALLOWED
          : DENIED,
      ),
    asProgram: () => Promise.resolve(DENIED),
  } as unknown as World;
  const { finding, endings } = await fuzz(target, {
    world,
    milliseconds: 20_000,
    seed: 1,
  });
  assert.equal(finding?.input.content, '{"user":"bob","group":"wheel"}');
  assert.deepEqual(finding?.input.wire, []);
  assert.match(finding?.what ?? "", /it said yes/);
  assert.ok((endings.get("token_malformed") ?? 0) > 0);
});
