/**
 * `deno task build --client`: one executable for people's own machines, under its own permissions.
 *
 * @module
 */
import assert from "node:assert/strict";
import { build } from "../../src/build/main.ts";
import { buildEnvironment } from "../support/built_program.ts";
import { filesBelow } from "../support/files.ts";
import { comeBack, KEY_CLIENT } from "../support/key_desk.ts";
import { until } from "../support/pam.ts";
import { signInAt, startProvider } from "../support/provider.ts";
import { startAgent } from "../support/ssh_agent.ts";

async function run(
  args: readonly string[],
): Promise<{ code: number; out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await build(args, {
    environment: buildEnvironment,
    print: (line) => out.push(line),
    printError: (line) => err.push(line),
  });
  return { code, out, err };
}

for (
  const args of [
    ["--client", "site.yaml"],
    ["--client", "--runtime"],
    ["--client", "--runtime", "--prefix", "/opt"],
    ["--client", "--output="],
  ]
) {
  Deno.test(`build ${args.join(" ")} is a usage error`, async () => {
    const { code, out, err } = await run(args);
    assert.deepEqual({ code, out }, { code: 2, out: [] });
    assert.match(err[0] ?? "", /\nusage: [^\n]*\n +deno task build --client/);
  });
}

/** Deno says when a program may do more than this. */
const FLAGS = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env=SSH_AUTH_SOCK,BROWSER,DISPLAY,WAYLAND_DISPLAY,NO_COLOR,PAM_TYPE,PAM_USER,OAUTH_PAM_GRANT",
  "--allow-run=xdg-open,open,sensible-browser,wslview,firefox,chromium,chromium-browser,google-chrome",
  "--allow-sys=uid",
  "--no-prompt",
  "--no-code-cache",
].join(" ");

const compiled = buildEnvironment.DENORT_BIN !== undefined;

