/**
 * A rule as a region of the space of all requests for one account.
 *
 * Whether a single value satisfies a condition is asked of the evaluator's own functions, so that
 * there is no second reading of what conditions mean.
 *
 * @module
 */
import {
  assuranceFailure,
  type Requirements,
} from "../../policy/evaluate/assurance.ts";
import { type Atom, ODD_ENTRY } from "./atoms.ts";
import {
  checkCondition,
  claimLocation,
  isListed,
  isMet,
  isScalar,
  judgeCondition,
  toldOf,
} from "../../policy/evaluate/conditions.ts";
import { locationOf, withClaim } from "../../policy/claims.ts";
import type { Condition, Rule } from "../../policy/model.ts";
import { isAccountName } from "../../policy/account_name.ts";
import { inNetworks } from "../../policy/network.ts";
import {
  conditionsOf,
  type RuleCondition,
} from "../../policy/evaluate/rule.ts";
import { subjectFromClaims } from "../../policy/evaluate/subject.ts";
import { type Context, sourceClauses } from "./account_clauses.ts";
import type { Clause, Literal, Region } from "./solver.ts";
import { isShared, requiresAnything, type Side, sourcesFor } from "./side.ts";
import {
  type ClaimVariables,
  clause,
  literal,
  NO,
  type Space,
  WITNESS_NOW,
  YES,
} from "./space.ts";
import { memberLocation } from "./uses.ts";

/** An empty clause never holds. */
const NEVER: Clause = [];

/** What one condition of a rule asks, with the path at which it is written in the rule. */
export interface RegionPart {
  readonly path: readonly string[];
  /** All of them must hold; an empty clause never does. */
  readonly clauses: Region;
}

/** Where an allow rule grants, or a deny rule matches: where all of its parts hold. */
export function regionParts(rule: Rule, context: Context): RegionPart[] {
  const { accounts_pattern } = context.side.policy;
  if (!isAccountName(context.account, accounts_pattern)) {
    return [{ path: ["accounts_pattern"], clauses: [NEVER] }];
  }
  return conditionsOf(rule, context.side.policy).map((condition) => ({
    path: condition.path,
    clauses: clausesOf(condition, { ...context, rule }),
  })).filter(({ clauses }) => clauses.length > 0);
}

interface RuleContext extends Context {
  readonly rule: Rule;
}

/** One condition of a rule: all of the clauses must hold. */
function clausesOf(condition: RuleCondition, context: RuleContext): Clause[] {
  const { rule, space, account } = context;
  switch (condition.asks) {
    case "issuers":
    case "host":
      return []; // a space has one issuer, and only accounts that exist
    case "services": {
      const wanted = space.services.map((service) =>
        condition.names.includes(service)
      );
      return [clause(literal(space.service, wanted))];
    }
    case "rhosts": {
      const wanted = space.rhosts.map((rhost) =>
        inNetworks(condition.networks, rhost)
      );
      return [clause(literal(space.rhost, wanted))];
    }
    case "not_after": {
      const before = space.clocks.map((now) => now < condition.end);
      return [clause(literal(space.clock, before))];
    }
    case "when":
      return rule.effect === "deny"
        ? denyClauses(condition.condition, context)
        : conditionClauses(condition.condition, context);
    case "accounts":
      return isShared(rule, account) ? [] : sourceClauses(
        sourcesFor(rule, account) ?? [],
        rule.effect,
        context,
      );
    case "allow_protected":
      return protectedClauses(context);
    case "assurance":
      return assuranceClauses(condition.required, context);
  }
}

