/**
 * What the program says about itself.
 *
 * @module
 */
// Threats: J2
import assert from "node:assert/strict";
import config from "../../deno.json" with { type: "json" };
import { ENVIRONMENT } from "../../src/build/permissions.ts";
import { runCli, VERBS } from "../../src/cli/cli.ts";
import type { CliIo } from "../../src/cli/io.ts";
import { cli } from "../support/cli.ts";

Deno.test("--version names what a flaw would be looked up by: the program, the runtime, and jose", async () => {
  const { code, stdout } = await cli(["--version"]);
  assert.equal(code, 0);
  const [, jose] = config.imports["@panva/jose"].split("jose@");
  assert.match(String(jose), /^\d+\.\d+\.\d+$/);
  assert.equal(
    stdout,
    `oauth-pam ${config.version} (deno ${Deno.version.deno}, jose ${jose})\n`,
  );
});

Deno.test("version says the same as --version", async () => {
  assert.deepEqual(await cli(["version"]), await cli(["--version"]));
});

Deno.test("--help, -h and help list every command, those for PAM and sshd apart", async () => {
  const { code, stdout, stderr } = await cli(["--help"]);
  assert.deepEqual([code, stderr], [0, ""]);
  for (const args of [["-h"], ["help"], ["help", "--help"], ["help", "-h"]]) {
    assert.deepEqual((await cli(args)).stdout, stdout, args.join(" "));
  }
  const [people = "", pam = ""] = stdout.split("for PAM and sshd only");
  for (const { words, summary } of VERBS) {
    assert.match(people, new RegExp(`^  ${words} +${summary}$`, "m"));
  }
  for (
    const words of [
      ...["login", "device start", "device tell", "device finish"],
      ...["outcome", "ssh-keys"],
    ]
  ) {
    assert.match(pam, new RegExp(`^  ${words}  +[a-z]`, "m"));
  }
  const longest = Math.max(...stdout.split("\n").map(({ length }) => length));
  assert.ok(longest <= 80, `a line of ${longest} characters`);
});

