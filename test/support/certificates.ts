/**
 * Throw-away certificate authorities and server certificates, made
 * with WebCrypto alone so that the bench needs no openssl.
 *
 * @module
 */
// the next import registers its classes by it, and is not ready without
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The names every loopback server of the bench answers to. */
export const LOOPBACK_NAMES: readonly string[] = [
  "localhost",
  "127.0.0.1",
  "::1",
];

export interface ServerCertificate {
  /** One PEM certificate, signed by the authority itself. */
  readonly certPem: string;
  /** PKCS#8 PEM. */
  readonly keyPem: string;
}

export interface CertificateFlaws {
  /** Both ends of the validity lie in the past, or in the future. */
  readonly validity?: "current" | "expired" | "not_yet_valid";
  /** Ignores the given names and names "wrong.example.org" only. */
  readonly wrongName?: boolean;
}

export interface Authority {
  readonly caPem: string;
  issueServerCertificate(
    names?: readonly string[],
    flaws?: CertificateFlaws,
  ): Promise<ServerCertificate>;
}

/**
 * Makes a new authority (ECDSA P-256, valid from yesterday for a month).
 *
 * `issueServerCertificate()` takes host names and IP addresses, by default
 * {@link LOOPBACK_NAMES}, and answers a certificate of seven days.
 * Does not check that the names are well formed.
 */
export async function createAuthority(): Promise<Authority> {
  const keys = await generateKeys();
  const now = Date.now();
  const root = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    // Two authorities with one name would be mixed up by clients that look
    // issuers up by name, so that a test of a foreign authority would lie.
    name: `CN=oauth-pam test authority ${serialNumber().slice(0, 8)}`,
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + 30 * DAY),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(
        KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign,
        true,
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });

  async function issueServerCertificate(
    names: readonly string[] = LOOPBACK_NAMES,
    flaws: CertificateFlaws = {},
  ): Promise<ServerCertificate> {
    const server = await generateKeys();
    const [notBefore, notAfter] = validity(flaws.validity ?? "current");
    const certificate = await X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: "CN=oauth-pam test server",
      issuer: root.subject,
      notBefore,
      notAfter,
      signingAlgorithm: ALGORITHM,
      publicKey: server.publicKey,
      signingKey: keys.privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          (flaws.wrongName ? ["wrong.example.org"] : names).map((value) => ({
            type: isAddress(value) ? "ip" as const : "dns" as const,
            value,
          })),
        ),
      ],
    });
    const pkcs8 = await crypto.subtle.exportKey("pkcs8", server.privateKey);
    return {
      certPem: certificate.toString("pem") + "\n",
      keyPem: PemConverter.encode(pkcs8, "PRIVATE KEY") + "\n",
    };
  }

  return { caPem: root.toString("pem") + "\n", issueServerCertificate };
}

function generateKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, [
    "sign",
    "verify",
  ]) as Promise<CryptoKeyPair>;
}

/** A positive 16-byte serial number (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  return "4" + crypto.randomUUID().replaceAll("-", "").slice(1);
}

function validity(
  kind: NonNullable<CertificateFlaws["validity"]>,
): [Date, Date] {
  const now = Date.now();
  switch (kind) {
    case "current":
      return [new Date(now - HOUR), new Date(now + 7 * DAY)];
    case "expired":
      return [new Date(now - 3 * HOUR), new Date(now - HOUR)];
    case "not_yet_valid":
      return [new Date(now + HOUR), new Date(now + 3 * HOUR)];
  }
}

function isAddress(name: string): boolean {
  return name.includes(":") || /^\d+(\.\d+){3}$/.test(name);
}
