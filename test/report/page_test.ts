/**
 * The page: the same bytes for the same input, nothing that runs or is loaded, and words of others that
 * stay words wherever they stand.
 *
 * @module
 */
import assert from "node:assert/strict";
import { stringify as yaml } from "yaml";
import { type ReportFacts, reportFacts } from "../../src/report/facts.ts";
import { visible } from "../../src/lib/text.ts";
import { reportPage, sourceHash } from "../../src/report/page.ts";
import { knownPolicies, reportInput } from "../support/report.ts";

type Given = Parameters<typeof reportInput>[0];

const page = (given: Given) => reportPage(reportFacts(reportInput(given)));

/** Every tag, with its attributes; throws where a "<" begins none. */
function tagsOf(
  text: string,
): { name: string; attributes: Record<string, string> }[] {
  const tags: { name: string; attributes: Record<string, string> }[] = [];
  const tag =
    /<(!doctype html|\/?[a-z][a-z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"<>]*")?)*)\s*\/?>/y;
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at + 1)) {
    tag.lastIndex = at;
    const found = tag.exec(text);
    assert.ok(found, text.slice(at, at + 100));
    const attributes: Record<string, string> = {};
    for (
      const [, name = "", value = ""] of (found[2] ?? "").matchAll(
        /([a-zA-Z:-]+)(?:="([^"]*)")?/g,
      )
    ) attributes[name] = value;
    tags.push({ name: (found[1] ?? "").replace("/", ""), attributes });
  }
  return tags;
}

/** What a page is made of: anything else came out of the input. */
const ELEMENTS = new Set([
  "!doctype html",
  ..."html head meta title style body header h1 h2 nav ul li a main section p span div svg g rect text path table caption thead tbody tr th td code small em strong ol pre br"
    .split(" "),
]);
const ATTRIBUTES = new Set([
  ..."lang charset http-equiv content name href id aria-labelledby aria-label aria-hidden role tabindex class width height viewBox x y rx d textLength lengthAdjust scope data-label"
    .split(" "),
]);

