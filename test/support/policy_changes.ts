/**
 * The same document in another order, or damaged in one place.
 *
 * @module
 */

import fc from "fast-check";
import { from, type Written } from "./policy_documents.ts";
import { hostileValueArbitrary } from "./request_generators.ts";

/** The same document with all keys and all list entries in another order. */
export function shuffled<T>(value: T): fc.Arbitrary<T> {
  return fc.infiniteStream(fc.nat()).map((stream) => {
    const next = () => stream.next().value as number;
    return shuffle(value, next) as T;
  });
}

function shuffle(value: unknown, next: () => number): unknown {
  if (Array.isArray(value)) {
    return reorder(value.map((item) => shuffle(item, next)), next);
  }
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).map((
    [key, item],
  ) => [key, shuffle(item, next)]);
  return Object.fromEntries(reorder(entries, next));
}

function reorder<T>(items: readonly T[], next: () => number): T[] {
  return items.map((item) => ({ item, key: next() })).sort((a, b) =>
    a.key - b.key
  )
    .map(({ item }) => item);
}

/** The same document with one place removed, replaced or added to. */
export function mutated(document: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(document, []);
  const value = fc.oneof(
    hostileValueArbitrary,
    from([null, [], {}, "", 0, "x", [[]], [""], { x: 1 }]),
  );
  return fc.tuple(from(places), value, from(["replace", "remove", "add"])).map(
    ([place, replacement, how]) => {
      const copy = structuredClone({ root: document }) as Written;
      // deno-lint-ignore no-explicit-any -- any JSON value
      let parent: any = copy;
      const path = ["root", ...place];
      for (const step of path.slice(0, -1)) parent = parent[step];
      const last = path.at(-1) ?? "root";
      if (how === "replace" || last === "root") parent[last] = replacement;
      else if (how === "remove") {
        if (Array.isArray(parent)) parent.splice(Number(last), 1);
        else delete parent[last];
      } else if (Array.isArray(parent)) parent.push(replacement);
      else parent[`${last}x`] = replacement;
      return copy["root"];
    },
  );
}

function placesOf(value: unknown, path: string[]): string[][] {
  if (value === null || typeof value !== "object") return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, item]) =>
      placesOf(item, [...path, key])
    ),
  ];
}
