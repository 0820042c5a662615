/**
 * From what the schema library reports to messages that teach: which key, what is allowed, what
 * was probably meant.
 *
 * @module
 */
import * as v from "valibot";
import { isObject } from "../../lib/json.ts";
import { listOf, nearest } from "../../lib/text.ts";
import type { Path } from "./yaml.ts";

interface SchemaIssue {
  readonly id:
    | "policy/unknown-key"
    | "policy/missing-key"
    | "policy/type"
    | "policy/value";
  readonly message: string;
  readonly hint?: string;
  readonly path: Path;
  /** Whether the key or the value is at fault. */
  readonly at: "key" | "value";
}

/** The parts of a schema object that are walked here; the library types them per kind. */
interface AnySchema {
  readonly type: string;
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly value?: AnySchema;
  readonly item?: AnySchema;
  readonly wrapped?: AnySchema;
  readonly options?: readonly (AnySchema | string)[];
}

/**
 * Checks `input` and returns everything that is wrong with it; where that is nothing, also the input
 * with its defaults. Never throws.
 */
export function readShape<Schema extends v.GenericSchema>(
  schema: Schema,
  input: unknown,
):
  | { issues: readonly []; output: v.InferOutput<Schema> }
  | { issues: readonly SchemaIssue[]; output: null } {
  const lists = misplacedLists(schema as unknown as AnySchema, input, []);
  const result = v.safeParse(schema, input);
  if (lists.length === 0 && result.success) {
    return { issues: [], output: result.output };
  }
  const others = (result.issues ?? []).flatMap((issue) =>
    translate(issue, schema, [])
  );
  // what is said of the inside of such a list would be about keys that nobody wrote
  const outside = others.filter(({ path }) =>
    !lists.some((list) => list.path.every((step, at) => step === path[at]))
  );
  return { issues: [...lists, ...outside], output: null };
}

/** Everything that is wrong with `input`. Never throws. */
export function schemaIssues(
  schema: v.GenericSchema,
  input: unknown,
): readonly SchemaIssue[] {
  return readShape(schema, input).issues;
}

/**
 * Lists where a mapping should be. The schema library takes a list for an object with the keys "0",
 * "1", …, so that `assurance: []` would pass for an assurance that asks for nothing.
 */
function misplacedLists(
  schema: AnySchema | undefined,
  input: unknown,
  path: Path,
): SchemaIssue[] {
  const here = unwrap(schema);
  if (Array.isArray(input)) {
    if (here?.type === "array") {
      return input.flatMap((item, index) =>
        misplacedLists(here.item, item, [...path, index])
      );
    }
    if (here?.type === "union") return unionIssues(here, input, path);
    return here?.entries === undefined && here?.type !== "record" ? [] : [{
      id: "policy/type",
      message: `${describe(input)} is not a mapping`,
      ...listHint(path),
      path,
      at: "value",
    }];
  }
  return isObject(input)
    ? Object.entries(input).flatMap(([key, value]) =>
      misplacedLists(memberOf(here, key), value, [...path, key])
    )
    : [];
}

/** In other policies of this sort rules and issuers are lists. */
function listHint(path: Path): { hint?: string } {
  const [last] = path.slice(-1);
  return last === "rules" || last === "issuers"
    ? { hint: `name each entry, and leave out the "-": "${last}: {name: {…}}"` }
    : last === "when"
    ? { hint: 'leave out the "-": all conditions must hold, in any order' }
    : {};
}

/** The schema of one key of a mapping; of a union, of the first option that has the key. */
function memberOf(
  schema: AnySchema | undefined,
  key: string,
): AnySchema | undefined {
  if (schema?.type === "record") return schema.value;
  const options = schema?.type === "union" ? schema.options ?? [] : [schema];
  for (const option of options) {
    const { entries } = typeof option === "string" ? {} : unwrap(option) ?? {};
    if (entries !== undefined && Object.hasOwn(entries, key)) {
      return entries[key];
    }
  }
  return undefined;
}

function translate(
  issue: v.BaseIssue<unknown>,
  schema: v.GenericSchema,
  base: Path,
): SchemaIssue[] {
  const steps = issue.path ?? [];
  const relative = steps.map((step) => step.key as string | number);
  const path = [...base, ...relative];
  const last = steps.at(-1) as { origin?: string } | undefined;
  if (issue.type === "union") {
    const union = unwrap(schemaAt(schema as unknown as AnySchema, relative));
    if (union?.type === "union") return unionIssues(union, issue.input, path);
  }
  if (
    issue.kind === "schema" && issue.type === "strict_object" &&
    issue.expected === "never"
  ) {
    const parent = schemaAt(
      schema as unknown as AnySchema,
      relative.slice(0, -1),
    );
    const allowed = Object.keys(unwrap(parent)?.entries ?? {});
    return [unknownKey(String(relative.at(-1)), allowed, path)];
  }
  if (issue.received === "undefined" && issue.type === "strict_object") {
    const key = String(relative.at(-1));
    return [{
      id: "policy/missing-key",
      message: `the key ${JSON.stringify(key)} is missing`,
      path: path.slice(0, -1),
      at: "key",
    }];
  }
  if (issue.kind === "validation") {
    return [{
      id: "policy/value",
      message: `${describe(issue.input)}: ${issue.message}`,
      path,
      at: last?.origin === "key" ? "key" : "value",
    }];
  }
  return [typeIssue(issue, path)];
}

