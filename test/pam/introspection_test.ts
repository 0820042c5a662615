/**
 * Introspection at login: how the program says who it is, and what becomes of the issuer's words.
 *
 * @module
 */
// Threats: C1
import assert from "node:assert/strict";
import { createAuthority } from "../support/certificates.ts";
import {
  type Behaviour,
  type HostileIssuer,
  json,
  startHostileIssuer,
} from "../support/hostile_server.ts";
import { attempt, type AttemptResult, createSite } from "../support/login.ts";

const ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
const SECRET = "AK2-x_Y.z*";
const TOKEN = "2YotnFZFEjr1zCsicMWpAA";

/** One login with an opaque token at an issuer that answers as given. */
async function introspected(
  behaviour: Behaviour,
  { lines = [], prepare = () => {} }: {
    lines?: readonly string[];
    prepare?: (issuer: HostileIssuer) => void;
  } = {},
): Promise<{ result: AttemptResult; issuer: HostileIssuer }> {
  const authority = await createAuthority();
  await using issuer = await startHostileIssuer({ authority });
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const secret = `${folder}/secret`;
  await Deno.writeTextFile(secret, SECRET, { mode: 0o600 });
  await using site = await createSite({
    issuer: issuer.issuer,
    caPem: authority.caPem,
    issuerLines: [
      "kind: introspection",
      `client_id: ${ID}`,
      `client_secret_file: ${secret}`,
      ...lines,
    ],
  });
  issuer.on("/introspect", behaviour);
  prepare(issuer);
  const { policyFile } = site;
  const result = await attempt({ policyFile, token: TOKEN });
  await Deno.remove(folder, { recursive: true });
  return { result, issuer };
}

const ACTIVE = json({
  active: true,
  aud: "ssh-prod",
  sub: "u1",
  email: "alice@example.edu",
});

const TOKEN_METHODS = "token_endpoint_auth_methods_supported";
const OWN_METHODS = "introspection_endpoint_auth_methods_supported";
for (
  const [what, discovery, lines, way] of [
    ["nothing listed", {}, [], "basic"],
    [
      "both listed",
      {
        [TOKEN_METHODS]: ["client_secret_post", "client_secret_basic"],
      },
      [],
      "basic",
    ],
    ["one listed", { [TOKEN_METHODS]: ["client_secret_post"] }, [], "post"],
    [
      "its own list",
      {
        [TOKEN_METHODS]: ["client_secret_basic"],
        [OWN_METHODS]: ["client_secret_post"],
      },
      [],
      "post",
    ],
    ["client_auth: post", {}, ["client_auth: post"], "post"],
    ["client_auth: basic", { [TOKEN_METHODS]: ["client_secret_post"] }, [
      "client_auth: basic",
    ], "basic"],
  ] as const
) {
  Deno.test(`login asks about a token with ${what} by ${way}`, async () => {
    const { result, issuer } = await introspected(ACTIVE, {
      lines,
      prepare: (issuer) => Object.assign(issuer.discovery, discovery),
    });
    assert.equal(result.reason, "allowed", result.log);
    const asked = issuer.requests.find(({ path }) => path === "/introspect");
    const form = Object.fromEntries(new URLSearchParams(asked?.body));
    assert.deepEqual(form, {
      ...(way === "post" ? { client_id: ID, client_secret: SECRET } : {}),
      token: TOKEN,
      token_type_hint: "access_token",
    });
    assert.equal(
      asked?.headers.authorization,
      way === "post" ? undefined : `Basic ${btoa(`${ID}:${SECRET}`)}`,
    );
  });
}
