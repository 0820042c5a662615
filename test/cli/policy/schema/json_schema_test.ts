/**
 * The JSON Schemas accept exactly what the parser finds no fault of shape with.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import {
  policyJsonSchema,
  testsJsonSchema,
} from "../../../../src/cli/policy/schema/json_schema.ts";
import { PROVIDER_STARTS } from "../../../../src/cli/policy/init/providers.ts";
import { claimsOfProviders } from "../../../../src/analysis/providers.ts";
import { schemaIssues } from "../../../../src/policy/syntax/shape.ts";
import {
  PolicyFileSchema,
  SuiteSchema,
} from "../../../../src/analysis/testing/schema.ts";
import {
  readYaml,
  toPlain,
  YamlError,
} from "../../../../src/policy/syntax/yaml.ts";
import { fixtureNames, FIXTURES } from "../../../support/policy_fixtures.ts";
import {
  mutated,
  policyArbitrary,
} from "../../../support/policy_generators.ts";
import { holds } from "../../../support/properties.ts";

type Schema = { [key: string]: unknown };

const schema = policyJsonSchema() as Schema;
// strict: an unknown keyword or a pattern that is not a regular expression is an error
/** What editors look at beside the keywords of JSON Schema. */
const OF_EDITORS = ["defaultSnippets", "patternErrorMessage"];
const ajv = new Ajv2020({
  strict: true,
  allErrors: true,
  allowUnionTypes: true,
  keywords: OF_EDITORS,
});
const validate = ajv.compile(schema);
const testsSchema = testsJsonSchema() as Schema;
const validateTests = ajv.compile(testsSchema);

/** Both opinions about a document must be the same. */
function assertSameOpinion(document: unknown): boolean {
  const issues = schemaIssues(PolicyFileSchema, document);
  const accepted = validate(document);
  assert.equal(
    accepted,
    issues.length === 0,
    `${JSON.stringify(document)}\n${JSON.stringify(validate.errors)}\n${
      JSON.stringify(issues)
    }`,
  );
  return accepted;
}

function documentOf(name: string): unknown {
  const text = Deno.readTextFileSync(new URL(name, FIXTURES));
  // through JSON, as an editor's validator would see it
  return JSON.parse(JSON.stringify(toPlain(readYaml(text).root)));
}

/** The YAML reader never lets other keys through. */
const readable = (document: unknown) =>
  !/"(?:__proto__|constructor|prototype)":/.test(
    JSON.stringify(document) ?? "",
  );

Deno.test("policyJsonSchema() accepts every ok fixture", () => {
  for (const name of fixtureNames("ok")) {
    assert.equal(assertSameOpinion(documentOf(`ok/${name}`)), true, name);
  }
});

Deno.test("policyJsonSchema() refuses the err fixtures that have the wrong shape, and no others", () => {
  const counts = { accepted: 0, refused: 0 };
  for (const name of fixtureNames("err")) {
    let document: unknown;
    try {
      document = documentOf(`err/${name}`);
    } catch (error) {
      if (error instanceof YamlError) continue;
      throw error;
    }
    counts[assertSameOpinion(document) ? "accepted" : "refused"]++;
  }
  assert.ok(
    counts.accepted >= 10 && counts.refused >= 40,
    JSON.stringify(counts),
  );
});

Deno.test("policyJsonSchema() and the parser agree about generated and damaged documents", () => {
  const counts = { accepted: 0, refused: 0 };
  const okay = fixtureNames("ok").map((name) => documentOf(`ok/${name}`));
  const documents = fc.oneof(policyArbitrary, fc.constantFrom(...okay));
  const damaged = documents.chain((document) => mutated(document)).chain((
    document,
  ) => fc.oneof(fc.constant(document), mutated(document))).filter(readable);
  holds(
    fc.property(
      fc.oneof({ arbitrary: documents, weight: 1 }, {
        arbitrary: damaged,
        weight: 9,
      }),
      (document) => {
        counts[assertSameOpinion(document) ? "accepted" : "refused"]++;
      },
    ),
    { runs: 2000 },
  );
  assert.ok(
    counts.accepted > 100 && counts.refused > 100,
    JSON.stringify(counts),
  );
});

