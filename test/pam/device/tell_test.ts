/**
 * `device tell`: what is waited for, and that a sign-in was refused: the same words whatever the
 * account is.
 *
 * @module
 */
// Threats: F9, G8
import assert from "node:assert/strict";
import {
  Clock,
  createDeviceScene,
  type DeviceScene,
  type DeviceSceneOptions,
  finish,
  outcome,
  start,
  tell,
} from "../../support/device.ts";
import { answer } from "../../support/hostile_server.ts";

function test(
  title: string,
  body: (scene: DeviceScene) => Promise<void>,
  options: DeviceSceneOptions = {},
): void {
  Deno.test(`device tell ${title}`, async () => {
    await using scene = await createDeviceScene({
      device: "starts_per_source: 100",
      ...options,
    });
    await body(scene);
  });
}

const REFUSED = `The sign-in was refused (reference WDJB).
The same sign-in will be refused again: ask your administrator.
`;
const TOO_LATE = `Nobody signed in with the browser in time (reference WDJB).
Try again, and press Enter when you have signed in.
`;
const NO_ANSWER = `The sign-in service did not answer (reference WDJB).
Try again later.
`;
const TYPED = `What was typed was refused (reference WDJB).
Leave the line empty, and sign in with the browser.
`;

/** Accounts as the launcher describes them: alice's, and one that does not exist. */
const ACCOUNTS = [
  { user: "alice", env: { OAUTH_PAM_ACCOUNT: "1000:alice" } },
  { user: "root", env: { OAUTH_PAM_ACCOUNT: "0:root" } },
  { user: "nosuchuser", env: { OAUTH_PAM_ACCOUNT: "" } },
];

test(
  "says that a sign-in was refused, and not why, whatever the account is",
  async (scene) => {
    const { policyFile } = scene.site;
    const text = await Deno.readTextFile(policyFile);
    const leavers = "{effect: deny, when: {groups: {any: [leavers]}}}";
    await Deno.writeTextFile(
      policyFile,
      text.replace("rules:\n", `rules:\n  leavers: ${leavers}\n`),
    );
    const claims = async (claims: Record<string, unknown>, members = {}) =>
      await scene.tokens({ claims, members });
    for (
      const [reason, behaviour, told = REFUSED] of [
        ["account_not_permitted", await claims({ email: "bob@example.edu" })],
        ["denied_by_rule", await claims({ groups: ["leavers"] })],
        ["mfa_required", await claims({ amr: ["pwd"] })],
        ["token_expired", await claims({ exp: 1_000_000_000 })],
        ["claim_missing", await claims({ sub: undefined })],
        ["token_missing", await claims({}, { id_token: undefined })],
        ["device_denied", "access_denied"],
        ["issuer_refused", answer({ status: 404, body: {} })],
        ["device_expired", "expired_token", TOO_LATE],
        ["issuer_unavailable", answer({ status: 503, body: {} }), NO_ANSWER],
      ] as const
    ) {
      for (const { user, env } of ACCOUNTS) {
        const options = { policyFile, user, env, clock: new Clock() };
        await start(options);
        scene.answerPolls(behaviour);
        const finished = await finish(options);
        if (user === "alice") assert.equal(finished.reason, reason);
        assert.notEqual(finished.reason, "allowed");
        assert.equal(finished.stdout, "");
        assert.deepEqual(await tell(options), { text: told, log: "" }, reason);
        // and the outcome is still there for the next line of the stack
        assert.equal(
          await outcome(["authinfo_unavail"], options),
          reason === "issuer_unavailable",
        );
      }
    }
  },
  { lines: ["assurance: {mfa: true}"], device: "starts_per_source: 100" },
);

test("says the same of whatever was typed, also where sshd hides it", async (scene) => {
  const { policyFile } = scene.site;
  const token = await scene.token();
  const bobs = await scene.token({ claims: { email: "bob@example.edu" } });
  const hidden = "\b\n\r\x7fINCORRECT\b\n\r\x7fINCO";
  for (
    const [typed, asSshdHidesIt] of [
      ["hunter2", hidden.slice(0, 7)],
      ["correct horse battery staple", hidden],
      [bobs, hidden.repeat(20)],
      [`${token.slice(0, -6)}AAAAAA`, hidden.repeat(20)],
    ] as const
  ) {
    const known = { policyFile, ...ACCOUNTS[0]! };
    const unknown = { policyFile, ...ACCOUNTS[2]! };
    for (
      const options of [{ ...known, typed }, {
        ...unknown,
        typed: asSshdHidesIt,
      }]
    ) {
      await start(options);
      assert.notEqual((await finish(options)).reason, "allowed");
      const { typed: _, ...after } = options;
      assert.deepEqual(await tell(after), { text: TYPED, log: "" }, typed);
    }
  }
});

