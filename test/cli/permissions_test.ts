/**
 * What a built program may not do: it says so, and where to run it instead.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  clientFlags,
  permissionFlags,
  permissionNeeds,
} from "../../src/build/permissions.ts";
import { parsePolicy, usable } from "../../src/policy/syntax/parse.ts";
import { bundledProgram } from "../support/program.ts";

const POLICY = `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh-prod]
rules:
  staff:
    when: {groups: {any: [staff]}}
    accounts: [{claim: sub}]
tests:
  - {name: staff, account: alice, claims: {sub: alice, groups: [staff]}, expect: allow}
  - {name: others, account: alice, claims: {sub: alice, groups: [guests]}, expect: deny}
`;

/** As the program that is built for {@link POLICY} runs, compiled or not. */
function loginFlags(): string[] {
  const policy = usable(parsePolicy(POLICY, { file: "site.yaml" }));
  assert.ok(policy);
  const { deno: denoVersion } = Deno.version;
  return permissionFlags(permissionNeeds(policy), { denoVersion });
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a verb under the flags, in a folder of its own that "@" stands for. */
async function withFolder(
  flags: readonly string[],
  body: (
    run: (...args: string[]) => Promise<Ended>,
    folder: string,
  ) => Promise<void>,
): Promise<void> {
  const program = await bundledProgram();
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/site.yaml`, POLICY);
    await Deno.writeTextFile(
      `${folder}/claims.json`,
      '{"sub":"alice","groups":["staff"]}',
    );
    await body(async (...args) => {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-lock", "--no-config", ...flags],
          program,
          ...args.map((arg) => arg.replace("@", folder)),
        ],
        cwd: folder,
        env: { SSH_AUTH_SOCK: `${folder}/agent` },
        stdin: "null",
      }).output();
      const decoder = new TextDecoder();
      return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
    }, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const EXPLAIN = [
  ...["policy", "explain", "@/site.yaml", "--account", "alice"],
  ...["--issuer", "campus", "--claims", "@/claims.json"],
];
const GIT =
  /this program may not run git: it was built without "--allow-run=git"; run "deno task oauth-pam policy diff …" from a checkout instead\n$/;
const GLOBUS = [
  ...["globus", "register", "ssh.example.edu", "--client-id", "x"],
  ...["--name-server", "192.0.2.53"],
];

Deno.test("a program built for logins says which permission it lacks, and where there is one that has it", () =>
  withFolder(loginFlags(), async (run, folder) => {
    const secret = `${folder}/secret`;
    await Deno.writeTextFile(secret, "s\n", { mode: 0o600 });
    const before = [...Deno.readDirSync(folder)].length;
    for (
      const [args, lacks] of [
        [
          [...EXPLAIN, "--save-test", "@/x.test.yaml"],
          'write to "@/x.test.yaml"',
        ],
        [
          ["policy", "lint", "@/site.yaml", "--output", "@/x.json"],
          'write to "@/x.json"',
        ],
        [
          ["policy", "lint", "@/site.yaml", "--reporter", "sarif=@/x.json"],
          'write to "@/x.json"',
        ],
        [
          ["policy", "lint", "--list-rules", "--output", "@/x"],
          'write to "@/x"',
        ],
        [
          ["policy", "test", "@/site.yaml", "--output", "@/x"],
          'write to "@/x"',
        ],
        [
          ["policy", "init", "--provider", "google", "--output", "@/x.yaml"],
          'write to "@/x.yaml"',
        ],
        [
          [...GLOBUS, "--client-secret-file", "@/secret"],
          'connect to "192.0.2.53:53"',
        ],
        [
          ["key", "--issuer", "https://login.example.edu", "--client-id", "x"],
          'read the variable "SSH_AUTH_SOCK"',
        ],
      ] as const
    ) {
      const { code, out, err } = await run(...args);
      const [group, verb] = args;
      const command = group === "key" ? group : `${group} ${verb}`;
      const where = group === "key"
        ? ` or the program of "deno task build --client"`
        : "";
      assert.deepEqual({ code, out }, { code: 3, out: "" }, args.join(" "));
      assert.equal(
        err,
        `oauth-pam: error: this program was built without the permission to ${
          lacks.replace("@", folder)
        }: run "deno task oauth-pam ${command} …" from a checkout${where} instead\n`,
      );
    }
    const { code, err } = await run(
      ...["policy", "diff", "HEAD:site.yaml", "@/site.yaml"],
    );
    assert.equal(code, 3);
    assert.match(err, GIT);
    assert.equal([...Deno.readDirSync(folder)].length, before);
  }));

Deno.test("a program built for logins does what needs no more than it has", () =>
  withFolder(loginFlags(), async (run) => {
    for (
      const args of [
        EXPLAIN,
        ["policy", "lint", "@/site.yaml"],
        ["policy", "test", "@/site.yaml"],
        ["policy", "diff", "@/site.yaml", "@/site.yaml"],
        ["policy", "init", "--provider", "google"],
        ["key", "--help"],
        ["-h"],
      ]
    ) {
      const { code, err } = await run(...args);
      assert.ok(code === 0 || code === 1, `${args.join(" ")}: ${err}`);
      assert.doesNotMatch(err, /permission|Requires|internal error/);
    }
  }));

Deno.test("the client's program says so, too", () =>
  withFolder(clientFlags(), async (run, folder) => {
    const { code, out, err } = await run(
      ...["policy", "diff", "HEAD:site.yaml", "@/site.yaml"],
    );
    assert.deepEqual({ code, out }, { code: 3, out: "" });
    assert.match(err, GIT);
    assert.equal(
      (await run(...EXPLAIN, "--save-test", "@/x.test.yaml")).code,
      0,
    );
    assert.match(await Deno.readTextFile(`${folder}/x.test.yaml`), /^tests:\n/);
  }));

Deno.test("what cannot be written is no defect", () =>
  withFolder(["-A"], async (run, folder) => {
    await Deno.mkdir(`${folder}/out/taken.test.yaml`, { recursive: true });
    await Deno.symlink("elsewhere", `${folder}/out/link.test.yaml`);
    for (
      const args of [
        [...EXPLAIN, "--save-test"],
        ["policy", "test", "@/site.yaml", "--output"],
        ["policy", "lint", "--list-rules", "--output"],
      ]
    ) {
      const reads = args.includes("--save-test");
      for (
        const [file, why] of [
          ["none/x.test.yaml", "cannot be written: its folder does not exist"],
          [
            "site.yaml/x.test.yaml",
            reads
              ? "cannot be read"
              : "cannot be written: its folder is not a folder",
          ],
          ["out/taken.test.yaml", reads ? "cannot be read" : "is a directory"],
          ["out/link.test.yaml", "is a symbolic link: name the file itself"],
        ] as const
      ) {
        const { code, err } = await run(...args, `@/${file}`);
        assert.deepEqual(
          [code, err],
          args[1] === "test"
            // as for lint: a report's place is a matter of the command line
            ? [
              2,
              `oauth-pam: error: cannot write "${folder}/${file}": ${
                why.replace("cannot be written: ", "").replace(/^is/, "it is")
              }\n`,
            ]
            : [3, `oauth-pam: error: the file "${folder}/${file}" ${why}\n`],
          args.join(" "),
        );
      }
    }
  }));
