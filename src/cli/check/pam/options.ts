/**
 * `check`: each PAM line that runs this program, by itself.
 *
 * @module
 */
import { EXAMPLES, LAUNCHERS } from "../../documents.ts";
import { OUTCOMES } from "../../../pam/exit_code.ts";
import type { Level } from "../../../policy/diagnostic.ts";
import { listOf } from "../../../lib/text.ts";
import type { HostFinding } from "../finding.ts";
import { mendLine } from "../mend.ts";
import { misuseOf, needsLauncher } from "./arguments.ts";
import { decides, type OwnLine } from "./own.ts";

interface OptionContext {
  readonly service: string;
  readonly policyPath: string;
  /** All lines of ours, in order. */
  readonly own: readonly OwnLine[];
}

/** What an ordinary user starts: the launcher refuses while the real uid is theirs. */
const STARTED_BY_USERS = ["su", "su-l", "sudo", "sudo-i"];

export function optionFindings(
  line: OwnLine,
  context: OptionContext,
): HostFinding[] {
  const found: Found = (
    id,
    message,
    { level = "error", hint, sed } = {},
  ) => ({
    ...{ id: `pam/${id}`, level, message },
    ...(hint === undefined ? {} : { hint }),
    ...{ file: line.file, line: line.line },
    ...(sed === undefined ? {} : mendLine(line, { with: sed })),
  });
  if (line.type !== "auth") {
    const hint = 'only "auth" lines run oauth-pam';
    return [
      found("type", `on "${line.type}" lines it always refuses`, {
        hint,
        sed: "s/^/# /",
      }),
    ];
  }
  if (line.verb === null) {
    const message = `"${line.command}" is not told what to do`;
    const hint =
      "login, device start, device tell, device finish or outcome, and the policy";
    return [found("verb", message, { hint })];
  }
  const own = line.module === "pam_exec"
    ? execOptions(line, { ...context, found })
    : line.options.includes("onerr=success")
    ? [
      found(
        "onerr",
        '"onerr=success" lets everybody in when the script fails',
        {
          hint: "onerr=fail",
          sed: "s/onerr=success/onerr=fail/",
        },
      ),
    ]
    : [];
  const misuse = misuseOf(line);
  return [
    ...own,
    ...(misuse === null
      ? []
      : [found("arguments", misuse.message, { hint: misuse.hint })]),
    ...controlFindings(line, { ...context, found }),
    ...outcomeFindings(line, { ...context, found }),
    ...passwordFindings(line, { ...context, found }),
    ...tellFindings(line, { ...context, found }),
    ...(line.policy !== null && line.policy !== context.policyPath
      ? [found("other-policy", `this line uses the policy "${line.policy}"`, {
        level: "warning",
        hint: `not "${context.policyPath}", which was checked`,
      })]
      : []),
  ];
}

type Found = (
  id: string,
  message: string,
  /** `sed`: what sed(1) does to the line, to mend it. */
  options?: { level?: Level; hint?: string; sed?: string },
) => HostFinding;

/** The option goes before the path, which pam_exec takes for the program. */
function adding(option: string): { hint: string; sed: string } {
  return {
    hint: `add "${option}" before the path`,
    sed: `s/pam_exec\\.so/& ${option}/`,
  };
}

interface Finder extends OptionContext {
  readonly found: Found;
}

function execOptions(
  line: OwnLine,
  { service, found }: Finder,
): HostFinding[] {
  const { verb, options } = line;
  const findings: HostFinding[] = [];
  const has = (name: string) => options.includes(name);
  if (!has("quiet")) {
    const message =
      'without "quiet" the remote user reads the path and the exit code';
    findings.push(
      found("quiet", message, adding("quiet")),
    );
  }
  if (decides(line) && !has("expose_authtok")) {
    const message =
      'without "expose_authtok" nobody is asked and no token arrives';
    findings.push(
      found("expose-authtok", message, adding("expose_authtok")),
    );
  }
  if (verb === "device start" && has("expose_authtok")) {
    const message =
      '"expose_authtok" asks for the password before the code is shown';
    const hint = 'it belongs on the line of "device finish"';
    findings.push(found("expose-authtok", message, { level: "warning", hint }));
  }
  if ((verb === "device start" || verb === "device tell") && !has("stdout")) {
    const what = verb === "device start"
      ? "sees the address and the code"
      : "is told how the sign-in stands";
    const message = `without "stdout" nobody ${what}`;
    findings.push(
      found("stdout", message, adding("stdout")),
    );
  }
  if (STARTED_BY_USERS.includes(service) && !has("seteuid")) {
    const message =
      `without "seteuid" the program has the real uid of whoever starts ${service}: ` +
      "the launcher refuses";
    findings.push(
      found("seteuid", message, adding("seteuid")),
    );
  }
  if (line.launcher === null) {
    const message = needsLauncher(line)
      ? `PAM runs the program itself: "${verb}" refuses, because nothing tells it which ` +
        "conversation this is"
      : "PAM runs the program itself: nothing cleans its environment, and it learns " +
        "nothing about system accounts";
    const hint = `run ${LAUNCHERS}oauth-pam-launch instead`;
    const level = needsLauncher(line) ? "error" : "warning";
    findings.push(found("no-launcher", message, { level, hint }));
  }
  return [...findings, ...unwanted(options, found)];
}

