/**
 * What the tab "Import" makes of other programs' configurations.
 *
 * @module
 */
import assert from "node:assert/strict";
import { converted } from "../../../src/playground/answers/convert.ts";
import { cli } from "../../support/cli.ts";

const SECRET_FILE = "/etc/oauth-pam/globus.secret";

Deno.test("parameters of pam-oauth-py become what policy init makes of them", async () => {
  const given = [
    "issuer=https://a.example",
    "aud=ssh,x",
    "login_field=email",
    "cache_ttl=60",
    "algorithm=ES256",
  ];
  const { stdout } = await cli(["policy", "init", ...given]);
  for (
    const line of [
      given.join(" "),
      `auth sufficient pam_python.so /lib/security/oauth.py ${
        given.join("\t")
      }\n`,
    ]
  ) {
    assert.deepEqual(converted({ from: "pam-oauth-py", line }), {
      policy: stdout,
      remarks: [],
    });
  }
});

Deno.test("parameters that cannot be carried over make no policy", () => {
  for (
    const [line, why] of [
      ["", /"issuer" is required/],
      ["issuer=http://a.example aud=x", /HTTPS/],
      ["issuer=https://a.example aud=x algorithm=none", /not allowed/],
      ["issuer=https://a.example aud=x secret=y", /unknown parameter "secret"/],
      ["issuer=https://a.example aud=x debug", /unknown parameter "debug"/],
    ] as const
  ) {
    const { policy, remarks } = converted({ from: "pam-oauth-py", line });
    assert.equal(policy, null);
    assert.equal(remarks[0]?.level, "error");
    assert.match(remarks[0]?.message ?? "", why);
  }
});

Deno.test("an oauth-ssh.conf becomes what policy import makes of it", async () => {
  const text = `client_id 01234567-89ab-cdef-0123-456789abcdef
client_secret hidden
auth_method globus_auth, scitokens
idp_suffix example.edu
map_file /etc/globus/map
issuers https://a.example
`;
  const { stdout, stderr } = await cli(
    [
      ...["policy", "import", "oauth-ssh.conf", "--environment", "preview"],
      ...["--fqdn", "a.example.edu", "--fqdn", "b.example.edu"],
    ],
    { files: { "oauth-ssh.conf": text } },
  );
  const { policy, remarks } = converted({
    from: "oauth-ssh",
    text,
    fqdns: " a.example.edu,b.example.edu ",
    secretFile: SECRET_FILE,
    environment: "preview",
  });
  assert.equal(policy, stdout);
  assert.ok(remarks.length > 2);
  assert.equal(
    remarks.map(({ place, level, message }) =>
      `${place}: ${level}: ${message}\n`
    ).join(""),
    stderr,
  );
});

Deno.test("files of opkssh become what policy import makes of them", async () => {
  const files = {
    providers:
      "https://accounts.google.com 123.apps.googleusercontent.com 24h\n",
    auth_id:
      "alice alice@example.com https://accounts.google.com\nroot oidc:groups:ops https://accounts.google.com\n",
    config: "",
  };
  const { stdout, stderr } = await cli(
    ["policy", "import", "--from", "opkssh", "providers", "auth_id"],
    { files },
  );
  const { policy, remarks } = converted({ from: "opkssh", ...files });
  assert.ok(stdout.includes("rules:"));
  assert.equal(policy, stdout);
  assert.equal(
    remarks.map(({ place, level, message }) =>
      `${place}: ${level}: ${message}\n`
    ).join(""),
    stderr,
  );
  assert.equal(
    converted({ from: "opkssh", ...files, auth_id: "x" }).policy,
    null,
  );
});
