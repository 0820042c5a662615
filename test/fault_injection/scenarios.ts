/**
 * Good logins by different ways, each of which the instrumented program takes as often as
 * there are faults: every run has a site of its own, all share the issuer.
 *
 * @module
 */
import { sha256Hex } from "../../src/files/state_directory.ts";
import assert from "node:assert/strict";
import { CLIENT, type DeviceScene, start } from "../support/device.ts";
import type { GlobusScene } from "../support/globus_site.ts";
import { json } from "../support/hostile_server.ts";
import { createSite, type Site } from "../support/login.ts";
import type { Scene } from "../support/login_scene.ts";
import {
  type Certificate,
  createCertificate,
  createKey,
  createPkToken,
} from "../support/opkssh.ts";
import { standardClaims } from "../support/tokens.ts";
import { PAM_ENVIRONMENT, runProgram } from "../support/program.ts";
import type { LogSink } from "../support/syslog.ts";

/** The ways of a good login, together through as many awaits as good logins meet. */
export const SCENARIOS = [
  "cold",
  "warm",
  "one_time",
  "rotated",
  "envelope",
  "introspection",
  "globus",
  "scitokens",
  "wlcg",
  "device",
  "userinfo",
  "certificate",
] as const;
export type Scenario = typeof SCENARIOS[number];

export interface World {
  /** An issuer of JWTs and, by {@link answerEverything}, of whatever else there is. */
  readonly scene: DeviceScene;
  readonly globus: GlobusScene;
  readonly sink: LogSink;
  readonly program: string;
  /** The entry that a cold login leaves in the cache. */
  readonly entry: { readonly name: string; readonly text: string };
}

/** In the place of 0, where sshd is told nothing. */
const SILENCE = 25;

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
  const certificate = scenario === "certificate"
    ? await certificateOf(world)
    : null;
  // sshd tells an address
  const rhost = certificate === null
    ? `${crypto.randomUUID()}.example.edu`
    : `fd00::${
      crypto.randomUUID().slice(0, 23).replace(/-/g, "").match(/.{4}/g)?.join(
        ":",
      )
    }`;
  const { policyFile } = site;
  const device = scenario === "device" || scenario === "userinfo";
  if (device) {
    const { log } = await start({ policyFile, env: { PAM_RHOST: rhost } });
    assert.equal(log, "");
  }
  const { code, stdout, stderr, milliseconds } = await runProgram({
    program: world.program,
    args: certificate === null
      ? [...(device ? ["device", "finish"] : ["login"]), policyFile]
      : [
        ...["ssh-keys", policyFile, "alice", certificate.base64],
        ...[certificate.type, `${rhost} 50000 192.0.2.1 22`],
      ],
    env: {
      ...certificate === null
        ? { ...PAM_ENVIRONMENT, PAM_RHOST: rhost }
        : { OAUTH_PAM_ACCOUNT: "1000:alice" },
      OAUTH_PAM_CONVERSATION: "4711-815",
      ...env,
    },
    stdin: await typed(world, scenario),
    // as the launcher does: what listens for a signal does not run dry, and does not end by one
    ...(device
      ? { before: ["timeout", "-k", "1", "FAULT_HASTE" in env ? "2" : "30"] }
      : {}),
  });
  const sent = (await world.sink.lines()).filter((line) =>
    line.includes(rhost)
  );
  const kept = certificate === null
    ? site.cacheDirectory
    : `${site.directory}/keys`;
  const audited = await Deno.readTextFile(`${kept}/audit.jsonl`)
    .catch(() => "");
  const log = [stderr, ...sent, audited].join("\n");
  // only by a line does sshd let anybody in
  const told = certificate === null || code !== 0 || stdout !== "";
  return { code: told ? code : SILENCE, stdout, log, milliseconds };
}

async function certificateOf({ scene }: World): Promise<Certificate> {
  const key = await createKey("Ed25519");
  const pkToken = await createPkToken({
    key,
    signer: scene.signer,
    claims: standardClaims({
      issuer: scene.server.issuer,
      audience: "ssh-prod",
    }),
  });
  return await createCertificate(key, pkToken);
}

async function typed(
  { scene, globus }: World,
  scenario: Scenario,
): Promise<string> {
  switch (scenario) {
    case "device":
    case "userinfo":
    case "certificate":
      return "";
    case "introspection":
      return "an-opaque-token";
    case "globus":
      return globus.globus.issue();
    case "envelope":
      return btoa(JSON.stringify({
        command: { op: "login", access_token: await scene.token() },
      }));
    case "scitokens":
      return await scene.token({
        claims: { ver: "scitoken:2.0", scope: "ssh:alice" },
      });
    case "wlcg":
      return await scene.token({
        claims: { "wlcg.ver": "1.0", "wlcg.groups": ["/cms"] },
      });
    default:
      return await scene.token();
  }
}

/** Lets the scene's issuer introspect, and hand out codes and tokens to everybody who asks. */
export function answerEverything(scene: DeviceScene): void {
  const { server } = scene;
  server.on(
    "/introspect",
    json({ active: true, iss: server.issuer, aud: "ssh-prod", sub: "u1" }),
  );
  // the ID token has all that the policy asks for: without this answer it must not do
  server.on("/userinfo", json({ sub: "u1" }));
  scene.answerStart({ interval: 1 });
  // each a new one: the test takes longer than a token lives
  server.on("/token", async (request, response) => {
    await (await scene.tokens())(request, response);
  });
}

/** Of the issuer, by scenario. */
const LINES: Partial<Record<Scenario, readonly string[]>> = {
  certificate: ["ssh_certificates: {}"],
  one_time: ["one_time: true"],
  scitokens: ["kind: scitokens"],
  wlcg: ["kind: wlcg"],
  // a request that fails is tried again until then
  device: [`device: {client_id: ${CLIENT}, timeout: 10s}`],
  userinfo: [`device: {client_id: ${CLIENT}, timeout: 10s, userinfo: true}`],
};

/** Alice's accounts come from a map file; the log goes to the sink and to an audit file. */
async function siteFor(world: World, scenario: Scenario): Promise<Site> {
  const { scene, globus, sink, entry } = world;
  const site = scenario === "globus"
    ? await globus.anotherSite()
    : await createSite({
      issuer: scene.server.issuer,
      caPem: scene.caPem,
      issuerLines: scenario === "introspection"
        ? [
          ...["kind: introspection", "client_id: gate"],
          `client_secret_file: ${globus.secretFile}`,
        ]
        : ["algorithms: [ES256]", ...LINES[scenario] ?? []],
    });
  const map = `${site.directory}/accounts.map`;
  await Deno.writeTextFile(map, "u1 alice\n");
  const policy = (await Deno.readTextFile(site.policyFile))
    .replace(/- \{claim: .*/, `- {map_file: ${map}, keys: [sub]}`)
    .replace(/socket: .*/, `socket: ${sink.socket}`);
  const audit = `audit:\n  file: ${site.cacheDirectory}/audit.jsonl\n`;
  await Deno.writeTextFile(site.policyFile, policy + audit);
  if (!["warm", "one_time", "rotated"].includes(scenario)) return site;
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
