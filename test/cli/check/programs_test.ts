/**
 * `check` and the program that is installed: by a checkout's build, and by `oauth-pam apply` out of a
 * package's parts. Real builds, and for what they cost nothing stand-ins.
 *
 * @module
 */
import { policyFile } from "../../../src/lib/bundle_files.ts";
import assert from "node:assert/strict";
import { sha256Hex } from "../../../src/files/state_directory.ts";
import {
  type Bundle,
  bundleFiles,
  withPolicy,
} from "../../../src/build/bundle.ts";
import {
  compileProgram,
  writeRuntimeProgram,
} from "../../../src/build/compile.ts";
import { permissionNeeds } from "../../../src/build/permissions.ts";
import { parsePolicy } from "../../../src/policy/syntax/parse.ts";
import {
  type BrokenHost,
  createBrokenHost,
} from "../../support/broken_host.ts";
import {
  BUILD_KINDS,
  buildEnvironment,
  type BuildKind,
  buildProgram,
} from "../../support/built_program.ts";
import type { CheckOptions, CheckResult } from "../../support/check.ts";
import { writeStandIn } from "../../support/compiled_stand_in.ts";
import { packagedProgram } from "../../support/package_host.ts";

function only(result: CheckResult, prefix: string): string[] {
  return result.findings.filter(({ id, level }) =>
    id.startsWith(prefix) && level !== "info"
  ).map(({ id, level, message, hint }) =>
    `${level} ${id}: ${message} (${hint})`
  );
}

function good(result: CheckResult, prefix: string): string[] {
  return result.ok.filter(({ id }) => id.startsWith(prefix))
    .map(({ id }) => id);
}

const FITS = ["program/net", "program/write"];

for (const kind of BUILD_KINDS) {
  Deno.test(`check reads what a ${kind} build may do, and compares it with the policy`, async () => {
    await using host = await createBrokenHost();
    const { policy, program } = host.pam;
    await buildProgram({ policy, output: program, kind });
    const fine = await host.check();
    assert.equal(fine.code, 0, fine.stdout);
    assert.deepEqual(good(fine, "program/"), FITS);
    assert.deepEqual(fine.ids("program/policy"), []);
    // more rules need no other program, which has the earlier policy inside
    await host.edit(policy, (text) => text.replace("[staff]", "[staff, it]"));
    const grown = await host.check();
    assert.equal(grown.code, 0);
    assert.deepEqual(good(grown, "program/"), FITS);
    assert.deepEqual(grown.ids("program/policy"), ["program/policy-changed"]);
    await host.edit(
      policy,
      (text) => text.replace("audiences", "hosts: [keys.a.b]\n    audiences"),
    );
    const wider = await host.check();
    assert.equal(wider.code, 1);
    assert.match(
      only(wider, "program/").join("\n"),
      /^error program\/net: .*may not reach "keys\.a\.b:443" of the issuer "campus".*build it again for this policy[^\n]*$/,
    );
    assert.deepEqual(good(wider, "program/"), ["program/write"]);
  });
}

Deno.test("check looks at the file beside a program that holds its large policy", async () => {
  await using host = await createBrokenHost();
  const { policy, program } = host.pam;
  const groups = Array.from({ length: 3000 }, (_, index) => `group${index}`);
  await host.edit(
    policy,
    (text) => text.replace("[staff]", JSON.stringify(["staff", ...groups])),
  );
  await buildProgram({ policy, output: program, kind: "runtime" });
  const fine = await host.check();
  assert.equal(fine.code, 0, fine.stdout);
  assert.deepEqual(good(fine, "program/"), FITS);
  const beside = policyFile(`${program}.js`);
  assert.ok(fine.stdout.includes(beside), fine.stdout);
  await Deno.chmod(beside, 0o666);
  assert.match(
    only(await host.check(), "file/program").join("\n"),
    /^error file\/program: the program's bundle: .*\.policy\.json" can be written by others/,
  );
  await Deno.remove(beside);
  assert.match(
    only(await host.check(), "file/program").join("\n"),
    /^error file\/program: the program's bundle: .*\.policy\.json" does not exist/,
  );
});

Deno.test("check finds what was put into a program wherever it lies", async () => {
  await using host = await createBrokenHost();
  for (const within of [false, true]) {
    await writeStandIn(host.pam.program, {
      net: ["login.example.edu"],
      within,
    });
    const result = await host.check();
    assert.deepEqual(good(result, "program/"), ["program/write"]);
    assert.deepEqual(result.ids("program/", "error"), ["program/net"]);
  }
});

Deno.test("check says of a stripped program what it says at a login", async () => {
  await using host = await createBrokenHost();
  const { policy, program } = host.pam;
  if (!BUILD_KINDS.includes("compiled")) {
    await Deno.copyFile("/bin/true", program);
  } else {
    await buildProgram({ policy, output: program, kind: "compiled" });
    const { code } = await new Deno.Command("strip", { args: [program] })
      .output();
    assert.equal(code, 0);
    const login = await new Deno.Command(program, {
      args: ["login", policy],
      stdin: "null",
    }).output();
    assert.equal(login.code, 1);
    assert.match(
      new TextDecoder().decode(login.stderr),
      /standalone binary section/,
    );
  }
  const result = await host.check();
  assert.equal(result.code, 1);
  assert.match(
    only(result, "program/").join("\n"),
    /^error program\/stripped: .*every login is refused/,
  );
  assert.deepEqual(good(result, "program/"), []);
  assert.deepEqual(
    result.ok.filter(({ file }) => file === program),
    [],
  );
});

