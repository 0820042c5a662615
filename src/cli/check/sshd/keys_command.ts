/**
 * `check`: the commands that sshd asks about keys (AuthorizedKeysCommand), and which of them run this
 * program.
 *
 * @module
 */
import type { CliIo } from "../../io.ts";
import { programOf } from "../pam/own.ts";
import type { SshdConfig, SshdSetting } from "./config.ts";

/** A configuration of sshd, and what it asks about keys. */
export interface Sshd {
  readonly config: SshdConfig;
  readonly commands: KeysCommands;
}

/** A command that runs this program. */
export interface KeysCommand {
  readonly setting: SshdSetting;
  /** What sshd runs: the launcher, or the program itself. */
  readonly command: string;
  /** `null` where sshd runs the program itself. */
  readonly launcher: string | null;
  /** `null` where it cannot be told. */
  readonly program: string | null;
  /** What stands behind `--chain`, "" for nothing; `null` where that is not written. */
  readonly chain: string | null;
  readonly policy: string | null;
  /** The words behind the policy. */
  readonly rest: readonly string[];
  /**
   * Who runs it: the setting for those whom `setting` is about, and those of Match blocks that say
   * something else; `null` where none is written.
   */
  readonly users: readonly (SshdSetting | null)[];
}

interface KeysCommands {
  readonly own: readonly KeysCommand[];
  /** All that sshd may run, ours among them. */
  readonly all: readonly SshdSetting[];
  /** The command of ours that these people's keys are asked of. */
  ownFor(match: string | null): KeysCommand | undefined;
}

const COMMAND = "authorizedkeyscommand";
const USER = "authorizedkeyscommanduser";

/** Never throws. Runs nothing. */
export async function keysCommands(
  config: SshdConfig,
  { io, policyPath }: { io: CliIo; policyPath: string },
): Promise<KeysCommands> {
  const blocks = new Set(config.matched(COMMAND).map(({ match }) => match));
  const settings = [
    config.first(COMMAND) ?? [],
    // of several in one block sshd takes the first, too
    [...blocks].flatMap((block) => inBlock(config, COMMAND, block) ?? []),
  ].flat();
  const all = settings.filter(({ value }) => !isNone(value));
  const found = await Promise.all(all.map(async (setting) => {
    const words = commandWords(setting.value) ?? setting.value.split(/[ \t]+/);
    const [command = "", ...args] = words;
    if (!/\/oauth-pam[^/]*$/.test(command) && !args.includes(policyPath)) {
      return null;
    }
    return {
      setting,
      ...await partsOf(command, args, io),
      users: usersOf(config, setting),
    };
  }));
  const own = found.filter((each) => each !== null);
  return {
    own,
    all,
    ownFor: (match) => {
      const setting =
        (match === null
          ? undefined
          : settings.find((each) => each.match === match)) ??
          config.first(COMMAND);
      return own.find((each) => each.setting === setting);
    },
  };
}

async function partsOf(
  command: string,
  words: readonly string[],
  io: CliIo,
): Promise<Omit<KeysCommand, "setting" | "users">> {
  const started = await programOf(command, io);
  const direct = words[0] === "ssh-keys" && started === null;
  const args = direct ? words.slice(1) : words;
  const chained = args[0] === "--chain";
  const [policy = null, ...rest] = chained ? args.slice(2) : args;
  return {
    command,
    launcher: direct ? null : command,
    program: direct ? command : started,
    chain: chained ? args[1] ?? "" : null,
    policy,
    rest,
  };
}

function usersOf(
  config: SshdConfig,
  { match }: SshdSetting,
): (SshdSetting | null)[] {
  const general = config.first(USER);
  const own = match === null ? general : inBlock(config, USER, match);
  const others = match !== null
    ? []
    : config.matched(USER).filter((each) =>
      inBlock(config, COMMAND, each.match) === undefined
    );
  return [own ?? general ?? null, ...others].map((each) =>
    each === null || isNone(each.value) ? null : each
  );
}

function inBlock(
  config: SshdConfig,
  keyword: string,
  match: string | null,
): SshdSetting | undefined {
  return config.matched(keyword).find((each) => each.match === match);
}

/** `sshd -T` prints it for what is not set. */
function isNone(value: string): boolean {
  return value.toLowerCase() === "none";
}

/**
 * The words that sshd makes of a command: quotes hold words together, a backslash takes a quote, a
 * backslash or a blank as it is, and "#" is a character like any other. `null` for a quote without an end.
 */
export function commandWords(text: string): string[] | null {
  const words: string[] = [];
  const part =
    /\\(["'\\ ])|"((?:\\["'\\]|[^"])*)"|'((?:\\["'\\]|[^'])*)'|([^"' \t])/y;
  const taken = (quoted: string) => quoted.replace(/\\(["'\\])/g, "$1");
  let word: string | null = null;
  for (let at = 0; at < text.length;) {
    if (/[ \t]/.test(text.charAt(at))) {
      if (word !== null) words.push(word);
      word = null;
      at++;
      continue;
    }
    part.lastIndex = at;
    const match = part.exec(text);
    if (match === null) return null;
    const [whole, escaped, double, single, plain] = match;
    word = (word ?? "") +
      (escaped ?? plain ?? taken(double ?? single ?? ""));
    at += whole.length;
  }
  if (word !== null) words.push(word);
  return words;
}
