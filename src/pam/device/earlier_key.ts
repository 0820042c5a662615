/**
 * Keys that sshd has accepted before it asked PAM (`AuthenticationMethods publickey,…`): a code is
 * shown to nobody else, and where a key came in a certificate with a token, whoever signs in must be the
 * person that the token is about.
 *
 * @module
 */
import { CERTIFICATE_TYPES, readCertificate } from "../../ssh/certificate.ts";
import type { Evidence } from "../../token/evidence.ts";
import { TokenError } from "../../token/errors.ts";
import { parsePkToken } from "../../token/pk_token.ts";
import { RequestError } from "../host/environment.ts";
import type { PamIo } from "../io.ts";

interface AcceptedKey {
  readonly type: string;
  readonly base64: string;
}

/**
 * What sshd says of it in SSH_AUTH_INFO_0 (sshd_config(5), ExposeAuthInfo): a line for each method that
 * succeeded, which the launcher has joined by commas.
 */
function acceptedKeys(env: PamIo["env"]): AcceptedKey[] {
  return (env("SSH_AUTH_INFO_0") ?? "").split(/[,\n]/).flatMap((line) => {
    const [method, type, base64, ...rest] = line.split(" ");
    return method === "publickey" && type && base64 && rest.length === 0
      ? [{ type, base64 }]
      : [];
  });
}

/** Throws {@link RequestError} where sshd has accepted no key. */
export function requireEarlierKey(env: PamIo["env"]): void {
  if (acceptedKeys(env).length > 0) return;
  throw new RequestError(
    'sshd has accepted no key before: "after: publickey" needs ' +
      "AuthenticationMethods publickey,keyboard-interactive",
  );
}

/**
 * Throws {@link RequestError} as {@link requireEarlierKey}, and {@link TokenError} where a certificate is
 * about somebody else than the claims, or cannot be read. Does not verify certificates: sshd has accepted
 * them, and whatever they say can only refuse.
 */
export function checkSamePerson(
  { iss, sub }: Evidence["claims"],
  env: PamIo["env"],
): void {
  requireEarlierKey(env);
  for (const { type, base64 } of acceptedKeys(env)) {
    if (!CERTIFICATE_TYPES.some((known) => known === type)) continue;
    const { pkToken } = readCertificate(base64, type);
    if (pkToken === null) continue;
    const person = parsePkToken(pkToken);
    const same = typeof iss === "string" && typeof sub === "string" &&
      person.iss === iss && person.issued.jws.payload.sub === sub;
    if (same) continue;
    throw new TokenError(
      "key_not_bound",
      "the certificate that sshd has accepted is about somebody else",
    );
  }
}
