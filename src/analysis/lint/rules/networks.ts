/**
 * Networks that are no restriction, and requests without an address.
 *
 * @module
 */
import { type Network, parseNetwork } from "../../../policy/network.ts";
import type { LintContext } from "../context.ts";
import { type LintFinding, lintRule } from "../lint_rule.ts";

const WIDTH = { 4: 32, 6: 128 } as const;

/** In no network that anybody uses: they are for documents (RFC 5737, RFC 3849). */
const ANYWHERE = { 4: "198.51.100.7", 6: "2001:db8::7" } as const;

function* networkEverywhere(context: LintContext): Iterable<LintFinding> {
  for (const rule of context.policy.rules) {
    if (rule.rhosts === null) continue;
    const networks = rule.rhosts.map(parseNetwork).filter((net) =>
      net !== null
    );
    const whole = ([4, 6] as const).filter((family) =>
      isEverything(networks.filter((net) => net.family === family), family)
    );
    const [first] = whole;
    if (first === undefined) continue;
    const deny = rule.effect === "deny";
    const families = whole.map((family) => `IPv${family}`).join(" and ");
    const examples = whole.map((family) => `"${ANYWHERE[family]}"`).join(
      " and ",
    );
    const rest = whole.length === 2
      ? "without an address"
      : `over IPv${first === 4 ? 6 : 4} or without an address`;
    yield {
      message:
        `the networks of the rule "${rule.id}" hold all of ${families}, such as ${examples}: ` +
        (deny
          ? `it only lets by who comes ${rest}`
          : `they only keep out who comes ${rest}`),
      hint: deny
        ? 'leave "rhosts" out, so that the rule denies from everywhere'
        : 'name the networks that are meant, or leave "rhosts" out',
      place: { path: ["rules", rule.id, "rhosts"], at: "key" },
    };
  }
}

/** Whether networks of one family hold all of its addresses together. */
function isEverything(networks: readonly Network[], family: 4 | 6): boolean {
  const end = 1n << BigInt(WIDTH[family]);
  const ranges = networks.map(({ bits, prefix }) => {
    const size = BigInt(WIDTH[family] - prefix);
    const start = bits >> size << size;
    return { start, end: start + (1n << size) };
  }).sort((a, b) => a.start < b.start ? -1 : a.start > b.start ? 1 : 0);
  let reached = 0n;
  for (const range of ranges) {
    if (range.start > reached) return false;
    if (range.end > reached) reached = range.end;
  }
  return reached === end;
}

export const NETWORK_RULES = [
  lintRule("match/network-everywhere", {
    level: "warning",
    check: networkEverywhere,
    page: {
      summary: "the networks of a rule hold every address",
      avoid: `rhosts: [0.0.0.0/0]`,
      prefer: `rhosts: [192.0.2.0/24, "2001:db8::/32"]`,
      why:
        `The rule looks as if it asked where somebody comes from, and does not: whoever has an IPv4 address
is in 0.0.0.0/0, or in one of 0.0.0.0/1 and 128.0.0.0/1. It only refuses those who come over IPv6,
and services without a remote address.`,
    },
  }),
];
