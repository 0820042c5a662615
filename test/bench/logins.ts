/**
 * The program alone against an empty one, Python and C.
 *
 * @module
 */
import { BUILD_KINDS, type BuildKind } from "../support/built_program.ts";
import { sha256Hex } from "../../src/files/state_directory.ts";
import { runMetered } from "../support/metered.ts";
import type { Aim } from "./aims.ts";
import type { Bundle } from "../../src/build/bundle.ts";
import { EMPTY, makeProgram } from "./programs.ts";
import { buildC, cCommand, pythonCommand } from "./references.ts";
import type { Report } from "./report.ts";
import { type Site, startSite } from "./site.ts";
import {
  type Cost,
  costOf,
  figure,
  interleave,
  processSubject,
  type Results,
  type Subject,
} from "./subject.ts";
import { textTable } from "./text_table.ts";

/** Of processor time, against an empty program built in the same way. */
const WARM: Readonly<Record<BuildKind, number>> = {
  runtime: 1.42,
  compiled: 1.33,
};
const REFUSED = 1.25;

/**
 * The runtime's first request makes its first random number, for which AWS-LC times the processor's jitter:
 * nothing switches that off where it was not left out of the build (aws/aws-lc issue 3180). It is most of what
 * cold keys cost, and varies with the machine: what is ours of it is measured beside.
 */
const COLD_MS = 45;
const COLD_OWN_MS = 10;

export async function measureLogins(rounds: number): Promise<Report> {
  await using site = await startSite();
  const subjects: Subject[] = [
    ...await references(site),
    ...(await Promise.all(BUILD_KINDS.map((kind) => ofBuild(site, kind))))
      .flat(),
  ];
  const results = await interleave(subjects, rounds);
  return {
    tables: [["The program alone (medians)", ratios(subjects, results)]],
    aims: BUILD_KINDS.flatMap((kind) => aimsOf(kind, results)),
  };
}

async function references(site: Site): Promise<Subject[]> {
  const stdin = await site.token();
  const python = pythonCommand(site, "RS256");
  const program = `${site.root}/baseline`;
  await buildC(program);
  // the C program reads the key set that the Python one has kept
  await runMetered(python, { env: {}, stdin });
  const folder = (await sha256Hex(site.issuer.issuer)).slice(0, 16);
  const c = cCommand(program, {
    keySet: `${site.root}/python/${folder}/jwks.json`,
    issuer: site.issuer.issuer,
    user: site.account.name,
    socket: site.log.socket,
  });
  return [
    { name: "python login", command: python, stdin, logs: null },
    { name: "C login", command: c, stdin, logs: "decision=allow" },
    {
      name: "C garbage",
      command: c,
      stdin: GARBAGE,
      code: 1,
      logs: "reason=token_malformed",
    },
  ].map((subject) => processSubject(subject, site));
}

/** Of a token's length. */
const GARBAGE = "correct horse battery staple ".repeat(20);

/** A program that does nothing but ask an issuer, in the way of `src/issuer/http.ts`, and take what it says. */
function asking({ issuer, ca }: Site): Bundle {
  const url = `${issuer.issuer}/.well-known/openid-configuration`;
  const main = `const caCerts = [Deno.readTextFileSync(${JSON.stringify(ca)})];
const client = Deno.createHttpClient({ caCerts });
const response = await fetch(${JSON.stringify(url)}, { client });
await response.json();
Deno.exit(response.ok ? 0 : 1);
`;
  return { ...EMPTY, main };
}

async function ofBuild(site: Site, kind: BuildKind): Promise<Subject[]> {
  const policy = await site.policy(kind);
  const [program, empty, asks] = [
    `${site.root}/${kind}`,
    `${site.root}/${kind}-empty`,
    `${site.root}/${kind}-asking`,
  ];
  const common = { policyFile: policy, kind };
  await makeProgram({ ...common, output: program });
  await makeProgram({ ...common, output: empty, inside: EMPTY });
  await makeProgram({ ...common, output: asks, inside: asking(site) });
  const token = await site.token();
  const login = {
    command: [program, "login", policy],
    env: site.environment,
    stdin: token,
  };
  const keys = `${site.cache(kind)}/jwks/${await sha256Hex(
    site.issuer.issuer,
  )}`;
  const refused = (reason: string) => ({
    ...login,
    code: 7,
    logs: `decision=deny reason=${reason}`,
  });
  return [
    ...[
      {
        ...login,
        name: "empty",
        command: [empty, "login", policy],
        logs: null,
      },
      { ...login, name: "login", logs: "decision=allow reason=allowed" },
      { ...refused("token_malformed"), name: "garbage", stdin: GARBAGE },
      {
        ...refused("issuer_unknown"),
        name: "unknown issuer",
        stdin: await site.token({
          claims: { iss: "https://login.other.example" },
        }),
      },
      {
        ...login,
        name: "cold keys",
        logs: "decision=allow reason=allowed",
        requests: 2,
        before: () => Deno.remove(keys),
      },
      {
        ...login,
        name: "one request",
        command: [asks, "login", policy],
        logs: null,
        requests: 1,
      },
    ].map((subject) =>
      processSubject({ ...subject, name: `${kind} ${subject.name}` }, site)
    ),
    await sshKeys(site, kind, [program, "ssh-keys", policy]),
  ];
}

