/**
 * Discovery documents that point where no login should go.
 *
 * @module
 */
// Threats: B1, B2, B14
import assert from "node:assert/strict";
import {
  discoverAsClient,
  discoveryUrl,
  oauthMetadataUrl,
  processDiscoveryResponse,
} from "../../src/issuer/discovery.ts";
import { IssuerError } from "../../src/issuer/errors.ts";
import { DISCOVERY_PATH } from "../support/hostile_server.ts";
import { forgetFailures } from "../support/login.ts";
import { createScene } from "../support/login_scene.ts";
import { startConnectionTrap } from "../support/hostile_server.ts";

const ISSUER = "https://login.example.edu";
const expected = { issuer: ISSUER, hosts: ["login.example.edu:443"] };
const document = {
  issuer: ISSUER,
  jwks_uri: `${ISSUER}/jwks`,
  token_endpoint: `${ISSUER}/token`,
};

function problemOf(body: unknown): string {
  try {
    processDiscoveryResponse(body, expected);
    return "accepted";
  } catch (error) {
    assert.ok(error instanceof IssuerError, String(error));
    return error.problem;
  }
}

Deno.test("discoveryUrl() appends the well-known path to an issuer with and without a path", () => {
  const tail = ".well-known/openid-configuration";
  assert.equal(discoveryUrl(ISSUER), `${ISSUER}/${tail}`);
  assert.equal(discoveryUrl(`${ISSUER}/`), `${ISSUER}/${tail}`);
  assert.equal(discoveryUrl(`${ISSUER}/t1`), `${ISSUER}/t1/${tail}`);
});

Deno.test("oauthMetadataUrl() puts the well-known path before the issuer's own (RFC 8414 section 3.1)", () => {
  const place = ".well-known/oauth-authorization-server";
  assert.equal(oauthMetadataUrl(ISSUER), `${ISSUER}/${place}`);
  assert.equal(oauthMetadataUrl(`${ISSUER}/`), `${ISSUER}/${place}`);
  assert.equal(oauthMetadataUrl(`${ISSUER}/t1`), `${ISSUER}/${place}/t1`);
  assert.equal(oauthMetadataUrl(`${ISSUER}/t1/`), `${ISSUER}/${place}/t1`);
});

Deno.test("processDiscoveryResponse() returns the endpoints and nothing else of the document", () => {
  const more = { ...document, jwks: { keys: [] }, __proto__: { x: 1 } };
  assert.deepEqual(processDiscoveryResponse(more, expected), {
    issuer: ISSUER,
    jwks_uri: `${ISSUER}/jwks`,
    introspection_endpoint: null,
    token_endpoint: `${ISSUER}/token`,
    device_authorization_endpoint: null,
  });
});

Deno.test("discoverAsClient() adds what only clients look at, on permitted hosts and of the right type", async () => {
  const asked = async (more: object) => {
    const { userinfo_endpoint, ...rest } = await discoverAsClient({
      request: () =>
        Promise.resolve({ status: 200, body: { ...document, ...more } }),
      close() {},
    }, expected);
    return [
      userinfo_endpoint,
      rest.token_endpoint_auth_methods_supported,
      rest.introspection_endpoint_auth_methods_supported,
    ];
  };
  assert.deepEqual(await asked({}), [null, null, null]);
  assert.deepEqual(
    await asked({
      userinfo_endpoint: `${ISSUER}/userinfo`,
      token_endpoint_auth_methods_supported: ["a", 1],
      introspection_endpoint_auth_methods_supported: [],
    }),
    [`${ISSUER}/userinfo`, ["a", "1"], []],
  );
  for (const url of ["https://evil.example.org/", "http://x", 7, []]) {
    assert.deepEqual(
      await asked({
        userinfo_endpoint: url,
        token_endpoint_auth_methods_supported: "client_secret_post",
        introspection_endpoint_auth_methods_supported: null,
      }),
      [null, null, null],
    );
  }
  await assert.rejects(asked({ issuer: "https://evil.example.org" }), {
    name: "IssuerError",
  });
});

Deno.test("processDiscoveryResponse() wants the issuer byte for byte", () => {
  for (
    const issuer of [
      `${ISSUER}/`,
      "https://LOGIN.example.edu",
      "https://login.example.edu:443",
      "http://login.example.edu",
      "https://login.example.edu.example.org",
      ` ${ISSUER}`,
      `${ISSUER}\0`,
      "",
      null,
      undefined,
      1,
      [ISSUER],
      { [ISSUER]: 1 },
    ]
  ) {
    assert.equal(problemOf({ ...document, issuer }), "invalid");
  }
});

Deno.test("processDiscoveryResponse() names a wrong issuer in one short line", () => {
  const issuer = `x\n\x1b]0;${"A".repeat(5000)}`;
  assert.throws(
    () => processDiscoveryResponse({ ...document, issuer }, expected),
    ({ message }: Error) => message.length < 300 && /^[ -~]+$/.test(message),
  );
});

Deno.test("processDiscoveryResponse() wants a JSON object", () => {
  for (const body of [null, undefined, [], [document], "x", 1, true]) {
    assert.equal(problemOf(body), "invalid");
  }
});

