/**
 * A textarea that stands for a text of any length: of a long one it holds some lines, and two buttons lead to
 * those before and after.
 *
 * @module
 */
/// <reference lib="dom" />
import { button, element } from "./dom.ts";
import { MAX_CHARACTERS, MAX_LINES, type Window, windowAt } from "./lines.ts";

export class LongText {
  readonly #field: HTMLTextAreaElement;
  readonly #changed: (byPerson: boolean) => void;
  readonly #bar: HTMLElement;
  readonly #place: HTMLElement;
  /** Those in the field, without the ones before and after. */
  #own: readonly string[] = [""];
  #before: readonly string[] = [];
  #after: readonly string[] = [];
  #whole: string | null = "";

  /**
   * `what` is what the text is, in the names of the buttons, which go into `bar`; `changed` is told of every
   * change, and of other lines in the field.
   */
  constructor(
    field: HTMLTextAreaElement,
    { what, bar, changed }: {
      what: string;
      bar: HTMLElement;
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
      this.#own = field.value.split("\n");
      this.#whole = null;
      // a script may have put more into it than it should hold
      if (isMuch(field.value, this.#own.length)) {
        this.#hold(this.#lines(), this.from + this.#caretLine());
      }
      this.#changed(true);
    });
  }

  /** Lines before those in the field. */
  get from(): number {
    return this.#before.length;
  }

  /** The lines in the field. */
  get shown(): readonly string[] {
    return this.#own;
  }

  /** All lines there are. */
  get count(): number {
    return this.from + this.#own.length + this.#after.length;
  }

  get text(): string {
    this.#whole ??= this.#lines().join("\n");
    return this.#whole;
  }

  set text(text: string) {
    // as a textarea has it
    this.#hold(text.replace(/\r\n?/g, "\n").split("\n"), 0);
    this.#changed(false);
  }

  /** Has this line (from 0) in the field. */
  show(line: number): void {
    const { from } = this;
    if (from <= line && line < from + this.#own.length) return;
    this.#hold(this.#lines(), line);
    this.#changed(false);
  }

  #lines(): string[] {
    return [...this.#before, ...this.#own, ...this.#after];
  }

  #hold(lines: readonly string[], line: number): void {
    const { from, to }: Window = windowAt(lines, line);
    this.#before = lines.slice(0, from);
    this.#own = lines.slice(from, to);
    this.#after = lines.slice(to);
    this.#whole = null;
    this.#field.value = this.#own.join("\n");
    this.#field.setSelectionRange(0, 0);
    this.#field.scrollTo(0, 0);
    this.#bar.hidden = from === 0 && to === lines.length;
    this.#place.textContent = `The field holds lines ${
      from + 1
    } to ${to} of ${lines.length}`;
  }

  #turn(by: -1 | 1): void {
    const line = by < 0 ? this.from - 1 : this.from + this.#own.length;
    if (line >= 0 && line < this.count) this.show(line);
  }

  #caretLine(): number {
    const { value, selectionStart } = this.#field;
    return value.slice(0, selectionStart).split("\n").length - 1;
  }

  /** What is pasted goes in before the browser lays it out, where it is much. */
  #take(event: InputEvent): void {
    const pasted = event.data ??
      event.dataTransfer?.getData("text/plain") ?? "";
    if (!isMuch(pasted, 0)) return;
    event.preventDefault();
    const { value, selectionStart, selectionEnd } = this.#field;
    const own = value.slice(0, selectionStart) +
      pasted.replace(/\r\n?/g, "\n") + value.slice(selectionEnd);
    this.#own = own.split("\n");
    this.#hold(this.#lines(), this.from);
    this.#changed(true);
  }
}

function isMuch(text: string, lines: number): boolean {
  return text.length > MAX_CHARACTERS || lines > MAX_LINES;
}
