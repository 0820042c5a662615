/**
 * `check`: the service's PAM lines, and the programs that they run.
 *
 * @module
 */
import { EXAMPLES } from "../../documents.ts";
import { kindRow } from "../../../policy/kinds.ts";
import type { Finding } from "../../../policy/diagnostic.ts";
import {
  type CheckContext,
  deviceTimeout,
  type Fine,
  fine,
  type Noted,
  orFine,
} from "../finding.ts";
import { type PamLine, type PamStack, readStack } from "./file.ts";
import { asksForPassword } from "./modules.ts";
import { optionFindings } from "./options.ts";
import { decides, type OwnLine, ownLines } from "./own.ts";
import { stackFindings } from "./stack.ts";
import { distrust } from "../trusted.ts";

interface PamOptions {
  readonly service: string;
  /** Where services are looked for. */
  readonly folders: readonly string[];
  /** Whether sshd asks nothing of the auth lines: certificates are the only way in. */
  readonly unasked: boolean;
}

interface PamResult {
  readonly findings: readonly Noted[];
  /** The lines of ours, in order. */
  readonly own: readonly OwnLine[];
}

/** Never throws. Does not run anything, and does not look at what the lines run. */
export async function pamFindings(
  context: CheckContext,
  { service, folders, unasked }: PamOptions,
): Promise<PamResult> {
  const { host: { io }, policyPath } = context;
  const stack = await readStack(service, { io, folders });
  if (stack.file === null) {
    const message = `the PAM service "${service}" has no file in ${
      folders.join(" or ")
    }`;
    const hint = `copy a file of ${EXAMPLES} there`;
    return {
      findings: [{ id: "pam/no-service", level: "error", message, hint }],
      own: [],
    };
  }
  const own = await ownLines(stack.lines, { io, policyPath });
  const auth = own.filter(({ type }) => type === "auth");
  const lines = stack.lines.filter(({ type }) => type === "auth");
  const policies = await otherPolicies(own, policyPath);
  const device = deviceFindings(auth, context);
  const findings = [
    ...orFine(
      stack.problems.map((each): Finding => ({
        id: "pam/syntax",
        level: "error",
        ...each,
      })),
      fine(
        "pam/syntax",
        `${service}: ${stack.file} and what it includes can be read, line by line`,
        {
          file: stack.file,
        },
      ),
    ),
    ...(auth.some(decides) || unasked ? [] : [noLine(service, stack)]),
    ...own.flatMap((line): Noted[] =>
      orFine(
        optionFindings(line, { service, policyPath, own }),
        fine(
          "pam/line",
          `${service}: "${line.verb}" has the options that it needs`,
          line,
        ),
      )
    ),
    ...orFine(device, ...shownFirst(service, auth)),
    ...orFine(
      earlyQuestions(auth, lines),
      ...nothingBefore(service, auth),
    ),
    ...opaqueFindings(auth, context),
    ...environmentFindings(stack, auth),
    ...(auth.some(decides) ? stackFindings({ service, lines, own: auth }) : []),
    ...policies,
  ];
  return {
    // of lines that could not all be read nothing good can be said
    findings: stack.problems.length === 0
      ? findings
      : findings.filter(({ level }) => level !== "ok"),
    own,
  };
}

function noLine(service: string, { file }: PamStack): Finding {
  return {
    id: "pam/no-line",
    level: "error",
    message: `no auth line of "${service}" lets oauth-pam decide`,
    hint:
      `copy a stack of ${EXAMPLES} there, such as sshd-device-sign-in, or write a line with pam_exec.so and ` +
      'oauth-pam-launch with "login" or "device finish"; where certificates are the only way in, ' +
      `AuthenticationMethods publickey as in ${EXAMPLES}sshd_config-certificates`,
    ...(file === null ? {} : { file }),
  };
}

/** A line with a policy of its own, which nobody asked us to check, can at least be read. */
async function otherPolicies(
  own: readonly OwnLine[],
  policyPath: string,
): Promise<Finding[]> {
  const found = await Promise.all(own.map(async (line) => {
    if (line.policy === null || line.policy === policyPath) return [];
    const why = await distrust(line.policy);
    return why === null ? [] : [
      {
        id: "pam/policy",
        level: "error",
        message: `this line refuses everybody: ${why.message}`,
        hint: `${policyPath} is the policy that was checked`,
        file: line.file,
        line: line.line,
      } as const,
    ];
  }));
  return found.flat();
}

