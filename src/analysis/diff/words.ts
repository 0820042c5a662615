/**
 * A comparison in words, as every report for people has them: nothing in them steers a terminal.
 *
 * @module
 */
import type { Decision } from "../../policy/decision.ts";
import type { Change, Diff, PermitChange, Verdict } from "./diff.ts";
import { WITNESS_NOW } from "./space.ts";
import { visibleValue } from "../explain/words.ts";
import { instantText } from "../../policy/instant.ts";
import { visible } from "../../lib/text.ts";

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

/** What the verdict means. */
export function verdictText({ verdict, permits, restricted }: Diff): string {
  const words = permits.length > 0 ? SESSION_WORDS : {};
  const text = { ...WORDS, ...words }[verdict];
  return restricted
    ? `${text}; only the accounts that were asked for are compared`
    : text;
}

/** A change's request, what the old policy says of it and what the new one says. */
export function changeLines(change: Change): string[] {
  return [
    ...requestLines(change),
    `    old: ${said(change.old)}`,
    `    new: ${said(change.new)}`,
    `    rules: ${visible(change.rules.join(", "))}`,
  ];
}

/** The same of a change in what sessions may use. */
export function permitChangeLines(change: PermitChange): string[] {
  return [
    ...requestLines(change),
    `    old: ${used(change.old)}`,
    `    new: ${used(change.new)}`,
    `    rules: ${visible(change.rules.join(", "))}`,
  ];
}

/** What a session may use. */
export function used(list: readonly string[]): string {
  return list.length === 0 ? "nothing" : list.join(", ");
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

/** `deny, account_not_permitted`, or `allow by rule staff`. */
export function said({ decision, reason, rule }: Decision): string {
  const by = rule === null ? "" : ` by rule ${visible(rule)}`;
  return decision === "allow" ? `allow${by}` : `deny, ${reason}${by}`;
}
