/**
 * Issuers, rules and accounts as a diagram: solid lines allow, dashed ones deny.
 *
 * All geometry is worked out here, from text that is wrapped by columns: what a browser measures
 * cannot be known, so that boxes are wide enough for any monospaced font.
 *
 * @module
 */
import { plural } from "../../lib/text.ts";
import type { ReportFacts } from "../facts.ts";
import type { RuleFact } from "../facts/rules.ts";
import { type Html, html } from "../html.ts";
import { listed } from "../words.ts";
import { columns, isPlain, wrapped } from "../wrap.ts";
import { paragraph, section } from "./parts.ts";

/** Text in a box, in columns. */
const TEXT_WIDTH = 28;
/** A column of 12 pixels in the widest of the usual fonts, and a bit. */
const COLUMN = 7.5;
const LINE = 16;
const PADDING = 10;
const BOX = TEXT_WIDTH * COLUMN + 2 * PADDING;
/** Between boxes: beside each other, and one below the other. */
const ASIDE = 80;
const BELOW = 12;
const MARGIN = 2;
const WIDTH = 3 * BOX + 2 * ASIDE + 2 * MARGIN;
/** Of more rules, those with the same source of accounts are one box. */
const MAX_RULES = 60;
/** Issuers that have a box each. */
const MAX_ISSUERS = 20;
/** Sources that a rule has lines to. */
const MAX_SOURCES = 5;

/** What becomes one box in the middle. */
interface Node {
  readonly effect: "allow" | "deny";
  readonly title: string;
  readonly label: string;
  /** Names; `null`: all of them. */
  readonly issuers: readonly string[] | null;
  readonly accounts: readonly string[];
}

export function diagramSection(facts: ReportFacts): Html {
  const { rules } = facts;
  const grouped = rules.length > MAX_RULES;
  const nodes = grouped ? groups(rules) : rules.map(nodeOf);
  return section(
    "diagram",
    "Who vouches, which rule, which accounts",
    html`
      ${paragraph(
        `Solid lines allow, dashed lines deny.${
          grouped
            ? ` ${
              plural(rules.length, "rule")
            } are too many to draw: those that take accounts from the same source are one box.`
            : ""
        }`,
      )}<div class="drawn">${drawing(facts, nodes)}${inWords(
        facts,
        nodes,
      )}</div>
    `,
  );
}

/** The same as a list, for where the drawing has no room: letters that shrink cannot be read. */
function inWords({ issuers }: ReportFacts, nodes: readonly Node[]): Html {
  const every = listed(issuers.map(({ name }) => name), { most: MAX_SOURCES });
  return html`
    <ul class="ways">${nodes.map((node) =>
      html`<li class="way-${node.effect}"><strong>${node.title}</strong>
        <small>${node.effect === "allow" ? "allows" : "denies"} ${
        node.label === "" ? "" : `· ${node.label}`
      }</small>
        <div>${
        node.issuers === null
          ? every
          : listed(node.issuers, { most: MAX_SOURCES })
      } <span aria-hidden="true">→</span> ${
        listed(node.accounts, { most: MAX_SOURCES + 1 })
      }</div></li>`
    )}</ul>
  `;
}

function nodeOf(rule: RuleFact): Node {
  const { effect, id, label, issuers, accounts } = rule;
  return {
    effect,
    title: id,
    label,
    issuers,
    accounts: accounts === null ? ["every account"] : short(accounts),
  };
}

function short(accounts: readonly string[]): string[] {
  const rest = accounts.length - MAX_SOURCES;
  return rest <= 1 ? [...accounts] : [
    ...accounts.slice(0, MAX_SOURCES),
    `${rest} more sources`,
  ];
}

/** Rules that take accounts from the same sort of source, in the order of the first of each. */
function groups(rules: readonly RuleFact[]): Node[] {
  const byKey = new Map<string, RuleFact[]>();
  for (const rule of rules) {
    const full = byKey.size >= MAX_RULES - 2;
    const own = JSON.stringify([rule.effect, rule.sorts]);
    const key = byKey.has(own) || !full ? own : rule.effect;
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, [rule]);
    else group.push(rule);
  }
  return [...byKey].map(([key, group]) => {
    const [first] = group;
    const others = key === "allow" || key === "deny";
    const every = group.some(({ issuers }) => issuers === null);
    return {
      effect: first?.effect ?? "deny",
      title: group.length === 1 && first !== undefined
        ? first.id
        : plural(group.length, "rule"),
      label: group.length === 1 && first !== undefined
        ? first.label
        : common(group),
      issuers: every
        ? null
        : [...new Set(group.flatMap(({ issuers }) => issuers ?? []))],
      accounts: others ? ["other sources"] : short(first?.sorts ?? []),
    };
  });
}

