/**
 * The CI files: what they may do, and what the policy workflow's own lines say to changes of a
 * policy, in a throw-away repository with a policy on its main branch. The lines for other sites in
 * policies/README.md are held to the same.
 *
 * @module
 */
// Threats: J1
import assert from "node:assert/strict";
import { parse } from "yaml";
import {
  bash,
  checkOutChange,
  ciWorkspace,
  groupsFiles,
  groupsPolicy,
  groupsTests,
  tagged,
} from "./support/ci.ts";
import {
  action,
  actOnChange,
  type Change,
  checkChange,
  type Checked,
  declaredInputs,
  onlyJob,
  workflow,
} from "./support/workflow.ts";

/** Of all jobs. */
async function allSteps(name: string) {
  return Object.values((await workflow(name)).jobs).flatMap(({ steps }) =>
    steps
  );
}

const CHECKOUT = new URL("../", import.meta.url).pathname;

for (const name of ["ci.yml", "policy.yml"]) {
  Deno.test(`${name} may read the repository and nothing else`, async () => {
    const { permissions, jobs } = await workflow(name);
    assert.deepEqual(permissions, {});
    for (const job of Object.values(jobs)) {
      assert.deepEqual(job.permissions, { contents: "read" });
      assert.ok(job["timeout-minutes"] <= 60);
    }
  });
}

Deno.test("release.yml publishes what has passed, and only that job may write", async () => {
  const { on, permissions, jobs } = await workflow("release.yml");
  assert.deepEqual(on, { push: { tags: ["v*"] } });
  assert.deepEqual(permissions, {});
  assert.deepEqual(Object.keys(jobs), [
    "ci",
    "packages",
    "archive",
    "release",
  ]);
  const { ci, packages, archive, release } = jobs;
  // the same as for every commit
  assert.deepEqual(ci, (await workflow("ci.yml")).jobs["ci"]);
  assert.equal(packages?.needs, "ci");
  assert.deepEqual(packages?.permissions, { contents: "read" });
  assert.equal(packages?.container?.image, ci?.container?.image);
  assert.deepEqual(
    packages?.steps.flatMap(({ run }) =>
      /^\.ci\/.*/.exec(run ?? "")?.[0] ?? []
    ),
    [".ci/packages packages"],
  );
  // what others wrote runs where it can publish and sign nothing
  assert.equal(archive?.needs, "ci");
  assert.deepEqual(archive?.permissions, { contents: "read" });
  assert.match(archive?.steps.at(-1)?.run ?? "", / task build /);
  assert.deepEqual(release?.needs, ["packages", "archive"]);
  assert.deepEqual(release?.permissions, {
    contents: "write",
    "id-token": "write",
    attestations: "write",
  });
  const steps = release?.steps ?? [];
  const order = [
    /checkout/,
    /^\.ci\/release /,
    /download-artifact/,
    /\.ci\/sign /,
    /attest/,
    /release create/,
  ];
  assert.equal(steps.length, order.length);
  for (const [index, { uses, run, with: given }] of steps.entries()) {
    assert.match(uses ?? run ?? "", order[index] ?? /^$/);
    // where the archive is that was just made, nothing else may come to lie
    assert.doesNotMatch(`${given?.["path"]}`, /release/);
    assert.doesNotMatch(run ?? "", /\b(?:npx|npm|deno|apt-get|curl)\b/);
  }
});

Deno.test("dependencies and pinned actions are looked after", async () => {
  const { updates } = parse(
    await Deno.readTextFile(`${CHECKOUT}.github/dependabot.yml`),
  );
  assert.deepEqual(
    updates.map((one: Record<string, string>) => [
      one["package-ecosystem"],
      one["directory"],
    ]),
    [["github-actions", "/"], ["deno", "/"]],
  );
});

const WORKFLOWS = [...Deno.readDirSync(`${CHECKOUT}.github/workflows`)]
  .map(({ name }) => name);

