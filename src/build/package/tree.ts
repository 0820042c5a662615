/**
 * What lies where on a host that has the package: one list for every kind of package.
 *
 * @module
 */
import { PARTS, PROGRAM } from "../../lib/installed.ts";
import { gzipSync } from "node:zlib";
import { type Bundle, bundleFiles } from "../bundle.ts";
import { BuildError } from "../permissions.ts";
import type { Entry, Source } from "./kind.ts";

/** What is made before it is packed. */
export interface Parts {
  readonly deno: string;
  /** `null`: `apply` writes the runtime form alone. */
  readonly denort: string | null;
  readonly bundle: Bundle;
  readonly wrapper: string;
  readonly copyright: string;
  readonly changelog: string;
  readonly sbom: string;
  /** By their paths, uncompressed. */
  readonly manPages: ReadonlyMap<string, string>;
  readonly completions: ReadonlyMap<string, string>;
}

const CHECKOUT = decodeURIComponent(
  new URL("../../../", import.meta.url).pathname,
);
const FILES = decodeURIComponent(new URL("files/", import.meta.url).pathname);
const LAUNCHERS = "usr/libexec/oauth-pam";
const DOCUMENTS = "usr/share/doc/oauth-pam";

/** Where a launcher names what it starts, in a checkout and in a package. */
const OF_CHECKOUT = "\nprogram=/usr/libexec/oauth-pam/oauth-pam\n";
const OF_PACKAGE = `\nprogram=${PROGRAM}\n`;

/** The list. */
export async function packageTree(parts: Parts): Promise<Entry[]> {
  const examples = await filesIn("pam.d.example");
  const policies = await filesIn("policies");
  return [
    program(inPackage(PARTS.deno), { file: parts.deno }),
    ...parts.denort === null
      ? []
      : [program(inPackage(PARTS.denort), { file: parts.denort })],
    ...bundleFiles(inPackage(PARTS.bundle), parts.bundle)
      .map(([path, text]) => data(path, text)),
    program("usr/bin/oauth-pam", text(parts.wrapper)),
    ...await Promise.all(
      ["oauth-pam-launch", "oauth-pam-ssh-keys"].map(launcher),
    ),
    program(`${LAUNCHERS}/pam_script/pam_script_auth`, {
      file: `${CHECKOUT}pam.d.example/pam_script_auth`,
    }),
    { ...ours("usr/share/pam-configs/oauth-pam", "pam-profile"), only: "deb" },
    ours("usr/lib/sysusers.d/oauth-pam.conf", "sysusers.conf"),
    ours("usr/lib/tmpfiles.d/oauth-pam.conf", "tmpfiles.conf"),
    {
      ...ours("etc/apparmor.d/var.lib.oauth-pam.login", "apparmor"),
      only: "deb",
      configuration: true,
    },
    { ...ours("etc/oauth-pam/README", "README"), configuration: true },
    {
      ...ours("usr/share/lintian/overrides/oauth-pam", "lintian-overrides"),
      only: "deb",
    },
    data(`${DOCUMENTS}/copyright`, parts.copyright),
    packed(`${DOCUMENTS}/changelog`, parts.changelog),
    data(`${DOCUMENTS}/sbom.cdx.json`, parts.sbom),
    ...examples.map((name) => example(`pam.d.example/${name}`, name)),
    ...policies.map((name) => example(`policies/${name}`, `policies/${name}`)),
    // one place for what the same tables say in other words
    ...[...parts.manPages].map(([path, page]) => packed(path, page)),
    ...[...parts.completions].flatMap(([path, page]) => completion(path, page)),
  ];
}

/** As paths are in the list. */
function inPackage(path: string): string {
  return path.slice(1);
}

/** A launcher of pam.d.example/, which starts what `oauth-pam apply` writes. */
async function launcher(name: string): Promise<Entry> {
  const written = await Deno.readTextFile(`${CHECKOUT}pam.d.example/${name}`);
  const [before, after, ...more] = written.split(OF_CHECKOUT);
  if (after === undefined || more.length > 0) {
    throw new BuildError(
      `pam.d.example/${name} does not name its program once`,
    );
  }
  return program(`${LAUNCHERS}/${name}`, text(before + OF_PACKAGE + after));
}

async function filesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(CHECKOUT + folder)) {
    // the launchers are installed where they are run
    if (isFile && !/^(?:oauth-pam-|pam_script_auth)/.test(name)) {
      names.push(name);
    }
  }
  return names.sort();
}

/** RPM's distributions have another folder for what zsh completes. */
function completion(path: string, page: string): Entry[] {
  const elsewhere = path.replace(
    "/zsh/vendor-completions/",
    "/zsh/site-functions/",
  );
  return path === elsewhere ? [data(path, page)] : [
    { ...data(path, page), only: "deb" },
    { ...data(elsewhere, page), only: "rpm" },
  ];
}

function example(source: string, name: string): Entry {
  return {
    path: `${DOCUMENTS}/examples/${name}`,
    mode: 0o644,
    source: { file: CHECKOUT + source },
  };
}

function ours(path: string, name: string): Entry {
  return { path, mode: 0o644, source: { file: FILES + name } };
}

function program(path: string, source: Source): Entry {
  return { path, mode: 0o755, source };
}

function data(path: string, content: string): Entry {
  return { path, mode: 0o644, source: text(content) };
}

/** Compressed without a time stamp. */
function packed(path: string, content: string): Entry {
  const { bytes } = text(content);
  return {
    path: `${path}.gz`,
    mode: 0o644,
    source: { bytes: new Uint8Array(gzipSync(bytes, { level: 9 })) },
  };
}

function text(content: string): { readonly bytes: Uint8Array } {
  return { bytes: new TextEncoder().encode(content) };
}
