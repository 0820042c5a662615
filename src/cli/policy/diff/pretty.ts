/**
 * What changes between two policies, for a person at a terminal.
 *
 * @module
 */
import type { Decision } from "../../../policy/decision.ts";
import type {
  Change,
  Diff,
  PermitChange,
  Verdict,
} from "../../../analysis/diff/diff.ts";
import { WITNESS_NOW } from "../../../analysis/diff/space.ts";
import type { Replay } from "../../../analysis/diff/replay.ts";
import { visibleValue } from "../explain/pretty.ts";
import { instantText } from "../../../policy/instant.ts";
import { visible } from "../../../lib/text.ts";
import { causeText, type Places } from "./causes.ts";

const WORDS: Readonly<Record<Verdict | "sampled", string>> = {
  equivalent: "both policies decide the same",
  wider: "the new policy admits what the old one refuses",
  narrower: "the new policy refuses what the old one admits",
  incomparable:
    "the new policy admits what the old one refuses, and the reverse",
  sampled: "no change was found, but not everything was looked at",
};

/** Where sessions change of those whom both policies admit. */
const SESSION_WORDS: Partial<typeof WORDS> = {
  wider:
    "the new policy admits what the old one refuses, or lets sessions use more",
  narrower:
    "the new policy refuses what the old one admits, or lets sessions use less",
  incomparable:
    "the new policy admits what the old one refuses, or lets sessions use more, and the reverse",
};

const COLORS: Readonly<Record<Verdict | "sampled", string>> = {
  equivalent: "32",
  wider: "31",
  narrower: "33",
  incomparable: "31",
  sampled: "33",
};

/** Of more accounts than these only the names are told. */
const MAX_ACCOUNTS = 20;

/** More logins than these are only counted. */
const MAX_LOGINS = 20;

export function diffPretty(
  diff: Diff,
  { color, replay, places }: {
    color: boolean;
    replay: Replay | null;
    places: Places;
  },
): string {
  const paint = (verdict: Verdict | "sampled") =>
    color ? `\x1b[${COLORS[verdict]}m${verdict}\x1b[0m` : verdict;
  const words = diff.permits.length > 0 ? SESSION_WORDS : {};
  const lines = [
    `${paint(diff.verdict)}: ${{ ...WORDS, ...words }[diff.verdict]}`,
  ];
  const changed = diff.accounts.filter(({ verdict }) =>
    verdict !== "equivalent"
  );
  const shown = changed.slice(0, MAX_ACCOUNTS);
  lines.push(...causeLines(diff, { places, shown }));
  for (const { account, verdict, example } of shown) {
    const whose = example ? " (and every other account of its sort)" : "";
    lines.push("", `${visible(account)}${whose}: ${paint(verdict)}`);
    const changes = diff.changes.filter((change) => change.account === account);
    lines.push(...changes.flatMap(changeLines));
  }
  if (shown.length < changed.length) {
    const rest = changed.slice(MAX_ACCOUNTS).map(({ account }) => account);
    lines.push(
      "",
      `and ${rest.length} more accounts: ${
        visible(rest.slice(0, MAX_ACCOUNTS).join(", "))
      }${rest.length > MAX_ACCOUNTS ? ", …" : ""}`,
    );
  }
  lines.push(...permitLines(diff));
  if (diff.settings.length > 0) lines.push("", "settings:");
  for (const { path, verdict, description } of diff.settings) {
    const words = verdict === "equivalent"
      ? "no say in who gets in"
      : paint(verdict);
    lines.push(`  ${visible(path)}: ${words}: ${visible(description)}`);
  }
  const same = diff.accounts.length - changed.length;
  if (changed.length > 0 && same > 0) {
    lines.push("", `${same} other accounts: equivalent`);
  }
  if (!diff.exhaustive) {
    lines.push("", "not everything was looked at:");
    lines.push(...diff.limits.map((limit) => `  ${visible(limit)}`));
  }
  if (replay !== null) lines.push("", ...replayLines(replay));
  return `${lines.join("\n")}\n`;
}

