/**
 * A file such as `id-cert.pub`: one line with an SSH certificate, as `ssh-keygen` writes it.
 *
 * @module
 */
import { decodeUtf8 } from "../../files/trusted_file.ts";
import {
  CertificateError,
  readCertificate,
  type SshCertificate,
} from "../../ssh/certificate.ts";

/** Whether a text begins as a certificate of some type does. */
export function looksLikeCertificate(bytes: Uint8Array): boolean {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, 100));
  return /^\s*[a-z0-9-]+-cert-v0[0-9]@openssh\.com\s/.test(start);
}

/**
 * Reads `TYPE BASE64` with any comment behind it. Throws {@link CertificateError}. Does not check
 * whether anything in it holds, nor who has signed it.
 */
export function readCertificateFile(bytes: Uint8Array): SshCertificate {
  let text: string;
  try {
    text = decodeUtf8(bytes);
  } catch {
    throw new CertificateError("the file is not text");
  }
  const [line = "", ...others] = text.split(/\r?\n/).filter((line) =>
    line.trim() !== ""
  );
  const [type = "", base64] = line.trim().split(/[ \t]+/);
  if (base64 === undefined || others.length > 0) {
    throw new CertificateError(
      'the file is not one line "TYPE BASE64", as ssh-keygen writes it',
    );
  }
  return readCertificate(base64, type);
}
