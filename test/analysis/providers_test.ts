/**
 * What is known of providers, by the URLs of their issuers.
 *
 * @module
 */
import assert from "node:assert/strict";
import { providerOf } from "../../src/analysis/providers.ts";

const TENANT = "7d1f2f2a-3f0e-4c0f-9a53-5d0f4f1f5b11";

const KNOWN: Readonly<Record<string, string>> = {
  "https://accounts.google.com": "Google",
  "https://login.microsoftonline.com/common/v2.0": "Microsoft",
  [`https://login.microsoftonline.com/${TENANT}/v2.0`]: "Entra ID",
  [`https://sts.windows.net/${TENANT}/`]: "Entra ID",
  "https://token.actions.githubusercontent.com": "GitHub Actions",
  "https://gitlab.com": "GitLab",
  "https://sso.example.org/realms/main": "Keycloak",
  "https://sso.example.org/auth/realms/main": "Keycloak",
  "https://site.eu.auth0.com/": "Auth0",
  "https://site.okta.com/oauth2/default": "Okta",
};

for (const [issuer, name] of Object.entries(KNOWN)) {
  Deno.test(`providerOf() takes ${issuer} for ${name}`, () => {
    assert.equal(providerOf(issuer)?.name, name);
  });
}

Deno.test("providerOf() knows nothing of issuers that only look like a provider's", () => {
  for (
    const issuer of [
      "https://login.example.edu",
      "https://accounts.google.com.evil.test",
      "https://evil.test/accounts.google.com",
      "https://gitlab.com.evil.test",
      "https://gitlab.example.edu",
      "https://sso.example.org/realms/main/broker",
      "https://sso.example.org/realms/",
      "https://site.okta.com",
    ]
  ) assert.equal(providerOf(issuer), null, issuer);
});

Deno.test("only an endpoint that serves all tenants has another issuer in its tokens", () => {
  const instead = (path: string) =>
    providerOf(`https://login.microsoftonline.com/${path}`)?.instead ?? null;
  for (const path of ["common/v2.0", "organizations/v2.0", "{tenantid}/v2.0"]) {
    assert.notEqual(instead(path), null, path);
  }
  assert.notEqual(instead(TENANT), null, "v1.0 tokens are sts.windows.net's");
  assert.equal(instead(`${TENANT}/v2.0`), null);
  assert.equal(instead("9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"), null);
});
