/**
 * What can be wrong with how a page looks, measured in the page itself: this code is sent to the
 * browser as text, so every function that it uses lies inside {@link inspector}.
 *
 * @module
 */
/// <reference lib="dom" />

export interface Fault {
  /** Such as "contrast". */
  readonly kind: string;
  /** A path of elements, and the beginning of the text. */
  readonly where: string;
  readonly what: string;
}

export interface Look {
  /** On paper backgrounds are left out. */
  readonly print: boolean;
  /** Selectors of elements that are meant to scroll or to be cut, with all that is in them. */
  readonly scrolls: readonly string[];
}

/** What has the focus. */
export interface Focus {
  /** The number of a {@link Control}; `null` for the document itself. */
  readonly control: number | null;
  readonly where: string;
  /** Or the name of the element. */
  readonly role: string;
  /** Something about it looks otherwise than without the focus, and it is in view. */
  readonly visible: boolean;
}

export interface Inspector {
  faults(look: Look): Fault[];
  /** Opens what can be folded. */
  unfold(): void;
  /** What can be clicked, as paths; their place in the list is their number. */
  controls(): string[];
  focus(): Focus;
  /** What would still move although less motion is wished for. */
  moving(): string[];
}

export function inspector(): Inspector {
  type Rgba = readonly [number, number, number, number];
  interface Line {
    readonly node: Text;
    readonly owner: Element;
    readonly rects: readonly DOMRect[];
    readonly svg: boolean;
  }

  const SLACK = 1.5;
  const marks = new WeakMap<Element, number>();
  const plain = new Map<number, string>();
  const ink = new OffscreenCanvas(1, 1).getContext("2d", {
    willReadFrequently: true,
  })!;
  const colours = new Map<string, Rgba>();
  const small = new Map<Element, boolean>();
  const scrolling = new Map<Element, boolean>();
  const blocks = new Map<Element, Element>();

  function where(element: Element, text = ""): string {
    const path: string[] = [];
    for (
      let at: Element | null = element;
      at !== null && path.length < 4;
      at = at.parentElement
    ) {
      const name = at.id === "" ? (at.getAttribute("class") ?? "") : "";
      path.unshift(
        at.localName + (at.id === "" ? "" : `#${at.id}`) +
          name.trim().split(/\s+/).filter(Boolean).map((each) => `.${each}`)
            .join(""),
      );
      if (at.id !== "") break;
    }
    const shown = text.trim().replace(/\s+/g, " ").slice(0, 60);
    return path.join(" > ") + (shown === "" ? "" : ` "${shown}"`);
  }

  function shown(element: Element): boolean {
    return element.checkVisibility({ visibilityProperty: true }) &&
      !forReadersAlone(element);
  }

  /** What is there for screen readers and takes no room. */
  function forReadersAlone(element: Element): boolean {
    return remembered(small, element, () => {
      const above = element.parentElement;
      if (above !== null && forReadersAlone(above)) return true;
      if (!(element instanceof HTMLElement)) return false;
      const { overflow, clipPath, position } = getComputedStyle(element);
      if (/^inset\((?:50|100)%\)$/.test(clipPath)) return true;
      return position === "absolute" && overflow !== "visible" &&
        element.clientWidth <= 1 && element.clientHeight <= 1;
    });
  }

  /** The styles of an element are the same for as long as one look takes. */
  function remembered<Value>(
    values: Map<Element, Value>,
    element: Element,
    find: () => Value,
  ): Value {
    let value = values.get(element);
    if (value === undefined) values.set(element, value = find());
    return value;
  }

  /** Every piece of text that can be seen. */
  function lines(): Line[] {
    const found: Line[] = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const visible = new Map<Element, boolean>();
    for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) {
      const owner = node.parentElement;
      if (owner === null || (node.textContent ?? "").trim() === "") continue;
      if (owner.closest("script, style, template, textarea, select, title")) {
        continue;
      }
      let seen = visible.get(owner);
      if (seen === undefined) visible.set(owner, seen = shown(owner));
      if (!seen) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const rects = [...range.getClientRects()].filter(({ width, height }) =>
        width > 0.1 && height > 0.1
      );
      if (rects.length === 0) continue;
      const svg = owner instanceof SVGElement;
      found.push({ node: node as Text, owner, rects, svg });
    }
    return found;
  }

  function scroller(element: Element): boolean {
    return /^(?:auto|scroll)$/.test(getComputedStyle(element).overflowX);
  }

  /** In a part that scrolls by itself and can be reached to do so. */
  function inScroller(element: Element, look: Look): boolean {
    return remembered(scrolling, element, () => {
      if (look.scrolls.some((each) => element.matches(each))) return true;
      if (element === document.body || element.parentElement === null) {
        return false;
      }
      return scroller(element) || inScroller(element.parentElement, look);
    });
  }

  function sideways(look: Look): Fault[] {
    const faults: Fault[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) {
      faults.push({
        kind: "sideways",
        where: widest(),
        what: `the page is ${root.scrollWidth} px wide in ${root.clientWidth}`,
      });
    }
    for (const element of document.body.querySelectorAll("*")) {
      if (!(element instanceof HTMLElement) || !shown(element)) continue;
      if (look.scrolls.some((each) => element.closest(each))) continue;
      const { overflowX, overflowY, display } = getComputedStyle(element);
      if (display === "inline" || display === "contents") continue;
      const wide = element.scrollWidth > element.clientWidth + 1;
      const high = element.scrollHeight > element.clientHeight + 1;
      if (wide && scroller(element)) {
        faults.push({
          kind: "sideways",
          where: where(element),
          what: `${element.scrollWidth} px to scroll in ${element.clientWidth}`,
        });
      } else if (
        (wide && /hidden|clip/.test(overflowX)) ||
        (high && /hidden|clip/.test(overflowY))
      ) {
        faults.push({
          kind: "cut",
          where: where(element, element.innerText),
          what:
            `${element.scrollWidth} x ${element.scrollHeight} px in ${element.clientWidth} x ${element.clientHeight}`,
        });
      }
    }
    return faults;
  }

  /** The innermost element that reaches out of the page. */
  function widest(): string {
    const edge = document.documentElement.clientWidth + 0.5;
    const out = [...document.body.querySelectorAll("*")].filter((each) =>
      each.getBoundingClientRect().right > edge
    );
    const inner = out.find((each) =>
      !out.some((other) => other !== each && each.contains(other))
    );
    return where(inner ?? document.body, inner?.textContent ?? "");
  }

  function block(element: Element): Element {
    return remembered(blocks, element, () => {
      const above = element.parentElement;
      return above !== null &&
          /^(?:inline|contents)$/.test(getComputedStyle(element).display)
        ? block(above)
        : element;
    });
  }

  function outside(inner: DOMRect, outer: DOMRect): number {
    return Math.max(
      outer.left - inner.left,
      outer.top - inner.top,
      inner.right - outer.right,
      inner.bottom - outer.bottom,
    );
  }

  function outOfBox(all: readonly Line[], look: Look): Fault[] {
    const faults: Fault[] = [];
    const width = document.documentElement.clientWidth;
    let wordy = 0;
    for (const { owner, node, rects, svg } of all) {
      const text = node.data;
      if (svg) {
        faults.push(...outOfShape(owner, text));
        continue;
      }
      const box = block(owner);
      const frame = box.getBoundingClientRect();
      // lines may be set tighter than their letters' own box: up and down they have that much room
      const loose = new DOMRect(
        frame.x,
        frame.y - 6,
        frame.width,
        frame.height + 12,
      );
      if (!inScroller(owner, look)) {
        const reach = Math.max(...rects.map((each) => outside(each, loose)));
        const far = rects.some(({ left, right }) =>
          left < -0.5 || right > width + 0.5
        );
        // a blank at the end of a line may hang out of it: then words are looked at one by one
        const words = reach > SLACK || far ? rectsOfWords(node) : [];
        const over = Math.max(...words.map((each) => outside(each, loose)));
        if (over > SLACK) {
          faults.push({
            kind: "out of box",
            where: where(owner, text),
            what: `${over.toFixed(1)} px out of ${where(box)}`,
          });
        }
        const left = Math.min(...words.map((each) => each.left));
        const right = Math.max(...words.map((each) => each.right));
        if (left < -0.5 || right > width + 0.5) {
          faults.push({
            kind: "out of box",
            where: where(owner, text),
            what: `out of the page, at ${left.toFixed(0)} to ${
              right.toFixed(0)
            }`,
          });
        }
      }
      // more would take long, and those after them look the same
      if (++wordy <= 3_000) {
        const broken = rects.length > 1 ? brokenWord(node) : null;
        if (broken !== null) {
          faults.push({
            kind: "squeezed",
            where: where(owner, text),
            what: `"${broken}" stands on two lines`,
          });
        }
      }
      const rows = new Set(rects.map(({ top }) => Math.round(top))).size;
      const signs = text.trim().length;
      if (rows >= 3 && signs / rows < 5) {
        faults.push({
          kind: "squeezed",
          where: where(owner, text),
          what: `${signs} characters on ${rows} lines`,
        });
      }
    }
    return faults;
  }

  /** A short word of letters that stands on two lines; `null` where each stands on one. */
  function brokenWord(node: Text): string | null {
    for (const { 0: word, index } of node.data.matchAll(/\S+/g)) {
      if (!/^[A-Za-z]{2,12}[,.:;]?$/.test(word)) continue;
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const tops = [...range.getClientRects()].map(({ top }) =>
        Math.round(top)
      );
      if (new Set(tops).size > 1) return word;
    }
    return null;
  }

  function rectsOfWords(node: Text): DOMRect[] {
    return [...node.data.matchAll(/\S+/g)].flatMap(({ 0: word, index }) => {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      return [...range.getClientRects()];
    });
  }

  /** Text of a drawing lies in the rectangle of its group, or in the drawing. */
  function outOfShape(owner: Element, text: string): Fault[] {
    const svg = owner.closest("svg");
    const label = owner.closest("text");
    if (svg === null || label === null) return [];
    const box = label.getBoundingClientRect();
    let own: Element | null = null;
    for (
      let at: Element | null = label.parentElement;
      at !== null && at !== svg && own === null;
      at = at.parentElement
    ) {
      own = [...at.children].find((each) => each.localName === "rect") ?? null;
    }
    const frame = (own ?? svg).getBoundingClientRect();
    const over = outside(box, frame);
    if (over > 0.5) {
      return [{
        kind: "out of box",
        where: where(owner, text),
        what: `${over.toFixed(1)} px out of its ${
          own === null ? "svg" : "rect"
        }`,
      }];
    }
    const cut = [...svg.querySelectorAll("rect")].find((each) => {
      if (each === own || getComputedStyle(each).fill === "none") return false;
      const other = each.getBoundingClientRect();
      return overlap(box, other) && outside(box, other) > 1.5;
    });
    return cut === undefined ? [] : [{
      kind: "out of box",
      where: where(owner, text),
      what: `runs into ${where(cut)}`,
    }];
  }

  function overlap(one: DOMRect, other: DOMRect): boolean {
    const wide = Math.min(one.right, other.right) -
      Math.max(one.left, other.left);
    const high = Math.min(one.bottom, other.bottom) -
      Math.max(one.top, other.top);
    return wide > 2 && high > 0.4 * Math.min(one.height, other.height);
  }

  /** Two texts at one place. */
  function overlaps(all: readonly Line[], look: Look): Fault[] {
    const faults: Fault[] = [];
    const pieces = all.flatMap((line) =>
      look.scrolls.some((each) => line.owner.closest(each))
        ? []
        : line.rects.map((rect) => ({ line, rect }))
    ).sort((one, other) => one.rect.top - other.rect.top);
    pieces.forEach(({ line, rect }, index) => {
      for (let next = index + 1; next < pieces.length; next++) {
        const other = pieces[next]!;
        if (other.rect.top > rect.bottom) break;
        if (other.line === line || !overlap(rect, other.rect)) continue;
        faults.push({
          kind: "overlap",
          where: where(line.owner, line.node.data),
          what: `lies on ${where(other.line.owner, other.line.node.data)}`,
        });
      }
    });
    return faults;
  }

  function rgba(colour: string): Rgba {
    const known = colours.get(colour);
    if (known !== undefined) return known;
    ink.clearRect(0, 0, 1, 1);
    ink.fillStyle = "#000";
    ink.fillStyle = colour;
    ink.fillRect(0, 0, 1, 1);
    const [r = 0, g = 0, b = 0, a = 0] = ink.getImageData(0, 0, 1, 1).data;
    const made: Rgba = [r, g, b, a / 255];
    colours.set(colour, made);
    return made;
  }

  function over(top: Rgba, below: Rgba, alpha = top[3]): Rgba {
    const mix = (at: 0 | 1 | 2) => top[at] * alpha + below[at] * (1 - alpha);
    return [mix(0), mix(1), mix(2), 1];
  }

  function luminance([r, g, b]: Rgba): number {
    const part = (value: number) => {
      const share = value / 255;
      return share <= 0.04045
        ? share / 12.92
        : ((share + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  }

  function ratio(one: Rgba, other: Rgba): number {
    const [dark, bright] = [luminance(one), luminance(other)].sort((a, b) =>
      a - b
    ) as [number, number];
    return (bright + 0.05) / (dark + 0.05);
  }

  function canvasColour(): Rgba {
    const probe = document.createElement("i");
    probe.style.color = "Canvas";
    document.documentElement.append(probe);
    const colour = rgba(getComputedStyle(probe).color);
    probe.remove();
    return colour;
  }

  /** Text and ground at an element, as they are seen: layers from the outside in, and back. */
  function seen(
    chain: readonly Element[],
    below: Rgba,
    { colour, print, shapes, faults }: {
      colour: Rgba;
      print: boolean;
      shapes: readonly Rgba[];
      faults: string[];
    },
  ): { text: Rgba; ground: Rgba } {
    const [element, ...inner] = chain;
    if (element === undefined) {
      const ground = shapes.reduce((under, shape) => over(shape, under), below);
      return { text: over(colour, ground), ground };
    }
    const style = getComputedStyle(element);
    const paints = !(element instanceof SVGElement) &&
      (!print || style.printColorAdjust === "exact");
    if (paints && style.backgroundImage !== "none") {
      faults.push(`a picture behind the text: ${style.backgroundImage}`);
    }
    const own = paints ? over(rgba(style.backgroundColor), below) : below;
    const result = seen(inner, own, { colour, print, shapes, faults });
    const opacity = Number(style.opacity);
    if (opacity >= 1) return result;
    return {
      text: over(result.text, below, opacity),
      ground: over(result.ground, below, opacity),
    };
  }

  function chainOf(element: Element): Element[] {
    const chain: Element[] = [];
    for (let at: Element | null = element; at; at = at.parentElement) {
      chain.unshift(at);
    }
    return chain;
  }

  /** The fills that lie under a point of a drawing. */
  function shapesUnder(label: Element, { x, y }: { x: number; y: number }) {
    const svg = label.closest("svg");
    const fills: Rgba[] = [];
    for (
      const shape of svg?.querySelectorAll<SVGGeometryElement>(
        "rect, path, circle, ellipse, polygon",
      ) ?? []
    ) {
      if (shape.closest("defs, marker, clipPath, symbol")) continue;
      if (
        !(shape.compareDocumentPosition(label) &
          Node.DOCUMENT_POSITION_FOLLOWING)
      ) continue;
      const style = getComputedStyle(shape);
      if (style.fill === "none" || !shape.checkVisibility()) continue;
      const to = shape.getScreenCTM()?.inverse();
      if (to === undefined) continue;
      if (!shape.isPointInFill(new DOMPoint(x, y).matrixTransform(to))) {
        continue;
      }
      const [r, g, b, a] = rgba(style.fill);
      fills.push([
        r,
        g,
        b,
        a * Number(style.fillOpacity) * Number(style.opacity),
      ]);
    }
    return fills;
  }

  function contrast(all: readonly Line[], look: Look): Fault[] {
    const faults: Fault[] = [];
    const canvas: Rgba = look.print ? [255, 255, 255, 1] : canvasColour();
    const known = new Map<Element, Fault | null>();
    const judge = (
      element: Element,
      text: string,
      colour: Rgba,
      shapes: readonly Rgba[] = [],
    ): Fault | null => {
      const unclear: string[] = [];
      const { text: letters, ground } = seen(chainOf(element), canvas, {
        colour,
        print: look.print,
        shapes,
        faults: unclear,
      });
      const value = ratio(letters, ground);
      const rgb = (each: Rgba) => `rgb(${each.slice(0, 3).map(Math.round)})`;
      if (value >= 4.5 && unclear.length === 0) return null;
      return {
        kind: "contrast",
        where: where(element, text),
        what: unclear[0] ??
          `${value.toFixed(2)}: ${rgb(letters)} on ${rgb(ground)}`,
      };
    };
    for (const { owner, node, rects, svg } of all) {
      if (svg) {
        const label = owner.closest("text") ?? owner;
        const style = getComputedStyle(owner);
        const [r, g, b, a] = rgba(style.fill);
        const [{ x, y, width, height }] = rects as [DOMRect];
        const middle = { x: x + width / 2, y: y + height / 2 };
        const fault = judge(
          owner,
          node.data,
          [r, g, b, a * Number(style.fillOpacity)],
          shapesUnder(label, middle),
        );
        if (fault !== null) faults.push(fault);
        continue;
      }
      if (!known.has(owner)) {
        const disabled = owner.closest(":disabled") !== null;
        const colour = rgba(getComputedStyle(owner).color);
        known.set(owner, disabled ? null : judge(owner, node.data, colour));
        const fault = known.get(owner) ?? null;
        if (fault !== null) faults.push(fault);
      }
    }
    for (
      const field of document.querySelectorAll<HTMLInputElement>(
        "input, select, textarea",
      )
    ) {
      if (!shown(field) || field.disabled) continue;
      const colour = rgba(getComputedStyle(field).color);
      // a field whose letters are drawn by a layer below it shows none of its own
      if (colour[3] > 0) {
        const fault = judge(field, field.value, colour);
        if (fault !== null) faults.push(fault);
      }
      if ((field.placeholder ?? "") !== "") {
        const faint = rgba(getComputedStyle(field, "::placeholder").color);
        const fault = judge(field, field.placeholder, faint);
        if (fault !== null) faults.push(fault);
      }
    }
    for (const element of document.body.querySelectorAll("*")) {
      for (const part of ["::before", "::after"]) {
        const style = getComputedStyle(element, part);
        if (!/^"[^"]*[^"\s]/.test(style.content) || !shown(element)) continue;
        const colour = rgba(style.color);
        const ground = rgba(style.backgroundColor);
        const fault = ground[3] > 0
          ? judge(element, style.content, colour, [ground])
          : judge(element, style.content, colour);
        if (fault !== null) faults.push(fault);
      }
    }
    return faults;
  }

  /** Text that something else lies on. */
  function covered(all: readonly Line[], look: Look): Fault[] {
    const faults: Fault[] = [];
    const [left, top] = [scrollX, scrollY];
    const spots = all.filter(({ owner, svg }) =>
      !svg && !inScroller(owner, look)
    ).map((line) => {
      const rect = line.rects[0] as DOMRect;
      return {
        line,
        x: rect.x + rect.width / 2 + left,
        y: rect.y + rect.height / 2 + top,
      };
    });
    const step = innerHeight * 0.8;
    for (
      let from = 0;
      from < document.documentElement.scrollHeight;
      from += step
    ) {
      scrollTo({ left: 0, top: from, behavior: "instant" });
      const [first, last] = [
        scrollY + innerHeight * 0.1,
        scrollY + innerHeight * 0.9,
      ];
      const edge = from === 0 ? 0 : first;
      for (const { line, x, y } of spots) {
        if (y < edge || y >= last) continue;
        if (getComputedStyle(line.owner).pointerEvents === "none") continue;
        const hit = document.elementFromPoint(x - scrollX, y - scrollY);
        if (
          hit === null || hit.contains(line.owner) || line.owner.contains(hit)
        ) continue;
        const ground = rgba(getComputedStyle(hit).backgroundColor);
        // what moves with the page lies on everything once in a while
        if (hit.closest("[data-sticky]") || sticky(hit) || ground[3] === 0) {
          continue;
        }
        faults.push({
          kind: "overlap",
          where: where(line.owner, line.node.data),
          what: `covered by ${where(hit)}`,
        });
      }
    }
    scrollTo({ left, top, behavior: "instant" });
    return faults;
  }

  function sticky(element: Element): boolean {
    for (let at: Element | null = element; at; at = at.parentElement) {
      if (/^(?:sticky|fixed)$/.test(getComputedStyle(at).position)) return true;
    }
    return false;
  }

  function brokenLinks(): Fault[] {
    return [...document.querySelectorAll('a[href^="#"]')].flatMap((link) => {
      const name = decodeURIComponent(link.getAttribute("href")!.slice(1));
      return name === "" || document.getElementById(name) !== null ? [] : [{
        kind: "link",
        where: where(link, link.textContent ?? ""),
        what: `leads nowhere: "#${name}"`,
      }];
    });
  }

  function faults(look: Look): Fault[] {
    for (const each of [small, scrolling, blocks]) each.clear();
    const all = lines();
    if (all.length === 0) {
      return [{ kind: "empty", where: "body", what: "shows no text" }];
    }
    return [
      ...sideways(look),
      ...outOfBox(all, look),
      ...overlaps(all, look),
      ...contrast(all, look),
      ...(look.print ? [] : covered(all, look)),
      ...brokenLinks(),
    ];
  }

  const CLICKABLE =
    "a[href], button, input, select, textarea, summary, [tabindex], [contenteditable], [onclick]";
  /** Parts of one control, among which arrow keys move. */
  const PARTS = "[role=tab], [role=menuitem], [role=option], [role=treeitem]";

  function controls(): string[] {
    small.clear();
    const clickable = [...document.querySelectorAll(CLICKABLE)].filter((each) =>
      shown(each) && !each.matches(":disabled, input[type=hidden]") &&
      (each.getAttribute("tabindex") !== "-1" || each.matches(PARTS))
    );
    const pointed = [...document.body.querySelectorAll("*")].filter((each) =>
      getComputedStyle(each).cursor === "pointer" && shown(each) &&
      !each.closest(`${CLICKABLE}, label`)
    );
    return [...clickable, ...pointed].map((element, index) => {
      marks.set(element, index);
      plain.set(index, looks(element));
      return where(element, element.textContent ?? "");
    });
  }

  /** A field may leave it to a box around it to show the focus. */
  function looks(element: Element): string {
    const boxes = chainOf(element).slice(-3).filter((each) =>
      each !== document.body && each !== document.documentElement
    );
    return boxes.map(ownLooks).join(" in ");
  }

  function ownLooks(element: Element): string {
    const style = getComputedStyle(element);
    const outline = style.outlineStyle === "none" ||
        parseFloat(style.outlineWidth) < 1 || rgba(style.outlineColor)[3] === 0
      ? "none"
      : `${style.outlineStyle} ${style.outlineWidth} ${style.outlineColor}`;
    return [
      outline,
      style.boxShadow,
      style.borderColor,
      style.backgroundColor,
      style.stroke,
    ].join(" | ");
  }

  function focus(): Focus {
    const element = document.activeElement;
    if (element === null || element === document.body) {
      return { control: null, where: "body", role: "", visible: true };
    }
    const number = marks.get(element) ?? -1;
    const { top, bottom, left, right } = element.getBoundingClientRect();
    const inView = bottom > 0 && top < innerHeight && right > 0 &&
      left < innerWidth;
    return {
      control: number,
      where: where(element, element.textContent ?? ""),
      role: element.getAttribute("role") ??
        (element.matches("input[type=radio]") ? "radio" : element.localName),
      visible: inView && looks(element) !== plain.get(number),
    };
  }

  function unfold(): void {
    for (const each of document.querySelectorAll("details")) each.open = true;
  }

  function moving(): string[] {
    const found = document.getAnimations().map(() => "an animation runs");
    for (const element of document.querySelectorAll("*")) {
      for (const part of [null, "::before", "::after"]) {
        const style = getComputedStyle(element, part);
        const times = [style.transitionDuration, style.animationDuration]
          .flatMap((each) => each.split(",")).map((each) =>
            parseFloat(each) * (each.trim().endsWith("ms") ? 1 : 1000)
          );
        const named = style.animationName !== "none" ||
          parseFloat(style.transitionDuration) > 0;
        if (named && Math.max(...times) > 1) {
          found.push(where(element));
        }
        if (part === null && style.scrollBehavior === "smooth") {
          found.push(`${where(element)} scrolls smoothly`);
        }
      }
    }
    return found;
  }

  return { faults, unfold, controls, focus, moving };
}
