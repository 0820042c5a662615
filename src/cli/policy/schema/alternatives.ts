/**
 * Alternatives of a JSON Schema as one schema, where they are of different types.
 *
 * `{anyOf: [{type: string, pattern}, {type: null}]}` and `{type: [string, null], pattern}` accept the
 * same, since a pattern is asked of strings alone. An editor can tell what is wrong with a value only
 * where it need not guess which alternative was meant.
 *
 * @module
 */
import type { JsonSchema } from "@valibot/to-json-schema";

/** Keywords that are asked of values of one type only (JSON Schema Validation section 6). */
const OF_ONE_TYPE: ReadonlySet<string> = new Set([
  "minLength",
  "maxLength",
  "pattern",
  "patternErrorMessage",
  "minimum",
  "maximum",
  "properties",
  "required",
  "additionalProperties",
  "propertyNames",
  "minProperties",
  "items",
  "minItems",
]);

/** The same schema, and whatever is inside, with fewer alternatives. Accepts what it accepted. */
export function united(schema: JsonSchema): JsonSchema {
  const inside = mapSchemas(schema, united);
  const { anyOf, ...rest } = inside;
  if (anyOf === undefined) return inside;
  const one = unitedOf(anyOf as readonly JsonSchema[]);
  if (one === null) return inside;
  // the words stay behind, as they are written elsewhere
  const { description, default: usual, ...others } = rest;
  return {
    ...others,
    ...one,
    ...(description === undefined ? {} : { description }),
    ...(usual === undefined ? {} : { default: usual }),
  };
}

/** `null` where they cannot be one: two of the same type, or one of which that cannot be told. */
function unitedOf(branches: readonly JsonSchema[]): JsonSchema | null {
  const types = branches.flatMap(({ type }) => type ?? []) as string[];
  const apart = branches.every(({ type }) => type !== undefined) &&
    new Set(types).size === types.length &&
    // a whole number is of both types
    !(types.includes("integer") && types.includes("number"));
  // an object or nothing: what people write there is the object, which has a name of its own
  const isObjectOnly = types.every((type) => ["object", "null"].includes(type));
  if (!apart || isObjectOnly) return null;
  const one: Record<string, unknown> = { type: types };
  const lists = branches.filter((branch) => branch.enum !== undefined);
  if (lists.length > 0) {
    // a list of values is asked of all types: what the others accept must be a list, too
    const values = branches.map(({ type, enum: list }) =>
      list ?? (type === "null" ? [null] : null)
    );
    if (values.includes(null)) return null;
    one["enum"] = values.flat();
  }
  for (const { type: _type, enum: _enum, ...keywords } of branches) {
    for (const [keyword, value] of Object.entries(keywords)) {
      if (!OF_ONE_TYPE.has(keyword)) return null;
      one[keyword] = value;
    }
  }
  return one as JsonSchema;
}

/** The schema with each schema directly inside changed. */
export function mapSchemas(
  schema: JsonSchema,
  change: (inner: JsonSchema, step: string) => JsonSchema,
): JsonSchema {
  const copy: Record<string, unknown> = { ...schema };
  const { properties, additionalProperties, items, anyOf } = schema;
  if (properties !== undefined) {
    copy["properties"] = Object.fromEntries(
      Object.entries(properties).map(([key, inner]) => [
        key,
        change(inner as JsonSchema, key),
      ]),
    );
  }
  if (typeof additionalProperties === "object") {
    copy["additionalProperties"] = change(
      additionalProperties as JsonSchema,
      "*",
    );
  }
  if (typeof items === "object" && !Array.isArray(items)) {
    copy["items"] = change(items as JsonSchema, "*");
  }
  if (anyOf !== undefined) {
    copy["anyOf"] = anyOf.map((inner, index) =>
      change(inner as JsonSchema, `|${index}`)
    );
  }
  return copy as JsonSchema;
}
