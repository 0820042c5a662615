/**
 * `check`: AuthorizedKeysCommand and AuthorizedKeysCommandUser, word by word. sshd looks at hardly any of
 * them before somebody logs in.
 *
 * @module
 */
import { installLauncher, LAUNCHERS } from "../../documents.ts";
import type { Level } from "../../../policy/diagnostic.ts";
import { listOf, visible } from "../../../lib/text.ts";
import type { CheckContext } from "../finding.ts";
import { hindrance, hostAccount } from "../host_account.ts";
import { type Mend, mend, mendLine, mendTrust } from "../mend.ts";
import { distrust, EXECUTABLE, onlyRoot } from "../trusted.ts";
import type { SshdSetting } from "./config.ts";
import type { SshdFindings } from "./findings.ts";
import { commandWords, type KeysCommand, type Sshd } from "./keys_command.ts";
import { isBefore, sshdVersion } from "./version.ts";

/** Finds what is wrong with every command that sshd asks about keys, and with ours more than that. */
export async function keysLineFindings(
  found: SshdFindings,
  commands: Sshd["commands"],
  context: CheckContext,
): Promise<void> {
  const principals = found.values("authorizedprincipalscommand");
  for (const setting of [...commands.all, ...principals]) {
    await tokens(found, setting, context);
  }
  for (const command of commands.own) {
    const before = found.all.length;
    const line = new Line(found, command, context);
    line.words();
    await line.policy();
    await line.launcher();
    await line.chain();
    for (const user of command.users) await line.user(user);
    if (found.all.length > before) continue;
    const users = command.users.map((user) => user?.value ?? "");
    found.ok(
      "keys-command",
      `AuthorizedKeysCommand asks "${command.command}" with the policy, as ${
        listOf(users)
      }`,
      command.setting,
    );
  }
}

/** sshd_config(5), "TOKENS", of each command about keys. */
const TOKENS: Readonly<
  Record<string, { readonly name: string; readonly known: RegExp }>
> = {
  authorizedkeyscommand: {
    name: "AuthorizedKeysCommand",
    known: /^%[%fhktUu]$/,
  },
  authorizedprincipalscommand: {
    name: "AuthorizedPrincipalsCommand",
    known: /^%[%FfhiKksTtUu]$/,
  },
};
/** Both take them since OpenSSH's change d1ffde6b5. */
const LATER_TOKENS = ["%C", "%D"];
const LATER = { major: 9, minor: 4 } as const;

/**
 * A token that sshd does not know: it starts, and ends each connection at which somebody shows a key. That
 * is meant for nobody, and so as bad in a Match block.
 */
async function tokens(
  found: SshdFindings,
  setting: SshdSetting,
  { host }: CheckContext,
): Promise<void> {
  const [, ...words] = commandWords(setting.value) ?? [];
  const used = [
    ...new Set(words.flatMap((word) => word.match(/%.?/gu) ?? [])),
  ];
  const { name = "", known = /^/ } = TOKENS[setting.keyword] ?? {};
  const never = used.filter((token) =>
    !known.test(token) && !LATER_TOKENS.includes(token)
  );
  const unknown = (message: string, hint: string) =>
    found.add(setting, {
      id: "token-unknown",
      level: "error",
      message: `${message}: "sshd -t" is content, and every connection closes`,
      hint,
    });
  if (never.length > 0) {
    unknown(
      `sshd knows no token ${listOf(never)} in ${name}`,
      'write "%%" for "%" itself',
    );
  }
  const later = used.filter((token) => LATER_TOKENS.includes(token));
  if (later.length === 0) return;
  const version = await sshdVersion(host);
  if (version === null) {
    found.add(setting, {
      id: "version-unknown",
      level: "warning",
      message:
        `which sshd this is cannot be told: one before ${LATER.major}.${LATER.minor} does not know ${
          listOf(later)
        }, and closes every connection`,
      hint: "sshd -V",
    });
  } else if (isBefore(version, LATER)) {
    const { major, minor } = version;
    unknown(
      `sshd ${major}.${minor} does not know ${
        listOf(later)
      }, which came with ${LATER.major}.${LATER.minor}`,
      `remove ${listOf(later)}${
        known === TOKENS.authorizedkeyscommand?.known
          ? ": without it the program tells sshd which networks the policy admits"
          : ""
      }`,
    );
  }
}

