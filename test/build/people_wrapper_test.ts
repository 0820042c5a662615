/**
 * `/usr/bin/oauth-pam`: which permissions a verb gets, and what of a person's environment reaches it.
 *
 * @module
 */
import assert from "node:assert/strict";
import { peopleWrapper } from "../../src/build/people_wrapper.ts";
import { VERBS } from "../../src/cli/cli.ts";
import { PAM_VERBS } from "../../src/cli/pam_verbs.ts";
import { bundleFiles } from "../../src/build/bundle.ts";
import { packagedProgram } from "../support/package_host.ts";
import { runProgram } from "../support/run_program.ts";

interface Wrapped {
  readonly path: string;
  /** What the Deno of {@link withWrapper} was started with, and its environment. */
  started(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<{ words: string[]; environment: string[] }>;
}

/** The wrapper with something in Deno's place that says how it was started. */
async function withWrapper(
  body: (wrapped: Wrapped) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "it's people " });
  try {
    const deno = `${folder}/deno`;
    await Deno.writeTextFile(
      deno,
      "#!/bin/sh\nfor word; do printf '%s\\n' \"$word\"; done\necho --\n/usr/bin/env\n",
    );
    await Deno.chmod(deno, 0o755);
    const path = `${folder}/oauth-pam`;
    await Deno.writeTextFile(
      path,
      peopleWrapper({ deno, bundle: `${folder}/login.js` }),
    );
    await Deno.chmod(path, 0o755);
    await body({
      path,
      async started(args, env = {}) {
        const { code, stdout, stderr } = await runProgram(path, { args, env });
        assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
        const [words = "", environment = ""] = stdout.split("\n--\n");
        return {
          words: words.split("\n"),
          environment: environment.trim().split("\n").filter((line) =>
            !/^(PWD|_|SHLVL|OLDPWD)=/.test(line)
          ),
        };
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("every verb for people gets what it is given, and only apply may run whatever it likes", () =>
  withWrapper(async ({ started }) => {
    const mayRun: string[] = [];
    for (const { words } of VERBS) {
      const args = [...words.split(" "), "it's *", "--x=$(id)"];
      const { words: got } = await started(args);
      assert.deepEqual(got.slice(-args.length - 1), [
        got.at(-args.length - 1),
        ...args,
      ]);
      assert.match(got.at(-args.length - 1) ?? "", /\/login\.js$/);
      assert.ok(got.includes("--no-prompt"), words);
      assert.ok(got.includes("--no-code-cache"), words);
      assert.ok(got.includes("--no-remote"), words);
      assert.ok(
        got.some((word) =>
          /^--allow-env=.*\bPAM_TYPE\b.*\bPAM_USER\b|^--allow-env=.*\bPAM_USER\b.*\bPAM_TYPE\b/
            .test(word)
        ),
        words,
      );
      assert.ok(!got.includes("-A") && !got.includes("--allow-all"), words);
      if (got.includes("--allow-run")) mayRun.push(words);
    }
    assert.deepEqual(
      mayRun,
      VERBS.map(({ words }) => words).filter((each) => each === "apply"),
    );
    const { words } = await started(["--version"]);
    assert.deepEqual(
      words.filter((word) =>
        word.startsWith("--allow-") && !word.startsWith("--allow-env=")
      ).map((word) => word.replace(/=.*\//, "=")),
      ["--allow-read=login.js.rest.js"],
    );
  }));

Deno.test("what only reads a token can neither write nor connect", () =>
  withWrapper(async ({ started }) => {
    const { words } = await started(["token", "inspect"]);
    assert.ok(words.includes("--allow-read"));
    assert.ok(
      !words.some((word) => /^--allow-(net|write|run)/.test(word)),
      words.join(" "),
    );
  }));

Deno.test("a person's environment arrives, Deno's switches in it do not, and no proxy where the host is looked at", () =>
  withWrapper(async ({ started }) => {
    const hostile = {
      DENO_CERT: "/tmp/ca.pem",
      DENO_V8_FLAGS: "--expose-gc",
      DENO_DIR: "/tmp/x",
      NODE_OPTIONS: "--require=/tmp/x.js",
      OTEL_DENO: "true",
      SSLKEYLOGFILE: "/tmp/keys",
      NPM_CONFIG_REGISTRY: "http://192.0.2.1/",
    };
    const own = {
      HOME: "/home/alice",
      SSH_AUTH_SOCK: "/tmp/agent",
      LINES: "a\nDENO_X=1\nb",
      HTTPS_PROXY: "http://192.0.2.1:1",
      no_proxy: "*",
    };
    const quiet = [
      "DENO_DIR=/dev/null/deno",
      "DENO_NO_PACKAGE_JSON=1",
      "DENO_NO_UPDATE_CHECK=1",
    ];
    const lines = ([...entries]: [string, string][]) =>
      entries.map(([name, value]) => `${name}=${value}`).join("\n").split("\n");
    const key = await started(["key"], { ...hostile, ...own });
    assert.deepEqual(
      key.environment.sort(),
      [...lines(Object.entries(own)), ...quiet].sort(),
    );
    for (const verb of ["check", "apply"]) {
      const { environment } = await started([verb], { ...hostile, ...own });
      const { HTTPS_PROXY: _, no_proxy: __, ...rest } = own;
      assert.deepEqual(
        environment.sort(),
        [...lines(Object.entries(rest)), ...quiet].sort(),
      );
    }
  }));

for (const shell of ["/bin/sh", "/bin/bash"]) {
  Deno.test(`a switch goes away whatever bytes it holds, and whatever the locale takes them for (${shell})`, () =>
    withWrapper(async ({ path }) => {
      const { code, stdout, stderr } = await runProgram("/bin/sh", {
        args: [
          "-c",
          `DENO_CERT=$(printf '/tmp/\\377') && export DENO_CERT && exec ${shell} -p "$0" apply`,
          path,
        ],
        env: { LC_ALL: "C.UTF-8" },
      });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /^LC_ALL=/m);
      assert.doesNotMatch(stdout, /^DENO_CERT=/m);
    }));
}

Deno.test("what PAM and sshd run is not run, and its help is given", () =>
  withWrapper(async ({ path, started }) => {
    for (const { words } of PAM_VERBS) {
      const args = words.split(" ");
      const { code, stdout, stderr } = await runProgram(path, { args });
      assert.deepEqual({ code, stdout }, { code: 4, stdout: "" });
      assert.match(
        stderr,
        new RegExp(
          `^oauth-pam: error: "${
            args[0]
          }" is for PAM and sshd, .*/usr/libexec/oauth-pam$`,
          "m",
        ),
      );
      const help = await started([...args, "--help"]);
      assert.deepEqual(help.words.slice(-2), ["help", args[0]]);
    }
  }));

Deno.test("a copy that was cut short runs nothing", () =>
  withWrapper(async ({ path }) => {
    const text = await Deno.readTextFile(path);
    const cut = text.trimEnd().slice(0, -1);
    for (
      const length of [cut.length, Math.floor(cut.length / 2), 30]
    ) {
      await Deno.writeTextFile(path, cut.slice(0, length));
      const { code, stdout } = await runProgram(path, { args: ["key"] });
      assert.equal(stdout, "");
      assert.notEqual(code, 0);
    }
  }));

Deno.test("the program works behind it, for people and not for PAM", async () => {
  const folder = await Deno.makeTempDir({ prefix: "oauth-pam-people-" });
  try {
    const path = `${folder}/oauth-pam`;
    const bundle = `${folder}/login.js`;
    for (const [file, text] of bundleFiles(bundle, await packagedProgram())) {
      await Deno.writeTextFile(file, text);
    }
    await Deno.writeTextFile(
      path,
      peopleWrapper({ deno: Deno.execPath(), bundle }),
    );
    await Deno.chmod(path, 0o755);
    const env = { PATH: "/usr/bin:/bin", DENO_DIR: `${folder}/deno` };
    const init = [
      ...["policy", "init", "--issuer", "https://login.example.edu"],
      ...["--aud", "ssh", "--login-field", "sub"],
    ];
    const { code, stdout, stderr } = await runProgram(path, {
      args: init,
      env,
    });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    await Deno.writeTextFile(`${folder}/policy.yaml`, stdout);
    const shown = await runProgram(path, {
      args: ["policy", "show", `${folder}/policy.yaml`],
      env,
    });
    assert.match(shown.stdout, /login\.example\.edu/);
    const version = await runProgram(path, { args: ["--version"], env });
    assert.match(version.stdout, /^oauth-pam \d/);
    const underPam = await runProgram(path, {
      args: ["--version"],
      env: { ...env, PAM_USER: "alice" },
    });
    assert.deepEqual({ ...underPam, stderr: "" }, {
      code: 4,
      stdout: "",
      stderr: "",
    });
    assert.deepEqual(
      [...Deno.readDirSync(folder)].map(({ name }) => name).sort(),
      [
        ...["login.js", "login.js.issuer.js", "login.js.keys.js"],
        ...["login.js.rest.js", "oauth-pam", "policy.yaml"],
      ],
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
