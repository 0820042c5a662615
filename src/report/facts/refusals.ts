/**
 * What a policy refuses whatever else it says.
 *
 * @module
 */
import { prove, readInvariants } from "../../analysis/never/invariants.ts";
import { proofTexts } from "../../analysis/never/words.ts";
import type { Policy } from "../../policy/model.ts";
import type { PolicySource } from "../../policy/syntax/parse.ts";
import { lineOf } from "./rules.ts";

export interface Refusals {
  /** Ids of rules that deny. */
  readonly denies: readonly string[];
  readonly protected: readonly {
    readonly account: string;
    /** Ids of rules that open it all the same. */
    readonly openedBy: readonly string[];
  }[];
  readonly never: readonly {
    readonly name: string;
    readonly line: number;
    /** "proved": over all requests; "unproved": nothing was found, and not everything was looked at. */
    readonly verdict: "proved" | "broken" | "unproved";
    readonly texts: readonly string[];
  }[];
  /** Entries of `never` that cannot be read, so that nothing is known of any. */
  readonly unread: readonly string[];
}

export function refusalsOf(policy: Policy, source: PolicySource): Refusals {
  const { invariants, issues } = readInvariants(policy, source);
  return {
    denies: policy.rules.filter(({ effect }) => effect === "deny")
      .map(({ id }) => id),
    protected: policy.protected_accounts.map((account) => ({
      account,
      openedBy: policy.rules.filter(({ effect, allow_protected, accounts }) =>
        effect === "allow" && allow_protected &&
        accounts?.some((entry) =>
          entry.source === "names" && entry.names.includes(account)
        )
      ).map(({ id }) => id),
    })),
    never: invariants.map((invariant) => {
      const proof = prove(policy, invariant);
      return {
        name: invariant.name,
        line: lineOf(source, ["never", invariant.name]),
        verdict: proof.breaches.length > 0
          ? "broken"
          : proof.limits.length > 0
          ? "unproved"
          : "proved",
        texts: proofTexts(proof),
      };
    }),
    unread: issues.map(({ message }) => message),
  };
}
