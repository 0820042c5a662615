/**
 * `policy show` prints what the program understood, in a form that it reads back.
 *
 * @module
 */
import assert from "node:assert/strict";
import { parsePolicy, usable } from "../../../src/policy/syntax/parse.ts";
import { cli } from "../../support/cli.ts";

const OK = new URL("../../testdata/policy/ok/", import.meta.url);

Deno.test("policy show prints a policy that means the same, for every policy of the corpus", async () => {
  let count = 0;
  for await (const { name } of Deno.readDir(OK)) {
    if (!name.endsWith(".yaml") || name.endsWith(".test.yaml")) continue;
    const text = await Deno.readTextFile(new URL(name, OK));
    const policy = usable(parsePolicy(text, { file: name }));
    assert.ok(policy, name);
    for (const flags of [[], ["--effective"]]) {
      const shown = await cli(["policy", "show", name, ...flags], {
        files: { [name]: text },
      });
      assert.equal(shown.code, 0, shown.stderr);
      const again = parsePolicy(shown.stdout, { file: name });
      assert.deepEqual(
        usable(again),
        policy,
        `${name} ${flags}\n${shown.stdout}`,
      );
      const twice = await cli(["policy", "show", name, ...flags], {
        files: { [name]: shown.stdout },
      });
      assert.equal(twice.stdout, shown.stdout, name);
    }
    count++;
  }
  assert.ok(count >= 12, `${count} policies`);
});

const POLICY = `
version: 1
issuers:
  campus: {audiences: [a], issuer: "https://login.example.edu", clock_skew: 30s}
rules:
  staff: {effect: allow, when: {org: {like: "no*"}, "no": "12:30"}, accounts: [{claim: sub}]}
`;

Deno.test("policy show leaves out what holds anyway and quotes what could be misread", async () => {
  const { stdout } = await cli(["policy", "show", "p.yaml"], {
    files: { "p.yaml": POLICY },
  });
  assert.equal(
    stdout,
    `version: 1
issuers:
  campus:
    issuer: https://login.example.edu
    audiences: [a]
rules:
  staff:
    when:
      org:
        like: "no*"
      "no":
        equals: "12:30"
    accounts:
      - {claim: sub}
`,
  );
});

Deno.test("policy show writes the end of a rule in UTC", async () => {
  const { stdout } = await cli(["policy", "show", "p.yaml"], {
    files: {
      "p.yaml": POLICY.replace(
        "{effect: allow,",
        "{not_after: 2028-02-29T23:59:59+05:30,",
      ),
    },
  });
  assert.match(stdout, /^ {4}not_after: "2028-02-29T18:29:59Z"$/m);
});

Deno.test("policy show --effective --format json names every default", async () => {
  const args = ["policy", "show", "p.yaml", "--effective", "--format", "json"];
  const { stdout } = await cli(args, { files: { "p.yaml": POLICY } });
  const { schema, policy } = JSON.parse(stdout);
  assert.equal(schema, "oauth-pam/show@1");
  assert.equal(policy.issuers.campus.max_token_age, "1d");
  assert.deepEqual(policy.protected_accounts, ["root"]);
  assert.equal(policy.cache.directory, "/var/cache/oauth-pam");
});

Deno.test("policy show of a broken policy exits 3 with the finding", async () => {
  const { code, stdout, stderr } = await cli(["policy", "show", "p.yaml"], {
    files: { "p.yaml": "version: 2\n" },
  });
  assert.deepEqual([code, stdout], [3, ""]);
  assert.match(stderr, /p\.yaml:1:10: error: .*version 1.*\[policy\/value\]/);
});

Deno.test("policy schema prints a JSON Schema 2020-12", async () => {
  const { code, stdout } = await cli(["policy", "schema"]);
  assert.equal(code, 0);
  assert.equal(
    JSON.parse(stdout).$schema,
    "https://json-schema.org/draft/2020-12/schema",
  );
});

Deno.test("policy schema --for tests prints the schema of a file of tests", async () => {
  const [policy, tests, same, other] = await Promise.all([
    ["policy", "schema"],
    ["policy", "schema", "--for", "tests"],
    ["policy", "schema", "--for", "policy"],
    ["policy", "schema", "--for", "rules"],
  ].map((args) => cli(args)));
  assert.ok(policy && tests && same && other);
  assert.deepEqual(Object.keys(JSON.parse(tests.stdout).properties), [
    "defaults",
    "tests",
    "tables",
  ]);
  assert.equal(tests.code, 0);
  assert.equal(same.stdout, policy.stdout);
  assert.deepEqual([other.code, other.stdout], [2, ""]);
  assert.match(
    other.stderr,
    /--for is "rules", expected "policy" or "tests"\n/,
  );
});

Deno.test("policy show writes the life time of certificates, the token's own too", async () => {
  const shown = async (certificates: string, ...flags: string[]) => {
    const { stdout } = await cli(["policy", "show", "p.yaml", ...flags], {
      files: {
        "p.yaml": POLICY.replace(
          "clock_skew: 30s",
          `ssh_certificates: {${certificates}}`,
        ).replace("{effect: allow,", "{ssh: {permit: []},"),
      },
    });
    return stdout;
  };
  assert.match(
    await shown("lifetime: 36h, refreshed: true"),
    /\n {4}ssh_certificates:\n {6}commitment: nonce\n {6}lifetime: 36h\n {6}refreshed: true\nrules:/,
  );
  // that they are a way in is not a default, whatever is said of them
  for (const usual of ["", "lifetime: token, commitment: nonce"]) {
    for (const flags of [[], ["--effective"]]) {
      assert.match(
        await shown(usual, ...flags),
        /\n {4}ssh_certificates:\n {6}commitment: nonce\n {6}lifetime: token\n {6}refreshed: false\n/,
      );
    }
  }
  assert.match(await shown(""), /\n {4}ssh:\n {6}permit: \[\]\n/);
});
