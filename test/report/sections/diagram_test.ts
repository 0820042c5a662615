/**
 * The diagram: solid lines that allow, dashed ones that deny, every text inside its box, and few boxes
 * for many rules.
 *
 * @module
 */
import assert from "node:assert/strict";
import { reportFacts } from "../../../src/report/facts.ts";
import { text } from "../../../src/report/html.ts";
import { diagramSection } from "../../../src/report/sections/diagram.ts";
import { knownPolicies, reportInput } from "../../support/report.ts";
import { shapedPolicies, SHAPES } from "../../support/shapes.ts";

interface Box {
  readonly kind: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly lines: readonly {
    readonly x: number;
    readonly y: number;
    readonly words: string;
  }[];
}

const COLUMN = 7.3;

function drawn(policy: string) {
  const svg = text(diagramSection(reportFacts(reportInput({ text: policy }))));
  const number = (tag: string, name: string) =>
    Number(new RegExp(`\\s${name}="([-0-9.]+)"`).exec(tag)?.[1] ?? NaN);
  const boxes = [...svg.matchAll(/<g\s+class="box (\w+)">([\s\S]*?)<\/g>/g)]
    .map(([, kind = "", inner = ""]): Box => {
      const rect = /<rect[^>]*>/.exec(inner)?.[0] ?? "";
      return {
        kind,
        x: number(rect, "x"),
        y: number(rect, "y"),
        width: number(rect, "width"),
        height: number(rect, "height"),
        lines: [...inner.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)].map((
          [, tag = "", words = ""],
        ) => ({
          x: number(tag, "x"),
          y: number(tag, "y"),
          words: words.replaceAll("&quot;", '"').replace(/&[#a-z0-9]+;/g, "_"),
        })),
      };
    });
  const edges = [...svg.matchAll(/<path\s+class="edge (\w+)"\s+d="([^"]*)"/g)]
    .map(([, effect, d = ""]) => ({
      effect,
      from: Number(/^M([0-9.]+) /.exec(d)?.[1]),
      to: d.split(" ").slice(-2).map(Number),
    }));
  const height = number(/<svg[^>]*>/.exec(svg)?.[0] ?? "", "height");
  const width = number(/<svg[^>]*>/.exec(svg)?.[0] ?? "", "width");
  return { svg, boxes, edges, height, width };
}

Deno.test("issuers, rules and accounts are boxes with lines between them", () => {
  const { boxes, edges } = drawn(`version: 1
issuers:
  campus: {issuer: "https://login.example.edu", audiences: [ssh]}
  lab: {issuer: "https://lab.example.org", audiences: [ssh]}
rules:
  staff: {issuers: [campus], services: [sshd], rhosts: [10.0.0.0/8], accounts: [{claim: sub}], assurance: {mfa: true, max_auth_age: 8h}}
  ops: {accounts: [{names: [deploy]}, {claim: sub}]}
  leavers: {effect: deny, when: {groups: {any: [leavers]}}}
`);
  const told = boxes.map(({ kind, lines }) => [
    kind,
    // where a line ends, what stands between words may go
    lines.map(({ words }) => words).join(" ").replaceAll(" ·", ""),
  ]);
  assert.deepEqual(told, [
    ["issuer", "campus"],
    ["issuer", "lab"],
    ["allow", "staff sshd 10.0.0.0/8 MFA sign-in at most 8h old"],
    ["allow", "ops any service from anywhere"],
    ["deny", "leavers any service from anywhere"],
    ["account", "sub"],
    ["account", "deploy"],
    ["account", "every account"],
  ]);
  const count = (effect: string) =>
    edges.filter((edge) => edge.effect === effect).length;
  // 1 and 1, 2 and 2; 2 and 1
  assert.deepEqual([count("allow"), count("deny")], [6, 3]);
  for (const { from, to } of edges) {
    assert.ok(boxes.some(({ x, width }) => x + width === from));
    assert.ok(
      boxes.some(({ x, y, height }) =>
        x === to[0] && Math.abs(y + height / 2 - (to[1] ?? 0)) < 0.2
      ),
    );
  }
});

Deno.test("every text lies in its box, and no box on another or outside", () => {
  const policies = [
    ...knownPolicies().map((known) => known.text),
    ...SHAPES.map((shape) => JSON.stringify(shapedPolicies(shape, 60)[0])),
    ...SHAPES.map((shape) => JSON.stringify(shapedPolicies(shape, 61)[0])),
    JSON.stringify({
      version: 1,
      issuers: { a: { issuer: "https://a.example", audiences: ["ssh"] } },
      rules: {
        all: {
          services: ["漢字".repeat(60), "x".repeat(300)],
          accounts: [{ claim: "é漢".repeat(40) }, { claim: "</svg>" }],
        },
      },
    }),
  ];
  for (const policy of policies) {
    const { boxes, height, width } = drawn(policy);
    for (const box of boxes) {
      assert.ok(box.lines.length > 0);
      for (const { x, y, words } of box.lines) {
        assert.ok(x > box.x && y - 11 >= box.y && y + 4 <= box.y + box.height);
        let columns = 0;
        for (const char of words) columns += char <= "\u00ff" ? 1 : 2;
        assert.ok(x + columns * COLUMN < box.x + box.width, words);
      }
      assert.ok(box.y >= 0 && box.y + box.height <= height);
      assert.ok(box.x >= 0 && box.x + box.width <= width);
      const over = boxes.filter((other) =>
        other !== box && other.x === box.x &&
        other.y < box.y + box.height && box.y < other.y + other.height
      );
      assert.deepEqual(over, []);
    }
  }
});

Deno.test("of more than 60 rules those with the same source of accounts are one box", () => {
  const count = (rules: number) =>
    drawn(JSON.stringify(shapedPolicies("mixed", rules)[0])).boxes.filter(
      ({ kind }) => kind === "allow",
    );
  assert.equal(count(60).length, 60);
  const grouped = count(1_000);
  assert.deepEqual(
    grouped.map(({ lines }) => lines[0]?.words),
    ["250 rules", "250 rules", "250 rules", "250 rules"].slice(
      0,
      grouped.length,
    ),
  );
  assert.ok(grouped.length >= 3);
  const { svg } = drawn(JSON.stringify(shapedPolicies("mixed", 1_000)[0]));
  assert.match(svg, /1000 rules are too many to draw/);
});