function unknownKey(
  key: string,
  allowed: readonly string[],
  path: Path,
): SchemaIssue {
  const suggestion = nearest(key, allowed);
  return {
    id: "policy/unknown-key",
    message: `unknown key ${describe(key)}, expected one of ${
      listOf(allowed, 30)
    }`,
    ...(suggestion === undefined
      ? {}
      : { hint: `did you mean ${JSON.stringify(suggestion)}?` }),
    path,
    at: "key",
  };
}

function typeIssue(issue: v.BaseIssue<unknown>, path: Path): SchemaIssue {
  const picked = /^\((.*)\)$/.exec(issue.expected ?? "");
  if (issue.type === "picklist" && picked !== null) {
    const allowed = (picked[1] ?? "").split(" | ").map((word) =>
      word.replaceAll('"', "")
    );
    const suggestion = typeof issue.input === "string"
      ? nearest(issue.input, allowed)
      : undefined;
    return {
      id: "policy/value",
      message: `${describe(issue.input)} is not one of ${listOf(allowed, 20)}`,
      ...(suggestion === undefined
        ? {}
        : { hint: `did you mean ${JSON.stringify(suggestion)}?` }),
      path,
      at: "value",
    };
  }
  const custom = issue.message.startsWith("Invalid ")
    ? undefined
    : issue.message;
  return {
    id: issue.type === "literal" ? "policy/value" : "policy/type",
    message: custom === undefined
      ? `${describe(issue.input)} is not ${kindOf(issue)}`
      : `${describe(issue.input)}: ${custom}`,
    path,
    at: "value",
  };
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  strict_object: "a mapping",
  record: "a mapping",
  object: "a mapping",
};

function kindOf(issue: v.BaseIssue<unknown>): string {
  return KIND_NAMES[issue.type] ?? issue.expected ?? "allowed here";
}

/** Names a value in a message without spilling long ones. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (value !== null && typeof value === "object") return "a mapping";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}

/** Of a union's options, speaks of the one that the author seems to have meant. */
function unionIssues(
  union: AnySchema,
  value: unknown,
  path: Path,
): SchemaIssue[] {
  const options = (union.options ?? []).filter((option) =>
    typeof option !== "string"
  );
  const keys = isObject(value) ? Object.keys(value) : [];
  const mapping = options.filter((option) =>
    unwrap(option)?.entries !== undefined
  );
  if (!isObject(value) || mapping.length === 0) {
    const kinds = [
      ...(mapping.length < options.length
        ? ["a string", "a number", "true or false"]
        : []),
      ...(mapping.length > 0 ? ["a mapping"] : []),
    ];
    return [{
      id: "policy/type",
      message: `${describe(value)} is not ${kinds.join(" or ")}`,
      path,
      at: "value",
    }];
  }
  const marks = mapping.map((option) =>
    Object.keys(option.entries ?? {})[0] ?? ""
  );
  const chosen = mapping.length === 1
    ? mapping[0]
    : mapping.find((option) =>
      keys.includes(Object.keys(option.entries ?? {})[0] ?? "")
    );
  if (chosen === undefined) {
    const stray = keys[0];
    return stray === undefined
      ? [{
        id: "policy/missing-key",
        message: `expected ${listOf(marks)}`,
        path,
        at: "value",
      }]
      : [unknownKey(stray, marks, [...path, stray])];
  }
  const schema = chosen as unknown as v.GenericSchema;
  const result = v.safeParse(schema, value);
  return result.success
    ? []
    : result.issues.flatMap((issue) => translate(issue, schema, path));
}

function unwrap(schema: AnySchema | undefined): AnySchema | undefined {
  let current = schema;
  while (current?.wrapped !== undefined) current = current.wrapped;
  return current;
}

/** The schema that governs the place a path leads to. */
function schemaAt(schema: AnySchema, path: Path): AnySchema | undefined {
  let current: AnySchema | undefined = unwrap(schema);
  for (const step of path) {
    current = unwrap(current);
    if (current?.entries !== undefined) current = current.entries[String(step)];
    else if (current?.type === "record") current = current.value;
    else if (current?.type === "array") current = current.item;
    else return undefined;
  }
  return current;
}
