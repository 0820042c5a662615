/**
 * The token as pam_exec hands it over: on standard input, without an end mark of its own.
 *
 * @module
 */
import { within } from "../../lib/deadline.ts";
import { AccessToken } from "../../token/access_token.ts";
import { MAX_TOKEN_CHARACTERS } from "../../token/compact_jws.ts";
import { TokenError } from "../../token/errors.ts";
import type { PamIo } from "../io.ts";

/** pam_exec writes at once and closes; whoever takes longer is not pam_exec. */
const READ_TIMEOUT_MS = 5_000;

const NUL = 0;
const NEWLINE = 10;

/** What sshd types in place of a password for an account that may not log in. */
const SSHD_JUNK = "\b\n\r\x7fINCORRECT";

/**
 * Reads the token. One trailing NUL (Linux-PAM 1.3) or newline is not part of it; nothing else is
 * trimmed. Throws {@link TokenError} `token_missing` or `token_malformed`.
 */
export async function readAuthtok(
  stdin: PamIo["stdin"],
  options: { timeoutMs?: number } = {},
): Promise<AccessToken> {
  const bytes = await readWithDeadline(
    stdin,
    options.timeoutMs ?? READ_TIMEOUT_MS,
  );
  const last = bytes.at(-1);
  const token = last === NUL || last === NEWLINE
    ? bytes.subarray(0, -1)
    : bytes;
  if (token.length === 0) {
    throw new TokenError("token_missing", "no token was handed over");
  }
  const text = String.fromCharCode(...token);
  if (
    text.startsWith(SSHD_JUNK.slice(0, Math.min(text.length, SSHD_JUNK.length)))
  ) {
    const message =
      "sshd hides what was typed: the account does not exist or may not log in";
    throw new TokenError("token_malformed", message);
  }
  if (!/^[\x21-\x7e]+$/.test(text)) {
    throw new TokenError(
      "token_malformed",
      "what was handed over is not a token",
    );
  }
  return new AccessToken(text);
}

async function readWithDeadline(
  stdin: PamIo["stdin"],
  timeoutMs: number,
): Promise<Uint8Array> {
  return await within(readAll(stdin), timeoutMs, () => {
    const message = "standard input was not closed in time";
    throw new TokenError("token_missing", message);
  });
}

async function readAll(stdin: PamIo["stdin"]): Promise<Uint8Array> {
  // two more than the longest token: its end mark, and the proof that there is more
  const buffer = new Uint8Array(MAX_TOKEN_CHARACTERS + 2);
  let length = 0;
  while (length < buffer.length) {
    const count = await read(stdin, buffer.subarray(length));
    if (count === null) return buffer.subarray(0, length);
    length += count;
  }
  const message = `more than ${MAX_TOKEN_CHARACTERS} bytes were handed over`;
  throw new TokenError("token_malformed", message);
}

async function read(
  stdin: PamIo["stdin"],
  buffer: Uint8Array,
): Promise<number | null> {
  try {
    return await stdin.read(buffer);
  } catch {
    throw new TokenError("token_missing", "standard input cannot be read");
  }
}
