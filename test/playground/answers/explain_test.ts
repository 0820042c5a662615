/**
 * What the tab "Explain" makes of what is pasted into it.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  explained,
  MAX_MAP_FILES,
  type Question,
} from "../../../src/playground/answers/explain.ts";
import { encodeBase64url } from "../../../src/lib/base64url.ts";

const POLICY = `version: 1
issuers:
  main: { issuer: "https://a.example", audiences: [x] }
  mapped: { issuer: "https://b.example", audiences: [x] }
rules:
  own:
    issuers: [main]
    not_after: "2026-02-01T00:00:00Z"
    rhosts: [10.0.0.0/8]
    accounts: [{ claim: sub }]
  mapped:
    issuers: [mapped]
    accounts: [{ map_file: /etc/map, keys: [sub] }]
`;

const CLAIMS = { iss: "https://a.example", sub: "alice" };

function ask(
  given: Partial<Omit<Question, "evidence">> & {
    claims?: unknown;
    token?: string;
  } = {},
) {
  const { claims = CLAIMS, token, ...rest } = given;
  return explained({
    policy: POLICY,
    account: "alice",
    service: "sshd",
    rhost: "10.1.2.3",
    issuer: "",
    time: "2026-01-01T12:00:00Z",
    now: 0,
    mapFiles: new Map(),
    evidence: token === undefined
      ? {
        kind: "claims",
        text: typeof claims === "string" ? claims : JSON.stringify(claims),
      }
      : { kind: "token", text: token },
    ...rest,
  });
}

function decided(answer: ReturnType<typeof explained>) {
  assert.ok(!("problem" in answer), "problem" in answer ? answer.problem : "");
  return answer;
}

function problem(answer: ReturnType<typeof explained>): string {
  assert.ok("problem" in answer, "there is an answer");
  return answer.problem;
}

function base64url(text: string): string {
  return encodeBase64url(new TextEncoder().encode(text));
}

Deno.test("account, address and time count", () => {
  assert.equal(decided(ask()).reason, "allowed");
  assert.equal(decided(ask({ account: "bob" })).decision, "deny");
  assert.equal(decided(ask({ rhost: "192.0.2.1" })).decision, "deny");
  assert.equal(decided(ask({ rhost: "" })).decision, "deny");
  assert.equal(decided(ask({ time: "2026-02-01T00:00:00Z" })).decision, "deny");
  assert.equal(decided(ask({ time: "1769904000" })).decision, "deny");
  assert.equal(decided(ask({ time: "", now: 1_769_904_000 })).decision, "deny");
  assert.equal(
    decided(ask({ time: "", now: 1_767_268_800 })).decision,
    "allow",
  );
});

Deno.test("a token is decoded, and whoever made it", () => {
  const token = `${base64url('{"alg":"none"}')}.${
    base64url(JSON.stringify(CLAIMS))
  }.`;
  const answer = decided(ask({ token: `\n${token} ` }));
  assert.equal(answer.decision, "allow");
  assert.equal(answer.decoded, JSON.stringify(CLAIMS, null, 2));
  assert.equal(decided(ask()).decoded, null);
});

Deno.test("what cannot be read of a token is no answer", () => {
  const payload = base64url(JSON.stringify(CLAIMS));
  for (
    const [token, why] of [
      ["a.b.c.d.e", /encrypted/],
      ["opaque", /not a signed JSON web token/],
      [`x.${payload}=.y`, /not a signed JSON web token/],
      [`x.${base64url("[]")}.y`, /not a JSON object/],
      [`x.${base64url('{"sub":"a","sub":"b"}')}.y`, /twice|duplicate|"sub"/],
      ["", /there is no token yet/],
    ] as const
  ) {
    assert.match(problem(ask({ token })), why, token);
  }
});

Deno.test("what is missing for an answer is told", () => {
  assert.match(problem(ask({ account: "" })), /name the account/);
  assert.match(problem(ask({ claims: " " })), /no document of claims yet/);
  assert.match(problem(ask({ claims: "{" })), /the field is not JSON/);
  assert.match(problem(ask({ time: "yesterday" })), /the time is not/);
  assert.match(problem(ask({ policy: "version: 2" })), /^policy\.yaml:1:/);
});

Deno.test("a policy that reads map files is answered by what was pasted of them", () => {
  const claims = { ...CLAIMS, iss: "https://b.example" };
  const by = (text?: string) =>
    ask({
      claims,
      mapFiles: new Map(text === undefined ? [] : [["/etc/map", text]]),
    });
  assert.equal(decided(by("alice alice")).reason, "allowed");
  assert.equal(decided(by("bob x\nalice bob,alice # c\n")).reason, "allowed");
  assert.equal(decided(by("bob alice\n")).decision, "deny");
  assert.equal(decided(by("\n")).decision, "deny");
  for (const lacking of [by(), by("")]) {
    assert.match(
      problem(lacking),
      /^the policy reads the map file "\/etc\/map": paste what is in it/,
    );
  }
  // for another issuer nobody reads it
  assert.equal(decided(ask()).reason, "allowed");
});

Deno.test("the page knows which map files to ask for before anything is asked", () => {
  assert.deepEqual(ask({ account: "" }).mapFiles, ["/etc/map"]);
  assert.deepEqual(ask({ claims: "" }).mapFiles, ["/etc/map"]);
  assert.deepEqual(ask().mapFiles, ["/etc/map"]);
  assert.equal(ask({ policy: "version: 2" }).mapFiles, null);
});

Deno.test("of very many map files the page asks for some, and does not do without the others", () => {
  const sources = Array.from(
    { length: MAX_MAP_FILES + 1 },
    (_, index) => `{ map_file: /etc/map${index}, keys: [sub] }`,
  );
  const policy = POLICY.replace(
    "{ map_file: /etc/map, keys: [sub] }",
    sources.join(", "),
  );
  const claims = { ...CLAIMS, iss: "https://b.example" };
  const { mapFiles } = ask({ policy });
  assert.equal(mapFiles?.length, MAX_MAP_FILES);
  const given = new Map((mapFiles ?? []).map((path) => [path, "alice alice"]));
  assert.match(
    problem(ask({ policy, claims, mapFiles: given })),
    /"\/etc\/map20", and names more than the 20 that the page has fields for: ask/,
  );
});

Deno.test("claims of nobody are refused, and a line of the audit file is as good as its claims", () => {
  const other = { ...CLAIMS, iss: "https://c.example" };
  assert.equal(decided(ask({ claims: other })).reason, "issuer_unknown");
  const line = {
    time: "2026-01-01T12:00:00Z",
    user: "alice",
    decision: "allow",
    reason: "allowed",
    policy_sha256: "x",
    ms: 1,
    issuer: "main",
    service: "sshd",
    rhost: "10.9.9.9",
    claims: CLAIMS,
  };
  const answer = decided(ask({ claims: line, rhost: "", time: "" }));
  assert.equal(answer.decision, "allow");
  assert.match(answer.notes.join(), /this is an audit line/);
});
