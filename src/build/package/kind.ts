/**
 * The kinds of packages, and what each needs to be told.
 *
 * @module
 */

/** What it is called at its end. */
export type PackageKind = "deb" | "rpm";

/** One file of a package. */
export interface Entry {
  /** Without the slash at its beginning. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
  readonly source: Source;
  /** In packages of this kind alone. */
  readonly only?: PackageKind;
  /** Administrators may change it; an upgrade leaves it as it is then. */
  readonly configuration?: true;
}

/** Its bytes, or the absolute path of the file that has them. */
export type Source = { readonly bytes: Uint8Array } | { readonly file: string };

/** From quick to small. */
export const COMPRESSIONS = ["none", "fast", "best"] as const;

/** What is made of the tree. */
export interface PackageOrder {
  readonly entries: readonly Entry[];
  /** Such as "0.1.0". */
  readonly version: string;
  readonly maintainer: string;
  /** One line. */
  readonly summary: string;
  /** Paragraphs, in lines of at most 78 characters. */
  readonly description: string;
  readonly compression: typeof COMPRESSIONS[number];
  /** The time of every file and of the package. */
  readonly date: Date;
  /** Debian's name; see {@link RPM_MACHINES}. */
  readonly machine: keyof typeof RPM_MACHINES;
  /** The folder that it is written to. */
  readonly output: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What RPM calls the machines that Debian calls so. */
export const RPM_MACHINES = { amd64: "x86_64", arm64: "aarch64" } as const;
