/**
 * From what is written to what is meant: all defaults are here and nowhere else.
 *
 * @module
 */
import { KIND_ROWS } from "../kinds.ts";
import {
  type AccountSource,
  type Assurance,
  type Condition,
  DEFAULT_CACHE_DIRECTORY,
  DEFAULT_LOG_SOCKET,
  type Device,
  type Issuer,
  type Policy,
  type Rule,
  type Scalar,
} from "../model.ts";
import { seconds } from "../duration.ts";
import {
  type AssuranceDocument,
  CONDITION_OPERATORS,
  type DeviceDocument,
  type IssuerDocument,
  type PolicyDocument,
  type RuleDocument,
} from "./schema.ts";

/** Defaults of an issuer; `policy show --effective` prints them and README lists them. */
export const ISSUER_DEFAULTS = {
  kind: "jwt",
  types: ["JWT"],
  clock_skew: "30s",
  max_token_age: "24h",
  jwks_ttl: "1h",
  jwks_stale: "0s",
} as const;

/** sshd closes the connection after LoginGraceTime, 120 seconds by default. */
const DEVICE_DEFAULTS = {
  timeout: "90s",
  starts_per_source: 5,
  starts_total: 60,
} as const;

/** Fills in the defaults. `document` must have passed the schema. */
export function normalise(document: PolicyDocument): Policy {
  return {
    version: 1,
    issuers: Object.entries(document.issuers).map(([name, issuer]) =>
      issuerOf(name, issuer)
    ),
    assurance: assuranceOf(document.assurance),
    rules: Object.entries(document.rules).map(([id, rule]) => ruleOf(id, rule)),
    // a list adds to root, it cannot take root away: the host's uid 0 could not be granted anyway
    protected_accounts: [
      ...new Set(["root", ...(document.protected_accounts ?? [])]),
    ],
    cache: { directory: document.cache?.directory ?? DEFAULT_CACHE_DIRECTORY },
    log: { socket: document.log?.socket ?? DEFAULT_LOG_SOCKET },
    audit: document.audit ?? null,
  };
}

function issuerOf(name: string, written: IssuerDocument): Issuer {
  const kind = written.kind ?? ISSUER_DEFAULTS.kind;
  const row = KIND_ROWS[kind];
  return {
    name,
    issuer: written.issuer,
    kind,
    audiences: written.audiences,
    algorithms: written.algorithms ?? row.algorithms,
    types: written.types ?? ISSUER_DEFAULTS.types,
    clock_skew: seconds(written.clock_skew ?? ISSUER_DEFAULTS.clock_skew),
    max_token_age: seconds(
      written.max_token_age ?? ISSUER_DEFAULTS.max_token_age,
    ),
    jwks_ttl: seconds(written.jwks_ttl ?? ISSUER_DEFAULTS.jwks_ttl),
    jwks_stale: seconds(written.jwks_stale ?? ISSUER_DEFAULTS.jwks_stale),
    hosts: written.hosts ?? [],
    ca_file: written.ca_file ?? null,
    proxy: written.proxy ?? null,
    one_time: written.one_time ?? false,
    scopes: written.scopes ?? [],
    allow_confirmation: written.allow_confirmation ?? false,
    allow_delegation: written.allow_delegation ?? false,
    any_audience: written.any_audience ?? false,
    client_id: written.client_id ?? null,
    client_secret_file: written.client_secret_file ?? null,
    introspection_endpoint: written.introspection_endpoint ?? null,
    fqdns: written.fqdns ?? [],
    device: written.device ? deviceOf(written.device) : null,
    claims: {
      groups: written.claims?.groups ?? row.groups,
      idp: written.claims?.idp ?? "idp",
      auth_time: written.claims?.auth_time ?? "auth_time",
      amr: written.claims?.amr ?? "amr",
      acr: written.claims?.acr ?? "acr",
    },
    mfa: {
      amr_any: written.mfa?.amr_any ??
        (written.mfa?.acr_any === undefined ? ["mfa"] : []),
      acr_any: written.mfa?.acr_any ?? [],
    },
  };
}

function deviceOf(written: DeviceDocument): Device {
  const parameters = Object.entries(written.parameters ?? {});
  return {
    client_id: written.client_id,
    client_secret_file: written.client_secret_file ?? null,
    scopes: written.scopes ?? ["openid"],
    prompt: written.prompt ?? null,
    token: written.token ?? "id_token",
    acr_values: written.acr_values ?? [],
    parameters: parameters.map(([name, value]) => ({ name, value })),
    timeout: seconds(written.timeout ?? DEVICE_DEFAULTS.timeout),
    qr: written.qr ?? false,
    starts_per_source: written.starts_per_source ??
      DEVICE_DEFAULTS.starts_per_source,
    starts_total: written.starts_total ?? DEVICE_DEFAULTS.starts_total,
  };
}

function assuranceOf(written: AssuranceDocument | undefined): Assurance {
  return {
    permitted_idps: written?.permitted_idps ?? null,
    mfa: written?.mfa ?? false,
    max_auth_age: written?.max_auth_age === undefined
      ? null
      : seconds(written.max_auth_age),
    same_identity: written?.same_identity ?? false,
  };
}

function ruleOf(id: string, written: RuleDocument): Rule {
  return {
    id,
    description: written.description ?? null,
    effect: written.effect ?? "allow",
    issuers: written.issuers ?? null,
    services: written.services ?? null,
    rhosts: written.rhosts ?? null,
    when: Object.entries(written.when ?? {}).flatMap(([claim, test]) =>
      conditionsOf(claim, test)
    ),
    assurance: assuranceOf(written.assurance),
    accounts: written.accounts?.map(accountSourceOf) ?? null,
    allow_protected: written.allow_protected ?? false,
  };
}

type ConditionDocument = NonNullable<RuleDocument["when"]>[string];

/** Several operators on one claim must all hold. */
function conditionsOf(claim: string, written: ConditionDocument): Condition[] {
  if (typeof written !== "object") {
    return [{ claim, operator: "equals", value: written }];
  }
  const conditions: Condition[] = [];
  for (const operator of CONDITION_OPERATORS) {
    const operand = written[operator];
    if (operand === undefined) continue;
    if (operator === "like") {
      conditions.push({ claim, operator, pattern: operand as string });
    } else if (operator === "equals") {
      conditions.push({ claim, operator, value: operand as Scalar });
    } else conditions.push({ claim, operator, values: operand as Scalar[] });
  }
  return conditions;
}

type AccountDocument = NonNullable<RuleDocument["accounts"]>[number];

function accountSourceOf(written: AccountDocument): AccountSource {
  if ("claim" in written) {
    return {
      source: "claim",
      claim: written.claim,
      strip_suffix: written.strip_suffix ?? null,
    };
  }
  if ("identity" in written) {
    return {
      source: "identity",
      attribute: written.identity,
      strip_suffix: written.strip_suffix ?? null,
    };
  }
  if ("map_file" in written) {
    return { source: "map_file", path: written.map_file, keys: written.keys };
  }
  if ("map" in written) {
    const map = Object.entries(written.map).map(([key, accounts]) => ({
      key,
      accounts,
    }));
    return { source: "map", map, keys: written.keys };
  }
  return { source: "names", names: written.names };
}
