/**
 * Claims of somebody with several linked identities, as Globus Auth writes them
 * (`globus_subject.ts` reads them).
 *
 * @module
 */
import type { Claims } from "../../policy/claims.ts";
import {
  IDENTITY_ATTRIBUTES,
  type IdentityAttribute,
} from "../../policy/identity_claims.ts";
import { mappedFact } from "./encode.ts";
import type { LinkedAuthentications } from "./linked.ts";
import { type Space, UNTOLD_IDENTITIES } from "./space.ts";
import { linkedLocation } from "./uses.ts";

/**
 * The members that describe the linked identities at a point. `claims` are the others. What map
 * files need is added to `mapFiles`.
 */
export function linkedClaims(
  point: readonly number[],
  options: {
    space: Space;
    account: string;
    linked: LinkedAuthentications;
    claims: Claims;
    mapFiles: Record<string, string[]>;
  },
): Claims {
  const { space, account, linked, claims, mapFiles } = options;
  const facts = space.facts().filter(({ variable }) => point[variable] === 1)
    .map(({ key }) => key);
  const identities: Record<string, unknown>[] = [];
  const add = (attribute: IdentityAttribute, value: string) =>
    identities.push({
      id: `identity-${identities.length + 1}`,
      [attribute]: value,
    });
  for (const attribute of IDENTITY_ATTRIBUTES) {
    const known = space.claims.get(linkedLocation(attribute));
    for (const { values, variable } of known?.blocks ?? []) {
      if (point[variable] === 1) add(attribute, String(values[0]));
    }
    for (const fact of facts) {
      const path = fact.slice(mappedFact(attribute, "").length);
      if (fact !== mappedFact(attribute, path)) continue;
      const value = `somebody-${identities.length + 1}`;
      add(attribute, value);
      (mapFiles[path] ??= []).push(`${value} ${account}`);
    }
  }
  // the token's own identity is closed, so that only the others open anything
  const own = typeof claims.sub === "string" ? claims.sub : null;
  return {
    identities: [...identities, { id: own, status: "closed" }],
    ...(facts.includes(UNTOLD_IDENTITIES) ? { identities_set: null } : {}),
    ...sessions(facts, { linked, identities }),
  };
}

/** One session for each sort of authentication that there is. */
function sessions(
  facts: readonly string[],
  options: {
    linked: LinkedAuthentications;
    identities: readonly Record<string, unknown>[];
  },
): Claims {
  const { linked, identities } = options;
  const authentications: Record<string, unknown> = {};
  const identity_providers: unknown[] = [];
  const examples = facts.map((fact) => linked.example(fact))
    .filter((example) => example !== undefined);
  for (const [index, { idps, amr, acr, auth_time }] of examples.entries()) {
    // the names that policies permit are the provider's domains
    const idp = `provider-${index + 1}`;
    const id = identities[index]?.id ?? `session-${index + 1}`;
    authentications[String(id)] = { idp, amr, acr, auth_time };
    identity_providers.push({ id: idp, domains: idps });
  }
  return { session_info: { authentications }, identity_providers };
}
