/**
 * `oauth-pam check POLICY`
 *
 * @module
 */
import { usable } from "../../policy/syntax/parse.ts";
import {
  type Arguments,
  choice,
  parseArguments,
  UsageError,
} from "../arguments.ts";
import { SERVICE_NAME } from "../../policy/request.ts";
import type { Command } from "../command.ts";
import { formatOption } from "../output/reports.ts";
import { clockFindings } from "./clock.ts";
import { fileFindings } from "./files.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import {
  type CheckContext,
  type CheckHost,
  consistent,
  type Noted,
  thisHost,
} from "./finding.ts";
import { fixScript } from "./fix_script.ts";
import { issuerFindings } from "./issuers.ts";
import { installedFindings } from "./installed.ts";
import { keysFileFindings } from "./keys_files.ts";
import { pamFindings } from "./pam/pam.ts";
import { permissionFindings } from "./permissions.ts";
import { policyFindings } from "./policy.ts";
import { certificatesAlone } from "./sshd/key_ways.ts";
import { readSshd, sshdFindings, unreadable } from "./sshd/sshd.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import type { CliIo } from "../io.ts";
import { readPolicy } from "../input.ts";
import {
  checkJson,
  checkPretty,
  checkSummary,
  type Report,
  reportOf,
} from "./report.ts";
import { type Target, targetsOf } from "./targets.ts";

const FORMATS = ["pretty", "json"] as const;

export const COMMAND: Command = {
  forms: ["[POLICY] [OPTIONS] [--fix | -t]"],
  about: `
Looks at this host: whether the policy can be used, who could have written it and the files it
names, whether the PAM lines fail closed, whether sshd asks for tokens or about certificates, and
whether it runs what it is to ask, whether the issuers answer and have keys, and whether this program
and the installed one may do what the policy needs. Says what it looked at and found in order, and
what is wrong. Changes nothing. Run it as root.

Without POLICY it takes what the lines of PAM and sshd name, else /etc/oauth-pam/policy.yaml, and looks
at every PAM service that runs oauth-pam.
`,
  options: {
    "pam-service": {
      value: "NAME",
      says: "the service whose lines are looked at",
      fallback: "sshd",
    },
    "pam-dir": {
      value: "DIR",
      says: "where services are; /etc/pam.d, then /usr/lib/pam.d",
    },
    "ssh-config": {
      value: "FILE",
      says:
        'sshd\'s configuration, or what "sshd -T" prints; /etc/ssh/sshd_config for the service sshd',
    },
    "format": formatOption(FORMATS),
    "fix": {
      says:
        "print the commands that mend what was found, as a shell script; run none",
    },
    "test": {
      short: "t",
      says:
        "only errors, and nothing where there are none: for monitoring; not before sshd, as an issuer that is down is an error",
    },
  },
  exits: {
    0: "fine",
    1: "errors found",
    3: "the policy cannot be read or used",
  },
  operands: { files: true },
};

export function run(args: readonly string[], io: CliIo): Promise<ExitCode> {
  return check(args, thisHost(io));
}

/** The verb on a host of the caller's choice. */
export async function check(
  args: readonly string[],
  host: CheckHost,
): Promise<ExitCode> {
  const request = requestOf(await parseArguments(args, COMMAND.options));
  const { io } = host;
  const noted: Noted[] = [];
  let answered = true;
  for (const target of await targets(request, io)) {
    const checked = await checkPolicy(target, request, host);
    noted.push(...checked.noted);
    answered &&= checked.usable;
  }
  const report = reportOf(noted);
  print(report, request, io);
  if (!answered) return EXIT.unanswered;
  return report.findings.some(isError) ? EXIT.negative : EXIT.fine;
}

interface Request {
  /** `null`: what the host names. */
  readonly policy: string | null;
  readonly service: string | undefined;
  readonly folders: readonly string[];
  /** sshd's configuration, where another than usual is meant. */
  readonly config: string | undefined;
  readonly format: "pretty" | "json";
  readonly fix: boolean;
  readonly test: boolean;
}

