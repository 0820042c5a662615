/**
 * Requests that show a difference: made of a point of the space, and made small.
 *
 * @module
 */
import { type Claims, locationOf, withClaim } from "../../policy/claims.ts";
import type { Decision } from "../../policy/decision.ts";
import type { AccessRequest, HostAccount } from "../../policy/request.ts";
import { subjectFromClaims } from "../../policy/evaluate/subject.ts";
import { mapFilesOfRules } from "../map_files.ts";
import { whyMissing } from "../providers.ts";
import { decide } from "../rule_index.ts";
import type { LinkedAuthentications } from "./linked.ts";
import { linkedClaims } from "./linked_claims.ts";
import type { IssuerPair, Side } from "./side.ts";
import { type Space, WITNESS_NOW } from "./space.ts";

/** Everything that a decision depends on. */
export interface Witness {
  readonly account: string;
  readonly service: string;
  readonly rhost: string | null;
  /** Seconds since the epoch. */
  readonly now: number;
  readonly claims: Claims;
  /** Only where the host's word on the account matters. */
  readonly host: HostAccount | null;
  /** Lines that map files, whose contents no policy knows, would need to have. */
  readonly mapFiles: Readonly<Record<string, readonly string[]>>;
}

/** What both policies decide. */
export interface Decisions {
  readonly old: Decision;
  readonly new: Decision;
}

/** What is decided where a policy does not have the issuer. */
export const UNKNOWN_ISSUER: Decision = {
  decision: "deny",
  reason: "issuer_unknown",
  rule: null,
  rules: [],
};

/** A system account: below the first uid of people. */
const SYSTEM_UID = 999;

export function decisionsOn(pair: IssuerPair, witness: Witness): Decisions {
  return {
    old: decisionOn(pair.old, witness),
    new: decisionOn(pair.new, witness),
  };
}

function decisionOn(side: Side | null, witness: Witness): Decision {
  if (side === null) return UNKNOWN_ISSUER;
  return decide(side.policy, requestOf(side, witness), {
    mapFiles: mapFilesOf(side, witness),
  });
}

/** The request that the witness describes, as one of the policies sees it. */
export function requestOf(
  { issuer }: Pick<Side, "issuer">,
  { account, service, rhost, now, claims, host }: Omit<Witness, "mapFiles">,
): AccessRequest {
  return {
    account,
    service,
    rhost,
    now,
    subject: subjectFromClaims(issuer, claims),
    ...(host === null ? {} : { host }),
  };
}

/** A text for each map file of the policy: empty where the witness needs nothing of it. */
export function mapFilesOf(
  { policy }: Side,
  { mapFiles }: Witness,
): Map<string, string> {
  return new Map(
    mapFilesOfRules(policy.rules).map((path) => [
      path,
      (mapFiles[path] ?? []).join("\n"),
    ]),
  );
}

/** What the provider is not known to send, and the witness has; one sentence each. */
export function doubtsOf(
  { issuer }: Pick<Side, "issuer">,
  { claims }: Pick<Witness, "claims">,
): string[] {
  return Object.keys(claims).map((name) => whyMissing(name, issuer.issuer))
    .filter((why) => why !== null);
}

/** The request at a point: for each variable the number of its value. */
export function witnessAt(
  point: readonly number[],
  options: {
    space: Space;
    account: string;
    pair: IssuerPair;
    linked: LinkedAuthentications | null;
  },
): Witness {
  const { space, account, linked } = options;
  const at = (variable: number) => point[variable] ?? 0;
  const now = space.clocks[at(space.clock)] ?? WITNESS_NOW;
  let claims: Claims = {};
  const mapFiles: Record<string, string[]> = {};
  const elsewhere: string[] = [];
  const byDepth = [...space.claims.values()].filter(({ path }) =>
    !path[0]?.startsWith("\0")
  ).sort((a, b) => a.path.length - b.path.length);
  for (const { path, variable, atoms, blocks } of byDepth) {
    const atom = atoms[at(variable)];
    if (atom === undefined || atom.kind === "absent") continue;
    if (atom.kind === "elsewhere") {
      elsewhere.push(path[0] ?? "");
      continue;
    }
    const value = atom.kind === "list"
      ? blocks.filter((block) => at(block.variable) === 1)
        .map(({ values }) => values[0])
      : atom.moves
      ? Number(atom.value) - WITNESS_NOW + now
      : atom.value;
    claims = withClaim(claims, locationOf(path), value);
    for (const file of atom.files) {
      (mapFiles[file] ??= []).push(`${value} ${account}`);
    }
  }
  if (elsewhere.length > 0) {
    // OpenID Connect Core section 5.6.2
    const names = Object.fromEntries(elsewhere.map((name) => [name, "src1"]));
    claims = { ...claims, _claim_names: names };
  }
  if (linked !== null) {
    const side = options.pair.new ?? options.pair.old;
    if (side === null) throw new Error("a scene without a policy");
    const known = { ...options, linked, side, claims, mapFiles, now };
    claims = { ...claims, ...linkedClaims(point, known) };
  }
  return {
    account,
    service: space.services[at(space.service)] ?? "sshd",
    rhost: space.rhosts[at(space.rhost)] ?? null,
    now,
    // plain objects, as JSON makes them
    claims: JSON.parse(JSON.stringify(claims)) as Claims,
    host: at(space.host) === 1 ? { uid: SYSTEM_UID, name: account } : null,
    mapFiles,
  };
}

