/**
 * What the tab "Who gets in" is drawn from.
 *
 * @module
 */
import assert from "node:assert/strict";
import { whoGetsIn } from "../../../src/playground/answers/who.ts";
import { html, text } from "../../../src/report/html.ts";
import { diagramSection } from "../../../src/report/sections/diagram.ts";
import { leastSection } from "../../../src/report/sections/least.ts";
import { matrixSection } from "../../../src/report/sections/matrix.ts";
import { refusalsSection } from "../../../src/report/sections/refusals.ts";

function factsOf(policy: string) {
  const answer = whoGetsIn({ policy, tests: "" });
  assert.ok("facts" in answer, JSON.stringify(answer));
  return answer.facts;
}

Deno.test("the facts survive the way from the worker to the page", async () => {
  const policy = await Deno.readTextFile(
    new URL("../../../policies/university.yaml", import.meta.url),
  );
  const facts = factsOf(policy);
  assert.ok(facts.rules.length > 1);
  assert.deepEqual(JSON.parse(JSON.stringify(facts)), facts);
  assert.deepEqual(structuredClone(facts), facts);
});

Deno.test("whatever stands in a policy stays words", () => {
  const evil =
    `</svg></style><script>alert(1)</script><img src=x onerror=alert(1)>"'`;
  const quoted = JSON.stringify(evil);
  const facts = factsOf(`version: 1
issuers:
  main: { issuer: "https://a.example/", audiences: [${quoted}] }
rules:
  some:
    description: ${quoted}
    services: [${quoted}]
    when: { ${quoted}: { any: [${quoted}] }, "/a/b": ${quoted} }
    accounts: [{ claim: ${quoted} }, { names: [alice] }]
  none:
    effect: deny
    description: ${quoted}
    when: { sub: ${quoted} }
`);
  const markup = text(
    html`${diagramSection(facts)}${leastSection(facts)}${
      refusalsSection(facts)
    }${matrixSection(facts)}`,
  );
  assert.ok(markup.includes("&lt;script&gt;"));
  // what stands between quotes is a value
  const tags = markup.replaceAll(/="[^"]*"/g, "=_");
  assert.doesNotMatch(tags, /<(?:script|img|style)|<[^>]*\son\w+=|["']/i);
});

Deno.test("a policy that is not usable is told of, and so is one with too much to draw", () => {
  const broken = whoGetsIn({ policy: "version: 1\n", tests: "" });
  assert.ok("problem" in broken && /^policy\.yaml:1:/.test(broken.problem));
  const rules = Array.from(
    { length: 1_000 },
    (_, index) =>
      `  r${index}: { when: { groups: { any: [g${index}] } }, accounts: [{ names: [a${index}] }] }
`,
  );
  const large = whoGetsIn({
    policy: `version: 1
issuers:
  main: { issuer: "https://a.example/", audiences: [x] }
rules:
${rules.join("")}`,
    tests: "",
  });
  assert.ok("problem" in large && /policy report/.test(large.problem));
});
