/**
 * Pages from disk in headless Chromium: how they look at two widths, light and dark and on paper,
 * whether the keyboard alone reaches everything, and what they did that somebody outside could
 * notice.
 *
 * Debian package: chromium.
 *
 * @module
 */
import type { Answer, Events, Order, Sight, World } from "./page_driver.ts";
import { type Fault, type Focus, inspector } from "./page_faults.ts";

const DRIVER = new URL("./page_driver.ts", import.meta.url).href;

type WithoutPage<One> = One extends Order ? Omit<One, "id" | "page"> : never;
type Errand = WithoutPage<Order>;

/** A fault of a page, and how it was seen then, such as "390 dark". */
export interface SeenFault extends Fault {
  readonly sight: string;
}

/** What a page may do although most may not. */
export interface Expectations {
  /** Selectors of elements that are meant to scroll or to be cut. */
  readonly scrolls?: readonly string[];
  /** How the desktop looks from which it is printed. Default: light, as Chromium itself prints. */
  readonly paper?: "light" | "dark";
}

export interface BrowserPage extends AsyncDisposable {
  see(sight: Sight): Promise<void>;
  /** Loads another address in the same page. */
  go(url: string): Promise<void>;
  /** The value of an expression, which has to be JSON; a promise is waited for. */
  evaluate<T>(script: string, world?: World): Promise<T>;
  /** Waits until the expression is true, and throws where it is not so within 20 seconds. */
  until(script: string): Promise<void>;
  press(key: string, times?: number): Promise<void>;
  /** As if it were pasted where the focus is. */
  type(text: string): Promise<void>;
  click(selector: string): Promise<void>;
  events(): Promise<Events>;
  picture(path: string, options?: { whole: boolean }): Promise<void>;
  /** What can be wrong with how it looks now. */
  faults(expected?: Expectations & { print?: boolean }): Promise<Fault[]>;
  axe(): Promise<Fault[]>;
  /** The same at both widths, light and dark, and on paper. */
  check(expected?: Expectations): Promise<SeenFault[]>;
  /** Goes through the page with Tab: what can be clicked and was not reached, or not seen. */
  keyboard(): Promise<Fault[]>;
  /** What moves where less motion is wished for. */
  moving(): Promise<Fault[]>;
}

export interface Browser extends AsyncDisposable {
  /** Opens a file, or another address. */
  open(path: string, sight?: Sight): Promise<BrowserPage>;
}

/** The widths and schemes of issue 15. */
export const SIGHTS = ([1280, 390] as const).flatMap((width) =>
  (["light", "dark"] as const).map((scheme) => ({ width, scheme }))
);

/** A4 without its margins. */
const PAPER = 718;

/** Starts a browser. It ends with `await using`. */
export async function startBrowser(): Promise<Browser> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "-A", DRIVER],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const waiting = new Map<number, (answer: Answer) => void>();
  const heard = listen(child.stdout, (answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const said = new Response(child.stderr).text();
  const ended = heard.then(async () => {
    for (const [id, settle] of waiting) {
      settle({ id, error: `the browser ended: ${await said}` });
    }
  });
  let orders = 0;
  let pages = 0;
  const order = async (page: number, errand: Errand): Promise<unknown> => {
    const id = orders++;
    const answered = new Promise<Answer>((settle) => waiting.set(id, settle));
    await writer.write(
      new TextEncoder().encode(`${JSON.stringify({ id, page, ...errand })}\n`),
    );
    const { value, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return value;
  };
  await order(-1, { does: "events" }).catch((error) => {
    if (!String(error).includes("not open")) throw error;
  });
  return {
    open: async (path, sight = {}) => {
      const page = pages++;
      const url = path.includes(":") ? path : `file://${path}`;
      await order(page, { does: "open", url, sight });
      return pageOf((errand) => order(page, errand));
    },
    [Symbol.asyncDispose]: async () => {
      await writer.close();
      await ended;
      await child.status;
    },
  };
}

async function listen(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  tell: (answer: Answer) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) tell(JSON.parse(line));
  }
}

