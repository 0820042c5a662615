/**
 * What the verbs for people cost with large inputs, and what a large account map costs a login:
 * the built program, as whole processes.
 *
 * @module
 */
import { createAuthority } from "../support/certificates.ts";
import { buildProgram } from "../support/built_program.ts";
import { startHostileIssuer } from "../support/hostile_server.ts";
import { runMetered } from "../support/metered.ts";
import { runProgram } from "../support/run_program.ts";
import { shapedPolicies, shapedTests, SHAPES } from "../support/shapes.ts";
import {
  createSigner,
  publicJwk,
  signToken,
  standardClaims,
} from "../support/tokens.ts";
import type { Aim } from "./aims.ts";
import { median } from "./scene.ts";

const ROUNDS = 5;
const LOGIN_ROUNDS = 15;
const PAM = { PAM_TYPE: "auth", PAM_USER: "alice", PAM_SERVICE: "sshd" };

/** All of it, in milliseconds. */
export async function measurePolicies(): Promise<Aim[]> {
  const folder = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "oauth-pam-bench-" }),
  );
  try {
    await Deno.mkdir(`${folder}/cache`, { mode: 0o700 });
    return [
      ...await measureVerbs(folder),
      ...await measureDiff(folder),
      ...await measureLint(folder),
      ...await measureMutation(folder),
      await measureMapFile(folder),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function measureVerbs(folder: string): Promise<Aim[]> {
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

/** The same login with a map of one line and of 100,000, alternately. */
async function measureMapFile(folder: string): Promise<Aim> {
  const authority = await createAuthority();
  await using issuer = await startHostileIssuer({ authority });
  const signer = await createSigner({ alg: "RS256", kid: "bench" });
  issuer.jwks = { keys: [await publicJwk(signer)] };
  const now = Math.floor(Date.now() / 1000);
  const token = await signToken({
    signer,
    claims: standardClaims({
      issuer: issuer.issuer,
      audience: "ssh",
      exp: now + 3600,
      email: "alice@example.edu",
    }),
  });
  await Deno.writeTextFile(`${folder}/ca.pem`, authority.caPem);
  const line = "alice@example.edu alice\n";
  const others = Array.from(
    { length: 99_999 },
    (_, index) => `person${index}@example.edu account${index}\n`,
  );
  const login = async (name: string, map: string) => {
    const policy = `${folder}/${name}.yaml`;
    await Deno.writeTextFile(`${folder}/${name}.map`, map);
    await Deno.writeTextFile(
      policy,
      `version: 1
issuers:
  main: {issuer: "${issuer.issuer}", audiences: [ssh], ca_file: ${folder}/ca.pem}
rules:
  mapped:
    accounts: [{map_file: ${folder}/${name}.map, keys: [email]}]
cache: {directory: ${folder}/cache}
`,
    );
    const output = `${folder}/${name}`;
    await buildProgram({ policy, output, kind: "runtime" });
    return async () => {
      const start = performance.now();
      const options = { args: ["login", policy], env: PAM, stdin: token };
      const { code, stderr } = await runProgram(output, options);
      if (code !== 0) throw new Error(stderr);
      return performance.now() - start;
    };
  };
  const short = await login("short", line);
  const long = await login(
    "long",
    [...others.slice(0, 50_000), line, ...others.slice(50_000)].join(""),
  );
  const times: [number[], number[]] = [[], []];
  for (let round = -2; round < LOGIN_ROUNDS; round++) {
    const [a, b] = [await short(), await long()];
    if (round < 0) continue; // these fill the cache
    times[0].push(a);
    times[1].push(b);
  }
  return {
    what: "login, more with a map of 100,000 lines",
    unit: "ms",
    measured: median(times[1]) - median(times[0]),
    atMost: 10,
  };
}
