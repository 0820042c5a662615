/**
 * What all targets share: an issuer that says what it is told to, a folder with everything that a
 * policy names, the program as it is built for it, and two ways to run an attempt.
 *
 * @module
 */
import { utf8 } from "./oracle.ts";
import { IGNORE } from "../../src/pam/exit_code.ts";
import { parsePolicy, usable } from "../../src/policy/syntax/parse.ts";
import { buildProgram } from "../support/built_program.ts";
import { createAuthority } from "../support/certificates.ts";
import { runCheck } from "../support/check.ts";
import { Clock, finish, start } from "../support/device.ts";
import {
  DISCOVERY_PATH,
  type HostileIssuer,
  startHostileIssuer,
} from "../support/hostile_server.ts";
import { attempt as attemptLogin } from "../support/login.ts";
import { runMetered } from "../support/metered.ts";
import { createPamHost, type PamHost } from "../support/pam.ts";
import {
  createSigner,
  publicJwk,
  type Signer,
  signToken,
  standardClaims,
} from "../support/tokens.ts";

export const AUDIENCE = "ssh-prod";
export const CLIENT = "ssh-device";
export const OPAQUE = "an-opaque-token";
const SECRET = "the-client-secret";

/** One run of a verb. */
export interface Attempt {
  readonly verb: "login" | "device start" | "device finish" | "check";
  /** The policy first. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array<ArrayBuffer>;
}

export interface Ran {
  readonly code: number;
  /** A grant; a code to enter; no errors. */
  readonly yes: boolean;
  /** `null` where the program does not say it: in a process of its own. */
  readonly reason: string | null;
  readonly log: string;
  readonly stdout: string;
  readonly milliseconds: number;
  /** Of a process of its own, in units of 10^6 bytes. */
  readonly megabytes: number | null;
}

/** What the launcher would say. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  PAM_TYPE: "auth",
  PAM_SERVICE: "sshd",
  PAM_USER: "alice",
  PAM_RHOST: "192.0.2.7",
  OAUTH_PAM_CONVERSATION: "4711-815",
  OAUTH_PAM_ACCOUNT: "1000:alice",
};
/** The value that ends a run with a grant. */
const GRANT = 47;
/** What each verb ends with where it says yes, under the launcher. */
const YES: Readonly<Record<Attempt["verb"], number>> = {
  "login": GRANT,
  "device start": IGNORE,
  "device finish": GRANT,
  "check": 0,
};

/** What the issuer may be asked. */
const PATHS = [
  DISCOVERY_PATH,
  "/jwks",
  "/introspect",
  "/device_authorization",
  "/token",
];

export class World implements AsyncDisposable {
  readonly root: string;
  readonly issuer: HostileIssuer;
  readonly signer: Signer;
  readonly jwk: Record<string, unknown>;
  /** Stands for a host with PAM stacks. */
  readonly host: PamHost;

  private constructor(
    parts: Pick<World, "root" | "issuer" | "signer" | "jwk" | "host">,
  ) {
    this.root = parts.root;
    this.issuer = parts.issuer;
    this.signer = parts.signer;
    this.jwk = parts.jwk;
    this.host = parts.host;
  }

  /** Builds the program for `policy`, whose text may have placeholders. */
  static async create(policy: string): Promise<World> {
    const root = await Deno.realPath(
      await Deno.makeTempDir({ prefix: "oauth-pam-fuzz-" }),
    );
    const authority = await createAuthority();
    const issuer = await startHostileIssuer({ authority });
    const signer = await createSigner({ alg: "ES256", kid: "k1" });
    const jwk = await publicJwk(signer);
    issuer.jwks = { keys: [jwk] };
    const host = await createPamHost();
    const world = new World({ root, issuer, signer, jwk, host });
    await Deno.writeTextFile(`${root}/ca.pem`, authority.caPem);
    await Deno.writeTextFile(`${root}/secret`, SECRET, { mode: 0o600 });
    await Deno.writeTextFile(`${root}/accounts`, "u1 alice\n");
    await Deno.writeTextFile(host.program, "#!/bin/sh\nexit 7\n");
    await Deno.chmod(host.program, 0o755);
    const file = await world.write("built.yaml", policy);
    await Deno.mkdir(`${root}/program`, { mode: 0o755 });
    await buildProgram({
      policy: file,
      output: `${root}/program/oauth-pam`,
      kind: "runtime",
    });
    // Deno looks at both files of a program once, and keeps what it finds: for logins in a folder
    // beside the cache, for people in the cache
    const policyFile = await world.write("policy.yaml", `${policy}# changed\n`);
    await world.asProgram({ verb: "device start", args: [policyFile] });
    await world.asProgram({ verb: "check", args: [policyFile] });
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.issuer.close();
    await this.host[Symbol.asyncDispose]();
    await Deno.remove(this.root, { recursive: true });
  }

