/**
 * What a command takes, said once: parsing, `--help`, man pages, completions and the tables of the
 * documents all go by it.
 *
 * @module
 */

/** An option, by its name without dashes in {@link Options}. */
export interface Option {
  /** The word for its value, such as "NAME"; a switch has none. FILE, PATH and DIR are paths. */
  readonly value?: string;
  /** What it does, in one line of any length. */
  readonly says?: string;
  /** The only values that there are; those of an object with a remark about each, or "". */
  readonly oneOf?: readonly string[] | Readonly<Record<string, string>>;
  /** Values to propose, where there are too many to list. */
  readonly proposed?: readonly string[];
  /** The value where it is left out. */
  readonly fallback?: string;
  /** One letter that means the same, such as "t" for `-t`; only for what takes no value. */
  readonly short?: string;
  /** It may be given more than once. */
  readonly repeat?: true;
  /** Another name for the option of this name. */
  readonly alias?: string;
}
export type Options = Readonly<Record<string, Option>>;

export interface Command {
  /**
   * What stands behind the command's words, a text for each way to call it. Options that none of
   * them names are put in at "[OPTIONS]", or else at the end of the first.
   */
  readonly forms: readonly string[];
  /** Paragraphs between empty lines; indented lines are shown as they are. */
  readonly about: string;
  readonly options: Options;
  /** Further paragraphs, behind the options. */
  readonly notes?: string;
  /** How it ends: what each exit code means. */
  readonly exits: Readonly<Record<number, string>>;
  /** What can stand behind the options, for completion: files, or words. */
  readonly operands?: {
    readonly files?: true;
    readonly words?: readonly string[];
  };
}

const WIDTH = 80;
/** Of the column with the options: one with a longer name has a line of its own. */
const LONGEST_NAME = 22;
/** Of a closed set in a usage. */
const LONGEST_SET = 30;

/** What `--help` prints. */
export function helpText(words: string, command: Command): string {
  const options = optionLines(command.options);
  return [
    usageLines(words, command),
    paragraphs(command.about),
    ...(options.length === 0 ? [] : [options]),
    ...(command.notes === undefined ? [] : [paragraphs(command.notes)]),
    wrapped(exitText(command)),
  ].map((lines) => lines.join("\n")).join("\n\n").replaceAll("\u00a0", " ");
}

/** Each way to call a command, whole, such as "policy show FILE [--effective]". */
export function usages(
  words: string,
  { forms, options }: Command,
): string[] {
  const others = unnamed({ forms, options }).map(([name, option]) =>
    `[${written(name, option)}]${again(option)}`
  );
  return waysTo(words, forms, others.join(" "));
}

/** The same in brief: the options that no form names are "[OPTIONS]". */
export function synopses(
  words: string,
  { forms, options }: Command,
): string[] {
  const others = unnamed({ forms, options }).length === 0 ? "" : OTHERS;
  return waysTo(words, forms, others);
}

const OTHERS = "[OPTIONS]";

function waysTo(
  words: string,
  [first = "", ...more]: readonly string[],
  others: string,
): string[] {
  const whole = first.includes(OTHERS) ? first : `${first} ${OTHERS}`;
  return [whole.replace(OTHERS, () => others), ...more].map((form) =>
    `${words} ${form}`.replace(/ {2,}/g, " ").trim()
  );
}

/** The options that no form names. */
function unnamed(
  { forms, options }: Pick<Command, "forms" | "options">,
): (readonly [string, Option])[] {
  const named = forms.join(" ");
  return Object.entries(options).filter(([name, { alias, short = name }]) =>
    alias === undefined &&
    !new RegExp(`--${name}(?![\\w-])|(?<![\\w-])-${short}(?![\\w-])`).test(
      named,
    )
  );
}

function again({ repeat }: Option): string {
  return repeat ? "…" : "";
}