function pageOf(order: (errand: Errand) => Promise<unknown>): BrowserPage {
  const evaluate = async <T>(script: string, world: World = "page") =>
    await order({ does: "evaluate", script, world }) as T;
  const inspect = async <T>(call: (inspector: string) => string) =>
    await evaluate<T>(
      call(`(globalThis.inspector ??= (${inspector})())`),
      "own",
    );
  const see = async (sight: Sight) => {
    await order({ does: "see", sight });
  };
  const faults: BrowserPage["faults"] = async (
    { scrolls = [], print = false } = {},
  ) => {
    const look = JSON.stringify({ scrolls, print });
    return await inspect<Fault[]>((on) => `${on}.faults(${look})`);
  };
  const axe = async () => {
    const found = await order({ does: "axe" }) as string[];
    return found.map((what) => ({ kind: "axe", where: "", what }));
  };
  const press = async (key: string, times = 1) => {
    await order({ does: "press", key, times });
  };
  const page: BrowserPage = {
    see,
    evaluate,
    press,
    faults,
    axe,
    go: async (url) => {
      await order({ does: "go", url });
    },
    until: async (script) => {
      const found = await evaluate<boolean>(`new Promise((settle) => {
        const end = performance.now() + 20_000;
        const look = () => {
          if (${script}) settle(true);
          else if (performance.now() > end) settle(false);
          else setTimeout(look, 20);
        };
        look();
      })`);
      if (!found) throw new Error(`this does not come true: ${script}`);
    },
    type: async (text) => {
      await order({ does: "type", text });
    },
    click: async (selector) => {
      await order({ does: "click", selector });
    },
    events: async () => await order({ does: "events" }) as Events,
    picture: async (path, { whole } = { whole: false }) => {
      await order({ does: "picture", path, whole });
    },
    check: async (expected = {}) => {
      const found: SeenFault[] = [];
      const add = (sight: string, more: readonly Fault[]) => {
        found.push(...more.map((fault) => ({ ...fault, sight })));
      };
      await inspect((on) => `${on}.unfold()`);
      for (const sight of SIGHTS) {
        const name = `${sight.width} ${sight.scheme}`;
        await see({ ...sight, media: "screen" });
        add(name, await faults(expected));
        // what axe looks for depends on the width at most; colours it leaves to the line above
        if (sight.scheme === "light") add(name, await axe());
      }
      const scheme = expected.paper ?? "light";
      await see({ width: PAPER, scheme, media: "print" });
      add("paper", await faults({ ...expected, print: true }));
      await see({ width: 1280, scheme: "light", media: "screen" });
      return found;
    },
    keyboard: async () => await keyboard({ inspect, press }),
    moving: async () => {
      await see({ motion: "reduce" });
      const found = await inspect<string[]>((on) => `${on}.moving()`);
      await see({ motion: "no-preference" });
      return found.map((where) => ({ kind: "motion", where, what: "moves" }));
    },
    [Symbol.asyncDispose]: async () => {
      await order({ does: "close" });
    },
  };
  return page;
}

async function keyboard({ inspect, press }: {
  readonly inspect: <T>(call: (inspector: string) => string) => Promise<T>;
  readonly press: (key: string, times?: number) => Promise<void>;
}): Promise<Fault[]> {
  const controls = await inspect<string[]>((on) =>
    `(document.activeElement?.blur(), scrollTo(0, 0), ${on}.controls())`
  );
  const focus = () => inspect<Focus>((on) => `${on}.focus()`);
  const faults: Fault[] = [];
  const reached = new Set<number>();
  const arrive = (at: Focus): boolean => {
    if (at.control === null || reached.has(at.control)) return false;
    reached.add(at.control);
    if (!at.visible) {
      const what = "has the focus, and nobody sees it";
      faults.push({ kind: "focus", where: at.where, what });
    }
    return true;
  };
  for (
    let before = -2, ends = 0, step = 0;
    step <= 2 * controls.length + 1;
    step++
  ) {
    await press("Tab");
    let at = await focus();
    if (at.control !== null && at.control === before) {
      // where there is one button alone, it is the next one, too
      if (!/^(?:textarea|input)$/.test(at.role)) break;
      const what = "Tab does not leave it";
      faults.push({ kind: "keyboard", where: at.where, what });
      break;
    }
    // after the last comes the first again, or the document, which a busy browser may stay on for a while;
    // Tab goes on from where somebody clicked last, and past the end
    if (at.control === null && (ends += 1) < 5) continue;
    if (at.control === null || (at.control >= 0 && !arrive(at))) break;
    before = at.control;
    // between the parts of one control arrow keys move
    if (!/^(?:tab|menuitem|option|treeitem|radio)$/.test(at.role)) continue;
    const forward = at.role === "tab" || at.role === "radio"
      ? "ArrowRight"
      : "ArrowDown";
    for (let part = 0; part < 20; part++) {
      await press(forward);
      at = await focus();
      before = at.control ?? before;
      if (!arrive(at)) break;
    }
  }
  controls.forEach((where, number) => {
    if (reached.has(number)) return;
    const what = "can be clicked, but the keyboard does not reach it";
    faults.push({ kind: "keyboard", where, what });
  });
  return faults;
}
