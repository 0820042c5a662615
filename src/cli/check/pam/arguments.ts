/**
 * `check`: whether a PAM line runs its verb as that wants to be run. The program refuses everything else,
 * and then everybody.
 *
 * @module
 */
import { OUTCOMES } from "../../../pam/exit_code.ts";
import { PAM_VERBS } from "../../pam_verbs.ts";
import type { OwnLine } from "./own.ts";

interface Misuse {
  readonly message: string;
  /** How it is run. */
  readonly hint: string;
}

/** Whether the verb refuses without a launcher: it goes on with what an earlier line began. */
export function needsLauncher({ verb }: Pick<OwnLine, "verb">): boolean {
  return verb !== null && verb !== "login";
}

/** Whether the line refuses whatever it is given. */
export function alwaysRefuses(line: OwnLine): boolean {
  return misuseOf(line) !== null ||
    line.launcher === null && needsLauncher(line);
}

/** What the program will not take; `null` where it takes all, or the line names no verb of ours. */
export function misuseOf({ verb, words, module }: OwnLine): Misuse | null {
  const told = PAM_VERBS.find((each) => each.words === verb);
  // pam_script's script has the words, and other options of its own
  if (told === undefined || module !== "pam_exec") return null;
  const { command: { options }, help } = told;
  const problem = problemOf(words, {
    options: Object.keys(options),
    takesMore: verb === "outcome",
  });
  if (problem === null) return null;
  const [usage = ""] = help.trim().split("\n");
  return { message: `"${verb}" ${problem}: it refuses`, hint: usage };
}

function problemOf(
  words: readonly string[],
  { options, takesMore }: {
    options: readonly string[];
    takesMore: boolean;
  },
): string | null {
  const [policy, ...rest] = words;
  if (policy === undefined || !policy.startsWith("/")) {
    return "has no policy behind it, by its absolute path";
  }
  // which names there are is asked elsewhere
  if (takesMore) return null;
  const given = new Set<string>();
  while (rest.length > 0) {
    const [word = "", value] = rest.splice(0, 2);
    const option = word.slice("--".length);
    if (!word.startsWith("--") || !options.includes(option)) {
      return `does not take "${word}"`;
    }
    if (given.has(option)) return `has "${word}" twice`;
    if (value === undefined) return `has "${word}" without a value`;
    if (option === "password-after" && !areOutcomes(value)) {
      return `does not take "${word} ${value}"`;
    }
    given.add(option);
  }
  return null;
}

function areOutcomes(names: string): boolean {
  return names === "nothing" ||
    names.split(",").every((name) => OUTCOMES.includes(name));
}
