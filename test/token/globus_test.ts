/**
 * kind: globus, against a stand-in that answers as Globus Auth does.
 *
 * @module
 */
// Threats: C1, C2, C4, C6, C7, C8, C9
import assert from "node:assert/strict";
import type { Issuer } from "../../src/policy/model.ts";
import { subjectFromClaims } from "../../src/policy/evaluate/subject.ts";
import { AccessToken } from "../../src/token/access_token.ts";
import {
  globusIntrospectionRequest,
  identityIds,
} from "../../src/token/globus.ts";
import {
  ALICE,
  ALICE_LINKED,
  CAMPUS_IDP,
  IDENTITIES,
  identityId,
  INTROSPECT,
  OTHER_IDP,
} from "../support/globus.ts";
import { createGlobusScene, type GlobusScene } from "../support/globus_site.ts";
import { answer, garbage, html, json } from "../support/hostile_server.ts";

const now = () => Math.floor(Date.now() / 1000);
const LINKED = '  - {identity: username, strip_suffix: "@globusid.org"}';

function session(
  entries: Record<string, unknown>,
): { session_info: Record<string, unknown> } {
  return { session_info: { session_id: "s", authentications: entries } };
}

async function expectReasons(
  scene: GlobusScene,
  cases: readonly [Record<string, unknown>, string][],
): Promise<void> {
  for (const [members, reason] of cases) {
    const result = await scene.attempt({ token: scene.globus.issue(members) });
    assert.equal(result.reason, reason, JSON.stringify(members));
  }
}

Deno.test("login admits Alice's Globus token with two requests", async () => {
  await using scene = await createGlobusScene();
  const result = await scene.attempt();
  assert.equal(result.reason, "allowed", result.log);
  assert.match(
    result.log,
    new RegExp(` issuer=campus sub=${ALICE} rule=staff `),
  );
  assert.deepEqual(
    scene.globus.requests.map(({ method, path }) => `${method} ${path}`),
    [`POST ${INTROSPECT}`, `GET ${IDENTITIES}`],
  );
});

/** A scene whose policy also denies alice's account to whom has the identity "banned@example.com". */
async function sceneWithBan(): Promise<GlobusScene> {
  const scene = await createGlobusScene();
  const { policyFile } = scene.site;
  const policy = await Deno.readTextFile(policyFile);
  const rule = `  banned:
    effect: deny
    accounts: [{map: {banned@example.com: [alice]}, keys: [identity.username]}]
cache:`;
  await Deno.writeTextFile(policyFile, policy.replace("cache:", rule));
  return scene;
}

for (
  const [what, members] of [
    ["null", { identities_set: null }],
    ["absent", { identities_set: undefined }],
    ["empty", { identities_set: [] }],
    ["a string", { identities_set: ALICE }],
    ["without the token's own identity", { identities_set: [identityId(7)] }],
    ["with something that is no text", { identities_set: [ALICE, 7] }],
  ] as const
) {
  Deno.test(`a rule that denies a linked identity matches where identities_set is ${what}`, async () => {
    await using scene = await sceneWithBan();
    const token = scene.globus.issue(members as Record<string, unknown>);
    const result = await scene.attempt({ token });
    assert.deepEqual([result.reason, result.exitCode], ["denied_by_rule", 7]);
    assert.match(result.log, /did not tell all linked identities/);
    await using open = await createGlobusScene();
    const allowed = await open.attempt({
      token: open.globus.issue(members as Record<string, unknown>),
    });
    assert.equal(allowed.reason, "allowed", "nobody asks about identities");
  });
}

