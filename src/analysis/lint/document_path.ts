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

interface Part {
  readonly name: string | number;
  readonly from: number;
  readonly to: number;
  readonly value: YamlNode;
}

const parts = new WeakMap<YamlNode, readonly Part[]>();

/** What a mapping or a list consists of, in the order of the text. */
function partsOf(node: YamlNode): readonly Part[] {
  const earlier = parts.get(node);
  if (earlier !== undefined) return earlier;
  const found: Part[] = node.kind === "map"
    ? [...node.entries].map(([name, { keyStart, node: value }]) => ({
      name,
      from: keyStart,
      to: Math.max(value.end, keyStart + 1),
      value,
    }))
    : node.kind === "list"
    ? node.items.map((value, name) => ({
      name,
      from: value.start,
      to: value.end,
      value,
    }))
    : [];
  parts.set(node, found);
  return found;
}

function pathAt(node: YamlNode, offset: number): (string | number)[] {
  const all = partsOf(node);
  let [low, high] = [0, all.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((all[middle]?.from ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  const part = all[low - 1];
  if (part === undefined || offset >= part.to) return [];
  return [
    part.name,
    ...offset < part.value.start ? [] : pathAt(part.value, offset),
  ];
}
