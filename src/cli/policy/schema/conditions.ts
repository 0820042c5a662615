/**
 * `when` for editors: the claims that are known by name, each with the same condition as any other.
 *
 * @module
 */
import type { JsonSchema } from "@valibot/to-json-schema";
import { mapSchemas } from "./alternatives.ts";
import { knownClaims } from "./claims.ts";

const PLACE = "condition";

/** The schema with the condition in one place, and claims named that lead there. */
export function withClaims(schema: JsonSchema): JsonSchema {
  const found: JsonSchema[] = [];
  const claims = named();
  const change = (inner: JsonSchema, step: string): JsonSchema => {
    const changed = mapSchemas(inner, change);
    if (step !== "when") return changed;
    found.push(changed.additionalProperties as JsonSchema);
    return { ...changed, ...claims };
  };
  const changed = mapSchemas(schema, change);
  const [condition] = found;
  return condition === undefined
    ? changed
    : { ...changed, $defs: { [PLACE]: condition } };
}

function named(): Pick<JsonSchema, "properties" | "additionalProperties"> {
  // nothing that restricts beside the reference: editors complete what they need not put together
  const reference = { $ref: `#/$defs/${PLACE}` };
  return {
    properties: Object.fromEntries(
      knownClaims().map(({ claim, says, isFlag }) => [claim, {
        // behind "allOf" an editor writes the example, and not the beginning of an object
        ...(isFlag ? { allOf: [reference], examples: [true] } : reference),
        title: claim,
        description: says,
      }]),
    ),
    additionalProperties: {
      ...reference,
      title: "condition",
      description: "what a claim must be, by its name or JSON Pointer",
    },
  };
}