Deno.test("a rule that denies a linked identity matches where Globus answers about fewer than it was asked for", async () => {
  await using scene = await sceneWithBan();
  const linked = identityId(7);
  const token = scene.globus.issue({ identities_set: [ALICE, linked] });
  const told = (...identities: Record<string, unknown>[]) =>
    scene.globus.on(IDENTITIES, json({ identities }));
  const alice = { id: ALICE, username: "alice@example.edu", status: "used" };
  const other = { id: linked, username: "x@example.org", status: "used" };
  told(alice, other);
  assert.equal((await scene.attempt({ token })).reason, "allowed");
  told(alice, { ...other, username: "banned@example.com" });
  assert.equal((await scene.attempt({ token })).reason, "denied_by_rule");
  for (const some of [[alice], []]) {
    told(...some);
    const { reason } = await scene.attempt({ token });
    assert.equal(reason, "denied_by_rule", JSON.stringify(some));
  }
});

Deno.test("login asks Globus again at every attempt: a revoked token is refused", async () => {
  await using scene = await createGlobusScene();
  const token = scene.globus.issue();
  assert.equal((await scene.attempt({ token })).reason, "allowed");
  scene.globus.revoke(token);
  assert.equal((await scene.attempt({ token })).reason, "token_inactive");
});

Deno.test("login refuses Globus tokens that are not for this host", async () => {
  await using scene = await createGlobusScene({ fqdns: ["ssh.example.edu"] });
  const prefix = "https://auth.globus.org/scopes/";
  const own = `${prefix}${scene.globus.clientId}/ssh`;
  await expectReasons(scene, [
    [{ aud: [identityId(7)] }, "audience_mismatch"],
    [{ aud: null }, "claim_missing"],
    [{ scope: `${prefix}other.example.edu/ssh` }, "scope_missing"],
    [{ scope: `${own}x x${own} ${own.toUpperCase()}` }, "scope_missing"],
    [{ scope: [own] }, "scope_missing"],
    [{ scope: null }, "scope_missing"],
    [{ scope: `email ${own}` }, "allowed"],
    [{ scope: `${prefix}ssh.example.edu/ssh profile` }, "allowed"],
    [{ iss: "https://auth.globus.org" }, "issuer_unknown"],
    [{ exp: now() - 60 }, "token_expired"],
    [{ nbf: now() + 600 }, "token_not_yet_valid"],
    [{ iat: now() - 90_000 }, "token_too_old"],
    [{ active: "true" }, "token_inactive"],
    [{ active: 1 }, "token_inactive"],
    [{ active: undefined }, "token_inactive"],
    [{ sub: null }, "claim_missing"],
  ]);
});

Deno.test("login admits although optional members are missing or null", async () => {
  await using scene = await createGlobusScene();
  await expectReasons(scene, [
    [{ identities_set: undefined }, "allowed"],
    [{ identities_set: null }, "allowed"],
    [{ identities_set: [] }, "allowed"],
    [{ identities_set: [null, 5, "../x", "a,b", ALICE_LINKED] }, "allowed"],
    [{ session_info: undefined }, "allowed"],
    [{ session_info: null }, "allowed"],
    [{ session_info: { session_id: "s", authentications: null } }, "allowed"],
    [session({ [ALICE]: null, x: "y", z: [] }), "allowed"],
    [session({ [ALICE]: { auth_time: 1.5, amr: "mfa" } }), "allowed"],
    [{ email: null, name: null, username: null, client_id: null }, "allowed"],
    [{ exp: undefined, iat: undefined, nbf: undefined }, "allowed"],
  ]);
  scene.globus.identities[0] = {
    id: ALICE,
    username: "alice@example.edu",
    identity_provider: null,
  };
  scene.globus.providers.length = 0;
  assert.equal((await scene.attempt()).reason, "allowed");
  // not even listed: the introspection document vouches for the token's own identity
  scene.globus.identities.length = 0;
  assert.equal((await scene.attempt()).reason, "allowed");
});

Deno.test("login maps every linked identity, whichever signed in", async () => {
  await using scene = await createGlobusScene({ ruleLines: [LINKED] });
  for (const user of ["alice", "asmith"]) {
    assert.equal((await scene.attempt({ user })).reason, "allowed");
  }
  const { reason } = await scene.attempt({ user: "mallory" });
  assert.equal(reason, "account_not_permitted");
});

