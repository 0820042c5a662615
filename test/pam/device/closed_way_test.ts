/**
 * The browser is no way in at the moment: what the person at the prompt reads, which depends on what
 * the stack takes instead, and that it makes one record.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  Clock,
  createDeviceScene,
  type DeviceScene,
  type DeviceSceneOptions,
  finish,
  start,
  withoutReference,
} from "../../support/device.ts";
import { answer } from "../../support/hostile_server.ts";

function test(
  title: string,
  body: (scene: DeviceScene) => Promise<void>,
  options: DeviceSceneOptions = {},
): void {
  Deno.test(title, async () => {
    await using scene = await createDeviceScene({
      device: "starts_per_source: 100",
      ...options,
    });
    await body(scene);
  });
}

const CLOSED =
  "\nSigning in with a browser is not possible at the moment (reference REF).\n";
const NO_PASSWORD =
  "Try again later, or ask your administrator.\nNo password helps here: press Enter.\n";
const PASSWORD = "Type your password for this host instead.\n";

/** What keeps a sign-in from being started, and the reason that it has. */
const CAUSES: readonly [
  reason: string,
  cause: (scene: DeviceScene) => Promise<void> | void,
][] = [
  ["issuer_unavailable", ({ server }) => {
    server.on("/device_authorization", answer({ status: 503, body: {} }));
  }],
  ["issuer_refused", ({ server }) => {
    const body = { error: "unauthorized_client" };
    server.on("/device_authorization", answer({ status: 400, body }));
  }],
  ["issuer_refused", ({ server }) => {
    const body = { error: "invalid_client" };
    server.on("/device_authorization", answer({ status: 401, body }));
  }],
  ["policy_invalid", ({ site }) => Deno.chmod(site.policyFile, 0o666)],
  ["policy_invalid", ({ site }) => Deno.writeTextFile(site.policyFile, "{")],
];

test("device start says whether a password helps, as the stack says", async (scene) => {
  const { policyFile } = scene.site;
  const policy = await Deno.readTextFile(policyFile);
  for (const [reason, cause] of CAUSES) {
    await Deno.writeTextFile(policyFile, policy);
    await Deno.chmod(policyFile, 0o644);
    await cause(scene);
    for (
      const [args, more] of [
        [[], ""],
        [["--password-after", "nothing"], NO_PASSWORD],
        [
          ["--password-after", "authinfo_unavail"],
          reason === "issuer_unavailable" ? PASSWORD : NO_PASSWORD,
        ],
        [
          ["--password-after", "device_limit,service_err"],
          // a policy that cannot be read leaves no outcome
          reason === "issuer_refused" ? PASSWORD : NO_PASSWORD,
        ],
        [["--issuer", "campus", "--password-after", "nothing"], NO_PASSWORD],
        [["--password-after", "nothing", "--issuer", "campus"], NO_PASSWORD],
      ] as const
    ) {
      const started = await start({ policyFile, args });
      assert.equal(started.reason, reason, started.log);
      assert.equal(withoutReference(started.text), CLOSED + more, `${args}`);
    }
  }
});

test(
  "a limit says when, and whether a password is taken until then",
  async (scene) => {
    const { policyFile } = scene.site;
    const args = (names: string) => ["--password-after", names];
    await start({ policyFile });
    for (
      const [names, more] of [
        ["nothing", "No password helps here: press Enter.\n"],
        ["authinfo_unavail", "No password helps here: press Enter.\n"],
        ["authinfo_unavail,device_limit", PASSWORD],
      ] as const
    ) {
      const limited = await start({ policyFile, args: args(names) });
      assert.match(
        limited.text,
        /^\nToo many sign-ins were started from your address \(reference \w{4}\)\.\nThe next one can start in \d+ seconds\.\n/,
      );
      assert.ok(limited.text.endsWith(` seconds.\n${more}`), limited.text);
    }
  },
  { device: "starts_per_source: 1" },
);

