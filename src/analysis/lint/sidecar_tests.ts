/**
 * The tests beside a policy as `lint` looks at them: each with the claims that all of its file share.
 *
 * @module
 */
import { isObject } from "../../lib/json.ts";
import type { TestSource } from "../testing/suite.ts";

/**
 * Tests and tables of the files, as they are written; `null` where something is wrong with a file, so that
 * nothing is known of tests. Does not check their shape.
 */
export function sidecarTests(
  { sources, diagnostics }: {
    readonly sources: readonly TestSource[];
    readonly diagnostics: readonly unknown[];
  },
): unknown[] | null {
  return diagnostics.length > 0
    ? null
    : sources.flatMap(({ document }) => testsOf(document));
}

function testsOf(document: unknown): readonly unknown[] {
  const tables = member(document, "tables");
  const tests = member(document, "tests");
  const shared = member(member(document, "defaults"), "claims");
  const written = Array.isArray(tests) ? tests : [];
  return [
    ...!isObject(shared) ? written : written.map((test) => {
      const claims = member(test, "claims");
      return isObject(test)
        ? {
          ...test,
          claims: { ...shared, ...(isObject(claims) ? claims : {}) },
        }
        : test;
    }),
    ...Array.isArray(tables) ? tables : [],
  ];
}

function member(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