Deno.test("login strips a suffix as a whole, at the first @", async () => {
  await using scene = await createGlobusScene({ ruleLines: [LINKED] });
  const { identities } = scene.globus;
  for (
    const username of [
      "mallory@evil@globusid.org",
      "mallory@globusid.org.example.org",
      "mallory@GlobusID.org",
      "@globusid.org",
      "root@globusid.org",
      null,
    ]
  ) {
    identities[1] = {
      id: ALICE_LINKED,
      username,
      identity_provider: OTHER_IDP,
      status: "used",
    };
    for (const user of ["mallory", "root"]) {
      const { reason } = await scene.attempt({ user });
      assert.match(reason, /^account_(?:not_permitted|protected)$/);
    }
  }
});

Deno.test("login opens nothing to an identity that is closed or was never used", async () => {
  await using scene = await createGlobusScene({ ruleLines: [LINKED] });
  const [own, linked] = scene.globus.identities as [
    typeof scene.globus.identities[0],
    typeof scene.globus.identities[0],
  ];
  const cases: [string | null | undefined, string][] = [
    ["closed", "account_not_permitted"],
    ["unused", "account_not_permitted"],
    ["private", "allowed"],
    [null, "allowed"],
    [undefined, "allowed"],
  ];
  for (const [status, reason] of cases) {
    scene.globus.identities[1] = { ...linked!, ...{ status: status ?? null } };
    if (status === undefined) {
      const { status: _, ...bare } = linked!;
      scene.globus.identities[1] = bare;
    }
    const result = await scene.attempt({ user: "asmith" });
    assert.equal(result.reason, reason, String(status));
  }
  scene.globus.identities[0] = { ...own!, status: "closed" };
  assert.equal((await scene.attempt()).reason, "token_inactive");
});

Deno.test("login asks for 500 identities in batches of 100 and finds the last", async () => {
  await using scene = await createGlobusScene();
  const many = Array.from({ length: 499 }, (_, index) => ({
    id: identityId(index),
    username: `user${index}@example.edu`,
    identity_provider: CAMPUS_IDP,
    status: "used",
  }));
  scene.globus.identities.push(...many);
  const token = scene.globus.issue({
    identities_set: [ALICE, ...many.map(({ id }) => id)],
  });
  const result = await scene.attempt({ token, user: "user498" });
  assert.equal(result.reason, "allowed", result.log);
  assert.equal(scene.globus.requestCount(IDENTITIES), 5);
});

Deno.test("login refuses more linked identities than anybody has, before asking for them", async () => {
  await using scene = await createGlobusScene();
  const ids = Array.from({ length: 1001 }, (_, index) => identityId(index));
  const token = scene.globus.issue({ identities_set: ids });
  const { reason } = await scene.attempt({ token });
  assert.equal(reason, "issuer_refused");
  assert.equal(scene.globus.requestCount(IDENTITIES), 0);
});

for (
  const [what, behaviour] of [
    ["status 401", answer({ status: 401, body: { errors: [] } })],
    ["status 403", answer({ status: 403, body: { errors: [] } })],
    ["status 500", answer({ status: 500, body: "oops" })],
    ["HTML with status 200", html()],
    ["bytes that are no JSON", garbage()],
    ["an error body with status 200", json({ errors: [{ code: "UNKNOWN" }] })],
    ["null", json(null)],
    ["a list", json([])],
    ["a redirect", answer({ status: 307, headers: { location: "/" } })],
    [
      "a signed answer (RFC 9701)",
      answer({
        headers: { "content-type": "application/token-introspection+jwt" },
      }),
    ],
  ] as const
) {
  for (const path of [INTROSPECT, IDENTITIES]) {
    Deno.test(`login refuses when ${path} answers with ${what}`, async () => {
      await using scene = await createGlobusScene();
      scene.globus.on(path, behaviour);
      const { reason, exitCode, log } = await scene.attempt();
      assert.deepEqual(
        [reason, exitCode],
        what === "status 500"
          ? ["issuer_unavailable", 9]
          : ["issuer_refused", 3],
      );
      if (/40[13]/.test(what)) {
        assert.match(log, /are client_id and the secret/);
      }
    });
  }
}

