/**
 * What a branch under review can bring along does not change what a gate in CI compares.
 *
 * @module
 */
import assert from "node:assert/strict";

const OLD = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
rules:
  staff: {when: {groups: {any: [staff]}}, accounts: [{names: [alice]}]}
`;
const WIDER = OLD.replace("[staff]", "[staff, guest]");
const BASE = "refs/remotes/origin/main";

interface Checkout {
  readonly folder: string;
  git(...args: string[]): Promise<string>;
  write(path: string, text: string): Promise<void>;
  /** `oauth-pam ARGS` in the checkout. */
  run(...args: string[]): Promise<{ code: number; out: string; err: string }>;
}

const MAIN = new URL("../../../src/main.ts", import.meta.url).pathname;

/** A checkout as CI has it: `origin/main` has the old policy, the branch the wider one. */
async function inCheckout(
  body: (checkout: Checkout) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const output = async (command: string, args: string[]) => {
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args,
      cwd: folder,
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    return { code, out: out ?? "", err: err ?? "" };
  };
  const checkout: Checkout = {
    folder,
    async git(...args) {
      const name = [
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@example.org",
      ];
      const { code, out, err } = await output("git", [...name, ...args]);
      assert.equal(code, 0, `${args.join(" ")}: ${err}`);
      return out.trim();
    },
    write: (path, text) => Deno.writeTextFile(`${folder}/${path}`, text),
    run: (...args) =>
      output(Deno.execPath(), [
        ...["run", "--no-lock", "--no-prompt", "--allow-read", "--allow-write"],
        ...["--allow-env", "--allow-run=git", MAIN, ...args],
      ]),
  };
  try {
    await checkout.git("init", "-q", "-b", "change");
    await checkout.write("site.yaml", OLD);
    await checkout.git("add", "-A");
    await checkout.git("commit", "-q", "-m", "base");
    await checkout.git("update-ref", BASE, "HEAD");
    await checkout.write("site.yaml", WIDER);
    await checkout.git("commit", "-q", "-a", "-m", "change");
    await body(checkout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const gate = ["policy", "diff", "--fail-on", "wider"];

Deno.test("policy diff --base compares with the same path at the revision", () =>
  inCheckout(async ({ run, git, folder }) => {
    for (
      const base of [
        BASE,
        "origin/main",
        await git("rev-parse", BASE),
        "HEAD~1",
      ]
    ) {
      for (const path of ["site.yaml", "./site.yaml", `${folder}/site.yaml`]) {
        const { code, out, err } = await run(...gate, "--base", base, path);
        assert.deepEqual([code, err], [1, ""], `${base} ${path}`);
        assert.match(out, /^wider: /);
      }
    }
    const same = await run(...gate, "--base", "change", "site.yaml");
    assert.deepEqual([same.code, same.err], [0, ""]);
    assert.match(same.out, /^equivalent/);
  }));

Deno.test("policy diff --base takes one file, and says what is wrong with others", () =>
  inCheckout(async ({ run }) => {
    for (
      const args of [[], ["site.yaml", "site.yaml"], ["-"], ["HEAD:site.yaml"]]
    ) {
      const { code, err } = await run(...gate, "--base", BASE, ...args);
      assert.equal(code, 2, args.join());
      assert.match(err, /with --base, /);
    }
    const none = await run(...gate, "--base", BASE, "none.yaml");
    assert.equal(none.code, 3);
    assert.match(none.err, /git does not have it/);
  }));

Deno.test("a file of the branch that is called like the revision is refused, not read", () =>
  inCheckout(async ({ run, write, folder }) => {
    await Deno.mkdir(`${folder}/origin`);
    await write("origin/main:site.yaml", WIDER);
    const named = await run(...gate, "origin/main:site.yaml", "site.yaml");
    assert.equal(named.code, 3);
    assert.match(named.err, /there is a file of this name: remove it/);
    assert.equal(named.out, "");
    const based = await run(...gate, "--base", BASE, "site.yaml");
    assert.equal(based.code, 1, "--base does not look at files");
    await Deno.remove(`${folder}/origin/main:site.yaml`);
    await Deno.symlink("nowhere", `${folder}/origin/main:site.yaml`);
    assert.equal(
      (await run(...gate, "origin/main:site.yaml", "site.yaml")).code,
      3,
    );
    await Deno.remove(`${folder}/origin/main:site.yaml`);
    assert.equal(
      (await run(...gate, "origin/main:site.yaml", "site.yaml")).code,
      1,
    );
    await write("origin/main:site.yaml", WIDER);
    const file = await run(...gate, "./origin/main:site.yaml", "site.yaml");
    assert.deepEqual([file.code, file.err], [0, ""], "a file on purpose");
  }));

for (
  const [what, ref] of [
    ["a tag", "refs/tags/origin/main"],
    ["a local branch", "refs/heads/origin/main"],
    ["any other reference", "refs/origin/main"],
  ] as const
) {
  Deno.test(`${what} that shadows the base is refused, and the full name is not shadowed`, () =>
    inCheckout(async ({ run, git }) => {
      await git("update-ref", ref, "HEAD");
      for (
        const args of [["--base", "origin/main", "site.yaml"], [
          "origin/main:site.yaml",
          "site.yaml",
        ]]
      ) {
        const { code, err, out } = await run(...gate, ...args);
        assert.deepEqual([code, out], [3, ""]);
        assert.match(err, /may mean any of .*: write the one in full/);
        assert.ok(err.includes(ref) && err.includes(BASE), err);
      }
      const full = await run(...gate, "--base", BASE, "site.yaml");
      assert.equal(full.code, 1);
      assert.match(full.out, /^wider: /);
    }));
}

Deno.test("a reference called like a hash or HEAD is refused", () =>
  inCheckout(async ({ run, git }) => {
    const short = (await git("rev-parse", BASE)).slice(0, 8);
    assert.equal((await run(...gate, "--base", short, "site.yaml")).code, 1);
    await git("update-ref", `refs/tags/${short}`, "HEAD");
    await git("update-ref", "refs/tags/HEAD", "HEAD~1");
    for (const base of [short, "HEAD", "HEAD~1"]) {
      const { code, err } = await run(...gate, "--base", base, "site.yaml");
      assert.equal(code, 3, base);
      assert.match(err, /may mean any of/);
    }
  }));

Deno.test("an object that the repository replaces is not what is compared with", () =>
  inCheckout(async ({ run, git }) => {
    const blob = (rev: string) => git("rev-parse", `${rev}:site.yaml`);
    await git("replace", await blob(BASE), await blob("HEAD"));
    const { code, out } = await run(...gate, "--base", BASE, "site.yaml");
    assert.equal(code, 1);
    assert.match(out, /^wider: /);
  }));

// ---- files that are none ----

type Spoil = (path: string, folder: string) => Promise<unknown>;
const SPOILT: readonly [string, Spoil, RegExp][] = [
  [
    "a symbolic link to another file",
    async (path, folder) => {
      await Deno.rename(path, `${folder}/real`);
      await Deno.symlink("real", path);
    },
    /is a symbolic link/,
  ],
  [
    "a symbolic link to a secret of the runner",
    async (path) => {
      await Deno.remove(path);
      await Deno.symlink("/etc/shadow", path);
    },
    /is a symbolic link/,
  ],
  [
    "a symbolic link to a device that never ends",
    async (path) => {
      await Deno.remove(path);
      await Deno.symlink("/dev/zero", path);
    },
    /is a symbolic link/,
  ],
  [
    "a pipe",
    async (path) => {
      await Deno.remove(path);
      await new Deno.Command("mkfifo", { args: [path] }).output();
    },
    /is not a regular file/,
  ],
  [
    "a device",
    async (path) => {
      await Deno.remove(path);
      await new Deno.Command("mknod", { args: [path, "c", "1", "5"] }).output();
    },
    /is not a regular file/,
  ],
  [
    "a file of 100 MB",
    (path) => Deno.truncate(path, 100_000_000),
    /100000000 bytes, more than/,
  ],
  [
    "a directory",
    async (path) => {
      await Deno.remove(path);
      await Deno.mkdir(path);
    },
    /is a directory/,
  ],
];

for (const [what, spoil, message] of SPOILT) {
  Deno.test(`a policy or a file of tests that is ${what} is refused with a clear error`, () =>
    inCheckout(async ({ run, write, git, folder }) => {
      await write("site.test.yaml", "tests: []\n");
      await spoil(`${folder}/site.yaml`, folder);
      for (
        const args of [
          ["policy", "lint", "site.yaml"],
          ["policy", "diff", "--base", BASE, "site.yaml"],
        ]
      ) {
        const { code, err, out } = await run(...args);
        assert.equal(code, 3, args.join(" "));
        assert.match(out + err, message);
        assert.doesNotMatch(out + err, /root:/);
      }
      await Deno.remove(`${folder}/site.yaml`, { recursive: true });
      await git("checkout", "-q", "--", "site.yaml");
      await spoil(`${folder}/site.test.yaml`, folder);
      const tests = await run("policy", "test", "site.yaml");
      assert.equal(tests.code, 3, tests.out);
      assert.match(tests.out + tests.err, message);
    }));
}

Deno.test("a policy in a folder that is a symbolic link is refused", () =>
  inCheckout(async ({ run, folder, write }) => {
    await Deno.mkdir(`${folder}/real`);
    await write("real/site.yaml", OLD);
    await Deno.symlink("real", `${folder}/link`);
    for (
      const path of [
        "link/site.yaml",
        "./link/site.yaml",
        `${folder}/link/site.yaml`,
      ]
    ) {
      const { code, out } = await run("policy", "lint", path);
      assert.equal(code, 3, path);
      assert.match(out, /is reached through the symbolic link/);
    }
    assert.notEqual((await run("policy", "lint", "real/site.yaml")).code, 3);
  }));

Deno.test("a report is not written through a link or into a device, and replaces an ordinary file", () =>
  inCheckout(async ({ run, folder, write }) => {
    await write("victim", "precious");
    await Deno.symlink("victim", `${folder}/lint.xml`);
    await Deno.mkdir(`${folder}/outside`);
    await Deno.symlink("outside", `${folder}/reports`);
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    for (const target of ["lint.xml", "reports/lint.xml", "pipe", "outside"]) {
      const { code, err } = await run(
        ...["policy", "lint", "--reporter", `junit=${target}`, "site.yaml"],
      );
      assert.equal(code, 2, target);
      assert.match(
        err,
        /cannot write .*(symbolic link|regular file|directory)/,
      );
    }
    assert.equal(await Deno.readTextFile(`${folder}/victim`), "precious");
    assert.deepEqual([...Deno.readDirSync(`${folder}/outside`)], []);
    await write("plain.xml", "x".repeat(100_000));
    await run("policy", "lint", "--reporter", "junit=plain.xml", "site.yaml");
    assert.match(
      await Deno.readTextFile(`${folder}/plain.xml`),
      /^<\?xml.*<\/testsuites>\n$/s,
    );
    await write("claims.json", "{}");
    await Deno.symlink("victim", `${folder}/site.test.yaml`);
    const saved = await run(
      ...["policy", "explain", "site.yaml", "--account", "alice"],
      ...["--claims", "claims.json", "--save-test", "site.test.yaml"],
    );
    assert.equal(saved.code, 3);
    assert.equal(await Deno.readTextFile(`${folder}/victim`), "precious");
  }));

Deno.test("standard input is bounded, too, and an audit file is read line by line", () =>
  inCheckout(async ({ run, folder }) => {
    const record = JSON.stringify({
      time: "2026-01-01T12:00:00Z",
      user: "alice",
      service: "sshd",
      issuer: "campus",
      reason: "allowed",
      claims: { groups: ["guest"] },
    });
    const lines = 160_000;
    await Deno.writeTextFile(`${folder}/audit`, `${record}\n`.repeat(lines));
    assert.ok((await Deno.stat(`${folder}/audit`)).size > 16 * 1024 * 1024);
    const { code, out, err } = await run(
      ...["policy", "diff", "--base", BASE, "site.yaml"],
      ...["--replay", "audit", "--format", "json"],
    );
    assert.deepEqual([code, err], [0, ""]);
    assert.equal(JSON.parse(out).replay.decided, lines);
    const script = `head -c 20000000 /dev/zero | "$@"`;
    const piped = await new Deno.Command("sh", {
      args: [
        ...["-c", script, "sh", Deno.execPath(), "run", "--no-lock"],
        ...["--allow-read", "--allow-env", MAIN, "policy", "lint", "-"],
      ],
    }).output();
    assert.equal(piped.code, 3);
    assert.match(
      new TextDecoder().decode(piped.stdout),
      /has more than the 16777216 that are read/,
    );
  }));