Deno.test("policyJsonSchema() and the parser agree about the ends of rules", () => {
  const counts = { accepted: 0, refused: 0 };
  const YEARS = ["2024", "2027", "2100", "2000", "2400"];
  const MONTHS = ["01", "02", "04", "09", "10", "11", "12"];
  const DAYS = ["01", "09", "19", "28", "29", "30", "31"];
  const TIMES = ["T00:00:00", "T09:10:59", "T19:59:01", "T20:00:00"];
  const ZONES = ["Z", "+01:00", "-23:59", "+14:30", "-00:00"];
  const digits = (values: readonly string[]) => fc.constantFrom(...values);
  const texts = fc.record({
    year: digits([...YEARS, "0000", "9999", "999"]),
    month: digits([...MONTHS, "00", "13", "1"]),
    day: digits([...DAYS, "00", "32"]),
    time: digits([...TIMES, "T24:00:00", " 00:00:00", ""]),
    zone: digits([...ZONES, "-24:00", "", "z", ".5Z"]),
  }).map(({ year, month, day, time, zone }) =>
    `${year}-${month}-${day}${time}${zone}`
  );
  const base = documentOf("ok/minimal.yaml") as {
    rules: Record<string, Record<string, unknown>>;
  };
  holds(
    fc.property(
      fc.oneof(texts, fc.constantFrom(0, null, 1801353600, [], {}, true)),
      (not_after) => {
        const { staff } = base.rules;
        const rules = { staff: { ...staff, not_after } };
        const accepted = assertSameOpinion({ ...base, rules });
        counts[accepted ? "accepted" : "refused"]++;
      },
    ),
    { runs: 3000 },
  );
  assert.ok(
    counts.accepted > 100 && counts.refused > 1000,
    JSON.stringify(counts),
  );
});

Deno.test("policyJsonSchema() is a titled 2020-12 schema with an id", () => {
  assert.equal(
    schema["$schema"],
    "https://json-schema.org/draft/2020-12/schema",
  );
  assert.equal(schema["$id"], "urn:oauth-pam:policy:1");
  assert.equal(Object.keys(schema)[0], "$schema");
  assert.match(String(schema["title"]), /policy/);
  assert.notEqual(schema["description"] ?? "", "");
  assert.deepEqual(
    JSON.parse(JSON.stringify(schema)),
    schema,
    "plain JSON data",
  );
});

/** Every schema inside, with its path. */
function* schemasIn(value: unknown, path: string): Generator<[string, Schema]> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return;
  }
  const { properties, additionalProperties, items, anyOf, $defs } =
    value as Schema;
  yield [path, value as Schema];
  for (const [name, child] of Object.entries($defs ?? {})) {
    yield* schemasIn(child, `#${name}`);
  }
  for (const [key, child] of Object.entries(properties ?? {})) {
    yield* schemasIn(child, `${path}/${key}`);
  }
  yield* schemasIn(additionalProperties, `${path}/*`);
  yield* schemasIn(items, `${path}/*`);
  for (const child of (anyOf ?? []) as unknown[]) yield* schemasIn(child, path);
}

Deno.test("policyJsonSchema() closes every mapping and describes every key", () => {
  for (
    const [path, { type, properties, additionalProperties, propertyNames }]
      of schemasIn(schema, "")
  ) {
    if (![type].flat().includes("object")) continue;
    assert.ok(
      properties !== undefined || additionalProperties !== undefined,
      path,
    );
    if (properties === undefined) {
      assert.notEqual(propertyNames, undefined, `${path}: names of keys`);
    } else if (propertyNames === undefined) {
      assert.equal(additionalProperties, false, `${path} is open`);
    }
    for (
      const [key, child] of Object.entries(
        (properties ?? {}) as Record<string, Schema>,
      )
    ) {
      assert.ok(
        String(child["description"] ?? "").length > 3,
        `${path}/${key} has no description`,
      );
    }
  }
});

Deno.test("policyJsonSchema() accepts the defaults that it names", () => {
  const base = documentOf("ok/minimal.yaml") as Record<
    string,
    Record<string, Record<string, unknown>>
  >;
  let tried = 0;
  for (const [path, inner] of schemasIn(schema, "")) {
    const [top, , ...rest] = path.slice(1).split("/");
    if (!("default" in inner) || top !== "issuers") continue;
    const document = structuredClone(base);
    if (rest[0] === "device" && rest.length > 1) {
      Object.assign(document.issuers?.campus ?? {}, {
        device: { client_id: "x" },
      });
    }
    let place: Record<string, unknown> = document.issuers?.campus ?? {};
    for (const step of rest.slice(0, -1)) {
      place = (place[step] ??= {}) as Record<string, unknown>;
    }
    place[rest.at(-1) ?? ""] = inner["default"];
    assert.equal(
      validate(document),
      true,
      `${path}: ${JSON.stringify(validate.errors)}`,
    );
    tried++;
  }
  assert.ok(tried > 10);
});

