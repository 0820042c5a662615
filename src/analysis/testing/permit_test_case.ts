/**
 * A test of who gets in by certificate, as one of what the session may use.
 *
 * @module
 */
import { evaluate } from "../../policy/evaluate/evaluate.ts";
import type { Policy } from "../../policy/model.ts";
import { mapFilesOfRules } from "../map_files.ts";
import { caseOf } from "./case.ts";
import { permittedBy } from "./expectation.ts";
import type { Mutation } from "./mutations.ts";
import type { DefaultsDocument, TestDocument } from "./schema.ts";
import type { WrittenTest } from "./write.ts";

/**
 * The test that passes, and fails under the mutation; `null` where what was found cannot be one.
 * `found` is a test of a policy with the same issuers that reads no other map files.
 */
export function permitTest(
  found: WrittenTest,
  mutation: Mutation,
  at: { policy: Policy; defaults: DefaultsDocument },
): WrittenTest | null {
  const { policy, defaults } = at;
  const { expect: _, ...rest } = found;
  const given = (rest["map_files"] ?? {}) as Record<string, string>;
  const known = { ...defaults.map_files, ...given };
  const files = mapFilesOfRules(policy.rules).filter((path) =>
    !Object.hasOwn(known, path)
  ).map((path) => [path, ""]);
  const draft = {
    ...rest,
    way: "certificate",
    ...(files.length === 0
      ? {}
      : { map_files: { ...given, ...Object.fromEntries(files) } }),
  };
  const { cases: [test] } = caseOf(
    { ...draft, expect: "allow" } as unknown as TestDocument,
    { policy, defaults, missingMapFiles: new Set(), path: [] },
  );
  if (test === undefined) return null;
  const { request, mapFiles } = test;
  const [before, after] = [policy, mutation.policy].map((side) => {
    const decision = evaluate(side, request, { mapFiles });
    return decision.decision === "deny" ? null : permittedBy(side, decision);
  });
  if (!before || !after || `${before}` === `${after}`) return null;
  const { account } = request;
  return {
    ...draft,
    name:
      `what ${account} may use by certificate, which ${mutation.description} would change`,
    expect: { decision: "allow", ssh: { permit: before } },
  };
}
