/**
 * Which map files a policy reads.
 *
 * @module
 */
import type { Issuer, Policy, Rule } from "../policy/model.ts";
import { rulesOf } from "./diff/side.ts";

/** The paths of the map files that rules name, each once. */
export function mapFilesOfRules(
  rules: readonly Pick<Rule, "accounts">[],
): string[] {
  const sources = rules.flatMap(({ accounts }) => accounts ?? []);
  const paths = sources.flatMap((source) =>
    source.source === "map_file" ? [source.path] : []
  );
  return [...new Set(paths)];
}

/** The map files of the rules that an issuer's tokens can match. */
export function mapFilesOfIssuer(policy: Policy, issuer: Issuer): string[] {
  return mapFilesOfRules(rulesOf({ policy, issuer }));
}
