/**
 * What an SSH certificate says, and the token in it, as far as it can be told without any key.
 *
 * @module
 */
import { sameBytes } from "../../ssh/wire.ts";
import {
  CertificateError,
  type SshCertificate,
  USER,
} from "../../ssh/certificate.ts";
import { fingerprintOf } from "../../ssh/public_key.ts";
import { TokenError } from "../../token/errors.ts";
import { parsePkToken, type UnverifiedPkToken } from "../../token/pk_token.ts";
import { visible } from "../../lib/text.ts";
import { jsonDocument } from "../output/json.ts";
import { readCertificateFile } from "./certificate_file.ts";
import { dateOf, datesOf, timeLines } from "./times.ts";

const NOT_VERIFIED = "NOT VERIFIED: anybody could have written this";

interface Refusal {
  readonly reason: string;
  readonly message: string;
}

interface Inspected {
  readonly length: number;
  readonly certificate: SshCertificate | null;
  readonly token: UnverifiedPkToken | null;
  readonly fingerprint: string | null;
  /** Of whoever signed the certificate; `null`: the certified key itself. */
  readonly signer: string | null;
  /** Why every login by it is refused before any key is looked at. */
  readonly refused: Refusal | null;
}

/** The text to print, and whether there was a certificate that could be read. Never throws. */
export async function inspectedCertificate(
  bytes: Uint8Array,
  { format, now }: { format: "pretty" | "json"; now: number },
): Promise<{ text: string; decoded: boolean }> {
  const inspected = await inspectedIn(bytes);
  const text = format === "json" ? json(inspected) : pretty(inspected, now);
  return { text, decoded: inspected.certificate !== null };
}

async function inspectedIn(bytes: Uint8Array): Promise<Inspected> {
  const nothing = {
    length: bytes.length,
    certificate: null,
    token: null,
    fingerprint: null,
    signer: null,
  };
  let certificate: SshCertificate;
  try {
    certificate = readCertificateFile(bytes);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return {
      ...nothing,
      refused: { reason: "certificate_malformed", message: error.message },
    };
  }
  const { key, signatureKey, pkToken } = certificate;
  const own = sameBytes(key.blob, signatureKey);
  const known = {
    length: bytes.length,
    certificate,
    fingerprint: await fingerprintOf(key.blob),
    signer: own ? null : await fingerprintOf(signatureKey),
  };
  if (pkToken === null) return { ...known, token: null, refused: null };
  try {
    return { ...known, token: parsePkToken(pkToken), refused: null };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const refused = { reason: error.code, message: error.message };
    return { ...known, token: null, refused };
  }
}

function json(
  { length, certificate, token, fingerprint, signer, refused }: Inspected,
): string {
  const document = jsonDocument("oauth-pam/token@1", {
    verified: false,
    kind: certificate === null ? "malformed" : "certificate",
    length,
    header: token?.issued.jws.header ?? null,
    claims: token?.issued.jws.payload ?? null,
    dates: datesOf(token?.issued.jws.payload ?? null),
    refused,
    ...(certificate === null ? {} : {
      certificate: {
        type: certificate.type,
        certifies: kindOf(certificate),
        fingerprint,
        self_signed: signer === null,
        ...(signer === null ? {} : { signed_by: signer }),
        serial: certificate.serial.toString(),
        key_id: certificate.keyId,
        principals: certificate.principals,
        valid_after: instant(certificate.validAfter),
        valid_before: instant(certificate.validBefore),
        critical_options: names(certificate.criticalOptions),
        extensions: names(certificate.extensions),
      },
    }),
    ...(token === null ? {} : {
      pk_token: {
        client: {
          header: token.client.jws.header,
          names_the_key: namesKey(token, certificate),
        },
        cosigned: token.cosigned,
        refreshed: token.refreshed === null ? null : {
          header: token.refreshed.jws.header,
          claims: token.refreshed.jws.payload,
          dates: datesOf(token.refreshed.jws.payload),
        },
      },
    }),
  });
  return document.split("\n").map(visible).join("\n");
}

