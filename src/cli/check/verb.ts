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
import type { Command } from "../command.ts";
import { formatOption } from "../output/reports.ts";
import { clockFindings } from "./clock.ts";
import { fileFindings } from "./files.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import { type CheckContext, type CheckHost, thisHost } from "./finding.ts";
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
import { checkJson, checkPretty, checkSummary } from "./report.ts";

const FORMATS = ["pretty", "json"] as const;

export const COMMAND: Command = {
  forms: ["POLICY"],
  about: `
Looks at this host: whether the policy can be used, who could have written it and the files it
names, whether the PAM lines fail closed, whether sshd asks for tokens or about certificates, and
whether it runs what it is to ask, whether the issuers answer and have keys, and whether this program
may do what the policy needs. Changes nothing. Run it as
root, with the program that was built for the policy.
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
  const options = await parseArguments(args, COMMAND.options);
  const format = choice("format", options.text("format") ?? "pretty", FORMATS);
  const [file, ...others] = options.positionals;
  if (file === undefined || others.length > 0 || file === "-") {
    throw new UsageError("name one policy file");
  }
  const { io } = host;
  const read = await readPolicy(absolute(file), {
    ...io,
    readFile: io.readHostFile,
  });
  const policy = usable(read);
  const context = { host, policyPath: read.file, policy };
  const findings: Finding[] = [
    ...await policyFindings(read, io),
    ...await fileFindings(context),
    ...permissionFindings(context),
    ...await clockFindings(context),
    ...await serviceFindings(context, options),
    ...await issuerFindings(context),
  ];
  if (format === "json") io.stdout(checkJson(findings));
  else {
    io.stdout(checkPretty(findings, { color: io.color }));
    io.stderr(`${checkSummary(findings)}\n`);
  }
  if (policy === null) return EXIT.unanswered;
  return findings.some(({ level }) => level === "error")
    ? EXIT.negative
    : EXIT.fine;
}

/** PAM opens the policy from "/": a login names it by its whole path. */
function absolute(path: string): string {
  return path.startsWith("/")
    ? path
    : `${Deno.cwd()}/${path.replace(/^(?:\.\/)+/, "")}`;
}

async function serviceFindings(
  context: CheckContext,
  options: Arguments,
): Promise<Finding[]> {
  const service = options.text("pam-service") ?? "sshd";
  if (!/^[a-z0-9_][a-z0-9_.-]*$/i.test(service)) {
    throw new UsageError(`${JSON.stringify(service)} is not a PAM service`);
  }
  const dir = options.text("pam-dir");
  const path = options.text("ssh-config") ??
    (service === "sshd" ? "/etc/ssh/sshd_config" : undefined);
  const sshd = path === undefined ? null : await readSshd(path, context);
  const { findings, own } = await pamFindings(context, {
    service,
    folders: dir === undefined ? ["/etc/pam.d", "/usr/lib/pam.d"] : [dir],
    unasked: sshd !== null && certificatesAlone(sshd, null),
  });
  const keys = sshd?.commands.own ?? [];
  const { host: { io }, policy } = context;
  return [
    ...findings,
    ...await installedFindings({ own, keys }, { io, policy }),
    ...await keysFileFindings(context, keys),
    ...(sshd !== null
      ? await sshdFindings(context, sshd, own)
      : path !== undefined
      ? [unreadable(path)]
      : []),
  ];
}
