/**
 * A policy back in the form in which it is written: the inverse of `defaults.ts`.
 *
 * @module
 */
import { duration } from "../duration.ts";
import { instantText } from "../instant.ts";
import {
  type AccountSource,
  type Assurance,
  type Condition,
  type Device,
  type Issuer,
  type Policy,
  type Rule,
  type SshCertificates,
} from "../model.ts";
import { operand } from "../evaluate/conditions.ts";
import { keyRows } from "./row.ts";
import { AssuranceSchema, RuleSchema } from "./rule_schema.ts";
import {
  DeviceSchema,
  IssuerSchema,
  PolicySchema,
  SshCertificatesSchema,
} from "./schema.ts";
import { Document, isMap, isPair, isSeq, Scalar, visit } from "yaml";

type Written = Record<string, unknown>;

/**
 * Everything the policy says, defaults included, with the keys in the order of the reference.
 * Reading the result gives an equal policy. What is `null` or means "all" is left out.
 */
export function policyDocument(policy: Policy): Written {
  return written(PolicySchema, {
    ...policy,
    issuers: byName(policy.issuers, ({ name }) => name, issuerDocument),
    assurance: unlessEmpty(assuranceDocument(policy.assurance)),
    rules: byName(policy.rules, ({ id }) => id, ruleDocument),
  });
}

function issuerDocument(issuer: Issuer): Written {
  const { device } = issuer;
  return written(IssuerSchema, {
    ...issuer,
    device: device && deviceDocument(device),
    ssh_certificates: "ssh_certificates" in issuer && issuer.ssh_certificates
      ? certificatesDocument(issuer.ssh_certificates)
      : null,
  });
}

function deviceDocument(device: Device): Written {
  const parameters = device.parameters.map(({ name, value }) => [name, value]);
  return written(DeviceSchema, {
    ...device,
    parameters: unlessEmpty(Object.fromEntries(parameters)),
  });
}

function certificatesDocument(certificates: SshCertificates): Written {
  return written(SshCertificatesSchema, { ...certificates });
}

function assuranceDocument(assurance: Assurance): Written {
  const { mfa, same_identity } = assurance;
  return written(AssuranceSchema, {
    ...assurance,
    mfa: mfa || null,
    same_identity: same_identity || null,
  });
}

function ruleDocument(rule: Rule): Written {
  return written(RuleSchema, {
    ...rule,
    when: unlessEmpty(whenDocument(rule.when)),
    assurance: unlessEmpty(assuranceDocument(rule.assurance)),
    accounts: rule.accounts?.map(accountDocument) ?? null,
    allow_protected: rule.effect === "allow" ? rule.allow_protected : null,
  });
}

/** The keys of a mapping as their rows say how they are written; `null` is left out. */
function written(
  schema: Parameters<typeof keyRows>[0],
  values: Written,
): Written {
  return present(Object.fromEntries(
    keyRows(schema).map(({ key, isDuration, isInstant, nothing }) => {
      const value = values[key] ?? nothing;
      if (typeof value !== "number") return [key, value];
      const text = isDuration ? duration : isInstant ? instantText : null;
      return [key, text === null ? value : text(value)];
    }),
  ));
}

function whenDocument(conditions: readonly Condition[]): Written {
  const when: Record<string, Written> = {};
  for (const condition of conditions) {
    when[condition.claim] = {
      ...when[condition.claim],
      [condition.operator]: operand(condition),
    };
  }
  return when;
}

/** A source of accounts as it is written in a policy. */
export function accountDocument(source: AccountSource): Written {
  switch (source.source) {
    case "claim":
      return present({
        claim: source.claim,
        strip_suffix: source.strip_suffix,
      });
    case "identity":
      return present({
        identity: source.attribute,
        strip_suffix: source.strip_suffix,
      });
    case "map":
      return {
        map: Object.fromEntries(
          source.map.map(({ key, accounts }) => [key, accounts]),
        ),
        keys: source.keys,
      };
    case "map_file":
      return { map_file: source.path, keys: source.keys };
    case "names":
      return { names: source.names };
  }
}

function byName<Item>(
  items: readonly Item[],
  name: (item: Item) => string,
  document: (item: Item) => Written,
): Written {
  return Object.fromEntries(items.map((item) => [name(item), document(item)]));
}

function present(members: Written): Written {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) =>
      value !== null && value !== undefined
    ),
  );
}

function unlessEmpty(members: Written): Written | null {
  return Object.keys(members).length === 0 ? null : members;
}

// Writing YAML that this program reads back, and that other readers read the same.

/** Words that need no quotes in any version of YAML. */
const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./@:-]*$/;
const SPECIAL = /^(?:y|yes|n|no|on|off|true|false|null|~|now)$/i;
const DURATION = /^[0-9]+[smhd]$/;

const MAX_FLOW = 72;

/** The value as block YAML with a final newline; short lists and mappings stand on one line. */
export function yamlText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== "string") return;
      const plain = (PLAIN.test(node.value) && !SPECIAL.test(node.value)) ||
        DURATION.test(node.value);
      // "a:b" is plain, "a:" would be a key
      node.type = plain && !node.value.endsWith(":")
        ? Scalar.PLAIN
        : Scalar.QUOTE_DOUBLE;
    },
    Collection(_, node, path) {
      const deep = node.items.some((item) => {
        const inner = isPair(item) ? item.value : item;
        return isMap(inner) ||
          (isSeq(inner) && !isSeq(node) && inner.items.length > 4);
      });
      const short = JSON.stringify(node.toJSON()).length <= MAX_FLOW;
      // an entry of a list stands on one line, a mapping inside a mapping does not
      if (!deep && short && (isSeq(node) || isSeq(path.at(-1)))) {
        node.flow = true;
      }
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
