/**
 * The shipped policies: no finding, all tests pass, every condition is covered, every change is
 * noticed, and every allow rule has grants and near misses.
 *
 * @module
 */
// Threats: I1
import assert from "node:assert/strict";
import { parse } from "yaml";
import { cliOnDisk as run } from "./support/cli.ts";

const FOLDER = new URL("../policies/", import.meta.url).pathname;
const NAMES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
  .filter((name) => name !== "README.md").sort();
const POLICIES = NAMES.filter((name) => !name.endsWith(".test.yaml"));

interface Tested {
  readonly name: string;
  readonly expect:
    | string
    | { decision?: string; reason?: string; rule?: string };
  readonly [key: string]: unknown;
}

interface Suite {
  readonly defaults?: Readonly<Record<string, unknown>>;
  readonly tests: readonly Tested[];
}

async function suiteOf(name: string): Promise<Suite> {
  const path = `${FOLDER}${name.replace(/\.yaml$/, ".test.yaml")}`;
  return parse(await Deno.readTextFile(path)) as Suite;
}

async function allowRules(name: string): Promise<string[]> {
  const policy = parse(await Deno.readTextFile(FOLDER + name)) as {
    rules: Record<string, { effect?: string }>;
  };
  return Object.entries(policy.rules)
    .filter(([, { effect }]) => effect !== "deny")
    .map(([id]) => id);
}

/** What a test asks, one entry a claim and a part of the request, with the defaults. */
function facts(test: Tested, { defaults = {} }: Suite): Map<string, string> {
  const { name: _, expect: __, ...asked } = { ...defaults, ...test };
  const claims = {
    ...defaults["claims"] as Record<string, unknown> | undefined,
    ...test["claims"] as Record<string, unknown> | undefined,
  };
  return new Map([
    ...Object.entries({ ...asked, claims: undefined }),
    ...Object.entries(claims).map(([key, value]) => [`claim ${key}`, value]),
  ].map(([key, value]) => [String(key), JSON.stringify(value ?? null)]));
}

function differences(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): number {
  const keys = new Set([...one.keys(), ...other.keys()]);
  return [...keys].filter((key) =>
    (one.get(key) ?? "null") !== (other.get(key) ?? "null")
  ).length;
}

function isDeny({ expect }: Tested): boolean {
  return typeof expect === "string"
    ? expect === "deny"
    : expect.decision === "deny" ||
      (expect.decision === undefined && expect.reason !== "allowed");
}

Deno.test("the shipped policies are ten providers and four situations, each with its tests beside it", () => {
  assert.deepEqual(POLICIES, [
    "auth0.yaml",
    "break-glass.yaml",
    "cilogon.yaml",
    "company.yaml",
    "entra-groups.yaml",
    "github-runners.yaml",
    "gitlab.yaml",
    "google-workspace.yaml",
    "kanidm.yaml",
    "keycloak-roles.yaml",
    "okta.yaml",
    "sudo-step-up.yaml",
    "university.yaml",
    "wlcg.yaml",
  ]);
  const beside = POLICIES.map((name) => name.replace(/\.yaml$/, ".test.yaml"));
  assert.deepEqual(NAMES, [...POLICIES, ...beside].sort());
});

for (const name of POLICIES) {
  Deno.test(`${name} has no lint finding of any level, and suppresses with reasons`, async () => {
    const args = ["policy", "lint", "--fail-level", "info", "--format", "json"];
    const { code, stdout, stderr } = await run([...args, FOLDER + name]);
    assert.deepEqual(JSON.parse(stdout).findings, []);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const text = await Deno.readTextFile(FOLDER + name);
    for (const [comment] of text.matchAll(/#\s*oauth-pam:.*/g)) {
      assert.match(comment, /ignore\[[a-z/-]+\] .{20,}/);
    }
  });

  Deno.test(`${name} passes its tests, which cover every condition and notice every change`, async () => {
    const { code, stdout, stderr } = await run([
      ...["policy", "test", "--coverage-threshold", "100", "--mutate"],
      ...["--format", "json", FOLDER + name],
    ]);
    const report = JSON.parse(stdout);
    assert.equal(report.failed, 0, stdout);
    const pretty = await run([
      ...["policy", "test", "--coverage", "--mutate"],
      FOLDER + name,
    ]);
    assert.match(pretty.stdout, /^coverage: 100 % \((\d+) of \1\)$/m);
    assert.match(pretty.stdout, /^changes tried: [1-9]\d*, .*unnoticed: 0,/m);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  });

  Deno.test(`${name} has a grant of every allow rule, and a near miss that differs from it in one thing`, async () => {
    const suite = await suiteOf(name);
    for (const id of await allowRules(name)) {
      const grants = suite.tests.filter(({ expect }) =>
        typeof expect === "object" && expect.decision === "allow" &&
        expect.rule === id
      ).map((test) => facts(test, suite));
      assert.ok(grants.length > 0, `no grant of the rule "${id}"`);
      const misses = suite.tests.filter((test) =>
        isDeny(test) &&
        grants.some((grant) => differences(grant, facts(test, suite)) === 1)
      );
      assert.ok(misses.length > 0, `no near miss of the rule "${id}"`);
    }
  });
}

Deno.test("no shipped policy admits somebody of whom the issuer only says an address and a name", async () => {
  const folder = await Deno.makeTempDir();
  for (const name of POLICIES) {
    const suite = await suiteOf(name);
    const tests = ["alice", "deploy", "emergency", "projectx", "root"].map(
      (account) => ({
        name: `nobody in particular as ${account}`,
        account,
        claims: {
          sub: "u1",
          email: `${account}@example.com`,
          preferred_username: account,
        },
        expect: "deny",
      }),
    );
    const defaults = {
      map_files: suite.defaults?.["map_files"] ?? {},
      rhost: suite.defaults?.["rhost"] ?? null,
    };
    await Deno.copyFile(FOLDER + name, `${folder}/${name}`);
    await Deno.writeTextFile(
      `${folder}/${name.replace(/\.yaml$/, ".test.yaml")}`,
      JSON.stringify({ defaults, tests }),
    );
    const { code, stdout } = await run(["policy", "test", `${folder}/${name}`]);
    assert.equal(code, 0, stdout);
  }
  await Deno.remove(folder, { recursive: true });
});