/** What of labels is the same for all, and what is not. */
function common(group: readonly RuleFact[]): string {
  const labels = [...new Set(group.map(({ label }) => label))];
  return labels.length === 1
    ? labels[0] ?? ""
    : `${
      plural(labels.length, "combination")
    } of services, networks and assurance`;
}

interface Box {
  readonly lines: readonly string[];
  readonly kind: string;
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

/** The boxes of a column, spread over the height. */
function column(
  contents: readonly {
    readonly lines: readonly string[];
    readonly kind: string;
  }[],
  { x, height }: { x: number; height: number },
): Box[] {
  const free = height - heightOf(contents);
  const gap = contents.length === 0 ? 0 : free / (contents.length + 1);
  let y = MARGIN + gap;
  return contents.map((content) => {
    const own = boxHeight(content.lines);
    const box = { ...content, x, y: round(y), height: own };
    y += own + BELOW + gap;
    return box;
  });
}

function heightOf(contents: readonly { readonly lines: readonly string[] }[]) {
  return contents.reduce((sum, { lines }) => sum + boxHeight(lines) + BELOW, 0);
}

function boxHeight(lines: readonly string[]): number {
  return lines.length * LINE + 2 * PADDING - 6;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function drawing(facts: ReportFacts, nodes: readonly Node[]): Html {
  const known = facts.issuers.map(({ name }) => name);
  const isMany = known.length > MAX_ISSUERS;
  // a policy of very many issuers has one box for all of them
  const issuers = isMany ? [`${known.length} issuers`] : known;
  const accounts = [...new Set(nodes.flatMap(({ accounts }) => accounts))];
  const contents = {
    issuers: issuers.map((name) => ({
      lines: wrapped(name, TEXT_WIDTH),
      kind: "issuer",
    })),
    rules: nodes.map(({ title, label, effect }) => ({
      lines: [
        ...wrapped(title, TEXT_WIDTH),
        // a dot stays with the word before it
        ...wrapped(label.replaceAll(" · ", "_· "), TEXT_WIDTH).map((line) =>
          line.replaceAll("_·", " ·")
        ),
      ],
      kind: effect,
    })),
    accounts: accounts.map((words) => ({
      lines: wrapped(words, TEXT_WIDTH),
      kind: "account",
    })),
  };
  const height = Math.max(...Object.values(contents).map(heightOf));
  const left = column(contents.issuers, { x: MARGIN, height });
  const middle = column(contents.rules, { x: MARGIN + BOX + ASIDE, height });
  const right = column(contents.accounts, {
    x: MARGIN + 2 * (BOX + ASIDE),
    height,
  });
  const places = new Map(accounts.map((words, index) => [words, right[index]]));
  const edges = nodes.flatMap((node, index) => {
    const box = middle[index];
    const from = isMany || node.issuers === null
      ? left
      : left.filter((_, at) => node.issuers?.includes(known[at] ?? ""));
    const to = node.accounts.map((words) => places.get(words));
    return [
      ...from.map((issuer) => edge(issuer, box, node.effect)),
      ...to.map((account) => edge(box, account, node.effect)),
    ];
  });
  const total = round(height + 2 * MARGIN);
  const alternative = `Diagram: ${plural(known.length, "issuer")}, ${
    plural(facts.rules.length, "rule")
  }, accounts from ${
    listed(accounts, { most: 5 })
  }; the table below says the same`;
  return html`
    <svg class="diagram" width="${WIDTH}" height="${total}"
      viewBox="0 0 ${WIDTH} ${total}" role="img" aria-label="${alternative}">
    ${edges}${[...left, ...middle, ...right].map(boxPart)}</svg>
  `;
}

function edge(
  from: Box | undefined,
  to: Box | undefined,
  effect: Node["effect"],
): Html {
  if (from === undefined || to === undefined) return html``;
  const start = from.x + BOX;
  const [y1, y2] = [from, to].map(({ y, height }) => round(y + height / 2));
  const middle = (start + to.x) / 2;
  return html`
    <path class="edge ${effect}"
      d="M${start} ${y1 ?? 0}C${middle} ${y1 ?? 0} ${middle} ${y2 ?? 0} ${to
        .x} ${y2 ?? 0}" />
  `;
}

function boxPart({ lines, kind, x, y, height }: Box): Html {
  return html`
    <g
      class="box ${kind}"><rect x="${x}" y="${y}" width="${BOX}" height="${height}" rx="4"/>${lines
        .map((line, index) => {
          const [left, base] = [
            x + PADDING,
            round(y + PADDING + 9 + index * LINE),
          ];
          // of other scripts the width is not known, so it is said
          return isPlain(line)
            ? html`<text x="${left}" y="${base}">${line}</text>`
            : html`
              <text x="${left}" y="${base}" textLength="${columns(line) *
                COLUMN}"
                lengthAdjust="spacingAndGlyphs">${line}</text>
            `;
        })}</g>
  `;
}