const ADDRESSES: Record<string, string> = {
  "http://login.example.edu/jwks": "not_https",
  "http://169.254.169.254/latest/meta-data/": "not_https",
  "https://169.254.169.254/jwks": "host_not_permitted",
  "https://[::ffff:169.254.169.254]/jwks": "host_not_permitted",
  "https://[::ffff:a9fe:a9fe]/jwks": "host_not_permitted",
  "https://2852039166/jwks": "host_not_permitted",
  "https://0x7f.1/jwks": "host_not_permitted",
  "https://127.0.0.1/jwks": "host_not_permitted",
  "https://[::1]/jwks": "host_not_permitted",
  "https://localhost/jwks": "host_not_permitted",
  "https://keys.example.org/jwks": "host_not_permitted",
  "https://login.example.edu.example.org/jwks": "host_not_permitted",
  "https://login.example.edu:8443/jwks": "host_not_permitted",
  "https://login.example.edu./jwks": "host_not_permitted",
  "https://login.example.edu@example.org/jwks": "not_https",
  "https://login.ехample.edu/jwks": "host_not_permitted",
  "file:///etc/shadow": "not_https",
  'data:application/json,{"keys":[]}': "not_https",
  "blob:https://login.example.edu/1": "not_https",
  "javascript:alert(1)": "not_https",
  "unix:///run/docker.sock": "not_https",
  "/jwks": "invalid",
  "jwks": "invalid",
  "": "invalid",
};

for (const [address, problem] of Object.entries(ADDRESSES)) {
  Deno.test(`processDiscoveryResponse() refuses jwks_uri "${address}" as ${problem}`, () => {
    assert.equal(problemOf({ ...document, jwks_uri: address }), problem);
  });

  Deno.test(`processDiscoveryResponse() drops other endpoints at "${address}"`, () => {
    const endpoints = {
      introspection_endpoint: address,
      token_endpoint: address,
      device_authorization_endpoint: address,
    };
    const metadata = processDiscoveryResponse(
      { ...document, ...endpoints },
      expected,
    );
    assert.equal(metadata.introspection_endpoint, null);
    assert.equal(metadata.token_endpoint, null);
    assert.equal(metadata.device_authorization_endpoint, null);
  });
}

Deno.test("processDiscoveryResponse() refuses a jwks_uri that is no string", () => {
  for (const jwks_uri of [1, {}, [`${ISSUER}/jwks`], true]) {
    assert.equal(problemOf({ ...document, jwks_uri }), "invalid");
  }
  assert.equal(
    processDiscoveryResponse({ ...document, jwks_uri: null }, expected)
      .jwks_uri,
    null,
  );
});

Deno.test("a login goes nowhere that the discovery document should not have named", async () => {
  await using trap = startConnectionTrap();
  await using scene = await createScene();
  const { server, site } = scene;
  for (
    const [jwks_uri, detail] of [
      [trap.url, /which the policy does not list/],
      [`http://localhost:${server.port}/jwks`, /not a plain https URL/],
      ["file:///etc/passwd", /not a plain https URL/],
      ['data:application/json,{"keys":[]}', /not a plain https URL/],
      [`https://[::ffff:127.0.0.1]:${server.port}/jwks`, /does not list/],
      [undefined, /has no ..jwks_uri/],
    ] as const
  ) {
    server.discovery = { issuer: server.issuer, jwks_uri };
    const { reason, log } = await scene.attempt();
    assert.equal(reason, "issuer_refused");
    assert.match(log, detail);
    await forgetFailures(site.cacheDirectory);
  }
  assert.equal(trap.connections, 0);
  assert.equal(server.requestCount("/jwks"), 0);
});

Deno.test("a login does not use the keys of a discovery document of another issuer", async () => {
  await using scene = await createScene();
  const { server, site } = scene;
  server.discovery.issuer = "https://login.example.org";
  const { reason, log } = await scene.attempt();
  assert.equal(reason, "issuer_refused");
  assert.match(log, /is of the issuer .+login\.example\.org/);
  assert.equal(server.requestCount("/jwks"), 0);
  const kept = await Array.fromAsync(
    Deno.readDir(`${site.cacheDirectory}/jwks`),
    ({ name }) => name,
  );
  assert.ok(kept.every((name) => /\.(?:lock|failed)$/.test(name)), kept.join());
});

Deno.test("a login fetches keys from another host that the policy lists", async () => {
  await using keys = await createScene();
  await using scene = await createScene({
    issuerLines: [`hosts: ["127.0.0.1:${keys.server.port}"]`],
  });
  // one CA file for both: the policy has one for each issuer
  await Deno.writeTextFile(
    `${scene.site.directory}/ca.pem`,
    scene.caPem + keys.caPem,
  );
  keys.server.jwks = scene.server.jwks;
  scene.server.discovery.jwks_uri =
    `https://127.0.0.1:${keys.server.port}/jwks`;
  assert.equal((await scene.attempt()).reason, "allowed");
  assert.equal(keys.server.requestCount("/jwks"), 1);
  assert.equal(scene.server.requestCount(DISCOVERY_PATH), 1);
});
