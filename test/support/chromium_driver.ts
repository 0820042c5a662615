/**
 * What a person does in the browser, as a process of its own: playwright-core looks at places that
 * the tests' permissions do not cover. Reads one {@link Errand} as JSON from standard input.
 *
 * @module
 */
import { chromium, type Page } from "playwright-core";

export interface Errand {
  /** As read at the login prompt. */
  readonly url: string;
  /** Without, the URL alone is to be opened. */
  readonly code?: string;
  /** Who signs in; without, the code is declared to be somebody else's. */
  readonly person?: { readonly account: string; readonly password: string };
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

async function run(page: Page, { url, code, person }: Errand): Promise<void> {
  await page.goto(url);
  if (code === undefined) {
    await signIn(page, person);
    await page.getByText("Go back to your terminal.").waitFor();
    await page.getByText("You have signed in").waitFor();
    return;
  }
  await page.getByRole("textbox").fill(code);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText(code).waitFor();
  if (person === undefined) {
    await page.getByRole("button", { name: "No" }).click();
    await page.getByText("the interaction was aborted").waitFor();
    return;
  }
  await page.getByRole("button", { name: "Yes" }).click();
  await signIn(page, person);
  await page.getByText("Go back to your device.").waitFor();
}

async function signIn(page: Page, person: Errand["person"]): Promise<void> {
  await page.getByLabel("Account").fill(person?.account ?? "");
  await page.getByLabel("Password").fill(person?.password ?? "");
  await page.getByLabel("with a second factor").check();
  await page.getByRole("button", { name: "Sign in" }).click();
}

const errand: Errand = await new Response(Deno.stdin.readable).json();
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: FLAGS,
  chromiumSandbox: false,
});
try {
  // the test's own authority is in no browser's list
  const page = await browser.newPage({ ignoreHTTPSErrors: true });
  page.setDefaultTimeout(20_000);
  await run(page, errand);
} finally {
  await browser.close();
}
