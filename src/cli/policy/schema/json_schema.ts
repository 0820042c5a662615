/**
 * The JSON Schemas (2020-12) of a policy and of a file of tests, for editors and for other programs
 * that write such files.
 *
 * Generated from the schemas that the parser uses, so that the two cannot part. Only `policy schema`
 * needs them: they must not be imported on the way of a login.
 *
 * @module
 */
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import {
  PolicyFileSchema,
  SuiteSchema,
} from "../../../analysis/testing/schema.ts";
import { KIND_KEYS, kindsWith } from "../../../policy/kinds.ts";
import type { About } from "../../../policy/syntax/row.ts";
import { united } from "./alternatives.ts";
import { withClaims } from "./conditions.ts";
import { withHints } from "./hints.ts";

/**
 * The schema of a policy as plain JSON data. It accepts exactly what the parser finds no fault of
 * shape with.
 *
 * Does not say what only the parser knows: references to issuers, networks, suffixes, and what is
 * special about deny rules.
 */
export function policyJsonSchema(): object {
  const schema = generated(PolicyFileSchema);
  nameKinds(schema);
  return titled(withClaims(schema), {
    $id: "urn:oauth-pam:policy:1",
    title: "oauth-pam policy, version 1",
    description:
      "who may log in to which local account, from which issuer, with which assurance",
  });
}

/** The schema of `site.test.yaml` beside `site.yaml`, in the same way. */
export function testsJsonSchema(): object {
  return titled(generated(SuiteSchema), {
    $id: "urn:oauth-pam:policy-tests:1",
    title: "tests of an oauth-pam policy, version 1",
    description: "what the policy beside this file must decide, case by case",
  });
}

function generated(
  schema: typeof PolicyFileSchema | typeof SuiteSchema,
): JsonSchema {
  return united(toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "input",
    overrideAction({ valibotAction, jsonSchema }) {
      // JSON has no other numbers than finite ones
      if (valibotAction.type === "finite") return jsonSchema;
      if (valibotAction.type === "regex") {
        // editors show these words instead of the pattern
        const words = "message" in valibotAction ? valibotAction.message : null;
        return typeof words === "string"
          ? { ...jsonSchema, patternErrorMessage: words } as JsonSchema
          : jsonSchema;
      }
      if (valibotAction.type !== "metadata") return undefined;
      // the library copies the whole row; an editor asks for the default only
      const { change: _change, usually, ...known } = jsonSchema as
        & JsonSchema
        & Partial<About>;
      return usually === undefined
        ? known
        : { ...known, default: usually as NonNullable<JsonSchema["default"]> };
    },
  }));
}

/** With the words about the whole in front, and with the hints for editors. */
function titled(
  schema: JsonSchema,
  words: { $id: string; title: string; description: string },
): object {
  const { $schema, ...rest } = withHints(schema);
  return { $schema, ...words, ...rest };
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