function deviceFindings(
  auth: readonly OwnLine[],
  { policy, policyPath }: CheckContext,
): Finding[] {
  const first = auth.findIndex(({ verb }) => verb === "device start");
  const last = auth.findIndex(({ verb }) => verb === "device finish");
  const line = auth[last] ?? auth[first];
  if (line === undefined) return [];
  const place = { file: line.file, line: line.line };
  const findings: Finding[] = [];
  if (first < 0 || last < 0 || first > last) {
    findings.push({
      id: "pam/device-pair",
      level: "error",
      message: first < 0
        ? '"device finish" has no "device start" before it: nobody sees a code'
        : last < 0
        ? '"device start" has no "device finish" behind it: nobody decides'
        : '"device finish" stands before "device start"',
      ...place,
    });
  }
  if (policy !== null && deviceTimeout(policy) === null) {
    findings.push({
      id: "pam/device-policy",
      level: "error",
      message:
        "device sign-in is asked for, but no issuer of the policy has it",
      hint: `write "device" into an issuer of ${policyPath}`,
      ...place,
    });
  }
  return findings;
}

function shownFirst(service: string, auth: readonly OwnLine[]): Fine[] {
  return auth.some(({ verb }) => verb === "device finish")
    ? [
      fine(
        "pam/device-pair",
        `${service}: "device start" stands before "device finish", which the policy has an issuer for`,
      ),
    ]
    : [];
}

function nothingBefore(service: string, auth: readonly OwnLine[]): Fine[] {
  return auth.some(({ verb }) => verb === "device finish")
    ? [
      fine(
        "pam/asks-first",
        `${service}: no module that is known to ask for a password stands before the code`,
      ),
    ]
    : [];
}

/** Whoever is asked for a password first sees no code, and types something that nobody wants. */
function earlyQuestions(
  auth: readonly OwnLine[],
  lines: readonly PamLine[],
): Finding[] {
  const finish = auth.find(({ verb }) => verb === "device finish");
  if (finish === undefined) return [];
  return lines.slice(0, indexOf(finish, lines)).filter(asksForPassword)
    .map(({ module, file, line }) => ({
      id: "pam/asks-first",
      level: "error",
      message:
        `"${module}" on this line asks for a password before anybody can sign in with a code`,
      hint: "put the lines of oauth-pam above it, or remove it",
      file,
      line,
    }));
}

/** Several issuers read opaque tokens, and nothing says which one may see what is typed. */
function opaqueFindings(
  auth: readonly OwnLine[],
  { policy }: CheckContext,
): Finding[] {
  const opaque = (policy?.issuers ?? [])
    .filter((each) => kindRow(each).opaque)
    .map(({ name }) => `"${name}"`);
  if (opaque.length < 2) return [];
  return auth.filter((line) => decides(line) && line.issuer === null)
    .map(({ verb, file, line }) => ({
      id: "pam/opaque-issuer",
      level: "error",
      message:
        `${
          opaque.join(" and ")
        } read opaque tokens, and this line does not say which of them is meant: ` +
        "what is typed is refused",
      hint: verb === "login"
        ? "add --issuer NAME behind the policy"
        : "use a policy with one of them for device sign-in",
      file,
      line,
    }));
}

/** What a user's own file puts into the PAM environment also reaches what pam_exec starts. */
function environmentFindings(
  { lines }: PamStack,
  auth: readonly OwnLine[],
): Finding[] {
  const last = auth.at(-1);
  const before = last === undefined ? -1 : indexOf(last, lines);
  return lines.flatMap((line, index): Finding[] => {
    const reads = line.module === "pam_env" &&
      line.args.includes("user_readenv=1");
    if (!reads) return [];
    return [{
      id: "pam/user-environment",
      level: line.type === "auth" && index < before ? "error" : "warning",
      message:
        'pam_env with "user_readenv=1" lets users set variables such as LD_PRELOAD',
      hint: 'remove "user_readenv=1"',
      file: line.file,
      line: line.line,
    }];
  });
}

function indexOf(line: OwnLine, lines: readonly PamLine[]): number {
  return lines.findIndex((each) =>
    each.file === line.file && each.line === line.line
  );
}
