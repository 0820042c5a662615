/**
 * Files that decide who gets in, and the ways in which somebody else could have made them.
 *
 * @module
 */
// Threats: F-1, F-7
import assert from "node:assert/strict";
import {
  decodeUtf8,
  readTrustedFile,
  UntrustedFileError,
  type UntrustedReason,
} from "../../src/files/trusted_file.ts";

const NOBODY = 65534;
const strict = { sanitizeOps: true, sanitizeResources: true };

async function inFolder(
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function write(path: string, { mode = 0o644, text = "rules" } = {}) {
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, mode); // writeTextFile is subject to the umask
  return path;
}

async function makeFifo(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] })
    .output();
  assert.ok(success);
}

async function read(path: string, maxBytes = 1000): Promise<string> {
  return decodeUtf8(await readTrustedFile(path, { maxBytes }));
}

async function refused(
  promise: Promise<unknown>,
  expected: { reason: UntrustedReason; path: string },
): Promise<string> {
  const error = await promise.then(
    () => assert.fail("it was read"),
    (error) => error,
  );
  assert.ok(error instanceof UntrustedFileError, String(error));
  assert.deepEqual({ reason: error.reason, path: error.path }, expected);
  assert.ok(error.message.includes(`"${expected.path}"`), error.message);
  return error.message;
}

Deno.test(
  "readTrustedFile() reads a file that only its owner could have written",
  strict,
  () =>
    inFolder(async (folder) => {
      const path = await write(`${folder}/policy.yaml`, { text: "größer" });
      assert.equal(await read(path), "größer");
    }),
);

Deno.test(
  "readTrustedFile() reads an empty file, and one of exactly the limit",
  strict,
  () =>
    inFolder(async (folder) => {
      assert.equal(
        await read(await write(`${folder}/empty`, { text: "" })),
        "",
      );
      const text = "x".repeat(200_000);
      const path = await write(`${folder}/large`, { text });
      assert.equal(await read(path, 200_000), text);
      await refused(read(path, 199_999), { reason: "too_large", path });
    }),
);

Deno.test(
  "readTrustedFile() refuses a relative path and one with ..",
  strict,
  () =>
    inFolder(async (folder) => {
      await write(`${folder}/policy.yaml`);
      for (
        const path of [
          "policy.yaml",
          "./policy.yaml",
          "",
          `${folder}/../${folder.split("/").at(-1)}/policy.yaml`,
          `${folder}/..`,
        ]
      ) {
        await refused(read(path), { reason: "not_absolute", path });
      }
    }),
);

Deno.test(
  "readTrustedFile() tells a missing file from one behind a file",
  strict,
  () =>
    inFolder(async (folder) => {
      const missing = `${folder}/nowhere/policy.yaml`;
      await refused(read(missing), { reason: "missing", path: missing });
      const file = await write(`${folder}/file`);
      const path = `${file}/policy.yaml`;
      await refused(read(path), { reason: "not_regular", path });
    }),
);

Deno.test(
  "readTrustedFile() refuses a file of another owner",
  strict,
  () =>
    inFolder(async (folder) => {
      const path = await write(`${folder}/policy.yaml`);
      await Deno.chown(path, NOBODY, null);
      const message = await refused(read(path), { reason: "owner", path });
      assert.match(message, /belongs to uid 65534: chown it to root/);
    }),
);

Deno.test(
  "readTrustedFile() refuses a folder of another owner above the file",
  strict,
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/etc/oauth-pam`, { recursive: true });
      const path = await write(`${folder}/etc/oauth-pam/policy.yaml`);
      await Deno.chown(`${folder}/etc`, NOBODY, null);
      await refused(read(path), { reason: "owner", path: `${folder}/etc` });
    }),
);

Deno.test(
  "readTrustedFile() refuses a file that group or others may write",
  strict,
  () =>
    inFolder(async (folder) => {
      for (const mode of [0o664, 0o646, 0o666, 0o620, 0o602]) {
        const path = await write(`${folder}/policy.yaml`, { mode });
        const message = await refused(read(path), { reason: "mode", path });
        assert.match(message, /chmod go-w/);
      }
    }),
);

Deno.test(
  "readTrustedFile() refuses a writable folder above the file unless it is sticky",
  strict,
  () =>
    inFolder(async (folder) => {
      const parent = `${folder}/etc`;
      await Deno.mkdir(parent);
      const path = await write(`${parent}/policy.yaml`);
      for (const mode of [0o777, 0o775, 0o757, 0o722]) {
        await Deno.chmod(parent, mode);
        await refused(read(path), { reason: "mode", path: parent });
      }
      await Deno.chmod(parent, 0o1777);
      assert.equal(await read(path), "rules");
      await Deno.chown(path, NOBODY, null);
      await refused(read(path), { reason: "owner", path });
    }),
);

Deno.test(
  "readTrustedFile() grants no exception to a sticky file",
  strict,
  () =>
    inFolder(async (folder) => {
      const path = await write(`${folder}/policy.yaml`, { mode: 0o1666 });
      await refused(read(path), { reason: "mode", path });
    }),
);

Deno.test(
  "readTrustedFile() follows no link, neither at the end nor on the way",
  strict,
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/real`);
      const path = await write(`${folder}/real/policy.yaml`);
      await Deno.symlink(path, `${folder}/link`);
      await Deno.symlink(`${folder}/real`, `${folder}/way`);
      await Deno.symlink(`${folder}/nowhere`, `${folder}/dangling`);
      for (const name of ["link", "dangling"]) {
        const linked = `${folder}/${name}`;
        await refused(read(linked), { reason: "symlink", path: linked });
      }
      await refused(read(`${folder}/way/policy.yaml`), {
        reason: "symlink",
        path: `${folder}/way`,
      });
    }),
);