/** One of the two calls of a login by certificate: both are made, and share a log line. */
async function sshKeys(
  site: Site,
  kind: BuildKind,
  command: readonly string[],
): Promise<Subject> {
  const name = `${kind} ssh-keys`;
  const { base64, type } = await site.certificate();
  let questions = 0;
  const run = async (): Promise<Cost> => {
    const env = {
      OAUTH_PAM_CONVERSATION: `1-${++questions}`,
      OAUTH_PAM_ACCOUNT: `${site.account.uid}:${site.account.name}`,
    };
    const once = () =>
      runMetered([...command, site.account.name, base64, type], {
        env,
        stdin: "",
      });
    const [first, second] = [await once(), await once()];
    for (const { code, stdout, stderr } of [first, second]) {
      if (code !== 0 || !stdout.startsWith("cert-authority")) {
        throw new Error(`${name}: sshd would be told nothing: ${stderr}`);
      }
    }
    return {
      milliseconds: (first.milliseconds + second.milliseconds) / 2,
      processorMs: (first.processorMs + second.processorMs) / 2,
      megabytes: Math.max(first.megabytes, second.megabytes),
    };
  };
  return {
    name,
    run,
    async check() {
      await run();
      const [lines, requests] = [await site.log.lines(), site.requests()];
      await run();
      const written = (await site.log.lines()).slice(lines.length);
      if (
        written.length !== 1 ||
        !written[0]?.includes("decision=allow reason=allowed")
      ) {
        throw new Error(`${name}: ${JSON.stringify(written)}`);
      }
      if (site.requests() !== requests) {
        throw new Error(`${name} did not use its cache`);
      }
    },
  };
}

/** Each subject, and how often an empty program, Python and C go into it, by processor time. */
function ratios(subjects: readonly Subject[], results: Results): string {
  const times = (cost: Cost, other: Cost) =>
    `${figure(cost.processorMs / other.processorMs, 2)} x`;
  return textTable([
    [
      ...["subject", "clock ms", "processor ms", "MB"],
      ...["of empty", "of Python", "of C"],
    ],
    ...subjects.map(({ name }) => {
      const cost = costOf(results, name);
      const [kind = ""] = name.split(" ");
      const empty = costOf(results, `${kind} empty`);
      return [
        name,
        figure(cost.milliseconds),
        figure(cost.processorMs),
        figure(cost.megabytes, 0),
        Number.isFinite(empty.processorMs) ? times(cost, empty) : "",
        times(cost, costOf(results, "python login")),
        times(cost, costOf(results, "C login")),
      ];
    }),
  ]);
}

function aimsOf(kind: BuildKind, results: Results): Aim[] {
  const of = (what: string) => costOf(results, `${kind} ${what}`);
  const python = costOf(results, "python login");
  const [empty, login, asked] = [of("empty"), of("login"), of("ssh-keys")];
  const cold = of("cold keys").processorMs - login.processorMs;
  const request = of("one request").processorMs - empty.processorMs;
  const againstEmpty = (what: string, atMost?: number): Aim => ({
    what: `${kind}: ${what} against an empty program, processor`,
    unit: "x",
    measured: of(what).processorMs / empty.processorMs,
    ...(atMost === undefined ? {} : { atMost }),
  });
  // a compiled program has no code cache
  const ofAsking = kind === "runtime" ? 1.35 : undefined;
  return [
    againstEmpty("login", WARM[kind]),
    againstEmpty("garbage", REFUSED),
    againstEmpty("unknown issuer", REFUSED),
    againstEmpty("ssh-keys", ofAsking),
    {
      what: `${kind}: ssh-keys against an empty program, clock`,
      unit: "x",
      measured: asked.milliseconds / empty.milliseconds,
      ...(ofAsking === undefined ? {} : { atMost: ofAsking }),
    },
    {
      what: `${kind}: cold keys, more than warm ones, processor`,
      unit: "ms",
      measured: cold,
      atMost: COLD_MS,
    },
    {
      what: `${kind}: one request, more than an empty program, processor`,
      unit: "ms",
      measured: request,
    },
    {
      what: `${kind}: cold keys beyond one request, processor`,
      unit: "ms",
      measured: cold - request,
      atMost: COLD_OWN_MS,
    },
    {
      what: `${kind}: login faster than Python, clock`,
      unit: "x",
      measured: python.milliseconds / login.milliseconds,
      atLeast: 3,
    },
    {
      what: `${kind}: peak memory of a login`,
      unit: "MB",
      measured: login.megabytes,
      atMost: 60,
    },
  ];
}
