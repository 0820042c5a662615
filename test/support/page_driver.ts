/**
 * Headless Chromium for pages from disk, as a process of its own: playwright-core looks at places
 * that the tests' permissions do not cover. Reads one {@link Order} as JSON from each line of
 * standard input, and answers each with a line of standard output.
 *
 * @module
 */
import axe from "axe-core";
import {
  type BrowserContext,
  type CDPSession,
  chromium,
  type Page,
} from "playwright-core";

/** How the page is seen. */
export interface Sight {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
  readonly media?: "screen" | "print";
  readonly motion?: "reduce" | "no-preference";
}

export type Order =
  & { readonly id: number; readonly page: number }
  & (
    | { readonly does: "open"; readonly url: string; readonly sight: Sight }
    | { readonly does: "see"; readonly sight: Sight }
    | { readonly does: "go"; readonly url: string }
    | { readonly does: "evaluate"; readonly script: string; world: World }
    | { readonly does: "press"; readonly key: string; readonly times: number }
    | { readonly does: "type"; readonly text: string }
    | { readonly does: "click"; readonly selector: string }
    | { readonly does: "axe" }
    | { readonly does: "events" }
    | { readonly does: "picture"; readonly path: string; whole: boolean }
    | { readonly does: "close" }
  );

/** Whose globals a script sees: those of the page, or its own beside the same document. */
export type World = "page" | "own";

/** What the page did that somebody outside could notice. */
export interface Events {
  /** The address of every request. */
  readonly requests: readonly string[];
  /** What the browser wanted from other hosts, as it asks a proxy: "GET http://…", "CONNECT …". */
  readonly connections: readonly string[];
  readonly console: readonly string[];
  readonly errors: readonly string[];
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Open {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly session: CDPSession;
  readonly events: { requests: string[]; console: string[]; errors: string[] };
  world: number | null;
}

/** No traffic but the test's own. */
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Chromium itself asks these for updates, whatever its flags say. */
const OF_CHROMIUM = /^\S+ (?:http:\/\/)?[a-z.]+\.google(?:apis)?\.com[:/]/;

// whatever the browser asks for, from the network or from this machine, is asked for here
const connections: string[] = [];
const proxy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
(async () => {
  for await (const connection of proxy) {
    const buffer = new Uint8Array(1000);
    const length = await connection.read(buffer).catch(() => null) ?? 0;
    const [line] = new TextDecoder().decode(buffer.subarray(0, length))
      .split("\r\n");
    if (!OF_CHROMIUM.test(line ?? "")) connections.push(line ?? "");
    connection.close();
  }
})();

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: FLAGS,
  chromiumSandbox: false,
  proxy: {
    server: `http://127.0.0.1:${(proxy.addr as Deno.NetAddr).port}`,
    bypass: "<-loopback>",
  },
});
const pages = new Map<number, Open>();

async function open(url: string, sight: Sight): Promise<Open> {
  const context = await browser.newContext({ serviceWorkers: "block" });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const session = await context.newCDPSession(page);
  const events: Open["events"] = { requests: [], console: [], errors: [] };
  context.on("request", (request) => events.requests.push(request.url()));
  page.on("websocket", (socket) => events.requests.push(socket.url()));
  page.on("popup", (popup) => events.requests.push(popup.url()));
  page.on("console", (message) => {
    events.console.push(`${message.type()}: ${message.text()}`);
  });
  page.on("dialog", async (dialog) => {
    events.errors.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("pageerror", (error) => events.errors.push(String(error)));
  page.on("crash", () => events.errors.push("the page crashed"));
  const opened: Open = { context, page, session, events, world: null };
  await see(opened, { width: 1280, scheme: "light", ...sight });
  await go(opened, url);
  return opened;
}

async function go(open: Open, url: string): Promise<void> {
  open.world = null;
  await open.page.goto(url, { waitUntil: "load" });
}

async function see({ page }: Open, sight: Sight): Promise<void> {
  if (sight.width !== undefined) {
    const height = sight.height ?? 900;
    await page.setViewportSize({ width: sight.width, height });
  }
  await page.emulateMedia({
    ...(sight.scheme === undefined ? {} : { colorScheme: sight.scheme }),
    ...(sight.media === undefined ? {} : { media: sight.media }),
    ...(sight.motion === undefined ? {} : { reducedMotion: sight.motion }),
  });
}

/** As a debugger does it; what the script then does is bound by the page's Content-Security-Policy. */
async function evaluate(
  open: Open,
  { script, world }: { script: string; world: World },
): Promise<unknown> {
  if (world === "own" && open.world === null) {
    const { frameTree } = await open.session.send("Page.getFrameTree");
    const { executionContextId } = await open.session.send(
      "Page.createIsolatedWorld",
      { frameId: frameTree.frame.id, worldName: "test" },
    );
    open.world = executionContextId;
  }
  const { result, exceptionDetails } = await open.session.send(
    "Runtime.evaluate",
    {
      expression: script,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
      allowUnsafeEvalBlockedByCSP: false,
      ...(world === "own" && open.world !== null
        ? { contextId: open.world }
        : {}),
    },
  );
  if (exceptionDetails !== undefined) {
    throw new Error(
      exceptionDetails.exception?.description ?? exceptionDetails.text,
    );
  }
  return result.value;
}

/** What axe-core finds, a line for each place. */
async function runAxe(open: Open): Promise<unknown> {
  const world = "own";
  await evaluate(open, {
    script: `globalThis.axe === undefined && void ${wrapped(axe.source)}`,
    world,
  });
  // colours are computed by the test itself, and by stricter rules
  return await evaluate(open, {
    script: `axe.run(document, {
      preload: false,
      resultTypes: ["violations"],
      rules: { "color-contrast": { enabled: false } },
    }).then(({ violations }) => violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, html }) => id + ": " + help + ": " + target.join(" ") + " " + html.slice(0, 200))
    ))`,
    world,
  });
}

function wrapped(source: string): string {
  return `(function () { ${source}\n })()`;
}

async function follow(order: Order): Promise<unknown> {
  if (order.does === "open") {
    pages.set(order.page, await open(order.url, order.sight));
    return null;
  }
  const at = pages.get(order.page);
  if (at === undefined) throw new Error("this page is not open");
  switch (order.does) {
    case "see":
      return await see(at, order.sight);
    case "go":
      return await go(at, order.url);
    case "evaluate":
      return await evaluate(at, order);
    case "press":
      for (let time = 0; time < order.times; time++) {
        await at.page.keyboard.press(order.key);
      }
      return null;
    case "type":
      return await at.page.keyboard.insertText(order.text);
    case "click":
      return await at.page.click(order.selector);
    case "axe":
      return await runAxe(at);
    case "events":
      return { ...at.events, connections } satisfies Events;
    case "picture":
      await at.page.screenshot({
        path: order.path,
        fullPage: order.whole,
        animations: "disabled",
      });
      return null;
    case "close":
      pages.delete(order.page);
      return await at.context.close();
  }
}

async function answer(line: string): Promise<void> {
  const order: Order = JSON.parse(line);
  let said: Answer;
  try {
    said = { id: order.id, value: await follow(order) ?? null };
  } catch (error) {
    said = { id: order.id, error: String(error) };
  }
  const bytes = new TextEncoder().encode(`${JSON.stringify(said)}\n`);
  for (let from = 0; from < bytes.length;) {
    from += await Deno.stdout.write(bytes.subarray(from));
  }
}

let rest = "";
for await (
  const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())
) {
  const lines = `${rest}${text}`.split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) await answer(line);
}
proxy.close();
await browser.close();
