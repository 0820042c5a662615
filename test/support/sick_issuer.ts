/**
 * The built program before an issuer that is sick: many logins as processes of their own, and how often
 * they asked it.
 *
 * @module
 */
import { sha256Hex } from "../../src/files/state_directory.ts";
import { buildProgram } from "./built_program.ts";
import { type HostileIssuer } from "./hostile_server.ts";
import { createScene } from "./login_scene.ts";
import { PAM_ENVIRONMENT } from "./program.ts";
import { runProgram } from "./run_program.ts";

export interface SickLogin {
  readonly code: number;
  /** Its line of the log. */
  readonly log: string;
  readonly milliseconds: number;
}

export interface SickScene extends AsyncDisposable {
  readonly server: HostileIssuer;
  /** One login of the built program with a good token. */
  login(): Promise<SickLogin>;
  /** Makes the keys that are kept as old as that they have expired, and still serve. */
  expireKeys(): Promise<void>;
  /** As if no login had been before. */
  forgetAll(): Promise<void>;
  /** Requests since the last call, of any path. */
  asked(): number;
}

/** The keys serve an hour, and another day while the issuer is away. */
export async function startSickScene(): Promise<SickScene> {
  const scene = await createScene({
    issuerLines: ["jwks_ttl: 1h", "jwks_stale: 1d"],
  });
  const { server, site } = scene;
  const program = `${site.directory}/oauth-pam`;
  await buildProgram({
    policy: site.policyFile,
    output: program,
    kind: "runtime",
  });
  const entry = `${site.cacheDirectory}/jwks/${await sha256Hex(server.issuer)}`;
  let counted = 0;
  return {
    server,
    async login() {
      const stdin = await scene.token();
      const start = performance.now();
      const { code, stderr } = await runProgram(program, {
        args: ["login", site.policyFile],
        env: PAM_ENVIRONMENT,
        stdin,
      });
      return { code, log: stderr, milliseconds: performance.now() - start };
    },
    async expireKeys() {
      const kept = JSON.parse(await Deno.readTextFile(entry));
      kept.fetched_at -= 7200;
      await Deno.writeTextFile(entry, JSON.stringify(kept));
    },
    async forgetAll() {
      await Deno.remove(`${site.cacheDirectory}/jwks`, { recursive: true });
    },
    asked() {
      const before = counted;
      counted = server.requestCount();
      return counted - before;
    },
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
  };
}

/** As many logins, so many at once. */
export async function manyLogins<Login>(
  count: number,
  atOnce: number,
  login: (index: number) => Promise<Login>,
): Promise<Login[]> {
  const done: Login[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      done[index] = await login(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return done;
}
