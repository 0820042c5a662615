/**
 * `deno task fuzz`: nearly right inputs wherever something from outside arrives, for a minute or as
 * long as you like. Ends with 1 at the first finding of a target, with what to put into kept/.
 *
 *     deno task fuzz [--seconds N] [--seed N] [--target NAME]
 *
 * @module
 */
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";
import { TARGETS } from "./targets.ts";
import { POLICY } from "./targets/login.ts";
import { World } from "./world.ts";

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

const { values } = parseArgs({
  args: Deno.args,
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string" },
    target: { type: "string" },
  },
});
const chosen = TARGETS.filter(({ name }) =>
  values.target === undefined || name === values.target
);
const seconds = Number(values.seconds);
const seed = values.seed === undefined
  ? (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) >>> 1
  : Number(values.seed);
if (chosen.length === 0 || !(seconds > 0) || !Number.isInteger(seed)) {
  const names = TARGETS.map(({ name }) => name).join(", ");
  print(`usage: deno task fuzz [--seconds N] [--seed N] [--target NAME]
targets: ${names}`);
  Deno.exit(2);
}

let findings = 0;
{
  await using world = await World.create(POLICY);
  const milliseconds = seconds * 1000 / chosen.length;
  for (const target of chosen) {
    const outcome = await fuzz(target, { world, milliseconds, seed });
    const endings = [...outcome.endings].sort(([, a], [, b]) => b - a)
      .map(([ending, count]) => `${ending} ${count}`);
    print(
      `${target.name}: ${outcome.runs} runs, at most ` +
        `${outcome.megabytes.toFixed(0)} MB and ` +
        `${outcome.milliseconds.toFixed(0)} ms; ${endings.join(", ")}`,
    );
    const { finding } = outcome;
    // what never says yes, or always, tells nothing
    const told = outcome.endings.has("yes") && outcome.endings.size > 1;
    if (finding === null && told) continue;
    findings++;
    print(
      finding === null
        ? `FAILED: ${target.name} had one ending only`
        : `FAILED: ${target.name}, --seed ${finding.seed}: ${finding.what}
test/fuzz/kept/: ${JSON.stringify({ target: target.name, ...finding.input })}`,
    );
  }
}
print(`${findings} findings`);
Deno.exit(findings === 0 ? 0 : 1);
