/**
 * Whatever becomes of a file that the launcher runs, directly or through another, nobody gets in:
 * too much of what a shell, env(1) and Deno run ends with 0.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { runtimeFile } from "../../src/build/compile.ts";
import { issuerFile, restFile } from "../../src/lib/bundle_files.ts";
import {
  BUILD_KINDS,
  type BuildKind,
  buildProgram,
} from "../support/built_program.ts";
import { createPamHost, type PamHost } from "../support/pam.ts";
import { codeFolder } from "./site.ts";
import { launch } from "../pam.d.example/stand_in.ts";
import { encodeSegment } from "../support/tokens.ts";

const CUTS = 200;
/** Nobody listens there. */
const ISSUER = "localhost:1";
/** Stands for the path of the host's. */
const POLICY = "POLICY";

/** What is started of a build, for whom, and how each ends by its own decision. */
const STARTS = {
  login: { args: ["login", POLICY], user: "root", stdin: "junk", code: 7 },
  /** With keys to be fetched from the issuer. */
  asking: {
    args: ["login", POLICY],
    // whose outcome is not what is asked about
    user: "daemon",
    stdin: [
      encodeSegment({ alg: "RS256", kid: "k1", typ: "JWT" }),
      encodeSegment({ iss: `https://${ISSUER}`, aud: "ssh-prod", sub: "root" }),
      encodeSegment("signature"),
    ].join("."),
    code: 9,
  },
  finish: {
    args: ["device", "finish", POLICY],
    user: "root",
    stdin: "junk",
    code: 7,
  },
  outcome: {
    args: ["outcome", POLICY, "authinfo_unavail"],
    user: "root",
    stdin: "junk",
    code: 7,
  },
} as const;
type Start = keyof typeof STARTS;
const ALL = Object.keys(STARTS) as Start[];
const OWN_DECISIONS = ALL.map((start) => STARTS[start].code);

function policyText(cache: string, host: string): string {
  return `version: 1
issuers:
  campus:
    issuer: https://${host}
    audiences: [ssh-prod]
    device: {client_id: ssh-login}
rules:
  staff:
    accounts: [{claim: sub}]
cache: {directory: ${cache}}
`;
}

/** A host with the program built for its policy. */
async function builtHost(
  kind: BuildKind,
  issuer = ISSUER,
): Promise<PamHost> {
  // a wrapper in the place of Deno runs itself until its time is over
  const launcher = { "limit=30\n": "limit=6\n", "limit=120 ": "limit=6 " };
  const host = await createPamHost({ launcher });
  await Deno.mkdir(`${host.directory}/cache`, { mode: 0o700 });
  const policy = policyText(`${host.directory}/cache`, issuer);
  await Deno.writeTextFile(host.policy, policy);
  await buildProgram({ policy: host.policy, output: host.program, kind });
  return host;
}

/** The files of a build, those that a login does not start first last. */
function filesOf(program: string, kind: BuildKind): string[] {
  const bundle = `${program}.js`;
  return kind === "compiled" ? [program] : [
    ...[program, bundle, issuerFile(bundle), restFile(bundle)],
    runtimeFile(program),
  ];
}

/** How the launcher ends for each. */
async function ends(
  host: PamHost,
  starts: readonly Start[] = ALL,
): Promise<number[]> {
  // an issuer that did not answer is not asked again for a while
  await Deno.remove(`${host.directory}/cache/jwks`, { recursive: true })
    .catch(() => {});
  return await Promise.all(starts.map(async (start) => {
    const { args, user, stdin } = STARTS[start];
    const { code } = await launch(host, {
      args: args.map((word) => word === POLICY ? host.policy : word),
      env: [`PAM_USER=${user}`, "PAM_TYPE=auth", "PAM_SERVICE=sshd"],
      stdin,
    });
    return code;
  }));
}

/** What reads a file of the build: without it, that does not come to its own decision. */
async function readersOf(host: PamHost, file: string): Promise<Start[]> {
  await Deno.rename(file, `${file}.away`);
  const codes = await ends(host);
  await Deno.rename(`${file}.away`, file);
  return ALL.filter((start, index) => codes[index] !== STARTS[start].code);
}

async function assertRefused(
  host: PamHost,
  what: string,
  starts: readonly Start[] = ALL,
): Promise<void> {
  const codes = await ends(host, starts);
  assert.ok(codes.every((code) => code > 0 && code < 124), `${what}: ${codes}`);
}

const encoder = new TextEncoder();
/** What a file holds instead; `whole` is what it held. */
const INSTEAD: readonly [string, (whole: Uint8Array) => Uint8Array][] = [
  ["nothing", () => new Uint8Array()],
  ["a newline", () => encoder.encode("\n")],
  ["blanks", () => encoder.encode("  \n \n")],
  ["zeroes", () => new Uint8Array(4096)],
  ["a comment of the shell", () => encoder.encode("# nothing\n")],
  ["a comment of JavaScript", () => encoder.encode("// nothing\n")],
  [
    "its first 64 bytes and zeroes",
    (whole) => {
      const bytes = new Uint8Array(65536);
      bytes.set(whole.subarray(0, 64));
      return bytes;
    },
  ],
];

