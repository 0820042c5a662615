/**
 * The packages themselves: what lies in them, whose it is, and that everything is as it was found.
 *
 * @module
 */
// Threats: J1
import assert from "node:assert/strict";
import { Ajv } from "ajv";
import cyclonedx from "@cyclonedx/cyclonedx-library/package.json" with {
  type: "json",
};
import config from "../../../deno.json" with { type: "json" };
import type { Entry, PackageKind } from "../../../src/build/package/kind.ts";
import type { Packages } from "../../../src/build/package/main.ts";
import { PAM_PROFILE } from "../../../src/build/package/scripts.ts";
import { digestOf } from "../../../src/build/package/stage.ts";
import { filesBelow } from "../../support/files.ts";
import { packaged, printed } from "./packages.ts";

const { version } = config;
/** Of the newest release, which every file has. */
const [, DAY = ""] = /^## \S+ - (\S+)$/m.exec(
  await Deno.readTextFile(new URL("../../../CHANGELOG.md", import.meta.url)),
) ?? [];
/** The same as RPM prints it. */
const [, WEEKDAY, DATE, MONTH, YEAR] =
  /^(\w+), (\d+) (\w+) (\d+)/.exec(new Date(DAY).toUTCString()) ?? [];
const RPM_DAY = `${WEEKDAY} ${MONTH} ${DATE} ${YEAR}`;

let folder = "";
let made: Packages;
/** The .deb, unpacked. */
let tree = "";

Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "oauth-pam-packages-" });
  made = await packaged(["--output", `${folder}/a`]);
  tree = `${folder}/tree`;
  await printed("dpkg-deb", "--raw-extract", file("deb"), tree);
});

Deno.test.afterAll(async () => {
  await Deno.remove(folder, { recursive: true });
});

function file(kind: PackageKind): string {
  return made.files.find((path) => path.endsWith(kind)) ?? "";
}

function listed(kind: PackageKind): Entry[] {
  return made.entries.filter(({ only }) => (only ?? kind) === kind)
    .sort((one, two) => one.path < two.path ? -1 : 1);
}

async function text(path: string): Promise<string> {
  return await Deno.readTextFile(`${tree}/${path}`);
}

/** As `ls` shows a mode. */
function mode(entry: Entry): string {
  return entry.mode === 0o755 ? "-rwxr-xr-x" : "-rw-r--r--";
}

/** The lines of a list, in the order of the paths. */
function sorted(lines: readonly string[]): string[] {
  const path = (line: string) => line.slice(line.lastIndexOf(" "));
  return [...lines].sort((one, two) => path(one) < path(two) ? -1 : 1);
}

Deno.test("a .deb has the files of the one list, root's and of one time, and folders that only root can change", async () => {
  const lines = (await printed("dpkg-deb", "--contents", file("deb")))
    .trimEnd().split("\n").map((line) =>
      line.replace(/^(\S+) (\S+) +\d+ (\S+ \S+) \.\/(.*)$/, "$1 $2 $3 $4")
    );
  const date = `${DAY} 00:00`;
  assert.deepEqual(
    sorted(lines.filter((line) => line.startsWith("-"))),
    listed("deb").map((entry) =>
      `${mode(entry)} root/root ${date} ${entry.path}`
    ),
  );
  const folders = lines.filter((line) => !line.startsWith("-"));
  assert.ok(folders.length > 10);
  for (const line of folders) {
    assert.ok(line.startsWith(`drwxr-xr-x root/root ${date} `), line);
  }
});

Deno.test("an .rpm has the same, but for what is Debian's", async () => {
  const lines = (await printed(
    ...["rpm", "--query", "--package", "--queryformat"] as const,
    "[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILEMTIMES:day} %{FILENAMES}\n]",
    file("rpm"),
  )).trimEnd().split("\n");
  assert.deepEqual(
    sorted(lines.filter((line) => line.startsWith("-"))),
    listed("rpm").map((entry) =>
      `${mode(entry)} root/root ${RPM_DAY} /${entry.path}`
    ),
  );
  for (const line of lines.filter((line) => !line.startsWith("-"))) {
    // the system's own folders belong to others
    assert.match(
      line,
      /^drwxr-xr-x root\/root \w+ \w+ \d+ \d+ \/.*\/oauth-pam(?:\/|$)/,
    );
  }
  const debianOnly = made.entries.filter(({ only }) => only === "deb")
    .map(({ path }) => path);
  assert.deepEqual(debianOnly, [
    "usr/share/pam-configs/oauth-pam",
    "etc/apparmor.d/var.lib.oauth-pam.login",
    "usr/share/lintian/overrides/oauth-pam",
    // where each keeps them
    "usr/share/zsh/vendor-completions/_oauth-pam",
  ]);
});

