/**
 * Debian's own judge of packages, on one as it is released.
 *
 * Debian packages: lintian, dpkg.
 *
 * @module
 */
import assert from "node:assert/strict";
import { packaged, printed } from "./packages.ts";
import { buildEnvironment } from "../../support/built_program.ts";

/** About Deno as it is published, and nothing of ours. */
const OVERRIDDEN = [
  "binary-has-unneeded-section",
  "embedded-library",
  "hardening-no-relro",
  "spelling-error-in-binary",
];

Deno.test("lintian finds nothing but what is in Deno itself, and each override says why", async () => {
  // the Deno of the lock file, for which there is not always a denort
  const { DENO_FOR_COMPILE: _, DENORT_BIN: __, ...environment } =
    buildEnvironment;
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-lintian-" });
  try {
    const { files: [deb = ""], told } = await packaged(
      // lintian knows no archive that is not compressed
      ["deb", "--compression=fast", "--output", folder],
      environment,
    );
    assert.match(told[0] ?? "", /^deno \d+\.\d+\.\d+$/);
    const found = (await printed(
      "lintian",
      ...["--display-info", "--pedantic", "--show-overrides"],
      ...["--allow-root", "--fail-on=none", deb],
    )).trim().split("\n");
    const findings = found.filter((line) => !line.startsWith("O: "));
    // what there is, not how it ends, is judged; "N:" are the comments of the overrides
    assert.deepEqual(
      findings.filter((line) => line !== "" && !line.startsWith("N:")),
      [],
    );
    const tags = found.filter((line) => line.startsWith("O: "))
      .map((line) =>
        /^O: oauth-pam: (\S+) .*\[usr\/lib\/oauth-pam\/deno\]$/.exec(line)?.[1]
      );
    assert.deepEqual([...new Set(tags)].sort(), OVERRIDDEN);
    const overrides = await printed(
      ...["sh", "-ec"] as const,
      'dpkg-deb --fsys-tarfile "$1" | tar -xO ./usr/share/lintian/overrides/oauth-pam',
      ...["sh", deb],
    );
    const blocks = overrides.match(/(?:^#.*\n)+oauth-pam: \S+/gm) ?? [];
    assert.equal(blocks.length, OVERRIDDEN.length);
    assert.equal(overrides.match(/^[^#]/gm)?.length, OVERRIDDEN.length);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
