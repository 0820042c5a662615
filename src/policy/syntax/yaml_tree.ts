/**
 * What a YAML file says, with the place of every value.
 *
 * @module
 */
import type { Diagnostic, Span } from "../diagnostic.ts";

/** A value with its place in the file. Offsets count UTF-16 units from 0; `end` is exclusive. */
export type YamlNode =
  & { readonly start: number; readonly end: number }
  & (
    | { readonly kind: "map"; readonly entries: ReadonlyMap<string, YamlEntry> }
    | { readonly kind: "list"; readonly items: readonly YamlNode[] }
    | {
      readonly kind: "scalar";
      readonly value: string | number | boolean | null;
    }
  );

export interface YamlEntry {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly node: YamlNode;
}

export interface YamlSource {
  readonly root: YamlNode;
  /** The 1-based span of two offsets. */
  span(start: number, end: number): Span;
}

/** The file is not the YAML that a policy may be written in. `id` is a lint id (`yaml/…`). */
export class YamlError extends Error {
  override readonly name = "YamlError";
  readonly id: string;
  readonly span: Span;
  readonly hint: string | undefined;
  constructor(
    id: string,
    message: string,
    options: { span: Span; hint?: string | undefined },
  ) {
    super(message);
    this.id = id;
    this.span = options.span;
    this.hint = options.hint;
  }
}

/** The plain value of a node: null-prototype objects, arrays and scalars. */
export function toPlain(node: YamlNode): unknown {
  switch (node.kind) {
    case "scalar":
      return node.value;
    case "list":
      return node.items.map(toPlain);
    case "map": {
      const object: Record<string, unknown> = Object.create(null);
      for (const [key, entry] of node.entries) {
        object[key] = toPlain(entry.node);
      }
      return object;
    }
  }
}

export type Path = readonly (string | number)[];

/**
 * Offsets of the value at a path, or of its key with `at: "key"`. A path that leads nowhere gives
 * the nearest enclosing place: a missing key is reported at the mapping that lacks it.
 */
export function locate(
  root: YamlNode,
  path: Path,
  options: { at?: "key" | "value" } = {},
): { start: number; end: number } {
  let node = root;
  let place = { start: root.start, end: root.end };
  for (const [index, step] of path.entries()) {
    if (node.kind === "map" && typeof step === "string") {
      const entry = node.entries.get(step);
      if (entry === undefined) return place;
      node = entry.node;
      const asKey = options.at === "key" || node.kind !== "scalar";
      place = asKey && (index === path.length - 1 || node.kind !== "scalar")
        ? { start: entry.keyStart, end: entry.keyEnd }
        : { start: node.start, end: node.end };
    } else if (node.kind === "list" && typeof step === "number") {
      const item = node.items[step];
      if (item === undefined) return place;
      node = item;
      place = { start: node.start, end: node.end };
    } else return place;
  }
  return place;
}

/** The finding that a YAML error is. */
export function yamlDiagnostic(error: YamlError, file: string): Diagnostic {
  return {
    id: error.id,
    level: "error",
    confidence: "high",
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    file,
    ...error.span,
  };
}