Deno.test("an .rpm says what it is, needs and changed", async () => {
  const told = await printed(
    ...["rpm", "--query", "--package", "--queryformat"] as const,
    "%{VERSION}-%{RELEASE}|%{LICENSE}|%{SUMMARY}|%{PACKAGER}|%{CHANGELOGTIME:day}|[%{REQUIRENAME} ]",
    file("rpm"),
  );
  const [release, license, summary, packager, day, needs] = told.split("|");
  assert.deepEqual([release, license, packager, day], [
    ...[`${version}-1`, "MIT AND ISC"],
    ...["oauth-pam authors <maintainers@oauth-pam.example>", RPM_DAY],
  ]);
  assert.match(summary ?? "", /^Log in with an OpenID provider/);
  const names = (needs ?? "").split(" ");
  for (const name of ["pam", "util-linux", "coreutils", "shadow-utils"]) {
    assert.ok(names.includes(name), name);
  }
});

Deno.test("an .rpm says which files are documents, licences and an administrator's", async () => {
  const marked = async (option: string) =>
    (await printed("rpm", "--query", "--package", option, file("rpm")))
      .trim().split("\n");
  assert.deepEqual(await marked("--configfiles"), ["/etc/oauth-pam/README"]);
  assert.deepEqual(await marked("--licensefiles"), [
    "/usr/share/doc/oauth-pam/copyright",
  ]);
  const documents = await marked("--docfiles");
  for (
    const path of [
      "/usr/share/doc/oauth-pam/examples/sshd-device-sign-in",
      "/usr/share/man/man8/oauth-pam.8.gz",
    ]
  ) assert.ok(documents.includes(path), path);
});

Deno.test("every file lies in the packages byte for byte, above all what must not be stripped", async () => {
  await Deno.mkdir(`${folder}/rpm`);
  await printed(
    ...["sh", "-ec"] as const,
    'cd "$1"; rpm2archive --nocompression - <"$2" | tar -x',
    ...["sh", `${folder}/rpm`, file("rpm")],
  );
  const programs: string[] = [];
  for (const kind of ["deb", "rpm"] as const) {
    const root = kind === "deb" ? tree : `${folder}/rpm`;
    for (const { path, source } of listed(kind)) {
      if ("file" in source) {
        const [here, there] = await Promise.all(
          [`${root}/${path}`, source.file].map((each) =>
            digestOf(each, "sha256")
          ),
        );
        assert.equal(here, there, path);
        programs.push(path);
      } else {
        assert.deepEqual(await Deno.readFile(`${root}/${path}`), source.bytes);
      }
    }
  }
  assert.equal(
    programs.filter((path) => path === "usr/lib/oauth-pam/denort").length,
    2,
  );
});

Deno.test("two runs make the same bytes", async () => {
  const again = await packaged(["--output", `${folder}/b`]);
  for (const path of made.files) {
    const other = again.files.find((each) =>
      each.endsWith(path.slice(path.lastIndexOf("/")))
    );
    assert.equal(
      await digestOf(path, "sha256"),
      await digestOf(other ?? "", "sha256"),
      path,
    );
  }
  await Deno.remove(`${folder}/b`, { recursive: true });
});

Deno.test("the control files say what the package needs and what an administrator may change", async () => {
  const fields = new Map(
    (await text("DEBIAN/control")).split(/\n(?! )/).filter(Boolean)
      .map((field) => {
        const [name = "", ...value] = field.split(": ");
        return [name, value.join(": ")];
      }),
  );
  assert.equal(fields.get("Package"), "oauth-pam");
  assert.equal(fields.get("Version"), version);
  assert.equal(
    fields.get("Depends"),
    "libc6 (>= 2.27), libgcc-s1, libpam-modules, libpam-runtime, passwd",
  );
  assert.equal(fields.get("Recommends"), "openssh-server");
  assert.match(
    fields.get("Description") ?? "",
    /\n {3}deno \d\S+(?:, for tests: a release has 2\.9\.6)?\n {5}sha256 [0-9a-f]{64}\n {3}denort /,
  );
  assert.deepEqual((await text("DEBIAN/conffiles")).trim().split("\n"), [
    "/etc/apparmor.d/var.lib.oauth-pam.login",
    "/etc/oauth-pam/README",
  ]);
  const checked = await printed(
    ...["sh", "-ec", 'cd "$1"; md5sum --quiet -c DEBIAN/md5sums'] as const,
    ...["sh", tree],
  );
  assert.equal(checked, "");
  assert.equal(
    (await text("DEBIAN/md5sums")).trimEnd().split("\n").length,
    listed("deb").length,
  );
});

Deno.test("Deno needs no newer C library than the package says", async () => {
  const needed = (await printed(
    ...["sh", "-ec", 'objdump -T "$@"', "sh"] as const,
    ...["deno", "denort"].map((name) => `${tree}/usr/lib/oauth-pam/${name}`),
  )).match(/\(GLIBC_[\d.]+\)/g) ?? [];
  const minor = needed.map((word) => Number(word.split(/[._)]/)[2]));
  assert.equal(Math.max(...minor), 27);
});