function conditionClauses(
  condition: Condition,
  { side, space }: Context,
): Clause[] {
  const location = claimLocation(side.issuer, condition.claim);
  const { path, blocks } = space.claim(location);
  switch (condition.operator) {
    case "any":
    case "all":
    case "none": {
      const { single, notList } = singleValues(condition, { side, space });
      const isList = clause(
        space.literal(
          location,
          (atom) => atom.kind === "list" || single(atom),
        ),
      );
      const wanted = new Set<unknown>(condition.values);
      const inside = blocks.filter(({ values }) =>
        values.every((value) => wanted.has(value))
      );
      const has = inside.map(({ variable }) => ({ variable, values: YES }));
      if (condition.operator === "any") return [isList, [...has, ...notList]];
      if (condition.operator === "all") {
        return [isList, ...has.map((part) => [part, ...notList])];
      }
      return [
        isList,
        ...[...has, ...oddEntry(blocks)]
          .map(({ variable }) => [{ variable, values: NO }, ...notList]),
      ];
    }
    case "has":
      return [
        clause(space.literal(location, ({ kind }) => kind === "object")),
        clause(memberThere(condition, { side, space })),
      ];
    default:
      return [
        clause(space.literal(location, ({ value }) =>
          value !== undefined &&
          checkCondition(condition, {
            issuer: side.issuer,
            claims: withClaim({}, locationOf(path), value),
          }).holds)),
      ];
  }
}

/** An object has the member that is asked for. */
function memberThere(
  condition: Condition & { operator: "has" | "word" },
  { side, space }: Pick<Context, "side" | "space">,
): Literal | null {
  return space.literal(
    memberLocation(condition, side.issuer),
    ({ kind }) => kind !== "absent" && kind !== "elsewhere",
  );
}

/** What of single values counts as a list of one: where the issuer's `lists` names the claim. */
function singleValues(
  condition: Condition,
  { side, space }: Pick<Context, "side" | "space">,
): {
  /** It is one about which the condition can say yes or no. */
  judged: (atom: Atom) => boolean;
  /** It is one of which the condition holds. */
  single: (atom: Atom) => boolean;
  /** There is no list, so that nothing need be asked of its entries. */
  notList: Literal[];
} {
  const location = claimLocation(side.issuer, condition.claim);
  const bare = isListed(side.issuer, location);
  const judged = ({ value }: Atom) => bare && isScalar(value);
  return {
    judged,
    single: (atom) =>
      judged(atom) && checkCondition(condition, {
        issuer: side.issuer,
        claims: withClaim({}, location, atom.value),
      }).holds,
    notList: bare
      ? clause(space.literal(location, ({ kind }) => kind !== "list"))
      : [],
  };
}

/** A list has an entry about which nothing can be told. */
function oddEntry(blocks: ClaimVariables["blocks"]): Literal[] {
  return blocks.filter(({ values }) => values.includes(ODD_ENTRY))
    .map(({ variable }) => ({ variable, values: YES }));
}

/** Where a condition of a deny rule holds, or cannot be told not to. */
function denyClauses(condition: Condition, { side, space }: Context): Clause[] {
  const location = claimLocation(side.issuer, condition.claim);
  const { path, blocks } = space.claim(location);
  const is = (test: (kind: Atom["kind"]) => boolean) =>
    clause(space.literal(location, ({ kind }) => test(kind)));
  switch (condition.operator) {
    case "any":
    case "all":
    case "none": {
      const wanted = new Set<unknown>(condition.values);
      const has = blocks.filter(({ values }) =>
        values.every((value) => wanted.has(value))
      ).map(({ variable }) => ({ variable, values: YES }));
      const { single, judged } = singleValues(condition, { side, space });
      const present = clause(
        space.literal(
          location,
          (atom) => atom.kind !== "absent" && (!judged(atom) || single(atom)),
        ),
      );
      const noList = is((kind) => kind !== "list");
      if (condition.operator === "none") {
        // what has what must not be there does not hold, whatever else there is
        return [
          present,
          ...has.map(({ variable }) => [...noList, { variable, values: NO }]),
        ];
      }
      const untold = [...noList, ...oddEntry(blocks)];
      return condition.operator === "any"
        ? [present, [...has, ...untold]]
        : [present, ...has.map((part) => [part, ...untold])];
    }
    case "has": {
      const untold = is((kind) => kind !== "absent" && kind !== "object");
      return [
        is((kind) => kind !== "absent"),
        [...clause(memberThere(condition, { side, space })), ...untold],
      ];
    }
    default:
      return [
        clause(
          space.literal(
            location,
            ({ kind, value }) =>
              kind === "list" || kind === "elsewhere" || (value !== undefined &&
                isMet(
                  judgeCondition(
                    condition,
                    toldOf(condition.claim, {
                      issuer: side.issuer,
                      claims: withClaim({}, locationOf(path), value),
                    }),
                  ),
                  "deny",
                )),
          ),
        ),
      ];
  }
}

