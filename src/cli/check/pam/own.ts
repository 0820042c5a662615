/**
 * The lines of a stack that run this program, and what they run it with.
 *
 * @module
 */
import type { CliIo } from "../../io.ts";
import type { PamLine } from "./file.ts";
import { scriptAt } from "../script_file.ts";

const VERBS = [
  "login",
  "device start",
  "device tell",
  "device finish",
  "outcome",
] as const;

export interface OwnLine extends PamLine {
  /** `null`: nothing that PAM may run. */
  readonly verb: typeof VERBS[number] | null;
  /** pam_exec's options, or pam_script's. */
  readonly options: readonly string[];
  /** What the module runs: launcher, program, or pam_script's script. */
  readonly command: string;
  /** The launcher, where there is one. */
  readonly launcher: string | null;
  /** `null` where it cannot be told. */
  readonly program: string | null;
  /** What stands behind the verb. */
  readonly words: readonly string[];
  readonly policy: string | null;
  /** The issuer that `--issuer` names. */
  readonly issuer: string | null;
  /** The outcomes that `--password-after` names; `null` where the line does not say. */
  readonly passwordAfter: readonly string[] | null;
  /** What stands behind the policy. */
  readonly rest: readonly string[];
}

/** The lines that can grant; the others prepare or report. */
export function decides({ verb }: OwnLine): boolean {
  return verb === "login" || verb === "device finish";
}

/** Debian's folder, where `dir=` is not written. */
const SCRIPT_FOLDER = "/usr/share/libpam-script";

/** The lines that run this program, by its name or with the policy at that path. */
export async function ownLines(
  lines: readonly PamLine[],
  { io, policyPath }: { io: CliIo; policyPath: string },
): Promise<OwnLine[]> {
  const found = await Promise.all(lines.map(async (line) => {
    if (line.module === "pam_exec") {
      return await execLine(line, { io, policyPath });
    }
    if (line.module === "pam_script") return await scriptLine(line, io);
    return null;
  }));
  return found.filter((line) => line !== null);
}

async function execLine(
  line: PamLine,
  { io, policyPath }: { io: CliIo; policyPath: string },
): Promise<OwnLine | null> {
  const at = line.args.findIndex((word) => !isOption(word));
  if (at < 0) return null;
  const [command = "", ...words] = line.args.slice(at);
  if (!/\/oauth-pam[^/]*$/.test(command) && !words.includes(policyPath)) {
    return null;
  }
  const { verb, ...behind } = wordsOf(words);
  const options = line.args.slice(0, at);
  const started = await programOf(command, io);
  const isLauncher = started !== null || command.endsWith("launch");
  return {
    ...line,
    ...{ verb, options, command },
    ...behind,
    launcher: isLauncher ? command : null,
    program: isLauncher ? started : command,
  };
}

/** pam_exec(8): the first word that is none of its options is the program. */
function isOption(word: string): boolean {
  return /^(?:debug|expose_authtok|quiet|quiet_log|seteuid|stdout|type=.*|log=.*)$/
    .test(word);
}

function wordsOf(
  words: readonly string[],
): Pick<
  OwnLine,
  "verb" | "words" | "policy" | "issuer" | "passwordAfter" | "rest"
> {
  const [first = "", second = ""] = words;
  const verb = first === "device" ? `device ${second}` : first;
  const found = VERBS.find((each) => each === verb) ?? null;
  const args = found === null ? [] : words.slice(found.split(" ").length);
  const valueOf = (option: string) => {
    const at = args.indexOf(option);
    return at < 0 ? null : args[at + 1] ?? null;
  };
  // an option and its value, such as "--issuer NAME"
  const plain = args.filter((word, index) =>
    !word.startsWith("--") && !args[index - 1]?.startsWith("--")
  );
  const names = valueOf("--password-after");
  return {
    verb: found,
    words: args,
    policy: plain[0] ?? null,
    issuer: valueOf("--issuer"),
    passwordAfter: names === "nothing" ? [] : names?.split(",") ?? null,
    rest: plain.slice(1),
  };
}

/** pam_script's script, which runs the launcher (`pam.d.example/pam_script_auth`). */
async function scriptLine(line: PamLine, io: CliIo): Promise<OwnLine | null> {
  const dir = line.args.find((word) => word.startsWith("dir="))?.slice(4) ??
    SCRIPT_FOLDER;
  const command = `${dir}/pam_script_auth`;
  const script = await scriptAt(command, io);
  const ours = script === null
    ? /\/oauth-pam\b/.test(dir)
    : /oauth-pam/.test(script);
  if (!ours) return null;
  const launcher = assigned(script, "launcher");
  return {
    ...line,
    verb: "login",
    options: line.args,
    command,
    launcher,
    program: launcher === null ? null : await programOf(launcher, io),
    words: [],
    policy: assigned(script, "policy"),
    issuer: null,
    passwordAfter: null,
    rest: [],
  };
}

/** What the launcher starts; `null` where the file is not a launcher, or cannot be read. */
export async function programOf(
  launcher: string,
  io: CliIo,
): Promise<string | null> {
  return assigned(await scriptAt(launcher, io), "program");
}

function assigned(script: string | null, name: string): string | null {
  const found = new RegExp(`^${name}=(/[^\\s;'"$]+)$`, "m").exec(script ?? "");
  return found?.[1] ?? null;
}
