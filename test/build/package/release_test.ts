/**
 * The files of a release: packages made twice, checksums with a signature, and the lines by which
 * pam.d.example/README.md has people check them.
 *
 * Debian packages: openssh-client, rpm.
 *
 * @module
 */
// Threats: J1
import assert from "node:assert/strict";
import config from "../../../deno.json" with { type: "json" };
import { buildEnvironment } from "../../support/built_program.ts";
import { bash } from "../../support/ci.ts";
import { blocksOf } from "../../support/readme.ts";

const CHECKOUT = decodeURIComponent(
  new URL("../../../", import.meta.url).pathname,
);

/** A release's folder, a checkout's part that signs, and keys of which the checkout knows the first. */
async function withRelease(
  body: (run: (line: string) => ReturnType<typeof bash>) => Promise<void>,
): Promise<void> {
  const cwd = await Deno.makeTempDir({ prefix: "oauth-pam-sign-" });
  const run = (line: string) => bash(line, { cwd });
  try {
    const made = await run(`mkdir -p checkout/.ci checkout/.github release
cp "${CHECKOUT}.ci/sign" checkout/.ci/
cp "${CHECKOUT}.github/allowed_signers" checkout/.github/
for key in ours theirs; do ssh-keygen -q -t ed25519 -N '' -C '' -f $key; done
printf 'oauth-pam namespaces="oauth-pam-release" %s\\n' "$(cat ours.pub)" >>checkout/.github/allowed_signers
cp checkout/.github/allowed_signers release/
for name in a.tar.gz a.deb a.rpm; do echo $name >release/$name; done`);
    assert.equal(made.code, 0, made.output);
    await body(run);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

/** The lines of the documents. */
async function verifyLines(): Promise<string> {
  const document = await Deno.readTextFile(
    `${CHECKOUT}pam.d.example/README.md`,
  );
  const block = blocksOf(document).find(({ text }) =>
    text.includes("ssh-keygen -Y verify")
  );
  return block?.text ?? "";
}

Deno.test("what is packed is the Deno that packs, runs the tests and is in the documents", async () => {
  const pinned = config.imports["@deno/linux-x64-glibc"].split("@").at(-1);
  for (
    const path of [
      ...[".github/workflows/ci.yml", ".github/workflows/release.yml"],
      ...[".ci/run", "README.md"],
    ]
  ) {
    const text = await Deno.readTextFile(`${CHECKOUT}${path}`);
    const named = [...text.matchAll(/\bdeno@(\d\S*\d)/g)].map(([, each]) =>
      each
    );
    assert.deepEqual([...new Set(named)], [pinned], path);
  }
});

Deno.test("what is signed is checked by the lines of the documents, and what was changed is not taken", () =>
  withRelease(async (run) => {
    const lines = await verifyLines();
    assert.match(lines, /-n oauth-pam-release .*SHA256SUMS/);
    const signed = await run("checkout/.ci/sign release ours");
    assert.equal(signed.code, 0, signed.output);
    // somebody has fetched one of the packages
    const fetched = await run(`mkdir got && cd got
cp ../release/{a.deb,allowed_signers,SHA256SUMS,SHA256SUMS.sig} .\n${lines}`);
    assert.equal(fetched.code, 0, fetched.output);
    assert.match(
      fetched.output,
      /^Good "oauth-pam-release" signature for oauth-pam /m,
    );
    assert.match(fetched.output, /^a\.deb: OK$/m);
    const changed = await run(`cd got && echo more >>a.deb\n${lines}`);
    assert.notEqual(changed.code, 0);
    assert.match(changed.output, /^a\.deb: FAILED$/m);
    const own = await run(`cd got && sha256sum a.deb >SHA256SUMS\n${lines}`);
    assert.notEqual(own.code, 0);
    assert.doesNotMatch(own.output, /OK$/m);
  }));

Deno.test("a key that the checkout does not know makes no release, nor does none", () =>
  withRelease(async (run) => {
    const theirs = await run("checkout/.ci/sign release theirs");
    assert.equal(theirs.code, 1);
    assert.match(
      theirs.output,
      /^sign: theirs is not a key of \.github\/allowed_signers$/m,
    );
    await run(": >empty");
    const none = await run("checkout/.ci/sign release empty");
    assert.notEqual(none.code, 0);
    const fresh = await run(
      `cp "${CHECKOUT}.github/allowed_signers" checkout/.github/ && checkout/.ci/sign release ours`,
    );
    assert.equal(fresh.code, 1);
  }));

Deno.test("a release's packages have the Deno of the lock file, are the same twice, and take no other denort", async () => {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-release-" });
  const make = (line: string) =>
    bash(`${CHECKOUT}.ci/packages ${folder}/${line}`, {
      cwd: folder,
      env: {
        ...buildEnvironment,
        PATH: `${
          Deno.execPath().replace(/\/[^/]*$/, "")
        }:${buildEnvironment.PATH}`,
        SOURCE_DATE_EPOCH: "1700000000",
        // where a test machine has none: any program
        DENORT_BIN: buildEnvironment.DENORT_BIN ?? "/bin/true",
      },
    });
  try {
    const made = await make("made --without-denort --compression=none");
    assert.equal(made.code, 0, made.output);
    assert.match(made.output, /^deno 2\.9\.6$/m);
    const names = [...Deno.readDirSync(`${folder}/made`)]
      .map(({ name }) => name).sort();
    assert.equal(names.length, 2);
    assert.match(names.join(" "), /^oauth-pam-\S+\.rpm oauth-pam_\S+\.deb$/);
    // of the time that reproducible builds agree on
    const listed = await bash(`dpkg-deb --contents ${folder}/made/*.deb`, {
      cwd: folder,
      env: { TZ: "UTC" },
    });
    assert.deepEqual(
      [...new Set(listed.output.match(/ \d{4}-\d\d-\d\d \d\d:\d\d /g))],
      [" 2023-11-14 22:13 "],
    );
    const other = await make("other");
    assert.equal(other.code, 1);
    assert.match(
      other.output,
      /^error: \S+ is not the denort of Deno 2\.9\.6: /m,
    );
    await assert.rejects(Deno.stat(`${folder}/other`), Deno.errors.NotFound);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