for (
  const args of [
    ["--password-after"],
    ["--password-after", ""],
    ["--password-after", "success"],
    ["--password-after", "allowed"],
    ["--password-after", "authinfo_unavail,"],
    ["--password-after", "nothing,authinfo_unavail"],
    ["--password-after", "nothing", "--password-after", "nothing"],
    ["--password", "nothing"],
    ["authinfo_unavail"],
  ]
) {
  test(`device start refuses ${args.join(" ")}`, async (scene) => {
    const { policyFile } = scene.site;
    const started = await start({ policyFile, args });
    assert.equal(started.reason, "request_invalid");
    assert.match(started.log, /--password-after NAME/);
    assert.equal(scene.server.requests.length, 0);
  });
}

/** The records that an audit file holds. */
async function records(file: string): Promise<Record<string, unknown>[]> {
  const text = await Deno.readTextFile(file).catch(() => "");
  return text.split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

test("an attempt that cannot be started is one record", async (scene) => {
  const { policyFile, cacheDirectory } = scene.site;
  const file = `${cacheDirectory}/audit.jsonl`;
  const policy = `${await Deno.readTextFile(
    policyFile,
  )}audit: {file: ${file}}\n`;
  await Deno.writeTextFile(policyFile, policy);
  let written = 0;
  for (const [reason, cause] of CAUSES) {
    if (reason === "policy_invalid") continue; // no file is known to write to
    await cause(scene);
    for (const typed of ["", "hunter2", "\b\n\r\x7fINCORRECT"]) {
      const started = await start({ policyFile });
      const finished = await finish({ policyFile, typed });
      assert.deepEqual([started.reason, finished.reason], [reason, reason]);
      assert.equal(
        `${started.log}${finished.log}`.match(/decision=/g)?.length,
        1,
      );
      written++;
      const found = await records(file);
      assert.equal(found.length, written);
      assert.equal(found.at(-1)?.reason, reason);
      assert.equal(found.at(-1)?.ref, / ref=(\w{4})/.exec(started.log)?.[1]);
    }
  }
});

test("and so is one of an account that cannot be, where the policy can be read", async (scene) => {
  const options = { policyFile: scene.site.policyFile, user: "Administrator" };
  const started = await start(options);
  const finished = await finish(options);
  assert.deepEqual([started.reason, finished.reason], [
    "request_invalid",
    "request_invalid",
  ]);
  assert.match(started.log, / decision=deny reason=request_invalid /);
  assert.equal(finished.log, "");
});

test("a token that is typed after it is an attempt of its own", async (scene) => {
  const { policyFile } = scene.site;
  scene.server.on("/device_authorization", answer({ status: 503, body: {} }));
  const started = await start({ policyFile });
  assert.match(started.log, / decision=deny reason=issuer_unavailable /);
  const finished = await finish({ policyFile, typed: await scene.token() });
  assert.match(finished.log, / decision=allow /);
});

test("a start that nobody could be told of leaves the line to the end", async (scene) => {
  const { policyFile, cacheDirectory } = scene.site;
  await Deno.writeTextFile(cacheDirectory, "not a folder");
  const started = await start({ policyFile });
  const finished = await finish({ policyFile });
  assert.equal(started.reason, "internal_error");
  assert.match(started.log, / decision=deny reason=internal_error /);
  assert.match(finished.log, / decision=deny reason=device_expired /);
});

test("what strangers leave behind who hang up while the issuer is down is swept meanwhile", async (scene) => {
  const { policyFile, cacheDirectory } = scene.site;
  scene.server.on("/device_authorization", answer({ status: 503, body: {} }));
  const clock = new Clock();
  for (let index = 0; index < 8; index++) {
    const env = { OAUTH_PAM_CONVERSATION: `${5000 + index}-1` };
    await start({ policyFile, env, clock });
    clock.advance(600_000);
  }
  const left = [...Deno.readDirSync(`${cacheDirectory}/device`)];
  assert.ok(left.length <= 2, `${left.length} entries`);
});
