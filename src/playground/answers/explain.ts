/**
 * What `policy explain` answers. Claims are taken as verified; a token is only decoded. Map files are what was
 * pasted of them.
 *
 * @module
 */
import type { Explanation } from "../../analysis/explain/explain.ts";
import { mapFilesOfIssuer, mapFilesOfRules } from "../../analysis/map_files.ts";
import { type Answer, answerOf } from "../../cli/policy/explain/answer.ts";
import { givenClaims } from "../../cli/policy/explain/claims.ts";
import { explainJson } from "../../cli/policy/explain/json.ts";
import { explainPretty } from "../../cli/policy/explain/pretty.ts";
import { decodeBase64url } from "../../lib/base64url.ts";
import { instant } from "../../policy/instant.ts";
import type { Policy } from "../../policy/model.ts";
import { POLICY_FILE } from "../names.ts";
import { type Problem, usablePolicy } from "./sheet.ts";

export interface Question {
  readonly policy: string;
  readonly account: string;
  readonly service: string;
  readonly rhost: string;
  /** The local name of the issuer; empty where the claims name it. */
  readonly issuer: string;
  /** As written; empty for `now`. */
  readonly time: string;
  /** Seconds since the epoch. */
  readonly now: number;
  /** What was pasted of the map files, by path; one without a character was not. */
  readonly mapFiles: ReadonlyMap<string, string>;
  readonly evidence: {
    readonly kind: "claims" | "token";
    readonly text: string;
  };
}

export interface Explained {
  readonly decision: "allow" | "deny";
  readonly reason: string;
  /** As `--format json` and as a person at a terminal reads it. */
  readonly json: string;
  readonly pretty: string;
  readonly notes: readonly string[];
  /** The claims of a token, indented. */
  readonly decoded: string | null;
}

/** An answer, and what is wanted for one. */
type Answered = (Explained | Problem) & {
  /** The first of the map files that the policy names; `null` where it cannot be used. */
  readonly mapFiles: readonly string[] | null;
};

/** Map files that a page asks for. */
export const MAX_MAP_FILES = 20;

/** Never verifies anything: neither signature nor times nor audience. */
export function explained(question: Question): Answered {
  const read = usablePolicy({ text: question.policy, file: POLICY_FILE });
  if ("problem" in read) return { ...read, mapFiles: null };
  const { policy } = read;
  const mapFiles = mapFilesOfRules(policy.rules).slice(0, MAX_MAP_FILES);
  return { ...answerBy(policy, mapFiles, question), mapFiles };
}

function answerBy(
  policy: Policy,
  askedFor: readonly string[],
  question: Question,
): Explained | Problem {
  const { account, evidence } = question;
  if (account === "") return { problem: "name the account that is asked for" };
  if (evidence.text.trim() === "") {
    return { problem: `there is no ${NOUNS[evidence.kind]} yet` };
  }
  const now = timeOf(question);
  if (now === null) {
    return {
      problem:
        'the time is not one such as "2026-01-01T12:00:00Z" or seconds since the epoch',
    };
  }
  const payload = payloadOf(evidence);
  if (!(payload instanceof Uint8Array)) return payload;
  const found = givenClaims(payload, {
    policy,
    account,
    issuer: question.issuer || undefined,
    name: evidence.kind === "token" ? "the token" : "the field",
  });
  if (typeof found === "string") return { problem: found };
  const decoded = evidence.kind === "token" ? indented(payload) : null;
  if ("decision" in found) {
    const answer = { explanation: found, request: null, permit: null };
    return told(answer, { notes: [], decoded });
  }
  // as the command line reads them: those of the issuer, and without one of them there is no answer
  const mapFiles = new Map<string, string>();
  for (const path of mapFilesOfIssuer(policy, found.issuer)) {
    const text = question.mapFiles.get(path) ?? "";
    if (text === "") return { problem: lacking(path, askedFor) };
    mapFiles.set(path, text);
  }
  const circumstances = {
    account,
    service: question.service || undefined,
    rhost: question.rhost || null,
    now,
    nowIsGiven: question.time !== "",
  };
  const options = { policy, mapFiles, certificate: false };
  return told(answerOf(found, circumstances, options), {
    notes: found.notes ?? [],
    decoded,
  });
}

function lacking(path: string, askedFor: readonly string[]): string {
  const reads = `the policy reads the map file ${JSON.stringify(path)}`;
  return askedFor.includes(path)
    ? `${reads}: paste what is in it into its field, an empty line where it is empty`
    : `${reads}, and names more than the ${MAX_MAP_FILES} that the page has fields for: ask the command line`;
}

const NOUNS = { claims: "document of claims", token: "token" } as const;

function told(
  { explanation, request, permit }: Answer & { explanation: Explanation },
  rest: Pick<Explained, "notes" | "decoded">,
): Explained {
  const { decision, reason } = explanation.decision;
  return {
    decision,
    reason,
    json: explainJson(explanation, permit),
    pretty: explainPretty(explanation, { color: false, request, permit }),
    ...rest,
  };
}

function timeOf({ time, now }: Question): number | null {
  const text = time.trim();
  if (text === "" || text === "now") return now;
  return /^[0-9]{1,12}$/.test(text) ? Number(text) : instant(text);
}

/** The document of claims: as written, or out of a token that is only decoded (RFC 7515 section 3.1). */
function payloadOf(
  { kind, text }: Question["evidence"],
): Uint8Array | Problem {
  if (kind === "claims") return new TextEncoder().encode(text);
  const parts = text.trim().split(".");
  if (parts.length === 5) {
    return { problem: "the token is encrypted: nothing of it can be read" };
  }
  const payload = parts.length === 3 ? decodeBase64url(parts[1] ?? "") : null;
  return payload ?? {
    problem:
      "the token is not a signed JSON web token: only its issuer can tell what it stands for",
  };
}

function indented(payload: Uint8Array): string {
  const text = new TextDecoder().decode(payload);
  return JSON.stringify(JSON.parse(text), null, 2);
}
