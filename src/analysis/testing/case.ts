/**
 * One test as it is written to one or more requests with an expectation.
 *
 * @module
 */
import { kindRow } from "../../policy/kinds.ts";
import type { MapFiles } from "../../policy/evaluate/accounts.ts";
import { type Claims, readClaim, withClaim } from "../../policy/claims.ts";
import type { Issue } from "../../policy/diagnostic.ts";
import type { Issuer, Policy } from "../../policy/model.ts";
import type { Subject } from "../../policy/request.ts";
import { subjectFromClaims } from "../../policy/evaluate/subject.ts";
import { mapFilesOfIssuer } from "../map_files.ts";
import { CERTIFICATE_SERVICE, hasCertificates } from "../permits.ts";
import { expectationOf, type TestCase, unknown } from "./expectation.ts";
import type { DefaultsDocument, TestDocument } from "./schema.ts";
import { instant } from "../../policy/instant.ts";
import { DEFAULT_NOW, isRelative, relativeTime } from "./time.ts";
import type { Path } from "../../policy/syntax/yaml.ts";

export interface CaseContext {
  readonly policy: Policy;
  readonly defaults: DefaultsDocument;
  /** Map files whose absence was reported already: once a file is enough. */
  readonly missingMapFiles: Set<string>;
}

interface At extends CaseContext {
  readonly path: Path;
}

type Report = (issue: Omit<Issue, "level" | "path"> & { path?: Path }) => void;

/** The cases of a test, one for each account; none where something is wrong with it. */
export function caseOf(
  test: TestDocument,
  at: At,
): { cases: Omit<TestCase, "file" | "line">[]; issues: Issue[] } {
  const issues: Issue[] = [];
  const report: Report = ({ path = [], ...issue }) =>
    issues.push({ ...issue, level: "error", path: [...at.path, ...path] });
  const accounts = accountsOf(test, { ...at, report });
  const now = nowOf(test, { ...at, report });
  const issuer = issuerOf(test, { ...at, report });
  const { way } = test;
  const expected = expectationOf(test.expect, {
    policy: at.policy,
    way,
    report,
  });
  if (issuer === null || now === null || expected === null) {
    return { cases: [], issues };
  }
  const service = serviceOf(test, { ...at, report });
  if (way === "certificate" && !hasCertificates(issuer)) {
    report({
      id: "test/value",
      message:
        `the issuer "${issuer.name}" has no "ssh_certificates", so that no certificate of it gets in, whatever the rules say`,
      hint: 'remove "way", or give the issuer "ssh_certificates"',
      path: ["way"],
    });
  }
  const subject = subjectOf(test, { ...at, report, issuer, now });
  const mapFiles = mapFilesOf(test, { ...at, report, issuer });
  if (issues.length > 0 || mapFiles === null) return { cases: [], issues };
  const rhost = test.rhost === undefined ? at.defaults.rhost : test.rhost;
  const cases = accounts.map((account) => ({
    name: test.accounts === undefined ? test.name : `${test.name} [${account}]`,
    ...(way === undefined ? {} : { way }),
    request: {
      account,
      service,
      rhost: rhost ?? null,
      now,
      subject,
    },
    mapFiles,
    expected,
  }));
  return { cases, issues };
}

interface Work extends At {
  readonly report: Report;
}

function accountsOf(test: TestDocument, at: Work): readonly string[] {
  if (test.accounts !== undefined) {
    if (test.account === undefined) return [...new Set(test.accounts)];
    at.report({
      id: "test/value",
      message: '"account" and "accounts" exclude each other',
      path: ["accounts"],
      at: "key",
    });
    return [];
  }
  const account = test.account ?? at.defaults.account;
  if (account !== undefined) return [account];
  at.report({
    id: "test/missing-key",
    message: 'the key "account" is missing',
    at: "key",
  });
  return [];
}

function serviceOf(test: TestDocument, at: Work): string {
  if (test.way !== "certificate") {
    return test.service ?? at.defaults.service ?? CERTIFICATE_SERVICE;
  }
  // what the others of a file are about says nothing of this one
  const { service = CERTIFICATE_SERVICE } = test;
  if (service !== CERTIFICATE_SERVICE) {
    at.report({
      id: "test/value",
      message:
        `certificates are shown to sshd, and the service is then "${CERTIFICATE_SERVICE}"`,
      hint: 'remove "service"',
      path: ["service"],
    });
  }
  return service;
}

function nowOf(test: TestDocument, at: Work): number | null {
  const written = test.now ?? at.defaults.now ?? DEFAULT_NOW;
  const now = instant(written);
  if (now === null) {
    at.report({
      id: "test/value",
      message: `${JSON.stringify(written)} is not a time`,
      path: test.now === undefined ? [] : ["now"],
    });
  }
  return now;
}

