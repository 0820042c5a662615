/**
 * What the bench lacks on this machine, and how to get it.
 *
 * @module
 */

export class MissingPart extends Error {
  override readonly name = "MissingPart";

  /** `what` says what cannot be done and why; `packages` are Debian's. */
  constructor(what: string, packages: readonly string[]) {
    super(
      `${what.trimEnd()}\nto get what it needs on Debian, as root: apt-get install ${
        packages.join(" ")
      }`,
    );
  }
}