/** Throws {@link UsageError}. */
function requestOf(options: Arguments): Request {
  const format = choice("format", options.text("format") ?? "pretty", FORMATS);
  const [file, ...others] = options.positionals;
  if (others.length > 0 || file === "-") {
    throw new UsageError("name one policy file, or none");
  }
  const service = options.text("pam-service");
  if (service !== undefined && !SERVICE_NAME.test(service)) {
    throw new UsageError(`${JSON.stringify(service)} is not a PAM service`);
  }
  const [fix, test] = [options.flag("fix"), options.flag("test")];
  if (fix && (test || format === "json")) {
    throw new UsageError(
      `"--fix" prints a script: it does not go with "${
        test ? "-t" : "--format json"
      }"`,
    );
  }
  const dir = options.text("pam-dir");
  return {
    policy: file === undefined ? null : absolute(file),
    ...{ service, format, fix, test },
    folders: dir === undefined ? ["/etc/pam.d", "/usr/lib/pam.d"] : [dir],
    config: options.text("ssh-config"),
  };
}

function configOf({ config }: Request, service: string): string | null {
  return config ?? (service === "sshd" ? "/etc/ssh/sshd_config" : null);
}

async function targets(
  request: Request,
  io: CliIo,
): Promise<(Omit<Target, "note"> & Partial<Target>)[]> {
  const { policy, service, folders } = request;
  if (policy !== null) return [{ policy, services: [service ?? "sshd"] }];
  const config = configOf(request, service ?? "sshd");
  return await targetsOf({ io, folders, service, config });
}

async function checkPolicy(
  { policy: file, services, note }: Omit<Target, "note"> & Partial<Target>,
  request: Request,
  host: CheckHost,
): Promise<{ noted: Noted[]; usable: boolean }> {
  const { io } = host;
  const read = await readPolicy(file, { ...io, readFile: io.readHostFile });
  const policy = usable(read);
  const context = { host, policyPath: read.file, policy };
  const files = await fileFindings(context);
  // a login takes nothing out of a file that it does not trust, whatever is in there
  const refused = files.some(({ id, level }) =>
    id === "file/policy" && level === "error"
  );
  const noted: Noted[] = [
    ...(note === undefined ? [] : [note]),
    ...(await policyFindings(read, io))
      .filter(({ id }) => !(refused && id === "policy/usable")),
    ...files,
    ...permissionFindings(context),
    ...await clockFindings(context),
  ];
  for (const service of services) {
    noted.push(
      ...consistent(await serviceFindings(context, service, request)),
    );
  }
  noted.push(...await issuerFindings(context));
  return { noted, usable: policy !== null };
}

function print(report: Report, request: Request, io: CliIo): void {
  const { format, fix, test } = request;
  const shown = test
    ? { findings: report.findings.filter(isError), ok: [] }
    : report;
  if (format === "json") io.stdout(checkJson(shown));
  else if (fix) io.stdout(fixScript(report.findings));
  else io.stdout(checkPretty(shown, { color: io.color }));
  if (format !== "json" && !test) io.stderr(`${checkSummary(report)}\n`);
}

function isError({ level }: Finding): boolean {
  return level === "error";
}

/** PAM opens the policy from "/": a login names it by its whole path. */
function absolute(path: string): string {
  return path.startsWith("/")
    ? path
    : `${Deno.cwd()}/${path.replace(/^(?:\.\/)+/, "")}`;
}

async function serviceFindings(
  context: CheckContext,
  service: string,
  request: Request,
): Promise<Noted[]> {
  const path = configOf(request, service);
  const sshd = path === null ? null : await readSshd(path, context);
  const { findings, own } = await pamFindings(context, {
    service,
    folders: request.folders,
    unasked: sshd !== null && certificatesAlone(sshd, null),
  });
  const keys = sshd?.commands.own ?? [];
  return [
    ...findings,
    ...await installedFindings({ own, keys }, context),
    ...await keysFileFindings(context, keys),
    ...(sshd !== null
      ? await sshdFindings(context, sshd, own)
      : path !== null
      ? [unreadable(path)]
      : []),
  ];
}
