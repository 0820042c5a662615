/**
 * `oauth-pam token inspect`
 *
 * @module
 */
import { MAX_TOKEN_CHARACTERS } from "../../token/compact_jws.ts";
import { forGraph } from "../../token/unfitting.ts";
import { choice, parseArguments, UsageError } from "../arguments.ts";
import type { Command } from "../command.ts";
import { formatOption } from "../output/reports.ts";
import { EXIT, type ExitCode } from "../exit_code.ts";
import { unreadable } from "../input.ts";
import type { CliIo } from "../io.ts";
import { jsonDocument } from "../output/json.ts";
import { visible } from "../../lib/text.ts";
import { type Anatomy, anatomyOf, type TokenKind } from "./anatomy.ts";
import { inspectedCertificate } from "./certificate.ts";
import { looksLikeCertificate } from "./certificate_file.ts";
import { datesOf, timeLines } from "./times.ts";

const FORMATS = ["pretty", "json"] as const;

export const COMMAND: Command = {
  forms: ["[OPTIONS] <TOKEN"],
  about: `
Shows what a token on standard input says about itself: header, claims, times as dates, and which
way into a host is long enough for it. Of an SSH certificate, there or in a file, it shows what the
certificate says and the token that it carries. NOTHING IS VERIFIED: anybody can write such a token.
Prints neither signatures nor the token.
`,
  options: {
    certificate: {
      value: "FILE",
      says: "an SSH certificate, such as id-cert.pub",
    },
    format: formatOption(FORMATS),
  },
  exits: { 0: "decoded", 3: "cannot be decoded" },
};

const NOT_VERIFIED = "NOT VERIFIED: anybody could have written this";

/** What the ways in carry at most, in bytes (pam_exec) and characters (the OpenSSH client). */
const PAM_EXEC = 511;
const SSH_CLIENT = 1023;

export async function run(
  args: readonly string[],
  io: CliIo,
): Promise<ExitCode> {
  const options = await parseArguments(args, COMMAND.options);
  const format = choice("format", options.text("format") ?? "pretty", FORMATS);
  if (options.positionals.length > 0) {
    // it would stand in the list of processes and in the shell's history
    throw new UsageError("the token is read from standard input, never named");
  }
  const now = Math.floor(io.now() / 1000);
  const file = options.text("certificate");
  let input: Uint8Array;
  try {
    input = file === undefined || file === "-"
      ? await io.readStdin()
      : await io.readFile(file);
  } catch (error) {
    if (file === undefined) throw error;
    const { message } = unreadable(file, error);
    io.stderr(`oauth-pam: error: ${visible(`${file}: ${message}`)}\n`);
    return EXIT.unanswered;
  }
  if (file !== undefined || looksLikeCertificate(input)) {
    const { text, decoded } = await inspectedCertificate(input, {
      format,
      now,
    });
    io.stdout(text);
    return decoded ? EXIT.fine : EXIT.unanswered;
  }
  const anatomy = anatomyOf(input);
  io.stdout(format === "json" ? json(anatomy) : pretty(anatomy, now));
  return anatomy.kind === "jws" ? EXIT.fine : EXIT.unanswered;
}

function json({ kind, length, header, claims, refused }: Anatomy): string {
  const notes = notesOf(header);
  const document = jsonDocument("oauth-pam/token@1", {
    verified: false,
    kind,
    length,
    fits: { pam_exec: length <= PAM_EXEC, ssh: length <= SSH_CLIENT },
    header,
    claims,
    dates: datesOf(claims),
    refused,
    ...(notes.length === 0 ? {} : { notes }),
  });
  // inside strings, where alone such characters can stand, the escapes mean the same in JSON
  return document.split("\n").map(visible).join("\n");
}

const KINDS: Readonly<Record<TokenKind, string>> = {
  jws: "a JWT, whose signature was not looked at",
  jwe: "an encrypted token (JWE): only its recipient can read the claims",
  opaque: "an opaque token: only its issuer can read it",
  json: "a JSON document, not a token",
  malformed: "no token that can be decoded",
  empty: "nothing at all",
};

function pretty(anatomy: Anatomy, now: number): string {
  const { kind, length, header, claims, refused } = anatomy;
  const times = timeLines(claims, now);
  return [
    NOT_VERIFIED,
    "",
    `this is ${KINDS[kind]}`,
    ...(length === 0 ? [] : [`length: ${length} bytes: ${ways(length)}`]),
    ...(refused === null
      ? []
      : [`every login refuses it: ${refused.message} (${refused.reason})`]),
    ...notesOf(header),
    ...(header === null ? [] : ["", "header:", ...shown(header)]),
    ...(claims === null ? [] : ["", "claims:", ...shown(claims)]),
    ...(times.length === 0 ? [] : ["", "times:", ...times]),
  ].map((line) => `${visible(line)}\n`).join("");
}

/** What is worth knowing of a token that no login refuses for it alone. */
function notesOf(header: Anatomy["header"]): string[] {
  const why = header === null ? null : forGraph(header);
  return why === null ? [] : [`its signature will not fit: ${why}`];
}

function shown(document: Readonly<Record<string, unknown>>): string[] {
  return JSON.stringify(document, null, 2).split("\n").map((line) =>
    `  ${line}`
  );
}

function ways(length: number): string {
  if (length > MAX_TOKEN_CHARACTERS) {
    return `longer than any login reads (${MAX_TOKEN_CHARACTERS})`;
  }
  if (length > SSH_CLIENT) {
    return `too long to be pasted: pam_exec cuts it off at ${PAM_EXEC}, the OpenSSH client's ` +
      `prompt at ${SSH_CLIENT}; use device sign-in`;
  }
  if (length > PAM_EXEC) {
    return `pam_exec cuts it off at ${PAM_EXEC}; the OpenSSH client's prompt takes it ` +
      `(${SSH_CLIENT}): use pam_script, or device sign-in`;
  }
  return `fits pam_exec (${PAM_EXEC}) and the OpenSSH client's prompt (${SSH_CLIENT})`;
}
