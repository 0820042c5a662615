/**
 * `check`: what the issuer's answers say beside what was asked: its clock, and its scopes.
 *
 * @module
 */
import type { Transport } from "../../issuer/http.ts";
import { claimsOfRules } from "../../analysis/rule_claims.ts";
import type { Issuer, Policy } from "../../policy/model.ts";
import { fine, type Noted } from "./finding.ts";

/** A transport that remembers. */
export class Answers {
  readonly transport: Transport;
  /** Of the last answer: how far the issuer's clock is ahead of ours, in milliseconds. */
  ahead: number | null = null;
  /** `claims_supported` of it (OpenID Connect Discovery 1.0, section 3); `null` without. */
  claims: readonly unknown[] | null = null;
  /** `scopes_supported` of the discovery document (RFC 8414 section 2); `null` without. */
  scopes: readonly unknown[] | null = null;

  constructor(transport: Transport, now: () => number) {
    this.transport = {
      request: async (url, request) => {
        const answer = await transport.request(url, request);
        if (typeof answer.sentAt === "number") {
          this.ahead = answer.sentAt - now();
        }
        const { scopes_supported, claims_supported } = Object(answer.body);
        if (Array.isArray(scopes_supported)) this.scopes = scopes_supported;
        if (Array.isArray(claims_supported)) this.claims = claims_supported;
        return answer;
      },
      close: () => transport.close(),
    };
  }
}

/** The header has whole seconds, and an answer is on its way for some time. */
const TOLERATED_MS = 5_000;

/** A token is valid by the issuer's clock when it is issued, and by ours when it is judged. */
export function issuerClockFindings(
  { name, clock_skew }: Issuer,
  { ahead }: Answers,
): Noted[] {
  if (ahead === null) return [];
  if (Math.abs(ahead) <= clock_skew * 1000 + TOLERATED_MS) {
    return [
      fine(
        "clock/issuer",
        `less than ${
          clock_skew + TOLERATED_MS / 1000
        } s from the clock of the issuer "${name}"`,
      ),
    ];
  }
  const seconds = Math.round(Math.abs(ahead) / 1000);
  return [{
    id: "clock/issuer",
    level: "error",
    message: `issuer "${name}": its clock is ${seconds} s ${
      ahead > 0 ? "ahead of" : "behind"
    } this host's, and the policy tolerates ${clock_skew} s`,
    hint: "set this host's clock with NTP, and see whether the issuer does",
  }];
}

/**
 * Claims that rules use and the issuer does not list. Its list need not be whole, so that this is a place
 * to look, and no more.
 */
export function issuerClaimFindings(
  issuer: Issuer,
  { claims }: Answers,
  policy: Policy,
): Noted[] {
  if (claims === null) return [];
  return [...claimsOfRules(policy, issuer)]
    .filter(([name]) => !claims.includes(name) && !ALWAYS.includes(name))
    .map(([name, { id }]) => ({
      id: "issuer/claim",
      level: "info",
      message: `issuer "${issuer.name}": it does not list the claim ${
        JSON.stringify(name)
      }, which rules use ("${id}"): where it never comes, they let nobody in`,
      hint:
        '"oauth-pam token inspect" shows what is in a token; the issuer may need a scope or a mapper for it',
    }));
}

/** In every ID token, listed or not. */
const ALWAYS = ["sub", "iss", "aud", "exp", "iat"];