/** Every condition and rule that makes a change, with a request where none is shown below. */
function causeLines(
  { causes, changes }: Diff,
  { places, shown }: {
    places: Places;
    shown: readonly { readonly account: string }[];
  },
): string[] {
  if (causes.length === 0) return [];
  const below = new Set(
    changes.filter(({ account }) =>
      shown.some((one) => one.account === account)
    ).map(({ witness }) => JSON.stringify(witness)),
  );
  return [
    "",
    ...causes.flatMap(({ cause, change }) => {
      const line = places(cause);
      const where = line === null ? "" : `line ${line}: `;
      const sign = cause.direction === "wider" ? "+" : "-";
      return [
        `${sign} ${where}${visible(causeText(cause))}`,
        ...below.has(JSON.stringify(change.witness))
          ? []
          : [`  account ${visible(change.account)}`, ...changeLines(change)],
      ];
    }),
  ];
}

function changeLines(change: Change): string[] {
  return [
    ...requestLines(change),
    `    old: ${said(change.old)}`,
    `    new: ${said(change.new)}`,
    `    rules: ${visible(change.rules.join(", "))}`,
  ];
}

/** What sessions may use, of those whom both policies admit. */
function permitLines({ permits }: Diff): string[] {
  if (permits.length === 0) return [];
  const shown = permits.slice(0, MAX_ACCOUNTS);
  const used = (list: readonly string[]) =>
    list.length === 0 ? "nothing" : list.join(", ");
  return [
    "",
    "sessions by certificate:",
    ...shown.flatMap((change) => [
      `  account ${visible(change.account)} may use ${
        change.verdict === "wider" ? "more" : "less"
      }`,
      ...requestLines(change),
      `    old: ${used(change.old)}`,
      `    new: ${used(change.new)}`,
      `    rules: ${visible(change.rules.join(", "))}`,
    ]),
    ...(shown.length < permits.length
      ? [`  and ${permits.length - shown.length} more`]
      : []),
  ];
}

function requestLines(change: Change | PermitChange): string[] {
  const { witness, issuer, oldIssuer } = change;
  const { service, rhost, claims, now, host, mapFiles } = witness;
  const where = [
    `issuer ${visible(issuer)}${
      oldIssuer === null ? "" : ` (formerly ${visible(oldIssuer)})`
    }`,
    `service ${visible(service)}`,
    rhost === null ? "no remote address" : `from ${visible(rhost)}`,
    ...(host === null ? [] : ["a system account on this host"]),
    ...(now === WITNESS_NOW ? [] : [`at ${instantText(now)}`]),
  ];
  return [
    `  ${change.verdict === "wider" ? "+" : "-"} ${where.join(", ")}`,
    `    claims ${visible(JSON.stringify(claims))}`,
    ...change.doubts.map((doubt) => `    but ${visible(doubt)}`),
    ...Object.entries(mapFiles).map(([path, lines]) =>
      `    where ${visible(path)} has the line ${
        visibleValue(lines.join("; "))
      }`
    ),
  ];
}

function said({ decision, reason, rule }: Decision): string {
  const by = rule === null ? "" : ` by rule ${visible(rule)}`;
  return decision === "allow" ? `allow${by}` : `deny, ${reason}${by}`;
}

function replayLines(replay: Replay): string[] {
  const { records, decided, skipped, missing, changes } = replay;
  const rest = [
    [skipped.undecided, "refused before the policy was asked"],
    [skipped.incomplete, "without the claims to decide by"],
    [skipped.unreadable, "unreadable"],
  ].filter(([count]) => count !== 0).map(([count, what]) => `${count} ${what}`);
  return [
    `replay: ${changes.length} of ${decided} logins would have ended otherwise ` +
    `(${records} records${rest.length === 0 ? "" : `: ${rest.join(", ")}`})`,
    ...(missing.length === 0
      ? []
      : [`  not recorded: ${
        missing.map((name) => visibleValue(name)).join(", ")
      }`]),
    ...changes.slice(0, MAX_LOGINS).map((change) =>
      `  line ${change.line}: ${visible(change.time)} ${
        visible(change.account)
      }, ${visible(change.issuer)}: ${said(change.old)} -> ${said(change.new)}`
    ),
    ...(changes.length > MAX_LOGINS
      ? [`  and ${changes.length - MAX_LOGINS} more`]
      : []),
  ];
}
