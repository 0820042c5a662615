/**
 * A policy that was parsed before, whole, damaged and exchanged: where it is not exactly that of the policy's
 * file, the file decides. Most policies here lie: what was parsed admits alice, whom the file does not, so
 * that a login tells which of the two decided.
 *
 * @module
 */
// Threats: G15
import assert from "node:assert/strict";
import { bundleOnce } from "../support/bundle_once.ts";
import {
  compileProgram,
  writeRuntimeProgram,
} from "../../src/build/compile.ts";
import { permissionNeeds } from "../../src/build/permissions.ts";
import { sha256Hex } from "../../src/files/state_directory.ts";
import { policyFile } from "../../src/lib/bundle_files.ts";
import { copyName, copyOf } from "../../src/pam/host/parsed_policy.ts";
import { parsePolicy, usable } from "../../src/policy/syntax/parse.ts";
import type { Policy } from "../../src/policy/model.ts";
import { createScene, type Scene } from "../support/login_scene.ts";
import { runProgram } from "../support/run_program.ts";
import { codeFolder, denoToCompile, environment } from "./site.ts";

const NOBODY = 65534;
const PAM = {
  PAM_USER: "alice",
  PAM_SERVICE: "sshd",
  PAM_TYPE: "auth",
  OAUTH_PAM_CONVERSATION: "1-1",
  OAUTH_PAM_ACCOUNT: "1000:alice",
};
const [ALLOWED, REFUSED] = [0, 10];
/** So many groups that the policy is too large to be a part of the program. */
const MANY = Array.from({ length: 2000 }, (_, index) => `group${index}`);

interface Gate extends AsyncDisposable {
  readonly scene: Scene;
  readonly program: string;
  /** The policy's file. */
  readonly file: string;
  /** Of the policy's file when the program was built. */
  readonly sha256: string;
  /** What the program was built with. */
  readonly parsed: Policy;
  /** What the program calls itself in copies. */
  readonly id: string;
  /** Writes the file anew, for these groups; its hash. */
  write(groups: readonly string[]): Promise<string>;
  /** How a login of alice ends, who is in the group "staff". */
  login(): Promise<number>;
}

function parse(text: string): Policy {
  const policy = usable(parsePolicy(text, { file: "policy.yaml" }));
  assert.ok(policy);
  return policy;
}

/** A program that was built for the file, which is for `groups`, with a policy for `parsed` in it. */
async function createGate(
  { groups, parsed = groups, kind = "runtime", junk = false }: {
    groups: readonly string[];
    /** The file is not a policy at all: whoever parses it says so. */
    junk?: boolean;
    parsed?: readonly string[];
    kind?: "runtime" | "compiled";
  },
): Promise<Gate> {
  const scene = await createScene({ ruleLines: ["when: GROUPS"] });
  const file = scene.site.policyFile;
  const template = await Deno.readTextFile(file);
  const textFor = (wanted: readonly string[]) =>
    template.replace("GROUPS", JSON.stringify({ groups: { any: wanted } }));
  const write = async (wanted: readonly string[]) => {
    const text = junk ? "not a policy" : textFor(wanted);
    await Deno.writeTextFile(`${file}.new`, text);
    await Deno.rename(`${file}.new`, file);
    return await sha256Hex(text);
  };
  const sha256 = await write(groups);
  const policy = parse(textFor(parsed));
  const program = `${scene.site.directory}/oauth-pam`;
  const build = kind === "compiled" ? compileProgram : writeRuntimeProgram;
  const bundle = await bundleOnce({ environment, sha256, policy });
  const id = /\\"program\\":\\"([0-9a-f]{64})\\"/.exec(bundle.main)?.[1] ?? "";
  await build({
    bundle,
    needs: permissionNeeds(policy),
    output: program,
    deno: kind === "compiled" ? denoToCompile : Deno.execPath(),
    environment,
  });
  return {
    ...{ scene, program, file, sha256, parsed: policy, id, write },
    async login() {
      const { code, stderr } = await runProgram(program, {
        args: ["login", file],
        stdin: await scene.token(),
        env: PAM,
      });
      const reason = / reason=(\w+) /.exec(stderr)?.[1];
      // refused by the policy, not because something broke
      const expected = code === ALLOWED ? "allowed" : "account_not_permitted";
      assert.equal(reason, expected, stderr);
      return code;
    },
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
  };
}

/** `bytes` with a bit turned. */
function turned(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = bytes.slice();
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}

type Spoil = (
  path: string,
  whole: Uint8Array,
  other: Uint8Array,
) => Promise<unknown>;

