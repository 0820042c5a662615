/**
 * What changes between two policies, for a person at a terminal.
 *
 * @module
 */
import type { Diff, Verdict } from "../../../analysis/diff/diff.ts";
import { visible } from "../../../lib/text.ts";
import { causeText, type Places } from "../../../analysis/diff/cause_words.ts";
import type { Replayed } from "./replay.ts";
import {
  changeLines,
  permitChangeLines,
  verdictText,
} from "../../../analysis/diff/words.ts";
import { replayLines } from "./words.ts";

const COLORS: Readonly<Record<Verdict | "sampled", string>> = {
  equivalent: "32",
  wider: "31",
  narrower: "33",
  incomparable: "31",
  sampled: "33",
};

/** Of more accounts than these only the names are told. */
const MAX_ACCOUNTS = 20;

export function diffPretty(
  diff: Diff,
  { color, replayed, places }: {
    color: boolean;
    replayed: Replayed | null;
    places: Places;
  },
): string {
  const paint = (verdict: Verdict | "sampled") =>
    color ? `\x1b[${COLORS[verdict]}m${verdict}\x1b[0m` : verdict;
  const lines = [`${paint(diff.verdict)}: ${verdictText(diff)}`];
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
  if (replayed !== null) lines.push("", ...replayLines(replayed));
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

/** What sessions may use, of those whom both policies admit. */
function permitLines({ permits }: Diff): string[] {
  if (permits.length === 0) return [];
  const shown = permits.slice(0, MAX_ACCOUNTS);
  return [
    "",
    "sessions by certificate:",
    ...shown.flatMap((change) => [
      `  account ${visible(change.account)} may use ${
        change.verdict === "wider" ? "more" : "less"
      }`,
      ...permitChangeLines(change),
    ]),
    ...(shown.length < permits.length
      ? [`  and ${permits.length - shown.length} more`]
      : []),
  ];
}
