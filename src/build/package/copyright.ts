/**
 * Whose the parts of a package are, in Debian's machine-readable form.
 *
 * @module
 */
import { licenseParts, type NpmPackage } from "./npm.ts";

/** Debian's names where they are others than SPDX's. */
const DEBIAN_NAMES: Readonly<Record<string, string>> = { MIT: "Expat" };

/** Its package in the lock file has the program alone; the LICENSE of its source says this. */
const DENO = { copyright: ["the Deno authors"], license: "MIT" };

/** The document. `ownLicense` is the text of our own LICENSE. */
export function copyrightFile(
  { ownLicense, bundled }: {
    readonly ownLicense: string;
    readonly bundled: readonly NpmPackage[];
  },
): string {
  const own = licenseParts(ownLicense);
  const texts = new Map([["MIT", own.licenseText]]);
  for (const { license, licenseText } of bundled) {
    if (!texts.has(license)) texts.set(license, licenseText);
  }
  const paragraphs = [
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: oauth-pam\nSource: the archive that a release of the same version has beside its packages",
    files("*", { copyright: own.copyright, license: "MIT" }),
    files("usr/lib/oauth-pam/deno usr/lib/oauth-pam/denort", DENO) +
    "\nComment: Deno, as its authors publish it; its source names what is in it.",
    ...bundled.map((one) =>
      files(`npm/${one.name}/*`, one) +
      `\nComment: version ${one.version}, in usr/lib/oauth-pam/login.js and the files beside it`
    ),
    ...[...texts].map(([license, text]) =>
      `License: ${DEBIAN_NAMES[license] ?? license}\n${
        text.split("\n").map((line) => ` ${line === "" ? "." : line}`).join(
          "\n",
        )
      }`
    ),
  ];
  return `${paragraphs.join("\n\n")}\n`;
}

function files(
  pattern: string,
  { copyright, license }: Pick<NpmPackage, "copyright" | "license">,
): string {
  return `Files: ${pattern}\nCopyright: ${copyright.join("\n ")}\nLicense: ${
    DEBIAN_NAMES[license] ?? license
  }`;
}