/** What may become of a file with a parsed policy. */
const DAMAGED: readonly (readonly [string, Spoil])[] = [
  ["missing", (path) => Deno.remove(path)],
  ["empty", (path) => Deno.truncate(path, 0)],
  ...[1, 65, 1000].map((left): [string, Spoil] => [
    `cut after ${left} bytes`,
    (path) => Deno.truncate(path, left),
  ]),
  ["a byte short", (path, { length }) => Deno.truncate(path, length - 1)],
  ["a byte longer", (path) => Deno.writeTextFile(path, " ", { append: true })],
  ...[0.0001, 0.2, 0.4, 0.6, 0.8, 0.9999].map((part): [string, Spoil] => [
    `a bit turned at ${part}`,
    (path, whole) =>
      Deno.writeFile(path, turned(whole, Math.floor(whole.length * 8 * part))),
  ]),
  ["another policy's", (path, _, other) => Deno.writeFile(path, other)],
  ["a folder", async (path) => {
    await Deno.remove(path);
    await Deno.mkdir(path, { mode: 0o700 });
  }],
  ["a pipe", async (path) => {
    await Deno.remove(path);
    await new Deno.Command("mkfifo", { args: ["-m", "600", path] }).output();
  }],
];

/** Others could have written it, or could have put it there. */
const FOREIGN: readonly (readonly [string, Spoil])[] = [
  ["somebody else's", (path) => Deno.chown(path, NOBODY, null)],
  ["for a group to write", (path) => Deno.chmod(path, 0o620)],
  ["for others to write", (path) => Deno.chmod(path, 0o602)],
  ["for others to read", (path) => Deno.chmod(path, 0o604)],
  ["a link", async (path) => {
    await Deno.rename(path, `${path}.real`);
    await Deno.symlink(`${path}.real`, path);
  }],
  [
    "below somebody else's folder",
    (path) => Deno.chown(above(path), NOBODY, null),
  ],
  [
    "below a folder for a group to write",
    (path) => Deno.chmod(above(path), 0o770),
  ],
];

const above = (path: string) => path.slice(0, path.lastIndexOf("/"));

async function written(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch(() => {});
  await Deno.remove(`${path}.real`).catch(() => {});
  await Deno.writeFile(path, bytes, { mode: 0o600 });
}

const encoder = new TextEncoder();

Deno.test("a large policy lies beside the program, whose file is not parsed then, and none but it is used", async () => {
  await using gate = await createGate({
    groups: MANY,
    parsed: [...MANY, "staff"],
  });
  const path = policyFile(`${gate.program}.js`);
  // once by each of two logins: a wrong one must not find another way
  assert.equal(await gate.login(), ALLOWED);
  assert.equal(await gate.login(), ALLOWED);
  const whole = await Deno.readFile(path);
  const { sha256, parsed: policy } = gate;
  const other = encoder.encode(
    JSON.stringify({ sha256, policy: { ...policy, version: 1, rules: [] } }),
  );
  for (const [what, spoil] of DAMAGED) {
    await spoil(path, whole, other);
    assert.equal(await gate.login(), REFUSED, what);
    await written(path, whole);
    assert.equal(await gate.login(), ALLOWED, `${what}, mended`);
  }
});

if (environment.DENORT_BIN !== undefined) {
  Deno.test("a compiled program has a large policy inside, and parses a changed file", async () => {
    await using gate = await createGate({
      groups: MANY,
      parsed: [...MANY, "staff"],
      kind: "compiled",
    });
    assert.equal(await gate.login(), ALLOWED);
    await gate.write(["others"]);
    assert.equal(await gate.login(), REFUSED);
  });
}

Deno.test("a small policy is a part of the program", async () => {
  await using gate = await createGate({ groups: ["staff"] });
  await assert.rejects(Deno.lstat(policyFile(`${gate.program}.js`)));
  assert.equal(await gate.login(), ALLOWED);
});