test("says how long somebody is waited for, and takes nothing", async (scene) => {
  const { policyFile } = scene.site;
  for (const { user, env } of ACCOUNTS) {
    const clock = new Clock();
    const options = { policyFile, user, env, clock };
    await start(options);
    clock.advance(20_000);
    const { text, log } = await tell(options);
    assert.match(
      text,
      /^Waiting for the sign-in in your browser, (?:70|69) seconds at most\.\n$/,
    );
    assert.equal(log, "");
    scene.answerPolls(await scene.tokens());
    const { reason } = await finish(options);
    assert.equal(reason === "allowed", user === "alice");
  }
});

test(
  "never says more than the program waits",
  async (scene) => {
    const { policyFile } = scene.site;
    await start({ policyFile });
    assert.match((await tell({ policyFile })).text, / 100 seconds at most/);
  },
  { device: "timeout: 110s" },
);

test("says nothing of waiting where something was typed: nobody is waited for", async (scene) => {
  const { policyFile } = scene.site;
  for (const typed of ["hunter2", "\b\n\r\x7fINCORRECT", await scene.token()]) {
    await start({ policyFile });
    assert.deepEqual(await tell({ policyFile, typed }), { text: "", log: "" });
  }
});

test("is silent before a start, after a grant, and where the start has told it already", async (scene) => {
  const { policyFile } = scene.site;
  const silent = { text: "", log: "" };
  assert.deepEqual(await tell({ policyFile }), silent);
  await start({ policyFile });
  scene.answerPolls(await scene.tokens());
  assert.equal((await finish({ policyFile })).reason, "allowed");
  assert.deepEqual(await tell({ policyFile }), silent);
  scene.server.on("/device_authorization", answer({ status: 503, body: {} }));
  await start({ policyFile });
  assert.deepEqual(await tell({ policyFile }), silent);
  assert.equal((await finish({ policyFile })).reason, "issuer_unavailable");
  assert.deepEqual(await tell({ policyFile }), silent);
});

test("tells nobody of another conversation, account or service", async (scene) => {
  const { policyFile } = scene.site;
  await start({ policyFile });
  scene.answerPolls("access_denied");
  await finish({ policyFile });
  for (
    const other of [
      { env: { OAUTH_PAM_CONVERSATION: "4712-815" } },
      { env: { PAM_SERVICE: "su" } },
      { user: "bob" },
    ]
  ) assert.equal((await tell({ policyFile, ...other })).text, "");
  assert.equal((await tell({ policyFile })).text, REFUSED);
});

test("tells the administrator what keeps it from knowing", async (scene) => {
  const { policyFile } = scene.site;
  for (
    const [options, message] of [
      [{ args: ["more"] }, /usage/],
      [{ env: { OAUTH_PAM_CONVERSATION: undefined } }, /CONVERSATION/],
      [{ env: { PAM_TYPE: "account" } }, /PAM_TYPE/],
      [{ policyFile: "/nonexistent.yaml" }, /nonexistent/],
    ] as const
  ) {
    const { text, log } = await tell({ policyFile, ...options });
    assert.equal(text, "");
    assert.match(log, /^oauth-pam: device tell: /);
    assert.match(log, message);
  }
});

test("tells nothing of what was typed after a start that failed, also where sshd hides it", async (scene) => {
  const { policyFile } = scene.site;
  const bobs = await scene.token({ claims: { email: "bob@example.edu" } });
  scene.server.on("/device_authorization", answer({ status: 503, body: {} }));
  for (
    const [typed, reason] of [
      [bobs, "account_not_permitted"],
      ["\b\n\r\x7fINCORRECT", "issuer_unavailable"],
    ] as const
  ) {
    await start({ policyFile });
    assert.equal((await finish({ policyFile, typed })).reason, reason);
    assert.deepEqual(await tell({ policyFile }), { text: "", log: "" }, reason);
  }
});

test("tells who comes back too late what became of this sign-in, and of no earlier one", async (scene) => {
  const { policyFile } = scene.site;
  const clock = new Clock();
  const options = { policyFile, clock };
  await start(options);
  scene.answerPolls("access_denied");
  await finish(options);
  assert.equal((await tell(options)).text, REFUSED);
  await start(options);
  clock.advance(110_000);
  assert.deepEqual(await tell(options), { text: "", log: "" });
  const polled = scene.server.requests.length;
  assert.equal((await finish(options)).reason, "device_expired");
  assert.equal(scene.server.requests.length, polled);
  assert.equal((await tell(options)).text, TOO_LATE);
});
