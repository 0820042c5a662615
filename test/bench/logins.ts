/**
 * The program alone against an empty one, Python and C.
 *
 * @module
 */
import { BUILD_KINDS, type BuildKind } from "../support/built_program.ts";
import { sha256Hex } from "../../src/files/state_directory.ts";
import { runMetered } from "../support/metered.ts";
import type { Aim } from "./aims.ts";
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

async function ofBuild(site: Site, kind: BuildKind): Promise<Subject[]> {
  const policy = await site.policy(kind);
  const [program, empty] = [
    `${site.root}/${kind}`,
    `${site.root}/${kind}-empty`,
  ];
  await makeProgram({ policyFile: policy, output: program, kind });
  await makeProgram({ policyFile: policy, output: empty, kind, inside: EMPTY });
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
      measured: of("cold keys").processorMs - login.processorMs,
      atMost: 45,
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
