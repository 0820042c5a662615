/**
 * The bundle carries the policy unharmed, and no `node:` module at start.
 *
 * @module
 */
// Threats: G15

import { buildEnvironment as environment } from "../support/built_program.ts";
import assert from "node:assert/strict";
import {
  type Bundle,
  bundleProgram,
  embedPolicy,
  MARKER,
  staticNodeImports,
  withPolicy,
} from "../../src/build/bundle.ts";
import { sha256Hex } from "../../src/files/state_directory.ts";
import { BuildError } from "../../src/build/permissions.ts";

const AWKWARD = {
  "</script>": "<!-- \u2028\u2029 -->",
  "quotes": "\"'`${1}\\",
  "patterns": "$& $1 $` $' $$",
  "escapes": "\\u0022 \\n \n\r\t\0\x7f",
  "beyond ASCII": "é 漢 😀 \ud800",
  [MARKER]: `"${MARKER}"`,
  "__proto__": "own",
};

function valueOf(source: string): unknown {
  return new Function(`return ${source}`)();
}

const NOTHING = { sha256: "", program: "", policy: {} };

for (const quote of ['"', "'", "`"]) {
  Deno.test(`embedPolicy() replaces the literal in ${quote} quotes, wherever it stands`, () => {
    const literal = `${quote}${MARKER}${quote}`;
    const code = embedPolicy(`[${literal},"x",${literal}]`, {
      ...{ sha256: "00", program: "11" },
      policy: AWKWARD,
    });
    const [first, x, second] = valueOf(code) as string[];
    assert.equal(x, "x");
    assert.equal(first, second);
    assert.deepEqual(JSON.parse(first ?? ""), {
      ...{ sha256: "00", program: "11" },
      policy: AWKWARD,
    });
  });
}

Deno.test("embedPolicy() writes ASCII only, and nothing that ends a script element", () => {
  const code = embedPolicy(`"${MARKER}"`, {
    ...{ sha256: "00", program: "11" },
    policy: AWKWARD,
  });
  assert.match(code, /^[\x20-\x7e]*$/);
  assert.ok(!code.includes("<"));
});

const PLACE = `["${MARKER}"]`;
const PLACES = { main: PLACE, keys: PLACE, rest: PLACE, issuer: "{}" };

/** What the text in place of the marker says, and of which program. */
function embeddedIn(text: string): { program: unknown; said: unknown } {
  const [json = ""] = valueOf(text) as string[];
  const { program, ...said } = JSON.parse(json);
  return { program, said };
}

Deno.test("withPolicy() puts a small policy into each file that looks for it, and a large one beside them", async () => {
  const small = await withPolicy(PLACES, { sha256: "00", policy: AWKWARD });
  assert.equal(small.policy, null);
  assert.equal(small.policySha256, "00");
  for (const text of [small.main, small.keys ?? "", small.rest]) {
    const { said } = embeddedIn(text);
    assert.deepEqual(said, { sha256: "00", policy: AWKWARD });
  }
  const policy = { ...AWKWARD, rules: [], long: "é".repeat(5000) };
  const large = await withPolicy(PLACES, { sha256: "00", policy });
  const { program, ...beside } = JSON.parse(large.policy ?? "");
  assert.deepEqual(beside, { sha256: "00", policy });
  assert.match(large.policy ?? "", /^[\x20-\x7e]*$/);
  const digest = await sha256Hex(large.policy ?? "");
  for (
    const [text, suffix] of [
      [large.main, ""],
      [large.keys ?? "", ".keys.js"],
      [large.rest, ".rest.js"],
    ] as const
  ) {
    const said = { sha256: "00", digest, suffix };
    assert.deepEqual(embeddedIn(text), { program, said });
  }
  assert.equal(large.issuer, "{}");
  const without = { ...PLACES, keys: null, rest: "{}" };
  const { keys, rest } = await withPolicy(without, { sha256: "00", policy });
  assert.deepEqual([keys, rest], [null, "{}"]);
});

Deno.test("withPolicy() says which program it is: the same with any policy, another one with any other file", async () => {
  const programOf = async (bundle: Bundle, policy: unknown = AWKWARD) =>
    embeddedIn((await withPolicy(bundle, { sha256: "00", policy })).main)
      .program;
  const own = await programOf(PLACES);
  assert.match(String(own), /^[0-9a-f]{64}$/);
  assert.equal(await programOf(PLACES, { version: 1 }), own);
  for (const name of ["main", "keys", "rest", "issuer"] as const) {
    const other = { ...PLACES, [name]: `${PLACES[name]};` };
    assert.notEqual(await programOf(other), own, name);
  }
});

Deno.test("embedPolicy() refuses a program without a place for the policy", () => {
  assert.throws(
    () => embedPolicy('"other"', NOTHING),
    BuildError,
  );
  assert.throws(
    () => embedPolicy(`"${MARKER}'`, NOTHING),
    BuildError,
  );
});

