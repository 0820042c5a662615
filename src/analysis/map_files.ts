/**
 * Which map files a policy reads.
 *
 * @module
 */
import type { Issuer, Policy, Rule } from "../policy/model.ts";
import { rulesOf } from "./diff/side.ts";

type Sources = readonly Pick<Rule, "accounts">[];

/** Worked out once for the rules of a policy: each request that is tried asks for it. */
const known = new WeakMap<Sources, readonly string[]>();

/** The paths of the map files that rules name, each once. */
export function mapFilesOfRules(rules: Sources): readonly string[] {
  const paths = known.get(rules) ?? pathsOf(rules);
  known.set(rules, paths);
  return paths;
}

function pathsOf(rules: Sources): string[] {
  const sources = rules.flatMap(({ accounts }) => accounts ?? []);
  const paths = sources.flatMap((source) =>
    source.source === "map_file" ? [source.path] : []
  );
  return [...new Set(paths)];
}

/** The map files of the rules that an issuer's tokens can match. */
export function mapFilesOfIssuer(
  policy: Policy,
  issuer: Issuer,
): readonly string[] {
  return mapFilesOfRules(rulesOf({ policy, issuer }));
}
