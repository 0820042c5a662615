/**
 * The rooms of src/ and who may look into which: data flows one way.
 *
 * @module
 */
// Threats: I2
import { filesBelow } from "./support/files.ts";
import assert from "node:assert/strict";

/** A folder may import itself and these. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  main: ["cli", "pam", "keys", "process"],
  keys: ["pam", "process"],
  process: ["pam"],
  build: ["policy", "files", "issuer", "lib"],
  "build/playground": ["build", "playground", "report", "lib"],
  playground: ["report", "analysis", "policy", "lib"],
  "build/package": ["build", "reference", "cli", "pam", "policy", "lib"],
  reference: ["cli", "analysis", "pam", "policy", "lib"],
  cli: [
    "report",
    "analysis",
    "client",
    "pam",
    "ssh",
    "token",
    "issuer",
    "policy",
    "files",
    "lib",
  ],
  client: ["ssh", "token", "issuer", "lib"],
  report: ["analysis", "policy", "lib"],
  analysis: ["policy", "lib"],
  pam: ["ssh", "token", "issuer", "policy", "files", "lib"],
  ssh: ["lib"],
  token: ["issuer", "files", "lib"],
  issuer: ["files", "lib"],
  policy: ["lib"],
  files: ["lib"],
  lib: [],
};

/** What makes the program on an installed host has the build's parts, and nothing else in cli has. */
const APPLY = new URL("../src/cli/apply/", import.meta.url).href;

/** What of the command line a page in a browser has as well: it makes texts out of facts, and reads nothing. */
const PURE_CLI = [
  "cli/output/json.ts",
  "cli/output/pretty.ts",
  "cli/policy/diff/json.ts",
  "cli/policy/diff/pretty.ts",
  "cli/policy/explain/answer.ts",
  "cli/policy/explain/claims.ts",
  "cli/policy/explain/json.ts",
  "cli/policy/explain/pretty.ts",
  "cli/policy/import/choices.ts",
  "cli/policy/import/convert.ts",
  "cli/policy/import/opkssh.ts",
  "cli/policy/init/convert.ts",
  "cli/policy/testing/json.ts",
  "cli/policy/testing/pretty.ts",
  "cli/policy/testing/report.ts",
  "cli/policy/testing/run.ts",
];

interface ModuleInfo {
  readonly local?: string;
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
    readonly type?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

const SOURCE = new URL("../src/", import.meta.url).href;

const ROOT = new URL("../", import.meta.url).pathname;

async function modulesOf(entry: string): Promise<readonly ModuleInfo[]> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-lock", new URL(entry, SOURCE).pathname],
    stderr: "null",
  }).output();
  assert.equal(code, 0);
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

/** `pam` of `…/src/pam/login.ts`, `main` of `…/src/main.ts`, `null` outside src/. */
function room(specifier: string): string | null {
  if (!specifier.startsWith(SOURCE)) return null;
  const path = specifier.slice(SOURCE.length);
  for (const inner of ["build/package", "build/playground"]) {
    if (path.startsWith(`${inner}/`)) return inner;
  }
  return path.includes("/")
    ? path.split("/")[0] ?? null
    : path.replace(/\.ts$/, "");
}

const ENTRIES = [
  "main.ts",
  "build/main.ts",
  "build/package/main.ts",
  "build/playground/main.ts",
  "playground/main.ts",
  "playground/worker.ts",
];

for (const entry of ENTRIES) {
  Deno.test(`imports below ${entry} go one way`, async () => {
    const wrong: string[] = [];
    for (const module of await modulesOf(entry)) {
      const from = room(module.specifier);
      if (from === null) continue;
      for (const dependency of module.dependencies ?? []) {
        const target = dependency.code?.specifier ??
          dependency.type?.specifier ?? "";
        const to = room(target);
        if (to === null || to === from || MAY_IMPORT[from]?.includes(to)) {
          continue;
        }
        if (to === "build" && module.specifier.startsWith(APPLY)) continue;
        const path = target.slice(SOURCE.length);
        if (from === "playground" && PURE_CLI.includes(path)) continue;
        wrong.push(
          `${
            module.specifier.slice(SOURCE.length)
          } imports ${dependency.specifier}`,
        );
      }
    }
    assert.deepEqual(wrong, []);
  });
}

Deno.test("no files under src/ import each other in a circle", async () => {
  const edges = new Map<string, string[]>();
  for (const entry of ENTRIES) {
    for (const { specifier, dependencies } of await modulesOf(entry)) {
      if (room(specifier) === null) continue;
      edges.set(
        specifier,
        (dependencies ?? []).flatMap(({ code, type }) =>
          [code?.specifier, type?.specifier].filter((each) =>
            each !== undefined && room(each) !== null
          ) as string[]
        ),
      );
    }
  }
  assert.ok(edges.size > 100);
  // what imports nothing that is left cannot be in a circle
  for (let left = Infinity; edges.size < left;) {
    left = edges.size;
    for (const [file, imported] of edges) {
      if (!imported.some((each) => edges.has(each))) edges.delete(file);
    }
  }
  const circle = [...edges.keys()].map((each) => each.slice(SOURCE.length));
  assert.deepEqual(circle, []);
});

