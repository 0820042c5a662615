/**
 * Differences that no rule shows.
 *
 * @module
 */

import assert from "node:assert/strict";
import { diffPolicies } from "../../../src/analysis/diff/diff.ts";
import { policyWith } from "../../support/policies.ts";

const DEVICE = "device: {client_id: cli}";

function policy(issuer: string, rest = "") {
  return policyWith(`version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [ssh]
${issuer.split("\n").map((line) => `    ${line}\n`).join("")}
rules: {staff: {accounts: [{names: [alice]}]}}
${rest}
`);
}

for (
  const [title, old, next, path, expected] of [
    [
      "a type more",
      "types: [JWT]",
      "types: [JWT, at+jwt]",
      "types",
      "wider",
    ],
    [
      "an algorithm less",
      "algorithms: [RS256, ES256]",
      "algorithms: [ES256]",
      "algorithms",
      "narrower",
    ],
    [
      "another algorithm",
      "algorithms: [RS256]",
      "algorithms: [ES256]",
      "algorithms",
      "incomparable",
    ],
    [
      "a larger skew",
      "clock_skew: 30s",
      "clock_skew: 2m",
      "clock_skew",
      "wider",
    ],
    [
      "a shorter life",
      "max_token_age: 24h",
      "max_token_age: 1h",
      "max_token_age",
      "narrower",
    ],
    [
      "keys that serve longer",
      "jwks_ttl: 1h",
      "jwks_ttl: 2h",
      "jwks_ttl",
      "wider",
    ],
    [
      "keys that serve when stale",
      "jwks_stale: 0s",
      "jwks_stale: 1h",
      "jwks_stale",
      "wider",
    ],
    [
      "another host",
      "hosts: []",
      "hosts: [keys.example.edu]",
      "hosts",
      "incomparable",
    ],
    ["another ca_file", "", "ca_file: /etc/x.pem", "ca_file", "incomparable"],
    ["one_time", "", "one_time: true", "one_time", "narrower"],
    ["a scope that is needed", "", "scopes: [ssh]", "scopes", "narrower"],
    [
      "bound tokens",
      "",
      "allow_confirmation: true",
      "allow_confirmation",
      "wider",
    ],
    [
      "delegated tokens",
      "allow_delegation: true",
      "",
      "allow_delegation",
      "narrower",
    ],
    ["device sign-in", "", DEVICE, "device", "wider"],
    ["no device sign-in", DEVICE, "", "device", "narrower"],
    [
      "another device client",
      DEVICE,
      "device: {client_id: other}",
      "device.client_id",
      "incomparable",
    ],
    [
      "a longer lifetime of certificates",
      "ssh_certificates: {lifetime: 8h}",
      "ssh_certificates: {lifetime: 24h}",
      "ssh_certificates.lifetime",
      "wider",
    ],
    [
      "a shorter lifetime of certificates",
      "ssh_certificates: {lifetime: 1d}",
      "ssh_certificates: {lifetime: 23h}",
      "ssh_certificates.lifetime",
      "narrower",
    ],
    [
      "a lifetime instead of the token's",
      "ssh_certificates: {}",
      "ssh_certificates: {lifetime: 1h}",
      "ssh_certificates.lifetime",
      "incomparable",
    ],
    [
      "the token's lifetime instead of another",
      "ssh_certificates: {lifetime: 7d}",
      "ssh_certificates: {lifetime: token}",
      "ssh_certificates.lifetime",
      "incomparable",
    ],
    [
      "refreshed tokens in certificates",
      "ssh_certificates: {}",
      "ssh_certificates: {refreshed: true}",
      "ssh_certificates.refreshed",
      "wider",
    ],
    [
      "another commitment",
      "ssh_certificates: {}",
      "ssh_certificates: {commitment: cnf}",
      "ssh_certificates.commitment",
      "incomparable",
    ],
    [
      "a key before the code",
      DEVICE,
      "device: {client_id: cli, after: publickey}",
      "device.after",
      "narrower",
    ],
    [
      "no key before the code",
      "device: {client_id: cli, after: publickey}",
      DEVICE,
      "device.after",
      "wider",
    ],
    [
      "a device prompt",
      DEVICE,
      "device: {client_id: cli, prompt: hello}",
      "device.prompt",
      "incomparable",
    ],
  ] as const
) {
  Deno.test(`diffPolicies(): ${title} is ${expected}`, () => {
    const diff = diffPolicies(policy(old), policy(next));
    assert.deepEqual(
      diff.settings.map(({ path, verdict }) => [path, verdict]),
      [
        [`issuers.campus.${path}`, expected],
      ],
    );
    assert.equal(diff.verdict, expected);
    assert.deepEqual(diff.changes, []);
  });
}

