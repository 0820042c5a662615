/**
 * `oauth-pam policy show FILE [--effective]`
 *
 * @module
 */
import { policyDocument, yamlText } from "../../policy/syntax/write.ts";
import type { Policy } from "../../policy/model.ts";
import { policyOf } from "../../policy/syntax/defaults.ts";
import { usable } from "../../policy/syntax/parse.ts";
import { PolicySchema } from "../../policy/syntax/schema.ts";
import { readShape } from "../../policy/syntax/shape.ts";
import { choice, parseArguments, UsageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { formatOption } from "../output/reports.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import type { CliIo } from "../io.ts";
import { readPolicy } from "../input.ts";
import { jsonDocument } from "../output/json.ts";
import { prettyFindings } from "../output/pretty.ts";

const FORMATS = ["yaml", "json"] as const;

export const COMMAND: Command = {
  forms: ["FILE"],
  about: `
Prints the policy in a normal form: keys in one order, no comments, no tests. Two policies that
mean the same print the same, apart from the order of rules and lists.
`,
  options: {
    effective: { says: "with every default filled in" },
    format: formatOption(FORMATS),
  },
  exits: { 0: "fine", 3: "not readable as a policy" },
  operands: { files: true },
};

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const format = choice(
    "format",
    options.text("format") ?? "yaml",
    FORMATS,
  );
  const [file, ...rest] = options.positionals;
  if (file === undefined || rest.length > 0) {
    throw new UsageError("name one policy file");
  }
  const read = await readPolicy(file, io);
  const policy = usable(read);
  if (policy === null) {
    const texts = new Map([[read.file, read.text]]);
    io.stderr(prettyFindings(read.diagnostics, { texts, color: false }));
    return EXIT.unanswered;
  }
  const document = options.flag("effective")
    ? policyDocument(policy)
    : brief(policy);
  io.stdout(
    format === "json"
      ? jsonDocument("oauth-pam/show@1", { policy: document })
      : yamlText(document),
  );
  return EXIT.fine;
}

type Written = Record<string, unknown>;

/** The document without what holds anyway: a key that can go without changing the policy goes. */
function brief(policy: Policy): Written {
  const document = policyDocument(policy) as Written & {
    issuers: Record<string, Written>;
    rules: Record<string, Written>;
  };
  // what one entry means does not depend on the others: comparing all of them each time is slow
  const [issuers, rules] = [firstOf(document.issuers), firstOf(document.rules)];
  const { version, issuers: _issuers, rules: _rules, ...rest } = document;
  const { assurance, ...last } = withoutDefaults(
    rest,
    (candidate) => ({ version, issuers, rules, ...candidate }),
  );
  return {
    version,
    issuers: each(document.issuers, (issuer, name) =>
      withoutDefaults(
        issuer,
        (candidate) => ({ version, issuers: { [name]: candidate }, rules }),
      )),
    ...(assurance === undefined ? {} : { assurance }),
    rules: each(document.rules, (rule, id) =>
      withoutDefaults(
        rule,
        (candidate) => ({ version, issuers, rules: { [id]: candidate } }),
      )),
    ...last,
  };
}

function firstOf(members: Record<string, Written>): Record<string, Written> {
  return Object.fromEntries(Object.entries(members).slice(0, 1));
}

function each(
  members: Record<string, Written>,
  change: (member: Written, name: string) => Written,
): Written {
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [
      name,
      change(member, name),
    ]),
  );
}

function withoutDefaults(
  part: Written,
  within: (part: Written) => Written,
): Written {
  const meaning = (candidate: Written) => {
    const { output } = readShape(PolicySchema, within(candidate));
    // a key that must be there cannot go
    return output === null ? null : JSON.stringify(policyOf(output));
  };
  const whole = meaning(part);
  let kept = part;
  for (const key of Object.keys(part)) {
    const { [key]: _dropped, ...without } = kept;
    if (key !== "accounts" && meaning(without) === whole) kept = without;
  }
  return kept;
}
