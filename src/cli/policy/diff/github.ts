/**
 * `policy diff --format github`: an annotation a change, at the line that makes it.
 *
 * @module
 */
import type { Level } from "../../../policy/diagnostic.ts";
import type { Verdict } from "../../../analysis/diff/diff.ts";
import { type Annotation, githubAnnotations } from "../../output/github.ts";
import {
  changeRows,
  type Row,
  sessionRows,
  whose,
} from "../../../analysis/diff/rows.ts";
import { type Compared, replayVerdict } from "./compared.ts";
import { replayLines } from "./words.ts";
import { verdictText } from "../../../analysis/diff/words.ts";

const TITLE = "policy diff";

/** What the gate is closed for: changes of this kind, or of settings of this kind. */
export type Closes = (
  verdict: Verdict | "sampled",
  of: "decision" | "setting",
) => boolean;

export function diffGithub(compared: Compared, closes: Closes): string {
  const { diff, replayed, file } = compared;
  const note = (
    verdict: Verdict | "sampled",
    text: string,
    of: "decision" | "setting" = "decision",
  ): Annotation => ({
    level: closes(verdict, of) ? "error" : levelOf(verdict),
    title: `${TITLE}: ${verdict}`,
    message: text,
    place: { file },
    brief: `${file}: ${verdict}: ${text}`,
  });
  const annotations: Annotation[] = [
    ...changeRows(compared).map((row) => ({
      ...note(
        row.verdict,
        [
          row.text,
          `account ${whose(row)}`,
          ...row.request,
        ].join("\n"),
      ),
      ...placed(row, file),
    })),
    ...sessionRows(compared).map((row) => {
      const does = row.verdict === "wider" ? "more" : "less";
      const text = `sessions of ${whose(row)} may use ${does}`;
      return note(row.verdict, [text, row.text, ...row.request].join("\n"));
    }),
    ...diff.settings.map(({ path, verdict, description }) =>
      note(verdict, `${path}: ${description}`, "setting")
    ),
    ...(diff.exhaustive ? [] : [
      note(
        "sampled",
        ["not everything was looked at:", ...diff.limits].join("\n"),
      ),
    ]),
    ...(replayed === null ? [] : [{
      ...note(replayVerdict(replayed), replayLines(replayed).join("\n")),
      title: `${TITLE}: replay`,
      place: {},
    }]),
  ];
  const verdict = `${diff.verdict}: ${verdictText(diff)}`;
  return githubAnnotations([...annotations, {
    level: "info",
    title: TITLE,
    message: verdict,
    place: {},
    brief: verdict,
  }], "change");
}

/** How it is shown where the gate stays open. */
function levelOf(verdict: Verdict | "sampled"): Level {
  return verdict === "equivalent" || verdict === "narrower"
    ? "info"
    : "warning";
}

/** Why there is no comparison. */
export function githubFailure(message: string): string {
  return githubAnnotations([{
    level: "error",
    title: TITLE,
    message,
    place: {},
    brief: message,
  }], "error");
}

function placed(
  row: Row,
  file: string,
): Pick<Annotation, "place" | "brief"> {
  const line = lineOf(row);
  return {
    place: line === null ? { file } : { file, line },
    brief: `${file}:${
      line === null ? "" : `${line}:`
    } ${row.verdict}: ${row.text}`,
  };
}

function lineOf({ line, rules }: Row): number | null {
  return line ?? rules.find((rule) => rule.line !== null)?.line ?? null;
}