Deno.test("login refuses a wrong client secret, and says so in the log alone", async () => {
  await using scene = await createGlobusScene();
  await Deno.writeTextFile(scene.secretFile, "not the secret");
  const { reason, log, stdout } = await scene.attempt();
  assert.equal(reason, "issuer_refused");
  assert.match(log, /status 401: are client_id and the secret right\?/);
  assert.doesNotMatch(log, /not the secret/);
  assert.equal(stdout, "");
});

for (
  const [what, change, said] of [
    [
      "readable by the group",
      (file: string) => Deno.chmod(file, 0o640),
      "chmod",
    ],
    ["missing", (file: string) => Deno.remove(file), "does not exist"],
    ["empty", (file: string) => Deno.writeTextFile(file, "\n"), "one secret"],
    [
      "of two lines",
      (file: string) => Deno.writeTextFile(file, "a\nb\n"),
      "one secret",
    ],
  ] as const
) {
  Deno.test(`login asks nobody when the secret's file is ${what}`, async () => {
    await using scene = await createGlobusScene();
    await change(scene.secretFile);
    const { reason, log } = await scene.attempt();
    assert.equal(reason, "policy_invalid");
    assert.ok(log.includes(said), log);
    assert.equal(scene.globus.requests.length, 0);
  });
}

Deno.test("login lets no token add fields to the introspection request", async () => {
  await using scene = await createGlobusScene();
  for (const token of ["x&include=foo", "x&token=y", "x%26include=a", "a+b"]) {
    assert.equal((await scene.attempt({ token })).reason, "token_inactive");
    const { body } = scene.globus.requests.at(-1)!;
    assert.deepEqual([...new URLSearchParams(body)], [
      ["token", token],
      ["include", "identities_set,session_info"],
    ]);
  }
});

Deno.test("login requires all of an assurance of one and the same authentication", async () => {
  await using scene = await createGlobusScene({
    lines: [
      "assurance:",
      `  permitted_idps: [${CAMPUS_IDP}]`,
      "  mfa: true",
      "  max_auth_age: 1h",
    ],
  });
  const at = (age: number) => now() - age;
  const good = { idp: CAMPUS_IDP, auth_time: at(60), amr: ["mfa"] };
  await expectReasons(scene, [
    [session({ [ALICE]: good }), "allowed"],
    [
      session({ [ALICE]: { ...good, auth_time: at(3700) } }),
      "reauthentication_required",
    ],
    [
      session({ [ALICE]: { ...good, auth_time: now() + 600 } }),
      "reauthentication_required",
    ],
    [
      session({ [ALICE]: { ...good, auth_time: null } }),
      "reauthentication_required",
    ],
    [session({ [ALICE]: { ...good, amr: null } }), "mfa_required"],
    [session({ [ALICE]: { ...good, amr: ["MFA", "mf"] } }), "mfa_required"],
    [session({ [ALICE]: { ...good, amr: ["mfa", 5] } }), "mfa_required"],
    [session({ [ALICE]: { ...good, idp: OTHER_IDP } }), "idp_not_permitted"],
    [session({}), "idp_not_permitted"],
    [{ session_info: null }, "idp_not_permitted"],
    // each half of it by another authentication is not enough
    [
      session({
        [ALICE]: { ...good, amr: [] },
        [ALICE_LINKED]: { ...good, idp: OTHER_IDP },
      }),
      "mfa_required",
    ],
    // but any linked identity may be the one
    [
      session({
        [ALICE_LINKED]: good,
        [ALICE]: { idp: OTHER_IDP, auth_time: 1 },
      }),
      "allowed",
    ],
  ]);
});

