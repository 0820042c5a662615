/**
 * A summary of audit files in the text format of OpenMetrics 1.0, for the textfile collector of
 * node_exporter, which reads the older text format of Prometheus: what is written here means the same
 * in both. All are gauges: when a file is rotated away, its records are gone from the sums.
 *
 * Labels are of closed sets: reasons, decisions, and the names of rules, issuers and services. Nothing of
 * a claim, no account and no address is ever in one.
 *
 * @module
 */
import { REASONS } from "../../lib/reason.ts";
import { type AuditSummary, isKnownReason } from "./summary.ts";
import type { Tallies, Tally } from "./tally.ts";

/** Names that a policy has; where none is known, any that looks like one is taken. */
interface KnownNames {
  readonly rules: readonly string[];
  readonly issuers: readonly string[];
}

/** The whole text, with its end. */
export function openMetrics(
  summary: AuditSummary,
  known: KnownNames | null,
): string {
  const { all, people, policies, unusable } = summary;
  const decisions = (tally: Tally, labels: Labels): Sample[] => [
    { labels: { ...labels, decision: "allow" }, value: tally.allowed },
    { labels: { ...labels, decision: "deny" }, value: tally.denied },
  ];
  const rules = byLabel(summary.rules, known?.rules);
  const issuers = byLabel(summary.issuers, known?.issuers);
  const services = byLabel(summary.services, undefined);
  const metrics: Metric[] = [
    {
      name: "oauth_pam_audit_records",
      help: "Recorded attempts by their ending.",
      samples: reasonSamples(summary.reasons),
    },
    {
      name: "oauth_pam_audit_rule_records",
      help: "Recorded attempts by the rule that decided.",
      samples: rules.flatMap(([rule, tally]) => decisions(tally, { rule })),
    },
    {
      name: "oauth_pam_audit_rule_last_use_timestamp_seconds",
      help: "When a rule last decided.",
      unit: "seconds",
      samples: rules.flatMap(([rule, { last }]) => timeSample(last, { rule })),
    },
    {
      name: "oauth_pam_audit_issuer_records",
      help: "Recorded attempts by the issuer of the token.",
      samples: issuers.flatMap(([issuer, tally]) =>
        decisions(tally, { issuer })
      ),
    },
    {
      name: "oauth_pam_audit_service_records",
      help: "Recorded attempts by the PAM service.",
      samples: services.flatMap(([service, tally]) =>
        decisions(tally, { service })
      ),
    },
    {
      name: "oauth_pam_audit_people",
      help: "Distinct people whose token was verified.",
      samples: [{ labels: {}, value: people.seen }],
    },
    {
      name: "oauth_pam_audit_people_admitted",
      help: "Distinct people who were let in.",
      samples: [{ labels: {}, value: people.admitted }],
    },
    {
      name: "oauth_pam_audit_policies",
      help: "Distinct policies that decided.",
      samples: [{
        labels: {},
        value: policies.named.filter(({ name }) => name !== null).length,
      }],
    },
    {
      name: "oauth_pam_audit_unusable_lines",
      help: "Lines that are not records.",
      samples: [{
        labels: {},
        value: unusable.reduce((sum, { count }) => sum + count, 0),
      }],
    },
    {
      name: "oauth_pam_audit_first_record_timestamp_seconds",
      help: "Time of the first record.",
      unit: "seconds",
      samples: all === null ? [] : timeSample(all.first, {}),
    },
    {
      name: "oauth_pam_audit_last_record_timestamp_seconds",
      help: "Time of the last record.",
      unit: "seconds",
      samples: all === null ? [] : timeSample(all.last, {}),
    },
  ];
  return `${metrics.flatMap(metricLines).join("\n")}\n# EOF\n`;
}

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly unit?: string;
  readonly samples: readonly Sample[];
}

function metricLines({ name, help, unit, samples }: Metric): string[] {
  return [
    `# TYPE ${name} gauge`,
    ...(unit === undefined ? [] : [`# UNIT ${name} ${unit}`]),
    `# HELP ${name} ${help}`,
    ...samples.map(({ labels, value }) =>
      `${name}${labelText(labels)} ${value}`
    ),
  ];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) =>
    // none of the values has anything to escape
    `${name}="${value}"`
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** Every reason that there is: what is there with 0 can be compared with what comes. */
function reasonSamples({ named, others }: Tallies): Sample[] {
  const counts = new Map<string, number>(REASONS.map((reason) => [reason, 0]));
  counts.set(OTHER, others?.denied ?? 0);
  for (const { name, allowed, denied } of named) {
    const reason = isKnownReason(name) ? name : OTHER;
    counts.set(reason, (counts.get(reason) ?? 0) + allowed + denied);
  }
  return [...counts].map(([reason, value]) => ({
    labels: { decision: reason === "allowed" ? "allow" : "deny", reason },
    value,
  }));
}

// no rule, issuer or service is called like that
const OTHER = "(other)";
const NONE = "(none)";
/** As policies have names, and PAM its services. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}$/;
/** Of one label. */
const MAX_VALUES = 500;

/**
 * By the value of a label: names that are not known, and all beyond a number, are one. A known name
 * that decided nothing is not there.
 */
function byLabel(
  { named, others }: Tallies,
  known: readonly string[] | undefined,
): [string, Tally][] {
  const found = new Map<string, Tally>();
  const add = (label: string, tally: Tally) => {
    const before = found.get(label);
    found.set(label, before === undefined ? tally : sum(before, tally));
  };
  for (const { name, ...tally } of named) {
    const plain = name === null ||
      (NAME.test(name) && (known?.includes(name) ?? true) &&
        found.size < MAX_VALUES);
    add(plain ? name ?? NONE : OTHER, tally);
  }
  if (others !== null) add(OTHER, others);
  return [...found];
}

function sum(a: Tally, b: Tally): Tally {
  return {
    allowed: a.allowed + b.allowed,
    denied: a.denied + b.denied,
    first: Date.parse(a.first) <= Date.parse(b.first) ? a.first : b.first,
    last: Date.parse(a.last) >= Date.parse(b.last) ? a.last : b.last,
    lastAllowed: a.lastAllowed ?? b.lastAllowed,
  };
}

function timeSample(time: string, labels: Labels): Sample[] {
  return [{ labels, value: Date.parse(time) / 1000 }];
}