function assertInert(text: string, at: string): void {
  for (const { name, attributes } of tagsOf(text)) {
    assert.ok(ELEMENTS.has(name), `${at}: <${name}>`);
    for (const [attribute, value] of Object.entries(attributes)) {
      assert.ok(ATTRIBUTES.has(attribute), `${at}: ${attribute}`);
      if (attribute === "href") assert.match(value, /^#[A-Za-z][A-Za-z0-9]*$/);
    }
  }
  // shown by their numbers, if at all; lines end as everywhere
  assert.equal(
    visible(text.replaceAll("\n", "")),
    text.replaceAll("\n", ""),
    at,
  );
}

const WORDS: readonly string[] = [
  "</svg><script>alert(1)</script>",
  "</style></title></pre><script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "javascript:alert(1)",
  "<!-- --><![CDATA[ ]]>",
  "&lt;b&gt; &#60;b&#62; &amp;",
  "a\u202eb\u2066c\u200bd",
  "first\nsecond\r\nthird\ttab",
  "x".repeat(5_000),
  "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}".repeat(50),
  "a" + "\u0301".repeat(300),
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "${1+1} {{1+1}} <%= 1 %>",
  "]]></text></g></svg>",
];

/** Policies have no aliases. */
const stringify = (value: unknown) =>
  yaml(value, { aliasDuplicateObjects: false, lineWidth: 0 });

/** A policy, its tests, an earlier one and records, with the word wherever one can be. */
function hostile(word: string): Given {
  const claim = word.replace(/[\s]/g, " ").trim() || "x";
  const name = /^(?:\/|__proto__$|constructor$)/.test(claim)
    ? `x${claim}`
    : claim;
  const path = `/etc/${
    word.replace(/[\0,/]/g, "-").slice(0, 900).toWellFormed()
  }`;
  const defaults = { map_files: { [path]: `${claim} deploy` } };
  const policy = (values: readonly string[]) =>
    stringify({
      defaults,
      version: 1,
      issuers: {
        campus: { issuer: "https://login.example.edu", audiences: [word] },
      },
      rules: {
        staff: {
          description: word,
          services: values,
          when: {
            [name]: { any: values, none: ["nobody"] },
            title: { like: word },
            unit: word,
          },
          accounts: [
            { names: ["deploy"] },
            { claim: name, strip_suffix: `@${word}` },
            { map: { [name]: ["mapped"] }, keys: [name] },
            {
              map_file: path,
              keys: ["sub"],
            },
          ],
          assurance: { permitted_idps: [word] },
        },
        guests: {
          description: word,
          effect: "deny",
          services: [word],
          when: { [name]: { in: values } },
        },
      },
      never: {
        outside: {
          description: word,
          accounts: ["deploy"],
          services: [word],
          unless: { when: { unit: "other" } },
        },
      },
      tests: [
        {
          name: word,
          account: "deploy",
          claims: { sub: word },
          expect: "allow",
        },
      ],
    });
  const record = (more: Record<string, unknown>) =>
    JSON.stringify({
      time: "2026-01-01T00:00:00Z",
      decision: "deny",
      reason: word,
      user: word,
      service: word,
      issuer: word,
      rule: word,
      claims: { sub: word },
      ...more,
    });
  return {
    file: `${word}.yaml`,
    text: policy([word, "other"]),
    tests: stringify({
      defaults,
      tests: [
        {
          name: `beside ${word}`,
          account: "root",
          claims: { [name]: word },
          expect: "allow",
        },
      ],
    }),
    old: policy(["other"]),
    audit: [
      record({}),
      record({ decision: word }),
      record({ time: word }),
      word,
      `{"time":"${word}`,
      record({ rule: "staff", decision: "allow", reason: "allowed" }),
    ],
    now: 1_767_268_800,
  };
}

Deno.test("hostile words stay words, wherever a policy, a test, a token or a record can hold them", async () => {
  for (const word of WORDS) {
    const given = hostile(word);
    const text = await page(given);
    assertInert(text, word.slice(0, 40));
    // all of the places were reached
    for (
      const id of [
        "least",
        "refused",
        "tests",
        "findings",
        "changes",
        "audit",
        "text",
      ]
    ) {
      const start = text.indexOf(`<section id="${id}"`);
      assert.ok(start > 0, id);
    }
    assert.match(text, /Tests that fail/);
    assert.match(text, /What must never be/);
    assert.match(text, /1 record|[23] records/);
  }
});

Deno.test("the words are there, escaped", async () => {
  const text = await page(hostile("</svg><script>alert(1)</script>"));
  const escaped = "&lt;/svg&gt;&lt;script&gt;alert(1)&lt;/script&gt;";
  const inSection = (id: string) => {
    const start = text.indexOf(`<section id="${id}"`);
    return text.slice(start, text.indexOf("</section>", start));
  };
  for (
    const id of [
      "diagram",
      "least",
      "refused",
      "matrix",
      "tests",
      "changes",
      "audit",
      "text",
    ]
  ) {
    const compact = inSection(id).replaceAll(/<[^>]*>/g, "").replaceAll(
      "\n",
      "",
    );
    assert.ok(compact.includes(escaped), id);
  }
  const bidi = await page(hostile("a\u202eb"));
  assert.ok(bidi.includes("a\\u202eb"));
});

Deno.test("known policies: inert pages, the same bytes twice", async () => {
  for (const known of knownPolicies()) {
    const text = await page(known);
    assertInert(text, known.file);
    assert.equal(await page(known), text, known.file);
    assert.match(text, /<section id="least"/);
  }
});

Deno.test("the page allows its style sheet and nothing else", async () => {
  const [known] = knownPolicies();
  assert.ok(known);
  const text = await page(known);
  const css = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1];
  assert.ok(css);
  const hash = await sourceHash(css);
  assert.match(hash, /^sha256-[A-Za-z0-9+/]{43}=$/);
  assert.ok(
    text.includes(
      `<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; style-src &#39;${hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;">`,
    ),
  );
  // before anything that could be loaded
  assert.ok(text.indexOf("Content-Security-Policy") < text.indexOf("<style"));
  assert.doesNotMatch(css, /url\(|@import/);
  assert.doesNotMatch(text, / style="|<script| on[a-z]+="/);
});

Deno.test("every link leads to a place on the page", async () => {
  for (const known of knownPolicies()) {
    const tags = tagsOf(await page({ ...known, audit: [], old: known.text }));
    const ids = tags.flatMap(({ attributes }) => attributes["id"] ?? []);
    assert.equal(new Set(ids).size, ids.length, known.file);
    const links = tags.flatMap(({ attributes }) => attributes["href"] ?? []);
    assert.ok(links.length > 10);
    assert.deepEqual(
      links.filter((link) => !ids.includes(link.slice(1))),
      [],
      known.file,
    );
  }
});

Deno.test("what could not be told is said, and is never nobody", async () => {
  const facts = reportFacts(
    reportInput({ text: knownPolicies()[0]?.text ?? "" }),
  );
  const limited: ReportFacts = {
    ...facts,
    who: {
      accounts: facts.who.accounts.map((one) => ({
        ...one,
        ways: [],
        whole: false,
      })),
      limits: ["there are too many combinations to look at all of them"],
    },
    matrix: {
      ...facts.matrix,
      rows: facts.matrix.rows.map((row) => ({
        ...row,
        whole: false,
        cells: row.cells.map(() => ({
          ways: 0,
          weakest: null,
          strongest: null,
        })),
      })),
    },
  };
  const text = await reportPage(limited);
  assert.match(text, /Cannot tell who is admitted\./);
  assert.match(text, /too many combinations to look at all of them/);
  assert.match(text, /cannot tell<\/span>/);
  assert.match(text, /not everything could be told/);
  assert.doesNotMatch(text, /[Nn]obody (?:is admitted|reaches)|>nobody</);
});