Deno.test("the profile for PAM stands in no stack by itself, cannot lock out, and is removed by its own name", async () => {
  const profile = await text("usr/share/pam-configs/oauth-pam");
  assert.match(profile, /^Default: no$/m);
  const lines = profile.match(/^\t.*$/gm) ?? [];
  assert.equal(lines.length, 2);
  for (const line of lines) {
    assert.match(line, /^\t\[success=\w+ default=ignore\]\t/);
  }
  const [, name] = /pam-auth-update --package --remove (\S+)/.exec(
    await text("DEBIAN/prerm"),
  ) ?? [];
  assert.equal(name, PAM_PROFILE);
  assert.deepEqual(await filesBelow(`${tree}/usr/share/pam-configs`), [name]);
});

Deno.test("the scripts are of both kinds of packages, and a shell can read them", async () => {
  for (const name of ["preinst", "postinst", "prerm", "postrm"]) {
    await printed("sh", "-n", `${tree}/DEBIAN/${name}`);
  }
  const scripts = await printed("rpm", "-qp", "--scripts", file("rpm"));
  const parts = scripts.split(/^(\w+) scriptlet \(using \/bin\/sh\):\n/m);
  assert.deepEqual(parts.filter((_, index) => index % 2 === 1), [
    "preinstall",
    "postinstall",
    "preuninstall",
    "postuninstall",
  ]);
  const [, , pre = "", , post = "", , preun = "", , postun = ""] = parts;
  for (const each of [pre, post, preun, postun]) {
    await printed("sh", "-n", "-c", each);
  }
  const shared = async (path: string, fragment: string) =>
    (await text(`DEBIAN/${path}`)).includes(fragment);
  assert.ok(
    await shared("postinst", post.slice(0, post.indexOf("\nmake_places\n"))),
  );
  assert.ok(await shared("preinst", pre.slice(0, pre.indexOf('\n[ "$1"'))));
  assert.ok(await shared("prerm", preun.slice(0, preun.indexOf('\n[ "$1"'))));
});

Deno.test("AppArmor takes its profile, which forbids nothing until somebody says so", async () => {
  const profile = `${tree}/etc/apparmor.d/var.lib.oauth-pam.login`;
  const built = await printed(
    ...["sh", "-ec"] as const,
    'apparmor_parser --skip-kernel-load --skip-cache --debug "$1" 2>&1',
    ...["sh", profile],
  );
  assert.match(built, /^Name:\s+oauth-pam-login$/m);
  assert.match(built, /^Mode: complain$/m);
  assert.match(
    await Deno.readTextFile(profile),
    /^profile oauth-pam-login \/var\/lib\/oauth-pam\/login flags=/m,
  );
});

Deno.test("the launchers start what `oauth-pam apply` writes, and are else those of pam.d.example/", async () => {
  for (const name of ["oauth-pam-launch", "oauth-pam-ssh-keys"]) {
    const here = await text(`usr/libexec/oauth-pam/${name}`);
    assert.match(here, /^program=\/var\/lib\/oauth-pam\/login$/m);
    const there = await Deno.readTextFile(
      new URL(`../../../pam.d.example/${name}`, import.meta.url),
    );
    const lines = there.split("\n");
    const changed = here.split("\n").filter((line, index) =>
      line !== lines[index]
    );
    assert.equal(changed.length, 1);
  }
});

Deno.test("an example and a policy lie beside their descriptions", async () => {
  const examples = await filesBelow(`${tree}/usr/share/doc/oauth-pam/examples`);
  for (
    const name of [
      ...["README.md", "sshd-device-sign-in", "sshd_config-certificates"],
      ...["policies/README.md", "policies/company.yaml"],
    ]
  ) assert.ok(examples.includes(name), name);
  assert.ok(!examples.includes("oauth-pam-launch"));
});

Deno.test("the changelog begins with this version", async () => {
  const packed = await Deno.open(
    `${tree}/usr/share/doc/oauth-pam/changelog.gz`,
  );
  const changelog = await new Response(
    packed.readable.pipeThrough(new DecompressionStream("gzip")),
  ).text();
  assert.match(
    changelog,
    new RegExp(`^oauth-pam \\(${version}\\) stable; urgency=medium\\n\\n  `),
  );
});

/** What `deno info` says of the program. */
async function graph(): Promise<{
  packages: string[];
  paths: Readonly<Record<string, { localPath: string }>>;
}> {
  const { modules, npmPackages } = JSON.parse(
    await printed(
      Deno.execPath(),
      ...[
        "info",
        "--json",
        new URL("../../../src/main.ts", import.meta.url).pathname,
      ],
    ),
  );
  return {
    packages: [
      ...new Set<string>(
        modules.flatMap((one: { npmPackage?: string }) => one.npmPackage ?? []),
      ),
    ].map((key) => key.replace(/_.*/, "")).sort(),
    paths: npmPackages,
  };
}