  /**
   * Puts what differs from run to run in place of its name: so an input that was found once says
   * the same the next time.
   */
  fill(text: string): string {
    const values: Record<string, string> = {
      ISSUER: this.issuer.issuer,
      ROOT: this.root,
      X: String(this.jwk.x),
      Y: String(this.jwk.y),
    };
    const now = Math.floor(Date.now() / 1000);
    return text
      .replace(
        /"?@NOW([+-]\d+)?@"?/g,
        (_, shift) => String(now + Number(shift ?? 0)),
      )
      .replace(/@([A-Z]+)@/g, (whole, name) => values[name] ?? whole);
  }

  /** Writes a file of the world, with its placeholders filled; answers its path. */
  async write(
    name: string,
    content: string | Uint8Array<ArrayBuffer>,
  ): Promise<string> {
    const path = `${this.root}/${name}`;
    if (typeof content === "string") {
      await Deno.writeTextFile(path, this.fill(content), { mode: 0o600 });
    } else await Deno.writeFile(path, content, { mode: 0o600 });
    return path;
  }

  /** The issuer answers as it should. */
  behave(): void {
    for (const path of PATHS) this.issuer.on(path);
    this.issuer.requests.length = 0;
  }

  /** No keys, no limits, no sign-ins under way; Deno's analysis of the program stays. */
  async forget(): Promise<void> {
    const cache = `${this.root}/cache`;
    for (const name of await namesIn(cache)) {
      if (name === "deno") continue;
      await Deno.remove(`${cache}/${name}`, { recursive: true });
    }
  }

  /** A token that the policies of the targets admit as alice. */
  token({ audience = AUDIENCE }: { audience?: string } = {}): Promise<string> {
    const { signer, issuer: { issuer } } = this;
    return signToken({ signer, claims: standardClaims({ issuer, audience }) });
  }

  /** Through the function that the program runs; quick, and without a limit to its memory. */
  async inProcess(attempt: Attempt): Promise<Ran> {
    const begun = performance.now();
    const ran = await this.#inProcess(attempt);
    return {
      ...ran,
      milliseconds: performance.now() - begun,
      megabytes: null,
    };
  }

  async #inProcess(
    { verb, args, env = {}, stdin = new Uint8Array() }: Attempt,
  ): Promise<Omit<Ran, "milliseconds" | "megabytes">> {
    const [policyFile = "", ...more] = args;
    const changed = { ...ENVIRONMENT, ...env };
    switch (verb) {
      case "login": {
        const options = { policyFile, args, token: stdin, env: changed };
        const { exitCode, ...rest } = await attemptLogin(options);
        return { ...rest, code: exitCode, yes: rest.reason === "allowed" };
      }
      case "device start": {
        const options = { policyFile, args: more, env: changed };
        const { exitCode, text, ...rest } = await start(options);
        const yes = rest.reason === null;
        return { ...rest, code: exitCode, yes, stdout: text };
      }
      case "device finish": {
        const clock = new Clock();
        const options = { policyFile, args: more, env: changed, clock };
        const { exitCode, ...rest } = await finish(options);
        return { ...rest, code: exitCode, yes: rest.reason === "allowed" };
      }
      case "check": {
        const { code, stdout, stderr } = await runCheck(args);
        return { code, yes: code === 0, reason: null, log: stderr, stdout };
      }
    }
  }

  /** As PAM does: the built program with exactly its rights, as a process of its own. */
  async asProgram(
    { verb, args, env, stdin = new Uint8Array() }: Attempt,
  ): Promise<Ran> {
    const command = [
      `${this.root}/program/oauth-pam`,
      ...verb.split(" "),
      ...args,
    ];
    const ran = await runMetered(command, {
      env: verb === "check"
        ? {}
        : { ...ENVIRONMENT, ...env, OAUTH_PAM_GRANT: String(GRANT) },
      stdin,
    });
    return {
      ...ran,
      yes: ran.code === YES[verb],
      reason: null,
      log: ran.stderr,
    };
  }

  /** Whether the policy, if it is one, writes nowhere but in this world. */
  staysInside(policy: Uint8Array): boolean {
    const text = utf8(policy);
    if (text === null) return true;
    const parsed = usable(parsePolicy(text, { file: "policy.yaml" }));
    return parsed === null ||
      [parsed.cache.directory, parsed.log.socket, parsed.audit?.file]
        .every((path) =>
          path === undefined || path.startsWith(`${this.root}/`)
        );
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) =>
      name
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