/** Everything that an entry loads before its first line runs. */
async function loadedBy(entry: string): Promise<Map<string, ModuleInfo>> {
  const modules = new Map(
    (await modulesOf(entry)).map((info) => [info.specifier, info]),
  );
  const reached = new Map<string, ModuleInfo>();
  const waiting = [`${SOURCE}${entry}`];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const info = modules.get(next);
    if (info === undefined || reached.has(next)) continue;
    reached.set(next, info);
    for (const dependency of info.dependencies ?? []) {
      const target = dependency.code?.specifier;
      if (target !== undefined && dependency.isDynamic !== true) {
        waiting.push(target);
      }
    }
  }
  return reached;
}

Deno.test("the login path loads no node: module, no YAML reader and no schema library", async () => {
  const reached = await loadedBy("main.ts");
  assert.ok(reached.has(`${SOURCE}pam/login.ts`));
  const unwanted = [...reached.values()].flatMap(({ dependencies }) =>
    dependencies ?? []
  )
    .filter(({ isDynamic, code }) => isDynamic !== true && code !== undefined)
    .map(({ specifier }) => specifier)
    .filter((specifier) =>
      /^(?:node:|yaml$|valibot$|@valibot\/|oauth4webapi$)/.test(specifier)
    );
  assert.deepEqual([...new Set(unwanted)], []);
});

Deno.test("what a page in a browser loads knows no Deno, asks nobody and keeps nothing", async () => {
  const AWAY =
    /\b(?:Deno\.|fetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|localStorage|sessionStorage|indexedDB|document\.(?:cookie|title)|eval\()/;
  const wrong: string[] = [];
  for (const entry of ["playground/main.ts", "playground/worker.ts"]) {
    const reached = [...(await loadedBy(entry)).keys()]
      .filter((specifier) => room(specifier) !== null);
    assert.ok(reached.length > 10);
    for (const specifier of reached) {
      const text = (await Deno.readTextFile(new URL(specifier)))
        .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
      const found = AWAY.exec(text);
      if (found === null) continue;
      wrong.push(`${specifier.slice(SOURCE.length)}: ${found[0]}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("no place of the playground has the browser read markup, and one starts workers", async () => {
  const places: string[] = [];
  for (const file of await filesBelow(`${ROOT}src/playground`)) {
    const text = await Deno.readTextFile(`${ROOT}src/playground/${file}`);
    const found = text.match(
      /.*(?:innerHTML|outerHTML|insertAdjacentHTML|setHTML|HTMLUnsafe|document\.write|createContextualFragment|DOMParser|srcdoc|setAttribute\("(?:on|style)|new Worker|\.createPolicy\().*/g,
    );
    places.push(...(found ?? []).map((line) => `${file}: ${line.trim()}`));
  }
  assert.deepEqual(places.sort(), [
    "main.ts: lane: () => new Lane(() => new Worker(address)),",
    "worker_address.ts: return trustedTypes?.createPolicy(WORKER_POLICY, {",
  ]);
});

Deno.test("only the verifiers can make evidence", async () => {
  const makers = (await modulesOf("main.ts")).filter(({ dependencies }) =>
    dependencies?.some(({ code, type }) =>
      [code, type].some((to) => to?.specifier?.endsWith("/token/verified.ts"))
    )
  ).map(({ specifier }) => specifier.slice(SOURCE.length));
  // the type alone goes on from here
  assert.deepEqual(makers.sort(), [
    "token/evidence.ts",
    "token/globus.ts",
    "token/introspection.ts",
    "token/jwt.ts",
    "token/pk_token.ts",
    "token/userinfo.ts",
  ]);
  assert.match(
    await Deno.readTextFile(new URL("token/evidence.ts", SOURCE)),
    /^export type \{ Evidence \} from "\.\/verified\.ts";$/m,
  );
});

/** The folders that files lie in, and those above, with a "/" at their end. */
function foldersOf(files: readonly string[]): Set<string> {
  return new Set(
    files.flatMap((file) =>
      [...file.matchAll(/\//g)].map(({ index }) => file.slice(0, index + 1))
    ),
  );
}

Deno.test("`deno test` takes no file under src/ for a test", async () => {
  const sources = await filesBelow(`${ROOT}src`);
  assert.ok(sources.includes("pam/login.ts"));
  const tests = sources.filter((path) =>
    /(?:^|\/|[_.])test\.[cm]?[jt]sx?$/.test(path)
  );
  assert.deepEqual(tests, []);
});

Deno.test("the folders of the tests are those of src/, and a few of their own", async () => {
  const OWN =
    /^(?:attacks|bench|demo|docs|e2e|fault_injection|fuzz|lint|pam\.d\.example|support|testdata)\//;
  const rooms = foldersOf(await filesBelow(`${ROOT}src`));
  const tests = foldersOf(await filesBelow(`${ROOT}test`));
  assert.ok(tests.has("pam/device/"));
  const strange = [...tests].filter((path) =>
    !OWN.test(path) && !rooms.has(path)
  );
  assert.deepEqual(strange, []);
});

Deno.test("no module under src/ has more than 500 lines", async () => {
  const long: string[] = [];
  for (const file of await filesBelow(`${ROOT}src`)) {
    const text = await Deno.readTextFile(`${ROOT}src/${file}`);
    if (text.split("\n").length > 501) long.push(file);
  }
  assert.deepEqual(long, []);
});
