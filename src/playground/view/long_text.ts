/**
 * A textarea that stands for a text of any length: of a long one it holds some lines, or a piece of one, and two
 * buttons lead to what is before and after.
 *
 * @module
 */
/// <reference lib="dom" />
import { button, element } from "./dom.ts";
import { count, isMuch, placeWords, windowAt } from "./lines.ts";

/** So many times what is laid out quickly may be typed into a field before it holds less. */
const SLACK = 2;

export class LongText {
  readonly #field: HTMLTextAreaElement;
  readonly #changed: (byPerson: boolean) => void;
  readonly #bar: HTMLElement;
  readonly #place: HTMLElement;
  #before = "";
  #own = "";
  #after = "";
  /** Lines before those in the field, and all. */
  #from = 0;
  #count = 1;

  /**
   * `what` is what the text is, in the names of the buttons, which go into `bar`, or below the field where there
   * is none; `changed` is told of every change, and of another part in the field.
   */
  constructor(
    field: HTMLTextAreaElement,
    { what, bar = below(field), changed }: {
      what: string;
      bar?: HTMLElement;
      changed: (byPerson: boolean) => void;
    },
  ) {
    this.#field = field;
    this.#changed = changed;
    this.#bar = bar;
    this.#place = element("span", "quiet");
    const earlier = button("Earlier lines", () => this.#turn(-1));
    const later = button("Later lines", () => this.#turn(1));
    earlier.setAttribute("aria-label", `Earlier lines of ${what}`);
    later.setAttribute("aria-label", `Later lines of ${what}`);
    bar.append(earlier, later, this.#place);
    bar.hidden = true;
    field.addEventListener("beforeinput", (event) => this.#take(event));
    field.addEventListener("input", () => {
      this.#own = field.value;
      // a script may have put more into it than it should hold
      if (isMuch(this.#own, SLACK)) {
        this.#hold(this.text, this.#before.length + field.selectionStart);
      } else this.#tellPlace();
      this.#changed(true);
    });
  }

  /** Lines before those in the field. */
  get from(): number {
    return this.#from;
  }

  /** Characters of the first line in the field that are before it. */
  get cut(): number {
    return this.#before.length - this.#before.lastIndexOf("\n") - 1;
  }

  /** The lines in the field; the first and the last may be pieces. */
  get shown(): readonly string[] {
    return this.#own.split("\n");
  }

  /** All lines there are. */
  get count(): number {
    return this.#count;
  }

  get text(): string {
    return this.#before + this.#own + this.#after;
  }

  set text(text: string) {
    // as a textarea has it
    this.#hold(text.replace(/\r\n?/g, "\n"), 0);
    this.#changed(false);
  }

  /** Has a place in the field; both count from 0. Returns which character of the field it is. */
  show(line: number, column: number): number {
    const { text } = this;
    let at = 0;
    for (let each = 0; each < line; each++) {
      const end = text.indexOf("\n", at);
      if (end < 0) break;
      at = end + 1;
    }
    const end = text.indexOf("\n", at);
    at = Math.min(at + column, end < 0 ? text.length : end);
    const from = this.#before.length;
    if (at < from || from + this.#own.length < at) {
      this.#hold(text, at);
      this.#changed(false);
    }
    return at - this.#before.length;
  }

  /** Holds the part that has this character in it; the caret is there when that is not the first. */
  #hold(text: string, at: number): void {
    const { from, to } = windowAt(text, at);
    this.#before = text.slice(0, from);
    this.#own = text.slice(from, to);
    this.#after = text.slice(to);
    this.#field.value = this.#own;
    const caret = Math.min(at, to) - from;
    this.#field.setSelectionRange(caret, caret);
    this.#field.scrollTo(0, 0);
    this.#tellPlace();
  }

  #tellPlace(): void {
    const { text } = this;
    this.#from = count(this.#before) - 1;
    this.#count = count(text);
    const from = this.#before.length;
    const to = from + this.#own.length;
    this.#bar.hidden = from === 0 && to === text.length;
    this.#place.textContent = this.#bar.hidden
      ? ""
      : placeWords(text, { from, to });
  }

  #turn(by: -1 | 1): void {
    const { text } = this;
    const end = this.#before.length + this.#own.length;
    const at = by < 0
      ? this.#before.length - 1
      : this.#after.startsWith("\n")
      ? end + 1
      : end;
    if (at < 0 || (by > 0 && this.#after === "")) return;
    // its beginning, wherever it ends
    this.#hold(text, windowAt(text, at).from);
    this.#changed(false);
  }

  /** What is pasted goes in before the browser lays it out, where it is much. */
  #take(event: InputEvent): void {
    if (!event.inputType.startsWith("history")) this.#takeAll();
    const pasted = event.data ??
      event.dataTransfer?.getData("text/plain") ?? "";
    if (!isMuch(pasted)) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = this.#field;
    const own = value.slice(0, selectionStart) +
      pasted.replace(/\r\n?/g, "\n") + value.slice(selectionEnd);
    this.#hold(
      this.#before + own + this.#after,
      this.#before.length + selectionStart,
    );
    this.#changed(true);
  }

  /** Who selects all that is in the field means all of the text. */
  #takeAll(): void {
    const { value, selectionStart, selectionEnd } = this.#field;
    if (value === "" || selectionEnd - selectionStart < value.length) return;
    this.#before = "";
    this.#after = "";
  }
}

function below(field: HTMLElement): HTMLElement {
  const bar = element("div", "row");
  field.after(bar);
  return bar;
}
