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
  readonly id?: string;
  readonly shell?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly "working-directory"?: string;
}

interface Job {
  readonly needs?: string | readonly string[];
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

interface Action {
  readonly inputs: Readonly<Record<string, Input>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

/** The action in .github/actions/policy. */
export async function action(): Promise<Action> {
  const path = `${CHECKOUT}.github/actions/policy/action.yml`;
  return parse(await Deno.readTextFile(path), { uniqueKeys: true });
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
  /** The name of the step that failed first; its exit code is `code`. */
  readonly failed: string | null;
  /** How each step that ran ended, by its name. */
  readonly codes: Readonly<Record<string, number>>;
  /** What the steps left for the job summary. */
  readonly summary: string;
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

function withDefaults(
  declared: Readonly<Record<string, Input>>,
  { inputs: given }: Change,
): Record<string, string> {
  const inputs: Record<string, string> = { policy: "site.yaml" };
  for (const [name, input] of Object.entries(declared)) {
    if (input.default !== undefined) inputs[name] = input.default;
  }
  return { ...inputs, ...given };
}

function expandedAll(
  env: Readonly<Record<string, string>> | undefined,
  inputs: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env ?? {}).map(([name, value]) => [
      name,
      expanded(value, inputs),
    ]),
  );
}

/** Runs the policy workflow's scripts on a change, step by step. */
export async function checkChange(
  folder: string,
  change: Change,
): Promise<Checked> {
  const { steps, env, defaults } = await onlyJob("policy.yml");
  const inputs = withDefaults(await declaredInputs(), change);
  return await runSteps(folder, {
    ...{ change, steps, inputs },
    env: expandedAll(env, inputs),
    directory: defaults?.run["working-directory"] ?? "",
  });
}

/** The same with the action's. */
export async function actOnChange(
  folder: string,
  change: Change,
): Promise<Checked> {
  const { runs, inputs: declared } = await action();
  return await runSteps(folder, {
    change,
    steps: runs.steps,
    inputs: withDefaults(declared, change),
    env: {
      GITHUB_ACTION_PATH: `${folder}/oauth-pam/.github/actions/policy`,
    },
    directory: "site",
  });
}

/** The one condition for scripts here: whatever became of the others, once there is a program. */
const WITH_PROGRAM =
  "${{ !cancelled() && steps.program.outcome == 'success' }}";

interface Run {
  readonly change: Change;
  readonly steps: readonly Step[];
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
}

async function runSteps(
  folder: string,
  { change, steps, inputs, env, directory }: Run,
): Promise<Checked> {
  await checkOutChange(folder, change.files);
  for (const name of await filesIn(`${folder}/temp`)) {
    await Deno.remove(`${folder}/temp/${name}`, { recursive: true });
  }
  let [output, summary] = ["", ""];
  let ended: { code: number; failed: string | null } = {
    code: 0,
    failed: null,
  };
  const codes: Record<string, number> = {};
  let program = false;
  for (const step of steps) {
    const { name = "", id, run } = step;
    if (run === undefined) continue;
    if (step.if === undefined) {
      if (ended.failed !== null) continue;
    } else {
      assert.equal(step.if, WITH_PROGRAM);
      if (!program) continue;
    }
    const read = (file: string) =>
      Deno.readTextFile(`${folder}/${file}`).catch(() => "");
    const added = (await read("path")).trim().split("\n");
    const summaryFile = `${folder}/temp/summary`;
    await Deno.writeTextFile(summaryFile, "");
    const ran = await bash(run, {
      cwd: `${folder}/${step["working-directory"] ?? directory}`,
      env: {
        RUNNER_TEMP: `${folder}/temp`,
        GITHUB_PATH: `${folder}/path`,
        GITHUB_OUTPUT: `${folder}/output`,
        GITHUB_STEP_SUMMARY: summaryFile,
        ...env,
        ...expandedAll(step.env, inputs),
        PATH: [...added, Deno.env.get("PATH")].join(":"),
      },
    });
    output += ran.output;
    summary += await Deno.readTextFile(summaryFile);
    codes[name] = ran.code;
    if (id === "program") program = ran.code === 0;
    if (ran.code !== 0 && ended.failed === null) {
      ended = { code: ran.code, failed: name };
    }
  }
  const sarif = await Deno.readTextFile(`${folder}/temp/policy.sarif`)
    .then(JSON.parse).catch(() => ({ runs: [] }));
  const findings = sarif.runs.flatMap((
    { results }: { results: { ruleId: string }[] },
  ) => results.map(({ ruleId }) => ruleId));
  return { ...ended, output, findings, codes, summary };
}

async function filesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
}
