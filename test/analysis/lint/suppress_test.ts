/**
 * Suppressions: where they hold, and what they cannot do.
 *
 * @module
 */

import assert from "node:assert/strict";
import { lint } from "../../../src/analysis/lint/lint.ts";
import { parsePolicy } from "../../../src/policy/syntax/parse.ts";

function linted(text: string, options: { ignores?: boolean } = {}) {
  const { findings, suppressed } = lint(
    parsePolicy(text, { file: "x.yaml" }),
    options,
  );
  return {
    left: findings.map(({ id, line, column }) => `${id} ${line}:${column}`),
    suppressed: suppressed.map(({ finding, reason }) =>
      `${finding.id}: ${reason}`
    ),
  };
}

/** Findings: test/none in line 1, clock/skew-too-large in line 4. */
function policy(lines: { first?: string; above?: string; skew?: string } = {}) {
  return `version: 1${lines.first ?? " # oauth-pam: ignore[test/none] a draft"}
issuers:
${lines.above ?? "  #"}
  campus: {issuer: https://login.example.edu, audiences: [ssh], clock_skew: 2m}${
    lines.skew ?? ""
  }
rules:
  staff: {accounts: [{claim: sub}]}
`;
}

const HIDDEN = ["test/none: a draft", "clock/skew-too-large: no NTP"];

Deno.test("a suppression holds for its own line", () => {
  const text = policy({
    skew: " # oauth-pam: ignore[clock/skew-too-large] no NTP",
  });
  assert.deepEqual(linted(text), { left: [], suppressed: HIDDEN });
});

Deno.test("a suppression that stands alone holds for the line below", () => {
  const above = "  # oauth-pam: ignore[clock/skew-too-large] no NTP";
  assert.deepEqual(linted(policy({ above })), { left: [], suppressed: HIDDEN });
  const past = `${above}\n  # and another comment`;
  assert.deepEqual(linted(policy({ above: past })), {
    left: [],
    suppressed: HIDDEN,
  });
});

Deno.test("a suppression does not reach past an empty line or a key", () => {
  const comment = "  # oauth-pam: ignore[clock/skew-too-large] no NTP";
  for (
    const above of [
      `${comment}\n`,
      `${comment}\n  lab: {issuer: https://lab.example.edu, audiences: [ssh]}`,
    ]
  ) {
    const { left } = linted(policy({ above }));
    assert.ok(left.some((id) => id.startsWith("clock/")), above);
    assert.ok(left.some((id) => id.startsWith("suppress/unused")), above);
  }
});

Deno.test("one comment may name several ids", () => {
  const text = policy({
    first: "",
    skew:
      " # oauth-pam: ignore[match/wildcard-only, clock/skew-too-large] no NTP",
  });
  assert.deepEqual(linted(text), {
    left: ["test/none 1:1", "suppress/unused 4:101"],
    suppressed: ["clock/skew-too-large: no NTP"],
  });
});

Deno.test("without a reason a suppression has no effect", () => {
  const text = policy({ skew: " # oauth-pam: ignore[clock/skew-too-large]" });
  assert.deepEqual(linted(text).left, [
    "clock/skew-too-large 4:77",
    "suppress/no-reason 4:81",
  ]);
});

Deno.test("a comment without ids and one with an unknown id are unused", () => {
  const bare = linted(policy({ skew: " # oauth-pam: ignore everything" }));
  assert.deepEqual(bare.left, [
    "clock/skew-too-large 4:77",
    "suppress/unused 4:81",
  ]);
  const misspelt = lint(
    parsePolicy(
      policy({ skew: " # oauth-pam: ignore[clock/skew-too-larg] x" }),
      { file: "x" },
    ),
  ).findings.at(-1);
  assert.equal(
    misspelt?.message,
    'there is no lint rule "clock/skew-too-larg"',
  );
  assert.equal(misspelt?.hint, 'did you mean "clock/skew-too-large"?');
});

Deno.test("what looks like a comment inside a string is none", () => {
  const hidden = "oauth-pam: ignore[clock/skew-too-large] no NTP";
  const strings = [
    `, "# ${hidden}"]`,
    `, '# ${hidden}']`,
    `, a#${hidden.replace(/[:[\], ]/g, "")}]`,
  ];
  for (const string of strings) {
    const text = policy().replace("[ssh]", `[ssh${string}`);
    assert.ok(linted(text).left.some((id) => id.startsWith("clock/")), string);
  }
  const block = policy().replace(
    "  staff: {accounts: [{claim: sub}]}",
    `  staff:
    description: |
      # ${hidden}
    accounts: [{claim: sub}]`,
  );
  assert.deepEqual(linted(block).left, ["clock/skew-too-large 4:77"]);
});

Deno.test("what a login refuses the policy for cannot be suppressed", () => {
  const text = policy({
    skew: " # oauth-pam: ignore[clock/skew-too-large] no NTP",
  }).replace("2m", "9m");
  const { findings } = lint(parsePolicy(text, { file: "x.yaml" }));
  assert.deepEqual(findings.map(({ id }) => id), [
    "clock/skew-too-large",
    "suppress/unused",
  ]);
  assert.match(findings[1]?.message ?? "", /cannot be suppressed/);
});

Deno.test("findings about suppressions cannot be suppressed", () => {
  const above =
    "  # oauth-pam: ignore[suppress/unused] quiet\n  # oauth-pam: ignore[match/wildcard-only] quiet";
  const { left } = linted(policy({ above }));
  assert.equal(left.filter((id) => id.startsWith("suppress/unused")).length, 2);
});

Deno.test("ignores: false reports everything and nothing about suppressions", () => {
  const text = policy({
    skew: " # oauth-pam: ignore[clock/skew-too-large, match/wildcard-only]",
  });
  assert.deepEqual(linted(text, { ignores: false }), {
    left: ["test/none 1:1", "clock/skew-too-large 4:77"],
    suppressed: [],
  });
});

Deno.test("suppressions are found behind a byte order mark and in CRLF files", () => {
  const text = policy({
    skew: " # oauth-pam: ignore[clock/skew-too-large] no NTP",
  });
  for (const each of [`\ufeff${text}`, text.replaceAll("\n", "\r\n")]) {
    assert.deepEqual(linted(each), { left: [], suppressed: HIDDEN });
  }
});
