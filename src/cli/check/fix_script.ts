/**
 * `check --fix`: what was found as a script for a shell, to be read before anybody runs it.
 *
 * @module
 */
import { visible } from "../../lib/text.ts";
import { findingText, worstFirst } from "../../policy/diagnostic.ts";
import type { HostFinding } from "./finding.ts";
import { movesLines } from "./mend.ts";

/** Errors and warnings, each with the commands that mend it, or with what there is to do. */
export function fixScript(findings: readonly HostFinding[]): string {
  const given = new Set<string>();
  const moves = ({ fix = [] }: HostFinding) => fix.some(movesLines);
  const found = worstFirst(findings).filter(({ level }) => level !== "info");
  const parts = [
    ...found.filter((each) => !moves(each)),
    ...found.filter(moves),
  ].map((finding) => {
    const { fix = [], hint } = finding;
    const fresh = fix.filter((command) => !given.has(command));
    for (const command of fresh) given.add(command);
    return [
      comment(findingText(finding)),
      ...(fix.length === 0
        ? [
          comment(
            `no command for this${hint === undefined ? "" : `: ${hint}`}`,
          ),
        ]
        : fresh.length === 0
        ? [comment("see above")]
        : fresh),
    ];
  });
  const about = parts.length === 0
    ? "there is nothing to mend"
    : "nothing of this was run: read it, keep a root shell open, run it, and check again";
  // edits of files that sshd reads again when it is told to, and only if they are right
  const reread = [...given].some((each) => / -i .*sshd_config/.test(each))
    ? [[
      comment("before sshd reads its configuration again"),
      "/usr/sbin/sshd -t && echo 'sshd takes its configuration: reload it'",
    ]]
    : [];
  return ["#!/bin/sh", comment(`oauth-pam check --fix: ${about}`)].join("\n") +
    [...parts, ...reread].map((lines) => `\n\n${lines.join("\n")}`).join("") +
    "\n";
}

const APOSTROPHE = "\u2019";

/** One line that stays a comment, also where it is pasted into a shell that knows none. */
function comment(text: string): string {
  const plain = visible(text).replaceAll("'", APOSTROPHE)
    .replace(/[`$;&|<>(){}\\!]/g, "\u00b7");
  const odd = plain.split('"').length % 2 === 0;
  return `# ${odd ? plain.replaceAll('"', "") : plain}`;
}