for (const { words, load } of VERBS) {
  Deno.test(`${words} tells its usage for -h, --help and help ${words}`, async () => {
    const { HELP } = await load();
    const asked = {
      code: 0,
      stdout: `${HELP.trim()}\n`,
      stderr: "",
      written: {},
    };
    const verb = words.split(" ");
    for (
      const args of [
        [...verb, "--help"],
        [...verb, "-h"],
        [...verb, "a-file", "-h", "another"],
        ["help", ...verb],
        ["help", ...verb, "--help"],
      ]
    ) {
      assert.deepEqual(await cli(args), asked, args.join(" "));
    }
    assert.match(HELP, new RegExp(`^\\s*usage: oauth-pam ${words}\\b`));
  });

  Deno.test(`${words}: every option that it takes is in its usage, and no other`, async () => {
    const { HELP } = await load();
    const { code, stderr } = await cli([...words.split(" "), "--no-such-one"]);
    assert.equal(code, 2);
    const [, list = ""] =
      /^oauth-pam: error: unknown option "--no-such-one", (.+)$/m
        .exec(stderr) ?? [];
    const taken = [...list.matchAll(/"(--[a-z-]+)"/g)].map(([, name]) => name)
      .filter((name) => name !== "--help");
    const told = new Set(
      [...HELP.matchAll(/(?<![\w"-])--[a-z][a-z-]*/g)].map(([name]) => name),
    );
    if (taken.length === 0) assert.equal(list, "it has no options");
    assert.deepEqual(
      taken.filter((name) => !told.has(String(name))),
      [],
      "not told",
    );
    assert.deepEqual(
      [...told].filter((name) => !taken.includes(name)),
      [],
      "told, not taken",
    );
  });
}

Deno.test("what comes after -- is not a call for help", async () => {
  for (const word of ["-h", "--help"]) {
    const { code, stdout, stderr } = await cli(["policy", "lint", "--", word]);
    assert.deepEqual([code, stdout.includes("usage")], [3, false], stderr);
    assert.ok(stdout.includes(`${word}:1:1: `), stdout);
  }
});

const GROUPS = {
  policy: ["lint", "test", "explain", "diff", "show", "schema", "init"],
  token: ["inspect"],
  globus: ["register"],
  device: ["start", "finish"],
};

for (const [group, verbs] of Object.entries(GROUPS)) {
  Deno.test(`${group} is a group, and lists its commands`, async () => {
    const { code, stdout, stderr } = await cli([group, "--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(
      stdout,
      new RegExp(`^usage: oauth-pam ${group} COMMAND …$`, "m"),
    );
    const listed = [...stdout.matchAll(/^ {2}(\S+ \S+) {2}/gm)]
      .map(([, words]) => words);
    assert.ok(listed.every((words) => words?.startsWith(`${group} `)));
    for (const verb of verbs) assert.ok(listed.includes(`${group} ${verb}`));
    for (const args of [[group, "-h"], [group, "help"], ["help", group]]) {
      assert.deepEqual(
        await cli(args),
        { code: 0, stdout, stderr: "", written: {} },
        args.join(" "),
      );
    }
    const bare = await cli([group]);
    assert.deepEqual([bare.code, bare.stdout], [2, ""]);
    assert.equal(
      bare.stderr,
      `oauth-pam: error: "${group}" is a group of commands: name one of them\n${stdout}`,
    );
  });
}

Deno.test("help for PAM's commands tells what each takes", async () => {
  for (
    const words of [
      ...["login", "device start", "device tell", "device finish"],
      ...["outcome", "ssh-keys"],
    ]
  ) {
    const { code, stdout } = await cli(["help", ...words.split(" ")]);
    assert.equal(code, 0, words);
    assert.ok(stdout.startsWith(`usage: oauth-pam ${words} `), stdout);
    assert.match(stdout, /^exit codes: (?:0 |25 always$)/m);
  }
});

for (
  const [args, suggestion] of [
    [["policy", "lnit"], "policy lint"],
    [["policy", "lnit", "site.yaml"], "policy lint"],
    [["polcy", "lint"], "policy lint"],
    [["polciy", "lnit", "site.yaml"], "policy lint"],
    [["polcy"], "policy"],
    [["polcy", "site.yaml"], "policy"],
    [["polcy", "--help"], "policy"],
    [["help", "polcy", "lint"], "policy lint"],
    [["help", "lnit"], "policy lint"],
    [["lint", "site.yaml"], "policy lint"],
    [["lnit", "site.yaml"], "policy lint"],
    [["policy lint", "site.yaml"], "policy lint"],
    [["policy-lint", "site.yaml"], "policy lint"],
    [["policy", "inspect"], "token inspect"],
    [["toekn", "inspect"], "token inspect"],
    [["inspect"], "token inspect"],
    [["globus", "regsiter", "x"], "globus register"],
    [["cehck", "site.yaml"], "check"],
    [["ekY"], "key"],
    [["hlep"], "help"],
    [["verison"], "version"],
    [["lgoin", "site.yaml"], "login"],
    [["device", "fnish", "site.yaml"], "device finish"],
    [["outcmoe"], "outcome"],
    [["--hepl"], "--help"],
    [["--verison"], "--version"],
    [["policy", "--hlep"], "--help"],
    [["policy", "lint", "--fromat", "json", "x"], "--format"],
    [["policy", "lint", "--hlep"], "--help"],
    [["policy", "schema", "--hepl"], "--help"],
  ] as const
) {
  Deno.test(`${args.join(" ")}: did you mean ${suggestion}?`, async () => {
    const { code, stdout, stderr } = await cli(args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^oauth-pam: error: unknown (?:command|option) "/);
    assert.ok(
      stderr.endsWith(`\nhint: did you mean "${suggestion}"?\n`),
      stderr,
    );
  });
}

for (
  const args of [
    ["policy", "frobnicate"],
    ["frobnicate", "lint"],
    ["help", "frobnicate"],
    ["site.yaml"],
    ["-x"],
    [""],
  ]
) {
  Deno.test(`${JSON.stringify(args)} is like nothing that there is`, async () => {
    const { code, stdout, stderr } = await cli(args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(
      stderr,
      /^oauth-pam: error: unknown (?:command|option) "[^\n]*", expected one of "[^\n]+\n$/,
    );
  });
}

Deno.test("of a group only its own commands are expected", async () => {
  const { stderr } = await cli(["token", "frobnicate"]);
  assert.equal(
    stderr,
    'oauth-pam: error: unknown command "token frobnicate", expected "token inspect"\n',
  );
});

Deno.test("options of a command that come before it", async () => {
  const { code, stderr } = await cli(["--format", "json", "policy", "lint"]);
  assert.equal(code, 2);
  assert.equal(
    stderr,
    'oauth-pam: error: unknown option "--format", expected one of "--help", "-h" or "--version"\n' +
      "hint: the options of a command come after it\n",
  );
});

for (
  const [args, complaint] of [
    [
      ["policy", "schema", "--output", "x"],
      'unknown option "--output", expected one of "--for" or "--help"',
    ],
    [["policy", "show", "--format"], '"--format" needs a value'],
    [
      ["policy", "show", "--format", "--effective", "x"],
      '"--format" needs a value; one that begins with "-" is written "--format=-…"',
    ],
    [
      ["policy", "show", "--effective=yes", "x"],
      '"--effective" takes no value',
    ],
    [
      ["policy", "show", "-x", "x"],
      'unknown option "-x", expected one of "--effective", "--format" or "--help"',
    ],
  ] as const
) {
  Deno.test(`${args.join(" ")}: ${complaint}`, async () => {
    const { code, stdout, stderr } = await cli(args);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.equal(stderr, `oauth-pam: error: ${complaint}\n`);
  });
}

Deno.test("a checkout's program may read whatever a built one may: what is not set is not set", () => {
  const { command } = config.tasks["oauth-pam"];
  const [, read = ""] = /--allow-env=(\S+)/.exec(command) ?? [];
  const missing = ENVIRONMENT.filter((name) => !read.split(",").includes(name));
  assert.deepEqual(missing, []);
});

Deno.test("a defect says what to report and where", async () => {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const io = {
    stdout: (text: string) => {
      stdout.push(text);
      throw new RangeError("a defect\u001b[2J\nof two lines");
    },
    stderr: (text: string) => stderr.push(text),
  };
  const code = await runCli(["policy", "schema"], io as unknown as CliIo);
  assert.equal(code, 70);
  assert.equal(
    stderr.join(""),
    `oauth-pam: internal error: RangeError: a defect\\u001b[2J\\u000aof two lines (oauth-pam ${config.version}, deno ${Deno.version.deno}, policy schema)\n` +
      "hint: this is a defect: please report it with this line where oauth-pam comes from, or as SECURITY.md says if it may let somebody in\n",
  );
});
