/**
 * `oauth-pam policy show FILE [--effective]`
 *
 * @module
 */
import { policyDocument, yamlText } from "../../policy/syntax/write.ts";
import type { Policy } from "../../policy/model.ts";
import { normalise } from "../../policy/syntax/defaults.ts";
import { usable } from "../../policy/syntax/parse.ts";
import type { PolicyDocument } from "../../policy/syntax/schema.ts";
import { choice, parseArguments, UsageError } from "../arguments.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import type { CliIo } from "../io.ts";
import { readPolicy } from "../input.ts";
import { jsonDocument } from "../output/json.ts";
import { prettyFindings } from "../output/pretty.ts";

export const HELP = `
usage: oauth-pam policy show FILE [--effective] [--format yaml|json]

Prints the policy in a normal form: keys in one order, no comments, no tests. Two policies that
mean the same print the same, apart from the order of rules and lists.

  --effective        with every default filled in
  --format FORMAT    yaml (the default) or json

exit codes: 0 fine, 2 usage, 3 not readable as a policy
`;

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, {
    effective: { type: "boolean" },
    format: { type: "string" },
  });
  const format = choice(
    "format",
    options.text("format") ?? "yaml",
    ["yaml", "json"] as const,
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
  const issuers = Object.entries(document.issuers).map(([name, issuer]) => [
    name,
    withoutDefaults(
      issuer,
      (candidate) => ({
        ...document,
        issuers: { [name]: candidate },
        rules: {},
      }),
    ),
  ]);
  const rules = Object.entries(document.rules).map(([id, rule]) => [
    id,
    withoutDefaults(
      rule,
      (candidate) => ({ ...document, issuers: {}, rules: { [id]: candidate } }),
    ),
  ]);
  const { version, issuers: _issuers, rules: _rules, ...rest } = document;
  const others = withoutDefaults(rest, (candidate) => ({
    version,
    issuers: {},
    rules: {},
    ...candidate,
  }));
  const { assurance, ...last } = others;
  return {
    version,
    issuers: Object.fromEntries(issuers),
    ...(assurance === undefined ? {} : { assurance }),
    rules: Object.fromEntries(rules),
    ...last,
  };
}

function withoutDefaults(
  part: Written,
  within: (part: Written) => Written,
): Written {
  const meaning = (candidate: Written) =>
    JSON.stringify(normalise(within(candidate) as unknown as PolicyDocument));
  let kept = part;
  for (const key of Object.keys(part)) {
    const { [key]: _dropped, ...without } = kept;
    if (!NEEDED.has(key) && meaning(without) === meaning(kept)) kept = without;
  }
  return kept;
}

const NEEDED = new Set(["issuer", "audiences", "accounts"]);