Deno.test("embedPolicy() refuses a place that became part of a longer string", () => {
  assert.throws(
    () => embedPolicy(`["${MARKER}","see ${MARKER}"]`, NOTHING),
    { message: "the place for the policy is part of a longer string" },
  );
});

for (
  const [code, expected] of [
    ['import{a}from"node:fs";', ["node:fs"]],
    ['import a,{b as c}from"node:fs/promises";import"node:os";', [
      "node:fs/promises",
      "node:os",
    ]],
    ["export*from'node:fs';", ["node:fs"]],
    ['import * as x from "node:fs"', ["node:fs"]],
    ['await import("node:fs")', []],
    ['var a="node:fs";', []],
  ] as const
) {
  Deno.test(`staticNodeImports() finds ${expected.join(" and ") || "none"} in ${code}`, () => {
    assert.deepEqual(staticNodeImports(code), expected);
  });
}

async function bundleOf(source: string): Promise<string> {
  const folder = await Deno.makeTempDir();
  try {
    const entryPoint = `${folder}/entry.ts`;
    await Deno.writeTextFile(entryPoint, source);
    const { main } = await bundleProgram({
      entryPoint,
      environment,
      sha256: "00",
      policy: AWKWARD,
    });
    return main;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("bundleProgram() embeds the policy into what the minifier left of the source", async () => {
  const bundled = await bundleOf(`
    const embedded: string = "${MARKER}";
    export function lookup() { return embedded.startsWith("@@") ? null : JSON.parse(embedded); }
    console.log(lookup()?.policy.patterns, lookup()?.sha256);`);
  assert.ok(bundled.includes("JSON.parse"));
  assert.ok(bundled.includes("$& $1 $` $' $$"));
});

Deno.test("bundleProgram() refuses a node: module that loads at every start", async () => {
  const place = `console.log("${MARKER}");`;
  await assert.rejects(
    bundleOf(
      `import { join } from "node:path"; console.log(join("a", "b")); ${place}`,
    ),
    {
      message:
        "the program would load node:path at every login; import it lazily",
    },
  );
  const lazy =
    `const { join } = await import("node:path"); console.log(join("a", "b")); ${place}`;
  assert.ok((await bundleOf(lazy)).includes('import("node:path")'));
});

Deno.test("bundleProgram() passes on what deno bundle says is wrong", async () => {
  await assert.rejects(
    bundleOf('import "./missing.ts";'),
    (error) =>
      error instanceof BuildError && error.message.includes("missing.ts"),
  );
});

Deno.test("the program loads its own files and modules of Deno's, and evaluates no text", async () => {
  const { main, issuer, rest } = await bundleProgram({
    environment,
    sha256: "00",
    policy: AWKWARD,
  });
  const imports = (text: string) =>
    [...text.matchAll(/\bimport\(([^)]*)\)/g)].map((match) => match[1] ?? "");
  assert.deepEqual(imports(main), [
    'import.meta.url+".rest.js"',
    'import.meta.url+".issuer.js"',
  ]);
  assert.deepEqual(imports(issuer), ['"node:sqlite"']);
  const others = imports(rest).filter((each) => !/^"node:[a-z/]+"$/.test(each));
  assert.deepEqual(others, []);
  assert.ok(imports(rest).length > 0);
  for (const text of [main, issuer, rest]) {
    assert.doesNotMatch(text, /\beval\s*\(|\bFunction\s*\(|\bimportScripts\b/);
    // what a module names at its top is loaded before its first line
    assert.doesNotMatch(
      text,
      /(?:^|[;}\n])(?:import|export)\s*(?:["']|[\w{*,][^;"']*\bfrom\s*["'])/,
    );
  }
});

Deno.test("what each login reads stays small, and knows nothing of encryption", async () => {
  const { main } = await bundleProgram({
    environment,
    sha256: "00",
    policy: null,
  });
  assert.ok(main.length <= 74_000, `it has ${main.length} characters`);
  // RFC 7518 section 4: a login decrypts nothing
  assert.doesNotMatch(main, /RSA-OAEP|ECDH-ES|PBES2|A128KW|A128GCM/);
  assert.match(main, /RS256/);
  // the keys are in the cache
  assert.doesNotMatch(main, /fetch\(|well-known/);
});

Deno.test("what each question of sshd reads stays small, and has no library for other runtimes", async () => {
  const options = { environment, sha256: "00", policy: null, keys: true };
  const { keys, issuer } = await bundleProgram(options);
  assert.ok(keys);
  assert.ok(keys.length <= 90_000, `it has ${keys.length} characters`);
  // SHA-3, which the runtime has
  const library = "digest() was already called";
  assert.ok(!keys.includes(library));
  assert.ok(issuer.includes(library));
  assert.ok(issuer.length <= 16_000, `it has ${issuer.length} characters`);
});