function pretty(
  { length, certificate, token, fingerprint, signer, refused }: Inspected,
  now: number,
): string {
  const refusal = refused === null
    ? []
    : [`every login refuses it: ${refused.message} (${refused.reason})`];
  if (certificate === null) {
    return text([
      NOT_VERIFIED,
      "",
      "this is no certificate that can be read",
      ...refusal,
    ]);
  }
  const { type, keyId, principals, validAfter, validBefore, serial } =
    certificate;
  return text([
    NOT_VERIFIED,
    "",
    `this is an SSH certificate for a ${kindOf(certificate)}, ${
      certificate.pkToken === null ? "without a token" : "with a token"
    }`,
    `length: ${length} bytes`,
    ...refusal,
    "",
    "certificate:",
    `  type              ${type}`,
    `  key               ${fingerprint}`,
    `  signed by         ${signer ?? "that key itself"}`,
    `  serial            ${serial}`,
    `  key id            ${keyId === "" ? "none" : keyId}`,
    `  principals        ${list(principals)}`,
    `  valid             ${validity(validAfter, validBefore)}`,
    `  critical options  ${list(names(certificate.criticalOptions))}`,
    `  extensions        ${list(names(certificate.extensions))}`,
    ...(token === null ? [] : tokenLines(token, { certificate, now })),
  ]);
}

function tokenLines(
  token: UnverifiedPkToken,
  { certificate, now }: { certificate: SshCertificate; now: number },
): string[] {
  const { issued, client, refreshed, cosigned } = token;
  return [
    "",
    "who signed the token:",
    `  the issuer ${token.iss}, with ${issued.jws.algorithm}`,
    `  the client, with ${client.jws.algorithm} and ${
      namesKey(token, certificate)
        ? "the key of the certificate"
        : "ANOTHER KEY THAN THAT OF THE CERTIFICATE"
    }`,
    ...(cosigned ? ["  a cosigner, which is not looked at"] : []),
    "",
    "issuer's header:",
    ...shown(issued.jws.header),
    "",
    "client's header:",
    ...shown(client.jws.header),
    "",
    "claims:",
    ...shown(issued.jws.payload),
    ...times(issued.jws.payload, now),
    ...(refreshed === null ? [] : [
      "",
      "claims of the refreshed token:",
      ...shown(refreshed.jws.payload),
      ...times(refreshed.jws.payload, now),
    ]),
  ];
}

function times(claims: Readonly<Record<string, unknown>>, now: number) {
  const lines = timeLines(claims, now);
  return lines.length === 0 ? [] : ["", "times:", ...lines];
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${visible(line)}\n`).join("");
}

function shown(document: Readonly<Record<string, unknown>>): string[] {
  return JSON.stringify(document, null, 2).split("\n").map((line) =>
    `  ${line}`
  );
}

function list(words: readonly string[]): string {
  return words.length === 0 ? "none" : words.join(", ");
}

function names(options: readonly { readonly name: string }[]): string[] {
  return options.map(({ name }) => name);
}

function kindOf({ certifies }: SshCertificate): string {
  return certifies === USER ? "user" : certifies === 2 ? "host" : "stranger";
}

/** Whether the client's header has the key that is certified. */
function namesKey(
  { client }: UnverifiedPkToken,
  certificate: SshCertificate | null,
): boolean {
  const { upk } = client.jws.header;
  if (certificate === null || typeof upk !== "object" || upk === null) {
    return false;
  }
  return Object.entries(certificate.key.jwk).every(([name, value]) =>
    Object.hasOwn(upk, name) && (upk as Record<string, unknown>)[name] === value
  );
}

const FOREVER = 0xffffffffffffffffn;

/** `null` for no end. */
function instant(seconds: bigint): string | null {
  return seconds === FOREVER ? null : dateOf(Number(seconds));
}

function validity(after: bigint, before: bigint): string {
  if (after === 0n && before === FOREVER) {
    return "always: the token says how long it serves";
  }
  const from = after === 0n ? "" : `from ${instant(after) ?? "no date"}`;
  const to = before === FOREVER ? "" : `until ${instant(before) ?? "no date"}`;
  return [from, to].filter((part) => part !== "").join(" ");
}
