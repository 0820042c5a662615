/**
 * Text that looks like other text.
 *
 * @module
 */
import type { YamlNode } from "../../../policy/syntax/yaml.ts";
import type { LintContext } from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";

/** Unicode's bidirectional controls (UAX #9): what is shown is not the order of what is written. */
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Letters without a width, and spaces that are not a space. Joiners and marks in prose are fine. */
const INVISIBLE =
  /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u{e0000}-\u{e01ef}]|[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/gu;

/** Scripts whose letters are taken for one another (Unicode TS #39, whole-script confusables). */
const SCRIPTS = [
  ["Latin", /\p{Script=Latin}/u],
  ["Greek", /\p{Script=Greek}/u],
  ["Cyrillic", /\p{Script=Cyrillic}/u],
  ["Armenian", /\p{Script=Armenian}/u],
  ["Cherokee", /\p{Script=Cherokee}/u],
] as const;

/** Words of which every letter looks like a Latin one. */
const LOOKS_LATIN =
  /^(?:[\u0430\u0251\u0435\u0501\u04bb\u0456\u0458\u04cf\u043a\u043c\u0578\u043e\u0440\u051b\u0433\u0441\u0455\u0442\u0445\u0443\u0475\u051d\u0437\u050d\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf\u03bd\u03c5\u0410\u0412\u0415\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0405\u0422\u0425\u04ae]|[0-9_.@-])+$/u;

/** Letters that Unicode keeps only for compatibility, such as fullwidth ones. */
const COMPATIBILITY =
  /[\u2100-\u214f\u{1d400}-\u{1d7ff}\uff01-\uff5e\ufb00-\ufb06]/u;

function* confusable(context: LintContext): Iterable<LintFinding> {
  const { text, yaml } = context.source;
  yield* everywhere(text);
  // nearly all policies are ASCII: nothing can be confused then
  // deno-lint-ignore no-control-regex -- the range of ASCII
  if (/^[\x00-\x7f]*$/.test(text)) return;
  for (const { value, start, end } of words(yaml.root, { prose: false })) {
    yield* inWord(value, { start, end });
  }
}

/** Bidirectional controls are never wanted, not even in a comment. */
function* everywhere(text: string): Iterable<LintFinding> {
  for (const match of text.matchAll(BIDI)) {
    yield {
      message: `${name(match[0])} changes the order in which the text is shown`,
      hint: "remove it",
      place: { start: match.index, end: match.index + 1 },
    };
  }
}

function* inWord(
  value: string,
  place: { start: number; end: number },
): Iterable<LintFinding> {
  const invisible = value.match(INVISIBLE)?.[0];
  const shown = JSON.stringify(value);
  if (invisible !== undefined) {
    yield {
      message: `${shown} holds ${
        name(invisible)
      }, which cannot be seen or looks like a space`,
      hint: "remove it",
      place,
    };
    return;
  }
  for (const word of value.split(/[^\p{L}\p{M}\p{N}_.@-]+/u)) {
    const problem = problemOf(word);
    if (problem === null) continue;
    yield { ...problem, place };
    return;
  }
  if (value.normalize("NFC") !== value) {
    yield {
      level: "warning",
      message:
        `${shown} is not in Unicode's composed form (NFC): the same text from elsewhere may not be equal`,
      hint: "write it with composed letters",
      place,
    };
  }
}

function problemOf(word: string): Pick<LintFinding, "message" | "hint"> | null {
  const found = SCRIPTS.filter(([, script]) => script.test(word));
  if (found.length > 1) {
    return {
      message: `${JSON.stringify(word)} mixes ${
        found.map(([script]) => script).join(" and ")
      } letters, which look alike`,
      hint: `it is written ${escaped(word)}`,
    };
  }
  // deno-lint-ignore no-control-regex -- the range of ASCII
  if (LOOKS_LATIN.test(word) && /[^\x00-\x7f]/.test(word)) {
    return {
      message: `${
        JSON.stringify(word)
      } looks like Latin letters and has none of them`,
      hint: `it is written ${escaped(word)}`,
    };
  }
  return COMPATIBILITY.test(word)
    ? {
      message: `${
        JSON.stringify(word)
      } holds letters that look like plain ones and are others`,
      hint: `did you mean ${JSON.stringify(word.normalize("NFKC"))}?`,
    }
    : null;
}

interface Word {
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** Keys and values that decide something: descriptions, prompts and names of tests are prose. */
function* words(node: YamlNode, at: { prose: boolean }): Iterable<Word> {
  switch (node.kind) {
    case "scalar":
      if (typeof node.value === "string" && !at.prose) {
        yield { value: node.value, start: node.start, end: node.end };
      }
      break;
    case "list":
      for (const item of node.items) yield* words(item, at);
      break;
    case "map":
      for (const [key, entry] of node.entries) {
        yield { value: key, start: entry.keyStart, end: entry.keyEnd };
        const prose = key === "description" || key === "prompt" ||
          key === "tests" || key === "tables";
        yield* words(entry.node, { prose: at.prose || prose });
      }
  }
}

function name(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `the character U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

function escaped(word: string): string {
  return word.replace(/[^ -~]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return `<U+${code.toUpperCase().padStart(4, "0")}>`;
  });
}

export const TEXT_RULES = [
  lintRule("text/confusable", {
    level: "error",
    check: confusable,
    page: {
      summary:
        "text that cannot be seen, is shown in another order, or looks like other text",
      avoid:
        `accounts: [{map: {"\u0430lice@example.edu": [alice]}, keys: [email]}]   # the first letter is Cyrillic`,
      prefer:
        `accounts: [{map: {"alice@example.edu": [alice]}, keys: [email]}]`,
      why:
        `Reviewers see what is shown, login compares what is written. Bidirectional controls are an error
everywhere, also in comments (CVE-2021-42574); invisible letters, words that mix Latin, Greek or
Cyrillic letters, and words that merely look Latin are an error in keys and values.`,
    },
  }),
];
