/**
 * Whole logins: pamtester, libpam, pam_exec and the shipped launcher are a part of each.
 *
 * An empty program cannot let anybody in: the launcher takes its 0 for no grant, and reports it. So there
 * is another one, which does nothing but say the launcher's word for a grant; that is what ours is compared
 * with.
 *
 * Debian packages: libpam-wrapper pamtester.
 *
 * @module
 */
import { BUILD_KINDS, type BuildKind } from "../support/built_program.ts";
import { createPamHost, type PamHost } from "../support/pam.ts";
import type { Bundle } from "../../src/build/bundle.ts";
import type { Aim } from "./aims.ts";
import { MissingPart } from "./missing_part.ts";
import { EMPTY, GRANTING, makeProgram } from "./programs.ts";
import { pythonCommand } from "./references.ts";
import type { Report } from "./report.ts";
import { type Site, startSite } from "./site.ts";
import {
  costOf,
  figure,
  interleave,
  processSubject,
  type Results,
  type Subject,
} from "./subject.ts";
import { textTable } from "./text_table.ts";

const PAMTESTER = "/usr/bin/pamtester";
const SERVICE = "bench";
const STACK = "sshd-pasted-token-pam_exec";

/** Of processor time. */
const AGAINST_EMPTY = 1.35;
const AGAINST_PYTHON = 5;

export async function measurePamLogins(rounds: number): Promise<Report> {
  await Deno.stat(PAMTESTER).catch(() => {
    throw new MissingPart(`there is no ${PAMTESTER}`, [
      "pamtester",
      "libpam-wrapper",
    ]);
  });
  await using site = await startSite();
  await using hosts = new AsyncDisposableStack();
  const host = async () =>
    hosts.use(await createPamHost({ syslogSocket: site.log.socket }));
  // an RS256 token does not pass pam_exec
  const token = await site.token({ alg: "ES256" });
  const plain = await host();
  const subject = (
    name: string,
    { on, logs, code }: {
      on: PamHost;
      logs: string | null;
      code?: number;
    },
  ): Subject =>
    processSubject({
      name,
      command: [
        ...[PAMTESTER, "-I", "rhost=192.0.2.7"],
        ...[SERVICE, site.account.name, "authenticate"],
      ],
      env: { PATH: "/usr/bin:/bin", ...on.wrapperEnv() },
      stdin: `${token}\n`,
      logs,
      ...(code === undefined ? {} : { code }),
    }, site);
  await plain.writeService(SERVICE, "auth required pam_permit.so\n");
  const python = await host();
  await python.writeService(
    SERVICE,
    `auth required pam_exec.so quiet expose_authtok ${
      pythonCommand(site, "ES256").join(" ")
    }\n`,
  );
  const subjects: Subject[] = [
    subject("pam_permit", { on: plain, logs: null }),
    subject("pam_exec, python", { on: python, logs: null }),
  ];
  for (const kind of BUILD_KINDS) {
    const launched = async (inside?: Bundle) => {
      const on = await host();
      await install(on, { site, kind, ...(inside ? { inside } : {}) });
      return on;
    };
    subjects.push(
      subject(`${kind}, empty, refused`, {
        on: await launched(EMPTY),
        code: 1,
        logs: "ended with 0, which is not a grant",
      }),
      subject(`${kind}, empty, granting`, {
        on: await launched(GRANTING),
        logs: null,
      }),
      subject(`${kind}, login`, {
        on: await launched(),
        logs: "decision=allow reason=allowed",
      }),
    );
  }
  const results = await interleave(subjects, rounds);
  return {
    tables: [[
      "Whole logins by pam_exec and the launcher (medians)",
      overview(subjects, results),
    ]],
    aims: BUILD_KINDS.flatMap((kind) => aimsOf(kind, results)),
  };
}

/** A host whose launcher runs a program for a policy of its own. */
async function install(
  host: PamHost,
  { site, kind, inside }: {
    readonly site: Site;
    readonly kind: BuildKind;
    readonly inside?: Bundle;
  },
): Promise<void> {
  const name = `pam-${crypto.randomUUID()}`;
  await Deno.copyFile(await site.policy(name), host.policy);
  await Deno.chmod(host.policy, 0o600);
  await makeProgram({
    policyFile: host.policy,
    output: host.program,
    kind,
    ...(inside === undefined ? {} : { inside }),
  });
  await host.installStack(STACK, { service: SERVICE });
}

function overview(subjects: readonly Subject[], results: Results): string {
  return textTable([
    ["subject", "clock ms", "processor ms", "MB", "of empty, granting"],
    ...subjects.map(({ name }) => {
      const cost = costOf(results, name);
      const [kind = ""] = name.split(",");
      const empty = costOf(results, `${kind}, empty, granting`);
      const ratio = cost.processorMs / empty.processorMs;
      return [
        name,
        figure(cost.milliseconds),
        figure(cost.processorMs),
        figure(cost.megabytes, 0),
        Number.isFinite(ratio) ? `${figure(ratio, 2)} x` : "",
      ];
    }),
  ]);
}

function aimsOf(kind: BuildKind, results: Results): Aim[] {
  const processor = (name: string) => costOf(results, name).processorMs;
  const login = processor(`${kind}, login`);
  return [
    {
      what: `${kind}: whole login against an empty program, processor`,
      unit: "x",
      measured: login / processor(`${kind}, empty, granting`),
      atMost: AGAINST_EMPTY,
    },
    {
      what: `${kind}: the same against one that is refused and reported`,
      unit: "x",
      measured: login / processor(`${kind}, empty, refused`),
    },
    {
      what: `${kind}: whole login less than Python, processor`,
      unit: "x",
      measured: processor("pam_exec, python") / login,
      atLeast: AGAINST_PYTHON,
    },
  ];
}
