/**
 * From what is written to what is meant: the defaults that depend on an issuer's kind or on another
 * key, and lists where people write mappings. All other defaults stand in the rows of `schema.ts`.
 *
 * @module
 */
import { CONDITION_OPERATORS } from "./condition_schema.ts";
import { KIND_KEYS, KIND_ROWS } from "../kinds.ts";
import type {
  AccountSource,
  Assurance,
  Condition,
  Device,
  Filled,
  Issuer,
  Policy,
  Rule,
  Scalar,
} from "../model.ts";
import {
  AssuranceSchema,
  type AssuranceSettings,
  RuleSchema,
  type RuleSettings,
} from "./rule_schema.ts";
import {
  ClaimsSchema,
  DeviceSchema,
  type DeviceSettings,
  IssuerSchema,
  type IssuerSettings,
  PolicySchema,
  type PolicySettings,
  SshCertificatesSchema,
} from "./schema.ts";

/** The policy of settings in which nothing is wrong. */
export function policyOf(settings: PolicySettings): Policy {
  const {
    never: _never,
    defaults: _defaults,
    tests: _tests,
    tables: _tables,
    ...policy
  } = filled(PolicySchema, settings);
  return {
    ...policy,
    issuers: Object.entries(settings.issuers).map(([name, issuer]) =>
      issuerOf(name, issuer)
    ),
    assurance: assuranceOf(settings.assurance),
    rules: Object.entries(settings.rules).map(([id, rule]) => ruleOf(id, rule)),
    // a list adds to root, it cannot take root away: the host's uid 0 could not be granted anyway
    protected_accounts: [...new Set(["root", ...settings.protected_accounts])],
  };
}

/** `null` for what is left out. */
function filled<Settings extends object>(
  schema: { readonly entries: Readonly<Record<keyof Settings, unknown>> },
  settings: Settings,
): Filled<Settings> {
  const keys = Object.keys(schema.entries) as (keyof Settings)[];
  return Object.fromEntries(
    keys.map((key) => [key, settings[key] ?? null]),
  ) as Filled<Settings>;
}

function issuerOf(name: string, settings: IssuerSettings): Issuer {
  const { algorithms, claims, mfa, device, ssh_certificates, ...rest } =
    settings;
  const row = KIND_ROWS[settings.kind];
  const keys: readonly string[] = row.keys;
  const issuer = {
    name,
    ...filled(IssuerSchema, rest),
    algorithms: algorithms ?? row.algorithms,
    claims: {
      ...filled(ClaimsSchema, claims),
      groups: claims.groups ?? row.groups,
    },
    mfa: {
      amr_any: mfa.amr_any ?? (mfa.acr_any === undefined ? ["mfa"] : []),
      acr_any: mfa.acr_any ?? [],
    },
    device: device && deviceOf(device, settings),
    ssh_certificates: ssh_certificates &&
      filled(SshCertificatesSchema, ssh_certificates),
  };
  // the keys of other kinds say nothing here, and `meaning.ts` has seen that those it needs are there
  return Object.fromEntries(
    Object.entries(issuer).filter(([key]) =>
      !KIND_KEYS.some((known) => known === key) || keys.includes(key)
    ),
  ) as unknown as Issuer;
}

function deviceOf(settings: DeviceSettings, issuer: IssuerSettings): Device {
  const parameters = Object.entries(settings.parameters);
  return {
    ...filled(DeviceSchema, settings),
    token: tokenOf(settings, issuer),
    parameters: parameters.map(([name, value]) => ({ name, value })),
  };
}

/** Which token of a sign-in decides. */
export function tokenOf(
  { token }: DeviceSettings,
  { kind }: Pick<IssuerSettings, "kind">,
): Device["token"] {
  return token ?? (KIND_ROWS[kind].idTokens ? "id_token" : "access_token");
}

function assuranceOf(settings: AssuranceSettings): Assurance {
  return filled(AssuranceSchema, settings);
}

function ruleOf(id: string, settings: RuleSettings): Rule {
  return {
    id,
    ...filled(RuleSchema, settings),
    when: Object.entries(settings.when ?? {}).flatMap(([claim, test]) =>
      conditionsOf(claim, test)
    ),
    assurance: assuranceOf(settings.assurance),
    accounts: settings.accounts?.map(accountSourceOf) ?? null,
  };
}

/** Several operators on one claim must all hold. */
function conditionsOf(
  claim: string,
  written: NonNullable<RuleSettings["when"]>[string],
): Condition[] {
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
    } else if (operator === "word" || operator === "has") {
      conditions.push({ claim, operator, text: operand as string });
    } else conditions.push({ claim, operator, values: operand as Scalar[] });
  }
  return conditions;
}

type AccountSettings = NonNullable<RuleSettings["accounts"]>[number];

function accountSourceOf(written: AccountSettings): AccountSource {
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