/** The issuer by its local name, by the claim `iss`, or because there is only one. */
function issuerOf(test: TestDocument, at: Work): Issuer | null {
  const { issuers } = at.policy;
  const iss = claimsOf(test, at)["iss"] ?? undefined;
  const named = test.issuer ??
    (iss === undefined ? at.defaults.issuer : undefined);
  if (named !== undefined) {
    const found = issuers.find(({ name }) => name === named);
    if (found !== undefined) {
      if (iss === undefined || iss === found.issuer) return found;
      at.report({
        id: "test/value",
        message: `the claim "iss" is not that of the issuer "${found.name}"`,
        path: ["claims", "iss"],
      });
      return null;
    }
    const names = issuers.map(({ name }) => name);
    at.report(unknown("issuer", { name: named, names, path: ["issuer"] }));
    return null;
  }
  const byUrl = issuers.find(({ issuer }) => issuer === iss);
  const [only] = issuers;
  if (byUrl !== undefined) return byUrl;
  if (iss === undefined && only !== undefined && issuers.length === 1) {
    return only;
  }
  at.report(
    iss === undefined
      ? {
        id: "test/missing-key",
        message: 'the key "issuer" is missing: the policy has several',
        at: "key",
      }
      : {
        id: "test/unknown-issuer",
        message: `no issuer of the policy is ${JSON.stringify(iss)}`,
        path: ["claims", "iss"],
      },
  );
  return null;
}

function claimsOf(test: TestDocument, at: CaseContext): Claims {
  return { ...at.defaults.claims, ...test.claims };
}

type Resolved = Work & { readonly issuer: Issuer; readonly now: number };

function subjectOf(test: TestDocument, at: Resolved): Subject {
  const { issuer } = at;
  const claims = withTimes(claimsOf(test, at), at);
  const subject = subjectFromClaims(issuer, claims);
  const { identities, authentications } = test;
  if (identities === undefined && authentications === undefined) return subject;
  if (!kindRow(issuer).linked) {
    at.report({
      id: "test/value",
      message:
        `an issuer of the kind "${issuer.kind}" vouches for the one identity in the claims`,
      path: [identities === undefined ? "authentications" : "identities"],
      at: "key",
    });
  }
  return {
    ...subject,
    identities: identities?.map((identity) => ({
      id: identity.id ?? null,
      username: identity.username ?? null,
      email: identity.email ?? null,
      idp: identity.idp ?? null,
    })) ?? subject.identities,
    authentications: authentications?.map((written, index) => ({
      identity: written.identity ?? null,
      idps: [...(written.idp ? [written.idp] : []), ...(written.idps ?? [])],
      auth_time: timeOf(written.auth_time ?? null, { ...at, index }),
      amr: written.amr ?? [],
      acr: written.acr ?? null,
    })) ?? subject.authentications,
  };
}

function timeOf(
  written: string | number | null,
  at: Resolved & { index: number },
): number | null {
  if (typeof written !== "string") return written;
  const time = relativeTime(written, at.now);
  if (time === null) {
    at.report(badTime(written, ["authentications", at.index, "auth_time"]));
  }
  return time;
}

const TIMES = ["exp", "iat", "nbf", "auth_time"];

/** Claims that are times may be written relative to the clock; anything else stays as it is. */
function withTimes(claims: Claims, at: Resolved): Claims {
  let result = claims;
  for (const location of new Set([...TIMES, at.issuer.claims.auth_time])) {
    const written = readClaim(claims, location);
    if (typeof written !== "string" || !isRelative(written)) continue;
    const time = relativeTime(written, at.now);
    if (time === null) at.report(badTime(written, ["claims", location]));
    else result = withClaim(result, location, time);
  }
  return result;
}

function badTime(written: string, path: Path): Omit<Issue, "level"> {
  return {
    id: "test/value",
    message: `${
      JSON.stringify(written)
    } is not a time: write "now", "now-5m" or "now+1h"`,
    path,
  };
}

/** The contents of what a login with this issuer's tokens would read. */
function mapFilesOf(
  test: TestDocument,
  at: Work & { issuer: Issuer },
): MapFiles | null {
  const given = { ...at.defaults.map_files, ...test.map_files };
  let complete = true;
  for (const path of mapFilesOfIssuer(at.policy, at.issuer)) {
    if (Object.hasOwn(given, path)) continue;
    complete = false;
    if (at.missingMapFiles.has(path)) continue;
    at.missingMapFiles.add(path);
    at.report({
      id: "test/map-file",
      message:
        `the policy reads the map file "${path}", whose contents no test may take from the host`,
      hint: `add map_files: {"${path}": "key account"} to the defaults`,
      at: "key",
    });
  }
  return complete ? new Map(Object.entries(given)) : null;
}
