/**
 * Suppressions: `# oauth-pam: ignore[id] reason` on the line, or alone on a line above.
 *
 * What makes a login refuse the policy cannot be suppressed, and neither can the findings about
 * suppressions themselves.
 *
 * @module
 */
import { Lexer } from "yaml";
import { nearest } from "../../lib/text.ts";
import { foundElsewhere, type LintFinding } from "./lint_rule.ts";

export interface Suppression {
  readonly id: string;
  /** Empty when none is given: then it has no effect. */
  readonly reason: string;
  /** Where the id is written. */
  readonly start: number;
  readonly end: number;
  /** The lines that it speaks for, from 1. */
  readonly lines: ReadonlySet<number>;
}

const DIRECTIVE = /^#\s*oauth-pam:\s*ignore\b\s*(\[([^\]]*)\])?(.*)$/s;

/** What the comments of a file suppress, with ill-formed ones as findings. */
export interface Suppressions {
  readonly all: readonly Suppression[];
  readonly findings: readonly (LintFinding & { readonly id: string })[];
}

/** Reads the suppressions of a file that is valid YAML. */
export function readSuppressions(text: string): Suppressions {
  const all: Suppression[] = [];
  const findings: (LintFinding & { id: string })[] = [];
  if (!text.includes("oauth-pam:")) return { all, findings };
  for (const comment of comments(text)) {
    const match = DIRECTIVE.exec(comment.text);
    if (match === null) continue;
    const [, brackets, list = "", rest = ""] = match;
    const end = comment.start + comment.text.length;
    if (brackets === undefined) {
      findings.push({
        id: "suppress/unused",
        message: "the suppression names no id, so that it suppresses nothing",
        hint: 'write it as "# oauth-pam: ignore[id] reason"',
        place: { start: comment.start, end },
      });
      continue;
    }
    const reason = rest.trim();
    if (reason === "") {
      findings.push({
        id: "suppress/no-reason",
        message:
          "the suppression gives no reason, so that it suppresses nothing",
        hint: 'write why behind it: "# oauth-pam: ignore[id] reason"',
        place: { start: comment.start, end },
      });
    }
    const offset = comment.start + comment.text.indexOf("[") + 1;
    for (const { id, at } of idsIn(list)) {
      const start = offset + at;
      const end = start + Math.max(1, id.length);
      all.push({ id, reason, start, end, lines: comment.lines });
    }
  }
  return { all, findings };
}

function idsIn(list: string): { id: string; at: number }[] {
  let at = 0;
  return list.split(",").map((part) => {
    const id = part.trim();
    const found = { id, at: at + part.indexOf(id) };
    at += part.length + 1;
    return found;
  });
}

interface Comment {
  readonly text: string;
  readonly start: number;
  readonly lines: ReadonlySet<number>;
}

/** Marks of the lexer that are not in the text: a document, the end of a flow, a scalar. */
const SCALAR_FOLLOWS = "\x1f";
const MARKS = ["\x02", "\x18", SCALAR_FOLLOWS];

/** The comments as YAML sees them: "#" inside a string is none. */
function* comments(text: string): Iterable<Comment> {
  const lines = text.split("\n").map((line) => line.trim());
  let offset = 0;
  let line = 1;
  let scalar = false;
  for (const token of new Lexer().lex(text)) {
    if (!scalar && MARKS.includes(token)) {
      scalar = token === SCALAR_FOLLOWS;
      continue;
    }
    if (!scalar && token.startsWith("#")) {
      yield {
        text: token.trimEnd(),
        start: offset,
        lines: linesOf(lines, line),
      };
    }
    scalar = false;
    offset += token.length;
    line += token.split("\n").length - 1;
  }
}

/** The comment's own line, or the one below when the comment stands alone, past other comments. */
function linesOf(lines: readonly string[], line: number): ReadonlySet<number> {
  if (lines[line - 1]?.startsWith("#") !== true) return new Set([line]);
  let below = line + 1;
  while (lines[below - 1]?.startsWith("#")) below++;
  return new Set([line, below]);
}

/** The finding for a suppression that nothing needed. */
export function unusedSuppression(
  { id, start, end }: Suppression,
  known: { ids: readonly string[]; certain: ReadonlySet<string> },
): LintFinding {
  const place = { start, end };
  if (!known.ids.includes(id)) {
    const suggestion = nearest(id, known.ids);
    return {
      message: `there is no lint rule ${JSON.stringify(id)}`,
      hint: suggestion === undefined
        ? '"policy lint --list-rules" lists them'
        : `did you mean "${suggestion}"?`,
      place,
    };
  }
  return known.certain.has(id)
    ? {
      message: `${
        JSON.stringify(id)
      } cannot be suppressed: a login refuses the policy for it`,
      hint: "correct what it is about",
      place,
    }
    : {
      message: `nothing here is suppressed by ${JSON.stringify(id)}`,
      hint: "remove it",
      place,
    };
}

export const SUPPRESS_RULES = [
  foundElsewhere("suppressions", "suppress/unused", {
    level: "warning",
    page: {
      summary: "a suppression that suppresses nothing",
      avoid:
        `clock_skew: 30s   # oauth-pam: ignore[clock/skew-too-large] old clocks`,
      prefer: `clock_skew: 30s`,
      why:
        `What was once suppressed is now in order, or the id is misspelt. The comment would hide the next
real finding at this place.`,
    },
  }),
  foundElsewhere("suppressions", "suppress/no-reason", {
    page: {
      summary: "a suppression without a reason",
      avoid: `clock_skew: 2m   # oauth-pam: ignore[clock/skew-too-large]`,
      prefer:
        `clock_skew: 2m   # oauth-pam: ignore[clock/skew-too-large] the boards have no NTP until May`,
      why:
        `Whoever reads the policy next must be able to judge whether the exception still holds. Without a
reason the suppression has no effect.`,
    },
  }),
];
