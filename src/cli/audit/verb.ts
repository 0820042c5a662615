/**
 * `oauth-pam audit summary [FILE…]`
 *
 * @module
 */
import { POLICY } from "../../lib/installed.ts";
import { openMetrics } from "../../analysis/audit/metrics.ts";
import { AuditCount } from "../../analysis/audit/summary.ts";
import type { Policy } from "../../policy/model.ts";
import { locate } from "../../policy/syntax/yaml.ts";
import { choice, parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";
import { formatOption } from "../output/reports.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import {
  type ReadPolicy,
  readPolicy,
  replaceOutput,
  usableOrThrow,
} from "../input.ts";
import type { CliIo } from "../io.ts";
import { namedOnce, readAuditFiles } from "./files.ts";
import { summaryJson } from "./json.ts";
import { type PolicyRule, summaryPretty } from "./pretty.ts";
import { recordedFiles } from "./recorded.ts";

const FORMATS = ["pretty", "json", "openmetrics"] as const;

export const COMMAND: Command = {
  forms: ["[FILE]…"],
  about: `
Counts the attempts in audit files by decision and reason, rule, issuer, service and policy, and tells
when each rule and each account was last used. Files may be of any size, rotated, and compressed by
gzip; "-" is standard input. Without FILE they are the "audit" file of the policy and those that it was
rotated to, with those of certificates.
`,
  options: {
    policy: {
      value: "FILE",
      says:
        `the policy: its rules are told too when nothing used them; without FILE and without this, ${POLICY}`,
    },
    format: formatOption(FORMATS, {
      openmetrics:
        "for a textfile collector: no label of it has an account, an address or a claim",
    }),
    output: {
      value: "FILE",
      says:
        "write the report there instead of to standard output, by renaming, so that nobody ever reads half of it",
    },
  },
  exits: {
    0: "fine",
    3: "a file cannot be read or used",
    4: "there is no record",
  },
  operands: { files: true },
};

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const format = choice("format", options.text("format") ?? "pretty", FORMATS);
  const named = namedOnce(options.positionals);
  const path = options.text("policy") ?? (named.length === 0 ? POLICY : null);
  const read = path === null ? null : await readPolicy(path, io);
  const policy = read && usableOrThrow(read);
  const files = named.length > 0 || policy === null
    ? named
    : await recordedFiles(policy, io);
  const count = new AuditCount();
  await readAuditFiles(files, count, io);
  const summary = count.result();
  const rules = read && policy && rulesOf(read, policy);
  const output = options.text("output");
  const text = {
    pretty: () =>
      summaryPretty(summary, {
        rules,
        color: io.color && output === undefined,
      }),
    json: () => summaryJson(summary, rules),
    openmetrics: () =>
      openMetrics(
        summary,
        policy && {
          rules: policy.rules.map(({ id }) => id),
          issuers: policy.issuers.map(({ name }) => name),
        },
      ),
  }[format]();
  if (output === undefined) io.stdout(text);
  else await replaceOutput(output, text, io);
  return summary.records === 0 ? EXIT.nothing : EXIT.fine;
}

/** The rules of the policy with their lines. */
function rulesOf({ source }: ReadPolicy, { rules }: Policy): PolicyRule[] {
  return rules.map(({ id }) => {
    if (source === null) return { id, line: null };
    const { yaml } = source;
    const { start, end } = locate(yaml.root, ["rules", id], { at: "key" });
    return { id, line: yaml.span(start, end).line };
  });
}
