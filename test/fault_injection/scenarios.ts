/**
 * @module Good logins by different ways, each of which the instrumented program takes as often as
 * there are faults: every run has a site of its own, all share the issuer.
 */
import { sha256Hex } from "../../src/files/state_directory.ts";
import { createSite, type Site } from "../support/login.ts";
import type { Scene } from "../support/login_scene.ts";
import { PAM_ENVIRONMENT, runProgram } from "../support/program.ts";
import type { LogSink } from "../support/syslog.ts";

/** The ways of a good login, together through as many awaits as good logins meet. */
export const SCENARIOS = ["cold", "warm", "one_time", "rotated"] as const;
export type Scenario = typeof SCENARIOS[number];

export interface World {
  readonly scene: Scene;
  readonly sink: LogSink;
  readonly program: string;
  /** The entry that a cold login leaves in the cache. */
  readonly entry: { readonly name: string; readonly text: string };
}

export interface Run {
  readonly code: number;
  readonly stdout: string;
  /** What standard error, the syslog socket and the audit file got. */
  readonly log: string;
  readonly milliseconds: number;
}

/** One login with a good token and, maybe, a fault such as `{FAULT: "17:throw"}`. */
export async function run(
  world: World,
  scenario: Scenario,
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  await using site = await siteFor(world, scenario);
  const rhost = `${crypto.randomUUID()}.example.edu`;
  const { code, stdout, stderr, milliseconds } = await runProgram({
    program: world.program,
    args: ["login", site.policyFile],
    env: { ...PAM_ENVIRONMENT, PAM_RHOST: rhost, ...env },
    stdin: await world.scene.token(),
  });
  const sent = (await world.sink.lines()).filter((line) =>
    line.includes(rhost)
  );
  const audited = await Deno.readTextFile(`${site.cacheDirectory}/audit.jsonl`)
    .catch(() => "");
  const log = [stderr, ...sent, audited].join("\n");
  return { code, stdout, log, milliseconds };
}

/** Alice's accounts come from a map file; the log goes to the sink and to an audit file. */
async function siteFor(world: World, scenario: Scenario): Promise<Site> {
  const { scene, sink, entry } = world;
  const site = await createSite({
    issuer: scene.server.issuer,
    caPem: scene.caPem,
    issuerLines: [
      "algorithms: [ES256]",
      ...(scenario === "one_time" ? ["one_time: true"] : []),
    ],
  });
  const map = `${site.directory}/accounts.map`;
  await Deno.writeTextFile(map, "u1 alice\n");
  const policy = (await Deno.readTextFile(site.policyFile))
    .replace(/- \{claim: .*/, `- {map_file: ${map}, keys: [sub]}`)
    .replace(/socket: .*/, `socket: ${sink.socket}`);
  const audit = `audit:\n  file: ${site.cacheDirectory}/audit.jsonl\n`;
  await Deno.writeTextFile(site.policyFile, policy + audit);
  if (scenario === "cold") return site;
  await Deno.mkdir(`${site.cacheDirectory}/jwks`, {
    recursive: true,
    mode: 0o700,
  });
  const text = scenario === "rotated"
    ? JSON.stringify({ ...JSON.parse(entry.text), keys: [] })
    : entry.text;
  const mode = 0o600;
  await Deno.writeTextFile(`${site.cacheDirectory}/jwks/${entry.name}`, text, {
    mode,
  });
  if (scenario === "one_time") {
    // one to be forgotten: its token has expired long ago
    const replay = `${site.cacheDirectory}/replay`;
    await Deno.mkdir(replay, { mode: 0o700 });
    await Deno.writeTextFile(`${replay}/1.${"0".repeat(64)}`, "", { mode });
  }
  return site;
}

/** What a cold login keeps. Throws when it is not admitted. */
export async function keptKeys(scene: Scene): Promise<World["entry"]> {
  const { reason, log } = await scene.attempt();
  if (reason !== "allowed") throw new Error(log);
  const name = await sha256Hex(scene.server.issuer);
  const text = await Deno.readTextFile(
    `${scene.site.cacheDirectory}/jwks/${name}`,
  );
  return { name, text };
}
