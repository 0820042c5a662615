/**
 * CHANGELOG.md as Debian writes changelogs.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  debianChangelog,
  newestRelease,
} from "../../../src/build/package/changelog.ts";
import { BuildError } from "../../../src/build/permissions.ts";

const CHANGELOG = `# Changelog

## Unreleased

- Not yet.

## 1.2.0 - 2026-01-31

### Added

- One thing that takes so many words to be told that they do not fit into one
  line of a changelog.
- Another.

## 1.1.0 - 2025-12-01

- Older.
`;

const order = {
  date: new Date("2026-01-31T12:00:00Z"),
  maintainer: "A Name <name@example.org>",
};

const OLDER = `oauth-pam (1.1.0) stable; urgency=medium

  * Older.

 -- A Name <name@example.org>  Mon, 01 Dec 2025 00:00:00 +0000
`;

Deno.test("a release's changelog begins with that release, in lines that Debian takes", () => {
  assert.equal(
    debianChangelog(CHANGELOG, { ...order, version: "1.2.0" }),
    `oauth-pam (1.2.0) stable; urgency=medium

  [ Added ]
  * One thing that takes so many words to be told that they do not fit into
    one line of a changelog.
  * Another.

 -- A Name <name@example.org>  Sat, 31 Jan 2026 12:00:00 +0000

${OLDER}`,
  );
  assert.equal(
    debianChangelog(CHANGELOG, {
      ...order,
      version: "1.1.0",
      date: new Date("2025-12-01T00:00:00Z"),
    }),
    OLDER,
  );
});

Deno.test("a version that is not released has what came after the last release", () => {
  const [head, , point, , last] = debianChangelog(CHANGELOG, {
    ...order,
    version: "1.3.0",
  }).split("\n");
  assert.equal(head, "oauth-pam (1.3.0) stable; urgency=medium");
  assert.equal(point, "  * Not yet.");
  assert.match(last ?? "", /Sat, 31 Jan 2026 12:00:00 \+0000$/);
});

Deno.test("the newest release has a day, or there is none", () => {
  assert.equal(
    newestRelease(CHANGELOG).toISOString(),
    "2026-01-31T00:00:00.000Z",
  );
  assert.throws(() => newestRelease("## Unreleased\n\n- x\n"), BuildError);
});
