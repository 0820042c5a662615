/**
 * What the person at the login prompt reads. The same for every account, existing or not.
 *
 * @module
 */
import type { ReachedLimit } from "./limit.ts";

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
  /** How long the code can be used. */
  readonly seconds: number;
  readonly qr: readonly string[] | null;
}

/** sshd closes a connection that is sent more than 32 lines before the next prompt. */
const MAX_LINES = 31;
/** Lines beside a QR code: the text without its empty lines. */
const TEXT_LINES = 9;
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
    `     It waits until you have signed in, for ${text.seconds} seconds at most.`,
    ...(text.qr ?? [""]),
    "Only if you started this yourself. If somebody sent you this code, stop:",
    "entering it would let them in as you.",
    ...gap,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

interface Circumstances {
  readonly reference: string;
  /** The limit that was reached. */
  readonly limit: ReachedLimit | null;
  /** Whether a password is taken now; `null` where the stack does not say. */
  readonly password: boolean | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * What a person reads who gets no code: that it does not work now, when it makes sense to try again,
 * and what a password is good for. The log alone says why, under the same reference.
 */
export function failureText(
  { reference, limit, password, now }: Circumstances,
): string {
  const what = limit === null
    ? "Signing in with a browser is not possible at the moment"
    : limitSentence(limit);
  const again = limit === null
    ? "Try again later, or ask your administrator."
    : `The next one can start in ${
      Math.max(1, Math.ceil((limit.until - now) / 1000))
    } seconds.`;
  const lines = [
    `${what} (reference ${reference}).`,
    ...(limit === null && password !== false ? [] : [again]),
    ...(password === null
      ? []
      : password
      ? ["Type your password for this host instead."]
      : ["No password helps here: press Enter."]),
  ];
  return `\n${lines.join("\n")}\n`;
}

function limitSentence({ whose }: ReachedLimit): string {
  return whose === "service"
    ? "Too many people are signing in to this host"
    : whose === "user"
    ? "You have started too many sign-ins"
    : `Too many sign-ins were started from your ${whose}`;
}

/** What somebody reads who has come back from the browser, or has not gone there yet. */
export function waitingText(seconds: number): string {
  return `Waiting for the sign-in in your browser, ${seconds} seconds at most.\n`;
}

/**
 * What somebody reads whose sign-in was refused. The same for every account, and for every reason that
 * has to do with one; what was typed is one reason, because sshd hides it for accounts that do not exist.
 */
export function refusalText(
  { reason, typed }: { reason: unknown; typed: boolean },
  reference: string,
): string {
  const [what, then] = typed
    ? [
      "What was typed was refused",
      "Leave the line empty, and sign in with the browser",
    ]
    : reason === "device_expired"
    ? [
      "Nobody signed in with the browser in time",
      "Try again, and press Enter when you have signed in",
    ]
    : reason === "issuer_unavailable"
    ? ["The sign-in service did not answer", "Try again later"]
    : [
      "The sign-in was refused",
      "The same sign-in will be refused again: ask your administrator",
    ];
  return `${what} (reference ${reference}).\n${then}.\n`;
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
