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
import { mapFilesOfRules } from "../map_files.ts";
import { mappedFact } from "./account_clauses.ts";
import { mappedAccounts } from "../../policy/evaluate/accounts.ts";
import { subjectFromClaims } from "../../policy/evaluate/subject.ts";
import type { AccountSource } from "../../policy/model.ts";
import type { LinkedAuthentications, LinkedExample } from "./linked.ts";
import type { Side } from "./side.ts";
import { type Space, UNTOLD_IDENTITIES, WITNESS_NOW } from "./space.ts";
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
    side: Side;
    claims: Claims;
    mapFiles: Record<string, string[]>;
    now: number;
  },
): Claims {
  const { space, account, linked, claims, mapFiles, now } = options;
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
  const document = (sessions: Claims): Claims => ({
    identities: [...identities, { id: own, status: "closed" }],
    ...(facts.includes(UNTOLD_IDENTITIES) ? { identities_set: null } : {}),
    ...sessions,
  });
  const examples = facts.map((fact) => linked.example(fact))
    .filter((example) => example !== undefined);
  return document(sessionsOf(examples, {
    identities,
    now,
    opens: (sources) => {
      const side = options.side;
      const subject = subjectFromClaims(side.issuer, {
        ...claims,
        ...document({}),
      });
      return mappedAccounts(sources, subject, {
        pattern: side.policy.accounts_pattern,
        mapFiles: new Map(
          mapFilesOfRules([{ accounts: sources }]).map((path) => [
            path,
            (mapFiles[path] ?? []).join("\n"),
          ]),
        ),
      }).filter((mapped) => mapped.account === account)
        .map(({ identity }) => identity);
    },
  }));
}

/**
 * One session for each sort of authentication that there is: by an identity that opens the account
 * where it must be, by nobody's otherwise. An identity has one session, so that another like it may
 * have to join.
 */
function sessionsOf(
  examples: readonly LinkedExample[],
  { identities, now, opens }: {
    identities: Record<string, unknown>[];
    now: number;
    /** The ids of the identities to which the sources give the account. */
    opens: (sources: readonly AccountSource[]) => (string | null)[];
  },
): Claims {
  const authentications: Record<string, unknown> = {};
  const identity_providers: unknown[] = [];
  for (const [index, { authentication, sources }] of examples.entries()) {
    const { idps, amr, acr } = authentication;
    const auth_time = authentication.auth_time === null
      ? null
      : authentication.auth_time - WITNESS_NOW + now;
    // the names that policies permit are the provider's domains
    const idp = `provider-${index + 1}`;
    const session = { idp, amr, acr, auth_time };
    identity_providers.push({ id: idp, domains: idps });
    const ids = sources === null ? [] : opens(sources);
    const free = ids.find((id) =>
      id !== null && !Object.hasOwn(authentications, id)
    );
    const like = identities.find(({ id }) => ids.includes(id as string));
    if (free !== undefined && free !== null) authentications[free] = session;
    else if (like !== undefined && like["id"] !== undefined) {
      const id = `identity-${identities.length + 1}`;
      identities.push({ ...like, id });
      authentications[id] = session;
    } else authentications[`session-${index + 1}`] = session;
  }
  return { session_info: { authentications }, identity_providers };
}
