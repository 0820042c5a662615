/**
 * A field for each map file that the policy names: a page in a browser can read none.
 *
 * @module
 */
/// <reference lib="dom" />
import { byId, element } from "./dom.ts";
import { LongText } from "./long_text.ts";

interface Field {
  readonly whole: HTMLElement;
  readonly text: LongText;
}

export class MapFiles {
  readonly #target = byId("explain-maps", HTMLElement);
  readonly #changed: () => void;
  /** By path; those with a text stay when the policy names them no more: it may be in the middle of a word. */
  readonly #fields = new Map<string, Field>();
  #shown: readonly string[] = [];
  #made = 0;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** What was pasted, also of those that do not show. */
  get texts(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#fields].map(([path, { text }]) => [path, text.text]),
    );
  }

  /** Shows fields for these; for the same as before where it is not known (`null`). */
  show(paths: readonly string[] | null): void {
    if (paths === null) return;
    if (JSON.stringify(paths) === JSON.stringify(this.#shown)) return;
    for (const [path, { text }] of this.#fields) {
      if (!paths.includes(path) && text.text === "") this.#fields.delete(path);
    }
    this.#shown = paths;
    this.#target.replaceChildren(...paths.map((path) => {
      const field = this.#fields.get(path) ?? this.#fieldFor(path);
      this.#fields.set(path, field);
      return field.whole;
    }));
  }

  #fieldFor(path: string): Field {
    const area = element("textarea", "");
    area.id = `explain-map-${++this.#made}`;
    area.rows = 4;
    area.wrap = "off";
    area.spellcheck = false;
    area.autocomplete = "off";
    area.autocapitalize = "off";
    const label = element("label", "", `Map file ${path}`);
    label.htmlFor = area.id;
    const whole = element("div", "", label, area);
    const text = new LongText(area, {
      what: `the map file ${path}`,
      changed: (byPerson) => byPerson && this.#changed(),
    });
    return { whole, text };
  }
}
