/**
 * `deno task bench [--rounds N] [--only PART]...`: what a login costs, as ratios measured side by side in one
 * run, and what was aimed at. Exits with 0, with 1 when an aim is missed by more than a quarter, and with 2
 * for its usage.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type Aim, missed, table } from "./aims.ts";
import { measureLogins } from "./logins.ts";
import { measurePamLogins } from "./pam_logins.ts";
import type { Report } from "./report.ts";
import { measureVerbs } from "./verbs.ts";

/** In the order in which they are run; each takes the number of rounds. */
const PARTS: Readonly<Record<string, (rounds: number) => Promise<Report>>> = {
  logins: measureLogins,
  pam: measurePamLogins,
  policies: async () => ({ aims: await measureVerbs(), tables: [] }),
};

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
        rounds: { type: "string", default: "21" },
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

const { rounds, parts } = request();
const aims: Aim[] = [];
let text = "";
for (const name of parts) {
  const start = performance.now();
  const report = await PARTS[name]!(rounds);
  say(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
  aims.push(...report.aims);
  for (const [heading, shown] of report.tables) {
    text += `${heading}\n\n${shown}\n`;
  }
}
text += `Aims\n\n${table(aims)}`;
Deno.stdout.writeSync(new TextEncoder().encode(text));
if (aims.some(missed)) Deno.exitCode = 1;
