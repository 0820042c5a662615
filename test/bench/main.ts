/**
 * `deno task bench [--rounds N] [--only PART]...`: what a login costs, as ratios measured side by side in one
 * run, and what was aimed at. Exits with 0, with 1 when an aim is missed by more than a quarter or something
 * could not be measured, and with 2 for its usage.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type Aim, missed, table } from "./aims.ts";
import { measureDelay } from "./delay.ts";
import { measureGrowth } from "./growth.ts";
import { measureLoad } from "./load.ts";
import { measureLogins } from "./logins.ts";
import { MissingPart } from "./missing_part.ts";
import { measurePamLogins } from "./pam_logins.ts";
import { measurePhases } from "./phases.ts";
import type { Report } from "./report.ts";
import { measureVerbs } from "./verbs.ts";

/** In the order in which they are run; each takes the number of rounds. */
const PARTS: Readonly<Record<string, (rounds: number) => Promise<Report>>> = {
  logins: measureLogins,
  pam: measurePamLogins,
  phases: measurePhases,
  growth: measureGrowth,
  delay: measureDelay,
  load: withoutTables(measureLoad),
  policies: withoutTables(measureVerbs),
};

function withoutTables(measure: () => Promise<Aim[]>): () => Promise<Report> {
  return async () => ({ aims: await measure(), tables: [] });
}

function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

function fail(text: string): never {
  say(text);
  Deno.exit(2);
}

function request(): { rounds: number; parts: readonly string[] } {
  const names = Object.keys(PARTS);
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: "string", default: "41" },
        only: { type: "string", multiple: true, default: names },
      },
    });
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 3) {
      fail("--rounds is a number of at least 3");
    }
    const unknown = values.only.find((name) => !names.includes(name));
    if (unknown !== undefined) {
      fail(`--only "${unknown}" is not one of ${names.join(", ")}`);
    }
    return {
      rounds,
      parts: names.filter((name) => values.only.includes(name)),
    };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

async function report(part: string, rounds: number): Promise<Report> {
  const start = performance.now();
  try {
    const measured = await PARTS[part]!(rounds);
    say(`${part}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
    return measured;
  } catch (error) {
    if (!(error instanceof MissingPart)) throw error;
    say(`${part}: ${error.message}`);
    Deno.exit(1);
  }
}

const { rounds, parts } = request();
const aims: Aim[] = [];
let text = "";
for (const part of parts) {
  const measured = await report(part, rounds);
  aims.push(...measured.aims);
  for (const [heading, shown] of measured.tables) {
    text += `${heading}\n\n${shown}\n`;
  }
}
if (aims.length > 0) text += `Aims\n\n${table(aims)}`;
Deno.stdout.writeSync(new TextEncoder().encode(text));
if (aims.some(missed)) Deno.exitCode = 1;