/** `--format pretty|json`, as a usage has it. */
function written(name: string, option: Option): string {
  const set = wordsOf(option).join("|");
  const value = set.length > 0 && set.length <= LONGEST_SET &&
      /^\w+$/.test(option.value ?? "")
    ? set
    : option.value;
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

/** `--format NAME` or `-t, --test`, as a list of options has it. */
export function optionHead(name: string, { value, short }: Option): string {
  const dashed = short === undefined ? `--${name}` : `-${short}, --${name}`;
  return value === undefined ? dashed : `${dashed} ${value}`;
}

/** The closed set of an option's values; empty where there is none. */
export function wordsOf({ oneOf }: Option): readonly string[] {
  return oneOf === undefined || Array.isArray(oneOf)
    ? (oneOf ?? []) as readonly string[]
    : Object.keys(oneOf);
}

/** All that is to be said of an option, in one line. */
function optionText(option: Option): string {
  const { says, oneOf, fallback, repeat } = option;
  const remarks = oneOf === undefined || Array.isArray(oneOf)
    ? {}
    : oneOf as Readonly<Record<string, string>>;
  const set = wordsOf(option).map((word) => {
    const remark = [
      ...(word === fallback ? ["the default"] : []),
      ...(remarks[word] ? [remarks[word]] : []),
    ].join(", ");
    return remark === "" ? word : `${word} (${remark})`;
  });
  return [
    [
      ...(says === undefined ? [] : [says]),
      ...(set.length === 0 ? [] : [
        [set.slice(0, -1).join(", "), set.at(-1)].filter((part) => part !== "")
          .join(" or "),
      ]),
    ].join(": "),
    ...(fallback === undefined || set.length > 0
      ? []
      : [`${fallback} is the default`]),
    ...(repeat ? ["may be repeated"] : []),
  ].join("; ");
}

/** The options that people are told of, with an alias beside its option. */
export function toldOptions(
  options: Options,
): { readonly name: string; readonly option: Option; readonly text: string }[] {
  const names = Object.entries(options);
  return names.filter(([, { alias }]) => alias === undefined).map(
    ([name, option]) => {
      const also = names.filter(([, { alias }]) => alias === name)
        .map(([other]) => `; also --${other}`).join("");
      return { name, option, text: `${optionText(option)}${also}` };
    },
  );
}

/** The codes of a command with what they mean, in order. */
export function exitRows({ exits }: Command): (readonly [number, string])[] {
  return Object.entries(exits).map(([code, means]) =>
    [Number(code), means] as const
  );
}

/** `exit codes: 0 fine, 1 findings`. */
export function exitText(command: Command): string {
  const rows = exitRows(command);
  // a comma inside one would read as the end of it
  const between = rows.slice(0, -1).some(([, means]) => means.includes(","))
    ? "; "
    : ", ";
  const told = rows.map(([code, means]) => `${code}\u00a0${means}`);
  return `exit codes: ${told.join(between)}`;
}

function usageLines(words: string, command: Command): string[] {
  return usages(words, command).flatMap((usage, index) => {
    const begin = index === 0 ? "usage: oauth-pam " : "       oauth-pam ";
    const rest = usageParts(usage.slice(words.length));
    const indent = " ".repeat(begin.length + words.length + 1);
    return joined([`${begin}${words}`, ...rest], { indent });
  });
}

/** What no line of a usage ends within: what stands in brackets, and an option with its value. */
export function usageParts(usage: string): readonly string[] {
  return usage.match(
    /(?:\[(?:[^[\]]|\[[^[\]]*\])*\]|--\S+ [^-[\s(|]\S*|\S+)…?/g,
  ) ?? [];
}

function optionLines(options: Options): string[] {
  const rows = toldOptions(options).map(({ name, option, text }) => ({
    head: optionHead(name, option),
    text,
  }));
  const short = rows.map(({ head }) => head.length)
    .filter((length) => length <= LONGEST_NAME);
  const indent = " ".repeat(2 + Math.max(0, ...short) + 2);
  return rows.flatMap(({ head, text }) => {
    const begin = `  ${head}`.padEnd(indent.length - 1);
    if (head.length <= LONGEST_NAME) {
      return joined([begin, ...text.split(" ")], { indent });
    }
    return [
      `  ${head}`,
      ...joined([indent.slice(1), ...text.split(" ")], { indent }),
    ];
  });
}

/** Paragraphs of text in lines of the width, with what is indented as it is. */
function paragraphs(text: string): string[] {
  return text.trim().split(/\n\s*\n/).flatMap((paragraph, index) => [
    ...(index === 0 ? [] : [""]),
    ...blocks(paragraph).flatMap(({ verbatim, lines }) =>
      verbatim ? lines : wrapped(lines.join(" "))
    ),
  ]);
}

/** Runs of lines of a paragraph that are indented, or are not. */
export function blocks(
  paragraph: string,
): { readonly verbatim: boolean; readonly lines: string[] }[] {
  const found: { verbatim: boolean; lines: string[] }[] = [];
  for (const line of paragraph.split("\n")) {
    const verbatim = line.startsWith("  ");
    const last = found.at(-1);
    if (last?.verbatim === verbatim) last.lines.push(line);
    else found.push({ verbatim, lines: [line] });
  }
  return found;
}

function wrapped(text: string): string[] {
  return joined(text.split(/[ \n]+/), { indent: "" });
}

/** Words in lines of the width; all lines but the first are indented. */
function joined(
  [first = "", ...words]: readonly string[],
  { indent }: { readonly indent: string },
): string[] {
  const lines = [first];
  for (const word of words) {
    const line = lines.at(-1) ?? "";
    if (line.length + 1 + word.length <= WIDTH) {
      lines[lines.length - 1] = `${line} ${word}`;
    } else lines.push(`${indent}${word}`);
  }
  return lines;
}
