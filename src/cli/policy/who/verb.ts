/**
 * `oauth-pam policy who FILE`
 *
 * @module
 */
import {
  type Reach,
  type Way,
  type Who,
  whoReaches,
} from "../../../analysis/who.ts";
import { patternOf } from "../../../analysis/account_words.ts";
import { WITNESS_NOW } from "../../../analysis/diff/space.ts";
import { instantText } from "../../../policy/instant.ts";
import { plural, visible } from "../../../lib/text.ts";
import {
  type AccountPattern,
  isAccountName,
} from "../../../policy/account_name.ts";
import {
  type Arguments,
  choice,
  parseArguments,
  UsageError,
} from "../../arguments.ts";
import type { Command } from "../../command.ts";
import { formatOption } from "../../output/reports.ts";
import { EXIT, type ExitCode } from "../../exit_code.ts";
import { readPolicy, tellInputError, usableOrThrow } from "../../input.ts";
import type { CliIo } from "../../io.ts";
import {
  markdownHead,
  markdownRow,
  markdownText,
} from "../../output/markdown.ts";
import { safeDocument } from "../explain/json.ts";
import {
  conditions,
  requirements,
  until,
  whence,
  whereto,
  whose,
} from "../../../analysis/who_words.ts";

const FORMATS = ["pretty", "json", "markdown"] as const;

export const COMMAND: Command = {
  forms: ["FILE"],
  about: `
Tells for each account by which rules it can be reached, from where, for which service, with what
assurance, and the least that is admitted. Accounts are those that the policy names, and an example
of each sort of others. What map files hold counts as unknown: a line that the least needs is shown.
`,
  options: {
    "account": { value: "NAME", says: "only this account", repeat: true },
    "format": formatOption(FORMATS),
  },
  exits: {
    0: "fine",
    3: "the file cannot be read or used, or not everything could be told",
  },
  operands: { files: true },
};

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const format = choice(
    "format",
    options.text("format") ?? "pretty",
    FORMATS,
  );
  const [file, ...rest] = options.positionals;
  if (file === undefined || rest.length > 0) {
    throw new UsageError("name one policy file");
  }
  try {
    const policy = usableOrThrow(await readPolicy(file, io));
    const accounts = accountsIn(options, policy.accounts_pattern);
    const who = whoReaches(policy, accounts.length === 0 ? {} : { accounts });
    const text = {
      pretty: () => pretty(who, io.color),
      json: () => json(who),
      markdown: () => markdown(who),
    }[format]();
    io.stdout(text);
    for (const limit of who.limits) {
      io.stderr(`oauth-pam: warning: not everything is told: ${limit}\n`);
    }
    // what is missing may be what was looked for
    return who.limits.length === 0 ? EXIT.fine : EXIT.unanswered;
  } catch (error) {
    tellInputError(error, io);
    return EXIT.unanswered;
  }
}

function accountsIn(options: Arguments, pattern: AccountPattern): string[] {
  const names = [...new Set(options.texts("account"))];
  for (const name of names) {
    if (isAccountName(name, pattern)) continue;
    const wider = patternOf(name);
    throw new UsageError(
      `--account is ${JSON.stringify(name)}, which no account can be called${
        wider === undefined ? "" : ` without "accounts_pattern: ${wider}"`
      }`,
    );
  }
  return names;
}

function title({ account, example, ways }: Reach): string {
  const whom = example
    ? `${account} (and every other account of its sort)`
    : account;
  return ways.length === 0
    ? `${whom}: nobody`
    : `${whom}: ${plural(ways.length, "way")}`;
}

function pretty({ accounts }: Who, color: boolean): string {
  const bold = (text: string) => color ? `\x1b[1m${text}\x1b[0m` : text;
  return accounts.map((reach) =>
    [
      bold(visible(title(reach))),
      ...reach.ways.flatMap(wayLines),
      ...(reach.ways.length === 0 || reach.except.length === 0 ? [] : [
        `  but for those whom a deny rule forbids: ${
          visible(reach.except.join(", "))
        }`,
      ]),
      "",
    ].map((line) => `${line}\n`).join("")
  ).join("").replace(/\n\n$/, "\n");
}

function wayLines(way: Way): string[] {
  const lines = [
    [
      `rule ${way.rule}: issuer ${way.issuer}`,
      whereto(way),
      whence(way),
      ...until(way),
      whose(way),
    ].join(", "),
    ...conditions(way).map((text) => `  ${text}`),
    ...requirements(way).map((text) => `  ${text}`),
    `  the least: ${leastText(way)}`,
    ...way.doubts.map((doubt) => `  but ${doubt}`),
  ];
  return lines.map((line) => `  ${visible(line)}`);
}

/** The least in one line. */
function leastText({ least }: Way): string {
  const { service, rhost, claims, now, mapFiles } = least;
  return [
    `service ${service}`,
    ...(rhost === null ? [] : [`from ${rhost}`]),
    ...(now === WITNESS_NOW ? [] : [`at ${instantText(now)}`]),
    `claims ${JSON.stringify(claims)}`,
    ...Object.entries(mapFiles).map(([path, lines]) =>
      `where ${path} has the line ${JSON.stringify(lines.join("; "))}`
    ),
  ].join(", ");
}

function json({ accounts, limits }: Who): string {
  return safeDocument("oauth-pam/who@1", {
    accounts: accounts.map(({ account, example, ways, except }) => ({
      account,
      ...(example ? { example } : {}),
      ways: ways.map((way) => ({
        rule: way.rule,
        issuer: way.issuer,
        shared: way.shared,
        services: way.services,
        rhosts: way.rhosts,
        ...(way.notAfter === null
          ? {}
          : { not_after: instantText(way.notAfter) }),
        conditions: conditions(way),
        assurance: requirements(way),
        least: {
          service: way.least.service,
          rhost: way.least.rhost,
          claims: way.least.claims,
          now: instantText(way.least.now),
          ...(Object.keys(way.least.mapFiles).length === 0
            ? {}
            : { map_files: way.least.mapFiles }),
        },
        ...(way.doubts.length === 0 ? {} : { doubts: way.doubts }),
      })),
      except,
    })),
    ...(limits.length === 0 ? {} : { limits }),
  });
}

function markdown({ accounts, limits }: Who): string {
  const row = (cells: readonly string[]) =>
    markdownRow(cells.map(markdownText));
  const rows = accounts.flatMap((reach) => {
    const name = reach.example ? `${reach.account} and others` : reach.account;
    if (reach.ways.length === 0) return [row([name, "nobody", "", "", "", ""])];
    return reach.ways.map((way) =>
      row([
        name,
        way.rule,
        way.issuer,
        [whereto(way), whence(way), ...until(way)].join(", "),
        [
          ...conditions(way),
          whose(way),
          ...way.doubts.map((doubt) => `but ${doubt}`),
        ].join("; "),
        requirements(way).join("; "),
      ])
    );
  });
  return [
    ...markdownHead([
      "account",
      "rule",
      "issuer",
      "for and from",
      "who",
      "assurance",
    ]),
    ...rows,
    ...limits.map((limit) =>
      `\nNot everything is told: ${markdownText(limit)}`
    ),
  ].map((line) => `${line}\n`).join("");
}