/** What the launcher expects behind the policy, and what may follow. */
const WORDS = "%u %k %t";
const CONNECTION = "%C";

/** Accounts that others use, too. */
const SHARED = [
  ...["nobody", "daemon", "bin", "sys", "mail", "www-data", "apache", "nginx"],
  ...["sshd", "ftp", "backup", "games"],
];
const NO_SHELL = /\/(?:nologin|false)$/;

class Line {
  readonly #found: SshdFindings;
  readonly #command: KeysCommand;
  readonly #context: CheckContext;

  constructor(
    found: SshdFindings,
    command: KeysCommand,
    context: CheckContext,
  ) {
    this.#found = found;
    this.#command = command;
    this.#context = context;
  }

  #add(
    id: string,
    level: Level,
    { message, hint, at = this.#command.setting, fix }: {
      message: string;
      hint: string;
      at?: SshdSetting;
    } & Mend,
  ): void {
    this.#found.add(at, {
      ...{ id, level, message, hint },
      ...(fix === undefined ? {} : { fix }),
    });
  }

  /** Nobody wants a command that refuses everybody, in a Match block or outside. */
  words(): void {
    const { setting, command, policy, rest } = this.#command;
    const { policyPath } = this.#context;
    const hint = `AuthorizedKeysCommand ${command} ${policyPath} ${WORDS}`;
    // a path with anything else in it may need quotes, which are sshd's own
    const plain = [command, policyPath].every((each) =>
      /^[A-Za-z0-9_.\/-]+$/.test(each)
    );
    const says = (message: string) =>
      this.#add("keys-command", "error", {
        message: `${message}: every certificate is refused`,
        hint,
        ...(plain ? mendLine(setting, { replace: hint }) : {}),
      });
    if (commandWords(setting.value) === null) {
      says("AuthorizedKeysCommand has a quote without an end");
    } else if (policy === null || policy.startsWith("%")) {
      says("AuthorizedKeysCommand does not name the policy");
    } else {
      const [user, key, type, connection = CONNECTION, ...more] = rest;
      const known = user === "%u" && key === "%k" && type === "%t" &&
        connection === CONNECTION && more.length === 0;
      if (known) return;
      const behind = rest.map((word) =>
        /[\s'"\\]|^$/.test(word) ? `'${word}'` : word
      ).join(" ");
      const comment = rest.some((word) => word.startsWith("#"))
        ? '; "#" begins no comment there'
        : "";
      says(
        `AuthorizedKeysCommand has "${
          visible(behind)
        }" behind the policy, expected "${WORDS}"${comment}`,
      );
    }
  }

  async policy(): Promise<void> {
    const { policy } = this.#command;
    const { policyPath } = this.#context;
    if (policy === null || policy.startsWith("%")) return;
    if (policy === policyPath) return;
    const why = await distrust(policy);
    if (why !== null) {
      this.#add("keys-policy", "error", {
        message:
          `AuthorizedKeysCommand refuses every certificate: ${why.message}`,
        hint: `${policyPath} is the policy that was checked`,
      });
    }
    this.#add("other-policy", "warning", {
      message: `AuthorizedKeysCommand uses the policy "${policy}"`,
      hint: `not "${policyPath}", which was checked`,
    });
  }

  async launcher(): Promise<void> {
    const { launcher, command } = this.#command;
    const why = await onlyRoot(command, { follow: true }) ??
      await notExecutable(command);
    if (why !== null) {
      const found = await distrust(command);
      this.#add("keys-launcher", "error", {
        ...(found !== null
          ? mendTrust(found)
          : /is not executable/.test(why)
          ? mend(["chmod", "755", command])
          : {}),
        message:
          `sshd does not run AuthorizedKeysCommand, and says so in its log alone: ${why}`,
        hint: `${installLauncher("oauth-pam-ssh-keys", command)}; ` +
          "the folders above it are to be root's alone, too",
      });
    }
    if (launcher === null) {
      this.#add("keys-no-launcher", "warning", {
        message:
          "sshd runs the program itself: nothing limits its time, and it learns nothing about the " +
          "host's accounts",
        hint: `run ${LAUNCHERS}oauth-pam-ssh-keys instead`,
      });
    }
  }

  async chain(): Promise<void> {
    const { chain } = this.#command;
    if (chain === null) return;
    const why = await refusedChain(chain);
    if (why === null) return;
    this.#add("keys-chain", "error", {
      message: chain === ""
        ? "--chain names no command: the launcher refuses every key"
        : `--chain: ${why}: the launcher refuses every key`,
      hint:
        "name a command by its real path that only root can change, or remove --chain",
    });
  }

  async user(setting: SshdSetting | null): Promise<void> {
    const says = (
      level: Level,
      message: string,
      hint = DEDICATED,
      fix: Mend = {},
    ) =>
      this.#add("keys-user", level, {
        ...{ message, hint, ...fix },
        at: setting ?? this.#command.setting,
      });
    if (setting === null) {
      const general = this.#command.setting.match === null;
      return says(
        "error",
        `AuthorizedKeysCommandUser is not set: ${
          general ? "sshd does not start" : "sshd skips the command"
        }`,
      );
    }
    const { value } = setting;
    if (value.includes("%")) {
      return says(
        "error",
        `AuthorizedKeysCommandUser is "${value}": the program would run as whoever logs in, who could ` +
          "change what it says",
      );
    }
    const account = await hostAccount(value, this.#context.host.io);
    if (account === null) {
      return says(
        "error",
        `AuthorizedKeysCommandUser: there is no account "${value}": sshd runs nothing`,
        DEDICATED,
        mend(useradd(value)),
      );
    }
    if (account === "unknown") {
      return says(
        "warning",
        `AuthorizedKeysCommandUser: "${value}" is not in /etc/passwd: what it may read is not looked at, ` +
          "and where a directory does not answer, nobody gets in",
      );
    }
    const { uid, shell } = account;
    if (uid === 0) {
      says(
        "warning",
        `AuthorizedKeysCommandUser is "${value}": the program needs no rights of root's`,
      );
    } else if (SHARED.includes(value) || uid === 65534) {
      says(
        "warning",
        `AuthorizedKeysCommandUser is "${value}": whatever else runs as that user can change what the program ` +
          "keeps",
      );
    } else if (!NO_SHELL.test(shell)) {
      says(
        "warning",
        `AuthorizedKeysCommandUser is "${value}", as which people can log in: its shell is "${shell}"`,
        `usermod --shell /usr/sbin/nologin ${value}`,
        mend(["usermod", "--shell", "/usr/sbin/nologin", value]),
      );
    }
    const { chain } = this.#command;
    if (chain === null || await refusedChain(chain) !== null) return;
    const why = await hindrance(account, chain, { run: true });
    if (why === null) return;
    this.#add("keys-chain", "error", {
      message: `--chain: ${why}: the launcher refuses every key`,
      hint: `chmod 755 ${chain}`,
      ...mend(["chmod", "755", chain]),
    });
  }
}

function useradd(name: string): string[] {
  return [
    "useradd",
    "--system",
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    name,
  ];
}

const DEDICATED =
  "useradd --system --no-create-home --shell /usr/sbin/nologin oauth-pam, and " +
  "AuthorizedKeysCommandUser oauth-pam";

/** What the launcher looks at, as far as the user does not matter. */
async function refusedChain(path: string): Promise<string | null> {
  return await onlyRoot(path, { follow: false }) ?? await notExecutable(path);
}

async function notExecutable(path: string): Promise<string | null> {
  const { mode } = await Deno.stat(path);
  return ((mode ?? 0) & EXECUTABLE) === 0
    ? `"${path}" is not executable: chmod 755 it`
    : null;
}
