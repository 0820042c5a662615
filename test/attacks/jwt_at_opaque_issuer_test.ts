/**
 * RFC 9700 section 4.9: one issuer's token must not be shown to another.
 *
 * @module
 */
// Threats: C3
import assert from "node:assert/strict";
import { setScene } from "../support/attack.ts";
import { json } from "../support/hostile_server.ts";

Deno.test("login sends no JWT to the issuer of opaque tokens", async () => {
  await using scene = await setScene();
  const { directory, policyFile } = scene.site;
  const { issuer } = scene.issuer;
  const secret = `${directory}/secret`;
  await Deno.writeTextFile(secret, "secret", { mode: 0o600 });
  const policy = await Deno.readTextFile(policyFile);
  const reader = `  reader:
    kind: introspection
    issuer: ${issuer}/reader
    introspection_endpoint: ${issuer}/introspect
    audiences: [ssh-prod]
    client_id: login
    client_secret_file: ${secret}
    ca_file: ${directory}/ca.pem
rules:
`;
  await Deno.writeTextFile(
    policyFile,
    policy.replace(/^rules:\n/m, () => reader),
  );
  scene.issuer.on(
    "/introspect",
    json({ active: true, aud: "ssh-prod", email: "alice@example.edu" }),
  );
  const token = await scene.token();
  const foreign = await scene.token({ claims: { iss: scene.trap.url } });
  await scene.refusesUnasked(foreign, "issuer_unknown");
  for (
    const typed of [
      `"${token}"`,
      `.${token}`,
      `token=${token}`,
      `Bearer:${token}`,
      `${token}.`,
      `${token.slice(0, -3)}`,
      token.slice(0, 300),
      `{"access_token":"${token}"}`,
    ]
  ) {
    await scene.login(typed);
    assert.equal(
      scene.issuer.requestCount("/introspect"),
      0,
      typed.slice(0, 9),
    );
  }
  await scene.admits(token);
  assert.equal(scene.issuer.requestCount("/introspect"), 0);
  await scene.admits("2YotnFZFEjr1zCsicMWpAA");
  assert.equal(scene.issuer.requestCount("/introspect"), 1);
});
