/**
 * `policy diff --format markdown`: the change as a table, for a job summary or a note on a merge
 * request.
 *
 * @module
 */
import { plural } from "../../../lib/text.ts";
import {
  markdownCode,
  markdownFold,
  markdownTable,
  markdownText,
} from "../../output/markdown.ts";
import {
  changeRows,
  type Row,
  sessionRows,
} from "../../../analysis/diff/rows.ts";
import { type Compared } from "./compared.ts";
import { replayLines } from "./words.ts";
import { verdictText } from "../../../analysis/diff/words.ts";

const MAX_LENGTH = 1_000;
const MAX_RULES = 5;
const MAX_LIMITS = 20;

export function diffMarkdown(compared: Compared): string {
  const { diff, replayed, file } = compared;
  const changes = changeRows(compared);
  const changed = diff.accounts.filter(({ verdict }) =>
    verdict !== "equivalent"
  );
  const same = diff.accounts.length - changed.length;
  const words = verdictText(diff);
  const lines = [
    `### Change of ${code(file)}: ${diff.verdict}`,
    "",
    `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`,
    ...table(
      ["", "account", "rule", "line", "what changes", "request"],
      changes.map((row) =>
        cells(row, row.verdict === "wider" ? "gains" : "loses")
      ),
    ),
    ...(changed.length > 0 && same > 0
      ? ["", `${plural(same, "other account")}: equivalent`]
      : []),
    ...table(
      ["sessions may use", "account", "rule", "line", "what", "request"],
      sessionRows(compared).map((row) =>
        cells(row, row.verdict === "wider" ? "more" : "less")
      ),
    ),
    ...table(
      ["", "setting", "what changes"],
      diff.settings.map(({ path, verdict, description }) => [
        verdict === "equivalent" ? "no say in who gets in" : verdict,
        code(path),
        text(description),
      ]),
    ),
    ...(diff.exhaustive ? [] : [
      "",
      "**Not everything was looked at:**",
      "",
      ...diff.limits.slice(0, MAX_LIMITS).map((limit) => `- ${text(limit)}`),
    ]),
    ...(replayed === null
      ? []
      : ["", fold(...headAndRest(replayLines(replayed)))]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Why there is no comparison. */
export function markdownFailure(file: string, message: string): string {
  const said = message.split("\n").map(markdownCode).join("<br>");
  return `### Change of ${code(file)}: not compared\n\n${said}\n`;
}

function table(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  return rows.length === 0 ? [] : ["", ...markdownTable(titles, rows)];
}

function cells(row: Row, who: string): string[] {
  const { account, example, line } = row;
  const rules = row.rules.slice(0, MAX_RULES);
  const more = row.rules.length > rules.length ? ", …" : "";
  const whose = example ? " and every other account of its sort" : "";
  return [
    who,
    `${code(account)}${whose}`,
    rules.length === 0
      ? "every rule"
      : `${rules.map(({ id }) => code(id)).join(", ")}${more}`,
    rules.length === 0
      ? `${line ?? "gone"}`
      : `${rules.map((rule) => rule.line ?? "gone").join(", ")}${more}`,
    text(row.text),
    fold("request", row.request),
  ];
}

function headAndRest(lines: readonly string[]): [string, readonly string[]] {
  const [head = "", ...rest] = lines;
  return [head, rest];
}

function fold(summary: string, lines: readonly string[]): string {
  return markdownFold(summary, lines.map(short));
}

function code(value: string): string {
  return markdownCode(short(value));
}

function text(value: string): string {
  return markdownText(short(value));
}

function short(value: string): string {
  return value.length > MAX_LENGTH ? `${value.slice(0, MAX_LENGTH)}…` : value;
}
