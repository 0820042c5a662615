/**
 * Certificates that their own key signs, written.
 *
 * @module
 */
import { encodeBase64 } from "../lib/base64url.ts";
import { CERTIFICATE_TYPES, CURVE_OF, USER } from "./certificate.ts";
import type { CertificateType } from "./certificate.ts";
import { keyFields, type PublicJwk, publicKeyBlob } from "./public_key.ts";
import { wireSignature } from "./signature.ts";
import { joined, uint32, uint64, wireString } from "./wire.ts";

/** What a certificate for a user says, but for who signs it: its own key. */
interface CertificateContents {
  readonly jwk: PublicJwk;
  /** Random bytes, usually 32. */
  readonly nonce: Uint8Array;
  readonly keyId: string;
  readonly principals: readonly string[];
  /** Seconds since the epoch; without them, for ever. */
  readonly validAfter?: bigint;
  readonly validBefore?: bigint;
  /** Values by name; `null` for one that is there or not, such as "permit-pty". */
  readonly extensions: Readonly<Record<string, string | null>>;
}

/** For ever, as OpenSSH writes it. */
const NO_END = 0xffffffffffffffffn;

/** The bytes that the key must sign. Extensions are sorted, as OpenSSH demands. */
export function certificateToSign(contents: CertificateContents): Uint8Array {
  const { jwk } = contents;
  return joined([
    wireString(certificateType(jwk)),
    wireString(contents.nonce),
    keyFields(jwk),
    uint64(0n), // no serial: nobody keeps a register
    uint32(USER),
    wireString(contents.keyId),
    wireString(joined(contents.principals.map(wireString))),
    uint64(contents.validAfter ?? 0n),
    uint64(contents.validBefore ?? NO_END),
    wireString(""), // no critical option
    wireString(joined(
      Object.entries(contents.extensions).sort(([one], [other]) =>
        one < other ? -1 : 1
      ).flatMap(([name, value]) => [
        wireString(name),
        wireString(value === null ? "" : wireString(value)),
      ]),
    )),
    wireString(""), // reserved
    wireString(publicKeyBlob(jwk)),
  ]);
}

/**
 * The certificate in base64, with the signature of 64 bytes that WebCrypto made over what
 * {@link certificateToSign} gave. The signature is not checked.
 */
export function writeCertificate(
  jwk: PublicJwk,
  toSign: Uint8Array,
  signature: Uint8Array,
): string {
  return encodeBase64(
    joined([toSign, wireString(wireSignature(signature, jwk.crv))]),
  );
}

/** The type of certificates for such a key. */
export function certificateType(jwk: PublicJwk): CertificateType {
  const type = CERTIFICATE_TYPES.find((each) => CURVE_OF[each] === jwk.crv);
  if (type === undefined) throw new TypeError("no type for the curve");
  return type;
}
