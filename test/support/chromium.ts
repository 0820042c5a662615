/**
 * A person at a browser: headless Chromium, driven by playwright-core.
 *
 * Debian package: chromium.
 *
 * @module
 */
import type { Errand } from "./chromium_driver.ts";

const DRIVER = new URL("./chromium_driver.ts", import.meta.url).href;

async function send(errand: Errand): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-lock", "-A", DRIVER],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(errand)));
  await writer.close();
  const { success, stderr } = await child.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

export interface SignInAtBrowser {
  /** Both as read at the login prompt. */
  readonly url: string;
  readonly code: string;
  readonly account: string;
  readonly password: string;
}

/**
 * Does what the text at the login prompt says: opens the page, enters the code, confirms it, and
 * signs in with a second factor. Throws unless the issuer says in the end that it is done.
 */
export async function approveInBrowser(
  { url, code, ...person }: SignInAtBrowser,
): Promise<void> {
  await send({ url, code, person });
}

/**
 * Opens the address that `oauth-pam key` shows and signs in. Throws unless the page in the end says
 * that it is done.
 */
export async function signInInBrowser(
  { url, ...person }: Omit<SignInAtBrowser, "code">,
): Promise<void> {
  await send({ url, person });
}

/** Enters the code and says that it is not theirs. */
export async function denyInBrowser(
  { url, code }: Pick<SignInAtBrowser, "url" | "code">,
): Promise<void> {
  await send({ url, code });
}