for (const kind of BUILD_KINDS) {
  Deno.test(`a build whose files are whole refuses junk by its own decision (${kind})`, async () => {
    await using host = await builtHost(kind);
    assert.deepEqual(await ends(host), OWN_DECISIONS);
  });

  Deno.test(`a file of the build that holds nothing of use lets nobody in (${kind})`, async () => {
    await using host = await builtHost(kind);
    for (const file of filesOf(host.program, kind)) {
      const whole = await Deno.readFile(file);
      for (const [what, make] of INSTEAD) {
        await Deno.writeFile(file, make(whole));
        await assertRefused(host, `${file} holds ${what}`);
      }
      await Deno.writeFile(file, whole);
    }
    assert.deepEqual(await ends(host), OWN_DECISIONS);
  });

  Deno.test(`a file of the build cut at any of ${CUTS} places lets nobody in (${kind})`, async () => {
    await using host = await builtHost(kind);
    const readers: Start[][] = [];
    for (const file of filesOf(host.program, kind)) {
      const whole = await Deno.readFile(file);
      const starts = await readersOf(host, file);
      readers.push(starts);
      for (let cut = CUTS; cut > 0; cut--) {
        const length = Math.floor(whole.length * cut / (CUTS + 1));
        await Deno.truncate(file, length);
        await assertRefused(host, `${file} cut after ${length} bytes`, starts);
      }
      await Deno.writeFile(file, whole);
    }
    assert.deepEqual(
      readers,
      kind === "compiled"
        ? [ALL]
        : [ALL, ALL, ["asking"], ["finish", "outcome"], ALL],
    );
    assert.deepEqual(await ends(host), OWN_DECISIONS);
  });

  Deno.test(`a file of the build swapped for another lets nobody in (${kind})`, async () => {
    await using host = await builtHost(kind);
    await using other = await builtHost(kind, "localhost:2");
    const files = filesOf(host.program, kind);
    const others = [...filesOf(other.program, kind), "/bin/true", "/bin/sh"];
    for (const file of files) {
      const whole = await Deno.readFile(file);
      for (const replacement of [...others, ...files]) {
        if (replacement === file) continue;
        await Deno.writeFile(file, await Deno.readFile(replacement));
        await assertRefused(host, `${file} is ${replacement}`);
      }
      await Deno.writeFile(file, whole);
    }
  });
}

/** Bits of it that are turned, spread over all of it. */
const FLIPS = 120;

Deno.test("a code cache with a bit turned, or cut, lets nobody in", async () => {
  await using host = await builtHost("runtime");
  for (let turn = 0; turn < 2; turn++) {
    assert.deepEqual(await ends(host), OWN_DECISIONS);
  }
  const folder = await codeFolder(host.program);
  const file = `${folder}/v8_code_cache_v2`;
  // out of the journal, whose check sums would give a turned bit away
  const database = new DatabaseSync(file);
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
  const whole = await Deno.readFile(file);
  assert.ok(whole.length > 200_000, `it has ${whole.length} bytes`);
  const restored = async (bytes: Uint8Array) => {
    for (const { name } of Deno.readDirSync(folder ?? "")) {
      if (name.startsWith("v8_code_cache")) {
        await Deno.remove(`${folder}/${name}`);
      }
    }
    await Deno.writeFile(file, bytes);
  };
  for (let flip = 0; flip < FLIPS; flip++) {
    const bit = Math.floor(whole.length * 8 * (flip + 0.5) / FLIPS);
    const bytes = whole.slice();
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    await restored(bytes);
    await assertRefused(host, `bit ${bit} of the code cache is turned`);
  }
  for (let cut = 0; cut < FLIPS / 4; cut++) {
    const length = Math.floor(whole.length * cut / (FLIPS / 4));
    await restored(whole.slice(0, length));
    await assertRefused(host, `the code cache ends after ${length} bytes`);
  }
  await restored(whole);
  assert.deepEqual(await ends(host), OWN_DECISIONS);
});

const STACKS = [
  "login-device-sign-in",
  "sshd-device-sign-in",
  "sshd-device-sign-in-with-fallback",
  "sshd-oauth-ssh",
  "sshd-pasted-token-pam_exec",
  "sshd-pasted-token-pam_script",
  "sshd-pasted-token-with-outcomes",
  "su-device-sign-in",
  "sudo-device-step-up",
];

Deno.test("these are all stacks of pam.d.example/", () => {
  const names = [
    ...Deno.readDirSync(new URL("../../pam.d.example/", import.meta.url)),
  ].map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => name.includes("-")).sort(),
    [
      ...STACKS,
      // asks account and session alone
      "sshd-certificates",
      "oauth-pam-launch",
      // not PAM's: test/pam.d.example/ssh_keys_launcher_test.ts has what may break there
      "oauth-pam-ssh-keys",
      "sshd_config-certificates",
      // for what reads and rotates the records
      "logrotate-audit",
      "rsyslog-audit.conf",
      "vector-audit.yaml",
    ].sort(),
  );
});

for (const stack of STACKS) {
  Deno.test(`${stack} lets nobody in while a file below the launcher is empty`, async () => {
    await using host = await builtHost("runtime");
    await host.installStack(stack, {
      service: "x",
      // root runs the tests, whom su admits without a question; nobody waits for login's delay
      change: (text) =>
        text.replace(/^auth\s+sufficient pam_rootok\.so$/m, "")
          .replace("delay=3000000", "delay=0"),
    });
    for (const file of filesOf(host.program, "runtime")) {
      await Deno.rename(file, `${file}.whole`);
      await Deno.writeTextFile(file, "", { mode: 0o755 });
      const { ok, output } = await host.authenticate({
        service: "x",
        user: "root",
        password: "anything",
      });
      assert.equal(ok, false, `${file}: ${output}`);
      assert.match(output, /fail|denied|error/i);
      await Deno.rename(`${file}.whole`, file);
    }
  });
}