Deno.test("a changed policy is parsed once, for the logins after it, and none but it is used", async () => {
  await using gate = await createGate({
    groups: ["others"],
    parsed: ["staff"],
  });
  const sha256 = await gate.write(MANY);
  assert.equal(await gate.login(), REFUSED);
  const folder = `${await codeFolder(gate.program)}/parsed`;
  const path = `${folder}/${copyName(sha256)}`;
  const honest = await Deno.readTextFile(path);
  assert.equal(
    honest,
    await copyOf({
      ...{ sha256, program: gate.id },
      policy: parse(await Deno.readTextFile(gate.file)),
    }),
  );
  // whoever can write there is root: it is taken as it is
  const admits = gate.parsed;
  const copy = { sha256, program: gate.id, policy: admits };
  const lying = encoder.encode(await copyOf(copy));
  const other = encoder.encode(
    await copyOf({ ...copy, sha256: gate.sha256 }),
  );
  const foreign: [string, Spoil][] = ["00", null].map((program) => [
    `of the program ${program}`,
    async (path) =>
      await Deno.writeTextFile(path, await copyOf({ ...copy, program })),
  ]);
  await written(path, lying);
  assert.equal(await gate.login(), ALLOWED);
  for (const [what, spoil] of [...DAMAGED, ...FOREIGN, ...foreign]) {
    await spoil(path, lying, other);
    assert.equal(await gate.login(), REFUSED, what);
    await Deno.chown(folder, Deno.uid(), null);
    await Deno.chmod(folder, 0o700);
    await written(path, lying);
    assert.equal(await gate.login(), ALLOWED, `${what}, mended`);
  }
});

Deno.test("whoever a change removes is out at once, whatever copies there are, and in again after the next", async () => {
  await using gate = await createGate({ groups: ["others"] });
  const folder = `${await codeFolder(gate.program)}/parsed`;
  const admitting = await gate.write([...MANY, "staff"]);
  assert.equal(await gate.login(), ALLOWED);
  assert.equal(await gate.login(), ALLOWED);
  const removing = await gate.write(MANY);
  // of the policy before, under the name of the new one, as if somebody had exchanged them
  await Deno.copyFile(
    `${folder}/${copyName(admitting)}`,
    `${folder}/${copyName(removing)}`,
  );
  assert.equal(await gate.login(), REFUSED);
  assert.equal(await gate.login(), REFUSED);
  assert.equal(await gate.write([...MANY, "staff"]), admitting);
  assert.equal(await gate.login(), ALLOWED);
});

Deno.test("a folder of parsed policies that somebody else names on the command line of a stack is looked at like any", async () => {
  await using gate = await createGate({ groups: ["others"] });
  const folder = `${gate.scene.site.directory}/theirs`;
  await Deno.mkdir(folder, { mode: 0o700 });
  await Deno.chown(folder, NOBODY, null);
  const policy = parse(
    (await Deno.readTextFile(gate.file)).replace("others", "staff"),
  );
  await Deno.writeTextFile(
    `${folder}/${copyName(gate.sha256)}`,
    await copyOf({ sha256: gate.sha256, program: gate.id, policy }),
    { mode: 0o600 },
  );
  const { code } = await runProgram(gate.program, {
    args: [`--parsed=${folder}`, "login", gate.file],
    stdin: await gate.scene.token(),
    env: { PAM_USER: "alice", PAM_SERVICE: "sshd", PAM_TYPE: "auth" },
  });
  assert.equal(code, REFUSED);
});

for (const groups of [["staff"], MANY]) {
  Deno.test(`the steps around a login parse no policy of ${groups.length} groups that the program was built for`, async () => {
    await using gate = await createGate({ groups, junk: true });
    for (const args of [["outcome"], ["device", "tell"]]) {
      const { stderr } = await runProgram(gate.program, {
        args: [...args, gate.file, ...args.length > 1 ? [] : ["auth_err"]],
        env: PAM,
      });
      assert.equal(stderr, "", args.join(" "));
    }
    // as they do with another
    await Deno.writeTextFile(gate.file, "not a policy either");
    const { stderr } = await runProgram(gate.program, {
      args: ["outcome", gate.file, "auth_err"],
      env: PAM,
    });
    assert.match(stderr, /^oauth-pam: outcome: .*policy\.yaml:1:1: /);
  });
}

Deno.test("what the wrapper runs before a login lets nobody in, whoever runs it", async () => {
  await using gate = await createGate({ groups: ["staff"] });
  const folder = `${gate.scene.site.directory}/folder`;
  await Deno.mkdir(folder, { mode: 0o700 });
  const words = [
    ...[[], [gate.file], [gate.file, folder]].map((
      more,
    ) => ["parse-ahead", ...more]),
    ...[[], [folder]].map((more) => ["tidy-cache", ...more]),
  ];
  for (const env of [{}, PAM, { ...PAM, OAUTH_PAM_GRANT: "40" }]) {
    for (const args of words) {
      const { code, stdout } = await runProgram(gate.program, {
        args,
        stdin: await gate.scene.token(),
        env,
      });
      assert.deepEqual({ code, stdout }, { code: 25, stdout: "" });
    }
  }
});