/** The package's parts in a folder of the host's own, and the program made of them. */
class PackageHost {
  readonly host: BrokenHost;
  readonly options: CheckOptions & { parts: string; applied: string };
  readonly bundle: Bundle;

  constructor(host: BrokenHost, bundle: Bundle) {
    this.host = host;
    this.bundle = bundle;
    this.options = {
      parts: host.at("parts"),
      applied: host.at("state/login"),
      ofPackage: true,
    };
  }

  check(): Promise<CheckResult> {
    return this.host.check(this.options);
  }

  /** Writes the parts, and lines that run what `apply` would make of them. */
  async install(): Promise<void> {
    const { pam } = this.host;
    for (const folder of ["parts", "state"]) {
      await Deno.mkdir(this.host.at(folder), { recursive: true });
      await Deno.chmod(this.host.at(folder), 0o755);
    }
    const main = `${this.options.parts}/login.js`;
    for (const [path, text] of bundleFiles(main, this.bundle)) {
      await Deno.writeTextFile(path, text);
    }
    await this.host.edit(
      pam.launcher,
      (text) => text.replaceAll(pam.program, this.options.applied),
    );
  }

  /** As `oauth-pam apply` does it. */
  async apply(kind: BuildKind): Promise<void> {
    const { policy: path } = this.host.pam;
    const bytes = await Deno.readFile(path);
    const { policy } = parsePolicy(new TextDecoder().decode(bytes), {
      file: path,
    });
    assert.ok(policy);
    const sha256 = await sha256Hex(bytes);
    const common = {
      bundle: await withPolicy(this.bundle, { sha256, policy }),
      needs: permissionNeeds(policy),
      output: this.options.applied,
      environment: buildEnvironment,
    };
    if (kind === "runtime") {
      await writeRuntimeProgram({ ...common, deno: Deno.execPath() });
      return;
    }
    const { DENO_FOR_COMPILE: deno = Deno.execPath(), DENORT_BIN } =
      buildEnvironment;
    assert.ok(DENORT_BIN);
    await Deno.copyFile(DENORT_BIN, `${this.options.parts}/denort`);
    await compileProgram({ ...common, deno });
  }
}

Deno.test("check knows the package's layout, and asks for `apply`", async (t) => {
  const bundle = await packagedProgram();
  await t.step("a package whose apply was never run", async () => {
    await using host = await createBrokenHost();
    const installed = new PackageHost(host, bundle);
    await installed.install();
    const result = await installed.check();
    assert.equal(result.code, 1);
    assert.deepEqual(only(result, "file/program"), [
      `error file/program: program: "${installed.options.applied}" does not exist ` +
      `(oauth-pam apply ${host.pam.policy})`,
    ]);
    // and where no line runs anything of ours
    await Deno.writeTextFile(host.stack, "auth required pam_deny.so\n");
    const bare = await installed.check();
    assert.match(
      only(bare, "file/program").join("\n"),
      /^error .*"oauth-pam apply" was never run \(oauth-pam apply /,
    );
    const { stdout } = await host.print(["--fix"], installed.options);
    assert.ok(stdout.includes(`\noauth-pam apply ${host.pam.policy}\n`));
  });
  for (const kind of BUILD_KINDS) {
    await t.step(`a program that is ${kind}`, async () => {
      await using host = await createBrokenHost();
      const installed = new PackageHost(host, bundle);
      await installed.install();
      await installed.apply(kind);
      const fine = await installed.check();
      assert.equal(fine.code, 0, fine.stdout);
      assert.deepEqual(good(fine, "program/"), [...FITS, "program/older"]);
      assert.deepEqual(fine.ids("permission/"), []);
      for (const suffix of ["", ".rest.js", ".issuer.js", ".keys.js"]) {
        const name = `login.js${suffix}`;
        const path = `${installed.options.parts}/${name}`;
        await host.edit(path, (text) => `${text}\n// the next version\n`);
        const older = await installed.check();
        assert.deepEqual(
          only(older, "program/"),
          [
            `warning program/older: program: "${installed.options.applied}" was made of another version ` +
            "of oauth-pam than the package has: what an upgrade brought is not in force " +
            `(oauth-pam apply ${host.pam.policy})`,
          ],
        );
        assert.deepEqual(good(older, "program/"), FITS);
        await installed.install().catch(() => {}); // the launcher has it already
      }
      if (kind === "runtime") return;
      // the same code in another Deno
      await Deno.copyFile("/bin/true", `${installed.options.parts}/denort`);
      assert.match(
        only(await installed.check(), "program/").join("\n"),
        /was made with another Deno than the package has/,
      );
    });
  }
  await t.step("a policy that has grown", async () => {
    await using host = await createBrokenHost();
    const installed = new PackageHost(host, bundle);
    await installed.install();
    await writeStandIn(installed.options.applied, {
      net: ["login.example.edu"],
    });
    const { code, findings } = await installed.check();
    const found = findings.find(({ id }) => id === "program/net");
    assert.equal(found?.hint, `oauth-pam apply ${host.pam.policy}`);
    assert.equal(code, 1);
  });
});