/** A protected account opens only where the rule names it and says so. */
function protectedClauses(
  { rule, side, space, account }: RuleContext,
): Clause[] {
  if (rule.allow_protected && isShared(rule, account)) return [];
  return side.policy.protected_accounts.includes(account)
    ? [NEVER]
    : [[{ variable: space.host, values: 1n }]];
}

/** What the authentication must be like where an allow rule matches. */
function assuranceClauses(
  required: Requirements,
  { rule, side, space, account, linked }: RuleContext,
): Clause[] {
  const clauses: Clause[] = [];
  const bound = required.sameIdentity && !isShared(rule, account);
  if (!requiresAnything(required) && !bound) return clauses;
  if (linked !== null) {
    const sources = bound ? sourcesFor(rule, account) ?? [] : null;
    return [linked.clauseFor(required, { side, space, sources })];
  }
  const { issuer } = side;
  const { claims, mfa } = issuer;
  for (const list of required.permittedIdps) {
    clauses.push(
      clause(
        space.literal(
          claims.idp,
          ({ value }) => list.includes(value as string),
        ),
      ),
    );
  }
  if (required.mfa) {
    const acr = clause(
      space.literal(
        claims.acr,
        ({ value }) => mfa.acr_any.includes(value as string),
      ),
    );
    const { blocks } = space.claim(claims.amr);
    const isList = clause(
      space.literal(claims.amr, ({ kind }) => kind === "list"),
    );
    const single = isListed(issuer, claims.amr)
      ? clause(
        space.literal(
          claims.amr,
          ({ value }) => mfa.amr_any.includes(value as string),
        ),
      )
      : [];
    const methods = blocks.filter(({ values }) =>
      values.every((value) => mfa.amr_any.includes(value as string))
    ).map(({ variable }) => ({ variable, values: YES }));
    clauses.push(
      [...isList, ...single, ...acr],
      [...methods, ...single, ...acr],
    );
    for (const { values, variable } of blocks) {
      if (values.every((value) => typeof value === "string")) continue;
      // one entry that is not a string, and the whole list says nothing
      clauses.push([{ variable, values: NO }, ...single, ...acr]);
    }
  }
  if (bound) {
    clauses.push(
      clause(
        space.literal("sub", ({ kind }) => kind === "string"),
      ),
    );
  }
  clauses.push(
    clause(
      space.literal(
        claims.auth_time,
        (atom) => recentEnough(atom, { required, side, space }),
      ),
    ),
  );
  return clauses;
}

function recentEnough(
  { value }: Atom,
  options: {
    required: { readonly maxAuthAge: number | null };
    side: Side;
    space: Space;
  },
): boolean {
  const { issuer } = options.side;
  const { path } = options.space.claim(issuer.claims.auth_time);
  const { authentications } = subjectFromClaims(
    issuer,
    value === undefined ? {} : withClaim({}, locationOf(path), value),
  );
  return assuranceFailure(
    {
      permittedIdps: [],
      mfa: false,
      maxAuthAge: options.required.maxAuthAge,
      sameIdentity: true,
    },
    authentications.map((one) => ({ ...one, identity: "one" })),
    { issuer, now: WITNESS_NOW, mapping: ["one"] },
  ) === null;
}
