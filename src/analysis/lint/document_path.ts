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
  const start = lineStarts(source)[line - 1] ?? 0;
  return pathAt(source.yaml.root, start + column - 1).join(".");
}

const known = new WeakMap<PolicySource, readonly number[]>();

/** Where each line begins; thousands of findings may be about the same file. */
function lineStarts(source: PolicySource): readonly number[] {
  const earlier = known.get(source);
  if (earlier !== undefined) return earlier;
  const starts = [0];
  for (const match of source.text.matchAll(/\n/g)) {
    starts.push(match.index + 1);
  }
  known.set(source, starts);
  return starts;
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
