/**
 * What tests do with the playground in a browser: put texts into it, wait for answers, and compare them with
 * those of the command line.
 *
 * @module
 */
import assert from "node:assert/strict";
import { cli } from "./cli.ts";
import type { Browser, BrowserPage } from "./page_check.ts";

export const MARKUP = [
  `</script><script>alert(1)</script>`,
  `<img src=x onerror=alert(1)>`,
  `"><svg onload=alert(1)>`,
  `<iframe srcdoc="<script>alert(1)</script>">`,
  `</textarea></pre><style>*{display:none}</style>`,
  `javascript:alert(1)`,
  "${alert(1)}",
  `&lt;img src=x onerror=alert(1)&gt;`,
];

/** Such a policy is in order: names of groups may be anything. */
export const HOSTILE = `version: 1
issuers:
  campus: {issuer: https://login.example.edu, audiences: [ssh, ${
  JSON.stringify(MARKUP[1])
}]}
rules:
  staff:
    description: ${JSON.stringify(MARKUP.join(" "))}
    when: {groups: {any: ${JSON.stringify(MARKUP)}}}
    accounts: [{names: [deploy]}]
`;

export const STATUS = `document.getElementById("status")`;

export async function opened(
  browser: Browser,
  url: string,
): Promise<BrowserPage> {
  const page = await browser.open(url);
  await page.until(
    `document.getElementById("findings").textContent !== "" && !${STATUS}.hasAttribute("data-busy")`,
  );
  return page;
}

/** Waits until everything that was asked is answered. */
export async function idle(page: BrowserPage): Promise<void> {
  await page.until(`!${STATUS}.hasAttribute("data-busy")`);
}

/** As if somebody had pasted it. */
export async function put(
  page: BrowserPage,
  id: string,
  text: string,
): Promise<void> {
  await putAll(page, { [id]: text });
}

export async function putAll(
  page: BrowserPage,
  texts: Readonly<Record<string, string>>,
): Promise<void> {
  await page.evaluate(`(() => {
    for (const [id, text] of Object.entries(${JSON.stringify(texts)})) {
      const field = document.getElementById(id);
      field.select();
      field.setRangeText(text);
      field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
  })()`);
  await idle(page);
}

export async function show(page: BrowserPage, tab: string): Promise<void> {
  await page.click(`#tab-${tab}`);
  await idle(page);
}

export async function textOf(page: BrowserPage, id: string): Promise<string> {
  return await page.evaluate(
    `document.getElementById(${JSON.stringify(id)}).textContent`,
  );
}

/** Nothing was asked of anybody but the page itself, and nobody complained. */
export async function silent(page: BrowserPage, path: string): Promise<void> {
  const { requests, ...rest } = await page.events();
  assert.deepEqual(rest, { connections: [], console: [], errors: [] });
  // a worker is a part of the page
  assert.deepEqual(
    requests.filter((url) => !url.startsWith("blob:null/")),
    [`file://${path}`],
  );
}

export async function shared(
  page: BrowserPage,
  { claims }: { claims: boolean },
): Promise<string> {
  await page.evaluate(`(() => {
    document.getElementById("share").open = true;
    document.getElementById("share-claims").checked = ${claims};
    document.getElementById("share-link").value = "";
  })()`);
  await page.click("#share-make");
  await page.until(`document.getElementById("share-link").value !== ""`);
  return await page.evaluate(`document.getElementById("share-link").value`);
}

export async function inflated(fragment: string): Promise<string> {
  const base64 = fragment.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(
    new DecompressionStream("deflate-raw"),
  );
  return await new Response(stream).text();
}

export interface Texts {
  readonly policy: string;
  readonly tests: string;
}

export function filesOf({ policy, tests }: Texts): Record<string, string> {
  return {
    "policy.yaml": policy,
    ...(tests === "" ? {} : { "policy.test.yaml": tests }),
  };
}

/** The list on the page says of each finding what the JSON of `policy lint` says. */
export async function sameFindings(
  page: BrowserPage,
  texts: Texts,
): Promise<void> {
  const { stdout } = await cli(
    ["policy", "lint", "policy.yaml", "--format", "json"],
    { files: filesOf(texts) },
  );
  const { findings } = JSON.parse(stdout) as {
    findings: {
      line: number;
      column: number;
      level: string;
      message: string;
      id: string;
      hint?: string;
    }[];
  };
  await show(page, "findings");
  const items = await page.evaluate<string[]>(
    `[...document.querySelectorAll("#findings li")].map((each) => each.textContent)`,
  );
  assert.deepEqual(
    items,
    findings.map(({ line, column, level, message, id, hint }) =>
      `Line ${line}, column ${column}${level} ${message} [${id}]${
        hint === undefined ? "" : `hint: ${hint}`
      }`
    ),
  );
}

/** What the panel's part "JSON" holds, as a value; `null` without one. */
export async function jsonIn(page: BrowserPage, id: string): Promise<unknown> {
  const there = await page.evaluate<boolean>(`(() => {
    const details = document.querySelector("#${id} details");
    if (details !== null) details.open = true;
    return details !== null;
  })()`);
  if (!there) return null;
  await page.until(`document.querySelector("#${id} details pre") !== null`);
  const text = await page.evaluate<string>(
    `document.querySelector("#${id} details pre").textContent`,
  );
  return JSON.parse(text);
}
