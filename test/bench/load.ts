/**
 * Many logins at once, with an issuer that comes and goes, and one that is sick: how often it is asked, what
 * is left behind, how much memory each takes.
 *
 * @module
 */
import { sha256Hex } from "../../src/files/state_directory.ts";
import { buildProgram } from "../support/built_program.ts";
import {
  answer,
  DISCOVERY_PATH,
  hang,
  type HostileIssuer,
} from "../support/hostile_server.ts";
import { createSite, type Site } from "../support/login.ts";
import { type Metered, runMetered } from "../support/metered.ts";
import { PAM_ENVIRONMENT } from "../support/program.ts";
import {
  accessToken,
  AUDIENCE,
  startProvider,
  type TestProvider,
} from "../support/provider.ts";
import { manyLogins, startSickScene } from "../support/sick_issuer.ts";
import type { Aim } from "./aims.ts";

const LOGINS = 500;
const AT_ONCE = 20;
const TTL = 2;
/**
 * What a cache directory may hold afterwards: the keys, what whoever fetches holds locked, and when a fetch
 * failed last. HASH is of the issuer.
 */
const KNOWN: readonly string[] = [
  "jwks/HASH",
  "jwks/HASH.lock",
  "jwks/HASH.failed",
];

/** All of it. Throws where a program cannot be built or started. */
export async function measureLoad(): Promise<Aim[]> {
  return [...await measureTraffic(), ...await measureSickness()];
}

interface Crowd {
  readonly logins: readonly Metered[];
  /** Fetches that were answered: each asks for the discovery document, then for the keys. */
  readonly fetches: number;
  /** Fetches that met nobody: each leaves a note of its own. */
  readonly failed: number;
  readonly seconds: number;
}

async function measureTraffic(): Promise<Aim[]> {
  await using provider = await startProvider();
  const token = await accessToken(provider, { account: "alice" });
  const aims: Aim[] = [];
  const report = async (
    what: string,
    crowd: Crowd,
    site: Site,
    atMost: { fetches: number; failed: number },
  ) => {
    const name = `${LOGINS} logins, ${AT_ONCE} at once, ${what}`;
    aims.push(
      {
        what: `${name}: refused`,
        unit: "count",
        measured: crowd.logins.filter(({ code }) => code !== 0).length,
        atMost: 0,
      },
      {
        what: `${name}: fetches (discovery and keys together)`,
        unit: "count",
        measured: crowd.fetches,
        atMost: atMost.fetches,
      },
      {
        what: `${name}: fetches that failed`,
        unit: "count",
        measured: crowd.failed,
        atMost: atMost.failed,
      },
      {
        what: `${name}: unknown files left`,
        unit: "count",
        measured: (await unknownFiles(site)).length,
        atMost: 0,
      },
      {
        what: `${name}: processes left`,
        unit: "count",
        measured: await processesOf(site),
        atMost: 0,
      },
      {
        what: `${name}: largest peak memory of one`,
        unit: "MB",
        measured: Math.max(...crowd.logins.map(({ megabytes }) => megabytes)),
        atMost: 60,
      },
      {
        what: `${name}: time of each, all together`,
        unit: "ms",
        measured: crowd.seconds * 1000 / LOGINS,
      },
    );
  };
  {
    await using site = await siteOf(provider, ["jwks_ttl: 1h"]);
    const options = { provider, site, token };
    const none = { fetches: 0, failed: 0 };
    await report("empty cache", await crowd(options), site, {
      ...none,
      fetches: 2,
    });
    await report("warm", await crowd(options), site, none);
  }
  {
    const lines = [`jwks_ttl: ${TTL}s`, "jwks_stale: 1d"];
    await using site = await siteOf(provider, lines);
    const found = await crowd({
      ...{ provider, site, token },
      async before(index) {
        if (index === 100) await provider.setAvailability("down");
        if (index === 250) await provider.setAvailability("up");
      },
    });
    // one each time that the keys have expired, were it there all the time
    const fetches = Math.ceil(found.seconds / TTL) + 1;
    await report("issuer away for 150", found, site, { fetches, failed: 2 });
  }
  return aims;
}

async function siteOf(
  provider: TestProvider,
  issuerLines: readonly string[],
): Promise<Site> {
  const site = await createSite({
    issuer: provider.issuer,
    caPem: provider.caPem,
    audiences: [AUDIENCE],
    issuerLines: ["types: [at+jwt]", ...issuerLines],
  });
  const { policyFile: policy, directory } = site;
  const output = `${directory}/oauth-pam`;
  await buildProgram({ policy, output, kind: "runtime" });
  return site;
}

