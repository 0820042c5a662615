/**
 * What the person at the login prompt reads. The same for every account, existing or not.
 *
 * @module
 */

interface SignInText {
  /** `null` where the host does not know its name. */
  readonly hostname: string | null;
  readonly account: string;
  readonly service: string;
  readonly rhost: string | null;
  /** The site's own line, printable ASCII. */
  readonly prompt: string | null;
  readonly verificationUri: string;
  readonly userCode: string;
  readonly qr: readonly string[] | null;
}

/** sshd closes a connection that is sent more than 32 lines before the next prompt. */
const MAX_LINES = 30;
/** Lines beside a QR code: the text without its empty lines. */
const TEXT_LINES = 8;
/** Lines that a QR code may have. */
export const MAX_QR_LINES = MAX_LINES - TEXT_LINES;

/** The text, printable ASCII apart from the QR code. */
export function signInText(text: SignInText): string {
  const host = plain(text.hostname ?? "this host");
  const from = text.rhost === null ? "" : ` from ${plain(text.rhost)}`;
  const gap = text.qr === null ? [""] : [];
  const lines = [
    "", // ssh puts "(user@host) " before the first line
    ...(text.prompt === null ? [] : [text.prompt]),
    `Sign-in to ${host} as "${text.account}" (${plain(text.service)})${from}`,
    ...gap,
    `  1. Open   ${text.verificationUri}`,
    `  2. Enter  ${text.userCode}`,
    "  3. Come back, leave the next line empty, and press Enter.",
    ...(text.qr ?? [""]),
    "Only if you started this login yourself. If somebody sent you this code, stop:",
    "entering it would let them in as you.",
    ...gap,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const SENTENCES = {
  device_limit: "Too many people are signing in. Try again in a minute",
  not_now: "Signing in with a browser is not possible at the moment",
} as const;

/**
 * Says no more than that it does not work now, and whether it makes sense to try again.
 * The log alone says why, under the same reference.
 */
export function failureText(
  sentence: keyof typeof SENTENCES,
  reference: string,
): string {
  return `\n${SENTENCES[sentence]} (reference ${reference}).\n`;
}

function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 100);
}

// A URL as a QR code for terminals: two modules a character, light ones drawn, as terminals are
// mostly dark.

/** The lines, or `null` when they would be more than `maxLines`. Loads its library when called. */
export async function qrLines(
  text: string,
  options: { maxLines: number },
): Promise<string[] | null> {
  const { renderUnicodeCompact } = await import("uqr");
  const lines = renderUnicodeCompact(text, { border: 1, ecc: "L" }).split("\n");
  return lines.length <= options.maxLines ? lines : null;
}
