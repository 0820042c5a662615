/**
 * The policy's JSON Schema (2020-12), for editors and for other programs that write policies.
 *
 * Generated from the schema that the parser uses, so that the two cannot part. Only `policy schema`
 * needs it: it must not be imported on the way of a login.
 *
 * @module
 */
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import { PolicyFileSchema } from "../../../analysis/testing/schema.ts";
import { KIND_KEYS, kindsWith } from "../../../policy/kinds.ts";
import type { About } from "../../../policy/syntax/row.ts";

/**
 * The schema as plain JSON data. It accepts exactly what the parser finds no fault of shape with.
 *
 * Does not say what only the parser knows: references to issuers, networks, suffixes, and what is
 * special about deny rules.
 */
export function policyJsonSchema(): object {
  const generated = toJsonSchema(PolicyFileSchema, {
    target: "draft-2020-12",
    typeMode: "input",
    overrideAction({ valibotAction, jsonSchema }) {
      // JSON has no other numbers than finite ones
      if (valibotAction.type === "finite") return jsonSchema;
      if (valibotAction.type !== "metadata") return undefined;
      // the library copies the whole row; an editor asks for the default only
      const { change: _change, usually, ...known } = jsonSchema as
        & JsonSchema
        & Partial<About>;
      return usually === undefined
        ? known
        : { ...known, default: usually as NonNullable<JsonSchema["default"]> };
    },
  });
  nameKinds(generated);
  const { $schema, ...rest } = generated;
  return {
    $schema,
    $id: "urn:oauth-pam:policy:1",
    title: "oauth-pam policy, version 1",
    description:
      "who may log in to which local account, from which issuer, with which assurance",
    ...rest,
  };
}

/** Says of the keys that only some kinds of issuers have which kinds those are. */
function nameKinds({ properties }: JsonSchema): void {
  const { issuers } = properties as Record<string, JsonSchema>;
  const { properties: keys } = issuers?.additionalProperties as JsonSchema;
  for (const key of KIND_KEYS) {
    const schema = keys?.[key] as JsonSchema;
    schema.description = `${kindsWith(key).join(", ")}: ${schema.description}`;
  }
}
