/**
 * What the bench measures: an issuer, a policy, the programs built for it, and the Python check.
 *
 * @module
 */

import { bundleProgram } from "../../src/build/bundle.ts";
import {
  compileProgram,
  writeRuntimeProgram,
} from "../../src/build/compile.ts";
import { permissionNeeds } from "../../src/build/permissions.ts";
import { parsePolicy, usable } from "../../src/policy/syntax/parse.ts";
import { buildEnvironment as environment } from "../support/built_program.ts";
import { createAuthority } from "../support/certificates.ts";
import { startHostileIssuer } from "../support/hostile_server.ts";
import {
  createCertificate,
  createKey,
  createPkToken,
} from "../support/opkssh.ts";
import { type Metered, PYTHON, runMetered } from "../support/metered.ts";
import {
  createSigner,
  publicJwk,
  signToken,
  standardClaims,
} from "../support/tokens.ts";

export type Cost = Pick<
  Metered,
  "milliseconds" | "processorMs" | "megabytes"
>;

export interface Subject {
  readonly name: string;
  /** Runs it twice, which fills caches, and throws unless it granted from the cache. */
  check(): Promise<void>;
  run(): Promise<Cost>;
}

export interface Scene extends AsyncDisposable {
  readonly builds: readonly string[];
  /** `python`, and for each build `BUILD empty`, `BUILD login` and `BUILD ssh-keys`. */
  readonly subjects: readonly Subject[];
}

const AUDIENCE = "ssh-prod";
const BASELINE = decodeURIComponent(
  new URL("./baseline.py", import.meta.url).pathname,
);

/** `entryPoint`: another program than `src/main.ts`. */
export async function startScene(
  { entryPoint }: { readonly entryPoint?: string } = {},
): Promise<Scene> {
  const root = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "oauth-pam-bench-" }),
  );
  const authority = await createAuthority();
  const issuer = await startHostileIssuer({ authority });
  const logSocket = `${root}/log`;
  const log = Deno.listenDatagram({ transport: "unixpacket", path: logSocket });
  const lines = received(log);
  const signer = await createSigner({ alg: "RS256", kid: "bench" });
  issuer.jwks = { keys: [await publicJwk(signer)] };
  // tokens that come in certificates do not come by themselves
  const certifying = await startHostileIssuer({ authority });
  certifying.jwks = issuer.jwks;
  const token = await signToken({
    signer,
    claims: standardClaims({
      issuer: issuer.issuer,
      audience: AUDIENCE,
      exp: Math.floor(Date.now() / 1000) + 3600,
    }),
  });
  const key = await createKey("Ed25519");
  const pkToken = await createPkToken({
    key,
    signer,
    claims: standardClaims({ issuer: certifying.issuer, audience: AUDIENCE }),
  });
  const certificate = await createCertificate(key, pkToken);
  const ca = `${root}/ca.pem`;
  const cache = `${root}/cache`;
  await Deno.mkdir(cache, { mode: 0o700 });
  await Deno.writeTextFile(ca, authority.caPem);
  const policyFile = `${root}/policy.yaml`;
  const keys = `${root}/keys`;
  await Deno.mkdir(keys, { mode: 0o700 });
  const places = { ca, cache, keys, logSocket };
  const text = policyText({
    issuer: issuer.issuer,
    certifying: certifying.issuer,
    ...places,
  });
  await Deno.writeTextFile(policyFile, text, { mode: 0o600 });
  const builds = await buildPrograms({ root, policyFile, text, entryPoint });

  const login = {
    PAM_USER: "alice",
    PAM_SERVICE: "sshd",
    PAM_TYPE: "auth",
    PAM_RHOST: "192.0.2.7",
    OAUTH_PAM_CONVERSATION: "1-1",
    OAUTH_PAM_ACCOUNT: "1000:alice",
  };
  const subject = (
    name: string,
    command: string[],
    env: Record<string, string>,
  ): Subject => ({
    name,
    run: () => measure(command, { env, token }),
    async check() {
      await measure(command, { env, token });
      const before = issuer.requests.length;
      await measure(command, { env, token });
      if (issuer.requests.length !== before) {
        throw new Error(`${name} did not use its cache`);
      }
      if (!name.endsWith("login")) return;
      for (const line of [await lines.next(), await lines.next()]) {
        if (!line.includes("decision=allow")) {
          throw new Error(`${name}: ${line}`);
        }
      }
    },
  });
  let questions = 0;
  /** One of the two calls of a login by certificate: both are made. */
  const asked = (name: string, command: string[]): Subject => {
    const run = async (): Promise<Cost> => {
      const env = {
        OAUTH_PAM_CONVERSATION: `1-${++questions}`,
        OAUTH_PAM_ACCOUNT: "1000:alice",
      };
      const both = [
        await measure(command, { env, token: "" }),
        await measure(command, { env, token: "" }),
      ];
      if (both.some(({ stdout }) => !stdout.startsWith("cert-authority"))) {
        throw new Error(`${name}: sshd would be told nothing`);
      }
      const mean = (of: (one: Metered) => number) =>
        both.reduce((sum, one) => sum + of(one), 0) / 2;
      return {
        milliseconds: mean(({ milliseconds }) => milliseconds),
        processorMs: mean(({ processorMs }) => processorMs),
        megabytes: Math.max(...both.map(({ megabytes }) => megabytes)),
      };
    };
    return {
      name: `${name} ssh-keys`,
      run,
      async check() {
        await run();
        const before = certifying.requests.length;
        await run();
        if (certifying.requests.length !== before) {
          throw new Error(`${name} ssh-keys did not use its cache`);
        }
        // one line for both calls
        for (const line of [await lines.next(), await lines.next()]) {
          if (!line.includes("decision=allow reason=allowed")) {
            throw new Error(`${name} ssh-keys: ${line}`);
          }
        }
      },
    };
  };
  const python = [
    PYTHON,
    BASELINE,
    issuer.issuer,
    AUDIENCE,
    "alice",
    `${root}/python`,
    ca,
  ];
  return {
    builds: builds.map(({ name }) => name),
    subjects: [
      subject("python", [...python, "preferred_username"], {}),
      ...builds.flatMap(({ name, empty, program }) => [
        subject(`${name} empty`, [empty, "login", policyFile], login),
        subject(`${name} login`, [program, "login", policyFile], login),
        asked(name, [
          ...[program, "ssh-keys", policyFile, "alice"],
          ...[certificate.base64, certificate.type],
        ]),
      ]),
    ],
    async [Symbol.asyncDispose]() {
      log.close();
      await issuer.close();
      await certifying.close();
      await Deno.remove(root, { recursive: true });
    },
  };
}

