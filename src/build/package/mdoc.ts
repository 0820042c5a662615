/**
 * Manual pages as mdoc(7), of a few sorts of blocks.
 *
 * Text is plain, with code between backquotes. Every other character is shown as it is: nothing in it
 * is taken for a macro or an escape.
 *
 * @module
 */

export type Block =
  | { readonly text: string }
  /** A subsection begins. */
  | { readonly heading: string }
  /** Lines that are kept as they are. */
  | { readonly code: string }
  /** How a command is called: its words, and what follows them. */
  | {
    readonly usages:
      readonly (readonly [words: string, rest: readonly string[]])[];
  }
  /** Each entry with its head, which is a usage or text. */
  | { readonly list: readonly Entry[]; readonly compact?: true }
  /** Numbered steps. */
  | { readonly steps: readonly (readonly Block[])[] };

interface Entry {
  readonly head: string;
  /** Whether the head is an option: bold, with the word for its value underlined. */
  readonly usage?: true;
  readonly text: string;
}

export interface ManPage {
  readonly name: string;
  readonly section: number;
  readonly summary: string;
  readonly date: Date;
  /** What it belongs to, with its version. */
  readonly program: string;
  readonly sections: readonly (readonly [
    title: string,
    blocks: readonly Block[],
  ])[];
  /** Of the last section. */
  readonly seeAlso: readonly (readonly [name: string, section: number])[];
}

const MONTHS = [
  ...["January", "February", "March", "April", "May", "June", "July"],
  ...["August", "September", "October", "November", "December"],
];

/** Lines of the source are at most so long, in characters. */
const WIDTH = 78;

/** The page as mdoc(7) source, of ASCII alone. */
export function mdoc(page: ManPage): string {
  const { date } = page;
  const month = MONTHS[date.getUTCMonth()];
  const others = page.seeAlso.toSorted((a, b) =>
    a[1] - b[1] || (a[0] < b[0] ? -1 : 1)
  );
  return [
    `.Dd ${month} ${date.getUTCDate()}, ${date.getUTCFullYear()}`,
    `.Dt ${page.name.toUpperCase()} ${page.section}`,
    `.Os ${page.program}`,
    ".Sh NAME",
    `.Nm ${page.name}`,
    `.Nd ${escaped(page.summary)}`,
    ...page.sections.flatMap(([title, blocks]) => [
      `.Sh ${title}`,
      ...blockLines(blocks),
    ]),
    ".Sh SEE ALSO",
    ...others.map(([name, section], index) =>
      `.Xr ${name} ${section}${index === others.length - 1 ? "" : " ,"}`
    ),
  ].map((line) => `${line}\n`).join("");
}

/** A paragraph is begun only where there is something before it to end. */
function blockLines(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block, index) => {
    const before = blocks[index - 1];
    const apart = before !== undefined && !("heading" in before);
    if ("heading" in block) return [`.Ss ${quoted(escaped(block.heading))}`];
    if ("text" in block) {
      return [...(apart ? [".Pp"] : []), ...textLines(block.text)];
    }
    if ("code" in block) {
      const lines = block.code.replace(/^\n|\s+$/g, "").split("\n");
      return [
        ".Bd -literal -offset indent",
        ...lines.map((line) => guarded(escaped(line))),
        ".Ed",
      ];
    }
    if ("usages" in block) {
      return [
        ".Bl -hang -width Ds -compact",
        ...block.usages.flatMap(([words, rest]) => [
          `.It ${quoted(bold(words))}`,
          ...(rest.length === 0 ? [] : wrapped(rest.map(usageText).join(" "))),
        ]),
        ".El",
      ];
    }
    if ("steps" in block) {
      return [
        ".Bl -enum",
        ...block.steps.flatMap((step) => [".It", ...blockLines(step)]),
        ".El",
      ];
    }
    return [
      `.Bl -tag -width Ds${block.compact ? " -compact" : ""}`,
      ...block.list.flatMap(({ head, usage, text }) => [
        `.It ${quoted(usage ? usageText(head) : inline(head))}`,
        ...textLines(text),
      ]),
      ".El",
    ];
  });
}

/** Sentences begin on lines of their own, as mdoc wants them. */
function textLines(text: string): string[] {
  return text.trim().split(/\n\s*\n/).flatMap((paragraph, index) => [
    ...(index === 0 ? [] : [".Pp"]),
    ...paragraph.replace(/\s+/g, " ").trim()
      .split(/(?<=[.!?]["')\]`]*) (?=["'(`]*[A-Z/])/)
      .flatMap((sentence) => wrapped(inline(sentence))),
  ]);
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > WIDTH) {
      lines.push(word);
    } else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.map(guarded);
}

/** A line that begins like a request does not become one. */
function guarded(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}

/** Text with its code in bold. */
function inline(text: string): string {
  return text.split(/(`[^`]+`)/).map((part) =>
    /^`.+`$/s.test(part) ? bold(part.slice(1, -1)) : escaped(part)
  ).join("");
}

/** No word of it is hyphenated: it is there to be typed. */
function bold(text: string): string {
  return `\\fB${escaped(text).replace(/(?<=^| )(?=\S)/g, "\\%")}\\fR`;
}

/** A part of a usage, in which no line ends. */
function usageText(usage: string): string {
  const marked = usage.split(/(--?[a-z][a-z-]*|\b[A-Z][A-Z_]*\b)/).map((part) =>
    /^-/.test(part)
      ? `\\fB${escaped(part)}\\fR`
      : /^[A-Z]/.test(part)
      ? `\\fI${escaped(part)}\\fR`
      : escaped(part)
  ).join("");
  return `\\%${marked.replaceAll(" ", "\\~")}`;
}

/** As one argument of a macro, in which no word is taken for another macro. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', "\\(dq")}"`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  // others than these are typeset: a dash, quotation marks and accents that no shell would take
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  "…": "\\&...",
};

function escaped(text: string): string {
  return text.replace(/[\\'`^~-]|[^\x20-\x7e]/gu, (char) =>
    ESCAPES[char] ??
      `\\[u${
        (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")
      }]`);
}
