/**
 * `policy init` takes every parameter of pam-oauth-py, with its defaults and its errors.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parsePolicy, usable } from "../../../../src/policy/syntax/parse.ts";
import { cli } from "../../../support/cli.ts";

const REQUIRED = ["--issuer", "https://login.example.com", "--aud", "myapp"];

async function initialised(args: readonly string[]) {
  const { code, stdout, stderr } = await cli(["policy", "init", ...args]);
  assert.equal(code, 0, stderr);
  const policy = usable(parsePolicy(stdout, { file: "init.yaml" }));
  assert.ok(policy, stdout);
  return policy;
}

Deno.test("policy init fills in the defaults of pam-oauth-py", async () => {
  const { issuers, rules } = await initialised(REQUIRED);
  assert.equal(issuers.length, 1);
  const [issuer] = issuers;
  assert.ok(issuer?.kind === "jwt");
  assert.equal(issuer.issuer, "https://login.example.com");
  assert.deepEqual(issuer.audiences, ["myapp"]);
  assert.deepEqual(issuer.algorithms, ["RS256"]);
  assert.equal(issuer.jwks_ttl, 3600);
  assert.deepEqual(rules[0]?.accounts, [{
    source: "claim",
    claim: "sub",
    strip_suffix: null,
  }]);
});

Deno.test("policy init takes every parameter, as an option and as on a PAM line", async () => {
  const options = await initialised([
    ...REQUIRED,
    ...["--login-field", "uid", "--cache-ttl", "0", "--algorithm", "PS512"],
  ]);
  const line = await initialised([
    "issuer=https://login.example.com",
    "audience=myapp",
    "login_field=uid",
    "cache_ttl=0",
    "algorithm=PS512",
  ]);
  assert.deepEqual(options, line);
  const [issuer] = options.issuers;
  assert.ok(issuer?.kind === "jwt");
  assert.equal(issuer.jwks_ttl, 0);
  assert.deepEqual(issuer.algorithms, ["PS512"]);
});

Deno.test("policy init tells what to do about an e-mail address as login field", async () => {
  const { stdout } = await cli([
    "policy",
    "init",
    ...REQUIRED,
    "--login-field",
    "email",
  ]);
  assert.match(stdout, /strip_suffix: "@example\.edu"/);
  assert.match(stdout, /email_verified: true/);
});

const ERRORS: readonly [string, readonly string[], RegExp][] = [
  ["no issuer", ["--aud", "a"], /"issuer" is required, .*"--provider NAME"/],
  ["no audience", ["--issuer", "https://i.example"], /"aud" is required/],
  [
    "http",
    ["issuer=http://bad.example.com", "aud=a"],
    /issuer must use HTTPS: "http:\/\/bad\./,
  ],
  [
    "HS256",
    [...REQUIRED, "--algorithm", "HS256"],
    /algorithm not allowed \(symmetric\/none\)/,
  ],
  [
    "HS384",
    [...REQUIRED, "--algorithm", "HS384"],
    /algorithm not allowed \(symmetric\/none\)/,
  ],
  [
    "none",
    [...REQUIRED, "--algorithm", "none"],
    /algorithm not allowed \(symmetric\/none\)/,
  ],
  [
    "an unknown algorithm",
    [...REQUIRED, "--algorithm", "RS257"],
    /expected one of RS256/,
  ],
  [
    "a negative TTL",
    [...REQUIRED, "--cache-ttl=-1"],
    /cache_ttl must be a number of seconds/,
  ],
  [
    "a TTL in words",
    [...REQUIRED, "--cache-ttl", "1h"],
    /cache_ttl must be a number of seconds/,
  ],
  [
    "an unknown parameter",
    ["isuer=https://i.example"],
    /did you mean "issuer=…"\?/,
  ],
  ["a parameter twice", ["aud=a", "aud=b"], /"aud" is given twice/],
];

for (const [title, args, message] of ERRORS) {
  Deno.test(`policy init refuses ${title}`, async () => {
    const { code, stdout, stderr } = await cli(["policy", "init", ...args]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, message);
  });
}