for (const name of WORKFLOWS) {
  Deno.test(`${name} pins what it uses by commit, and keeps no credentials`, async () => {
    for (const { uses, with: given } of await allSteps(name)) {
      if (uses === undefined) continue;
      assert.match(uses, /^actions\/[a-z-]+@[0-9a-f]{40}$/);
      if (!uses.startsWith("actions/checkout@")) continue;
      assert.equal(given?.["persist-credentials"], false);
    }
    const text = await Deno.readTextFile(
      `${CHECKOUT}.github/workflows/${name}`,
    );
    const pins = [...text.matchAll(/uses: \S+@[0-9a-f]{40}(.*)$/gm)];
    assert.ok(pins.every(([, note]) => /^ # v\d+\.\d+\.\d+$/.test(note ?? "")));
  });

  Deno.test(`${name} puts no expression into a script`, async () => {
    for (const { run } of await allSteps(name)) {
      assert.doesNotMatch(run ?? "", /\$\{\{/);
    }
  });

  Deno.test(`${name} does not run with the rights of the base branch`, async () => {
    const { on } = await workflow(name);
    for (const event of ["pull_request_target", "workflow_run"]) {
      assert.equal(Object.hasOwn(on, event), false);
    }
  });
}

// ---- a release ----

/** A repository with a version in deno.json, a changelog, and a tag. */
async function releasable(
  {
    version = "1.2.3",
    changelog =
      "## 1.2.3 - 2026-01-31\n\n- first\n\n## 1.2.2 - 2026-01-01\n\n- older\n",
    tag = "v1.2.3",
  },
): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-release-" });
  await Deno.mkdir(`${folder}/.ci`);
  await Deno.copyFile(`${CHECKOUT}.ci/release`, `${folder}/.ci/release`);
  await Deno.writeTextFile(
    `${folder}/deno.json`,
    `{\n  "name": "x",\n  "version": "${version}",\n  "license": "MIT"\n}\n`,
  );
  await Deno.writeTextFile(`${folder}/CHANGELOG.md`, changelog);
  const made = await bash(
    `git init -q -b main . && git add -A && git commit -qm one && git tag ${tag}`,
    { cwd: folder },
  );
  assert.equal(made.code, 0, made.output);
  return folder;
}

Deno.test("a release has the archive of its tag, its checksum and its part of the changelog", async () => {
  const folder = await releasable({});
  const out = await Deno.makeTempDir({ prefix: "oauth-pam-release-out-" });
  try {
    const ran = await bash(
      `.ci/release v1.2.3 ${out}/a && .ci/release v1.2.3 ${out}/b && cmp ${out}/a/*.tar.gz ${out}/b/*.tar.gz &&
       cd ${out}/a && sha256sum -c SHA256SUMS && tar -tzf oauth-pam-1.2.3.tar.gz`,
      { cwd: folder },
    );
    assert.equal(ran.code, 0, ran.output);
    assert.match(ran.output, /^oauth-pam-1\.2\.3\/deno\.json$/m);
    assert.equal(
      (await Deno.readTextFile(`${out}/a/notes.md`)).trim(),
      "- first",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(out, { recursive: true });
  }
});

const NO_RELEASES = {
  "a version that is not the tag's": [
    { version: "1.2.4" },
    "true",
    /deno\.json has version 1\.2\.4/,
  ],
  "no section of its own in the changelog": [
    {
      changelog:
        "## Unreleased\n\n- first\n\n## 1.2.2 - 2026-01-01\n\n- older\n",
    },
    "true",
    /CHANGELOG\.md has no section/,
  ],
  "a section without a date": [
    { changelog: "## 1.2.3\n\n- first\n" },
    "true",
    /CHANGELOG\.md has no section/,
  ],
  "an empty section": [
    {
      changelog: "## 1.2.3 - 2026-01-31\n\n## 1.2.2 - 2026-01-01\n\n- older\n",
    },
    "true",
    /CHANGELOG\.md has no section/,
  ],
  "no such tag": [{ tag: "other" }, "true", /there is no tag v1\.2\.3/],
  "a tag on another commit": [
    {},
    "git commit -q --allow-empty -m two",
    /is on another commit/,
  ],
  "files that are not committed": [{}, "echo >more", /are not committed/],
} as const;

for (const [what, [given, change, says]] of Object.entries(NO_RELEASES)) {
  Deno.test(`there is no release with ${what}`, async () => {
    const folder = await releasable(given);
    try {
      const ran = await bash(`${change} && .ci/release v1.2.3 out`, {
        cwd: folder,
      });
      assert.equal(ran.code, 1, ran.output);
      assert.match(ran.output, says);
      await assert.rejects(Deno.stat(`${folder}/out`), Deno.errors.NotFound);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("CHANGELOG.md has the version of deno.json as its newest release, and what came after it above", async () => {
  const { version } = JSON.parse(
    await Deno.readTextFile(`${CHECKOUT}deno.json`),
  );
  const text = await Deno.readTextFile(`${CHECKOUT}CHANGELOG.md`);
  const [unreleased, newest] = [...text.matchAll(/^## (.*)$/gm)].map((
    [, head],
  ) => head);
  assert.equal(unreleased, "Unreleased");
  assert.match(newest ?? "", /^\d+\.\d+\.\d+ - \d{4}-\d\d-\d\d$/);
  assert.equal(newest?.split(" ")[0], version);
});

Deno.test("ci.yml runs .ci/run in a Debian container", async () => {
  const { ci } = (await workflow("ci.yml")).jobs;
  assert.ok(ci);
  const { container, steps } = ci;
  assert.match(container?.image ?? "", /-bookworm$/);
  assert.deepEqual(steps.flatMap(({ run }) => run ?? []), [".ci/run"]);
});

Deno.test("ci.yml answers quickly with a task that there is", async () => {
  const { quick } = (await workflow("ci.yml")).jobs;
  assert.deepEqual(quick?.steps.flatMap(({ run }) => run ?? []), [
    "npx -y deno@2.9.6 task quick",
  ]);
  const { tasks } = JSON.parse(await Deno.readTextFile(`${CHECKOUT}deno.json`));
  assert.match(tasks.quick.command, /^deno fmt --check && deno lint && /);
  // what it names is there: a test that moves would be left out without a word
  const named = tasks.quick.command.match(/(?<= )test\/\S+/g) ?? [];
  assert.ok(named.length > 5);
  for (const path of named) await Deno.stat(`${CHECKOUT}${path}`);
});

Deno.test("policy.yml takes the program of the commit at which it was pinned itself", async () => {
  const [site, program] = (await onlyJob("policy.yml")).steps;
  assert.equal(site?.with?.["path"], "site");
  assert.equal(site?.with?.["fetch-depth"], 0);
  assert.equal(
    program?.with?.["ref"],
    "${{ inputs.version || job.workflow_sha }}",
  );
  assert.equal(
    program?.with?.["repository"],
    "${{ inputs.repository || job.workflow_repository }}",
  );
});

// ---- the lines, executed ----

let folder = "";
Deno.test.beforeAll(async () => {
  folder = await ciWorkspace();
});
Deno.test.afterAll(async () => {
  await Deno.remove(folder, { recursive: true });
});

function check(change: Change): Promise<Checked> {
  return checkChange(folder, change);
}

function assertEnds(ran: Checked, code: number, failed: string | null): void {
  assert.deepEqual([ran.code, ran.failed], [code, failed], ran.output);
}

const MORE = ["staff", "faculty", "students"];

Deno.test("the policy workflow passes a change that says the same", async () => {
  const text = `# comment\n${groupsPolicy(["faculty", "staff"])}`;
  const ran = await check({ files: { "site.yaml": text } });
  assertEnds(ran, 0, null);
  assert.match(ran.output, /^changes tried: [1-9]\d*, .*unnoticed: 0,/m);
});

Deno.test("the policy workflow passes a narrower policy", async () => {
  const ran = await check({ files: groupsFiles(["staff"]) });
  assertEnds(ran, 0, null);
  assert.match(ran.output, /narrower/);
});

Deno.test("the policy workflow fails with 1 for a wider policy and says who gets in, unless fail-on says never", async () => {
  const files = groupsFiles(MORE);
  const ran = await check({ files });
  assertEnds(ran, 1, "Compare with the main branch");
  assert.match(ran.output, /wider/);
  assert.match(ran.output, /students/);
  assertEnds(await check({ files, inputs: { "fail-on": "never" } }), 0, null);
});

Deno.test("the policy workflow fails with 3 for a broken policy, in the step that reads it first", async () => {
  const ran = await check({
    files: { "site.yaml": groupsPolicy(["staff"]).replace("rules:", "rulez:") },
  });
  assertEnds(ran, 3, "Lint");
  assert.match(ran.output, /^::error .*file=site\.yaml.*line=4/m);
  assert.ok(ran.findings.includes("policy/unknown-key"), ran.output);
});

Deno.test("the policy workflow fails with 1 for a warning of lint, and keeps it as SARIF", async () => {
  const text = groupsPolicy(["staff", "faculty"])
    .replace("audiences: [ssh]", "audiences: [ssh], clock_skew: 2m");
  const ran = await check({ files: { "site.yaml": text } });
  assertEnds(ran, 1, "Lint");
  assert.deepEqual(ran.findings, ["clock/skew-too-large"]);
});

Deno.test("the policy workflow fails with 1 for a change that no test notices", async () => {
  const ran = await check({ files: { "site.yaml": groupsPolicy(MORE) } });
  assertEnds(ran, 1, "Test");
  assert.match(ran.output, /removing "students"/);
});

Deno.test("the policy workflow fails with 1 for a policy that main does not have, unless fail-on says never", async () => {
  const files = {
    "new.yaml": groupsPolicy(["staff"]),
    "new.test.yaml": groupsTests(["staff"]),
  };
  const inputs = { policy: "new.yaml" };
  const ran = await check({ files, inputs });
  assertEnds(ran, 1, "Compare with the main branch");
  assert.match(ran.output, /there is no new\.yaml on main/);
  const never = { ...inputs, "fail-on": "never" };
  assertEnds(await check({ files, inputs: never }), 0, null);
});

Deno.test("the policy workflow runs no program that the branch brings along", async () => {
  const ran = await check({
    files: {
      ...groupsFiles(MORE),
      ".npmrc": "registry=http://192.0.2.1/\n",
      "deno.json": `{"imports": {"yaml": "./site.yaml"}, "lock": false}`,
      "package.json": `{"name": "deno", "bin": {"deno": "site.yaml"}}`,
    },
  });
  assertEnds(ran, 1, "Compare with the main branch");
});

Deno.test("the policy workflow's gates each say what they find, whatever the others found", async () => {
  const text = groupsPolicy(MORE)
    .replace("audiences: [ssh]", "audiences: [ssh], clock_skew: 2m");
  const ran = await check({ files: { "site.yaml": text } });
  assertEnds(ran, 1, "Lint");
  assert.deepEqual(ran.codes, {
    "Get the program": 0,
    "Lint": 1,
    "Test": 1,
    "Compare with the main branch": 1,
  });
  const annotations = ran.output.split("\n").filter((line) =>
    /^::(?:error|warning) /.test(line)
  );
  for (
    const title of [
      "clock/skew-too-large",
      "policy test",
      "policy diff%3A wider",
    ]
  ) {
    assert.ok(
      annotations.some((line) => line.includes(`title=${title}`)),
      `${title}: ${annotations.join("\n")}`,
    );
  }
  const broken = groupsPolicy(["staff"]).replace("rules:", "rulez:");
  const none = await check({ files: { "site.yaml": broken } });
  assert.deepEqual(Object.values(none.codes), [0, 3, 3, 3]);
});

Deno.test("the job summary shows the change as a table, and the tests", async () => {
  const { summary } = await check({ files: groupsFiles(MORE) });
  assert.match(
    summary,
    /^### Tests of <code>site\.yaml<\/code>\n\n9 tests, 9 passed, 0 failed; coverage: 100 % .*\n/,
  );
  assert.match(
    summary,
    /^### Change of <code>site\.yaml<\/code>: wider\n\n.*\n\n\| .*account.*\n\| ---.*\n\| gains \| <code>someone<\/code> .*\| <code>staff<\/code> \| 8 \| .*added "students" \| <details>/m,
  );
  const files = { "new.yaml": groupsPolicy(["staff"]) };
  const ran = await check({ files, inputs: { policy: "new.yaml" } });
  assert.match(ran.summary, /^### Change of the policy: this policy is new/m);
  assert.match(ran.summary, /^\| someone and others \| staff \| campus \|/m);
});

Deno.test("what a branch writes steers neither the log nor the summary of the policy workflow", async () => {
  const evil = "::error::x\\n::set-output name=a::b##[error]x</details>|@all";
  const tests = `${
    groupsTests(["staff", "faculty"])
  }  - {name: "${evil}", claims: {groups: ["${evil}"]}, expect: allow}\n`;
  const text = groupsPolicy(["staff", "faculty"]).replace(
    '["staff","faculty"]',
    `["staff", "faculty", "${evil}2"]`,
  );
  const ran = await check({
    files: { "site.yaml": text, "site.test.yaml": tests },
  });
  assertEnds(ran, 1, "Test");
  let stopped: string | null = null;
  const commands: string[] = [];
  for (const line of ran.output.split("\n")) {
    const [, word] = /^::stop-commands::([0-9a-f]{32})$/.exec(line) ?? [];
    if (word !== undefined) stopped = word;
    else if (line === `::${stopped}::`) stopped = null;
    else if (stopped === null && /^\s*::|##\[/.test(line)) commands.push(line);
  }
  assert.equal(stopped, null);
  assert.ok(commands.length > 2);
  for (const line of commands) {
    assert.match(
      line,
      /^::(?:error|warning|notice) (?:file=[^:]*,)?(?:line=\d+,)?[^:]*title=policy [^:]*::/,
    );
  }
  assert.match(ran.summary, /x&#60;\/details&#62;/);
  assert.doesNotMatch(ran.summary, /::|##\[|@all/);
});

Deno.test("the policy workflow runs no gate without its program", async () => {
  const broken = await ciWorkspace();
  try {
    await Deno.writeTextFile(`${broken}/oauth-pam/deno.lock`, "nonsense");
    const ran = await checkChange(broken, { files: {} });
    assert.equal(ran.failed, "Get the program");
    assert.deepEqual(Object.keys(ran.codes), ["Get the program"]);
  } finally {
    await Deno.remove(broken, { recursive: true });
  }
});

// ---- the action ----

Deno.test("the action takes what the workflow takes, pins nothing else and expands nothing in scripts", async () => {
  const { inputs, outputs, runs } = await action();
  const declared = await declaredInputs();
  assert.deepEqual(Object.keys(inputs), ["policy", "base", "fail-on"]);
  for (const [name, input] of Object.entries(inputs)) {
    assert.deepEqual(
      [input.required, input.default],
      [declared[name]?.required, declared[name]?.default],
    );
  }
  assert.equal(runs.using, "composite");
  for (const { uses, run, shell } of runs.steps) {
    assert.equal(uses, undefined);
    assert.equal(shell, "bash");
    assert.doesNotMatch(run ?? "${{", /\$\{\{/);
  }
  assert.deepEqual(Object.keys(outputs), ["sarif"]);
});

Deno.test("the action's gates end as the workflow's do", async () => {
  const cases = [
    { files: groupsFiles(["staff"]), code: 0, failed: null },
    {
      files: groupsFiles(MORE),
      code: 1,
      failed: "Compare with the main branch",
    },
    {
      files: groupsFiles(MORE),
      inputs: { "fail-on": "never" },
      code: 0,
      failed: null,
    },
    { files: { "site.yaml": "version: 1\n" }, code: 3, failed: "Lint" },
  ];
  for (const { code, failed, ...change } of cases) {
    const ran = await actOnChange(folder, change);
    assertEnds(ran, code, failed);
    assert.equal(Object.keys(ran.codes).length, 4);
    assert.match(ran.summary, /^### Change of <code>site\.yaml<\/code>: /m);
  }
  const output = await Deno.readTextFile(`${folder}/output`);
  assert.equal(output.split("\n")[0], `sarif=${folder}/temp/policy.sarif`);
  await Deno.stat(`${folder}/temp/policy.sarif`);
});

// ---- the hooks ----

interface Hook {
  readonly id: string;
  readonly entry: string;
  readonly language: string;
  readonly files: string;
}

async function hooks(): Promise<Hook[]> {
  return parse(await Deno.readTextFile(`${CHECKOUT}.pre-commit-hooks.yaml`));
}

/** What pre-commit does: the entry's first word lies in the hooks' repository, the files come last. */
async function runHook({ entry }: Hook, files: readonly string[]) {
  return await bash(
    `"$HOOKS"/${entry} ${files.map((file) => `'${file}'`).join(" ")}`,
    { cwd: `${folder}/site`, env: { HOOKS: `${folder}/oauth-pam` } },
  );
}

Deno.test("the hooks for pre-commit find what is wrong with the files they are given", async () => {
  const all = await hooks();
  assert.deepEqual(all.map(({ id }) => id), [
    "oauth-pam-lint",
    "oauth-pam-test",
  ]);
  const [lint, test] = all;
  assert.ok(lint !== undefined && test !== undefined);
  for (const { language, files } of all) {
    assert.equal(language, "script");
    assert.match("site/policies/a.yaml", new RegExp(files));
    assert.doesNotMatch(".github/workflows/ci.yml", new RegExp(files));
  }
  const names = ["site.yaml", "site.test.yaml"];
  await checkOutChange(folder, groupsFiles(["staff"]));
  assert.equal((await runHook(lint, names)).code, 0);
  assert.equal((await runHook(test, names)).code, 0);
  const broken = groupsPolicy(["staff"]).replace("rules:", "rulez:");
  await checkOutChange(folder, {
    "site.yaml": broken,
    ".npmrc": "registry=http://192.0.2.1/\n",
  });
  const linted = await runHook(lint, names);
  assert.equal(linted.code, 3, linted.output);
  assert.match(linted.output, /policy\/unknown-key/);
  await checkOutChange(folder, { "site.yaml": groupsPolicy(["students"]) });
  const tested = await runHook(test, ["site.yaml"]);
  assert.equal(tested.code, 1, tested.output);
  assert.match(tested.output, /failed: staff gets in/);
});

Deno.test("every script in CI runs the same version of Deno", async () => {
  const texts = await Promise.all(
    [
      ".ci/run",
      ...["install", "hook"].map((name) => `.github/actions/policy/${name}`),
      "policies/README.md",
    ].map((name) => Deno.readTextFile(`${CHECKOUT}${name}`)),
  );
  const versions = texts.map((
    text,
  ) => [
    ...new Set([...text.matchAll(/deno@([0-9.]+)/g)].map(([, one]) => one)),
  ]);
  assert.deepEqual(versions, Array(4).fill(versions[0]));
  assert.equal(versions[0]?.length, 1);
});

// ---- the lines of policies/README.md ----

/** The tag of this version, which the lines name and a release will have. */
async function ownTag(): Promise<string> {
  const text = await Deno.readTextFile(`${CHECKOUT}deno.json`);
  return `v${JSON.parse(text).version}`;
}

async function documentBlock(title: string): Promise<unknown> {
  const readme = await Deno.readTextFile(`${CHECKOUT}policies/README.md`);
  const start = readme.indexOf(`\n\`\`\`yaml title=${title}\n`);
  assert.ok(start >= 0, `policies/README.md has no block ${title}`);
  const text = readme.slice(readme.indexOf("\n", start + 1));
  return parse(text.slice(0, text.indexOf("\n```\n")));
}

Deno.test("policies/README.md's call of the workflow names inputs that there are, and grants what it takes", async () => {
  const caller = await documentBlock(".github/workflows/policy.yml") as {
    permissions: unknown;
    jobs: { policy: { uses: string; with: Record<string, string> } };
  };
  const { uses, with: given } = caller.jobs.policy;
  assert.match(uses, /^[\w-]+\/oauth-pam\/\.github\/workflows\/policy\.yml@/);
  const inputs = await declaredInputs();
  for (const name of Object.keys(given)) {
    assert.ok(Object.hasOwn(inputs, name), name);
  }
  for (const [name, { required }] of Object.entries(inputs)) {
    assert.ok(required !== true || Object.hasOwn(given, name), name);
  }
  const job = await onlyJob("policy.yml");
  assert.deepEqual(caller.permissions, job.permissions);
});

Deno.test("policies/README.md's lines for GitLab end with 0 for a narrower, 1 for a wider and 3 for a broken policy", async () => {
  const { policy } = await documentBlock(".gitlab-ci.yml") as {
    policy: {
      variables: Record<string, string>;
      before_script: string[];
      script: string[];
      artifacts: { paths: string[]; reports: { junit: string[] } };
    };
  };
  const lines = [...policy.before_script, ...policy.script];
  const tag = policy.variables["OAUTH_PAM"] ?? "";
  assert.equal(tag, await ownTag());
  const [, branch, url] = /git clone .*--branch (\S+) (\S+)/.exec(
    lines.join("\n"),
  ) ?? [];
  assert.equal(branch, '"$OAUTH_PAM"');
  assert.ok(url !== undefined);
  const own = await ciWorkspace();
  const env = {
    ...policy.variables,
    BASE: "main",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `url.${await tagged(own, tag)}.insteadOf`,
    GIT_CONFIG_VALUE_0: url,
  };
  const cases = [
    { files: groupsFiles(["staff"]), code: 0, says: /narrower/ },
    { files: groupsFiles(MORE), code: 1, says: /wider/ },
    { files: { "site.yaml": "version: 1\n" }, code: 3, says: /missing/ },
  ];
  for (const { files, code, says } of cases) {
    await checkOutChange(own, files);
    const ran = await bash(lines.join("\n"), { cwd: `${own}/site`, env });
    assert.equal(ran.code, code, ran.output);
    assert.match(ran.output, says);
    const junit = await Deno.readTextFile(`${own}/site/lint.xml`);
    assert.match(junit, /<testsuites/);
    // what is kept is what was written, by each gate, whatever the others found
    const { paths, reports } = policy.artifacts;
    for (const name of [...paths, ...reports.junit]) {
      const text = await Deno.readTextFile(`${own}/site/${name}`);
      assert.match(text, name.endsWith(".md") ? /^### / : /<testsuites/);
    }
    const change = await Deno.readTextFile(`${own}/site/policy-diff.md`);
    assert.equal(/^\| gains .*students/m.test(change), code === 1, change);
  }
  // a file or a link of the branch is not written through
  await checkOutChange(own, groupsFiles(MORE));
  const ran = await bash(
    `ln -s /proc/self/nowhere policy-diff.md\nmkdir lint.xml\n${
      lines.join("\n")
    }`,
    { cwd: `${own}/site`, env },
  );
  assert.equal(ran.code, 1, ran.output);
  await Deno.remove(own, { recursive: true });
});

Deno.test("policies/README.md's steps call the action with inputs that there are, after a checkout with the history", async () => {
  const steps = await documentBlock("steps") as {
    uses: string;
    with: Record<string, unknown>;
  }[];
  const [checkout, policy] = steps;
  const job = await onlyJob("policy.yml");
  assert.equal(checkout?.uses, job.steps[0]?.uses);
  assert.deepEqual(checkout?.with, {
    "fetch-depth": 0,
    "persist-credentials": false,
  });
  assert.match(
    policy?.uses ?? "",
    /^[\w-]+\/oauth-pam\/\.github\/actions\/policy@COMMIT$/,
  );
  const { inputs } = await action();
  for (const name of Object.keys(policy?.with ?? {})) {
    assert.ok(Object.hasOwn(inputs, name), name);
  }
  for (const [name, { required }] of Object.entries(inputs)) {
    assert.ok(required !== true || Object.hasOwn(policy?.with ?? {}, name));
  }
});

Deno.test("policies/README.md's lines for pre-commit name hooks that there are, at the tag of this version", async () => {
  const { repos: [repo] } = await documentBlock(".pre-commit-config.yaml") as {
    repos: [{ rev: string; hooks: { id: string; files: string }[] }];
  };
  assert.equal(repo.rev, await ownTag());
  assert.deepEqual(
    repo.hooks.map(({ id }) => id),
    (await hooks()).map(({ id }) => id),
  );
  for (const { files } of repo.hooks) {
    for (const name of ["site.yaml", "site.test.yaml"]) {
      assert.match(name, new RegExp(files));
    }
  }
});