/** Takes every line at once, because a full socket would hold the programs up. */
function received(socket: Deno.DatagramConn): { next(): Promise<string> } {
  const lines: string[] = [];
  let arrived = Promise.withResolvers<void>();
  (async () => {
    for await (const [bytes] of socket) {
      lines.push(new TextDecoder().decode(bytes));
      arrived.resolve();
      arrived = Promise.withResolvers<void>();
    }
  })();
  let taken = 0;
  return {
    async next() {
      while (lines.length <= taken) await arrived.promise;
      return lines[taken++] ?? "";
    },
  };
}

function policyText(
  { issuer, certifying, ca, cache, keys, logSocket }: Record<
    "issuer" | "certifying" | "ca" | "cache" | "keys" | "logSocket",
    string
  >,
): string {
  return `version: 1
issuers:
  bench:
    issuer: ${issuer}
    audiences: [${AUDIENCE}]
    ca_file: ${ca}
  certifying:
    issuer: ${certifying}
    audiences: [${AUDIENCE}]
    ca_file: ${ca}
    ssh_certificates: {}
rules:
  staff:
    when: {groups: {any: [staff]}, email_verified: true}
    accounts: [{claim: preferred_username}]
cache: {directory: ${cache}, ssh_keys_directory: ${keys}}
log: {socket: ${logSocket}}
`;
}

interface Program {
  readonly name: string;
  readonly program: string;
  /** The same with nothing in it, built the same way. */
  readonly empty: string;
}

async function buildPrograms(
  { root, policyFile, text, entryPoint }: {
    readonly root: string;
    readonly policyFile: string;
    readonly text: string;
    readonly entryPoint: string | undefined;
  },
): Promise<Program[]> {
  const policy = usable(parsePolicy(text, { file: policyFile }));
  if (policy === null) throw new Error("the bench's policy is not valid");
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(text),
  );
  const sha256 = new Uint8Array(digest).toHex();
  const bundle = await bundleProgram({
    sha256,
    policy,
    keys: entryPoint === undefined,
    environment,
    ...(entryPoint === undefined ? {} : { entryPoint }),
  });
  const kinds = [{
    name: "runtime",
    build: writeRuntimeProgram,
    deno: Deno.execPath(),
  }];
  if (environment.DENORT_BIN !== undefined) {
    const deno = environment.DENO_FOR_COMPILE ?? Deno.execPath();
    kinds.push({ name: "compiled", build: compileProgram, deno });
  }
  const common = { needs: permissionNeeds(policy), environment };
  const programs: Program[] = [];
  for (const { name, build, deno } of kinds) {
    const [program, empty] = [`${root}/${name}`, `${root}/${name}-empty`];
    await build({ ...common, deno, bundle, output: program });
    await build({
      ...common,
      deno,
      bundle: { main: "", issuer: "", rest: "" },
      output: empty,
    });
    programs.push({ name, program, empty });
  }
  return programs;
}

async function measure(
  command: readonly string[],
  { env, token }: { env: Record<string, string>; token: string },
): Promise<Metered> {
  const cost = await runMetered(command, { env, stdin: token });
  if (cost.code !== 0) {
    throw new Error(
      `${command.join(" ")} ended with ${cost.code}: ${cost.stderr}`,
    );
  }
  return cost;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? NaN;
  return Number.isInteger(middle)
    ? ((sorted[middle - 1] ?? NaN) + upper) / 2
    : upper;
}
