/**
 * Policies of many rules, as a large site might have them, for measurements.
 *
 * @module
 */
import type { Policy } from "../../src/policy/model.ts";
import { policyOf, type Written } from "./policy_documents.ts";

/** Numbers that look random and are the same every time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor(state / 65536) % below;
  };
}

export interface LargeDocument {
  version: 1;
  issuers: Record<string, Written>;
  assurance?: Written;
  rules: Record<string, Written>;
}

/** A document with this many rules, three issuers and some eighty accounts. */
export function largeDocument(seed: number, count: number): LargeDocument {
  const random = generator(seed);
  const maybe = (oneIn: number, written: () => Written): Written =>
    random(oneIn) === 0 ? written() : {};
  const accounts = (): Written => {
    switch (random(4)) {
      case 0:
        return { claim: "email", strip_suffix: `@d${random(10)}.example.edu` };
      case 1:
        return { names: [`svc${random(40)}`, `svc${random(40)}`] };
      case 2:
        return {
          map: { [`p${random(50)}`]: [`acc${random(50)}`] },
          keys: ["sub", "email"],
        };
      default:
        return { claim: "preferred_username" };
    }
  };
  const rule = (): Written => {
    const deny = random(8) === 0;
    return {
      ...(deny ? { effect: "deny" } : {}),
      ...maybe(2, () => ({ issuers: [`i${random(3)}`] })),
      ...maybe(4, () => ({ services: ["sshd"] })),
      ...maybe(4, () => ({ rhosts: [`10.${random(20)}.0.0/16`] })),
      when: {
        groups: {
          any: [`g${random(60)}`, `g${random(60)}`],
          ...maybe(5, () => ({ none: [`bad${random(4)}`] })),
        },
        ...maybe(
          3,
          () => ({ email: { like: `*@d${random(10)}.example.edu` } }),
        ),
        ...maybe(3, () => ({ email_verified: true })),
        ...maybe(6, () => ({ "/org/unit": { in: [`u${random(9)}`] } })),
      },
      accounts: [accounts()],
      ...(deny ? {} : maybe(3, () => ({
        assurance: { mfa: true, max_auth_age: `${1 + random(8)}h` },
      }))),
    };
  };
  return {
    version: 1,
    issuers: Object.fromEntries(
      [0, 1, 2].map((number) => [`i${number}`, {
        issuer: `https://i${number}.example.edu`,
        audiences: ["ssh"],
      }]),
    ),
    assurance: { permitted_idps: ["https://idp.example.edu"] },
    rules: Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`r${index}`, rule()]),
    ),
  };
}

export function largePolicy(document: LargeDocument): Policy {
  return policyOf(document);
}
