/**
 * `src/policy`, `src/analysis` and `src/report` are pure: bundled as they ship, they run without a single permission.
 *
 * (From source it needs to read two environment variables, because the YAML library's build for
 * Node.js looks at them; the build for browsers, which is bundled, does not.)
 *
 * @module
 */
import assert from "node:assert/strict";

const PROGRAM = `
import { parsePolicy, usable } from "SRC/policy/syntax/parse.ts";
import { lintPolicy } from "SRC/analysis/lint/lint.ts";
import { evaluate } from "SRC/policy/evaluate/evaluate.ts";
import { subjectFromClaims } from "SRC/policy/evaluate/subject.ts";
import { explain } from "SRC/analysis/explain/explain.ts";
import { reportFacts } from "SRC/report/facts.ts";
import { reportPage } from "SRC/report/page.ts";
import { diffPolicies } from "SRC/analysis/diff/diff.ts";
import { policyDocument, yamlText } from "SRC/policy/syntax/write.ts";
import { policyJsonSchema } from "SRC/cli/policy/schema/json_schema.ts";
import { importOauthSsh } from "SRC/cli/policy/import/convert.ts";
import { initialPolicy } from "SRC/cli/policy/init/convert.ts";
const text = initialPolicy({ issuer: "https://login.example.edu", aud: "ssh" });
const parsed = parsePolicy(text, { file: "p.yaml" });
const policy = usable(parsed);
const subject = subjectFromClaims(policy.issuers[0], { sub: "alice" });
const request = { account: "alice", service: "sshd", rhost: null, now: 0, subject };
const decision = evaluate(policy, request);
const page = await reportPage(reportFacts({
  file: "p.yaml", text, sha256: null, parsed, policy, now: null, audit: null,
  tests: { sources: [], diagnostics: [], written: [] },
  against: { file: "old.yaml", policy, further: [] },
}));
console.log(JSON.stringify({
  reason: decision.reason,
  findings: lintPolicy(parsed).map(({ id }) => id),
  explained: typeof explain,
  page: page.endsWith("</html>\\n"),
  verdict: diffPolicies(policy, policy).verdict,
  again: usable(parsePolicy(yamlText(policyDocument(policy)), { file: "p.yaml" })) !== null,
  schema: policyJsonSchema().$schema,
  imported: importOauthSsh("auth_method x", { fqdns: [], secretFile: "/s", environment: "production" }).policy,
}));
`;

Deno.test("src/policy, src/analysis and src/report run under no permissions at all", async () => {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-pure-" });
  try {
    const source = new URL("../src", import.meta.url).pathname;
    const config = new URL("../deno.json", import.meta.url).pathname;
    const entry = `${folder}/entry.ts`;
    await Deno.writeTextFile(entry, PROGRAM.replaceAll("SRC", source));
    const deno = async (args: readonly string[]) => {
      const output = await new Deno.Command(Deno.execPath(), {
        args: [...args],
      }).output();
      assert.equal(output.code, 0, new TextDecoder().decode(output.stderr));
      return new TextDecoder().decode(output.stdout);
    };
    const bundle = `${folder}/bundle.js`;
    const flags = ["--quiet", "--no-lock", "--platform=browser"];
    await deno([
      "bundle",
      ...flags,
      `--config=${config}`,
      `--output=${bundle}`,
      entry,
    ]);
    const printed = await deno(["run", "--no-prompt", "--no-config", bundle]);
    assert.deepEqual(JSON.parse(printed), {
      reason: "allowed",
      findings: ["test/none"],
      explained: "function",
      page: true,
      verdict: "equivalent",
      again: true,
      schema: "https://json-schema.org/draft/2020-12/schema",
      imported: null,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