Deno.test("testsJsonSchema() and the parser agree about files of tests", () => {
  const counts = { accepted: 0, refused: 0 };
  const files = Object.values(PROVIDER_STARTS).map(({ tests }) =>
    JSON.parse(JSON.stringify(toPlain(readYaml(tests).root)))
  );
  const own: fc.JsonValue = {
    defaults: { rhost: null, now: "2026-01-01T12:00:00+01:00" },
    tests: [
      {
        name: "a",
        identities: [{ id: "x", idp: null }],
        authentications: [{ auth_time: 1, amr: ["pwd"] }, { auth_time: null }],
        expect: { decision: "allow", rule: null, ssh: { permit: ["all"] } },
      },
      { name: "b", way: "certificate", accounts: ["x"], expect: "deny" },
    ],
    tables: [{
      name: "t",
      subjects: { a: { sub: "a" }, b: {} },
      groups: { all: ["a", "b"] },
      expect: { root: {}, alice: { all: "allow" } },
    }],
  };
  const document = fc.constantFrom(...files, own);
  const damaged = document.chain((one) => mutated(one as never)).chain((one) =>
    fc.oneof(fc.constant(one), mutated(one))
  ).filter(readable);
  holds(
    fc.property(
      fc.oneof({ arbitrary: document, weight: 1 }, {
        arbitrary: damaged,
        weight: 9,
      }),
      (one) => {
        const accepted = validateTests(one);
        const issues = schemaIssues(SuiteSchema, one);
        assert.equal(
          accepted,
          issues.length === 0,
          JSON.stringify([one, validateTests.errors, issues]),
        );
        counts[accepted ? "accepted" : "refused"]++;
      },
    ),
    { runs: 1000 },
  );
  assert.ok(
    counts.accepted > 50 && counts.refused > 100,
    JSON.stringify(counts),
  );
});

for (
  const [what, whole, hints] of [
    ["policyJsonSchema()", schema, { examples: 21, snippets: 15 }],
    ["testsJsonSchema()", testsSchema, { examples: 4, snippets: 2 }],
  ] as const
) {
  Deno.test(`in ${what} every alternative and every mapping inside has a title of its own`, () => {
    let alternatives = 0;
    for (const [path, { anyOf, oneOf, type, title }] of schemasIn(whole, "")) {
      assert.equal(oneOf, undefined, path);
      const titles = ((anyOf ?? []) as Schema[]).map((one) => one["title"]);
      assert.ok(titles.every((one) => typeof one === "string"), path);
      assert.equal(new Set(titles).size, titles.length, path);
      alternatives += titles.length;
      // a condition is called what its claim is called, where it stands
      if (type !== "object" || path === "") continue;
      assert.equal(typeof title, "string", path);
      assert.notEqual(title, whole["title"], path);
    }
    assert.ok(alternatives >= 2);
  });

  Deno.test(`of ${what} an editor inserts no null and nothing empty`, () => {
    for (const [path, inner] of schemasIn(whole, "")) {
      if (!("default" in inner)) continue;
      const usual = inner["default"];
      assert.notEqual(usual, null, path);
      assert.notEqual(JSON.stringify(usual), "[]", path);
      assert.notEqual(JSON.stringify(usual), "{}", path);
    }
  });

  Deno.test(`${what} accepts what editors show or insert`, () => {
    const tried = { examples: 0, snippets: 0 };
    for (const [path, inner] of schemasIn(whole, "")) {
      const { examples = [], defaultSnippets = [] } = inner;
      if ([examples, defaultSnippets].flat().length === 0) continue;
      const accepts = new Ajv2020({
        strict: false,
        keywords: OF_EDITORS,
      })
        .compile({ ...inner, $defs: whole["$defs"], $id: "urn:example:inner" });
      for (const example of examples as unknown[]) {
        assert.equal(accepts(example), true, path);
        tried.examples++;
      }
      for (const { body } of defaultSnippets as Schema[]) {
        // as it is when people have typed a letter in each empty place
        const filled = JSON.stringify(body)
          .replaceAll(/\$\{\d+:([^}]*)\}/g, "$1").replaceAll(/\$\d+/g, "x");
        assert.equal(accepts(JSON.parse(filled)), true, `${path} ${filled}`);
        tried.snippets++;
      }
    }
    // a hint about what is not there would be missing here
    assert.deepEqual(tried, hints);
  });
}

Deno.test("the claims that are known by name are OpenID Connect's and those of providers", () => {
  const whens = [...schemasIn(schema, "")].filter(([path]) =>
    path.endsWith("/when")
  );
  assert.deepEqual(whens.map(([path]) => path), [
    "/rules/*/when",
    "/never/*/when",
    "/never/*/unless/when",
  ]);
  for (const [path, { properties, additionalProperties }] of whens) {
    const known = properties as Record<string, Schema>;
    const wanted = [
      "groups",
      "email_verified",
      "acr",
      ...[...claimsOfProviders().values()].flat(),
      // of a shipped policy, and of the tokens in its tests
      "/resource_access/ssh/roles",
      "wlcg.groups",
      "runner_environment",
    ];
    for (const claim of wanted) {
      assert.ok(known[claim], `${path} ${claim}`);
      assert.notEqual(known[claim]["description"], "");
    }
    assert.equal(
      known["workflow_ref"]?.["description"],
      "sent by GitHub Actions",
    );
    // no example's own names
    assert.deepEqual(
      Object.keys(known).filter((claim) => /example|^_/.test(claim)),
      [],
    );
    // a known claim is asked the same as any other
    const any = (additionalProperties as Schema)["$ref"];
    for (const [claim, { $ref, allOf }] of Object.entries(known)) {
      const [one, ...more] = (allOf ?? [{ $ref }]) as Schema[];
      assert.deepEqual([one?.["$ref"], more], [any, []], claim);
    }
  }
});
