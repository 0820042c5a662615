/**
 * `check`: whether the policy can be used.
 *
 * @module
 */
import type { Diagnostic } from "../../policy/diagnostic.ts";
import { listOf, plural } from "../../lib/text.ts";
import { lint } from "../../analysis/lint/lint.ts";
import type { CliIo } from "../io.ts";
import { factsOf } from "../policy/lint/facts.ts";
import type { ReadPolicy } from "../input.ts";
import type { Finding } from "../../policy/diagnostic.ts";
import { fine, type Noted } from "./finding.ts";

/**
 * Looked at here by the rules of a login, which also trusts files of its own user; and tests, which
 * are not installed on hosts.
 */
const NOT_OF_A_HOST = ["file/owner", "file/mode", "test/none"];

/** The errors of `policy lint`, and how much else it has to say. */
export async function policyFindings(
  read: ReadPolicy,
  io: CliIo,
): Promise<Noted[]> {
  const { facts, diagnostics } = await factsOf(read.file, io, {
    stdinName: undefined,
    installed: false,
  });
  const all = [...lint(read, { facts }).findings, ...diagnostics]
    .filter(({ id }) => !NOT_OF_A_HOST.includes(id));
  const errors = all.filter(({ level }) => level === "error");
  const others = all.filter(({ level }) => level !== "error");
  const ids = [...new Set(others.map(({ id }) => id))].sort();
  return [
    ...errors.map(lineOf),
    ...(errors.length > 0 || read.policy === null ? [] : [
      fine(
        "policy/usable",
        `"${read.file}" can be used: ${
          plural(read.policy.issuers.length, "issuer")
        }, ${
          plural(read.policy.rules.length, "rule")
        }, no error of "policy lint"`,
        read,
      ),
    ]),
    ...(others.length === 0 ? [] : [
      {
        id: "policy/lint",
        level: "info",
        message: `"policy lint" has more to say: ${listOf(ids)}`,
        hint: `oauth-pam policy lint ${read.file}`,
        file: read.file,
      } as const,
    ]),
  ];
}

/** `check` speaks of lines: columns are for who edits the policy. */
function lineOf(diagnostic: Diagnostic): Finding {
  const { id, level, message, hint, file, line } = diagnostic;
  return {
    id,
    level,
    message,
    ...(hint === undefined ? {} : { hint }),
    file,
    line,
  };
}
