/**
 * The field for the policy: a textarea over an underlay that draws the lines which can be seen, and no others,
 * so that a long text costs no more than a short one.
 *
 * @module
 */
/// <reference lib="dom" />
import type { Diagnostic } from "../../policy/diagnostic.ts";
import { byId, element } from "./dom.ts";
import { LongText } from "./long_text.ts";
import { MAX_LINE, piecesOf } from "./highlight.ts";

/** Lines above and below that are drawn as well. */
const MARGIN = 5;

export class Editor {
  readonly #field = byId("policy-text", HTMLTextAreaElement);
  readonly #underlay = byId("underlay", HTMLPreElement);
  readonly #gutter = byId("gutter", HTMLElement);
  readonly #frame = byId("editor", HTMLElement);
  readonly #note = byId("caret-note", HTMLElement);
  readonly #long: LongText;
  #findings: readonly Diagnostic[] = [];
  #drawing = false;
  #drawn = "";

  /** `changed` is told after each change by a person. */
  constructor(changed: () => void) {
    this.#long = new LongText(this.#field, {
      what: "the policy",
      bar: byId("policy-lines", HTMLElement),
      changed: (byPerson) => {
        this.#frame.classList.toggle(
          "plain",
          this.#long.shown.some((line) => line.length > MAX_LINE),
        );
        if (byPerson) {
          // what was found is about another text by now
          this.#findings = [];
          changed();
        }
        this.#drawSoon();
        this.#tellCaret();
      },
    });
    this.#field.addEventListener("scroll", () => this.#drawSoon());
    document.addEventListener("selectionchange", () => {
      if (document.activeElement === this.#field) this.#tellCaret();
    });
    new ResizeObserver(() => this.#drawSoon()).observe(this.#frame);
  }

  get text(): string {
    return this.#long.text;
  }

  set text(text: string) {
    this.#findings = [];
    this.#long.text = text;
  }

  /** Findings about the text as it is, to be underlined. */
  mark(findings: readonly Diagnostic[]): void {
    this.#findings = findings;
    this.#drawSoon();
    this.#tellCaret();
  }

  /** Puts the caret at a place (both count from 1) and shows it. */
  moveTo(line: number, column: number): void {
    const place = this.#long.show(line - 1, column - 1);
    const own = line - 1 - this.#long.from;
    this.#field.focus();
    this.#field.setSelectionRange(place, place);
    const middle = own * this.#lineHeight() - this.#field.clientHeight / 2;
    this.#field.scrollTo(0, Math.max(0, middle));
    this.#drawSoon();
    this.#tellCaret();
  }

  #lineHeight(): number {
    return parseFloat(getComputedStyle(this.#field).lineHeight);
  }

  #drawSoon(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { scrollTop, scrollLeft, clientHeight } = this.#field;
    const height = this.#lineHeight();
    const first = Math.max(0, Math.floor(scrollTop / height) - MARGIN);
    const { shown, from, cut } = this.#long;
    const last = Math.min(
      shown.length,
      Math.ceil((scrollTop + clientHeight) / height) + MARGIN,
    );
    const lines = shown.slice(first, last);
    const top = first * height - scrollTop;
    this.#underlay.style.transform = `translate(${-scrollLeft}px, ${top}px)`;
    const marks = this.#findings.filter(({ line, endLine }) =>
      line <= from + last && endLine > from + first
    );
    const drawn = JSON.stringify([from + first, cut, lines, marks]);
    if (drawn !== this.#drawn) {
      this.#drawn = drawn;
      this.#underlay.replaceChildren(
        ...lines.flatMap((line, index) => [
          ...piecesOf(line, {
            number: from + first + index + 1,
            marks,
            before: first + index === 0 ? cut : 0,
          })
            .map(({ text, classes }) =>
              classes.length === 0
                ? document.createTextNode(text)
                : element("span", classes.join(" "), text)
            ),
          "\n",
        ]),
      );
      const levels = new Map<number, string>();
      for (const { line, level } of marks) {
        if (levels.get(line) !== "error") levels.set(line, level);
      }
      this.#gutter.replaceChildren(element(
        "div",
        "numbers",
        ...lines.flatMap((_, index) => {
          const number = from + first + index + 1;
          return [
            element("span", levels.get(number) ?? "", String(number)),
            "\n",
          ];
        }),
      ));
    }
    const numbers = this.#gutter.firstElementChild;
    if (numbers instanceof HTMLElement) {
      numbers.style.transform = `translate(0, ${top}px)`;
    }
  }

  /** What was found in the line that the caret is in. */
  #tellCaret(): void {
    const before = this.#field.value.slice(0, this.#field.selectionStart);
    let line = this.#long.from + 1;
    for (
      let at = before.indexOf("\n");
      at >= 0;
      at = before.indexOf("\n", at + 1)
    ) {
      line++;
    }
    const found = this.#findings.find((each) => each.line === line);
    const hint = found?.hint === undefined ? "" : `; ${found.hint}`;
    const text = found === undefined
      ? `Line ${line} of ${this.#long.count}`
      : `Line ${line}: ${found.level}: ${found.message}${hint}`;
    if (this.#note.textContent !== text) this.#note.textContent = text;
  }
}
