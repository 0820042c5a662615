/**
 * The certificates of the tests have the flaws that they are asked to have, and no others.
 *
 * @module
 */
import assert from "node:assert/strict";
import "reflect-metadata";
import {
  SubjectAlternativeNameExtension,
  X509Certificate,
} from "@peculiar/x509";
import { createAuthority } from "./certificates.ts";
import type { CertificateFlaws } from "./certificates.ts";
import { startHostileIssuer } from "./hostile_server.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** What a client that trusts `caPem` alone makes of such a server. */
async function visit(
  options: { host?: string; flaws?: CertificateFlaws; foreign?: boolean } = {},
): Promise<string> {
  const authority = await createAuthority();
  const trusted = options.foreign ? await createAuthority() : authority;
  await using server = await startHostileIssuer({
    authority,
    flaws: options.flaws ?? {},
  });
  server.discovery = { hello: "world" };
  using client = Deno.createHttpClient({ caCerts: [trusted.caPem] });
  const path = ".well-known/openid-configuration";
  const url = `https://${options.host ?? "localhost"}:${server.port}/${path}`;
  try {
    return await (await fetch(url, { client })).text();
  } catch (error) {
    return String((error as Error).cause ?? error);
  }
}

Deno.test(
  "a certificate of the authority is good for localhost and 127.0.0.1",
  strict,
  async () => {
    assert.equal(await visit(), '{"hello":"world"}');
    assert.equal(await visit({ host: "127.0.0.1" }), '{"hello":"world"}');
  },
);

Deno.test("another authority's certificate is refused", strict, async () => {
  assert.match(await visit({ foreign: true }), /UnknownIssuer/);
});

Deno.test("an expired certificate is refused as expired", strict, async () => {
  assert.match(await visit({ flaws: { validity: "expired" } }), /Expired/i);
});

Deno.test(
  "a certificate of tomorrow is refused as not yet valid",
  strict,
  async () => {
    assert.match(
      await visit({ flaws: { validity: "not_yet_valid" } }),
      /NotValidYet|not valid yet/i,
    );
  },
);

Deno.test("a certificate for another name is refused", strict, async () => {
  assert.match(
    await visit({ flaws: { wrongName: true } }),
    /NotValidForName|not valid for name/i,
  );
});

Deno.test(
  "issueServerCertificate() puts names and addresses into the certificate",
  strict,
  async () => {
    const authority = await createAuthority();
    const { certPem, keyPem } = await authority.issueServerCertificate([
      "login.example.edu",
      "192.0.2.7",
      "::1",
    ]);
    const names = new X509Certificate(certPem)
      .getExtension(SubjectAlternativeNameExtension)?.names.toJSON();
    assert.deepEqual(names?.map(({ type, value }) => `${type} ${value}`), [
      "dns login.example.edu",
      "ip 192.0.2.7",
      "ip ::1",
    ]);
    assert.match(keyPem, /^-----BEGIN PRIVATE KEY-----\n/);
  },
);