function unwanted(options: readonly string[], found: Found): HostFinding[] {
  return options.flatMap((option) => {
    const remedy = {
      hint: `remove "${option}"`,
      sed: `s/[[:space:]]${option.replace(/[.[\]*^$/\\&]/g, "\\$&")}//`,
    };
    if (option === "debug") {
      const message = '"debug" writes the command of every login to the log';
      return [found("option", message, { level: "warning", ...remedy })];
    }
    if (option.startsWith("log=")) {
      const message =
        '"log=" writes what the program prints to a file that others can read';
      return [found("option", message, remedy)];
    }
    if (option.startsWith("type=")) {
      const others = option !== "type=auth";
      const message = others
        ? `"${option}" makes pam_exec skip this line`
        : '"type=auth" is not needed';
      return [
        found("option", message, {
          level: others ? "error" : "warning",
          ...remedy,
        }),
      ];
    }
    return [];
  });
}

/** A refusal that falls through to the next line. Where a jump leads, the whole of the stack tells. */
function controlFindings(
  line: OwnLine,
  { own, found }: Finder,
): HostFinding[] {
  // what "sufficient" lets through is a way in of its own, or none
  if (!decides(line) || line.control.toLowerCase() === "sufficient") return [];
  const failure = line.module === "pam_exec" ? "system_err" : "auth_err";
  const action = line.actions.get(failure) ?? line.actions.get("default") ??
    "bad";
  if (action !== "ignore" || own[own.indexOf(line) + 1]?.verb === "outcome") {
    return [];
  }
  const message = `"${line.control}" goes on after a refusal`;
  const hint =
    "[success=done ignore=ignore default=die], required or requisite";
  return [found("control", message, { level: "warning", hint })];
}

function outcomeFindings(
  line: OwnLine,
  { own, found }: Finder,
): HostFinding[] {
  if (line.verb !== "outcome") return [];
  const unknown = line.rest.filter((name) => !OUTCOMES.includes(name));
  const before = own.slice(0, own.indexOf(line));
  if (unknown.length === 0 && line.rest.length > 0 && before.some(decides)) {
    return [];
  }
  const message = line.rest.length === 0
    ? '"outcome" has no name to compare with'
    : unknown.length > 0
    ? `${listOf(unknown)} is not an outcome, expected ${listOf(OUTCOMES)}`
    : 'there is no attempt above this line that "outcome" could tell about';
  return [found("outcome", message)];
}

/** What people are told about passwords should be what the lines do. */
function passwordFindings(
  { verb, passwordAfter }: OwnLine,
  { own, found }: Finder,
): HostFinding[] {
  if (verb !== "device start" || passwordAfter === null) return [];
  const outcomes = own.filter((line) => line.verb === "outcome")
    .flatMap(({ rest }) => rest);
  const same = outcomes.every((name) => passwordAfter.includes(name)) &&
    passwordAfter.every((name) => outcomes.includes(name));
  if (same) return [];
  const message = "people are told of another password than the lines take";
  const hint = `--password-after ${outcomes.join(",") || "nothing"}`;
  return [found("password-after", message, { level: "warning", hint })];
}

function tellFindings(
  { verb, type }: OwnLine,
  { own, found }: Finder,
): HostFinding[] {
  const told = own.some((line) => line.verb === "device tell");
  if (verb !== "device finish" || type !== "auth" || told) return [];
  const message = "nobody is told that a sign-in was refused";
  const hint =
    `the stacks in ${EXAMPLES} have a line "device tell" before pam_deny`;
  return [found("tells-nobody", message, { level: "info", hint })];
}
