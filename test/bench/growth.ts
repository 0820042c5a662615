/**
 * How a warm login grows with what the policy and the issuer hold, and what a policy costs that was changed
 * after the build.
 *
 * @module
 */
import { publicJwk } from "../support/tokens.ts";
import type { Aim } from "./aims.ts";
import { makeProgram } from "./programs.ts";
import type { Report } from "./report.ts";
import { type PolicyOptions, type Site, startSite } from "./site.ts";
import { fittedLine } from "./statistics.ts";
import {
  costOf,
  figure,
  interleave,
  processSubject,
  type Results,
  type Subject,
} from "./subject.ts";
import { textTable } from "./text_table.ts";

/** Something of which there can be many. */
interface Input {
  readonly what: string;
  readonly counts: readonly number[];
  /** The slope is told for so many. */
  readonly per: number;
  options?(count: number, site: Site): Promise<PolicyOptions> | PolicyOptions;
}

const INPUTS: readonly Input[] = [
  {
    what: "rules",
    counts: [1, 10, 100, 1000],
    per: 100,
    options: (count) => ({ moreRules: rules(count - 1) }),
  },
  {
    what: "map lines",
    counts: [1, 1000, 10_000, 100_000],
    per: 1000,
    async options(count, site) {
      const file = `${site.root}/${count}.map`;
      await Deno.writeTextFile(file, mapLines(count, site.account.name));
      return { account: `map_file: ${file}, keys: [sub]` };
    },
  },
  {
    what: "issuers",
    counts: [1, 10, 200],
    per: 100,
    options: (count) => ({ moreIssuers: issuers(count - 1) }),
  },
  { what: "keys", counts: [1, 10, 100], per: 100 },
];

const CHANGED = "1,000 rules, changed after the build";

export async function measureGrowth(rounds: number): Promise<Report> {
  await using site = await startSite();
  const subjects: Subject[] = [];
  for (const input of INPUTS) {
    for (const count of input.counts) {
      subjects.push(await subjectOf(site, input, count));
    }
  }
  const changed = await policyFor(site, "changed", {
    moreRules: rules(999),
  });
  await Deno.writeTextFile(changed, "# nothing else\n", { append: true });
  subjects.push(await loginBy(site, CHANGED, changed));
  const results = await interleave(subjects, rounds);
  return {
    tables: [["Growth of a warm login (medians)", overview(results)]],
    aims: aimsOf(results),
  };
}

const nameOf = (input: Input, count: number) => `${count} ${input.what}`;

async function subjectOf(
  site: Site,
  input: Input,
  count: number,
): Promise<Subject> {
  const name = nameOf(input, count);
  const policy = await policyFor(
    site,
    name.replaceAll(" ", "-"),
    await input.options?.(count, site),
  );
  const subject = await loginBy(site, name, policy);
  if (input.what !== "keys") return subject;
  return {
    ...subject,
    async check() {
      const published = site.issuer.jwks;
      const key = await publicJwk(site.signers.RS256);
      const others = Array.from(
        { length: count - 1 },
        (_, index) => ({ ...key, kid: `other${index}` }),
      );
      // fetched by the first login, and kept in this policy's own cache
      site.issuer.jwks = { keys: [...others, key] };
      try {
        await subject.check();
      } finally {
        site.issuer.jwks = published;
      }
    },
  };
}

/** Writes a policy and builds its program, beside it and without `.yaml`. */
async function policyFor(
  site: Site,
  name: string,
  options: PolicyOptions = {},
): Promise<string> {
  const policyFile = await site.policy(name, options);
  const output = programOf(policyFile);
  await makeProgram({ policyFile, output, kind: "runtime" });
  return policyFile;
}

function programOf(policyFile: string): string {
  return policyFile.slice(0, -".yaml".length);
}

async function loginBy(
  site: Site,
  name: string,
  policyFile: string,
): Promise<Subject> {
  return processSubject({
    name,
    command: [programOf(policyFile), "login", policyFile],
    env: site.environment,
    stdin: await site.token(),
    logs: "decision=allow reason=allowed",
  }, site);
}

/** None of them admits. */
function rules(count: number): string {
  return Array.from(
    { length: count },
    (_, index) =>
      `  rule${index}:\n    when: {groups: {any: [group${index}]}, email_verified: true}\n` +
      `    accounts: [{claim: email, strip_suffix: "@d${index}.example.edu"}]\n`,
  ).join("");
}

/** The account's own line stands in the middle. */
function mapLines(count: number, account: string): string {
  const lines = Array.from(
    { length: count - 1 },
    (_, index) => `person${index} account${index}\n`,
  );
  lines.splice(lines.length >> 1, 0, `u1 ${account}\n`);
  return lines.join("");
}

function issuers(count: number): string {
  return Array.from(
    { length: count },
    (_, index) =>
      `  other${index}: {issuer: "https://login${index}.example.edu", audiences: [ssh]}\n`,
  ).join("");
}

function overview(results: Results): string {
  const processor = (input: Input, count: number) =>
    costOf(results, nameOf(input, count)).processorMs;
  return textTable([
    ["of", "processor ms at", "", "", "", "more for each"],
    ...INPUTS.map((input) => {
      const { what, counts, per } = input;
      const { slope } = fittedLine(
        counts.map((count) => [count, processor(input, count)]),
      );
      const cells = counts.map((count) =>
        `${count}: ${figure(processor(input, count))}`
      );
      return [
        what,
        ...[...cells, "", ""].slice(0, 4),
        `${per} ${what}: ${figure(slope * per, 2)} ms`,
      ];
    }),
  ]) +
    `${CHANGED}: ${figure(costOf(results, CHANGED).processorMs)} ms, ${
      figure(costOf(results, CHANGED).megabytes, 0)
    } MB\n`;
}

function aimsOf(results: Results): Aim[] {
  const more = (
    what: string,
    [name, base]: [string, string],
    atMost: number,
  ): Aim => ({
    what: `runtime: ${what}, processor`,
    unit: "ms",
    measured: costOf(results, name).processorMs -
      costOf(results, base).processorMs,
    atMost,
  });
  return [
    more("1,000 rules, more than one", ["1000 rules", "1 rules"], 6),
    more(
      "a changed policy of 1,000 rules, more than an unchanged one",
      [CHANGED, "1000 rules"],
      60,
    ),
    more(
      "a map of 100,000 lines, more than one of one line",
      ["100000 map lines", "1 map lines"],
      10,
    ),
  ];
}
