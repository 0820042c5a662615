/**
 * The evidence of `policy explain` from an SSH certificate: the claims of the ID token in it, which are
 * taken as verified.
 *
 * @module
 */
import {
  type Explanation,
  issuerOfClaims,
  refusedBefore,
} from "../../../analysis/explain/explain.ts";
import type { RuleHint } from "../../../analysis/explain/near_miss.ts";
import { duration } from "../../../policy/duration.ts";
import type { SshCertificates } from "../../../policy/model.ts";
import { CertificateError } from "../../../ssh/certificate.ts";
import { TokenError } from "../../../token/errors.ts";
import {
  parsePkToken,
  type UnverifiedPkToken,
} from "../../../token/pk_token.ts";
import { readCertificateFile } from "../../token/certificate_file.ts";
import { readGiven } from "../../input.ts";
import type { ClaimsOf } from "./claims.ts";
import type { Asked } from "./evidence.ts";

/**
 * Reads a certificate from a file or, for "-", standard input; `now` is in seconds. What keeps it from
 * the rules is an answer. Throws `InputError` where there is none to read.
 *
 * Verifies nothing: neither the issuer's signature, nor the client's, nor that the token names the key.
 */
export async function evidenceFromCertificate(
  path: string,
  asked: Asked & { readonly now: number },
): Promise<ClaimsOf | Explanation> {
  const { policy, account, io, now } = asked;
  const { bytes } = await readGiven(path, { what: "the certificate", io });
  let token: UnverifiedPkToken;
  try {
    const { pkToken } = readCertificateFile(bytes);
    if (pkToken === null) {
      throw new CertificateError("the certificate carries no token");
    }
    token = parsePkToken(pkToken);
  } catch (error) {
    if (error instanceof CertificateError) {
      return refusedBefore(account, {
        reason: "certificate_malformed",
        detail: error.message,
      });
    }
    if (!(error instanceof TokenError)) throw error;
    return refusedBefore(account, {
      reason: error.code,
      detail: error.message,
    });
  }
  io.stderr(
    "oauth-pam: NOT VERIFIED: the token in the certificate is taken as verified, and as bound to its key\n",
  );
  const issuer = issuerOfClaims(policy, {
    claims: token.issued.jws.payload,
    name: asked.issuer,
    account,
  });
  if ("decision" in issuer) return issuer;
  const certificates = "ssh_certificates" in issuer
    ? issuer.ssh_certificates
    : null;
  if (certificates === null) {
    return refusedBefore(account, {
      reason: "issuer_unknown",
      detail:
        `the issuer "${issuer.name}" has no "ssh_certificates" in the policy`,
      issuer: issuer.name,
    });
  }
  const over = overSince(token.issued.jws.payload, { certificates, now });
  const later = over === null ? null : token.refreshed;
  const vouches = later !== null && certificates.refreshed;
  return {
    issuer,
    claims: vouches ? later.jws.payload : token.issued.jws.payload,
    hints: over === null ? [] : [timeHint(over, vouches)],
  };
}

/** Why an ID token does not vouch any more; `null` where it does, or does not say. */
function overSince(
  claims: Readonly<Record<string, unknown>>,
  { certificates, now }: {
    certificates: SshCertificates;
    now: number;
  },
): string | null {
  const { lifetime } = certificates;
  const time = (name: string) => {
    const value = Object.hasOwn(claims, name) ? claims[name] : null;
    return typeof value === "number" ? value : Infinity;
  };
  if (lifetime === null) {
    return time("exp") <= now ? "it has expired" : null;
  }
  return time("iat") + lifetime < now
    ? `it was issued more than ${duration(lifetime)} ago`
    : null;
}

function timeHint(over: string, vouches: boolean): RuleHint {
  return {
    rule: null,
    kind: "time",
    message: vouches
      ? `the ID token does not serve any more (${over}): the claims are those of the refreshed one`
      : `the ID token does not serve any more (${over}): a login would refuse it`,
  };
}