Deno.test("permitted_idps names an identity provider by its id or by one of its domains", async () => {
  for (
    const [idp, reason] of [
      [CAMPUS_IDP, "allowed"],
      ["cs.example.edu", "allowed"],
      ["example.edu", "allowed"],
      ["EXAMPLE.EDU", "idp_not_permitted"],
      ["edu", "idp_not_permitted"],
      ["globusid.org", "idp_not_permitted"],
    ] as const
  ) {
    await using scene = await createGlobusScene({
      lines: ["assurance:", `  permitted_idps: [${idp}]`],
    });
    assert.equal((await scene.attempt()).reason, reason, idp);
  }
});

Deno.test("same_identity ties the authentication to the identity that maps", async () => {
  await using scene = await createGlobusScene({
    ruleLines: [LINKED],
    lines: ["assurance:", "  mfa: true", "  same_identity: true"],
  });
  assert.equal((await scene.attempt()).reason, "allowed");
  const { reason } = await scene.attempt({ user: "asmith" });
  assert.equal(reason, "mfa_required");
});

Deno.test("a closed identity's authentication counts for nothing", async () => {
  await using scene = await createGlobusScene({
    lines: ["assurance:", "  mfa: true"],
  });
  const token = scene.globus.issue(session({
    [ALICE_LINKED]: { idp: OTHER_IDP, auth_time: now() - 5, amr: ["mfa"] },
  }));
  assert.equal((await scene.attempt({ token })).reason, "allowed");
  const [, linked] = scene.globus.identities;
  scene.globus.identities[1] = { ...linked!, status: "closed" };
  assert.equal((await scene.attempt({ token })).reason, "mfa_required");
});

Deno.test("globusIntrospectionRequest() sends the secret as it is", () => {
  const { headers } = globusIntrospectionRequest(new AccessToken("t"), {
    clientId: "id",
    clientSecret: "a+/=",
  });
  assert.equal(headers?.authorization, `Basic ${btoa("id:a+/=")}`);
});

Deno.test("identityIds() begins with the token's own identity and names each once", () => {
  assert.deepEqual(
    identityIds({ sub: "b", identities_set: ["a", "b", "a", "c"] }),
    ["b", "a", "c"],
  );
});

const GLOBUS = {
  name: "globus",
  kind: "globus",
  claims: { idp: "idp", auth_time: "auth_time", amr: "amr", acr: "acr" },
} as Issuer;

Deno.test("subjectFromClaims() reads the documents that Globus Auth writes", () => {
  const subject = subjectFromClaims(GLOBUS, {
    sub: "b",
    username: "bob@example.edu",
    identities: [
      { id: "a", username: "al@example.org", identity_provider: "p2" },
      { id: "b", username: "bob@example.edu", email: "bob@example.org" },
      { id: "c", username: "old@example.edu", status: "closed" },
      "x",
    ],
    identity_providers: [{ id: "p2", domains: ["example.org"] }],
    session_info: {
      authentications: {
        a: { auth_time: 5.25, amr: ["mfa"], acr: "r" },
        c: { idp: "p2" },
      },
    },
  });
  assert.deepEqual(subject.identities, [
    {
      id: "b",
      username: "bob@example.edu",
      email: "bob@example.org",
      idp: null,
    },
    { id: "a", username: "al@example.org", email: null, idp: "p2" },
  ]);
  assert.deepEqual(subject.authentications, [{
    identity: "a",
    idps: ["p2", "example.org"],
    auth_time: 5.25,
    amr: ["mfa"],
    acr: "r",
  }]);
});

Deno.test("subjectFromClaims() reads plain claims of a Globus issuer as one identity", () => {
  const { identities, authentications } = subjectFromClaims(GLOBUS, {
    sub: "b",
    username: "bob@example.edu",
    idp: "p",
    auth_time: 5,
    amr: ["mfa"],
  });
  assert.deepEqual(identities.map(({ username }) => username), [
    "bob@example.edu",
  ]);
  // a session is told in its own members, and nowhere else
  assert.deepEqual(authentications, []);
});
