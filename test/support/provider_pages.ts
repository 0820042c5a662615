/**
 * The pages on which people sign in to the bench's OpenID provider.
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Account, Context } from "./provider_configuration.ts";

/** What the untyped package is used for here, and no more. */
export interface Implementation {
  callback(): (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  use(step: (ctx: Context, next: () => Promise<void>) => Promise<void>): void;
  interactionDetails(
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<{ prompt: { name: string }; params: { client_id: string } }>;
  interactionFinished(
    req: IncomingMessage,
    res: ServerResponse,
    result: Record<string, unknown>,
  ): Promise<void>;
}
export function page(title: string, body: string): string {
  return `<!DOCTYPE html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>
body { font: 1.1em sans-serif; max-width: 24em; margin: 4em auto }
input:not([type=checkbox], [type=hidden]) { display: block; margin: .3em 0 1em }
</style><h1>${title}</h1>${body}</html>`;
}

/** The forms of oidc-provider come without the buttons that submit them. */
function button(form: string, label: string, name = ""): string {
  const id = /<form id="([^"]+)"/.exec(form)?.[1];
  return `<button form="${id}" name="${name}" value="yes">${label}</button>`;
}

export function askForCode(
  ctx: Context,
  form: string,
  _answer: unknown,
  error?: Error,
): void {
  ctx.body = page(
    "Enter the code of your device",
    `${error ? `<p><strong>${error.message}</strong></p>` : ""}${form}${
      button(form, "Continue")
    }`,
  );
}

// The five parameters are what oidc-provider calls it with.
export function confirmCode(
  ctx: Context,
  form: string,
  client: { clientId: string },
  _device: unknown,
  code: string,
): void {
  ctx.body = page(
    "Does your device show this code?",
    `<p>${client.clientId} <code>${code}</code></p>${form}${
      button(form, "Yes")
    } ${button(form, "No", "abort")}`,
  );
}

export async function interact(
  provider: Implementation,
  { req, res, accounts }: {
    req: IncomingMessage;
    res: ServerResponse;
    accounts: Readonly<Record<string, Account>>;
  },
): Promise<void> {
  const { prompt, params } = await provider.interactionDetails(req, res);
  if (prompt.name === "consent") {
    // asked of every program on a person's own machine (RFC 8252 section 8.6)
    return await provider.interactionFinished(req, res, { consent: {} });
  }
  if (prompt.name !== "login") throw new Error(`unexpected "${prompt.name}"`);
  let hint = "";
  if (req.method === "POST") {
    let text = "";
    for await (const chunk of req) text += chunk;
    const form = new URLSearchParams(text);
    const account = accounts[form.get("account") ?? ""];
    if (account && account.password === form.get("password")) {
      const ago = Number(form.get("seconds_ago") || 0);
      return await provider.interactionFinished(req, res, {
        login: {
          accountId: account.claims.sub,
          amr: form.has("second_factor") ? ["pwd", "otp", "mfa"] : ["pwd"],
          acr: form.get("acr") || undefined,
          ts: Math.floor(Date.now() / 1000) - ago,
        },
      });
    }
    hint = "<p><strong>Wrong account or password</strong></p>";
  }
  res.writeHead(hint ? 401 : 200, { "content-type": "text/html" });
  res.end(page(
    "Sign in",
    `<p>to continue to ${encodeURIComponent(params.client_id)}</p>${hint}
<form method="post">
<label>Account <input name="account" autofocus autocomplete="off"></label>
<label>Password <input name="password" type="password"></label>
<label><input type="checkbox" name="second_factor"> with a second factor</label>
<details><summary>For tests</summary>
<label>acr <input name="acr"></label>
<label>Signed in, seconds ago <input name="seconds_ago"></label></details>
<p><button>Sign in</button></p></form>`,
  ));
}
