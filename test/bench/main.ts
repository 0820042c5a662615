/**
 * `deno task bench [--rounds N]`: what a login costs, as ratios measured side by side in one run.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type Aim, missed, table } from "./aims.ts";
import { measureLoad } from "./load.ts";
import { measurePolicies } from "./policy_scene.ts";
import { median, startScene } from "./scene.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "21" } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 3) {
  Deno.stderr.writeSync(
    new TextEncoder().encode("--rounds is a number of at least 3\n"),
  );
  Deno.exit(2);
}

const aims: Aim[] = [];
{
  await using scene = await startScene();
  for (const subject of scene.subjects) await subject.check();
  const times = new Map(
    scene.subjects.map(({ name }) => [name, [] as number[]]),
  );
  const processor = new Map(
    scene.subjects.map(({ name }) => [name, [] as number[]]),
  );
  const memory = new Map(
    scene.subjects.map(({ name }) => [name, [] as number[]]),
  );
  // ABAB…, so that whatever else the machine does falls on all of them alike.
  for (let round = 0; round < rounds; round++) {
    for (const subject of scene.subjects) {
      const { milliseconds, processorMs, megabytes } = await subject.run();
      processor.get(subject.name)?.push(processorMs);
      times.get(subject.name)?.push(milliseconds);
      memory.get(subject.name)?.push(megabytes);
    }
  }
  const time = (name: string) => median(times.get(name) ?? []);
  const python = time("python");
  aims.push({ what: "python, for comparison", unit: "ms", measured: python });
  for (const build of scene.builds) {
    const login = time(`${build} login`);
    const empty = time(`${build} empty`);
    const asked = time(`${build} ssh-keys`);
    // a compiled program has no code cache
    const ofAsking = build === "runtime" ? { atMost: 1.35 } : {};
    const ofProcessor = (what: string) =>
      median(processor.get(`${build} ${what}`) ?? []);
    const megabytes = median(memory.get(`${build} login`) ?? []);
    aims.push(
      { what: `${build}: empty program`, unit: "ms", measured: empty },
      { what: `${build}: login`, unit: "ms", measured: login },
      {
        what: `${build}: login against an empty program`,
        unit: "x",
        measured: login / empty,
        atMost: 1.6,
      },
      { what: `${build}: ssh-keys`, unit: "ms", measured: asked },
      {
        what: `${build}: ssh-keys against an empty program`,
        unit: "x",
        measured: asked / empty,
        ...ofAsking,
      },
      {
        what: `${build}: the same by time of the processor`,
        unit: "x",
        measured: ofProcessor("ssh-keys") / ofProcessor("empty"),
        ...ofAsking,
      },
      {
        what: `${build}: login faster than python`,
        unit: "x",
        measured: python / login,
        atLeast: 3,
      },
      {
        what: `${build}: peak memory of login`,
        unit: "MB",
        measured: megabytes,
        atMost: 80,
      },
    );
  }
}
aims.push(...await measurePolicies());
aims.push(...await measureLoad());
Deno.stdout.writeSync(new TextEncoder().encode(table(aims)));
if (aims.some(missed)) Deno.exitCode = 1;