/** A request, and what the whole of both policies decides there. */
export interface Shown {
  readonly witness: Witness;
  readonly decisions: Decisions;
}

/**
 * The smallest witness that still shows what the given one shows. Whatever is taken away, the result
 * was put to the whole of both policies again, and `shows` is true of what they decide there, as it
 * must be of what is given. Policies of few rules, `by`, spare most of the work where the others
 * have no say.
 */
export function shrunk(
  shown: Shown,
  { pair, by, shows }: {
    pair: IssuerPair;
    by?: IssuerPair;
    shows: (decisions: Decisions) => boolean;
  },
): Shown {
  if (by !== undefined) {
    const small = shownBy(pair, smallest(by, shown.witness, () => true));
    if (shows(small.decisions)) return small;
  }
  return shownBy(pair, smallest(pair, shown.witness, shows));
}

function shownBy(pair: IssuerPair, witness: Witness): Shown {
  return { witness, decisions: decisionsOn(pair, witness) };
}

/** The smallest witness that both policies judge in the same way, and that shows what it must. */
function smallest(
  pair: IssuerPair,
  witness: Witness,
  shows: (decisions: Decisions) => boolean,
): Witness {
  const wanted = judgement(decisionsOn(pair, witness));
  let current = witness;
  for (let smaller: Witness | undefined = current; smaller !== undefined;) {
    current = smaller;
    smaller = smallerThan(current).find((candidate) => {
      const decisions = decisionsOn(pair, candidate);
      return judgement(decisions) === wanted && shows(decisions);
    });
  }
  return current;
}

function judgement({ old, new: next }: Decisions): string {
  return JSON.stringify([
    [old.decision, old.reason, old.rule],
    [next.decision, next.reason, next.rule],
  ]);
}

/** The same with one thing less. */
function smallerThan(witness: Witness): Witness[] {
  const { claims, mapFiles } = witness;
  return [
    ...(witness.host === null ? [] : [{ ...witness, host: null }]),
    ...(witness.rhost === null ? [] : [{ ...witness, rhost: null }]),
    ...(witness.service === "sshd" ? [] : [{ ...witness, service: "sshd" }]),
    ...parts(claims).map((smaller) => ({
      ...witness,
      claims: smaller as Claims,
    })),
    ...parts(mapFiles).map((smaller) => ({
      ...witness,
      mapFiles: smaller as Witness["mapFiles"],
    })),
  ];
}

/** Every way to take one member or entry away, outer ones first. */
function parts(value: unknown): unknown[] {
  if (Array.isArray(value)) {
    return [
      ...value.map((_, index) => value.toSpliced(index, 1)),
      ...value.flatMap((entry, index) =>
        parts(entry).map((smaller) => value.with(index, smaller))
      ),
    ];
  }
  if (value === null || typeof value !== "object") return [];
  const entries = Object.entries(value);
  const without = entries.map(([name]) =>
    Object.fromEntries(entries.filter(([other]) => other !== name))
  );
  const smaller = entries.flatMap(([name, member]) =>
    parts(member).map((part) =>
      Object.fromEntries(
        entries.map((entry) => entry[0] === name ? [name, part] : entry),
      )
    )
  );
  return [...without, ...smaller];
}
