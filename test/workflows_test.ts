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
  assert.deepEqual(Object.keys(jobs), ["ci", "release"]);
  const { ci, release } = jobs;
  // the same as for every commit
  assert.deepEqual(ci, (await workflow("ci.yml")).jobs["ci"]);
  assert.equal(release?.needs, "ci");
  assert.deepEqual(release?.permissions, {
    contents: "write",
    "id-token": "write",
    attestations: "write",
  });
  const steps = release?.steps ?? [];
  const order = [
    /checkout/,
    /^\.ci\/release /,
    /task build /,
    /attest/,
    /release create/,
  ];
  assert.equal(steps.length, order.length);
  for (const [index, { uses, run }] of steps.entries()) {
    assert.match(uses ?? run ?? "", order[index] ?? /^$/);
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

// ---- the lines of policies/README.md ----

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
    };
  };
  const lines = [...policy.before_script, ...policy.script];
  const [, tag, url] = /git clone .*--branch (\S+) (\S+)/.exec(
    lines.join("\n"),
  ) ?? [];
  assert.ok(tag !== undefined && url !== undefined);
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
  }
  await Deno.remove(own, { recursive: true });
});
