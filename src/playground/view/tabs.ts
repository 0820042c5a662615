/**
 * Tabs as the ARIA pattern describes them: one stop for the Tab key, arrows, Home and End choose.
 *
 * @module
 */
/// <reference lib="dom" />
import { byId } from "./dom.ts";

/** Makes tabs of the buttons in `list`; `chosen` is told the id of the panel that shows. */
export function tabsIn(list: HTMLElement, chosen: (panel: string) => void) {
  const tabs = [...list.querySelectorAll<HTMLButtonElement>("[role=tab]")];
  const panelOf = (tab: HTMLElement) => tab.getAttribute("aria-controls") ?? "";
  const choose = (tab: HTMLElement) => {
    for (const each of tabs) {
      const is = each === tab;
      each.setAttribute("aria-selected", String(is));
      each.tabIndex = is ? 0 : -1;
      byId(panelOf(each), HTMLElement).hidden = !is;
    }
    chosen(panelOf(tab));
  };
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(tab));
    tab.addEventListener("keydown", (event) => {
      const to =
        { ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: -1 }[
          event.key
        ];
      if (to === undefined) return;
      event.preventDefault();
      const next = tabs.at(to % tabs.length);
      next?.focus();
      if (next !== undefined) choose(next);
    });
  }
}
