/**
 * The package for Fedora, RHEL and their relatives, by rpmbuild.
 *
 * @module
 */
import { BuildError } from "../permissions.ts";
import { privateFolder } from "../places.ts";
import { type Entry, type PackageOrder, RPM_MACHINES } from "./kind.ts";
import { rpmScripts } from "./scripts.ts";
import { foldersOf, runTool, stage } from "./stage.ts";

/** RPM's words for how a package is compressed. */
const PAYLOADS = { none: "w.ufdio", fast: "w3.zstdio", best: "w6T2.xzdio" };

/** Folders that are this package's own. */
const OWN = /\/oauth-pam(?:\/|$)/;

/** Writes it, and answers with its path. Throws `BuildError` when rpmbuild fails. */
export async function writeRpm(order: PackageOrder): Promise<string> {
  const machine = RPM_MACHINES[order.machine];
  const name = `oauth-pam-${order.version}-1.${machine}.rpm`;
  const top = await privateFolder("oauth-pam-rpm-");
  try {
    const root = `${top}/tree`;
    await Deno.mkdir(root);
    await stage(order.entries, { root, date: order.date });
    await Deno.writeTextFile(`${top}/oauth-pam.spec`, await spec(order, root));
    await runTool("rpmbuild", {
      args: [
        "-bb",
        "--quiet",
        `--target=${machine}`,
        `--define=_topdir ${top}`,
        `${top}/oauth-pam.spec`,
      ],
      env: {
        PATH: order.environment.PATH ?? "",
        HOME: top,
        SOURCE_DATE_EPOCH: String(order.date.getTime() / 1000),
      },
    });
    await Deno.copyFile(
      `${top}/RPMS/${machine}/${name}`,
      `${order.output}/${name}`,
    );
  } finally {
    await Deno.remove(top, { recursive: true });
  }
  return `${order.output}/${name}`;
}

/**
 * Nothing may be stripped, compressed or moved: a program that `deno compile` made carries what it runs
 * behind its last section, and so does what a stripped denort makes; it would refuse every login.
 */
const UNTOUCHED = `%global __strip /bin/true
%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
%global __brp_strip /bin/true`;

const SAME_BYTES = `%global _buildhost reproducible
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
%global source_date_epoch_from_changelog 0`;

async function spec(order: PackageOrder, root: string): Promise<string> {
  if (/[\s%]/.test(root)) {
    throw new BuildError(`rpmbuild cannot work in ${JSON.stringify(root)}`);
  }
  const paths = order.entries.map(({ path }) => path);
  const folders = foldersOf(paths).filter((path) => OWN.test(`/${path}`));
  const scripts = [...await rpmScripts()].map(([name, text]) =>
    `%${name}\n${text.replaceAll("%", "%%")}\n`
  );
  return `${UNTOUCHED}
${SAME_BYTES}
%global _binary_payload ${PAYLOADS[order.compression]}

Name: oauth-pam
Version: ${order.version}
Release: 1
Summary: ${order.summary.replace(/^./, (first) => first.toUpperCase())}
Group: System Environment/Base
Packager: ${order.maintainer}
License: MIT AND ISC
Requires: pam, util-linux, coreutils, shadow-utils
Requires(pre): coreutils, sed
Requires(post): coreutils, shadow-utils
Requires(preun): coreutils, grep, sed
Recommends: openssh-server

%description
${order.description}

%install
cp -a ${root}/. %{buildroot}/

${scripts.join("\n")}
%files
${folders.map((path) => `%dir %attr(0755,root,root) /${path}\n`).join("")}${
    order.entries.map((entry) =>
      `${markOf(entry)}%attr(0${
        entry.mode.toString(8)
      },root,root) /${entry.path}\n`
    ).join("")
  }
%changelog
* ${changelogDay(order.date)} ${order.maintainer} - ${order.version}-1
- See /usr/share/doc/oauth-pam/changelog.gz
`;
}

/** As changelogs of RPM have it: `Fri Nov 27 2026`. */
function changelogDay(date: Date): string {
  const [weekday = "", day, month, year] = date.toUTCString().split(" ");
  return `${weekday.slice(0, 3)} ${month} ${day} ${year}`;
}

function markOf({ path, configuration }: Entry): string {
  if (configuration) return "%config(noreplace) ";
  if (path.endsWith("/copyright")) return "%license ";
  return path.startsWith("usr/share/doc/") ? "%doc " : "";
}
