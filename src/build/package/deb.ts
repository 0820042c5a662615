/**
 * The package for Debian and its relatives, by dpkg-deb.
 *
 * @module
 */
import { privateFolder } from "../places.ts";
import type { PackageOrder } from "./kind.ts";
import { debScripts } from "./scripts.ts";
import { digestOf, foldersOf, runTool, stage } from "./stage.ts";

/** lintian knows no zstd. */
const COMPRESSORS = {
  none: ["-Znone"],
  fast: ["-Zxz", "-z0"],
  best: ["-Zxz"],
};

/** Writes it, and answers with its path. Throws `BuildError` when dpkg-deb fails. */
export async function writeDeb(order: PackageOrder): Promise<string> {
  const { version, machine, date, environment } = order;
  const path = `${order.output}/oauth-pam_${version}_${machine}.deb`;
  const root = await privateFolder("oauth-pam-deb-");
  try {
    await Deno.chmod(root, 0o755);
    await stage(order.entries, { root, date });
    await writeControl(root, order);
    await Deno.utime(root, date, date);
    await runTool("dpkg-deb", {
      args: [
        "--root-owner-group",
        ...COMPRESSORS[order.compression],
        "--build",
        root,
        path,
      ],
      env: {
        PATH: environment.PATH ?? "",
        SOURCE_DATE_EPOCH: String(date.getTime() / 1000),
      },
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
  return path;
}

async function writeControl(root: string, order: PackageOrder): Promise<void> {
  const folder = `${root}/DEBIAN`;
  await Deno.mkdir(folder, { mode: 0o755 });
  const sums: string[] = [];
  let size = foldersOf(order.entries.map(({ path }) => path)).length;
  for (const { path } of order.entries) {
    sums.push(`${await digestOf(`${root}/${path}`, "md5")}  ${path}\n`);
    size += Math.ceil((await Deno.stat(`${root}/${path}`)).size / 1024);
  }
  const files = new Map([
    ["control", control(order, size)],
    [
      "conffiles",
      order.entries.filter(({ configuration }) => configuration)
        .map(({ path }) => `/${path}\n`).join(""),
    ],
    ["md5sums", sums.join("")],
  ]);
  for (const [name, text] of files) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    await Deno.chmod(`${folder}/${name}`, 0o644);
  }
  for (const [name, text] of await debScripts()) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
    await Deno.chmod(`${folder}/${name}`, 0o755);
  }
}

/** `size` in KiB. */
function control(order: PackageOrder, size: number): string {
  const description = order.description.split("\n")
    .map((line) => ` ${line === "" ? "." : line}\n`).join("");
  return `Package: oauth-pam
Version: ${order.version}
Architecture: ${order.machine}
Maintainer: ${order.maintainer}
Installed-Size: ${size}
Depends: libc6 (>= 2.27), libgcc-s1, libpam-modules, libpam-runtime, passwd
Recommends: openssh-server
Suggests: sensible-utils
Section: admin
Priority: optional
Description: ${order.summary}
${description}`;
}
