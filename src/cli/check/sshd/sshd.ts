/**
 * `check`: the settings of sshd that a login by token needs.
 *
 * @module
 */
import type { Level } from "../../../policy/diagnostic.ts";
import type { Policy } from "../../../policy/model.ts";
import type { Finding } from "../../../policy/diagnostic.ts";
import { type CheckContext, deviceTimeout } from "../finding.ts";
import { otherWays } from "./other_ways.ts";
import { sshdTest } from "./run.ts";
import { readSshdConfig, type SshdConfig, type SshdSetting } from "./config.ts";

export interface SshdOptions {
  readonly path: string;
  /** Whether the PAM service has device sign-in. */
  readonly device: boolean;
}

/** Without the settings of Debian's own file, whose defaults are sshd's. */
const DEFAULTS: Readonly<Record<string, string>> = {
  usepam: "no",
  kbdinteractiveauthentication: "yes",
  passwordauthentication: "yes",
  permitrootlogin: "prohibit-password",
  logingracetime: "120",
  pubkeyauthentication: "yes",
  authorizedkeysfile: ".ssh/authorized_keys",
};

export async function sshdFindings(
  { host, policy }: CheckContext,
  { path, device }: SshdOptions,
): Promise<Finding[]> {
  let config: SshdConfig;
  try {
    config = await readSshdConfig(path, host.io);
  } catch {
    return [{
      id: "sshd/unreadable",
      level: "error",
      message: `the sshd configuration "${path}" cannot be read`,
      hint: "sshd -T >FILE, and --ssh-config FILE",
      file: path,
    }];
  }
  const found = new Findings(config, path);
  found.expect("usepam", {
    ...{ id: "use-pam", level: "error", wanted: "yes" },
    message: "sshd does not ask PAM",
  });
  found.expect("kbdinteractiveauthentication", {
    ...{ id: "kbd-interactive", level: "error", wanted: "yes" },
    message: "nobody is asked for a token, and nobody sees a code",
  });
  found.expect("passwordauthentication", {
    ...{ id: "password-authentication", level: "warning", wanted: "no" },
    message: device
      ? 'with ssh\'s "password" method nobody sees the code'
      : 'ssh\'s "password" method takes the token as a password',
  });
  methods(found);
  rootLogin(found, policy);
  if (device) graceTime(found, policy);
  found.all.push(...otherWays(config, found), ...await sshdTest(host, path));
  return found.all;
}

interface Expectation {
  readonly id: string;
  readonly level: Level;
  readonly wanted: string;
  readonly message: string;
}

class Findings {
  readonly all: Finding[] = [];
  readonly #config: SshdConfig;
  readonly #path: string;

  constructor(config: SshdConfig, path: string) {
    this.#config = config;
    this.#path = path;
  }

  /** Every value that somebody meets, with the default where nothing is written. */
  values(
    keyword: string,
  ): SshdSetting[] {
    const first = this.#config.first(keyword);
    const value = DEFAULTS[keyword];
    const general = first ??
      (value === undefined
        ? []
        : { keyword, value, file: this.#path, line: 0, match: null });
    return [general, this.#config.matched(keyword)].flat();
  }

  add(
    place: { file: string; line: number; match: string | null },
    finding: Finding,
  ): void {
    const { file, line, match } = place;
    const within = match === null ? "" : ` (in "Match ${match}")`;
    this.all.push({
      ...finding,
      id: `sshd/${finding.id}`,
      message: `${finding.message}${within}`,
      file,
      // 0: a default, which is written nowhere
      ...(line === 0 ? {} : { line }),
    });
  }

  expect(keyword: string, { id, level, wanted, message }: Expectation): void {
    const name = NAMES[keyword] ?? keyword;
    for (const setting of this.values(keyword)) {
      if (setting.value.toLowerCase() === wanted) continue;
      this.add(setting, {
        id,
        level: setting.match === null ? level : "warning",
        message: `${name} is "${setting.value}": ${message}`,
        hint: this.#mend(setting, `${name} ${wanted}`),
      });
    }
  }

  /** sshd takes the first value: another one further down is never read. */
  #mend({ keyword, file, line, match }: SshdSetting, wanted: string): string {
    if (line === 0) return `write "${wanted}" into a file in sshd_config.d`;
    const place = `line ${line} of ${file}`;
    const later = match !== null
      ? undefined
      : this.#config.settings.find((each) =>
        each.keyword === keyword && each.match === null &&
        `${keyword} ${each.value}`.toLowerCase() === wanted.toLowerCase()
      );
    return later === undefined
      ? `write "${wanted}" in place of ${place}`
      : `remove ${place}: sshd takes the first value, and line ${later.line} of ${later.file}, ` +
        `"${wanted}", is never read`;
  }
}

const NAMES: Readonly<Record<string, string>> = {
  usepam: "UsePAM",
  kbdinteractiveauthentication: "KbdInteractiveAuthentication",
  passwordauthentication: "PasswordAuthentication",
};

/** Lists of methods of which none asks PAM. A Match block for an emergency account is welcome. */
function methods(found: Findings): void {
  for (const setting of found.values("authenticationmethods")) {
    const lists = setting.value.toLowerCase().split(/\s+/);
    const asks = lists.some((list) =>
      list === "any" || /(?:^|,)keyboard-interactive(?::|,|$)/.test(list)
    );
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

function rootLogin(found: Findings, policy: Policy | null): void {
  if (policy === null) return;
  const admitted = policy.rules.some(({ effect, accounts, allow_protected }) =>
    effect === "allow" && allow_protected &&
    accounts?.some((each) =>
      each.source === "names" && each.names.includes("root")
    )
  );
  for (const setting of found.values("permitrootlogin")) {
    const permitted = setting.value.toLowerCase() === "yes";
    if (permitted === admitted) continue;
    const message = admitted
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

function graceTime(found: Findings, policy: Policy | null): void {
  const timeout = deviceTimeout(policy);
  if (timeout === null) return;
  for (const setting of found.values("logingracetime")) {
    const grace = secondsOf(setting.value);
    if (grace === null || grace === 0 || grace > timeout) continue;
    found.add(setting, {
      id: "login-grace-time",
      level: "error",
      message:
        `LoginGraceTime is ${grace} s: sshd hangs up before the policy's device timeout of ` +
        `${timeout} s`,
      hint: `LoginGraceTime ${timeout + 30}`,
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