Deno.test(
  "readTrustedFile() refuses a folder, a pipe, a socket and a device at once",
  strict,
  () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/folder`);
      await makeFifo(`${folder}/pipe`);
      const socket = Deno.listen({
        transport: "unix",
        path: `${folder}/socket`,
      });
      const paths = ["folder", "pipe", "socket"].map((name) =>
        `${folder}/${name}`
      );
      for (const path of paths) {
        await Deno.chmod(path, 0o700);
        await refused(read(path), { reason: "not_regular", path });
      }
      socket.close();
      // 0666, and Deno guards /dev: whichever is told, the type must not be overlooked
      const error = await read("/dev/zero").catch((error) => error);
      assert.match(error.reason, /^(mode|not_regular|unreadable)$/);
    }),
);

Deno.test(
  "readTrustedFile() refuses a secret that group or others may read",
  strict,
  () =>
    inFolder(async (folder) => {
      const options = { maxBytes: 1000, secret: true };
      for (const mode of [0o640, 0o604, 0o644]) {
        const path = await write(`${folder}/secret`, { mode });
        const promise = readTrustedFile(path, options);
        const message = await refused(promise, { reason: "mode", path });
        assert.match(message, /chmod 600/);
      }
      const path = await write(`${folder}/secret`, { mode: 0o600 });
      assert.equal(decodeUtf8(await readTrustedFile(path, options)), "rules");
    }),
);

Deno.test(
  "readTrustedFile() cannot read what its user may not read",
  strict,
  () =>
    inFolder(async (folder) => {
      const path = await write(`${folder}/policy.yaml`, { mode: 0o200 });
      const worker = new URL("./trusted_file_worker.ts", import.meta.url);
      // root without its capabilities is bound by modes like everybody else
      const { stdout, stderr } = await new Deno.Command("setpriv", {
        args: [
          ...["--bounding-set=-all", "--inh-caps=-all", Deno.execPath()],
          ...["run", "--no-lock", "--no-config", "-A", worker.pathname, path],
        ],
      }).output();
      assert.equal(
        new TextDecoder().decode(stdout).trim(),
        "unreadable",
        new TextDecoder().decode(stderr),
      );
    }),
);

Deno.test("readTrustedFile() never mixes two files that take each other's place", () =>
  inFolder(async (folder) => {
    const path = `${folder}/policy.yaml`;
    const texts = ["A", "B"].map((letter) => letter.repeat(200_000));
    await write(path, { text: texts[0]! });
    await write(`${folder}/A`, { text: texts[0]! });
    await write(`${folder}/B`, { text: texts[1]! });
    // a process of its own, because reading waits for nobody
    const swapping = new Deno.Command("/bin/sh", {
      args: [
        "-c",
        "while :; do for text in A B; do cp $text new && mv new policy.yaml || exit; done; done",
      ],
      cwd: folder,
      stderr: "null",
    }).spawn();
    const seen = { A: 0, B: 0, changed: 0 };
    const enough = () => seen.A > 0 && seen.B > 0;
    for (let turn = 0; turn < 80 || (!enough() && turn < 100_000); turn++) {
      try {
        const text = await read(path, 1_000_000);
        assert.ok(texts.includes(text), "a mix of both");
        seen[text[0] as "A" | "B"]++;
      } catch (error) {
        assert.ok(error instanceof UntrustedFileError, String(error));
        assert.equal(error.reason, "changed");
        seen.changed++;
      }
    }
    swapping.kill("SIGKILL");
    await swapping.status;
    assert.ok(seen.A > 0 && seen.B > 0, JSON.stringify(seen));
  }));

Deno.test("readTrustedFile() refuses a file that grows while it is read", () =>
  inFolder(async (folder) => {
    const path = await write(`${folder}/policy.yaml`, {
      text: "x".repeat(2_000_000),
    });
    let done = false;
    const growing = (async () => {
      while (!done) await Deno.writeTextFile(path, "y", { append: true });
    })();
    const reasons = new Set<string>();
    while (!reasons.has("changed")) {
      const size = (await Deno.stat(path)).size;
      await read(path, size + 100_000).catch(({ reason }) =>
        reasons.add(reason)
      );
      assert.ok(!reasons.has("undefined"));
    }
    const small = (await Deno.stat(path)).size;
    while (!reasons.has("too_large")) {
      await read(path, small + 10).catch(({ reason }) => reasons.add(reason));
    }
    done = true;
    await growing;
  }));

Deno.test("decodeUtf8() refuses what is not UTF-8 and drops a byte order mark", () => {
  assert.equal(decodeUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), "a");
  for (
    const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xc0, 0x80]]
  ) {
    assert.throws(() => decodeUtf8(new Uint8Array(bytes)), TypeError);
  }
});
