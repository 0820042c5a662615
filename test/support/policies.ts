/**
 * Small policies and requests for table tests.
 *
 * @module
 */

import type { MapFiles } from "../../src/policy/evaluate/accounts.ts";
import type { Claims } from "../../src/policy/claims.ts";
import type { Decision } from "../../src/policy/decision.ts";
import { evaluate } from "../../src/policy/evaluate/evaluate.ts";
import type { Policy } from "../../src/policy/model.ts";
import { parsePolicy, usable } from "../../src/policy/syntax/parse.ts";
import type { AccessRequest } from "../../src/policy/request.ts";
import { subjectFromClaims } from "../../src/policy/evaluate/subject.ts";

export const NOW = 1_767_268_800;

const ISSUERS = `
version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh]}
  lab: {issuer: https://lab.example.org, audiences: [ssh]}
`;

/** The policy that the text means; two issuers, "campus" and "lab", are there already. */
export function policyWith(text: string): Policy {
  const parsed = parsePolicy(
    text.includes("issuers:\n") ? text : ISSUERS + text,
    {
      file: "test.yaml",
    },
  );
  const policy = usable(parsed);
  if (policy === null) {
    throw new Error(JSON.stringify(parsed.diagnostics, null, 1));
  }
  return policy;
}

/** A policy of rules alone, each a line of flow YAML without its braces. */
export function rules(lines: Record<string, string>, rest = ""): Policy {
  const written = Object.entries(lines).map(([id, body]) =>
    `  ${id}: {${body}}\n`
  );
  return policyWith(`rules:\n${written.join("")}${rest}\n`);
}

export interface Asked extends Partial<Omit<AccessRequest, "subject">> {
  readonly issuer?: string;
  readonly claims?: Claims;
  readonly subject?: Partial<AccessRequest["subject"]>;
}

/** A request of u1 for "alice" by sshd, at {@link NOW}, unless told otherwise. */
export function requestFor(policy: Policy, asked: Asked = {}): AccessRequest {
  const { issuer: name = "campus", claims = { sub: "u1" }, subject, ...rest } =
    asked;
  const issuer = policy.issuers.find((candidate) => candidate.name === name);
  if (issuer === undefined) throw new Error(`no issuer ${name}`);
  return {
    account: "alice",
    service: "sshd",
    rhost: "192.0.2.7",
    now: NOW,
    ...rest,
    subject: { ...subjectFromClaims(issuer, claims), ...subject },
  };
}

/** What the policy decides about it. */
export function ask(
  policy: Policy,
  asked: Asked = {},
  mapFiles: MapFiles = new Map(),
): Decision {
  return evaluate(policy, requestFor(policy, asked), { mapFiles });
}

/** The decision in three words: what a table test compares. */
export function short({ decision, reason, rule }: Decision): string {
  return `${decision} ${reason} ${rule}`;
}
