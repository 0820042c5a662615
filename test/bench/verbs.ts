/**
 * What the verbs for people cost with large inputs: the built program, as whole processes.
 *
 * @module
 */
import { buildProgram } from "../support/built_program.ts";
import { runMetered } from "../support/metered.ts";
import { runProgram } from "../support/run_program.ts";
import { shapedPolicies, shapedTests, SHAPES } from "../support/shapes.ts";
import type { Aim } from "./aims.ts";
import { median } from "./statistics.ts";

const ROUNDS = 5;

/** All of it, in milliseconds. */
export async function measureVerbs(): Promise<Aim[]> {
  const folder = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "oauth-pam-bench-" }),
  );
  try {
    await Deno.mkdir(`${folder}/cache`, { mode: 0o700 });
    return [
      ...await measureTests(folder),
      ...await measureDiff(folder),
      ...await measureLint(folder),
      ...await measureMutation(folder),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function measureTests(folder: string): Promise<Aim[]> {
  const policy = `${folder}/large.yaml`;
  const head = (rules: string) =>
    `version: 1
issuers:
  main: {issuer: "https://login.example.edu", audiences: [ssh]}
rules:
${rules}cache: {directory: ${folder}/cache}
`;
  const rules = Array.from(
    { length: 1000 },
    (_, index) =>
      `  rule${index}:\n    when: {groups: {any: [group${index}]}, email_verified: true}\n` +
      `    accounts: [{claim: email, strip_suffix: "@d${index}.example.edu"}]\n`,
  );
  await Deno.writeTextFile(policy, head(rules.join("")));
  const small = `${folder}/small.yaml`;
  await Deno.writeTextFile(small, head(rules[0] ?? ""));
  const cases = Array.from(
    { length: 10_000 },
    (_, index) =>
      `  - name: case ${index}\n    account: u${index}\n` +
      `    claims: {email: u${index}@d0.example.edu}\n    expect: ${
        index % 2 ? "allow" : "{decision: allow, rule: rule0}"
      }\n`,
  );
  await Deno.writeTextFile(
    `${folder}/small.test.yaml`,
    "defaults:\n  claims: {sub: u, email_verified: true, groups: [group0]}\ntests:\n" +
      `${
        cases.join("")
      }  - name: nobody else\n    account: root\n    expect: deny\n`,
  );
  const output = `${folder}/tool`;
  await buildProgram({ policy: small, output, kind: "runtime" });
  const time = async (args: readonly string[]) => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      const { code, stderr } = await runProgram(output, { args });
      times.push(performance.now() - start);
      if (code !== 0) throw new Error(`${args.join(" ")}: ${code} ${stderr}`);
    }
    return median(times);
  };
  const lint = ["policy", "lint", "--fail-level", "never", policy];
  return [
    {
      what: "policy lint, 1,000 rules",
      unit: "ms",
      measured: await time(lint),
      atMost: 1000,
    },
    {
      what: "policy test, 10,000 cases",
      unit: "ms",
      measured: await time(["policy", "test", small]),
      atMost: 3000,
    },
  ];
}

/** How `policy diff` grows with the rules, for one changed value; the aims are for 1,000 rules. */
async function measureDiff(folder: string): Promise<Aim[]> {
  const aims: Aim[] = [];
  for (const shape of SHAPES) {
    const times: number[] = [];
    let megabytes = NaN;
    for (const count of [10, 100, 1000]) {
      const files = [`${folder}/old.json`, `${folder}/new.json`];
      const policies = shapedPolicies(shape, count);
      for (const [index, file] of files.entries()) {
        await Deno.writeTextFile(file, JSON.stringify(policies[index]));
      }
      const ran = await runMetered(
        [`${folder}/tool`, "policy", "diff", ...files],
        { env: {}, stdin: "" },
      );
      if (ran.code !== 0) throw new Error(`policy diff: ${ran.stderr}`);
      times.push(ran.milliseconds);
      ({ megabytes } = ran);
    }
    const what = `policy diff, ${shape}`;
    const [ten = NaN, hundred = NaN, thousand = NaN] = times;
    aims.push(
      { what: `${what}, 10 rules`, unit: "ms", measured: ten },
      { what: `${what}, 100 rules`, unit: "ms", measured: hundred },
      {
        what: `${what}, 1,000 rules`,
        unit: "ms",
        measured: thousand,
        atMost: 10_000,
      },
      {
        what: `${what}, 1,000 rules, peak memory`,
        unit: "MB",
        measured: megabytes,
        atMost: 500,
      },
    );
  }
  return aims;
}

/** Runs a verb of the built program once; 1 is an answer, too. */
async function verbOnce(folder: string, args: readonly string[]) {
  const ran = await runMetered([`${folder}/tool`, ...args], {
    env: {},
    stdin: "",
  });
  if (ran.code !== 0 && ran.code !== 1) {
    throw new Error(`${args.join(" ")}: ${ran.code} ${ran.stderr}`);
  }
  return ran.milliseconds;
}

/** `policy lint` of many rules, as a whole process. */
async function measureLint(folder: string): Promise<Aim[]> {
  const aims: Aim[] = [];
  for (const shape of SHAPES) {
    const file = `${folder}/lint.json`;
    const [policy] = shapedPolicies(shape, 5000);
    await Deno.writeTextFile(file, JSON.stringify(policy));
    aims.push({
      what: `policy lint, ${shape}, 5,000 rules`,
      unit: "ms",
      measured: await verbOnce(folder, [
        ...["policy", "lint", "--fail-level", "never", "--format", "json"],
        file,
      ]),
      atMost: 2_000,
    });
  }
  return aims;
}

/** `policy test --coverage --mutate` with a test for each rule. */
async function measureMutation(folder: string): Promise<Aim[]> {
  const aims: Aim[] = [];
  for (const shape of SHAPES) {
    for (const count of [100, 1000]) {
      const file = `${folder}/mutate.json`;
      const [policy] = shapedPolicies(shape, count);
      const tests = shapedTests(shape, count);
      await Deno.writeTextFile(file, JSON.stringify({ ...policy, tests }));
      aims.push({
        what: `policy test --coverage --mutate, ${shape}, ${count} rules`,
        unit: "ms",
        measured: await verbOnce(folder, [
          ...["policy", "test", "--coverage", "--mutate"],
          file,
        ]),
        ...(count === 1000 ? { atMost: 20_000 } : {}),
      });
    }
  }
  return aims;
}
