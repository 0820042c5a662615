/**
 * How well the user was authenticated: all requirements must be met by one and the same
 * authentication.
 *
 * @module
 */
import type { Assurance, Issuer } from "../model.ts";
import type { Authentication } from "../request.ts";

/** What is missing, in the order of what it asks of the user: the least first. */
export const SHORTFALLS = [
  "reauthentication_required",
  "mfa_required",
  "idp_not_permitted",
] as const;
type Shortfall = typeof SHORTFALLS[number];

export interface Requirements {
  /** Each list must hold the identity provider. */
  readonly permittedIdps: readonly (readonly string[])[];
  readonly mfa: boolean;
  readonly maxAuthAge: number | null;
  readonly sameIdentity: boolean;
}

/** The conjunction of two sets of requirements: a rule can only add to the policy's own. */
export function combine(global: Assurance, rule: Assurance): Requirements {
  const ages = [global.max_auth_age, rule.max_auth_age].filter((age) =>
    age !== null
  );
  return {
    permittedIdps: [global.permitted_idps, rule.permitted_idps].filter((list) =>
      list !== null
    ),
    mfa: global.mfa || rule.mfa,
    maxAuthAge: ages.length === 0 ? null : Math.min(...ages),
    sameIdentity: global.same_identity || rule.same_identity,
  };
}

interface AssuranceFailure {
  readonly because: Shortfall;
  readonly expected: unknown;
  readonly actual: unknown;
}

/**
 * `null` when one authentication meets everything; otherwise what the one that comes nearest
 * lacks. `mapping` lists the identities that map to the account, or is `null` when the account
 * belongs to no identity.
 */
export function assuranceFailure(
  required: Requirements,
  authentications: readonly Authentication[],
  context: {
    issuer: Issuer;
    now: number;
    mapping: readonly (string | null)[] | null;
  },
): AssuranceFailure | null {
  const nothing = required.permittedIdps.length === 0 && !required.mfa &&
    required.maxAuthAge === null;
  const { mapping } = context;
  const bound = required.sameIdentity && mapping !== null;
  if (nothing && !bound) return null;
  const considered = bound
    ? authentications.filter(({ identity }) =>
      identity !== null && mapping.includes(identity)
    )
    : authentications;
  let nearest: AssuranceFailure | null = null;
  for (const authentication of considered) {
    const failure = failureOf(required, authentication, context);
    if (failure === null) return null;
    if (nearest === null || rank(failure.because) < rank(nearest.because)) {
      nearest = failure;
    }
  }
  return nearest ?? nobody(required);
}

/** The worst lack of one authentication. `auth_time` in the future beyond the skew meets nothing. */
function failureOf(
  required: Requirements,
  authentication: Authentication,
  context: { issuer: Issuer; now: number },
): AssuranceFailure | null {
  const { idps, amr, acr, auth_time } = authentication;
  const refusing = required.permittedIdps.find((list) =>
    !list.some((idp) => idps.includes(idp))
  );
  if (refusing !== undefined) {
    return { because: "idp_not_permitted", expected: refusing, actual: idps };
  }
  const { amr_any, acr_any } = context.issuer.mfa;
  const severalFactors = amr.some((method) => amr_any.includes(method)) ||
    (acr !== null && acr_any.includes(acr));
  if (required.mfa && !severalFactors) {
    return {
      because: "mfa_required",
      expected: [...amr_any, ...acr_any],
      actual: acr_any.length === 0 || acr === null ? amr : [...amr, acr],
    };
  }
  const skew = context.issuer.clock_skew;
  // written so that NaN fails
  const future = auth_time !== null && !(auth_time <= context.now + skew);
  const tooOld = required.maxAuthAge !== null &&
    (auth_time === null || !(context.now - auth_time <= required.maxAuthAge));
  return future || tooOld
    ? {
      because: "reauthentication_required",
      expected: required.maxAuthAge,
      actual: auth_time,
    }
    : null;
}

/** No authentication to look at: the worst of what was asked for is what is missing. */
function nobody(required: Requirements): AssuranceFailure {
  const because = required.permittedIdps.length > 0
    ? "idp_not_permitted"
    : required.mfa
    ? "mfa_required"
    : "reauthentication_required";
  return { because, expected: "an authentication", actual: null };
}

function rank(shortfall: Shortfall): number {
  return SHORTFALLS.indexOf(shortfall);
}
