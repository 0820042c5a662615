/**
 * Near misses of assurance, and of networks and services.
 *
 * @module
 */
import type { RuleOutcome } from "../../../policy/decision.ts";
import { duration } from "../../../policy/duration.ts";
import { kindRow } from "../../../policy/kinds.ts";
import { readClaim } from "../../../policy/claims.ts";
import type { Issuer } from "../../../policy/model.ts";
import {
  contains,
  parseAddress,
  parseNetwork,
} from "../../../policy/network.ts";
import type { AccessRequest } from "../../../policy/request.ts";
import { described, missingHints } from "./claims.ts";
import { providerHints } from "./providers.ts";
import { type Hint, textsHint } from "./hint.ts";
import { shown } from "../../../lib/text.ts";

/** Clocks that are further apart than this are not just a little wrong. */
const NEAR_SECONDS = 300;

type Outcome = Pick<RuleOutcome, "because" | "expected" | "actual">;

/** Why a matching rule almost grants. */
export function assuranceHints(
  outcome: Outcome,
  { request, issuer }: { request: AccessRequest; issuer: Issuer },
): Hint[] {
  switch (outcome.because) {
    case "idp_not_permitted":
      return valueOrMissing(issuer.claims.idp, {
        request,
        issuer,
        compare: () =>
          textsHint(texts(outcome.expected), texts(outcome.actual)),
        wants: "string",
      });
    case "mfa_required":
      return mfaHints(outcome, { request, issuer });
    case "reauthentication_required":
      return timeHints(outcome, { request, issuer });
    default:
      return [];
  }
}

function texts(value: unknown): string[] {
  return [value].flat().filter((item) => typeof item === "string");
}

function valueOrMissing(
  location: string,
  options: {
    request: AccessRequest;
    issuer: Issuer;
    compare: () => Hint | null;
    wants: "string" | "number" | "list";
  },
): Hint[] {
  const { claims } = options.request.subject;
  const value = readClaim(claims, location);
  // sessions of linked identities are no claims of their own
  if (kindRow(options.issuer).linked) return listed(options.compare());
  if (value === undefined || value === null) {
    return [
      ...providerHints(location, options.issuer),
      ...missingHints(location, { claims, called: location }),
    ];
  }
  const { wants } = options;
  const type: string = Array.isArray(value) ? "list" : typeof value;
  if (type !== wants) {
    return [{
      kind: wants === "list" ? "list-expected" : "type",
      message: `${shown(location)} is ${described(value)}, and a ${
        wants === "string" ? "text" : wants
      } is expected`,
    }];
  }
  return listed(options.compare());
}

function listed(hint: Hint | null): Hint[] {
  return hint === null ? [] : [hint];
}

function mfaHints(
  outcome: Outcome,
  { request, issuer }: { request: AccessRequest; issuer: Issuer },
): Hint[] {
  const { amr, acr } = issuer.claims;
  const { amr_any, acr_any } = issuer.mfa;
  const found = texts(outcome.actual);
  const strong = found.filter((method) =>
    /^(?:otp|hwk|swk|sms|fpt|face|iris|pin|fido|mca|totp|duo|webauthn)$/i.test(
      method,
    )
  );
  const compare = (): Hint | null =>
    textsHint([...amr_any, ...acr_any], found) ??
      (strong.length === 0 ? null : {
        kind: "factors",
        message: `${shown(amr)} shows ${shown(strong)}, which "mfa" of the ` +
          `issuer "${issuer.name}" does not list`,
      });
  return amr_any.length > 0
    ? valueOrMissing(amr, { request, issuer, compare, wants: "list" })
    : valueOrMissing(acr, { request, issuer, compare, wants: "string" });
}

function timeHints(
  outcome: Outcome,
  { request, issuer }: { request: AccessRequest; issuer: Issuer },
): Hint[] {
  const { auth_time } = issuer.claims;
  const clock = (message: string): Hint => ({ kind: "clock", message });
  return valueOrMissing(auth_time, {
    request,
    issuer,
    wants: "number",
    compare: () => {
      if (typeof outcome.actual !== "number") return null;
      const time = outcome.actual;
      const age = request.now - Math.floor(time);
      if (time > 1e11) return clock(`${shown(auth_time)} is in milliseconds`);
      const ahead = Math.ceil(time) - request.now;
      if (ahead > issuer.clock_skew) {
        return clock(
          `${shown(auth_time)} lies ${
            duration(ahead)
          } in the future: compare the clocks`,
        );
      }
      const late = age - Number(outcome.expected);
      return late > 0 && late <= NEAR_SECONDS
        ? clock(`too late by ${duration(late)}`)
        : null;
    },
  });
}

/** Why an address is almost in one of the networks. */
export function networkHints(
  networks: readonly string[],
  rhost: string | null,
): Hint[] {
  const hint = (message: string): Hint[] => [{ kind: "network", message }];
  if (rhost === null) {
    return hint("there is no remote address, which is in no network");
  }
  const address = parseAddress(rhost);
  if (address === null) {
    return hint(
      `${shown(rhost)} is not an address: host names are not looked up ` +
        '(sshd: "UseDNS no")',
    );
  }
  const parsed = networks.map((text) => ({
    text,
    network: parseNetwork(text),
  }));
  for (const { text, network } of parsed) {
    if (network === null || network.family !== address.family) continue;
    const wider = network.prefix - (network.family === 4 ? 8 : 16);
    if (wider > 0 && contains({ ...network, prefix: wider }, address)) {
      return hint(`${shown(rhost)} is near ${shown(text)}, but outside of it`);
    }
  }
  return parsed.every(({ network }) => network?.family !== address.family)
    ? hint(
      `${shown(rhost)} is an IPv${address.family} address, and all networks ` +
        `are IPv${address.family === 4 ? 6 : 4}`,
    )
    : [];
}
