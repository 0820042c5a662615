/**
 * The CI files of this repository, and the policy workflow's scripts run as a runner would.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { bash, checkOutChange, type Ran } from "./ci.ts";

const CHECKOUT = new URL("../../", import.meta.url).pathname;

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly "working-directory"?: string;
}

interface Job {
  readonly needs?: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly "timeout-minutes": number;
  readonly container?: { image: string; options: string };
  readonly defaults?: { run: { shell: string; "working-directory": string } };
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** A file of .github/workflows. */
export async function workflow(name: string): Promise<Workflow> {
  return parse(
    await Deno.readTextFile(`${CHECKOUT}.github/workflows/${name}`),
    { uniqueKeys: true },
  );
}

/** The job of a workflow that has one. */
export async function onlyJob(name: string): Promise<Job> {
  const jobs = Object.values((await workflow(name)).jobs);
  assert.equal(jobs.length, 1);
  return jobs[0] as Job;
}

export interface Change {
  /** The files of the branch, by name; everything else is as on main. */
  readonly files: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
}

export interface Checked extends Ran {
  /** The name of the step that failed; its exit code is `code`. */
  readonly failed: string | null;
  /** Rule ids in the SARIF file. */
  readonly findings: readonly string[];
}

/** The value of what the workflow writes between "${{" and "}}" in its environment. */
function expanded(text: string, inputs: Readonly<Record<string, string>>) {
  return text.replace(
    /\$\{\{ inputs\.([a-z-]+) \}\}/g,
    (_, name: string) => {
      const value = inputs[name];
      assert.ok(value !== undefined, name);
      return value;
    },
  );
}

interface Input {
  readonly required?: boolean;
  readonly default?: string;
}

/** What the policy workflow can be told. */
export async function declaredInputs(): Promise<
  Readonly<Record<string, Input>>
> {
  const { on } = await workflow("policy.yml");
  return (on["workflow_call"] as { inputs: Record<string, Input> }).inputs;
}

async function environment(
  folder: string,
  change: Change,
): Promise<Record<string, string>> {
  const { env = {} } = await onlyJob("policy.yml");
  const inputs: Record<string, string> = { policy: "site.yaml" };
  for (const [name, input] of Object.entries(await declaredInputs())) {
    if (input.default !== undefined) inputs[name] = input.default;
  }
  Object.assign(inputs, change.inputs);
  return {
    RUNNER_TEMP: `${folder}/temp`,
    GITHUB_PATH: `${folder}/path`,
    ...Object.fromEntries(
      Object.entries(env).map((
        [name, value],
      ) => [name, expanded(value, inputs)]),
    ),
  };
}

/** Runs the policy workflow's scripts on a change, step by step, as far as they succeed. */
export async function checkChange(
  folder: string,
  change: Change,
): Promise<Checked> {
  await checkOutChange(folder, change.files);
  await Deno.remove(`${folder}/temp/policy.sarif`).catch(() => {});
  const job = await onlyJob("policy.yml");
  const env = await environment(folder, change);
  let output = "";
  let ended: { code: number; failed: string | null } = {
    code: 0,
    failed: null,
  };
  for (const step of job.steps) {
    if (step.run === undefined || ended.failed !== null) continue;
    const directory = step["working-directory"] ??
      job.defaults?.run["working-directory"];
    const added = await Deno.readTextFile(`${folder}/path`).catch(() => "");
    const path = [...added.trim().split("\n"), Deno.env.get("PATH")].join(":");
    const ran = await bash(step.run, {
      cwd: `${folder}/${directory}`,
      env: { ...env, PATH: path },
    });
    output += ran.output;
    if (ran.code !== 0) ended = { code: ran.code, failed: step.name ?? "" };
  }
  const sarif = await Deno.readTextFile(`${folder}/temp/policy.sarif`)
    .then(JSON.parse).catch(() => ({ runs: [] }));
  const findings = sarif.runs.flatMap((
    { results }: { results: { ruleId: string }[] },
  ) => results.map(({ ruleId }) => ruleId));
  return { ...ended, output, findings };
}