Deno.test("the SBOM is valid CycloneDX 1.6, and names all that is in the package with its checksum", async () => {
  const { packages, paths } = await graph();
  const key = Object.keys(paths).find((name) =>
    name.startsWith(`${cyclonedx.name}@${cyclonedx.version}`)
  );
  const schema = async (name: string) =>
    JSON.parse(
      await Deno.readTextFile(
        `${
          paths[key ?? ""]?.localPath
        }/res/schema/${name}.SNAPSHOT.schema.json`,
      ),
    );
  // what a format such as "iri-reference" asks is not looked at
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema(
    await schema("spdx"),
    "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json",
  );
  ajv.addSchema(
    await schema("jsf-0.82"),
    "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json",
  );
  const validate = ajv.compile(await schema("bom-1.6"));
  const document = JSON.parse(
    await text("usr/share/doc/oauth-pam/sbom.cdx.json"),
  );
  const isValid: boolean = validate(document);
  assert.ok(isValid, JSON.stringify(validate.errors));
  assert.ok(!validate({ ...document, components: [{ name: "x" }] }));
  assert.match(
    document.serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  assert.equal(Date.parse(document.metadata.timestamp), Date.parse(DAY));
  const component = (type: string) =>
    document.components.filter((one: { type: string }) => one.type === type);
  assert.deepEqual(
    component("library").map((
      one: { group?: string; name: string; version: string },
    ) =>
      `${
        one.group === undefined ? "" : `${one.group}/`
      }${one.name}@${one.version}`
    ).sort(),
    packages,
  );
  const lock = await Deno.readTextFile(
    new URL("../../../deno.lock", import.meta.url),
  );
  for (const { hashes: [{ content }] } of component("library")) {
    const bytes = content.match(/../g).map((hex: string) => parseInt(hex, 16));
    assert.ok(lock.includes(`sha512-${btoa(String.fromCharCode(...bytes))}`));
  }
  for (const { name, hashes: [{ content }] } of component("platform")) {
    const path = `${tree}/usr/lib/oauth-pam/${name}`;
    assert.equal(content, await digestOf(path, "sha256"));
  }
  assert.equal(component("platform").length, 2);
  const refs = document.components.map((one: { "bom-ref": string }) =>
    one["bom-ref"]
  );
  assert.deepEqual(document.dependencies[0].dependsOn, refs);
});

Deno.test("the copyright file names each part's owners and has the text of each licence", async () => {
  const { packages, paths } = await graph();
  const document = await text("usr/share/doc/oauth-pam/copyright");
  const paragraphs = document.trimEnd().split("\n\n");
  assert.match(paragraphs[0] ?? "", /^Format: \S+\/copyright-format\/1\.0\/\n/);
  for (const key of packages) {
    const name = key.slice(0, key.lastIndexOf("@"));
    const own = paragraphs.find((one) =>
      one.startsWith(`Files: npm/${name}/*\n`)
    );
    const [, license] = /^License: (\S+)$/m.exec(own ?? "") ?? [];
    assert.ok(
      paragraphs.some((one) => one.startsWith(`License: ${license}\n `)),
    );
    const found = Object.entries(paths).find(([each]) =>
      each.replace(/_.*/, "") === key
    );
    const shipped = await Promise.any(
      ["LICENSE", "LICENSE.md"].map((each) =>
        Deno.readTextFile(`${found?.[1].localPath}/${each}`)
      ),
    );
    for (
      const [, owner = ""] of shipped.matchAll(/^Copyright (?:\(c\) )?(.*)$/gim)
    ) {
      assert.ok(own?.includes(owner), owner);
    }
  }
  assert.match(
    document,
    /\nFiles: usr\/lib\/oauth-pam\/deno .*\nCopyright: the Deno authors\nLicense: Expat\n/,
  );
});

Deno.test("a program that somebody stripped refuses every login", async () => {
  const program = `${folder}/program`;
  await Deno.writeTextFile(`${folder}/hello.js`, 'console.log("hello");');
  const deno = `${tree}/usr/lib/oauth-pam/deno`;
  await printed(
    ...["env", `DENORT_BIN=${tree}/usr/lib/oauth-pam/denort`, deno] as const,
    ...["compile", "--quiet", "--no-config", "--output", program],
    `${folder}/hello.js`,
  );
  assert.equal(await printed(program), "hello\n");
  await printed("strip", program);
  const { code, stderr } = await new Deno.Command(program).output();
  assert.notEqual(code, 0);
  assert.match(new TextDecoder().decode(stderr), /standalone binary section/);
});
