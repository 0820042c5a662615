/**
 * What `check` has to say, for a person, for a program, and as commands.
 *
 * @module
 */
import { type Level, worstFirst } from "../../policy/diagnostic.ts";
import { plural, visible } from "../../lib/text.ts";
import { findingJson, jsonDocument } from "../output/json.ts";
import { prettyFindings } from "../output/pretty.ts";
import type { Fine, HostFinding, Noted } from "./finding.ts";

export interface Report {
  readonly findings: readonly HostFinding[];
  /** What was looked at and is in order. */
  readonly ok: readonly Fine[];
}

/** Each once. */
export function reportOf(noted: readonly Noted[]): Report {
  const unique = [
    ...new Map(noted.map((each) => [JSON.stringify(each), each])).values(),
  ];
  return {
    findings: unique.filter((each) => each.level !== "ok"),
    ok: unique.filter((each) => each.level === "ok"),
  };
}

export function checkJson({ findings, ok }: Report): string {
  return jsonDocument("oauth-pam/check@1", {
    findings: findings.map(findingJson),
    ok: ok.map(({ id, message, file, line }) => ({ id, message, file, line })),
  });
}

/** What is in order, then what is not, the worst first; empty when there is nothing to say. */
export function checkPretty(
  { findings, ok }: Report,
  options: { color: boolean },
): string {
  const green = options.color ? ["\x1b[32m", "\x1b[0m"] : ["", ""];
  const lines = ok.map(({ id, message }) =>
    `${green.join("ok")}  ${areaOf(id)}  ${visible(message)}\n`
  );
  return lines.join("") + prettyFindings(worstFirst(findings), options);
}

/** `sshd` of `sshd/use-pam`. */
function areaOf(id: string): string {
  return id.replace(/\/.*$/, "");
}

/** `1 error, 0 warnings`. */
export function checkSummary({ findings }: Report): string {
  const count = (level: Level) =>
    findings.filter((finding) => finding.level === level).length;
  return `${plural(count("error"), "error")}, ${
    plural(count("warning"), "warning")
  }`;
}
