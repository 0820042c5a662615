/**
 * What a network between host and issuer costs: a login with cached keys must not pay for it.
 *
 * @module
 */
import { sha256Hex } from "../../src/files/state_directory.ts";
import { startDelayProxy } from "../support/delay_proxy.ts";
import { makeProgram } from "./programs.ts";
import type { Report } from "./report.ts";
import { type Site, startSite } from "./site.ts";
import {
  costOf,
  figure,
  interleave,
  processSubject,
  type Subject,
} from "./subject.ts";
import { textTable } from "./text_table.ts";

const ROUND_TRIP_MS = 20;

export async function measureDelay(rounds: number): Promise<Report> {
  await using near = await startSite();
  await using far = await startSite();
  const { issuer } = far;
  await using proxy = startDelayProxy({
    port: issuer.port,
    roundTripMs: ROUND_TRIP_MS,
  });
  const behind = `https://localhost:${proxy.port}`;
  issuer.discovery = {
    ...issuer.discovery,
    issuer: behind,
    jwks_uri: `${behind}/jwks`,
  };
  const subjects = [
    ...await loginsAt(near, "at once", near.issuer.issuer),
    ...await loginsAt(far, `${ROUND_TRIP_MS} ms away`, behind),
  ];
  const results = await interleave(subjects, rounds);
  const connections = () => near.issuer.connections + proxy.connections;
  const rows: string[][] = [];
  let byWarm = 0;
  for (const { name, run } of subjects) {
    const before = connections();
    await run();
    const made = connections() - before;
    if (name.includes("cached")) byWarm += made;
    const { milliseconds, processorMs } = costOf(results, name);
    rows.push([name, figure(milliseconds), figure(processorMs), `${made}`]);
  }
  const clock = (name: string) => costOf(results, name).milliseconds;
  const more = (what: string) =>
    clock(`${what}, issuer ${ROUND_TRIP_MS} ms away`) -
    clock(`${what}, issuer at once`);
  const trips = more("no keys") / ROUND_TRIP_MS;
  return {
    tables: [[
      `A network of ${ROUND_TRIP_MS} ms a round trip between host and issuer (medians)`,
      textTable([
        ["subject", "clock ms", "processor ms", "connections"],
        ...rows,
      ]) +
      `without keys a login pays ${figure(more("no keys"))} ms for it: ${
        figure(trips)
      } round trips\n`,
    ]],
    aims: [{
      what: "runtime: connections of logins with cached keys",
      unit: "connections",
      measured: byWarm,
      atMost: 0,
    }, {
      what:
        "runtime: what 20 ms of network cost a login with cached keys, clock",
      unit: "ms",
      measured: more("cached keys"),
    }],
  };
}

/** One with keys, and one without. */
async function loginsAt(
  site: Site,
  where: string,
  issuer: string,
): Promise<Subject[]> {
  const policyFile = await site.policy("delay", { issuer });
  const program = `${site.root}/delay`;
  await makeProgram({ policyFile, output: program, kind: "runtime" });
  const keys = `${site.cache("delay")}/jwks/${await sha256Hex(issuer)}`;
  const login = {
    command: [program, "login", policyFile],
    env: site.environment,
    stdin: await site.token({ claims: { iss: issuer } }),
    logs: "decision=allow reason=allowed",
  };
  return [
    { ...login, name: `cached keys, issuer ${where}` },
    {
      ...login,
      name: `no keys, issuer ${where}`,
      requests: 2,
      before: () => Deno.remove(keys),
    },
  ].map((subject) => processSubject(subject, site));
}