interface Machine {
  readonly folder: string;
  /** Runs it under strace, which writes to `trace`. */
  key(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<{ code: number; stdout: string; stderr: string; trace: string }>;
}

async function withMachine(
  body: (machine: Machine) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    const { code, out, err } = await run([
      "--client",
      "--output",
      `${folder}/bin/oauth-pam`,
    ]);
    assert.equal(code, 0, err.join("\n"));
    assert.match(
      out[0] ?? "",
      /^built \S+\/bin\/oauth-pam for deno \d+\.\d+\.\d+ with /,
    );
    assert.ok(out[0]?.endsWith(` with ${FLAGS}`), out[0]);
    assert.deepEqual(await filesBelow(`${folder}/bin`), ["oauth-pam"]);
    for (const name of ["home", "tmp", "path"]) {
      await Deno.mkdir(`${folder}/${name}`);
    }
    // the desktop's way to open a page
    await Deno.writeTextFile(
      `${folder}/path/xdg-open`,
      `#!/bin/sh\nprintf '%s\\n' "$#" "$@" >${folder}/new && /bin/mv ${folder}/new ${folder}/opened\n`,
      { mode: 0o755 },
    );
    let runs = 0;
    await body({
      folder,
      async key(args, env = {}) {
        const trace = `${folder}/trace${runs++}`;
        const result = await new Deno.Command("strace", {
          args: [
            ...["-f", "-qq", "-o", trace],
            ...["-e", "trace=connect,open,openat,creat,mkdir,rename,unlink"],
            ...[`${folder}/bin/oauth-pam`, "key", ...args],
          ],
          clearEnv: true,
          cwd: `${folder}/home`,
          env: {
            HOME: `${folder}/home`,
            TMPDIR: `${folder}/tmp`,
            PATH: `${folder}/path:/usr/bin:/bin`,
            ...env,
          },
          stdin: "null",
        }).output();
        const decoder = new TextDecoder();
        return {
          code: result.code,
          stdout: decoder.decode(result.stdout),
          stderr: decoder.decode(result.stderr),
          trace: await Deno.readTextFile(trace),
        };
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What a trace says of files that were opened for writing, made, moved or removed. */
function changesIn(trace: string): string[] {
  return trace.split("\n").filter((line) =>
    /O_WRONLY|O_RDWR|O_CREAT|\bcreat\(|\bmkdir\(|\brename\(|\bunlink\(/.test(
      line,
    ) && !/"\/dev\/(?:null|tty)"/.test(line)
  );
}

if (compiled) {
  Deno.test("the client signs in with nothing but ssh-agent for a memory, and opens the desktop's browser", async () => {
    await using provider = await startProvider({ clients: [KEY_CLIENT] });
    await using agent = await startAgent();
    await withMachine(async ({ folder, key }) => {
      const caFile = `${folder}/ca.pem`;
      await Deno.writeTextFile(caFile, provider.caPem);
      const before = await filesBelow(folder);
      const words = [
        ...["--issuer", provider.issuer, "--client-id", "ssh-key"],
        ...["--ca-file", caFile, "--print"],
      ];
      const env = { SSH_AUTH_SOCK: agent.socket };
      const running = key(words, { ...env, DISPLAY: ":0" });
      const opened = await until(
        () => Deno.readTextFile(`${folder}/opened`).catch(() => undefined),
        { what: "the browser" },
      );
      const [count, address = ""] = opened.split("\n");
      assert.equal(count, "1");
      await comeBack(await signInAt(provider, address, { account: "alice" }));
      const { code, stdout, stderr, trace } = await running;
      assert.equal(code, 0, stderr);
      assert.match(
        stderr,
        /^oauth-pam: sign in with your browser, which should open now, at\nhttps:/,
      );
      assert.ok(stderr.includes(`\n${address}\n`));
      assert.deepEqual(await agent.lines(), [stdout.trim()]);
      await Deno.remove(`${folder}/opened`);
      const own = (files: readonly string[]) =>
        files.filter((name) => !name.startsWith("trace")).sort();
      assert.deepEqual(own(await filesBelow(folder)), own(before));
      // the browser of this test is seen to write, and nothing else is
      const changes = changesIn(trace);
      assert.ok(changes.length > 0);
      assert.deepEqual(
        changes.filter((line) => !line.includes(`"${folder}/new"`)),
        [],
      );

      const ensured = await key([...words, "--ensure"], env);
      assert.deepEqual(
        { code: ensured.code, stdout: ensured.stdout, stderr: ensured.stderr },
        { code: 0, stdout, stderr: "" },
      );
      const connected = ensured.trace.split("\n").filter((line) =>
        line.includes("connect(")
      );
      assert.equal(connected.length, 1, connected.join("\n"));
      assert.ok(connected[0]?.includes(`sun_path="${agent.socket}"`));
    });
  });

  Deno.test("the client starts no program that is not a browser, and prints the address all the same", async () => {
    await using provider = await startProvider({ clients: [KEY_CLIENT] });
    await using agent = await startAgent();
    await withMachine(async ({ folder, key }) => {
      const caFile = `${folder}/ca.pem`;
      await Deno.writeTextFile(caFile, provider.caPem);
      const BROWSER = `${folder}/path/other`;
      await Deno.writeTextFile(
        BROWSER,
        `#!/bin/sh\n>${folder}/opened\n`,
        { mode: 0o755 },
      );
      const { code, stderr } = await key([
        ...["--issuer", provider.issuer, "--client-id", "ssh-key"],
        ...["--ca-file", caFile, "--timeout", "1s"],
      ], { SSH_AUTH_SOCK: agent.socket, BROWSER });
      assert.equal(code, 3);
      assert.match(
        stderr,
        /^oauth-pam: sign in with your browser, at\nhttps:\S+\noauth-pam: error: nobody signed in in time\n$/,
      );
      await assert.rejects(
        Deno.stat(`${folder}/opened`),
        Deno.errors.NotFound,
      );
    });
  });

  Deno.test("the client does not run where PAM does", async () => {
    await withMachine(async ({ key }) => {
      for (const name of ["PAM_TYPE", "PAM_USER"]) {
        const { code, stdout } = await key(["--help"], { [name]: "auth" });
        assert.deepEqual({ code, stdout }, { code: 4, stdout: "" });
      }
    });
  });
}
