/**
 * Where the time of a warm login goes: whole processes that end when they come to a certain point. They are
 * one program, the shipped one with a few lines before it, which are only in the bench's own; those replace a
 * function of the runtime by one that ends the process. One program for all, because its code cache is
 * only written by a run that goes on to its end.
 *
 * A point that the login no longer comes to fails the bench: the process would end with a grant.
 *
 * @module
 */
import { EMPTY, makeProgram } from "./programs.ts";
import type { Report } from "./report.ts";
import { startSite } from "./site.ts";
import {
  costOf,
  figure,
  interleave,
  processSubject,
  type Results,
} from "./subject.ts";
import { textTable } from "./text_table.ts";

/** With which a program that was cut off ends; no login does. */
const CUT = 77;
const END = `Deno.exit(${CUT})`;

/** A phase, and a statement that has the process end when it is over. In their order. */
const PHASES: readonly (readonly [phase: string, prelude: string])[] = [
  ["load the program", `${END};`],
  ["until it asks for the environment", `Deno.env.get=()=>${END};`],
  ["until it looks at the policy file", endAtFile(".yaml")],
  [
    "until it reads the token",
    `Deno.stdin.read=()=>${END};Deno.stdin.readSync=()=>${END};`,
  ],
  ["until it reads the keys", endAtFile("/jwks/")],
  ["until the signature is computed", `crypto.subtle.verify=()=>${END};`],
  ["until it opens the log socket", `Deno.listenDatagram=()=>${END};`],
];
const REST = "until it is gone";

/** Lines that end the process when a file is touched whose path holds `part`. */
function endAtFile(part: string): string {
  const names = ["lstat", "stat", "open", "readFile", "readTextFile"]
    .flatMap((name) => [name, `${name}Sync`]);
  return `for(const n of ${JSON.stringify(names)}){const real=Deno[n];` +
    `Deno[n]=(...a)=>String(a[0]).includes(${JSON.stringify(part)})?${END}:` +
    "real.apply(Deno,a)}";
}

const EMPTY_PROGRAM = "an empty program";

/** Takes the number of the phase to end after off the end of the arguments: the wrapper puts words first. */
const PRELUDE = `{const last=Deno.args.at(-1);
const phase=/^[0-9]$/.test(last)?Number(last):-1;
const args=phase<0?Deno.args:Deno.args.slice(0,-1);
Object.defineProperty(Deno,"args",{value:args});
switch(phase){${
  PHASES.map(([, statement], index) => `case ${index}:${statement}break;`)
    .join("\n")
}}}
`;

export async function measurePhases(rounds: number): Promise<Report> {
  await using site = await startSite();
  const policyFile = await site.policy("phases");
  const [program, empty] = [`${site.root}/phases`, `${site.root}/empty`];
  const common = { policyFile, kind: "runtime" } as const;
  await makeProgram({ ...common, output: empty, inside: EMPTY });
  await makeProgram({
    ...common,
    output: program,
    inside: (bundle) => ({ ...bundle, main: PRELUDE + bundle.main }),
  });
  const login = {
    command: [program, "login", policyFile],
    env: site.environment,
    stdin: await site.token(),
    logs: null,
  };
  const subjects = [
    // the whole one first: it fills the caches
    {
      ...login,
      name: REST,
      logs: "decision=allow reason=allowed",
    },
    {
      ...login,
      name: EMPTY_PROGRAM,
      command: [empty, "login", policyFile],
    },
    ...PHASES.map(([name], index) => ({
      ...login,
      name,
      command: [...login.command, `${index}`],
      code: CUT,
    })),
  ].map((subject) => processSubject(subject, site));
  const results = await interleave(subjects, rounds);
  const names = [EMPTY_PROGRAM, ...PHASES.map(([name]) => name), REST];
  return {
    tables: [[
      "Phases of a warm login, runtime build (medians)",
      overview(names, results),
    ]],
    aims: [],
  };
}

function overview(names: readonly string[], results: Results): string {
  let before = { milliseconds: 0, processorMs: 0 };
  return textTable([
    ["phase", "processor ms", "so far", "clock ms", "so far"],
    ...names.map((name) => {
      const cost = costOf(results, name);
      const row = [
        name,
        figure(cost.processorMs - before.processorMs),
        figure(cost.processorMs),
        figure(cost.milliseconds - before.milliseconds),
        figure(cost.milliseconds),
      ];
      before = cost;
      return row;
    }),
  ]) +
    "Each row is the difference of two medians of whole processes that end there: a short one\n" +
    "can be less than the noise. What a process does after its end is known is in the last.\n";
}
