/**
 * The cache directory, in the presence of links, pipes, strangers and full disks.
 *
 * @module
 */
// Threats: F-2, F-4, F-5, F-8
import assert from "node:assert/strict";
import {
  ensurePrivateDirectory,
  StateError,
} from "../../src/files/private_directory.ts";
import { sha256Hex, StateDirectory } from "../../src/files/state_directory.ts";
import { onFullDisk } from "../support/full_disk.ts";

const NOBODY = 65534;
const strict = { sanitizeOps: true, sanitizeResources: true };
const encode = (text: string) => new TextEncoder().encode(text);

interface Place {
  readonly folder: string;
  readonly root: string;
  readonly directory: StateDirectory;
  /** The path of an entry. */
  at(name: string): string;
  read(name: string): Promise<string | null>;
}

async function inPlace(body: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const root = `${folder}/cache`;
  const directory = new StateDirectory(root, "jwks");
  try {
    await body({
      folder,
      root,
      directory,
      at: (name) => `${root}/jwks/${name}`,
      async read(name) {
        const bytes = await directory.read(name);
        return bytes === null ? null : new TextDecoder().decode(bytes);
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function modeOf(path: string): Promise<string> {
  return ((await Deno.lstat(path)).mode! & 0o7777).toString(8);
}

async function namesIn(path: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort();
}

/** One `state_worker.ts`, behind whatever command is put before it. */
async function worker(
  args: readonly string[],
  before: readonly string[] = [],
): Promise<string> {
  const source = new URL("./state_worker.ts", import.meta.url).pathname;
  const deno = ["run", "--no-lock", "--no-config", "-A", source];
  const [command, ...rest] = [...before, Deno.execPath(), ...deno, ...args];
  const { stdout, stderr } = await new Deno.Command(command!, { args: rest })
    .output();
  const answer = new TextDecoder().decode(stdout).trim();
  return answer === "" ? new TextDecoder().decode(stderr) : answer;
}

/** Root, bound by modes like everybody else. */
const WITHOUT_CAPABILITIES = [
  ...["setpriv", "--bounding-set=-all", "--inh-caps=-all"],
];

Deno.test(
  "write() makes folders 0700 and entries 0600",
  strict,
  () =>
    inPlace(async ({ root, directory, at, read }) => {
      await directory.write("entry", encode("one"));
      await directory.write("entry", encode("two"));
      assert.equal(await read("entry"), "two");
      assert.equal(await modeOf(root), "700");
      assert.equal(await modeOf(`${root}/jwks`), "700");
      assert.equal(await modeOf(at("entry")), "600");
      assert.deepEqual(await namesIn(`${root}/jwks`), ["entry"]);
    }),
);

Deno.test("the modes do not depend on the umask", () =>
  inPlace(async ({ folder, root, at }) => {
    await Deno.writeTextFile(`${root}.go`, "");
    for (const umask of ["000", "022", "077", "007"]) {
      const shell = ["sh", "-c", `umask ${umask}; exec "$@"`, "sh"];
      assert.equal(
        await worker([root, "write", "entry", "text"], shell),
        "written",
      );
      assert.equal(
        await worker([root, "create", "other", "text"], shell),
        "true",
      );
      assert.equal(await modeOf(root), "700");
      assert.equal(await modeOf(`${root}/jwks`), "700");
      assert.equal(await modeOf(at("entry")), "600");
      assert.equal(await modeOf(at("other")), "600");
      await Deno.remove(root, { recursive: true });
    }
    assert.deepEqual(await namesIn(folder), ["cache.go"]);
  }));

Deno.test(
  "a name that could be a path is refused before anything is touched",
  strict,
  () =>
    inPlace(async ({ folder, directory, read }) => {
      const names = [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        ".new-x",
        "A",
        "x\0",
        "x".repeat(129),
      ];
      for (const name of names) {
        await assert.rejects(directory.write(name, encode("x")), StateError);
        await assert.rejects(directory.create(name, encode("x")), StateError);
        assert.equal(await read(name), null);
        assert.equal(await directory.remove(name), false);
      }
      assert.deepEqual(await namesIn(folder), []);
    }),
);

Deno.test("create() tells exactly one of 50 processes that it was first", () =>
  inPlace(async ({ root, read }) => {
    const workers = Array.from(
      { length: 50 },
      (_, index) => worker([root, "create", "entry", `by ${index}`]),
    );
    await Deno.writeTextFile(`${root}.go`, "");
    const answers = await Promise.all(workers);
    const winner = answers.indexOf("true");
    assert.deepEqual(
      answers.toSorted(),
      [...Array(49).fill("false"), "true"],
    );
    assert.equal(await read("entry"), `by ${winner}`);
    assert.deepEqual(await namesIn(`${root}/jwks`), ["entry"]);
  }));

Deno.test("50 processes that write, read and remove never see a torn entry", () =>
  inPlace(async ({ root, directory, read }) => {
    const texts = ["a", "b", "c"].map((letter) => letter.repeat(100_000));
    await directory.write("entry", encode(texts[0]!));
    const workers = Array.from({ length: 50 }, (_, index) => {
      if (index < 20) {
        return worker([root, "write", "entry", texts[index % 3]!]);
      }
      return worker([root, index < 45 ? "read" : "remove", "entry"]);
    });
    await Deno.writeTextFile(`${root}.go`, "");
    const allowed = ["written", "none", "true", "false", ...texts];
    for (const answer of await Promise.all(workers)) {
      assert.ok(allowed.includes(answer), answer.slice(0, 200));
    }
    const left = await read("entry");
    assert.ok(left === null || texts.includes(left));
    const names = await namesIn(`${root}/jwks`);
    assert.deepEqual(names, left === null ? [] : ["entry"]);
  }));

Deno.test("withLock() lets 20 processes through one at a time", () =>
  inPlace(async ({ root, read }) => {
    const workers = Array.from(
      { length: 20 },
      () => worker([root, "count", "total"]),
    );
    await Deno.writeTextFile(`${root}.go`, "");
    assert.deepEqual(await Promise.all(workers), Array(20).fill("counted"));
    assert.equal(await read("total"), "20");
  }));

Deno.test(
  "withLock() runs the action where nothing can be locked, and passes its error on",
  strict,
  () =>
    inPlace(async ({ root, directory }) => {
      await Deno.writeTextFile(root, "a file where the folder should be");
      const options = { waitMs: 1000 };
      assert.equal(
        await directory.withLock("name", () => Promise.resolve(2), options),
        2,
      );
      await assert.rejects(
        directory.withLock(
          "name",
          () => Promise.reject(new RangeError("mine")),
          options,
        ),
        RangeError,
      );
    }),
);

/** Each puts something that is not an entry of ours in an entry's place; `victim` is a file beside. */
const FOREIGN: Record<
  string,
  (path: string, victim: string) => Promise<unknown>
> = {
  "a link to another file": (path, victim) => Deno.symlink(victim, path),
  "a dangling link": (path, victim) => Deno.symlink(`${victim}-new`, path),
  "a hard link": (path, victim) => Deno.link(victim, path),
  "a pipe": (path) => new Deno.Command("mkfifo", { args: [path] }).output(),
  "a folder with something in it": (path) =>
    Deno.mkdir(`${path}/deeper`, { recursive: true }),
  "a file that the group may write": (path) => plant(path, 0o660),
  "a file that others may read": (path) => plant(path, 0o604),
  "a file of somebody else": async (path) => {
    await plant(path, 0o600);
    await Deno.chown(path, NOBODY, null);
  },
  "a file that is too large": (path) =>
    Deno.writeFile(path, new Uint8Array(2 * 1024 * 1024 + 1), { mode: 0o600 }),
};

async function plant(path: string, mode: number): Promise<void> {
  await Deno.writeTextFile(path, "planted");
  await Deno.chmod(path, mode);
}

for (const [what, put] of Object.entries(FOREIGN)) {
  Deno.test(
    `${what} is not an entry, and write() takes its place without touching it`,
    strict,
    () =>
      inPlace(async ({ folder, root, directory, at, read }) => {
        const victim = `${folder}/victim`;
        await Deno.writeTextFile(victim, "precious", { mode: 0o600 });
        await directory.write("other", encode("x"));
        await put(at("entry"), victim);
        assert.equal(await read("entry"), null);
        assert.equal(await directory.create("entry", encode("mine")), false);
        await directory.write("entry", encode("mine"));
        assert.equal(await read("entry"), "mine");
        assert.equal(await modeOf(at("entry")), "600");
        assert.equal(await Deno.readTextFile(victim), "precious");
        assert.deepEqual(await namesIn(folder), ["cache", "victim"]);
        assert.deepEqual(await namesIn(`${root}/jwks`), ["entry", "other"]);
      }),
  );

  Deno.test(
    `${what} in place of a lock keeps nobody from locking`,
    strict,
    () =>
      inPlace(async ({ folder, directory, at }) => {
        const victim = `${folder}/victim`;
        await Deno.writeTextFile(victim, "precious", { mode: 0o600 });
        await directory.write("other", encode("x"));
        await put(at("name.lock"), victim);
        const done = await directory.withLock(
          "name",
          () => Promise.resolve(3),
          {
            waitMs: 20_000,
          },
        );
        assert.equal(done, 3);
        assert.equal(await Deno.readTextFile(victim), "precious");
        assert.deepEqual(await namesIn(folder), ["cache", "victim"]);
      }),
  );
}

/** Each makes the cache directory or its folder one that cannot be trusted. */
const FOREIGN_FOLDERS: Record<string, (root: string) => Promise<unknown>> = {
  "a linked cache directory": async (root) => {
    await Deno.rename(root, `${root}-real`);
    await Deno.symlink(`${root}-real`, root);
  },
  "a linked folder": async (root) => {
    await Deno.rename(`${root}/jwks`, `${root}-jwks`);
    await Deno.symlink(`${root}-jwks`, `${root}/jwks`);
  },
  "a cache directory of somebody else": (root) =>
    Deno.chown(root, NOBODY, null),
  "a folder of somebody else": (root) =>
    Deno.chown(`${root}/jwks`, NOBODY, null),
  "a cache directory that others may write": (root) => Deno.chmod(root, 0o777),
  "a folder that the group may write": (root) =>
    Deno.chmod(`${root}/jwks`, 0o770),
  "a file in place of the folder": async (root) => {
    await Deno.remove(`${root}/jwks`, { recursive: true });
    await Deno.writeTextFile(`${root}/jwks`, "");
  },
};

for (const [what, spoil] of Object.entries(FOREIGN_FOLDERS)) {
  Deno.test(
    `${what} holds no entries and is not written to`,
    strict,
    () =>
      inPlace(async ({ root, directory, read }) => {
        await directory.write("entry", encode("mine"));
        await spoil(root);
        assert.equal(await read("entry"), null);
        await assert.rejects(directory.list(), StateError);
        await assert.rejects(directory.write("new", encode("x")), StateError);
        await assert.rejects(directory.create("new", encode("x")), StateError);
        assert.equal(await directory.remove("entry"), false);
        for (const place of [root, `${root}-real`, `${root}-jwks`]) {
          for (const path of [place, `${place}/jwks`]) {
            const names = await namesIn(path).catch(() => [] as string[]);
            assert.ok(!names.includes("new"), path);
          }
        }
      }),
  );
}

Deno.test("a read-only directory refuses to write and still reads", () =>
  inPlace(async ({ root, directory, at }) => {
    await directory.write("entry", encode("mine"));
    await Deno.writeTextFile(`${root}.go`, "");
    await Deno.chmod(`${root}/jwks`, 0o500);
    const act = (...args: string[]) =>
      worker([root, ...args], WITHOUT_CAPABILITIES);
    assert.equal(await act("write", "entry", "x"), "StateError");
    assert.equal(await act("create", "new", "x"), "StateError");
    assert.equal(await act("remove", "entry"), "false");
    assert.equal(await act("read", "entry"), "mine");
    assert.equal(await Deno.readTextFile(at("entry")), "mine");
    await Deno.chmod(`${root}/jwks`, 0o700);
    assert.deepEqual(await namesIn(`${root}/jwks`), ["entry"]);
  }));

Deno.test("a full disk refuses to write, keeps the old entry and leaves no rest", () =>
  inPlace(async ({ root, directory, read }) => {
    await directory.write("entry", encode("old"));
    await Deno.writeTextFile(`${root}.go`, "");
    const long = "x".repeat(100_000);
    assert.equal(
      await worker([root, "write", "entry", long], onFullDisk(8)),
      "StateError",
    );
    assert.equal(await read("entry"), "old");
    assert.deepEqual(await namesIn(`${root}/jwks`), ["entry"]);
  }));

Deno.test(
  "list() names entries only, remove() has one winner",
  strict,
  () =>
    inPlace(async ({ root, directory, at }) => {
      assert.deepEqual(await directory.list(), []);
      await directory.write("one", encode("1"));
      await directory.write("two", encode("2"));
      await Deno.symlink(at("one"), at("link"));
      await Deno.mkdir(at("folder"));
      await Deno.writeTextFile(`${root}/jwks/.new-left`, "");
      assert.deepEqual((await directory.list()).sort(), ["one", "two"]);
      const removed = await Promise.all(
        Array.from({ length: 20 }, () => directory.remove("one")),
      );
      assert.equal(removed.filter(Boolean).length, 1);
      assert.equal(await directory.remove("link"), true);
      assert.deepEqual(await directory.list(), ["two"]);
      for (const name of ["three", "four"]) {
        await directory.write(name, encode("3"));
      }
      assert.equal(await directory.remove("one", "three", "four"), true);
      assert.deepEqual(await directory.list(), ["two"]);
      assert.equal(await directory.remove("one", "three"), false);
      assert.equal(await directory.remove(), false);
    }),
);

/** The calls that met an error while `body` ran, such as "removeSync". */
async function failedCalls(body: () => Promise<void>): Promise<string[]> {
  const failed: string[] = [];
  const files = Deno as unknown as Record<string, unknown>;
  const changed = ["mkdir", "open", "openSync", "remove", "removeSync"];
  const originals = changed.map((name) => files[name]);
  for (const name of changed) {
    const original = files[name] as (...args: unknown[]) => unknown;
    files[name] = (...args: unknown[]) => {
      const note = (error: unknown) => {
        failed.push(name);
        throw error;
      };
      try {
        const result = original.apply(Deno, args);
        return result instanceof Promise ? result.catch(note) : result;
      } catch (error) {
        return note(error);
      }
    };
  }
  try {
    await body();
  } finally {
    changed.forEach((name, index) => files[name] = originals[index]);
  }
  return failed;
}

Deno.test(
  "what every login does with entries meets no error: a first one costs more than the rest together",
  strict,
  () =>
    inPlace(async ({ directory, read }) => {
      const now = Date.now();
      const sweep = () => directory.sweep({ now, expired: () => false });
      await directory.write("one", encode("1"));
      await directory.write("two", encode("2"));
      await sweep();
      const failed = await failedCalls(async () => {
        const earlier = ["one", "none"];
        await directory.write("three", encode("3"), { inPlaceOf: earlier });
        assert.equal(await directory.remove("one", "none"), false);
        assert.equal(await directory.remove("two"), true);
        await sweep();
      });
      assert.deepEqual(failed, []);
      assert.deepEqual(await directory.list(), ["three"]);
      assert.equal(await read("three"), "3");
      const seen = await failedCalls(() =>
        Deno.remove("/nonexistent").catch(() => {})
      );
      assert.deepEqual(seen, ["remove"]);
    }),
);

Deno.test(
  "write() leaves the entries alone that it is not in place of, and itself",
  strict,
  () =>
    inPlace(async ({ directory, read }) => {
      await directory.write("other", encode("o"));
      await directory.write("new", encode("n"), { inPlaceOf: ["new"] });
      assert.equal(await read("new"), "n");
      assert.equal(await read("other"), "o");
      await assert.rejects(
        directory.write("new", encode("n"), { inPlaceOf: ["../other"] }),
        StateError,
      );
    }),
);

Deno.test(
  "ensurePrivateDirectory() makes one level and refuses a link and a stranger",
  strict,
  () =>
    inPlace(async ({ folder, root }) => {
      await ensurePrivateDirectory(root);
      await ensurePrivateDirectory(root);
      assert.equal(await modeOf(root), "700");
      await assert.rejects(ensurePrivateDirectory(`${folder}/no/deeper`));
      await Deno.symlink(root, `${folder}/link`);
      await assert.rejects(
        ensurePrivateDirectory(`${folder}/link`),
        StateError,
      );
      await Deno.symlink(`${folder}/nowhere`, `${folder}/dangling`);
      await assert.rejects(ensurePrivateDirectory(`${folder}/dangling`));
      await Deno.chown(root, NOBODY, null);
      await assert.rejects(ensurePrivateDirectory(root), StateError);
      assert.deepEqual(await namesIn(folder), ["cache", "dangling", "link"]);
    }),
);

Deno.test("sha256Hex() is SHA-256 in lower-case hexadecimal", async () => {
  const empty =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  assert.equal(await sha256Hex(""), empty);
  assert.equal(await sha256Hex(new Uint8Array()), empty);
  assert.equal((await sha256Hex("ü")).length, 64);
});

// the last of all, and with no look at leaks: the lock that came too late is let go some time later
Deno.test(
  "withLock() does not wait for ever for one who never lets go",
  () =>
    inPlace(async ({ directory, at }) => {
      await directory.write("name.lock", new Uint8Array());
      const holder = await Deno.open(at("name.lock"), {
        read: true,
        write: true,
      });
      await holder.lock(true);
      const done = await directory.withLock("name", () => Promise.resolve(1), {
        waitMs: 30,
      });
      assert.equal(done, 1);
      holder.close();
      // what came too late is let go again
      await directory.withLock("name", () => Promise.resolve(), {
        waitMs: 10_000,
      });
    }),
);
