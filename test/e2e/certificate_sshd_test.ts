/**
 * Certificates that carry an ID token, with the built program, a real sshd and a real ssh, and sshd's
 * lines and the stack as they are written.
 *
 * @module
 */
// Threats: E2, F1
import assert from "node:assert/strict";
import { BUILD_KINDS } from "../support/built_program.ts";
import {
  attemptsOf,
  type CertificateBench,
  type CertificateBenchOptions,
  withCertificateBench,
} from "../support/certificate_bench.ts";
import { createKey } from "../support/opkssh.ts";

function test(
  title: string,
  options: CertificateBenchOptions,
  body: (
    bench: CertificateBench,
    step: Deno.TestContext["step"],
  ) => Promise<void>,
): void {
  Deno.test(`ssh with a certificate ${title}`, async (context) => {
    await withCertificateBench(
      options,
      (bench) => body(bench, context.step.bind(context)),
    );
  });
}

for (const kind of BUILD_KINDS) {
  test(
    `admits alice, by keys of both types (${kind})`,
    { kind },
    async (bench) => {
      await using sshd = await bench.sshd();
      const { account, server } = bench;
      for (const curve of ["Ed25519", "P-256"] as const) {
        const key = await createKey(curve);
        const result = await bench.ssh(sshd, { key });
        assert.equal(result.stdout, `${account.name}\n`, await sshd.log());
        assert.equal(result.stderr, "");
      }
      // sshd asks twice for each, and one line is written for each
      const lines = await attemptsOf(bench, 2);
      assert.equal(lines.length, 2);
      for (const line of lines) {
        assert.match(
          line,
          / decision=allow reason=allowed user=\S+ service=sshd method=certificate key=SHA256:\S+ phase=offered issuer=campus sub=u1 /,
        );
        assert.doesNotMatch(line, /warning=/);
      }
      assert.equal(server.requestCount("/jwks"), 1);
    },
  );
}