Deno.test("diffPolicies(): a text above the address that people open is shown", () => {
  const prompt = "  1. Open   https://login.example.org/device";
  const line = `device: {client_id: cli, prompt: ${JSON.stringify(prompt)}}`;
  const diff = diffPolicies(policy(DEVICE), policy(line));
  assert.deepEqual(
    diff.settings.map(({ description }) => description),
    [`from null to ${JSON.stringify(prompt)}`],
  );
});

Deno.test("diffPolicies(): audiences that grow are wider, and say which", () => {
  const old = policy("");
  const next = policyWith(`version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [web, ssh]}
rules: {staff: {accounts: [{names: [alice]}]}}
`);
  const diff = diffPolicies(old, next);
  assert.equal(diff.verdict, "wider");
  assert.deepEqual(diff.settings, [{
    path: "issuers.campus.audiences",
    verdict: "wider",
    old: ["ssh"],
    new: ["web", "ssh"],
    description: 'added "web"',
  }]);
});

Deno.test("diffPolicies(): another URL for the same local name is incomparable", () => {
  const next = policyWith(`version: 1
issuers:
  campus: {issuer: https://login.example.org, audiences: [ssh]}
rules: {staff: {accounts: [{names: [alice]}]}}
`);
  const diff = diffPolicies(policy(""), next);
  assert.equal(diff.verdict, "incomparable");
  assert.deepEqual(diff.settings.map(({ path }) => path), [
    "issuers.campus.issuer",
  ]);
});

Deno.test("diffPolicies(): where log and audit go has no say in who gets in", () => {
  const diff = diffPolicies(
    policy(""),
    policy(
      "",
      "log: {socket: /run/log}\ncache: {directory: /var/x}\naudit: {file: /var/x/audit}",
    ),
  );
  assert.equal(diff.verdict, "equivalent");
  assert.deepEqual(diff.settings.map(({ path, verdict }) => [path, verdict]), [
    ["cache.directory", "equivalent"],
    ["log.socket", "equivalent"],
    ["audit.file", "equivalent"],
  ]);
});

Deno.test("diffPolicies(): a new cache directory forgets which tokens were used once", () => {
  const diff = diffPolicies(
    policy("one_time: true"),
    policy("one_time: true", "cache: {directory: /var/x}"),
  );
  assert.equal(diff.verdict, "wider");
});

Deno.test("diffPolicies(): certificates are a way in, and take one away", () => {
  const said = (old: string, next: string) => {
    const diff = diffPolicies(policy(old), policy(next));
    return [
      diff.verdict,
      ...diff.settings.map(({ path, verdict, description }) =>
        `${path} ${verdict}: ${description}`
      ),
    ];
  };
  const path = "issuers.campus.ssh_certificates";
  assert.deepEqual(said("", "ssh_certificates: {}"), [
    "incomparable",
    `${path} wider: SSH certificates become a way to log in`,
    `${path} narrower: tokens handed over at a prompt are no longer accepted`,
  ]);
  assert.deepEqual(said("ssh_certificates: {}", ""), [
    "incomparable",
    `${path} narrower: SSH certificates are no longer a way to log in`,
    `${path} wider: tokens handed over at a prompt are accepted again`,
  ]);
  assert.deepEqual(
    said("ssh_certificates: {}", "ssh_certificates: {lifetime: token}"),
    ["equivalent"],
  );
});

Deno.test("diffPolicies(): where keys for certificates are kept has no say in who gets in", () => {
  const diff = diffPolicies(
    policy(""),
    policy("", "cache: {ssh_keys_directory: /var/y}"),
  );
  assert.equal(diff.verdict, "equivalent");
  assert.deepEqual(diff.settings.map(({ path, verdict }) => [path, verdict]), [
    ["cache.ssh_keys_directory", "equivalent"],
  ]);
});

Deno.test("diffPolicies(): the order of a list of settings is no change", () => {
  const diff = diffPolicies(
    policy("algorithms: [RS256, ES256]"),
    policy("algorithms: [ES256, RS256]"),
  );
  assert.deepEqual([diff.verdict, diff.settings], ["equivalent", []]);
});