/** All logins, and what the issuer saw of them. `before` is called for each as it begins. */
async function crowd({ provider, site, token, before = async () => {} }: {
  readonly provider: TestProvider;
  readonly site: Site;
  readonly token: string;
  readonly before?: (index: number) => Promise<void>;
}): Promise<Crowd> {
  provider.requests.length = 0;
  const hash = await sha256Hex(provider.issuer);
  const failures = new Set<string>();
  const start = performance.now();
  const logins = await manyLogins(LOGINS, AT_ONCE, async (index) => {
    await before(index);
    const login = await runMetered(
      [`${site.directory}/oauth-pam`, "login", site.policyFile],
      { env: PAM_ENVIRONMENT, stdin: token },
    );
    // whoever failed wrote it before the end: none can be missed that lasts 30 seconds
    const note = `${site.cacheDirectory}/jwks/${hash}.failed`;
    const { ino, mtime } = await Deno.lstat(note)
      .catch(() => ({ ino: null, mtime: null }));
    if (ino !== null) failures.add(`${ino} ${mtime?.getTime()}`);
    return login;
  });
  const asked = provider.requests.length;
  return {
    logins,
    fetches: asked / 2,
    failed: failures.size,
    seconds: (performance.now() - start) / 1000,
  };
}

async function unknownFiles({ cacheDirectory }: Site): Promise<string[]> {
  const found: string[] = [];
  const walk = async (folder: string) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) await walk(path);
      else found.push(path.slice(cacheDirectory.length + 1));
    }
  };
  await walk(cacheDirectory);
  return found.filter((name) =>
    !KNOWN.includes(name.replace(/\/[0-9a-f]{64}/, "/HASH"))
  );
}

/** How many processes still have the site's folder in their command line. */
async function processesOf({ directory }: Site): Promise<number> {
  const { code, stdout } = await new Deno.Command("/bin/sh", {
    args: ["-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"],
  }).output();
  if (code !== 0) throw new Error("/proc cannot be read");
  return new TextDecoder().decode(stdout).split(directory).length - 1;
}

/** One login pays for an issuer that hangs or fails. */
async function measureSickness(): Promise<Aim[]> {
  await using scene = await startSickScene();
  const { server } = scene;
  const slowest = (logins: readonly { milliseconds: number }[]) =>
    Math.max(...logins.map(({ milliseconds }) => milliseconds));
  await granted(scene.login(), server);
  scene.asked();
  await scene.expireKeys();
  server.on(DISCOVERY_PATH, hang());
  const spared = await manyLogins(20, 20, scene.login);
  const aims: Aim[] = [
    {
      what: "an issuer that hangs, expired keys: slowest of 20 at once",
      unit: "ms",
      measured: slowest(spared),
      atMost: 3000,
    },
    {
      what: "an issuer that hangs, expired keys: refused",
      unit: "count",
      measured: spared.filter(({ code }) => code !== 0).length,
      atMost: 0,
    },
    {
      what: "an issuer that hangs, expired keys: asked by 20 at once",
      unit: "requests",
      measured: scene.asked(),
      atMost: 2,
    },
  ];
  await scene.forgetAll();
  const first = await scene.login();
  const later = await manyLogins(10, 1, scene.login);
  aims.push(
    {
      what: "an issuer that hangs, no keys: the first login",
      unit: "ms",
      measured: first.milliseconds,
    },
    {
      what: "an issuer that hangs, no keys: slowest of the 10 after it",
      unit: "ms",
      measured: slowest(later),
      atMost: 500,
    },
    {
      what: "an issuer that hangs, no keys: asked by all 11",
      unit: "requests",
      measured: scene.asked(),
      atMost: 2,
    },
  );
  await scene.forgetAll();
  server.on(DISCOVERY_PATH, answer({ status: 500 }));
  await manyLogins(40, AT_ONCE, scene.login);
  aims.push({
    what: "an issuer that answers 500, no keys: asked by 40 logins",
    unit: "requests",
    measured: scene.asked(),
    atMost: 2,
  });
  return aims;
}

async function granted(
  login: Promise<{ code: number; log: string }>,
  { issuer }: HostileIssuer,
): Promise<void> {
  const { code, log } = await login;
  if (code !== 0) throw new Error(`${issuer}: ${log}`);
}
