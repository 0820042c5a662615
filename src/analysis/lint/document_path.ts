/**
 * Where in the document a finding is, in words that stay the same when lines move.
 *
 * @module
 */
import type { Diagnostic } from "../../policy/diagnostic.ts";
import type { PolicySource } from "../../policy/syntax/parse.ts";
import type { YamlNode } from "../../policy/syntax/yaml.ts";

/** The path of the innermost key or item at a finding, such as `rules.staff.when.email`. */
export function documentPath(
  source: PolicySource,
  finding: Diagnostic,
): string {
  const { line, column } = finding;
  let start = 0;
  for (let current = 1; current < line; current++) {
    start = source.text.indexOf("\n", start) + 1;
  }
  return pathAt(source.yaml.root, start + column - 1).join(".");
}

function pathAt(node: YamlNode, offset: number): (string | number)[] {
  if (node.kind === "map") {
    for (const [key, { keyStart, node: value }] of node.entries) {
      if (offset < keyStart || offset >= Math.max(value.end, keyStart + 1)) {
        continue;
      }
      return [key, ...offset < value.start ? [] : pathAt(value, offset)];
    }
  } else if (node.kind === "list") {
    const index = node.items.findIndex((item) =>
      offset >= item.start && offset < item.end
    );
    const item = node.items[index];
    if (item !== undefined) return [index, ...pathAt(item, offset)];
  }
  return [];
}
