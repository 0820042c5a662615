/**
 * What an editor makes of the schemas, with the language server that editors use for YAML: no word
 * about what is right, a place for what is wrong, names and texts to choose from.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  type EditorDiagnostic,
  LanguageServer,
} from "../../../support/language_server.ts";
import { fixtureNames, FIXTURES } from "../../../support/policy_fixtures.ts";
import { schemaIssues } from "../../../../src/policy/syntax/shape.ts";
import { PolicyFileSchema } from "../../../../src/analysis/testing/schema.ts";
import {
  readYaml,
  toPlain,
  YamlError,
} from "../../../../src/policy/syntax/yaml.ts";
import { cli } from "../../../support/cli.ts";

const POLICIES = new URL("../../../../policies/", import.meta.url);

const POLICY_LINE = "# yaml-language-server: $schema=./schema.json\n";
const TESTS_LINE = "# yaml-language-server: $schema=./tests.schema.json\n";

/** A folder with both schemas as the program prints them, and a server. */
async function editing(
  run: (
    tools: {
      server: LanguageServer;
      /** The path of a document in the folder that nobody has opened yet. */
      place: () => string;
      folder: string;
    },
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-editor-" });
  try {
    for (
      const [name, what] of [["schema", "policy"], ["tests.schema", "tests"]]
    ) {
      const { stdout } = await cli(["policy", "schema", "--for", String(what)]);
      await Deno.writeTextFile(`${folder}/${name}.json`, stdout);
    }
    await using server = await LanguageServer.start();
    let documents = 0;
    await run({
      server,
      place: () => `${folder}/document-${++documents}.yaml`,
      folder,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const told = (diagnostics: readonly EditorDiagnostic[]) =>
  diagnostics.map(({ message, range }) => `${range.start.line}: ${message}`);

Deno.test("an editor has nothing to say against shipped policies, their tests and what is right", async () => {
  const documents: [string, string][] = [];
  for (const name of fixtureNames("ok")) {
    const text = await Deno.readTextFile(new URL(`ok/${name}`, FIXTURES));
    documents.push([name, POLICY_LINE + text]);
  }
  for (const { name } of Deno.readDirSync(POLICIES)) {
    if (!name.endsWith(".yaml")) continue;
    const text = await Deno.readTextFile(new URL(name, POLICIES));
    const line = name.endsWith(".test.yaml") ? TESTS_LINE : POLICY_LINE;
    documents.push([name, line + text]);
  }
  assert.ok(documents.length > 50);
  await editing(async ({ server, place }) => {
    await Promise.all(documents.map(async ([name, text]) => {
      assert.deepEqual(
        told(await server.diagnostics(place(), text)),
        [],
        name,
      );
    }));
  });
});

/**
 * What a policy may not have although YAML and JSON Schema may: the editor's reader is another one,
 * and says nothing. `policy lint` does.
 */
const ONLY_LINT: Readonly<Record<string, string>> = {
  yaml_ambiguous_base60: "12:30, which YAML 1.1 reads as a number",
  yaml_ambiguous_exponent: "1e+3, on which readers differ",
  yaml_ambiguous_key: "on, which YAML 1.1 reads as a boolean",
  yaml_ambiguous_leading_zero: "089, on which readers differ",
  yaml_ambiguous_octal: "0o17, on which readers differ",
  yaml_ambiguous_underscore: "1.5_0, on which readers differ",
  yaml_control_carriage_return: "a character that cannot be seen",
  yaml_control_line_separator: "a character that cannot be seen",
  yaml_control_nul: "a character that cannot be seen",
  yaml_directive_tag: "a directive",
  yaml_directive_yaml_1_1: "a directive",
  yaml_empty: "an empty file, in which nothing can be underlined",
  yaml_inexact_number: "a number too large to be exact",
  yaml_key_constructor: "a name that every JavaScript object has",
  yaml_key_proto: "a name that every JavaScript object has",
  yaml_merge_key: "a merge key, which the editor follows",
  yaml_several_documents: "two documents, each of which is looked at",
  yaml_tag: "a tag",
  yaml_tag_far_away: "a tag",
};

Deno.test("an editor shows every fault of form, but for what only the policy's own reader refuses", async () => {
  const count = { shape: 0, yaml: 0 };
  await editing(async ({ server, place }) => {
    const missed = await Promise.all(
      fixtureNames("err").map(async (name) => {
        const text = await Deno.readTextFile(new URL(`err/${name}`, FIXTURES));
        const fault = faultOf(text);
        if (fault === null) return [];
        count[fault] += 1;
        const found = await server.diagnostics(place(), POLICY_LINE + text);
        return found.length === 0 ? [name.replace(".yaml", "")] : [];
      }),
    );
    assert.deepEqual(missed.flat(), Object.keys(ONLY_LINT));
  });
  assert.ok(count.shape > 50 && count.yaml > 30, JSON.stringify(count));
});

/** What is wrong with the form of a policy; `null`: only its meaning, which no schema says. */
function faultOf(text: string): "shape" | "yaml" | null {
  try {
    const document = toPlain(readYaml(text).root);
    const issues = schemaIssues(PolicyFileSchema, document);
    return issues.length === 0 ? null : "shape";
  } catch (error) {
    if (error instanceof YamlError) return "yaml";
    throw error;
  }
}

const ISSUERS = `${POLICY_LINE}version: 1
issuers:
  corp:
    issuer: https://login.example.edu
    audiences: [ssh]
`;

Deno.test("an editor says what is wrong in the words of the policy, at its line", async () => {
  const text = `${ISSUERS}    algorithms: [HS256]
    jwks_ttl: 30x
    device: yes
rules:
  staff:
    srevices: [sshd]
    effect: alow
    when:
      groups: {ayn: [staff]}
    accounts: [sub]
`;
  await editing(async ({ server, place }) => {
    const found = told(await server.diagnostics(place(), text));
    for (
      const [line, words] of [
        [6, /Valid values: "RS256"/],
        [7, /a duration is a number with a unit, such as "90s"/],
        [8, /Expected "device sign-in/],
        [11, /Property srevices is not allowed/],
        [12, /Valid values: "allow", "deny"/],
        [14, /Property ayn is not allowed/],
        [15, /account from a claim \| .*fixed accounts/],
      ] as const
    ) {
      assert.ok(
        found.some((one) => one.startsWith(`${line}: `) && words.test(one)),
        `${line} ${words}\n${found.join("\n")}`,
      );
    }
    assert.deepEqual(
      found.filter((one) => /object\(|policy, version 1/.test(one)),
      [],
    );
  });
});

Deno.test("an editor proposes claims, operators and sources of accounts, and nothing that says nothing", async () => {
  await editing(async ({ server, place }) => {
    const proposed = async (text: string) =>
      new Map(
        (await server.completions(place(), ISSUERS + text)).map((
          one,
        ) => [one.label, one]),
      );
    const STAFF = "rules:\n  staff:\n";

    const claims = await proposed(`${STAFF}    when:\n      |\n`);
    for (const claim of ["sub", "groups", "email_verified", "workflow_ref"]) {
      assert.ok(claims.has(claim), claim);
    }
    // an operator goes below
    assert.equal(claims.get("groups")?.insert, "groups:\n  ");
    assert.equal(
      claims.get("email_verified")?.insert,
      "email_verified: ${1:true}",
    );
    assert.match(
      claims.get("workflow_ref")?.documentation ?? "",
      /GitHub Actions/,
    );
    for (const claim of ["groups", "email_verified", "never_heard_of"]) {
      const when = `${STAFF}    when:\n      ${claim}:`;
      for (const place of ["\n        |\n", " |\n"]) {
        const operators = await proposed(when + place);
        for (
          const operator of [
            "any",
            "all",
            "none",
            "in",
            "like",
            "equals",
            "word",
            "has",
          ]
        ) {
          assert.ok(operators.has(operator), `${claim}${place}${operator}`);
        }
      }
    }

    const sources = await proposed(`${STAFF}    accounts:\n      - |\n`);
    for (
      const source of [
        "account from a claim",
        "account from a linked identity",
        "accounts from a map file",
        "accounts from a map",
        "fixed accounts",
      ]
    ) {
      assert.ok(sources.has(source), source);
    }

    const keys = await proposed("    |\n");
    assert.equal(keys.get("device")?.insert, "device:\n  client_id: ");
    const device = await proposed(
      "    device:\n      client_id: x\n      |\n",
    );
    assert.equal(
      device.get("client_secret_file")?.insert,
      "client_secret_file: ${1:/etc/oauth-pam/client_secret}",
    );
    const rule = await proposed("rules:\n  |\n");
    assert.equal(
      rule.get("allow rule")?.insert,
      "\${1:staff}:\n  accounts:\n    - claim: \${2:sub}",
    );
    for (const all of [claims, sources, keys, device, rule]) {
      for (const { label, insert } of all.values()) {
        assert.doesNotMatch(label, /object\(|policy, version 1/);
        assert.doesNotMatch(insert, /null|\[\]/);
      }
    }
  });
});

Deno.test("an editor tells of issuers, rules, claims and keys what they are", async () => {
  const text = (marked: string) => {
    const plain = `${ISSUERS}rules:
  staff:
    when:
      groups: {any: [staff]}
      email_verified: true
      never_heard_of: x
    accounts: [{claim: sub}]
`;
    const word = marked.replace("|", "");
    assert.ok(plain.includes(word), word);
    return plain.replace(word, marked);
  };
  await editing(async ({ server, place }) => {
    for (
      const [marked, title, words] of [
        ["co|rp:", "issuer", /who vouches for users/],
        ["st|aff:", "rule", /who may log in/],
        ["gro|ups:", "groups", /the user's groups/],
        ["any|:", "groups", /a list with one of these/],
        ["email_|verified:", "email\\_verified", /checked the address/],
        ["never_|heard_of:", "condition", /what a claim must be/],
        ["cl|aim:", "account from a claim", /the value of this claim/],
        ["audi|ences:", "issuer", /must contain one of these/],
      ] as const
    ) {
      const shown = await server.hover(place(), text(marked));
      assert.ok(shown.startsWith(`#### ${title}\n`), `${marked}: ${shown}`);
      assert.match(shown, words);
    }
  });
});

Deno.test("an editor knows what a file of tests holds", async () => {
  await editing(async ({ server, place }) => {
    const tests = `${TESTS_LINE}defaults:\n  account: alice\ntests:\n`;
    assert.deepEqual(
      told(
        await server.diagnostics(
          place(),
          `${tests}  - {name: a, expects: allow}\n  - {expect: maybe}\nversion: 1\n`,
        ),
      ).map((line) => line.slice(0, 45)).sort(),
      [
        '5: Missing property "name".',
        "4: Property expects is not allowed.",
        '5: Value is not accepted. Valid values: "allo',
        "6: Property version is not allowed.",
      ].sort(),
    );
    const keys = await server.completions(place(), `${tests}  - |\n`);
    const labels = keys.map(({ label }) => label);
    for (const label of ["name", "claims", "expect", "map_files", "test"]) {
      assert.ok(labels.includes(label), label);
    }
    const expected = await server.completions(
      place(),
      `${tests}  - name: a\n    expect: |\n`,
    );
    assert.deepEqual(expected.map(({ label }) => label).sort(), [
      "allow",
      "allow by a rule",
      "deny",
      "deny for a reason",
    ]);
    assert.match(
      await server.hover(place(), `${tests}  - name: a\n    exp|ect: allow\n`),
      /what the decision must be/,
    );
  });
});

/** An entry of SchemaStore's catalogue: what its own schema asks for, and `fileMatch`. */
interface CatalogueEntry {
  readonly name: string;
  readonly description: string;
  readonly fileMatch: readonly string[];
  readonly url: string;
}

Deno.test("policies/README.md's entries for SchemaStore give each file its schema", async () => {
  const document = await Deno.readTextFile(new URL("README.md", POLICIES));
  const [, block] = /^```json title=catalog\.json\n(.*?)^```$/ms
    .exec(document) ?? [];
  const entries = JSON.parse(block ?? "[]") as CatalogueEntry[];
  assert.equal(entries.length, 2);
  for (const entry of entries) {
    assert.deepEqual(Object.keys(entry).sort(), [
      "description",
      "fileMatch",
      "name",
      "url",
    ]);
    const { name, description, fileMatch, url } = entry;
    assert.ok(name.length > 5 && description.length > 20);
    assert.equal(new Set(fileMatch).size, fileMatch.length);
    assert.ok(URL.canParse(url));
    // a catalogue for everybody's files has no patterns that others' files meet
    assert.ok(fileMatch.every((pattern) => pattern.includes("oauth-pam")));
  }
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-editor-" });
  try {
    const schemas: Record<string, readonly string[]> = {};
    for (const [index, what] of ["policy", "tests"].entries()) {
      const { stdout } = await cli(["policy", "schema", "--for", what]);
      await Deno.writeTextFile(`${folder}/${what}.json`, stdout);
      schemas[`file://${folder}/${what}.json`] = entries[index]?.fileMatch ??
        [];
    }
    await using server = await LanguageServer.start(schemas);
    const tests = "tests: [{name: a, account: alice, expect: allow}]\n";
    const policy = ISSUERS.replace(POLICY_LINE, "");
    for (
      const [path, text, expected] of [
        ["/etc/oauth-pam/policy.yaml", policy, ['Missing property "rules".']],
        ["/srv/site/oauth-pam.yaml", policy, ['Missing property "rules".']],
        ["/etc/oauth-pam/policy.test.yaml", tests, []],
        ["/srv/site/oauth-pam.test.yaml", tests, []],
        ["/etc/oauth-pam/policy.test.yaml", "test: []\n", [
          "Property test is not allowed.",
        ]],
        // somebody else's
        ["/srv/site/policy.yaml", "test: []\n", []],
      ] as const
    ) {
      const found = await server.diagnostics(path, text);
      assert.deepEqual(found.map(({ message }) => message), expected, path);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the line that policy init writes leads to the schema beside the policy", async () => {
  const { stdout } = await cli([
    "policy",
    "init",
    "issuer=https://login.example.edu",
    "aud=ssh",
  ]);
  await editing(async ({ server, place, folder }) => {
    assert.deepEqual(await server.diagnostics(place(), stdout), []);
    const broken = stdout.replace("accounts:", "acounts:");
    assert.match(
      told(await server.diagnostics(place(), broken)).join(),
      /acounts is not allowed/,
    );
    // as the document has them, one for each file
    const document = await Deno.readTextFile(new URL("README.md", POLICIES));
    for (const line of [POLICY_LINE, TESTS_LINE]) {
      assert.ok(document.includes(line.trimEnd()), line);
      const named = /schema=\.\/(.+)\n/.exec(line)?.[1];
      assert.ok((await Deno.stat(`${folder}/${named}`)).isFile);
      assert.ok(document.includes(`>${named}\n`), named);
    }
    assert.ok(stdout.startsWith(POLICY_LINE));
  });
});
