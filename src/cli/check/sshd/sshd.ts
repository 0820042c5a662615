/**
 * `check`: the settings of sshd that a login by token or by certificate needs.
 *
 * @module
 */
import type { Finding } from "../../../policy/diagnostic.ts";
import type { Policy } from "../../../policy/model.ts";
import {
  type CheckContext,
  deviceTimeout,
  type HostFinding,
  type Noted,
} from "../finding.ts";
import { mendFirst, mendLine } from "../mend.ts";
import type { OwnLine } from "../pam/own.ts";
import { readSshdConfig } from "./config.ts";
import { SshdFindings } from "./findings.ts";
import { certificatesAlone, keyWayFindings, listsOf } from "./key_ways.ts";
import { keysCommands, type Sshd } from "./keys_command.ts";
import { keysLineFindings } from "./keys_line.ts";
import { otherWays } from "./other_ways.ts";
import { sshdTest } from "./run.ts";
import { listOf } from "../../../lib/text.ts";

/** `null` where it cannot be read. Runs nothing. */
export async function readSshd(
  path: string,
  { host, policyPath }: CheckContext,
): Promise<Sshd | null> {
  try {
    const config = await readSshdConfig(path, host.io);
    const context = { io: host.io, policyPath };
    return { config, commands: await keysCommands(config, context) };
  } catch {
    return null;
  }
}

export function unreadable(path: string): Finding {
  return {
    id: "sshd/unreadable",
    level: "error",
    message: `the sshd configuration "${path}" cannot be read`,
    hint: "sshd -T >FILE, and --ssh-config FILE",
    file: path,
  };
}

export async function sshdFindings(
  context: CheckContext,
  sshd: Sshd,
  /** The lines of ours in the service's stack. */
  own: readonly OwnLine[],
): Promise<Noted[]> {
  const { host, policy } = context;
  const { config, commands } = sshd;
  const device = own.some(({ type, verb }) =>
    type === "auth" && verb === "device finish"
  );
  const unasked = (match: string | null) => certificatesAlone(sshd, match);
  const found = new SshdFindings(config);
  found.expect("usepam", {
    ...{ id: "use-pam", level: "error", wanted: "yes" },
    message: "sshd does not ask PAM",
  });
  found.expect("kbdinteractiveauthentication", {
    ...{ id: "kbd-interactive", level: "error", wanted: "yes" },
    message: "nobody is asked for a token, and nobody sees a code",
  }, unasked);
  found.expect("passwordauthentication", {
    ...{ id: "password-authentication", level: "warning", wanted: "no" },
    message: device
      ? 'with ssh\'s "password" method nobody sees the code'
      : 'ssh\'s "password" method takes the token as a password',
  }, unasked);
  methods(found, sshd);
  rootLogin(found, policy, unasked);
  if (device) graceTime(found, policy);
  await keysLineFindings(found, commands, context);
  keyWayFindings(found, { ...sshd, own }, context);
  found.all.push(...otherWays(sshd));
  const tested = await sshdTest(host, config);
  // what could not be read may say something else, and come first
  return config.unread.length === 0 ? [...found.all, ...tested] : [
    notRead(config.unread),
    ...found.all.filter(({ level }) => level !== "ok"),
    ...tested,
  ];
}

function notRead(paths: readonly string[]): HostFinding {
  return {
    id: "sshd/not-read",
    level: "warning",
    message: `${
      listOf(paths)
    }, which the configuration includes, cannot be read: what sshd takes from there is not known`,
    hint: "run it as root; or sshd -T >FILE, and --ssh-config FILE",
  };
}

/** Lists of methods of which none asks PAM, or our command about a key. A Match block for an emergency account is welcome. */
function methods(found: SshdFindings, { commands }: Sshd): void {
  for (const setting of found.values("authenticationmethods")) {
    const certificates = commands.ownFor(setting.match) !== undefined;
    const asks = listsOf(setting).some((list) =>
      list[0] === "any" || list.includes("keyboard-interactive") ||
      certificates && list.includes("publickey")
    );
    if (asks) {
      found.ok(
        "authentication-methods",
        `AuthenticationMethods ${setting.value}`,
        setting,
      );
    }
    if (asks || setting.match !== null) continue;
    found.add(setting, {
      id: "authentication-methods",
      level: "error",
      message:
        `AuthenticationMethods is "${setting.value}": nobody is asked for a token`,
      hint: 'name "keyboard-interactive", or remove the setting',
    });
  }
}

/** With these root gets in with a key, and in no other way. */
const BY_KEY = ["prohibit-password", "without-password"];

function rootLogin(
  found: SshdFindings,
  policy: Policy | null,
  unasked: (match: string | null) => boolean,
): void {
  if (policy === null) return;
  const admitted = policy.rules.some(({ effect, accounts, allow_protected }) =>
    effect === "allow" && allow_protected &&
    accounts?.some((each) =>
      each.source === "names" && each.names.includes("root")
    )
  );
  for (const setting of found.values("permitrootlogin")) {
    const value = setting.value.toLowerCase();
    const permitted = value === "yes";
    const byKey = unasked(setting.match);
    if (
      permitted === admitted || admitted && byKey && BY_KEY.includes(value)
    ) {
      found.ok(
        "permit-root-login",
        `PermitRootLogin ${setting.value}: the policy admits ${
          admitted ? "somebody" : "nobody"
        } as root by name`,
        setting,
      );
      continue;
    }
    const message = admitted && byKey
      ? `PermitRootLogin is "${setting.value}": sshd keeps out root, whom the policy admits`
      : admitted
      ? `PermitRootLogin is "${setting.value}": sshd hides what is typed for root, whom the policy admits`
      : 'PermitRootLogin is "yes", but the policy admits nobody as root';
    found.add(setting, {
      ...{
        id: "permit-root-login",
        level: admitted ? "warning" : "info",
        message,
      },
      hint: admitted
        ? "PermitRootLogin yes"
        : "PermitRootLogin prohibit-password",
    });
  }
}

function graceTime(found: SshdFindings, policy: Policy | null): void {
  const timeout = deviceTimeout(policy);
  if (timeout === null) return;
  for (const setting of found.values("logingracetime")) {
    const grace = secondsOf(setting.value);
    if (grace === null) continue;
    if (grace === 0 || grace > timeout) {
      found.ok(
        "login-grace-time",
        `LoginGraceTime ${setting.value}: sshd waits longer than a sign-in may take, ${timeout} s`,
        setting,
      );
      continue;
    }
    const wanted = `LoginGraceTime ${timeout + 30}`;
    found.add(setting, {
      id: "login-grace-time",
      level: "error",
      message:
        `LoginGraceTime is ${grace} s: sshd hangs up before the policy's device timeout of ` +
        `${timeout} s`,
      hint: wanted,
      ...(setting.line === 0
        ? mendFirst(setting.file, wanted)
        : mendLine(setting, { replace: wanted })),
    });
  }
}

/** sshd_config(5), "TIME FORMATS"; `null` for anything else. */
function secondsOf(text: string): number | null {
  const units: Readonly<Record<string, number>> = {
    ...{ "": 1, s: 1, m: 60, h: 3600, d: 86400, w: 604800 },
  };
  if (!/^(?:[0-9]{1,9}[smhdw]?)+$/i.test(text)) return null;
  return [...text.matchAll(/([0-9]+)([smhdw]?)/gi)].reduce(
    (sum, [, count, unit]) =>
      sum + Number(count) * (units[(unit ?? "").toLowerCase()] ?? 1),
    0,
  );
}
